/*
 * bpe_internal.h - what the three kinds of BPE compile to.
 *
 * A symbol is the place of a token among the entries, or, from `entry_count`
 * on, a virtual one: a character or byte that is no token but takes part in
 * merges.  NONE stands for text that never merges.
 */
#ifndef TOK_MODEL_BPE_INTERNAL_H
#define TOK_MODEL_BPE_INTERNAL_H

#include "tok/model/borders_internal.h"
#include "tok/model/joins_internal.h"
#include "tok/model/trie.h"
#include "tok/text/utf8.h"

#define TOK_SYMBOL_NONE UINT32_MAX
#define TOK_RANK_NONE   UINT32_MAX
/* A user-defined piece found in the text: no pair table knows it. */
#define TOK_SYMBOL_FROZEN ((uint32_t)1 << 31)

/* ---- charmap.c: from characters (or bytes) to symbols ---- */

enum { TOK_CHARMAP_PAGES = (TOK_BAD_BYTE >> 8) + 1 };

struct tok_charmap {
	uint16_t *pages;         /* by code >> 8: which 256 of the symbols; 0: none is set */
	const uint32_t *symbols; /* page_count times 256 */
	size_t page_count;
	uint32_t *building; /* the same on the heap, until it is frozen */
	size_t capacity;
};

/* Build: init, set as often as wanted, then freeze into the arena or discard. */
TOK_MUST_USE bool tok_charmap_init(struct tok_charmap *map, struct tok_arena *arena);
TOK_MUST_USE bool tok_charmap_set(struct tok_charmap *map, uint32_t code, uint32_t symbol);
TOK_MUST_USE bool tok_charmap_freeze(struct tok_charmap *map, struct tok_arena *arena);
void tok_charmap_discard(struct tok_charmap *map);

static inline uint32_t tok_charmap_get(const struct tok_charmap *map, uint32_t code)
{
	return map->symbols[(size_t)map->pages[code >> 8] << 8 | (code & 0xFF)];
}

/* ---- pairs.c: (left, right) -> (rank, result) ---- */

struct tok_pair {
	uint32_t left, right, rank, result; /* rank TOK_RANK_NONE: a free slot */
};

struct tok_pairs {
	struct tok_pair *slots;
	uint32_t count; /* of the slots; at least one is free */
	/* Two bits a pair in one word of a table small enough to stay near: most pairs
	 * that are asked for do not exist, and are not looked for farther away. */
	uint64_t *filter;
	unsigned filter_shift; /* 64 - log2 of its words */
};

TOK_MUST_USE bool tok_pairs_init(struct tok_pairs *pairs, struct tok_arena *arena, size_t count);
/* Add, or replace what the same pair had. */
void tok_pairs_put(struct tok_pairs *pairs, struct tok_pair pair);

/* This pair will be put soon: have the memory fetched meanwhile. */
void tok_pairs_expect(const struct tok_pairs *pairs, uint32_t left, uint32_t right);

static inline uint64_t tok_pairs_hash(uint32_t left, uint32_t right)
{
	uint64_t key = (uint64_t)left << 32 | right;
	key = (key ^ key >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
	return (key ^ key >> 32) * UINT64_C(0x9E3779B97F4A7C15);
}

static inline uint32_t tok_pairs_home(const struct tok_pairs *pairs, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * pairs->count >> 32);
}

static inline uint64_t tok_pairs_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
}

/* The pair; its rank is TOK_RANK_NONE where there is none. */
static inline struct tok_pair tok_pairs_get(const struct tok_pairs *pairs, uint32_t left,
					    uint32_t right)
{
	const uint64_t hash = tok_pairs_hash(left, right), bits = tok_pairs_bits(hash);
	if ((pairs->filter[hash >> pairs->filter_shift] & bits) != bits)
		return (struct tok_pair){ left, right, TOK_RANK_NONE, TOK_SYMBOL_NONE };
	uint32_t at = tok_pairs_home(pairs, hash);
	for (;;) {
		const struct tok_pair slot = pairs->slots[at];
		if ((slot.left == left && slot.right == right) || slot.rank == TOK_RANK_NONE)
			return slot;
		if (++at == pairs->count)
			at = 0;
	}
}

/* ---- spine.c: which tokens may stand side by side ---- */

/* How a token comes to be: its two parts, and its birth: 1 + the rank of the
 * merge that joins them, 0 for a single unit.  TOK_BIRTH_NEVER: no merges of
 * rising rank make this token of its text. */
