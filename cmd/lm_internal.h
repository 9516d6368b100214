/*
 * lm_internal.h - what the words of tok lm share: lm_train.c, lm_info.c, lm_score.c, lm_sample.c,
 * lm_arpa.c; lm.c has the options, and serve.
 */
#ifndef CMD_LM_INTERNAL_H
#define CMD_LM_INTERNAL_H

#include "cmd/cli_documents.h"
#include "cmd/cli_lm.h"
#include "cmd/cli_load.h"

/* Besides those of every tool. */
enum { LM_PROVIDER = 4 /* the model died, hung, or answered with what is none */ };

enum lm_format { LM_TEXT, LM_IDS };
enum lm_words { LM_WORDS_IDS, LM_WORDS_TEXTS };
enum lm_unk { LM_UNK_DROP, LM_UNK_SPREAD };

struct lm_options {
	struct cli_load load;
	struct cli_split split;
	struct cli_specials specials;
	bool raw;
	/* train */
	uint64_t order;
	bool keep_counts;
	/* sample */
	uint64_t max_tokens, count, seed;
	double temperature;
	int format; /* enum lm_format */
	/* ARPA */
	int words, unk; /* enum lm_words, enum lm_unk */
	const char *output;
	bool json;
	uint64_t memory, threads;
	int progress;
};

/* lm.c: does the name end as those of models do?  CLI_OK, or what is wrong, said. */
enum cli_exit lm_check_name(const char *word, const char *path);

/* lm.c: the tokenizer, and the model `name` of it.  *lost is set where the model is to blame, as
 * lm_is_lost says. */
TOK_MUST_USE enum tok_status lm_open(const struct lm_options *options, const char *name,
				     struct tok_tokenizer **tokenizer, struct tok_lm **lm,
				     bool *lost, struct tok_error *err);

/* lm.c: what a model said, or did not say. */
bool lm_is_lost(const char *name, enum tok_status status);

/* lm.c: says what went wrong. */
enum cli_exit lm_trouble(bool lost, const struct tok_error *err);

enum cli_exit lm_train(const void *options, int argc, char **argv);
enum cli_exit lm_info(const void *options, int argc, char **argv);
enum cli_exit lm_score(const void *options, int argc, char **argv);
enum cli_exit lm_sample(const void *options, int argc, char **argv);
enum cli_exit lm_import_arpa(const void *options, int argc, char **argv);
enum cli_exit lm_export_arpa(const void *options, int argc, char **argv);

#endif
