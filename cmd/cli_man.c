#include "cmd/cli.h"

#include <ctype.h>

static const char manual_date[] = "2026-11-25";

/* Text for roff: backslashes and hyphens are escaped, and a line must not begin
 * like a request. */
static void print_text(const char *text, size_t count, FILE *to)
{
	for (size_t i = 0; i < count; i++) {
		const char c = text[i];
		if ((i == 0 || text[i - 1] == '\n') && (c == '.' || c == '\''))
			fputs("\\&", to);
		if (c == '\\')
			fputs("\\e", to);
		else if (c == '-')
			fputs("\\-", to);
		else if (c == '\'')
			fputs("\\(aq", to);
		else if (c == '^')
			fputs("\\(ha", to);
		else if (c == '~')
			fputs("\\(ti", to);
		else if (c == '`')
			fputs("\\(ga", to);
		else
			fputc(c, to);
	}
}

static void print_string(const char *text, FILE *to)
{
	print_text(text, strlen(text), to);
}

static void print_upper(const char *text, FILE *to)
{
	for (; *text; text++)
		fputc(toupper((unsigned char)*text), to);
}

static void print_title(const char *name, FILE *to)
{
	fprintf(to, ".\\\" made by 'tok%s%s --print-man': edit the option table instead\n",
		name ? " " : "", name ? name : "");
	fprintf(to, ".TH TOK%s", name ? "\\-" : "");
	if (name)
		print_upper(name, to);
	fprintf(to, " 1 %s \"tok %s\" \"User commands\"\n", manual_date, TOK_VERSION);
}

/* Paragraphs; lines that begin with two blanks are set as they stand.  The first
 * needs no request of its own: a heading stands before it. */
static void print_paragraphs(const char *text, FILE *to)
{
	bool verbatim = false, gap = false, first = true;
	while (*text) {
		const size_t count = strcspn(text, "\n");
		const bool wanted = count >= 2 && text[0] == ' ' && text[1] == ' ';
		if (verbatim && !wanted)
			fputs(".EE\n.RE\n", to);
		if (wanted && !verbatim)
			fprintf(to, "%s.RS 2\n.EX\n", first ? "" : ".PP\n");
		else if (count && !wanted && (gap || verbatim))
			fputs(".PP\n", to);
		verbatim = wanted;
		first = false;
		gap = count == 0;
		if (count) {
			const size_t skip = wanted ? 2 : 0;
			print_text(text + skip, count - skip, to);
			fputc('\n', to);
		}
		text += count;
		text += *text == '\n';
	}
	if (verbatim)
		fputs(".EE\n.RE\n", to);
}

static void print_option(const struct cli_option *o, FILE *to)
{
	fputs(".TP\n", to);
	if (o->key)
		fprintf(to, "\\fB\\-%c\\fR, ", o->key);
	fputs("\\fB\\-\\-", to);
	print_string(o->name, to);
	fputs("\\fR", to);
	if (o->arg) {
		fputs("=\\fI", to);
		print_string(o->arg, to);
		fputs("\\fR", to);
	}
	fputc('\n', to);
	print_string(o->help, to);
	fputs(".\n", to);
}

static void print_options(const struct cli_option *options, FILE *to)
{
	for (const struct cli_option *o = options; o->kind != CLI_END; o++) {
		if (o->kind == CLI_GROUP)
			fprintf(to, ".SS %s\n", o->name);
		else
			print_option(o, to);
	}
}

static void print_words(const struct cli_word *words, FILE *to)
{
	fputs(".SH WORDS\n", to);
	for (; words->name; words++) {
		fprintf(to, ".TP\n\\fB%s\\fR ", words->name);
		print_string(words->operands, to);
		fputc('\n', to);
		print_string(words->summary, to);
		fputs(".\n", to);
	}
}

static void print_exit_status(const struct cli_tool *tool, FILE *to)
{
	fputs(".SH EXIT STATUS\n"
	      "0 if all was done, 1 if the answer is no, 2 if there was trouble.\n",
	      to);
	if (tool && tool->exits)
		fprintf(to, "%s\n", tool->exits);
	fputs("A bad file does not stop the others.\n", to);
}

