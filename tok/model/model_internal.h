/*
 * model_internal.h - what all models share: the entries with their indexes, the
 * scratch, and how tokens are handed out.
 *
 * Inside this folder a token is its place among the entries; ids are looked up
 * at the very end.
 */
#ifndef TOK_MODEL_MODEL_INTERNAL_H
#define TOK_MODEL_MODEL_INTERNAL_H

#include "tok/base/texts.h"
#include "tok/model/model.h"
#include "tok/model/trie.h"

/* Longest prefix or suffix: byte fallback spells them out for every character. */
enum { TOK_AFFIX_MAX = 255 };
#define TOK_ENTRY_MAX ((size_t)1 << 28)

struct tok_lexicon {
	struct tok_texts texts;
	const tok_id *ids;
	const uint8_t *types; /* enum tok_piece_type */
	size_t count;
	/* What text can match.  Not in an image of a model whose trie tells the same. */
	struct tok_index by_text;
	uint32_t *slots; /* open addressing: id to place; NULL: they are equal */
	size_t mask;
	uint64_t fingerprint; /* of all that decides an encoding */

	tok_id unk;
	bool byte_fallback;
	bool all_bytes; /* no byte id is missing */
	tok_id byte_ids[256];
};

/* Copy and index the entries; refuses equal texts, equal ids and an unk that no
 * entry has. */
TOK_MUST_USE enum tok_status tok_lexicon_init(struct tok_lexicon *out,
					      const struct tok_model_spec *spec,
					      struct tok_arena *arena, struct tok_error *err);

static inline struct tok_span tok_lexicon_text(const struct tok_lexicon *lexicon, size_t place)
{
	return tok_texts_at(&lexicon->texts, place);
}

/* The place of the entry that `text` matches, or TOK_NO_ID; where by_text is. */
static inline uint32_t tok_lexicon_find(const struct tok_lexicon *lexicon, struct tok_span text)
{
	return tok_index_find(&lexicon->by_text, &lexicon->texts, text);
}

/* A trie from the texts of all entries of the given types to their places; `above`: see
 * tok_trie_build. */
#define TOK_TYPE_BIT(type) (1u << (type))
#define TOK_TYPES_OF_TEXT                                                                          \
	(TOK_TYPE_BIT(TOK_PIECE_NORMAL) | TOK_TYPE_BIT(TOK_PIECE_USER_DEFINED) |                   \
	 TOK_TYPE_BIT(TOK_PIECE_UNUSED))
TOK_MUST_USE enum tok_status tok_lexicon_trie(const struct tok_lexicon *lexicon,
					      struct tok_arena *arena, unsigned types,
					      struct tok_trie *out, uint32_t *above,
					      struct tok_error *err);

/* The place of the entry with `id`, or TOK_NO_ID. */
uint32_t tok_lexicon_place(const struct tok_lexicon *lexicon, tok_id id);

/* Can text match a piece of this type?  (Control, unknown and byte pieces are
 * reached by other ways only.) */
static inline bool tok_piece_matches(enum tok_piece_type type)
{
	return type == TOK_PIECE_NORMAL || type == TOK_PIECE_USER_DEFINED ||
	       type == TOK_PIECE_UNUSED;
}

struct tok_bpe;
struct tok_unigram;
struct tok_wordpiece;
struct tok_bpe_scratch;
struct tok_unigram_scratch;
struct tok_wordpiece_scratch;

struct tok_model {
	struct tok_arena arena;
	enum tok_model_kind kind;
	enum tok_kernel kernel;
	struct tok_lexicon lexicon;
	struct tok_bpe *bpe; /* the one of `kind`, in the arena; WordLevel has none */
	struct tok_unigram *unigram;
	struct tok_wordpiece *wordpiece;
};

struct tok_model_scratch {
	struct tok_bpe_scratch *bpe;
	struct tok_unigram_scratch *unigram;
	struct tok_wordpiece_scratch *wordpiece;
};

