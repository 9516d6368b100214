/*
 * losses.h - all that another kind of file cannot say of a tokenizer, a line each.
 *
 *	struct vocab_losses losses = { 0 };
 *	vocab_losses_add(&losses, "normalizer: %s", "ranks are of the text as it is");
 *	if (losses.out_of_memory) ...
 *	vocab_losses_release(&losses);
 */
#ifndef VOCAB_CONVERT_LOSSES_H
#define VOCAB_CONVERT_LOSSES_H

#include "tok/base/buffer.h"

struct vocab_losses {
	struct tok_buffer lines; /* each ends in a newline */
	size_t count;
	bool out_of_memory; /* lines are missing */
};

/* One line, of which 300 bytes are kept. */
TOK_API void vocab_losses_add(struct vocab_losses *losses, const char *fmt, ...) TOK_PRINTF(2, 3);
TOK_API void vocab_losses_release(struct vocab_losses *losses);

#endif
