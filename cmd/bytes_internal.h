/*
 * bytes_internal.h - what the files of tok bytes share.
 *
 * bytes.c has the options and the words; bytes_open.c opens the models they name; bytes_text.c
 * gets the bytes that a question is about, bytes_normal.c looks whether a normaliser would
 * change them; bytes_put.c writes answers.  Then a file a word: bytes_next.c, bytes_score.c ...
 *
 * Answers are JSON, one object a line, with a stable order of keys and numbers of 17 digits: a
 * reader gets the double that was computed.  The logarithm of 0 is null.  Bytes are told in hex,
 * and as "text" too where they are UTF-8.
 */
#ifndef CMD_BYTES_INTERNAL_H
#define CMD_BYTES_INTERNAL_H

#include "cmd/cli.h"
#include "cmd/cli_load.h"
#include "tok/base/buffer.h"
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
	uint64_t window, stride; /* ids; 0: contexts are whole; half of the room */
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
	const char *tables, *beams;
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

/* The same for words that ask one model: more are refused. */
enum cli_exit bytes_open_only(const struct bytes_options *options, struct bytes_side *out);

/* "all", "valid" or "valid-renorm": what was asked for, or chosen. */
const char *bytes_semantics_name(const struct bytes_side *side);

/* At the beginning of a text. */
TOK_MUST_USE enum tok_status bytes_machine(const struct bytes_side *side, struct tok_machine **out,
					   struct tok_error *err);

/* Says `err` and gives the exit status that it means; `where` names a file, or is NULL.  TOK_ETEXT
 * is BYTES_ZERO; TOK_EIO and TOK_EFORMAT are the model's, so files of ours are not reported so. */
enum cli_exit bytes_trouble(const char *where, enum tok_status status, const struct tok_error *err);

/* ---- text (bytes_text.c) ---------------------------------------------------- */

/* What --prefix or --prefix-hex say, else the file that the operand names, else standard input;
 * raw bytes.  *out is the caller's to free(), and has a NUL behind it.  Where the tokenizer of
 * `side` would change the text first (case, NFC, ...), it is refused, or with --normalize changed.
 * A failure is TOK_EARG or TOK_ENOMEM, so that bytes_trouble() makes CLI_TROUBLE of it. */
TOK_MUST_USE enum tok_status bytes_text(const struct bytes_options *options,
					const struct bytes_side *side, int argc, char **argv,
					char **out, size_t *length, struct tok_error *err);

/* The first model behind the text in question, of which `history` bytes are remembered: covers are
 * told of these, and what does not go back needs 1; 0: as many as is usual.  What is wrong has been
 * said when it is not CLI_OK; then there is nothing to close. */
struct bytes_prompt {
	struct bytes_side side;
	char *text;
	size_t length;
	struct tok_machine *machine; /* behind the text */
};
enum cli_exit bytes_prompt_open(const struct bytes_options *options, int argc, char **argv,
				size_t history, struct bytes_prompt *out);
void bytes_prompt_close(struct bytes_prompt *prompt);

/* The beginning of an answer: "{" and "type", "prefix_hex", "prefix", "n", "semantics". */
void bytes_prompt_put(const char *type, const struct bytes_prompt *prompt);

/* The bytes that --prefix or --prefix-hex say, as they are; one of them was given. */
TOK_MUST_USE enum tok_status bytes_prefix(const struct bytes_options *options,
					  struct tok_buffer *out, struct tok_error *err);

/* Append the bytes that `text` tells, two digits each; TOK_EARG, naming --`option`,
 * if it does not. */
TOK_MUST_USE enum tok_status bytes_read_hex(const char *option, const char *text,
					    struct tok_buffer *out, struct tok_error *err);

/* The same look at texts that come in parts (bytes_normal.c). */
struct bytes_normal;
TOK_MUST_USE enum tok_status bytes_normal_new(const struct bytes_options *options,
					      const struct bytes_side *side,
					      struct bytes_normal **out, struct tok_error *err);
void bytes_normal_free(struct bytes_normal *normal);

/* Let *text be what the normaliser makes of it, in the bytes that tokens spell, until the next
 * call; TOK_EARG where that is something else and --normalize was not given.  `continues`: a
 * text stands before it, that it was cut from where tok_tokenizer_cut() says so.  `goes_on`: more
 * may follow, whatever it is; so a character that is not whole is left as it is. */
TOK_MUST_USE enum tok_status bytes_normal_text(struct bytes_normal *normal, struct tok_span *text,
					       bool continues, bool goes_on, struct tok_error *err);

/* ---- the encoding of a text (bytes_canonical.c) ----------------------------- */