struct tok_spine {
	uint32_t left, right, birth;
};
#define TOK_BIRTH_NEVER UINT32_MAX

struct tok_known_bucket;

struct tok_walk {
	const struct tok_known_bucket *known; /* see known.c */
	uint32_t known_count;
	struct tok_trie trie;           /* of all tokens that text can match */
	const struct tok_spine *spines; /* by place; NULL: this model only merges */
	const uint32_t *shorter;        /* by place: the longest token with a birth that begins
					   this one's text, or TOK_NO_ID */
};

/* Fill walk.spines where the model's merges allow it; after its pairs. */
TOK_MUST_USE enum tok_status tok_bpe_build_spines(struct tok_model *model, struct tok_error *err);

/* Fill walk.shorter, from what tok_trie_build says is above each token: in place. */
void tok_bpe_build_shorter(struct tok_model *model, uint32_t *above);

/* Are two tokens with a birth, one behind the other, what their text is encoded
 * as? */
bool tok_bpe_adjoins(const struct tok_bpe *bpe, uint32_t left, uint32_t right);

/* ---- the compiled model ---- */

/* How a symbol is written at the end; only SentencePiece has more than tokens. */
enum tok_symbol_role {
	TOK_ROLE_TOKEN,
	TOK_ROLE_UNKNOWN,
	TOK_ROLE_SPLIT /* a merged piece that is not used: written as what it was merged from */
};

struct tok_bpe {
	enum tok_bpe_order order;
	bool raw_bytes, ignore_merges, fuse_unk, unk_missing;
	struct tok_span prefix, suffix;
	/* Symbols of characters, by [has the prefix][has the suffix]. */
	struct tok_charmap chars[2][2];
	struct tok_borders borders; /* without any, a piece may not be cut */
	bool unknown_breaks;        /* nothing merges with unknown text */
	uint32_t byte_symbols[256]; /* of byte tokens, TOK_SYMBOL_NONE where missing */
	uint32_t unk_symbol;
	struct tok_pairs pairs;
	uint32_t rank_limit; /* no rank is above */
	/* Every merge is as long as its parts, so that what a place merged into can
	 * be told from its rank.  Otherwise results[rank] decides, as it does in
	 * Hugging Face's Word::merge_all. */
	bool exact;
	const uint32_t *results;
	const uint8_t *roles; /* TOK_BPE_SCORES: by symbol */
	bool has_split;       /* some symbol has TOK_ROLE_SPLIT */
	struct tok_trie user; /* user-defined pieces, .cells NULL: none */
	size_t symbol_count;
	struct tok_walk walk;
	struct tok_joins joins;
	uint64_t fingerprint;
};

/* build_merges.c and build_splits.c: fill pairs and chars for an explicit list,
 * and for "any two that make a token". */
TOK_MUST_USE enum tok_status tok_bpe_build_merges(struct tok_model *model,
						  const struct tok_model_spec *spec,
						  struct tok_error *err);
TOK_MUST_USE enum tok_status tok_bpe_build_splits(struct tok_model *model,
						  const struct tok_model_spec *spec,
						  struct tok_error *err);

/* The first unit of `text` at `at`: a byte as itself, or a character. */
static inline struct tok_char tok_bpe_unit(const struct tok_bpe *bpe, struct tok_span text,
					   size_t at)
{
	if (bpe->raw_bytes || text.bytes[at] < 0x80)
		return (struct tok_char){ text.bytes[at], 1 };
	return tok_utf8_at(text, at);
}

/* ---- queue.c: candidates in order of rank, then place ---- */

enum { TOK_QUEUE_BUCKETS = 1024, TOK_QUEUE_CHUNK = 31 };

struct tok_queue_chunk {
	uint32_t next, count;
	uint64_t items[TOK_QUEUE_CHUNK]; /* rank << 32 | place */
};

struct tok_queue_list {
	uint64_t *items;
	size_t count, capacity;
};

/* Ranks are dealt into buckets; only the bucket in turn is sorted, and what
 * arrives for it or for an earlier one goes through a heap. */
struct tok_queue {
	struct tok_queue_chunk *chunks;
	size_t chunk_count, chunk_capacity;
	uint32_t free_chunk;
	uint32_t heads[TOK_QUEUE_BUCKETS];
	size_t bucket; /* in turn, plus one */
	unsigned shift;
	struct tok_queue_list front, spare, late;
	size_t front_at;
};

