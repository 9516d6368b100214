#include "cmd/cli.h"
#include "cmd/cli_builtin.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>
#include <unicode/uversion.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include "hypernet/kernel/opencl.h"
#include "vocab/lm/provider.h"

enum { HELP_COLUMN = 32 };

/* "  -t, --tokenizer=PATH      read the tokenizer from PATH", wrapped to a line
 * of its own where the left side is long. */
static void print_option(const struct cli_option *o, FILE *to)
{
	char left[160];
	snprintf(left, sizeof left, "%c%c%c --%s%s%s", o->key ? '-' : ' ', o->key ? o->key : ' ',
		 o->key ? ',' : ' ', o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
	if (strlen(left) + 3 > HELP_COLUMN)
		fprintf(to, "  %s\n%*s%s\n", left, HELP_COLUMN, "", o->help);
	else
		fprintf(to, "  %-*s%s\n", HELP_COLUMN - 2, left, o->help);
}

static void print_options(const struct cli_option *options, FILE *to)
{
	for (const struct cli_option *o = options; o->kind != CLI_END; o++) {
		if (o->kind == CLI_GROUP)
			fprintf(to, "\n%s:\n", o->name);
		else
			print_option(o, to);
	}
}

static void print_words(const struct cli_word *words, FILE *to)
{
	fputs("\nWords:\n", to);
	for (; words->name; words++) {
		char left[160];
		snprintf(left, sizeof left, "%s %s", words->name, words->operands);
		fprintf(to, "  %-*s%s\n", HELP_COLUMN - 2, left, words->summary);
	}
}

void cli_print_help(const struct cli_tool *tool, FILE *to)
{
	fprintf(to, "Usage: tok %s [OPTION...]%s%s\n\n%s\n", tool->name,
		tool->operands[0] ? " " : "", tool->operands, tool->description);
	if (tool->words)
		print_words(tool->words, to);
	print_options(tool->options, to);
	fprintf(to, "\nOther:\n");
	print_options(cli_common_options, to);
	fprintf(to, "\nExamples:\n%s", tool->examples);
}

void cli_print_tools(FILE *to)
{
	fprintf(to, "Usage: tok TOOL [OPTION...] [FILE...]\n"
		    "       tok help [TOOL]\n\nTools:\n");
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		fprintf(to, "  %-10s %s\n", (*tool)->name, (*tool)->summary);
	fprintf(to,
		"\n'tok help TOOL' tells about one of them; 'tok --version' about this build.\n");
}

void cli_print_version(FILE *to)
{
	UVersionInfo version;
	char icu[U_MAX_VERSION_STRING_LENGTH], pcre2[64];
	u_getVersion(version);
	u_versionToString(version, icu);
	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	const unsigned xxhash = XXH_versionNumber();
	fprintf(to,
		"tok %s\nvocabulary %s\nICU %s\nPCRE2 %s\nxxHash %u.%u.%u\nzlib %s\nzstd "
		"%s\nSQLite %s\n%s\nOpenCL %s\n",
		TOK_VERSION, CLI_BUILTIN_NAME, icu, pcre2, xxhash / 10000, xxhash / 100 % 100,
		xxhash % 100, zlibVersion(), ZSTD_versionString(), sqlite3_libversion(),
		vocab_lm_http() ? vocab_lm_http() : "libcurl none",
		hyper_device_is_here() ? "1.2" : "none");
}