/* What the model says of the ids that the tokenizer itself makes of a text: what is usually
 * called the text's probability.  Nothing of it is kept but what the model needs. */
struct bytes_canonical {
	struct tok_lm *lm; /* borrowed */
	/* Of all ids so far: natural logarithm, and between which it is where rows have lost
	 * digits.
	 */
	long double log_p, low, high;
	bool exact; /* these are one */
	uint64_t ids;
	bool known; /* false once an id was not among the best that rows tell */
	struct tok_buffer context;
	double *rows;
	struct tok_lm_top *best;
	struct tok_lm_row *out;
	struct tok_lm_request *requests;
};
TOK_MUST_USE enum tok_status bytes_canonical_init(struct bytes_canonical *out, struct tok_lm *lm,
						  struct tok_error *err);
void bytes_canonical_release(struct bytes_canonical *canonical);

/* Forget what came before: a text begins. */
TOK_MUST_USE enum tok_status bytes_canonical_begin(struct bytes_canonical *canonical,
						   struct tok_error *err);
TOK_MUST_USE enum tok_status bytes_canonical_add(struct bytes_canonical *canonical,
						 const tok_id *ids, size_t count,
						 struct tok_error *err);

/* ---- answers (bytes_put.c), all to standard output -------------------------- */

/* Members of an object, or of a list where `name` is NULL, with a comma before them unless they are
 * the first.  Numbers have 17 digits, and are null where they are infinite or none. */
void bytes_put_number(const char *name, double number, bool first);
void bytes_put_count(const char *name, uint64_t count, bool first);
void bytes_put_flag(const char *name, bool value, bool first);
void bytes_put_hex(const char *name, const void *bytes, size_t length, bool first);
void bytes_put_text(const char *name, const void *bytes, size_t length, bool first); /* UTF-8 */

/* "name_hex":"..." and, for UTF-8, "name":"...". */
void bytes_put_bytes(const char *name, const void *bytes, size_t length, bool first);

/* What next, ensemble and heal tell of the next byte, with a comma before it:
 * "dist":[{"b":65,"hex":"41","ch":"A","p":..,"lp":..}],"eos":{"p":..,"lp":..}, most probable first,
 * `top` bytes (0: all 256).  Each has 257 numbers, the last is the end; `low` and `high` are NULL
 * where it is exact, `lp` has what logarithms of `p` would be if it had all digits. */
struct bytes_distribution {
	const double *p, *lp, *low, *high;
};
void bytes_put_distribution(const struct bytes_distribution *d, size_t top);

/* Of 257 numbers: the entropy in nats of those that sum to one, and the rank of a symbol, 1 where
 * nothing is more probable.  `small_logs` as in struct tok_next_bytes: so small numbers have ranks.
 */
double bytes_entropy(const double *p);
uint64_t bytes_rank(const double *p, const double *small_logs, size_t symbol);

/* "logP", and "P", null where it is too small for a number; commas before. */
void bytes_put_log_p(const struct tok_text_p *text);

/* "eos":{"p":..,"lp":..} alone. */
void bytes_put_end(const struct bytes_distribution *d);

/* Between what a value of an answer lies, or each value of a list. */
struct bytes_bounds {
	const char *name; /* that the answer has it under */
	const double *low, *high;
	size_t count; /* of the list; 0: it is a number */
};

/* "exact" and "bounds", which are in every answer: null where exact, else [low,high] of each of
 * these values under its name, and a list of such for a list; a comma before. */
void bytes_put_bounds(bool exact, const struct bytes_bounds *values, size_t count);

/* "special", "leak", "exact" and "bounds" of "logP"; a comma before. */
void bytes_put_certificate(const struct tok_text_p *text, double special, double leak);

/* The same of what may come next, with "bounds" of "special" and "leak" too. */
void bytes_put_certificate_of(const struct tok_text_p *text, const struct tok_next_bytes *next);

/* All that a machine says of what may come next, from "logP" to "valid_leak"; each probability has
 * "low" and "high" where it is not exact.  p is P(x b) / P(x), so that p, eos, special and leak
 * sum to one.  A comma before. */
void bytes_put_next(const struct tok_next_bytes *next, size_t top);

/* "heads", those that are open now, "lm_rows", all that were asked for, and "window" where the
 * model has one; a comma before. */
void bytes_put_cost(const struct tok_machine *machine);

/* "window":{"ids":..,"stride":..,"windows":..} with a comma before, or nothing where there is none.
 */
void bytes_put_window(const struct tok_machine_windows *windows);

/* The object alone. */
void bytes_put_window_of(const struct tok_machine_windows *windows);

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
