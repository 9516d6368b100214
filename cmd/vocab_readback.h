/*
 * vocab_readback.h - what convert and edit are to write, read again and compared with what it was
 * made of before any of it is written.
 *
 *	result = vocab_write_compared(&spec, source, opts, kind, NULL);
 *
 * One thread. Nothing is kept.
 */
#ifndef CMD_VOCAB_READBACK_H
#define CMD_VOCAB_READBACK_H

#include "cmd/vocab_asked.h"
#include "cmd/vocab_internal.h"

/* Write `spec`, which is that of `source` or what edit made of it, to opts->output.  What comes out
 * must have the same ids and the same text as `source` on opts->texts and the texts of
 * vocab_same.h, as far as files of `kind` say what makes them; with `asked`, the same ids of
 * ordinary text, and all that was asked for.  Where it has not, it is told on standard error,
 * CLI_NO, and only with opts->lossy the file is written.  What goes to standard output is not
 * compared. */
enum cli_exit vocab_write_compared(struct tok_spec *spec, const struct tok_tokenizer *source,
				   const struct vocab_options *opts, enum cli_vocab_kind kind,
				   const struct vocab_asked *asked);

#endif