TOK_MUST_USE enum tok_status
tok_bpe_build(struct tok_model *model, const struct tok_model_spec *spec, struct tok_error *err);
TOK_MUST_USE enum tok_status tok_bpe_encode(const struct tok_model *model,
					    struct tok_bpe_scratch *scratch, struct tok_span text,
					    struct tok_range piece, struct tok_tokens *out,
					    struct tok_error *err);
TOK_MUST_USE enum tok_status tok_bpe_encode_run(const struct tok_model *model,
						struct tok_bpe_scratch *scratch,
						struct tok_span text, uint32_t begin,
						const uint32_t *ends, size_t count,
						struct tok_tokens *out, struct tok_error *err);
struct tok_bpe_scratch *tok_bpe_scratch_new(void);
void tok_bpe_scratch_free(struct tok_bpe_scratch *scratch);

TOK_MUST_USE enum tok_status tok_unigram_build(struct tok_model *model,
					       const struct tok_model_spec *spec,
					       struct tok_error *err);
TOK_MUST_USE enum tok_status tok_unigram_encode(const struct tok_model *model,
						struct tok_unigram_scratch *scratch,
						struct tok_span text, struct tok_range piece,
						struct tok_tokens *out, struct tok_error *err);
struct tok_unigram_scratch *tok_unigram_scratch_new(void);
void tok_unigram_scratch_free(struct tok_unigram_scratch *scratch);

TOK_MUST_USE enum tok_status tok_wordpiece_build(struct tok_model *model,
						 const struct tok_model_spec *spec,
						 struct tok_error *err);
TOK_MUST_USE enum tok_status tok_wordpiece_encode(const struct tok_model *model,
						  struct tok_wordpiece_scratch *scratch,
						  struct tok_span text,
						  const struct tok_range *pieces, size_t count,
						  struct tok_tokens *out, struct tok_error *err);
struct tok_wordpiece_scratch *tok_wordpiece_scratch_new(void);
void tok_wordpiece_scratch_free(struct tok_wordpiece_scratch *scratch);

/* Are pieces found by walking a trie, so that no other index of texts is asked? */
bool tok_bpe_walks(const struct tok_model *model);

/* X_image.c: to and from an image.  What comes back false is no such model. */
void tok_bpe_save(const struct tok_model *model, struct tok_image_writer *writer);
void tok_unigram_save(const struct tok_model *model, struct tok_image_writer *writer);
void tok_wordpiece_save(const struct tok_model *model, struct tok_image_writer *writer);
TOK_MUST_USE enum tok_status tok_bpe_open(struct tok_model *model, const struct tok_image *image,
					  bool *sound, struct tok_error *err);
TOK_MUST_USE enum tok_status tok_unigram_open(struct tok_model *model,
					      const struct tok_image *image, bool *sound,
					      struct tok_error *err);
TOK_MUST_USE enum tok_status tok_wordpiece_open(struct tok_model *model,
						const struct tok_image *image, bool *sound,
						struct tok_error *err);

/* Room for `more` tokens, and adding one where there is room. */
TOK_MUST_USE bool tok_tokens_reserve(struct tok_tokens *tokens, size_t more);

/* The same, where most of the time there is room already. */
static inline bool tok_tokens_make_room(struct tok_tokens *tokens, size_t more)
{
	return (tokens->capacity - tokens->count >= more &&
		(!tokens->ranged || (tokens->range_capacity >= more &&
				     tokens->range_capacity - more >= tokens->count))) ||
	       tok_tokens_reserve(tokens, more);
}

static inline void tok_tokens_put(struct tok_tokens *tokens, tok_id id, uint32_t begin,
				  uint32_t end)
{
	tokens->ids[tokens->count] = id;
	if (tokens->ranged)
		tokens->ranges[tokens->count] = (struct tok_range){ begin, end };
	tokens->count++;
}

/* The bytes of `range` as byte tokens, the last of which holds the whole range
 * (SentencePiece).  False if memory is out. */
TOK_MUST_USE bool tok_tokens_put_bytes(struct tok_tokens *tokens, const struct tok_lexicon *lexicon,
				       struct tok_span text, struct tok_range range);

#endif
