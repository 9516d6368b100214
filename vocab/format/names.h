/*
 * names.h - kinds of tokenizer files, by the words that options take and tools print.
 *
 *	tok_span_equal(spec.format, tok_span_of(VOCAB_FORMAT_GGUF))
 *
 * What a file was, spec.format, is told by the same word as what one is to be (tok vocab convert
 * --to).
 */
#ifndef VOCAB_FORMAT_NAMES_H
#define VOCAB_FORMAT_NAMES_H

#define VOCAB_FORMAT_JSON          "tokenizer.json"
#define VOCAB_FORMAT_TIKTOKEN      "tiktoken"
#define VOCAB_FORMAT_SENTENCEPIECE "sentencepiece"
#define VOCAB_FORMAT_MERGES        "vocab+merges"
#define VOCAB_FORMAT_TEKKEN        "tekken"
#define VOCAB_FORMAT_GGUF          "gguf"
#define VOCAB_FORMAT_TXT           "vocab.txt"
#define VOCAB_FORMAT_PACKED        "ranks in JSON" /* read only */

#endif