void tok_queue_start(struct tok_queue *queue, uint32_t rank_limit);
TOK_MUST_USE bool tok_queue_push(struct tok_queue *queue, uint32_t rank, uint32_t place);
enum tok_queue_state { TOK_QUEUE_ITEM, TOK_QUEUE_EMPTY, TOK_QUEUE_NOMEM };
enum tok_queue_state tok_queue_pop(struct tok_queue *queue, uint64_t *item);
void tok_queue_release(struct tok_queue *queue);

/* ---- memo.c: pieces met before ---- */

/* A piece of up to 15 bytes as two words, its length in the highest byte; at
 * most four ids, how many in the highest byte of the first, with the mark of
 * having been found.  Two entries share a cache line: a new one takes the second
 * place, and what it displaces moves to the first if it was found there, so that
 * pieces met once do not push out pieces met often. */
enum {
	TOK_MEMO_TEXT = 15,
	TOK_MEMO_IDS = 4,
	TOK_MEMO_WAYS = 2,
	TOK_MEMO_ID_MAX = 0xFFFFFF,
	TOK_MEMO_COUNT_SHIFT = 24
};
#define TOK_MEMO_FOUND   ((uint32_t)1 << 31)
#define TOK_MEMO_BUCKETS ((size_t)1 << 16)

struct tok_memo_key {
	uint64_t low, high; /* high 0: no piece */
};

static inline uint64_t tok_memo_hash(struct tok_memo_key key)
{
	uint64_t hash = (key.low ^ key.low >> 32) * UINT64_C(0x9E3779B97F4A7C15) +
			key.high * UINT64_C(0xD6E8FEB86659FD93);
	hash ^= hash >> 32;
	return hash * UINT64_C(0xBF58476D1CE4E5B9);
}

struct tok_memo_entry {
	struct tok_memo_key key;
	uint32_t ids[TOK_MEMO_IDS];
};

struct tok_memo {
	struct tok_memo_entry *entries; /* TOK_MEMO_WAYS a bucket */
	void *memory;
	uint64_t owner; /* fingerprint of the model whose pieces it holds */
};

TOK_MUST_USE bool tok_memo_init(struct tok_memo *memo);
void tok_memo_release(struct tok_memo *memo);
/* Make it hold the pieces of this model only. */
void tok_memo_claim(struct tok_memo *memo, uint64_t owner);
void tok_memo_put(struct tok_memo *memo, struct tok_memo_key key, const tok_id *ids, size_t count);

static inline size_t tok_memo_bucket(uint64_t hash)
{
	return (size_t)(hash >> 48);
}

/* The key of `piece`, which has 1 to 15 bytes. */
static inline struct tok_memo_key tok_memo_key(struct tok_span piece)
{
	uint8_t bytes[16] = { 0 };
	struct tok_memo_key key;
	memcpy(bytes, piece.bytes, piece.count);
	memcpy(&key, bytes, sizeof key);
	key.high |= (uint64_t)piece.count << 56;
	return key;
}

static inline size_t tok_memo_count(const struct tok_memo_entry *entry)
{
	return entry->ids[0] >> TOK_MEMO_COUNT_SHIFT & 7;
}

/* The entry, which is marked as found, or NULL. */
static inline const struct tok_memo_entry *tok_memo_find(struct tok_memo *memo, size_t bucket,
							 struct tok_memo_key key)
{
	struct tok_memo_entry *entry = &memo->entries[bucket * TOK_MEMO_WAYS];
	if (entry->key.low != key.low || entry->key.high != key.high)
		entry++;
	if (entry->key.low != key.low || entry->key.high != key.high)
		return NULL;
	if (!(entry->ids[0] & TOK_MEMO_FOUND))
		entry->ids[0] |= TOK_MEMO_FOUND;
	return entry;
}

/* ---- known.c: pieces that are one token ---- */

/* Every token of up to 15 bytes that its own text is encoded as: most pieces of a
 * text are such, and need no memory of having been met. */
enum { TOK_KNOWN_WAYS = 3 };

struct tok_known_bucket { /* a cache line */
	struct tok_memo_key keys[TOK_KNOWN_WAYS];
	uint32_t ids[TOK_KNOWN_WAYS];
	uint32_t more; /* others that fell here are in the next one */
};