static void print_environment(FILE *to)
{
	fputs(".SH ENVIRONMENT\n"
	      ".TP\n.B TOK_KERNELS\n"
	      "Which implementation of the hot loops to use: scalar, avx2, avx512, avx512bf16,\n"
	      "amx or neon, where the machine runs it, and an error elsewhere. Where it is not\n"
	      "set the best one is used. Answers do not depend on it, but for the rounding of\n"
	      "the numbers of networks, and only for these are avx512bf16 and amx more than\n"
	      "avx512.\n"
	      ".TP\n.B TOK_CACHE\n"
	      "The folder that keeps compiled tokenizers, or\n.B off\nto keep none: see\n"
	      ".BR tok\\-formats (5).\n"
	      "It takes at most 1 GB: what was used longest ago goes when something new comes.\n"
	      "Where it is not set or empty that folder is $XDG_CACHE_HOME/tok, or else "
	      "$HOME/.cache/tok.\n"
	      ".TP\n.B TOK_STORE\n"
	      "The folder that keeps vocabularies under names, or\n.B off\nfor none: see\n"
	      ".BR tok\\-store (7).\n"
	      "Where it is not set or empty that folder is $XDG_DATA_HOME/tok, or else\n"
	      "$HOME/.local/share/tok.\n"
	      ".TP\n.B TMPDIR\n"
	      "The folder of temporary files, which have no name and vanish with the program.\n"
	      "Where it is not set or empty that is /var/tmp.\n",
	      to);
}

static void print_reference(const char *page, const char *section, FILE *to)
{
	fputs(",\n.BR ", to);
	print_string(page, to);
	fprintf(to, " (%s)", section);
}

void cli_print_man(const struct cli_tool *tool, FILE *to)
{
	print_title(tool->name, to);
	fprintf(to, ".SH NAME\ntok\\-%s \\- ", tool->name);
	print_string(tool->summary, to);
	fprintf(to, "\n.SH SYNOPSIS\n\\fBtok %s\\fR [\\fIOPTION\\fR...]%s", tool->name,
		tool->operands[0] ? " " : "");
	print_string(tool->operands, to);
	fputs("\n.SH DESCRIPTION\n", to);
	print_paragraphs(tool->description, to);
	if (tool->words)
		print_words(tool->words, to);
	fputs(".SH OPTIONS\n", to);
	print_options(tool->options, to);
	fputs(".SS Other\n", to);
	print_options(cli_common_options, to);
	print_exit_status(tool, to);
	fputs(".SH EXAMPLES\n", to);
	print_paragraphs(tool->examples, to);
	fputs(".SH SEE ALSO\n.BR tok (1)", to);
	for (const struct cli_tool *const *other = cli_tools; *other; other++)
		if (*other != tool)
			fprintf(to, ",\n.BR tok\\-%s (1)", (*other)->name);
	print_reference("tok-formats", "5", to);
	if (tool->protocol)
		print_reference(tool->protocol, "5", to);
	if (tool->guide && strcmp(tool->guide, "tok-store") != 0)
		print_reference(tool->guide, "7", to);
	print_reference("tok-store", "7", to);
	fputc('\n', to);
}

void cli_print_tok_man(FILE *to)
{
	print_title(NULL, to);
	fputs(".SH NAME\ntok \\- tokenizers of language models on the command line\n"
	      ".SH SYNOPSIS\n"
	      "\\fBtok\\fR \\fITOOL\\fR [\\fIOPTION\\fR...] [\\fIFILE\\fR...]\n"
	      ".br\n\\fBtok help\\fR [\\fITOOL\\fR]\n"
	      ".br\n\\fBtok \\-\\-print\\-completion\\fR bash|zsh|fish\n"
	      ".SH DESCRIPTION\n"
	      "Text to ids and back, with the tokenizers that people really use: see\n"
	      ".BR tok\\-formats (5)\nfor the files that are read.\n"
	      "Each tool is also installed as \\fBtok\\-\\fITOOL\\fR.\n"
	      "Without \\fIFILE\\fR, or where it is \\-, standard input is read.\n"
	      ".PP\n"
	      "\\fIBYTES\\fR, and the number of \\fB\\-\\-max\\-ids\\fR, may end in K, M or G, "
	      "which\n"
	      "stand for 1024, 1024*1024 and 1024*1024*1024. All other numbers are written out.\n"
	      ".SH TOOLS\n",
	      to);
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++) {
		fprintf(to, ".TP\n.BR tok\\-%s (1)\n", (*tool)->name);
		print_string((*tool)->summary, to);
		fputs(".\n", to);
	}
	fputs(".SH OPTIONS\n", to);
	print_options(cli_common_options, to);
	fputs(".TP\n\\fB\\-\\-print\\-completion\\fR \\fIbash|zsh|fish\\fR\n"
	      "print completions for a shell.\n",
	      to);
	print_exit_status(NULL, to);
	print_environment(to);
	fputs(".SH EXAMPLES\n.RS 2\n.EX\n"
	      "printf \\(aqHello, world\\(aq | tok encode\n"
	      "printf \\(aqHello, world\\(aq | tok encode | tok decode\n"
	      "printf \\(aqHello, world\\(aq | TOK_KERNELS=scalar TOK_CACHE=off tok count\n"
	      ".EE\n.RE\n"
	      ".SH SEE ALSO\n.BR tok\\-formats (5)\n",
	      to);
}
