/*
 * bpe_internal.h - what the three kinds of BPE compile to.
 *
 * A symbol is the place of a token among the entries, or, from `entry_count`
 * on, a virtual one: a character or byte that is no token but takes part in
 * merges.  NONE stands for text that never merges.
 */
#ifndef TOK_MODEL_BPE_INTERNAL_H
#define TOK_MODEL_BPE_INTERNAL_H

#include "tok/model/model_internal.h"
#include "tok/model/trie_internal.h"
#include "tok/text/utf8.h"

#define TOK_SYMBOL_NONE UINT32_MAX
#define TOK_RANK_NONE   UINT32_MAX
/* A user-defined piece found in the text: no pair table knows it. */
#define TOK_SYMBOL_FROZEN ((uint32_t)1 << 31)

/* ---- charmap.c: from characters (or bytes) to symbols ---- */

enum { TOK_CHARMAP_PAGES = (TOK_BAD_BYTE >> 8) + 1 };

struct tok_charmap {
	uint32_t *pages[TOK_CHARMAP_PAGES]; /* of 256 symbols; one page is shared by all gaps */
	uint32_t *empty;
};

TOK_MUST_USE bool tok_charmap_init(struct tok_charmap *map, struct tok_arena *arena);
TOK_MUST_USE bool tok_charmap_set(struct tok_charmap *map, struct tok_arena *arena, uint32_t code,
				  uint32_t symbol);

static inline uint32_t tok_charmap_get(const struct tok_charmap *map, uint32_t code)
{
	return map->pages[code >> 8][code & 0xFF];
}

/* ---- pairs.c: (left, right) -> (rank, result) ---- */

struct tok_pair {
	uint32_t left, right, rank, result; /* rank TOK_RANK_NONE: a free slot */
};

struct tok_pairs {
	struct tok_pair *slots;
	unsigned shift; /* 64 - log2 of the slots */
	size_t mask;
};

TOK_MUST_USE bool tok_pairs_init(struct tok_pairs *pairs, struct tok_arena *arena, size_t count);
/* Add, or replace what the same pair had. */
void tok_pairs_put(struct tok_pairs *pairs, struct tok_pair pair);

static inline size_t tok_pairs_home(const struct tok_pairs *pairs, uint32_t left, uint32_t right)
{
	uint64_t key = (uint64_t)left << 32 | right;
	key = (key ^ key >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
	return (size_t)((key ^ key >> 32) * UINT64_C(0x9E3779B97F4A7C15) >> pairs->shift);
}

/* The pair, or a free slot. */
static inline struct tok_pair tok_pairs_get(const struct tok_pairs *pairs, uint32_t left,
					    uint32_t right)
{
	for (size_t at = tok_pairs_home(pairs, left, right);; at = (at + 1) & pairs->mask) {
		const struct tok_pair slot = pairs->slots[at];
		if ((slot.left == left && slot.right == right) || slot.rank == TOK_RANK_NONE)
			return slot;
	}
}

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
	struct tok_charmap *chars[2][2];
	struct tok_charmap *inner;  /* characters met inside tokens behind another one; NULL: the
				       text may not be cut */
	uint32_t byte_symbols[256]; /* of byte tokens, TOK_SYMBOL_NONE where missing */
	uint32_t unk_symbol;
	struct tok_pairs pairs;
	uint32_t rank_limit; /* no rank is above */
	/* Every merge is as long as its parts, so that what a place merged into can
	 * be told from its rank.  Otherwise results[rank] decides, as it does in
	 * Hugging Face's Word::merge_all. */
	bool exact;
	uint32_t *results;
	uint8_t *roles;       /* TOK_BPE_SCORES: by symbol */
	bool has_split;       /* some symbol has TOK_ROLE_SPLIT */
	struct tok_trie user; /* user-defined pieces, .slots NULL: none */
	size_t symbol_count;
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

enum { TOK_MEMO_TEXT = 22, TOK_MEMO_TOKENS = 8, TOK_MEMO_SLOTS = 1 << 14 };

struct tok_memo_slot {
	uint8_t length, count; /* length 0: free */
	uint8_t text[TOK_MEMO_TEXT];
	uint8_t ends[TOK_MEMO_TOKENS]; /* of the tokens, from the piece's begin */
	tok_id ids[TOK_MEMO_TOKENS];
};

/* The slot for `text`, which holds it or something else. */
struct tok_memo_slot *tok_memo_slot(struct tok_memo_slot *slots, struct tok_span text);

static inline bool tok_memo_holds(const struct tok_memo_slot *slot, struct tok_span text)
{
	return slot->length == text.count && memcmp(slot->text, text.bytes, text.count) == 0;
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
	struct tok_memo_slot *memo;
	uint64_t memo_owner; /* fingerprint of the model whose pieces it holds */
	uint32_t position;   /* where the next token of the piece begins */
	bool after_unknown;  /* the last token written is an unknown run */
};

/* bpe_write.c: the scratch's symbols as tokens. */
TOK_MUST_USE enum tok_status tok_bpe_write(const struct tok_model *model,
					   struct tok_bpe_scratch *scratch, struct tok_span text,
					   uint32_t limit, struct tok_tokens *out,
					   struct tok_error *err);

/* Merge the scratch's symbols in place.  False if memory is out. */
TOK_MUST_USE bool tok_bpe_merge(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch);

#endif
