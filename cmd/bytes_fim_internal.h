/*
 * bytes_fim_internal.h - a prompt as ids: what stands before every text, and the text; or, to fill
 * in the middle, a prefix and a suffix around special tokens.
 *
 *	spm  start <prefix> <suffix> SUFFIX <middle> PREFIX    (suffix, prefix, middle)
 *	psm  start <prefix> PREFIX <suffix> SUFFIX <middle>
 *
 * In the first the model goes on with the prefix, whose last token may then be another; in the
 * second with <middle>, and a token that the prefix ends inside of is cut for good.
 *
 * Source: Bavarian et al., "Efficient training of language models to fill in the middle" (2022,
 * arXiv 2207.14255), section 3; its second form of spm.
 */
#ifndef CMD_BYTES_FIM_INTERNAL_H
#define CMD_BYTES_FIM_INTERNAL_H

#include "cmd/bytes_internal.h"

struct bytes_fim {
	struct bytes_side side;
	char *text; /* the prompt, or the prefix */
	size_t length;
	const char *format;    /* "spm", "psm", or NULL: nothing to fill in */
	bool open;             /* the text is at the end of the ids */
	struct tok_buffer ids; /* tok_id */
	size_t fixed;          /* of them, before the text if that is open, else all */

	/* The side's model behind the fixed ids: they are its start. */
	struct tok_lm lm;
	struct tok_lm_info info;
};

/* What is wrong has been said when it is not CLI_OK; then there is nothing to close.  Stays where
 * it is. */
enum cli_exit bytes_fim_open(const struct bytes_options *options, int argc, char **argv,
			     struct bytes_fim *out);
void bytes_fim_close(struct bytes_fim *fim);

/* A machine behind the prompt. */
TOK_MUST_USE enum tok_status bytes_fim_machine(struct bytes_fim *fim, struct tok_machine **out,
					       struct tok_error *err);

/* "prefix_hex", "prefix", "n", "fim" and "open"; a comma before. */
void bytes_fim_put(const struct bytes_fim *fim);

#endif
