/*
 * vocab_internal.h - what the words of tok vocab share: one a file, vocab_WORD.c.
 */
#ifndef CMD_VOCAB_INTERNAL_H
#define CMD_VOCAB_INTERNAL_H

#include "cmd/cli_named.h"
#include "cmd/cli_put.h"
#include "cmd/cli_vocab_output.h"
#include "cmd/cli_vocab_words.h"
#include "tok/pipe/tokenizer.h"

struct vocab_options {
	const char *output;
	int to; /* an enum cli_vocab_kind, -1: told by the name */
	const char *keep, *map;
	const char *origin, *licence; /* of add */
	bool replace, json;
	bool lossy;                         /* of convert and edit */
	struct cli_texts texts;             /* of both: what the two are compared on */
	uint64_t top;                       /* of diff: listed of a kind */
	int fail_on;                        /* of check: enum audit_fail */
	struct cli_texts specials, renamed; /* of edit */
	const char *set_template;
	struct cli_vocab_words_options words; /* its pattern is for all, the rest of prune */
};

enum cli_exit cli_vocab_convert(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_prune(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_compile(const void *options, int argc, char **argv);

/* vocab_store.c, vocab_list.c: the store */
enum cli_exit cli_vocab_add(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_rename(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_rm(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_path(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_verify(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_export(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_import(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_list(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_show(const void *options, int argc, char **argv);

/* Notes are from elsewhere and may not move what stands around them; blanks stay blanks.  NULL is
 * nothing. */
void vocab_put_note(struct cli_put *put, const char *text);

/* What was put together, to standard output; its buffer is released. */
enum cli_exit vocab_put_out(struct cli_put *put);

enum cli_exit cli_vocab_edit(const void *options, int argc, char **argv);

/* vocab_convert.c: a tokenizer, and what its file says, that is to be written otherwise, to
 * opts->output as `kind`. */
TOK_MUST_USE enum tok_status vocab_read_tokenizer(const char *name,
						  const struct vocab_options *opts,
						  enum cli_vocab_kind kind,
						  struct tok_tokenizer **tokenizer,
						  struct tok_spec *spec, struct tok_error *err);

/* Would `output`, of `kind`, be one of those files?  Writing over what it is made from would lose
 * that. */
bool vocab_is_own_file(const struct cli_named *named, const struct cli_named_files *files,
		       enum cli_vocab_kind kind, const char *output);

enum cli_exit cli_vocab_check(const void *options, int argc, char **argv);
enum cli_exit cli_vocab_diff(const void *options, int argc, char **argv);

#endif
