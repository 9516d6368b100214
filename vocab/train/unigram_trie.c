/*
 * A double array whose children are found by exclusive or, so that a node's children
 * stay within one block of 256 units.  Blocks are filled in the order of their making;
 * only the last few with room are looked at, which bounds the time that a node takes.
 */
#include <stdlib.h>

#include "vocab/train/unigram_internal.h"

enum { BLOCK = 256, OPEN_MAX = 8 };

/* Pieces [begin, end) share the bytes that lead to `node`, `depth` of them. */
struct branch {
	uint32_t node, begin, end, depth;
};

struct block {
	uint32_t first; /* unit */
	uint32_t room;
	uint64_t free[BLOCK / 64]; /* a bit a unit */
};

struct trie_builder {
	struct unigram_trie *trie;
	const struct unigram_runs *runs;
	const struct unigram_pieces *pieces;
	struct block open[OPEN_MAX];
	size_t open_count;
	struct branch *stack;
	size_t stack_count, stack_capacity;
};

/* ---- room ------------------------------------------------------------------------ */

static bool is_free(const struct block *block, uint32_t at)
{
	return block->free[at / 64] >> (at % 64) & 1;
}

/* The fullest block gives way to a new one. */
static struct block *open_block(struct trie_builder *b)
{
	struct unigram_trie *trie = b->trie;
	if (trie->count > UINT32_MAX - BLOCK ||
	    !tok_grow(&trie->units, &trie->capacity, trie->count + BLOCK, sizeof *trie->units))
		return NULL;
	size_t place = b->open_count;
	if (b->open_count < OPEN_MAX) {
		b->open_count++;
	} else {
		place = 0;
		for (size_t i = 1; i < OPEN_MAX; i++)
			if (b->open[i].room < b->open[place].room)
				place = i;
	}
	struct block *block = &b->open[place];
	block->first = (uint32_t)trie->count;
	block->room = BLOCK;
	memset(block->free, 0xFF, sizeof block->free);
	for (size_t i = 0; i < BLOCK; i++)
		trie->units[trie->count++] =
		    (struct unigram_unit){ .parent = UNIGRAM_NONE, .piece = UNIGRAM_NONE };
	return block;
}

static void take(struct block *block, uint32_t at)
{
	block->free[at / 64] &= ~((uint64_t)1 << (at % 64));
	block->room--;
}

/* A base within the block where all of `bytes` are free; BLOCK: none. */
static uint32_t find_base(const struct block *block, const uint8_t *bytes, size_t count)
{
	if (block->room < count)
		return BLOCK;
	for (uint32_t word = 0; word < BLOCK / 64; word++) {
		for (uint64_t bits = block->free[word]; bits; bits &= bits - 1) {
			const uint32_t place = word * 64 + (uint32_t)__builtin_ctzll(bits);
			const uint32_t base = place ^ bytes[0];
			size_t i = 1;
			while (i < count && is_free(block, base ^ bytes[i]))
				i++;
			if (i == count && (block->first || base))
				return base; /* 0 is that of a node without children */
		}
	}
	return BLOCK;
}

/* Sets *base to where the children of a node go, and takes their places. */
static bool place_children(struct trie_builder *b, const uint8_t *bytes, size_t count,
			   uint32_t *base)
{
	struct block *block = NULL;
	uint32_t found = BLOCK;
	for (size_t i = 0; i < b->open_count && found == BLOCK; i++) {
		block = &b->open[i];
		found = find_base(block, bytes, count);
	}
	if (found == BLOCK) {
		block = open_block(b);
		if (!block)
			return false;
		found = find_base(block, bytes, count);
	}
	for (size_t i = 0; i < count; i++)
		take(block, found ^ bytes[i]);
	*base = block->first + found;
	return true;
}

/* ---- nodes ----------------------------------------------------------------------- */

static uint8_t byte_at(const struct trie_builder *b, uint32_t piece, uint32_t depth)
{
	return b->runs->text.bytes[b->pieces->items[piece].begin + depth];
}

/* The end of the pieces from `from` on that have the same byte there. */
static uint32_t end_of_byte(const struct trie_builder *b, uint32_t from, uint32_t end,
			    uint32_t depth)
{
	const uint8_t byte = byte_at(b, from, depth);
	uint32_t low = from + 1, high = from + 1;
	for (uint32_t stride = 1; high < end && byte_at(b, high, depth) == byte; stride *= 2) {
		low = high + 1;
		high = end - high > stride ? high + stride : end;
	}
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		if (byte_at(b, middle, depth) == byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool grow_node(struct trie_builder *b, struct branch branch)
{
	uint8_t bytes[BLOCK];
	uint32_t begins[BLOCK + 1];
	size_t count = 0;
	/* The piece that is no more than these bytes comes first. */
	if (branch.depth && b->pieces->items[branch.begin].length == branch.depth) {
		b->trie->units[branch.node].piece = branch.begin;
		branch.begin++;
	}
	for (uint32_t at = branch.begin; at < branch.end; count++) {
		begins[count] = at;
		bytes[count] = byte_at(b, at, branch.depth);
		at = end_of_byte(b, at, branch.end, branch.depth);
	}
	if (count == 0)
		return true;
	begins[count] = branch.end;
	uint32_t base;
	if (!place_children(b, bytes, count, &base) ||
	    !tok_grow(&b->stack, &b->stack_capacity, b->stack_count + count, sizeof *b->stack))
		return false;
	b->trie->units[branch.node].base = base;
	for (size_t i = count; i-- > 0;) {
		b->trie->units[base ^ bytes[i]].parent = branch.node;
		b->stack[b->stack_count++] =
		    (struct branch){ base ^ bytes[i], begins[i], begins[i + 1], branch.depth + 1 };
	}
	return true;
}

enum tok_status unigram_trie_build(struct unigram_trie *trie, const struct unigram_runs *runs,
				   const struct unigram_pieces *pieces, struct tok_error *err)
{
	struct trie_builder b = { .trie = trie, .runs = runs, .pieces = pieces };
	trie->count = 0;
	struct block *first = open_block(&b);
	bool ok = first != NULL;
	if (ok)
		take(first, 0); /* the root */
	ok = ok && grow_node(&b, (struct branch){ 0, 0, (uint32_t)pieces->count, 0 });
	while (ok && b.stack_count)
		ok = grow_node(&b, b.stack[--b.stack_count]);
	free(b.stack);
	return ok ? TOK_OK : tok_fail_memory(err);
}

void unigram_trie_release(struct unigram_trie *trie)
{
	free(trie->units);
	*trie = (struct unigram_trie){ 0 };
}