/* Fill walk.known; after the spines. */
TOK_MUST_USE enum tok_status tok_bpe_build_known(struct tok_model *model, struct tok_error *err);

static inline uint32_t tok_known_home(const struct tok_walk *walk, uint64_t hash)
{
	return (uint32_t)((hash & UINT32_MAX) * walk->known_count >> 32);
}

/* The id, or TOK_NO_ID. */
static inline tok_id tok_known_find(const struct tok_walk *walk, uint32_t home,
				    struct tok_memo_key key)
{
	for (uint32_t tries = walk->known_count; tries > 0; tries--) {
		const struct tok_known_bucket *bucket = &walk->known[home];
		for (size_t i = 0; i < TOK_KNOWN_WAYS; i++)
			if (bucket->keys[i].low == key.low && bucket->keys[i].high == key.high)
				return bucket->ids[i];
		if (!bucket->more)
			break;
		home = home + 1 < walk->known_count ? home + 1 : 0;
	}
	return TOK_NO_ID;
}

/* ---- merge.c: the merge loop ---- */

struct tok_merge_node;

struct tok_merge_split {
	uint32_t left, right;
};

struct tok_bpe_scratch {
	uint32_t *symbols, *lengths; /* of the piece at hand */
	size_t count, symbol_capacity, length_capacity;
	struct tok_merge_node *nodes;
	size_t node_capacity;
	struct tok_queue queue;
	struct tok_merge_split *splits; /* by symbol: the last pair met that makes it */
	size_t split_capacity;
	struct tok_merge_split last; /* what was joined last */
	struct tok_memo memo;
	uint32_t *adjoins; /* see walk.c */
	uint32_t *lanes;   /* tokens of stretches walked together */
	size_t lane_capacity;
	uint64_t *dead; /* a bit a byte of the piece */
	size_t dead_capacity;
	uint32_t position;  /* where the next token of the piece begins */
	bool after_unknown; /* the last token written is an unknown run */
};

/* Room for splits.  False if memory is out. */
TOK_MUST_USE bool tok_bpe_reserve_splits(const struct tok_bpe *bpe,
					 struct tok_bpe_scratch *scratch);

/* The pair; one that makes an unused piece is noted, after tok_bpe_reserve_splits. */
static inline struct tok_pair tok_bpe_rate_pair(const struct tok_bpe *bpe,
						struct tok_bpe_scratch *scratch, uint32_t left,
						uint32_t right)
{
	const struct tok_pair pair = tok_pairs_get(&bpe->pairs, left, right);
	if (bpe->has_split && pair.rank != TOK_RANK_NONE &&
	    bpe->roles[pair.result] == TOK_ROLE_SPLIT)
		scratch->splits[pair.result] = (struct tok_merge_split){ left, right };
	return pair;
}

/* bpe_write.c: the scratch's symbols as tokens. */
TOK_MUST_USE enum tok_status tok_bpe_write(const struct tok_model *model,
					   struct tok_bpe_scratch *scratch, struct tok_span text,
					   uint32_t limit, struct tok_tokens *out,
					   struct tok_error *err);

/* ---- pairs of tokens asked before: do they adjoin? ---- */

/* Left and right (24 bits each) are mixed one to one into 48 bits: the low ones
 * choose the slot, the rest is kept whole beside the answer, so that an answer is
 * never another pair's.  A rest of 0 is that of empty slots and is not kept. */
enum { TOK_ADJOINS_BITS = 17 };

static inline uint64_t tok_walk_mix(uint32_t left, uint32_t right)
{
	const uint64_t key =
	    ((uint64_t)left << 24 | right) * UINT64_C(0x9E3779B97F4B) & ((UINT64_C(1) << 48) - 1);
	return key ^ key >> 24;
}

static inline bool tok_walk_recall(const struct tok_bpe_scratch *scratch, uint32_t left,
				   uint32_t right, bool *answer)
{
	const uint64_t mixed = tok_walk_mix(left, right);
	const uint32_t slot = scratch->adjoins[mixed & ((1u << TOK_ADJOINS_BITS) - 1)];
	const uint32_t rest = (uint32_t)(mixed >> TOK_ADJOINS_BITS);
	*answer = slot & 1;
	return slot >> 1 == rest && rest != 0;
}

