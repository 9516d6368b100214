/*
 * write.h - from a struct tok_spec to a tokenizer file: the other way of read.h.
 *
 *	struct tok_buffer file = { 0 };
 *	status = vocab_write(VOCAB_TOKENIZER_JSON, &spec, &file, &err);
 *
 * What a kind of file cannot say is an error, TOK_EARG, whose message names the part
 * ("normalizer: ..."): a file that is written encodes as the specification does.  What no
 * file of the kind ever says, because its readers bring it along, is left out:
 *
 *	all kinds but tokenizer.json   how tokens are decoded, truncation and padding, type ids,
 *				       dropout
 *	.tiktoken                      the expression, special tokens, the template
 *
 * vocab_write_lossy() leaves out more and says what: see losses.h.  Two kinds are a pair of
 * files, vocab.json and merges.txt, which have a function of their own.
 *
 * A tokenizer.json has what a specification keeps, in the form that Hugging Face
 * tokenizers 0.23 saves: one that it wrote is written again byte for byte but for what
 * does nothing (trim_offsets of a pre-tokenizer, a Sequence of one) or is not kept (the
 * template for two texts where it is no usual one).  Ranks get the merges that they
 * amount to, added tokens whose ids their places do not tell go into the vocabulary too.
 * Scores are the shortest decimals that mean them, as saved by the reference, which reads
 * some a last bit off.  Equal specifications give equal bytes.
 */
#ifndef VOCAB_FORMAT_WRITE_H
#define VOCAB_FORMAT_WRITE_H

#include "tok/base/buffer.h"
#include "tok/pipe/spec.h"
#include "vocab/convert/losses.h"

enum vocab_file_kind {
	VOCAB_TOKENIZER_JSON, /* Hugging Face tokenizers: all but SentencePiece's own (fast.h) */
	VOCAB_TIKTOKEN,       /* BPE over raw bytes whose merges are told by ids; no specials */
	VOCAB_SENTENCEPIECE,  /* .model: BPE by scores, Unigram; word, char */
	VOCAB_WORDPIECE_TXT,  /* vocab.txt: WordPiece, with BERT's own parts around it */
	VOCAB_TEKKEN,         /* tekken.json: as .tiktoken, with expression and special tokens */
	VOCAB_GGUF            /* no tensors but the tokenizer: see gguf_write.h */
};

/* Append the file to `out`; on failure `out` is as it was. */
TOK_API TOK_MUST_USE enum tok_status vocab_write(enum vocab_file_kind kind,
						 const struct tok_spec *spec,
						 struct tok_buffer *out, struct tok_error *err);

/* The same, but what the kind cannot say and can be done without is left out and added to
 * `losses`: parts around the model.  A model that it cannot say is TOK_EARG as before. */
TOK_API TOK_MUST_USE enum tok_status
vocab_write_lossy(enum vocab_file_kind kind, const struct tok_spec *spec, struct tok_buffer *out,
		  struct vocab_losses *losses, struct tok_error *err);

/* vocab.json and merges.txt of a BPE of bytes, as GPT-2's: append to both, add to `losses` what
 * the two do not say.  On failure both may be half filled. */
TOK_API TOK_MUST_USE enum tok_status
vocab_write_merges(const struct tok_spec *spec, struct tok_buffer *vocab, struct tok_buffer *merges,
		   struct vocab_losses *losses, struct tok_error *err);

#endif
