/* detect_internal.h - what kind of file this is, from its first bytes on. */
#ifndef VOCAB_FORMAT_DETECT_INTERNAL_H
#define VOCAB_FORMAT_DETECT_INTERNAL_H

#include "tok/base/span.h"

enum vocab_kind {
	VOCAB_UNKNOWN,
	VOCAB_HF,
	VOCAB_TEKKEN,
	VOCAB_PACKED_RANKS,
	VOCAB_JSON_VOCAB, /* vocab.json: needs merges.txt */
	VOCAB_TIKTOKEN,
	VOCAB_SENTENCEPIECE,
	VOCAB_WORDPIECE,
	VOCAB_GGUF
};

enum vocab_kind vocab_detect(struct tok_span file);

#endif