static inline void tok_walk_remember(struct tok_bpe_scratch *scratch, uint32_t left, uint32_t right,
				     bool answer)
{
	const uint64_t mixed = tok_walk_mix(left, right);
	scratch->adjoins[mixed & ((1u << TOK_ADJOINS_BITS) - 1)] =
	    (uint32_t)(mixed >> TOK_ADJOINS_BITS) << 1 | answer;
}

/* walk.c: forget the pairs of another model.  False if memory is out. */
TOK_MUST_USE bool tok_walk_claim(struct tok_bpe_scratch *scratch);

/* The token whose text is all of `part`, or TOK_NO_ID. */
uint32_t tok_bpe_find_whole(const struct tok_model *model, struct tok_span part);

/* The tokens of a part into scratch->symbols and lengths.  TOK_WALK_LOST:
 * the part must be merged. */
enum tok_walk_result { TOK_WALK_DONE, TOK_WALK_LOST, TOK_WALK_NOMEM };
enum tok_walk_result tok_bpe_walk(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				  struct tok_span part);

/* ---- walk_many.c ---- */

enum { TOK_STRETCHES = 64, TOK_MEETINGS = 128 };

enum tok_stretch_state {
	TOK_STRETCH_DONE, /* `tokens` are its encoding */
	TOK_STRETCH_BACK, /* a longest token was too long: walk it */
	TOK_STRETCH_LOST  /* no tokens spell it: merge it */
};

struct tok_stretch {
	struct tok_span text;
	uint32_t *tokens; /* room for one a byte */
	uint32_t count;
	enum tok_stretch_state state;
};

/* Walk up to TOK_STRETCHES stretches, which come with count 0 and state DONE. */
void tok_bpe_walk_many(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch,
		       struct tok_stretch *stretches, size_t count);

/* ---- merge_many.c ---- */

enum { TOK_MERGE_FEW = 15, TOK_MERGE_MOST = 30 };

/* Merge stretches of 1 to TOK_MERGE_MOST units - bytes, or characters - or all of them of
 * at most TOK_MERGE_FEW, which is quicker; where the model has joins.  DONE, or LOST where
 * what comes out are not all tokens. */
void tok_bpe_merge_many(const struct tok_model *model, struct tok_stretch *stretches, size_t count,
			bool few);

/* Merge the scratch's symbols in place.  False if memory is out. */
TOK_MUST_USE bool tok_bpe_merge(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch);

/* ---- bpe_cut.c: where no merge crosses ---- */

TOK_MUST_USE enum tok_status tok_bpe_build_cuts(struct tok_model *model, struct tok_error *err);

/* The ends of the parts of the piece text[begin..], at most `capacity` of them; the
 * last one is text.count when it is done. */
size_t tok_bpe_cut(const struct tok_model *model, struct tok_span text, uint32_t begin,
		   uint32_t *ends, size_t capacity);

/* ---- bpe.c ---- */

/* What a scratch remembers is of one model: make it this one.  False if memory is
 * out. */
TOK_MUST_USE bool tok_bpe_claim(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch);

/* The scratch's symbols: the first ones of a part of a piece, not yet merged. */
TOK_MUST_USE enum tok_status tok_bpe_begin(const struct tok_model *model,
					   struct tok_bpe_scratch *scratch, struct tok_span text,
					   struct tok_range part, struct tok_range piece,
					   struct tok_error *err);

/* One part of a piece; after tok_bpe_claim and tok_bpe_start. */
TOK_MUST_USE enum tok_status tok_bpe_encode_part(const struct tok_model *model,
						 struct tok_bpe_scratch *scratch,
						 struct tok_span text, struct tok_range part,
						 struct tok_range piece, struct tok_tokens *out,
						 struct tok_error *err);

/* A piece begins. */
static inline void tok_bpe_start(struct tok_bpe_scratch *scratch, uint32_t begin)
{
	scratch->position = begin;
	scratch->after_unknown = false;
}

/* ---- bpe_run.c ---- */

enum { TOK_BPE_BATCH = 256 };

/* Up to TOK_BPE_BATCH stretches of text, each ending at one of `ends`: pieces, or
 * (`piece` not NULL) parts of one.  Ranges are not wanted. */
TOK_MUST_USE enum tok_status
tok_bpe_encode_batch(const struct tok_model *model, struct tok_bpe_scratch *scratch,
		     struct tok_span text, uint32_t begin, const uint32_t *ends, size_t count,
		     const struct tok_range *piece, struct tok_tokens *out, struct tok_error *err);

#endif
