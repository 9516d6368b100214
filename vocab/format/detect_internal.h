/*
 * detect_internal.h - what kind of tokenizer file some bytes are.
 */
#ifndef VOCAB_FORMAT_DETECT_INTERNAL_H
#define VOCAB_FORMAT_DETECT_INTERNAL_H

#include "tok/base/span.h"

enum file_kind {
	FILE_UNKNOWN,
	FILE_JSON, /* JSON, or meant to be, but no tokenizer */
	FILE_HF,
	FILE_TEKKEN,
	FILE_PACKED_RANKS,
	FILE_VOCAB_JSON, /* half of a tokenizer: the vocabulary ... */
	FILE_MERGES,     /* ... and the merges */
	FILE_TIKTOKEN,
	FILE_SENTENCEPIECE,
	FILE_WORDPIECE,
	FILE_GGUF
};

/* Looks at the content alone.  A file that begins like one of the kinds is of
 * that kind, even if it is damaged further on: its reader says where. */
enum file_kind vocab_file_detect(struct tok_span file);

#endif
