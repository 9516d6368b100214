/*
 * cli_vocab_output.h - a tokenizer into a file of the kind that its name asks for.
 *
 *	enum cli_vocab_kind kind;
 *	if (!cli_vocab_kind(opts->output, opts->to, "to", &kind))
 *		return CLI_TROUBLE;                     // before hours of work
 *	...
 *	return cli_vocab_output(&spec, kind, opts->output);
 */
#ifndef CMD_CLI_VOCAB_OUTPUT_H
#define CMD_CLI_VOCAB_OUTPUT_H

#include "cmd/cli.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/format/names.h"

/* In the order of CLI_VOCAB_KINDS, the words of an option: those of vocab/format/names.h, and an
 * image. */
enum cli_vocab_kind {
	CLI_VOCAB_JSON,
	CLI_VOCAB_TIKTOKEN,
	CLI_VOCAB_SENTENCEPIECE,
	CLI_VOCAB_MERGES, /* a folder, for vocab.json and merges.txt */
	CLI_VOCAB_TXT,
	CLI_VOCAB_TEKKEN,
	CLI_VOCAB_GGUF,
	CLI_VOCAB_TOK
};
#define CLI_VOCAB_KINDS                                                                            \
	VOCAB_FORMAT_JSON                                                                          \
	"|" VOCAB_FORMAT_TIKTOKEN "|" VOCAB_FORMAT_SENTENCEPIECE "|" VOCAB_FORMAT_MERGES           \
	"|" VOCAB_FORMAT_TXT "|" VOCAB_FORMAT_TEKKEN "|" VOCAB_FORMAT_GGUF "|tok"

/* What to write to `path` ("-": standard output): the `asked` kind or, where that is -1,
 * the one whose name ends `path`.  False, and said why, where neither tells, or an image
 * is to go to standard output; `option` is the one that asks. */
bool cli_vocab_kind(const char *path, int asked, const char *option, enum cli_vocab_kind *out);

/* Write `spec`, which was made just now; a file is replaced in one step at the end.  Says what is
 * wrong, and what llama.cpp does otherwise than a GGUF file's tokenizer.  May take over what `spec`
 * holds, which the caller releases all the same. */
enum cli_exit cli_vocab_output(struct tok_spec *spec, enum cli_vocab_kind kind, const char *path);

/* What is to be made, and the option by which its kind is chosen. */
struct cli_vocab_aim {
	enum cli_vocab_kind kind;
	const char *option;    /* "format" */
	const char *otherwise; /* what else would be right, behind a sentence; "": nothing */
	bool renumbers;        /* tokens go, and ids change: what is wrong with those may end */
};

/* Before hours of work: would cli_vocab_output() refuse what is made of `spec`, which has the
 * parts of it around the model, and a model of its kind?  TOK_EARG: it would, and why, and which
 * kind would not. */
TOK_MUST_USE enum tok_status cli_vocab_output_check(struct tok_spec *spec,
						    const struct cli_vocab_aim *aim,
						    struct tok_error *err);

/* Is a file to be written that was read as `written`?  CLI_OK: it is; CLI_NO: not without `lossy`.
 * Says why. */
typedef enum cli_exit cli_vocab_judge(void *data, const struct tok_tokenizer *written);

struct cli_vocab_careful {
	bool fast;              /* what SentencePiece's models do may be said in other words */
	bool made;              /* of no file: what llama.cpp does otherwise is only told */
	bool lossy;             /* what the kind cannot say is left out, else an error */
	const char *pattern;    /* that ranks are read again with; NULL: they know it */
	cli_vocab_judge *judge; /* NULL: nothing is read again */
	void *data;             /* of judge */
};

/* The same of convert and edit: what the kind cannot say is listed on standard error, and what
 * would be written is read again and judged before anything is. */
enum cli_exit cli_vocab_output_careful(struct tok_spec *spec, enum cli_vocab_kind kind,
				       const char *path, const struct cli_vocab_careful *how);

/* Would that write over `file`, which may be NULL? */
bool cli_vocab_output_is(enum cli_vocab_kind kind, const char *path, const char *file);

#endif
