/*
 * tokenizer.h - a tokenizer, compiled: immutable, shared by all threads.
 *
 *	struct tok_tokenizer *t;
 *	status = tok_tokenizer_new(&spec, &t, &err);  // takes what spec holds
 *	struct tok_encoder *e = tok_encoder_new(t);   // one per thread: encoder.h
 *	...
 *	tok_tokenizer_free(t);                        // after its encoders
 *
 * Ids run from 0 to tok_tokenizer_size() - 1; there may be holes.
 */
#ifndef TOK_PIPE_TOKENIZER_H
#define TOK_PIPE_TOKENIZER_H

#include "tok/base/cpu.h"
#include "tok/base/image.h"
#include "tok/pipe/spec.h"

struct tok_tokenizer;

/* Ids above this are refused: a table of all ids must fit in memory. */
#define TOK_ID_MAX ((tok_id)0xFFFFFF)

/* On success takes over all that `spec` holds and leaves it empty; on failure
 * `spec` is unchanged.  Either way the caller may release it. */
TOK_API TOK_MUST_USE enum tok_status
tok_tokenizer_new(struct tok_spec *spec, struct tok_tokenizer **out, struct tok_error *err);
TOK_API void tok_tokenizer_free(struct tok_tokenizer *tokenizer);

/* Which implementation of the hot loops to use, by the names of tok/base/cpu.h;
 * NULL is the best one, which is the choice of a new tokenizer.  To be called
 * before any encoder is made.  TOK_EARG if this machine does not run it. */
TOK_API TOK_MUST_USE enum tok_status
tok_tokenizer_use_kernel(struct tok_tokenizer *tokenizer, const char *name, struct tok_error *err);

/* ---- images: a compiled tokenizer as one block that is used where it lies ---- */

/* Put all tables into `writer`; failure shows in tok_image_finish. */
TOK_API void tok_tokenizer_save(const struct tok_tokenizer *tokenizer,
				struct tok_image_writer *writer);

/* A tokenizer over such a block, which stays as it is until `release` is called with
 * `owner`: when the tokenizer is freed; on failure it is not called, and it may be NULL.  Unless it
 * is `trusted` - we wrote it, and a checksum says that it is as we wrote it - every number that
 * could lead out of a table is looked at: a block made by somebody else can give wrong ids but does
 * no harm. */
TOK_API TOK_MUST_USE enum tok_status tok_tokenizer_open(struct tok_span block, bool trusted,
							void (*release)(void *owner), void *owner,
							struct tok_tokenizer **out,
							struct tok_error *err);

/* The tokenizer that knows nothing: ids 0 to 255 are the bytes; and its specification. */
TOK_API TOK_MUST_USE enum tok_status tok_spec_bytes(struct tok_spec *out, struct tok_error *err);
TOK_API TOK_MUST_USE enum tok_status tok_tokenizer_bytes(struct tok_tokenizer **out,
							 struct tok_error *err);

/* One more than the largest id. */
TOK_API size_t tok_tokenizer_size(const struct tok_tokenizer *tokenizer);

/* The token's text as its file writes it (raw vocabularies: in the byte-level
 * alphabet).  A span with .bytes NULL if no token has this id. */
TOK_API struct tok_span tok_tokenizer_token(const struct tok_tokenizer *tokenizer, tok_id id);

/* The id whose text is exactly `token`, added tokens first; or TOK_NO_ID. */
TOK_API tok_id tok_tokenizer_find(const struct tok_tokenizer *tokenizer, struct tok_span token);

/* Sets shared[id], of an array as long as there are ids, for those that more than one text has:
 * tok_tokenizer_token() tells the last added one, tok_tokenizer_find() finds all. */
TOK_API void tok_tokenizer_mark_shared(const struct tok_tokenizer *tokenizer, bool *shared);

TOK_API bool tok_tokenizer_is_special(const struct tok_tokenizer *tokenizer, tok_id id);

/* What is looked for in a text to find tok_tokenizer_spec()->added[index]: its content, normalised
 * where it is matched in normalised text.  Borrowed. */
TOK_API struct tok_span tok_tokenizer_added_content(const struct tok_tokenizer *tokenizer,
						    size_t index);

/* What the vocabulary says of `id`; false if the model does not know it.  The text
 * is raw bytes where the vocabulary is raw; borrowed. */
TOK_API bool tok_tokenizer_entry(const struct tok_tokenizer *tokenizer, tok_id id,
				 struct tok_vocab_entry *out);

/* Does text reach the model as the bytes that it is?  Entries of a vocabulary that is not
 * raw then write their bytes in the byte-level alphabet (byte_level.h). */
TOK_API bool tok_tokenizer_takes_bytes(const struct tok_tokenizer *tokenizer);

/* The model inside, for those who ask it for more than ids; borrowed. */
TOK_API const struct tok_model *tok_tokenizer_model(const struct tok_tokenizer *tokenizer);

/* The pre-tokenizer inside; borrowed. */
TOK_API const struct tok_pretokenizer *
tok_tokenizer_pretokenizer(const struct tok_tokenizer *tokenizer);

/* The specification kept for people who ask what this tokenizer is; borrowed.  Its
 * model has neither entries nor merges: ask for them by id. */
TOK_API const struct tok_spec *tok_tokenizer_spec(const struct tok_tokenizer *tokenizer);

/* How it finds the pieces of a text, for people: tok_pretokenizer_path. */
TOK_API const char *tok_tokenizer_path(const struct tok_tokenizer *tokenizer);

/* The name of the kernel that it finds them with; NULL where kernels make no
 * difference to that. */
TOK_API const char *tok_tokenizer_kernel(const struct tok_tokenizer *tokenizer);

/* The kernels that it was told to use, for what is calculated beside it. */
TOK_API enum tok_kernel tok_tokenizer_kernels(const struct tok_tokenizer *tokenizer);

/* The last place in `text` where it may be cut without changing any id: the
 * tokens of the two sides, one after the other, are the tokens of the whole, if
 * the second side is encoded with tok_encode_options.continues; so are those of
 * `text` and whatever follows it.  0 if no such place is known.  `match_special`: will special
 * tokens in the text be looked for?  The template is not part of this: a cut text is encoded
 * without it. */
TOK_API size_t tok_tokenizer_cut(const struct tok_tokenizer *tokenizer, struct tok_span text,
				 bool match_special);

/* The same for tok_encode_words: a place where no word lies across.  The model is not
 * asked: where its tokens would not change, words may. */
TOK_API size_t tok_tokenizer_cut_words(const struct tok_tokenizer *tokenizer, struct tok_span text,
				       bool match_special);

#endif
