/*
 * recipe.h - how text becomes words: what a counted file says of itself, and what a
 * trained tokenizer goes on doing.
 *
 *	struct tok_spec spec = { 0 };
 *	struct tok_buffer recipe = { 0 };
 *	status = vocab_recipe_family(VOCAB_FAMILY_O200K, &spec, &err);
 *	status = vocab_recipe_add_special(&spec, tok_span_of("<|endoftext|>"), &err);
 *	status = vocab_recipe_finish(&spec, &recipe, &err);
 *	status = vocab_recipe_open(tok_buffer_span(&recipe), &tokenizer, &err);
 *
 * A recipe is the text of a tokenizer.json: normalizer, pre-tokenizer, decoder, added
 * tokens with ids from 0, and a model that knows nothing yet: where words are bytes, a
 * BPE of the 256 bytes behind the added tokens, else a BPE of no entry.  Equal recipes
 * have equal bytes.
 */
#ifndef VOCAB_TRAIN_RECIPE_H
#define VOCAB_TRAIN_RECIPE_H

#include "tok/pipe/tokenizer.h"

/* Ways to make words, in the order of VOCAB_FAMILY_WORDS.  Down to DeepSeek's, words
 * are bytes. */
enum vocab_family {
	VOCAB_FAMILY_GPT2,
	VOCAB_FAMILY_CL100K, /* of Llama 3 too */
	VOCAB_FAMILY_QWEN2,
	VOCAB_FAMILY_O200K,
	VOCAB_FAMILY_TEKKEN,
	VOCAB_FAMILY_DEEPSEEK3,
	VOCAB_FAMILY_WHITESPACE, /* what stands between white space */
	VOCAB_FAMILY_WORDS,      /* runs of word characters, runs of others */
	VOCAB_FAMILY_BERT,       /* with BERT's normalizer of lower case */
	VOCAB_FAMILY_METASPACE,  /* as SentencePiece: U+2581 in front of each word */
	VOCAB_FAMILY_NONE        /* a text is one word */
};
#define VOCAB_FAMILY_NAMES                                                                         \
	"gpt2|cl100k|qwen2|o200k|tekken|deepseek3|whitespace|words|bert|metaspace|none"

enum vocab_normalizer {
	VOCAB_NORMALIZER_NONE,
	VOCAB_NORMALIZER_NFC,
	VOCAB_NORMALIZER_NFD,
	VOCAB_NORMALIZER_NFKC,
	VOCAB_NORMALIZER_NFKD,
	VOCAB_NORMALIZER_LOWERCASE,
	VOCAB_NORMALIZER_BERT,      /* in lower case, without accents */
	VOCAB_NORMALIZER_BERT_CASED /* neither */
};
#define VOCAB_NORMALIZER_NAMES "none|nfc|nfd|nfkc|nfkd|lowercase|bert|bert_cased"

/* `out` is empty before, and to be released. */
TOK_API TOK_MUST_USE enum tok_status
vocab_recipe_family(enum vocab_family family, struct tok_spec *out, struct tok_error *err);

/* Of a tokenizer that was read keep what makes words of text.  What SentencePiece does
 * is said in steps of Hugging Face's kind, with a cut in front of each space; TOK_EARG
 * where that cannot be.  So is what the files of Llama 2 and Gemma do instead: their
 * normalizers make spaces U+2581, and nothing cuts, so that a text would be one word. */
TOK_API TOK_MUST_USE enum tok_status vocab_recipe_like(struct tok_spec *spec,
						       struct tok_error *err);

/* Another normalizer instead of what there is. */
TOK_API TOK_MUST_USE enum tok_status vocab_recipe_normalize(struct tok_spec *spec,
							    enum vocab_normalizer normalizer,
							    struct tok_error *err);

/* A special token more, which is cut out of text; `content` is copied.  One that is
 * there already is left as it is. */
TOK_API TOK_MUST_USE enum tok_status
vocab_recipe_add_special(struct tok_spec *spec, struct tok_span content, struct tok_error *err);

/* Are words bytes, one symbol each, and not characters?  A tokenizer that was read from a
 * file has its vocabulary in the byte-level alphabet then. */
TOK_API bool vocab_recipe_has_bytes(const struct tok_spec *spec);

/* Which part of two recipes makes other words of the same text, "normalizer" or
 * "pre-tokenizer"?  *part is NULL where none does: decoders and added tokens are not
 * looked at. */
TOK_API TOK_MUST_USE enum tok_status vocab_recipe_compare(const struct tok_spec *a,
							  const struct tok_spec *b,
							  const char **part, struct tok_error *err);

/* Append the recipe to `out`. */
TOK_API TOK_MUST_USE enum tok_status
vocab_recipe_finish(struct tok_spec *spec, struct tok_buffer *out, struct tok_error *err);

/* The tokenizer whose tok_encode_words gives the words. */
TOK_API TOK_MUST_USE enum tok_status
vocab_recipe_open(struct tok_span recipe, struct tok_tokenizer **out, struct tok_error *err);

#endif
