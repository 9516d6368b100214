/*
 * vocab_readback.h - what convert and edit wrote, read back and compared with what it was made of.
 *
 *	if (result == CLI_OK)
 *		result = vocab_readback(argv[0], opts, kind, NULL);
 *
 * One thread. Nothing is kept.
 */
#ifndef CMD_VOCAB_READBACK_H
#define CMD_VOCAB_READBACK_H

#include "cmd/vocab_asked.h"
#include "cmd/vocab_internal.h"

/* Is opts->output, of `kind`, the tokenizer at `path`, which is read again too?  On opts->texts
 * and the texts of vocab_same.h it must have the same ids and the same text, as far as such files
 * say what makes them; with `asked`, ids of ordinary text, and all that was asked for.  Tells on
 * standard error; CLI_NO: it is not. */
enum cli_exit vocab_readback(const char *path, const struct vocab_options *opts,
			     enum cli_vocab_kind kind, const struct vocab_asked *asked);

#endif
