/* bytes_several_internal.h - several models at the beginning of one text: what ensemble and compare
 * have in common. */
#ifndef CMD_BYTES_SEVERAL_INTERNAL_H
#define CMD_BYTES_SEVERAL_INTERNAL_H

#include "cmd/bytes_internal.h"
#include "tok/bytes/mix.h"

struct bytes_several {
	size_t count;
	struct bytes_side sides[TOK_MIX_MOST];
	struct tok_machine *machines[TOK_MIX_MOST]; /* nothing was pushed yet */
	char *text;
	size_t length;
};

/* All models of the options and the text, which every tokenizer has to take as it is.  What is
 * wrong has been said when it is not CLI_OK; then there is nothing to close. */
enum cli_exit bytes_several_open(const struct bytes_options *options, int argc, char **argv,
				 struct bytes_several *out);
void bytes_several_close(struct bytes_several *several);

/* Members of an object, with a comma before them: a list of numbers; who the models are. */
void bytes_several_put(const char *name, const double *numbers, size_t count);
void bytes_several_put_model(const struct bytes_several *several, size_t which);

#endif
