#include "cmd/cli.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "cmd/cli_put.h"
#include "cmd/cli_visible.h"

enum { MAX_OPTIONS = 64, FIRST_LONG = 256, FIRST_COMMON = FIRST_LONG + MAX_OPTIONS };

/* The common options, in the order of their table. */
enum { COMMON_HELP, COMMON_VERSION, COMMON_MAN };

const struct cli_option cli_common_options[] = {
	{ CLI_FLAG, 'h', "help", NULL, "print this text and exit", 0 },
	{ CLI_FLAG, 0, "version", NULL, "print version and libraries and exit", 0 },
	{ CLI_FLAG, 0, "print-man", NULL, "print the manual page and exit", 0 },
	{ CLI_END }
};

static const char *tool_name = NULL; /* for messages only */

const char *cli_tool_running(void)
{
	return tool_name;
}

static void say_line(const char *line, size_t count)
{
	fflush(stdout); /* so that the message stands after what was already said */
	fprintf(stderr, "tok%s%s: %.*s\n", tool_name ? " " : "", tool_name ? tool_name : "",
		(int)count, line);
}

/* Without memory: the beginning of it. */
static void say_plainly(const char *fmt, va_list ap)
{
	char line[512];
	vsnprintf(line, sizeof line, fmt, ap);
	for (char *at = line; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	say_line(line, strlen(line));
}

/* Names in it may come from files and servers that mean ill. */
static void say(const char *fmt, va_list ap)
{
	struct tok_buffer text = { 0 }, line = { 0 };
	struct cli_put put = { .out = &text };
	va_list again;
	va_copy(again, ap);
	cli_put_list(&put, fmt, ap);
	if (!put.lost && cli_visible_line(tok_buffer_span(&text), &line))
		say_line((const char *)line.bytes, line.count);
	else
		say_plainly(fmt, again);
	va_end(again);
	tok_buffer_release(&text);
	tok_buffer_release(&line);
}

void cli_tell(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

enum cli_exit cli_error(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return CLI_TROUBLE;
}

enum cli_exit cli_usage(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try 'tok%s%s --help'.\n", tool_name ? " " : "",
		tool_name ? tool_name : "");
	return CLI_TROUBLE;
}

enum cli_exit cli_close_stdout(enum cli_exit status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_error("cannot write standard output: %s", strerror(errno));
	return status;
}

static bool takes_value(const struct cli_option *option)
{
	return option->kind >= CLI_SIZE;
}

/* The place of `value` among words separated by '|', or -1. */
static int find_choice(const char *choices, const char *value)
{
	const size_t count = strlen(value);
	int place = 0;
	for (const char *p = choices; *p; p += *p == '|', place++) {
		const size_t length = strcspn(p, "|");
		if (length == count && memcmp(p, value, count) == 0)
			return place;
		p += length;
	}
	return -1;
}

/* How far a K, M or G shifts; -1 if `suffix` is none of them. */
static int suffix_shift(const char *suffix)
{
	static const struct {
		const char *name;
		int shift;
	} suffixes[] = { { "", 0 }, { "K", 10 }, { "M", 20 }, { "G", 30 } };
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		if (strcmp(suffixes[i].name, suffix) == 0)
			return suffixes[i].shift;
	return -1;
}

/* UINT64_MAX is refused too: in the options of tools it stands for none. */
static bool parse_size(const char *text, bool suffixed, uint64_t *out)
{
	if (text[0] < '0' || text[0] > '9')
		return false; /* strtoull takes " -1" */
	char *end;
	errno = 0;
	const unsigned long long n = strtoull(text, &end, 10);
	const int shift = suffixed ? suffix_shift(end) : *end ? -1 : 0;
	if (errno || shift < 0 || n >= UINT64_MAX >> shift)
		return false;
	*out = (uint64_t)n << shift;
	return true;
}

static bool parse_real(const char *text, double *out)
{
	char *end;
	if ((text[0] < '0' || text[0] > '9') && text[0] != '.')
		return false; /* strtod takes " -1", "inf" and "nan" */
	const double value = strtod(text, &end);
	if (*end || end == text || !isfinite(value))
		return false;
	*out = value;
	return true;
}

static enum cli_exit store(const struct cli_option *option, const char *value, void *options)
{
	void *field = (char *)options + option->offset;
	switch (option->kind) {
	case CLI_FLAG:
		*(bool *)field = true;
		return CLI_OK;
	case CLI_TEXT:
		*(const char **)field = value;
		return CLI_OK;
	case CLI_TEXTS: {
		struct cli_texts *texts = field;
		if (texts->count == CLI_TEXTS_MAX)
			return cli_usage("--%s can be given %d times at most", option->name,
					 CLI_TEXTS_MAX);
		texts->items[texts->count++] = value;
		return CLI_OK;
	}
	case CLI_CHOICE: {
		const int place = find_choice(option->arg, value);
		if (place < 0)
			return cli_usage("--%s must be one of %s, not '%s'", option->name,
					 option->arg, value);
		*(int *)field = place;
		return CLI_OK;
	}
	case CLI_SIZE:
		if (!parse_size(value, false, field))
			return cli_usage("--%s needs a whole number, not '%s'", option->name,
					 value);
		return CLI_OK;
	case CLI_BYTES:
		if (!parse_size(value, true, field))
			return cli_usage("--%s needs a whole number, with K, M or G if wanted, "
					 "not '%s'",
					 option->name, value);
		return CLI_OK;
	case CLI_REAL:
		if (!parse_real(value, field))
			return cli_usage("--%s needs a number, as 0.75, not '%s'", option->name,
					 value);
		return CLI_OK;
	case CLI_END:
	case CLI_GROUP:
		break;
	}
	assert(false && "a heading has no value");
	return CLI_TROUBLE;
}

struct getopt_tables {
	struct option longs[MAX_OPTIONS];
	char shorts[2 * MAX_OPTIONS + 2];
	size_t long_count, short_count;
};

static void add_options(struct getopt_tables *t, const struct cli_option *options, int first)
{
	for (int i = 0; options[i].kind != CLI_END; i++) {
		const struct cli_option *o = &options[i];
		if (o->kind == CLI_GROUP)
			continue;
		assert(i < MAX_OPTIONS && t->long_count + 1 < MAX_OPTIONS);
		t->longs[t->long_count++] =
		    (struct option){ o->name, takes_value(o), NULL, first + i };
		if (o->key) {
			t->shorts[t->short_count++] = o->key;
			if (takes_value(o))
				t->shorts[t->short_count++] = ':';
		}
	}
}

static const struct cli_option *find_key(const struct cli_option *options, int key)
{
	for (const struct cli_option *o = options; o->kind != CLI_END; o++)
		if (o->key && o->key == key)
			return o;
	return NULL;
}

/* What getopt_long returned, as a row of the tool's or of the common table. */
static const struct cli_option *find_option(const struct cli_tool *tool, int c)
{
	if (c >= FIRST_COMMON)
		return &cli_common_options[c - FIRST_COMMON];
	if (c >= FIRST_LONG)
		return &tool->options[c - FIRST_LONG];
	const struct cli_option *own = find_key(tool->options, c);
	return own ? own : find_key(cli_common_options, c);
}

static void print_common(const struct cli_tool *tool, const struct cli_option *option)
{
	switch (option - cli_common_options) {
	case COMMON_HELP:
		cli_print_help(tool, stdout);
		break;
	case COMMON_VERSION:
		cli_print_version(stdout);
		break;
	case COMMON_MAN:
		cli_print_man(tool, stdout);
		break;
	default:
		assert(false && "a row without an action");
	}
}

/* What getopt did not take: `word` is the argument it stopped at. */
static enum cli_exit refuse(int c, const char *word, const struct cli_tool *tool)
{
	const struct cli_option *known = optopt ? find_option(tool, optopt) : NULL;
	if (c == ':')
		return known ? cli_usage("--%s needs a value: %s", known->name, known->arg)
			     : cli_usage("'%s' needs a value", word);
	if (known)
		return cli_usage("--%s takes no value", known->name);
	if (optopt)
		return cli_usage("there is no option -%c", optopt);
	return cli_usage("there is no option '%s', or it may mean several", word);
}

/* What came out of the arguments. */
struct parsed {
	void *options;
	bool given[MAX_OPTIONS]; /* by their place in the tool's table */
	bool done;               /* nothing is left to do, the answer is printed */
};

static enum cli_exit parse(const struct cli_tool *tool, int argc, char **argv, struct parsed *out)
{
	struct getopt_tables tables = { .shorts = ":", .short_count = 1 };
	add_options(&tables, tool->options, FIRST_LONG);
	add_options(&tables, cli_common_options, FIRST_COMMON);

	for (;;) {
		optopt = 0;
		const int c = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
		if (c == -1)
			return CLI_OK;
		if (c == '?' || c == ':')
			return refuse(c, argv[optind - 1], tool);
		const struct cli_option *option = find_option(tool, c);
		if (option >= cli_common_options && option <= &cli_common_options[COMMON_MAN]) {
			print_common(tool, option);
			out->done = true;
			return CLI_OK;
		}
		out->given[option - tool->options] = true;
		const enum cli_exit status = store(option, optarg, out->options);
		if (status != CLI_OK)
			return status;
	}
}

static enum cli_exit run_on_files(enum cli_exit (*run)(const void *options, int argc, char **argv),
				  const void *options, int argc, char **argv)
{
	char dash[] = "-";
	char *standard_input[] = { dash, NULL };
	return argc == 0 ? run(options, 1, standard_input) : run(options, argc, argv);
}

/* Is it one of the names with a blank between two? */
static bool has_name(const char *names, const char *name)
{
	const size_t count = strlen(name);
	for (const char *at = names; *at; at += *at == ' ') {
		const size_t length = strcspn(at, " ");
		if (length == count && memcmp(at, name, count) == 0)
			return true;
		at += length;
	}
	return false;
}

static enum cli_exit refuse_word(const struct cli_word *words, const char *given)
{
	char names[256] = "";
	size_t used = 0;
	for (const struct cli_word *w = words; w->name && used < sizeof names; w++)
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
					 w == words ? "" : ", ", w->name);
	return given ? cli_usage("'%s' is not a word of it: %s", given, names)
		     : cli_usage("a word says what is to be done: %s", names);
}

