/*
 * gguf_write.h - a tokenizer as the key-value pairs of a GGUF file, as llama.cpp's converter
 * writes them; and such pairs in the place of those that a model has.
 *
 *	struct vocab_gguf_options o = vocab_gguf_defaults();
 *	struct tok_buffer pairs = { 0 }, values = { 0 };
 *	uint64_t count, value_count;
 *	status = vocab_gguf_write(&spec, &o, &pairs, &count, &err);
 *	status = vocab_gguf_replace(of_model, its_count, tok_buffer_span(&pairs), count, rows,
 *				    &values, &value_count, &err);
 *
 * What is written is read again (read.h) as a tokenizer with the same ids for the same text, but
 * for what the format does not say: white space that added tokens take along, NFC in front of a
 * BPE, for which llama.cpp has no place either, and U+2581 in a text where it stands for spaces in
 * added tokens.  Everything else that it cannot say is refused, TOK_EARG, naming the part:
 *
 *	gpt2   byte-level BPE, also of ranks, whose patterns llama.cpp has a name for
 *	llama  SentencePiece's BPE, also by merges (tokenizer.json of Llama 2, Gemma) if scores do
 *	       the same, as they do where all tokens can be made
 *	t5     SentencePiece's unigram
 *	bert   WordPiece with BERT's parts around it
 *
 * What llama.cpp does otherwise with the same pairs is no matter here: vocab_write_lossy() tells.
 *
 * Sources: gguf.md of ggml, convert_hf_to_gguf.py and llama-vocab.cpp of llama.cpp.
 */
#ifndef VOCAB_FORMAT_GGUF_WRITE_H
#define VOCAB_FORMAT_GGUF_WRITE_H

#include "tok/base/buffer.h"
#include "tok/pipe/spec.h"

enum vocab_gguf_id {
	VOCAB_GGUF_BOS,
	VOCAB_GGUF_EOS,
	VOCAB_GGUF_EOT, /* the end of a turn */
	VOCAB_GGUF_UNK,
	VOCAB_GGUF_SEP,
	VOCAB_GGUF_PAD,
	VOCAB_GGUF_CLS,
	VOCAB_GGUF_MASK,
	VOCAB_GGUF_IDS
};

struct vocab_gguf_options {
	/* tokenizer.ggml.pre of a byte-level BPE, believed; NULL: the one whose patterns are
	 * those of the tokenizer. */
	const char *pre;
	struct tok_span usual_pre;     /* of several names for the same patterns this one */
	tok_id ids[VOCAB_GGUF_IDS];    /* TOK_NO_ID: what the tokenizer's template says, or none */
	struct tok_span chat_template; /* no bytes: none */
};

/* Nothing is said. */
TOK_API struct vocab_gguf_options vocab_gguf_defaults(void);

/* Append the pairs; on failure `out` is as it was.  TOK_EARG, TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status vocab_gguf_write(const struct tok_spec *spec,
						      const struct vocab_gguf_options *options,
						      struct tok_buffer *out, uint64_t *count,
						      struct tok_error *err);

/* `values`, pairs of a model, with those about its tokenizer ("tokenizer.", but for the number of
 * token types, which is the model's) from `tokenizer`: pairs of vocab_gguf_write, or of another
 * file, of which the rest is ignored, and of two of one name the second.  Each takes the place of
 * the one of its name, the others come behind; tokens, their scores and types are filled up to
 * `rows` by unused ones called [PAD7] by their ids, and the model's own vocab_size is `rows`.  So a
 * model with its own tokenizer's pairs stays byte for byte.  Appended to `out`, which on failure is
 * as it was.  TOK_EFORMAT where pairs end within one; TOK_EARG for more tokens than rows. */
TOK_API TOK_MUST_USE enum tok_status
vocab_gguf_replace(struct tok_span values, uint64_t value_count, struct tok_span tokenizer,
		   uint64_t tokenizer_count, size_t rows, struct tok_buffer *out,
		   uint64_t *out_count, struct tok_error *err);

#endif
