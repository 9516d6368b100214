/*
 * cli.h - one table per tool; parsing, --help, man page and completion all
 * read that same table, so they cannot disagree.
 *
 * A tool is one .c file that defines a `const struct cli_tool`, named in
 * cli_tools.c.  Its run() receives a filled-in options struct and the operands
 * that are left:
 *
 *	static const struct cli_option option_table[] = {
 *		{ CLI_GROUP, .name = "Output" },
 *		{ CLI_FLAG, 'j', "json", NULL, "write one JSON object",
 *		  CLI_FIELD(struct options, json, bool) },
 *		{ CLI_END }
 *	};
 *
 * Results go to standard output, everything else to standard error.
 */
#ifndef CMD_CLI_H
#define CMD_CLI_H

#include <stdio.h>

#include "tok/base/span.h"
#include "tok/base/status.h"

enum cli_exit {
	CLI_OK = 0,     /* the tool did what was asked */
	CLI_NO = 1,     /* it ran, and the answer is "no" (differs, not found) */
	CLI_TROUBLE = 2 /* bad usage, bad input, I/O error, out of memory */
};

enum cli_kind {
	CLI_END = 0,
	CLI_GROUP, /* heading; only .name is used */
	CLI_FLAG,  /* bool */
	CLI_SIZE,  /* uint64_t */
	CLI_BYTES, /* uint64_t; K, M and G count in 1024s */
	CLI_REAL,  /* double, finite and not below 0 */
	CLI_TEXT,  /* const char * */
	CLI_TEXTS, /* struct cli_texts: each time the option is given adds one */
	CLI_CHOICE /* int: the place among .arg's words; -1 where nothing is preset */
};

struct cli_option {
	enum cli_kind kind;
	char key;         /* short name, or 0 */
	const char *name; /* long name, without the dashes */
	const char *arg;  /* placeholder shown to the reader: FILE, N; of a choice: a|b */
	const char *help; /* one line, lower case, no full stop */
	size_t offset;    /* where the value goes: use CLI_FIELD() */
};

/* The values of an option that may be given several times. */
enum { CLI_TEXTS_MAX = 1024 };
struct cli_texts {
	const char *items[CLI_TEXTS_MAX];
	size_t count;
};

/* Offset of a field, and a compile error if its type is not `type`. */
#define CLI_FIELD(T, field, type)                                                                  \
	(offsetof(T, field) + 0 * sizeof(_Generic(((T *)0)->field, type : 0)))

/* One of the things that a tool does, of those that do several: `tok vocab compile`.
 * The options are in the tool's table. */
struct cli_word {
	const char *name;     /* "compile" */
	const char *operands; /* "TOKENIZER" */
	const char *summary;  /* one line, no full stop */
	bool reads_files;     /* as in struct cli_tool */
	enum cli_exit (*run)(const void *options, int argc, char **argv);
	/* Names of those that it takes, a blank between two: others are refused.  NULL: all of
	 * the tool's. */
	const char *options;
};

struct cli_tool {
	const char *name;        /* "encode" */
	const char *summary;     /* one line for NAME and for `tok help`, no full stop */
	const char *operands;    /* "[FILE...]" */
	bool reads_files;        /* without operands run() gets one, "-"; else it takes none */
	const char *description; /* paragraphs, an empty line between two; a line that begins
				  * with two blanks is shown as it stands */
	const char *examples;    /* shell lines after two blanks; the tests run them */
	const char *exits;       /* what statuses above 2 mean: one sentence; or NULL */
	const char *guide;       /* page of section 7 that tells more, "tok-sampling"; or NULL */
	const char *protocol;    /* page of section 5 beside tok-formats, "tok-lm"; or NULL */
	const struct cli_option *options;
	const void *defaults; /* initial options struct */
	size_t options_size;
	enum cli_exit (*run)(const void *options, int argc, char **argv);
	const struct cli_word *words; /* instead of run: the first operand names one, and its
				       * run() gets the others; ends with a name of NULL */
};

/* Every tool, sorted by name; ends with NULL. */
extern const struct cli_tool *const cli_tools[];

/* What every tool takes besides its own: --help and its like. */
extern const struct cli_option cli_common_options[];

const struct cli_tool *cli_tool_find(const char *name); /* or NULL */

/* Parse argv, run the tool, see to it that the output got out. */
enum cli_exit cli_run(const struct cli_tool *tool, int argc, char **argv);

void cli_print_help(const struct cli_tool *tool, FILE *to);
void cli_print_man(const struct cli_tool *tool, FILE *to);
void cli_print_version(FILE *to);

/* The same of `tok` itself. */
void cli_print_tools(FILE *to);
void cli_print_tok_man(FILE *to);

/* Completion for all tools and their tok-NAME links.  False if no such shell. */
bool cli_print_completion(const char *shell, FILE *to);

/* Of the tool that runs, "encode"; NULL before there is one. */
const char *cli_tool_running(void);

/* "tok encode: cannot open 'x': No such file or directory"; returns
 * CLI_TROUBLE so that callers can write `return cli_error(...)`.  One line, whatever is in it:
 * what would move a terminal, or begin another line, is shown as in cmd/cli_visible.h. */
enum cli_exit cli_error(const char *fmt, ...) TOK_PRINTF(1, 2);

/* The same where nothing went wrong: something is to be known. */
void cli_tell(const char *fmt, ...) TOK_PRINTF(1, 2);

/* The same, followed by where to read how it is done. */
enum cli_exit cli_usage(const char *fmt, ...) TOK_PRINTF(1, 2);

/* Flush standard output; a result that was lost is trouble. */
enum cli_exit cli_close_stdout(enum cli_exit status);

#endif