/* What a word does nothing with would be left out silently. */
static enum cli_exit check_options(const struct cli_tool *tool, const struct cli_word *word,
				   const bool *given)
{
	for (int i = 0; word->options && tool->options[i].kind != CLI_END; i++)
		if (given[i] && !has_name(word->options, tool->options[i].name))
			return cli_usage("%s takes no --%s", word->name, tool->options[i].name);
	return CLI_OK;
}

static enum cli_exit run_word(const struct cli_tool *tool, const struct parsed *parsed, int argc,
			      char **argv)
{
	if (argc == 0)
		return refuse_word(tool->words, NULL);
	const struct cli_word *word = tool->words;
	while (word->name && strcmp(word->name, argv[0]) != 0)
		word++;
	if (!word->name)
		return refuse_word(tool->words, argv[0]);
	const enum cli_exit status = check_options(tool, word, parsed->given);
	if (status != CLI_OK)
		return status;
	if (word->reads_files)
		return run_on_files(word->run, parsed->options, argc - 1, argv + 1);
	return word->run(parsed->options, argc - 1, argv + 1);
}

static enum cli_exit run_tool(const struct cli_tool *tool, const struct parsed *parsed, int argc,
			      char **argv)
{
	if (tool->words)
		return run_word(tool, parsed, argc, argv);
	if (tool->reads_files)
		return run_on_files(tool->run, parsed->options, argc, argv);
	if (argc > 0)
		return cli_usage("'%s' is too much: only options are taken", argv[0]);
	return tool->run(parsed->options, argc, argv);
}

enum cli_exit cli_run(const struct cli_tool *tool, int argc, char **argv)
{
	struct parsed parsed = { .options = malloc(tool->options_size) };
	tool_name = tool->name;
	if (!parsed.options)
		return cli_error("out of memory");
	memcpy(parsed.options, tool->defaults, tool->options_size);

	enum cli_exit status = parse(tool, argc, argv, &parsed);
	if (status == CLI_OK && !parsed.done)
		status = run_tool(tool, &parsed, argc - optind, argv + optind);
	free(parsed.options);
	return cli_close_stdout(status);
}
