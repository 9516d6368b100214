/*
 * ranks_internal.h - what the files of byte ranks share: tiktoken's in JSON
 * and Mistral's tekken.
 */
#ifndef VOCAB_FORMAT_RANKS_INTERNAL_H
#define VOCAB_FORMAT_RANKS_INTERNAL_H

#include "vocab/format/hf_internal.h"

/* Make out->model, whose entries are bytes and whose ids are ranks, a BPE of
 * bytes that cuts with `pattern` (Rust's dialect); what the pattern does not
 * match is left out, as in tiktoken.  Fails if two entries have the same bytes
 * or id. */
void ranks_finish(struct hf_reader *r, struct tok_span pattern);

/* "! 0 IQ== Ig== ..." lines: a first rank and the tokens from there on, as
 * entries with `first` added to each rank. */
void ranks_read_packed(struct hf_reader *r, const struct tok_json *value, tok_id first);

/* tekken, whose "vocab" may also be packed "bpe_ranks". */
void ranks_read_tekken(struct hf_reader *r);

#endif
