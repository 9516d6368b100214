/*
 * bytes_internal.h - what the files of tok bytes share.
 *
 * bytes.c has the options and the words; bytes_open.c opens the models they name; bytes_text.c
 * gets the bytes that a question is about; bytes_put.c writes answers.  Then a file a word:
 * bytes_next.c, bytes_score.c ...
 *
 * Answers are JSON, one object a line, with a stable order of keys and numbers of 17 digits: a
 * reader gets the double that was computed.  The logarithm of 0 is null.  Bytes are told in hex,
 * and as "text" too where they are UTF-8.
 */
#ifndef CMD_BYTES_INTERNAL_H
#define CMD_BYTES_INTERNAL_H

#include "cmd/cli.h"
#include "cmd/cli_load.h"
#include "tok/bytes/machine.h"

/* Besides those of every tool.  Both leave what was written whole lines. */
enum bytes_exit {
	BYTES_ZERO = 3,    /* the text has probability 0 */
	BYTES_PROVIDER = 4 /* the model died, hung, or answered with what is none */
};

struct bytes_options {
	/* models */
	struct cli_texts lm, tokenizer;
	const char *pattern;
	const char *bos; /* "none" or ids with commas; NULL: what the model says */
	const char *record, *key_file;
	uint64_t timeout; /* seconds a request */
	/* the machine */
	int semantics; /* -1: valid-renorm where the tokenizer allows it, else all */
	uint64_t beam, max_heads;
	double prune;
	/* the text in question */
	const char *prefix, *prefix_hex;
	bool normalize;
	/* next, covers */
	uint64_t top;
	uint64_t limit;
	double min_p;
	/* score, compare */
	bool per_byte;
	/* sample, heal */
	uint64_t length, count, seed;
	double temperature, top_p;
	int draw; /* 0 byte, 1 cover */
	const char *stop_hex;
	const char *dfa, *constraint;
	bool json;
	/* ensemble */
	int mix;
	const char *weights;
	double alpha;
	/* heal */
	const char *methods;
	const char *fim_prefix, *fim_suffix, *fim_tokens;
	int fim_format;
	/* check, bench */
	uint64_t random;
	const char *tables;
};

/* ---- models (bytes_open.c) -------------------------------------------------- */

/* A model with its tokenizer and all that the machine needs. */
struct bytes_side {
	const char *lm_name, *tokenizer_name;
	struct tok_tokenizer *tokenizer;
	struct tok_lm *lm;
	struct tok_byte_tokens *tokens;
	struct tok_validity *validity; /* NULL where semantics are `all` */
	struct tok_machine_options machine;
};

/* The `which`-th --lm with the `which`-th -t; one -t is for all of them, none the built-in
 * tokenizer.  Checks that the model's tokens are the tokenizer's.  What is wrong has been said when
 * it is not CLI_OK: BYTES_PROVIDER where the model is to blame. */
enum cli_exit bytes_open(const struct bytes_options *options, size_t which, struct bytes_side *out);
void bytes_close(struct bytes_side *side);

/* At the beginning of a text. */
TOK_MUST_USE enum tok_status bytes_machine(const struct bytes_side *side, struct tok_machine **out,
					   struct tok_error *err);

/* Says `err` and gives the exit status that it means; `where` names a file, or is NULL. */
enum cli_exit bytes_trouble(const char *where, enum tok_status status, const struct tok_error *err);

/* ---- text (bytes_text.c) ---------------------------------------------------- */

/* What --prefix or --prefix-hex say, else the file that the operand names, else standard input;
 * raw bytes.  *out is the caller's to free().  Where the tokenizer of `side` would change the text
 * first (case, NFC, ...), it is refused, or with --normalize changed. */
TOK_MUST_USE enum tok_status bytes_text(const struct bytes_options *options,
					const struct bytes_side *side, int argc, char **argv,
					char **out, size_t *length, struct tok_error *err);

/* ---- answers (bytes_put.c), all to standard output -------------------------- */

/* "name":number with 17 digits, null for what is infinite, and a comma before it unless first. */
void bytes_put_number(const char *name, double number, bool first);

/* "name_hex":"..." and, for UTF-8, "name":"...". */
void bytes_put_bytes(const char *name, const void *bytes, size_t length, bool first);

/* What next, ensemble and heal tell of the next byte: "dist":[{"b":65,"hex":"41","p":..,"lp":..}],
 * "eos", most probable first, at most `top` (0: all that are possible).  `p` has 257 numbers, the
 * last is the end. */
void bytes_put_distribution(const double *p, size_t top);

/* ---- words ------------------------------------------------------------------ */

enum cli_exit bytes_next(const void *options, int argc, char **argv);
enum cli_exit bytes_score(const void *options, int argc, char **argv);
enum cli_exit bytes_sample(const void *options, int argc, char **argv);
enum cli_exit bytes_covers(const void *options, int argc, char **argv);
enum cli_exit bytes_compare(const void *options, int argc, char **argv);
enum cli_exit bytes_ensemble(const void *options, int argc, char **argv);
enum cli_exit bytes_heal(const void *options, int argc, char **argv);
enum cli_exit bytes_check(const void *options, int argc, char **argv);
enum cli_exit bytes_bench(const void *options, int argc, char **argv);
enum cli_exit bytes_repl(const void *options, int argc, char **argv);

#endif
