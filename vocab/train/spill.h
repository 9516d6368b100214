/*
 * spill.h - files for what does not fit in memory.
 *
 *	int descriptor;
 *	status = vocab_spill_open("/tmp", &descriptor, &err);
 *	...
 *	close(descriptor);
 *
 * Such a file has no name, or loses it at once: it vanishes with whoever has it open,
 * however that one ends.
 */
#ifndef VOCAB_TRAIN_SPILL_H
#define VOCAB_TRAIN_SPILL_H

#include "tok/base/span.h"
#include "tok/base/status.h"

/* An empty file in `folder`, to be written and read; TOK_EIO where that cannot be. */
TOK_API TOK_MUST_USE enum tok_status vocab_spill_open(const char *folder, int *descriptor,
						      struct tok_error *err);

#endif
