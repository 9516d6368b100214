/*
 * Building the double array: texts are sorted, nodes are ranges of them, and
 * nodes get their cells level by level, so that the ones walked most lie
 * together.
 */
#include "tok/model/trie.h"

#include <stdlib.h>

#include "tok/base/buffer.h"

enum { OPEN_BLOCKS = 32, TRIES_MAX = 24 };
#define CELLS_MAX ((size_t)1 << 26)

/* Texts [low, high) of the sorted order share their first `depth` bytes; `above` is the
 * value of the longest text that is fewer of these. */
struct range {
	uint32_t low, high, depth, cell, above;
};

struct block {
	uint64_t used[4];  /* cells */
	uint64_t bases[4]; /* that lie in this block */
	uint32_t free, failures;
};

struct builder {
	const struct tok_span *texts;
	const uint32_t *values;
	uint32_t *order;         /* the texts, sorted */
	struct tok_span *sorted; /* the same */
	uint32_t *above;         /* by value, or NULL */
	uint64_t *cells;
	struct block *blocks;
	struct range *queue;
	size_t block_count, cell_capacity, block_capacity, queue_count, queue_capacity;
	uint32_t open[OPEN_BLOCKS]; /* blocks with free cells */
	size_t open_count;
	bool too_large;
};

static bool bit_of(const uint64_t set[4], unsigned i)
{
	return set[i >> 6] >> (i & 63) & 1;
}

static void set_bit(uint64_t set[4], unsigned i)
{
	set[i >> 6] |= UINT64_C(1) << (i & 63);
}

/* ---- sorting ---------------------------------------------------------------- */

/* The byte at `depth` plus one; 0 behind the end. */
static unsigned key_at(const struct builder *b, uint32_t i, size_t depth)
{
	return depth < b->texts[i].count ? b->texts[i].bytes[depth] + 1u : 0;
}

static int compare_from(const struct builder *b, uint32_t x, uint32_t y, size_t depth)
{
	const struct tok_span s = b->texts[x], t = b->texts[y];
	const size_t least = s.count < t.count ? s.count : t.count;
	const int order =
	    least > depth ? memcmp(s.bytes + depth, t.bytes + depth, least - depth) : 0;
	if (order != 0)
		return order;
	if (s.count != t.count)
		return s.count < t.count ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void sort_few(const struct builder *b, uint32_t *order, size_t count, size_t depth)
{
	for (size_t i = 1; i < count; i++) {
		const uint32_t text = order[i];
		size_t at = i;
		for (; at > 0 && compare_from(b, order[at - 1], text, depth) > 0; at--)
			order[at] = order[at - 1];
		order[at] = text;
	}
}

/* Deal the texts of one range by their byte at `depth`, keeping their order. */
static void deal(const struct builder *b, uint32_t *order, uint32_t *spare, size_t count,
		 size_t depth, uint32_t starts[258])
{
	memset(starts, 0, 258 * sizeof *starts);
	for (size_t i = 0; i < count; i++)
		starts[key_at(b, order[i], depth) + 1]++;
	for (size_t i = 0; i < 257; i++)
		starts[i + 1] += starts[i];
	uint32_t next[257];
	memcpy(next, starts, sizeof next);
	for (size_t i = 0; i < count; i++)
		spare[next[key_at(b, order[i], depth)]++] = order[i];
	memcpy(order, spare, count * sizeof *order);
}

/* Most significant byte first, with a stack of its own: texts may be long. */
static bool sort_texts(struct builder *b, size_t count)
{
	enum { FEW = 24 };
	uint32_t *spare = malloc((count + 1) * sizeof *spare);
	if (!spare)
		return false;
	bool room = tok_grow(&b->queue, &b->queue_capacity, 1, sizeof *b->queue);
	size_t top = 0;
	if (room)
		b->queue[top++] = (struct range){ 0, (uint32_t)count, 0, 0, TOK_NO_ID };
	while (room && top > 0) {
		const struct range r = b->queue[--top];
		uint32_t *order = b->order + r.low, starts[258];
		const size_t some = r.high - r.low;
		if (some <= FEW) {
			sort_few(b, order, some, r.depth);
			continue;
		}
		deal(b, order, spare, some, r.depth, starts);
		room = tok_grow(&b->queue, &b->queue_capacity, top + 256, sizeof *b->queue);
		for (size_t k = 1; room && k < 257; k++)
			if (starts[k + 1] - starts[k] > 1)
				b->queue[top++] =
				    (struct range){ r.low + starts[k], r.low + starts[k + 1],
						    r.depth + 1, 0, TOK_NO_ID };
	}
	free(spare);
	return room;
}

/* ---- cells ------------------------------------------------------------------ */

static bool add_block(struct builder *b, uint32_t *out)
{
	const size_t cells = (b->block_count + 1) * TOK_TRIE_BLOCK;
	b->too_large = cells > CELLS_MAX;
	if (b->too_large || !tok_grow(&b->cells, &b->cell_capacity, cells, sizeof *b->cells) ||
	    !tok_grow(&b->blocks, &b->block_capacity, b->block_count + 1, sizeof *b->blocks))
		return false;
	memset(b->cells + cells - TOK_TRIE_BLOCK, 0, TOK_TRIE_BLOCK * sizeof *b->cells);
	b->blocks[b->block_count] = (struct block){ .free = TOK_TRIE_BLOCK };
	*out = (uint32_t)b->block_count++;
	return true;
}

/* A base in `block` that has room for all `labels`; 256 if there is none. */
static unsigned find_base(const struct block *block, const uint8_t *labels, size_t count)
{
	for (unsigned word = 0; word < 4; word++) {
		for (uint64_t free = ~block->used[word]; free; free &= free - 1) {
			const unsigned cell = word * 64 + (unsigned)__builtin_ctzll(free);
			const unsigned base = cell ^ labels[0];
			size_t i = 1;
			if (bit_of(block->bases, base))
				continue;
			while (i < count && !bit_of(block->used, base ^ labels[i]))
				i++;
			if (i == count)
				return base;
		}
	}
	return 256;
}

static void close_block(struct builder *b, size_t i)
{
	b->open[i] = b->open[--b->open_count];
}

/* A base for a node with these children, from an open block or a new one. */
static bool place_children(struct builder *b, const uint8_t *labels, size_t count, uint32_t *out)
{
	for (size_t i = b->open_count; i-- > 0;) {
		struct block *block = &b->blocks[b->open[i]];
		const unsigned base = block->free >= count ? find_base(block, labels, count) : 256;
		if (base < 256) {
			*out = b->open[i] * TOK_TRIE_BLOCK + base;
			return true;
		}
		if (++block->failures > TRIES_MAX || block->free == 0)
			close_block(b, i);
	}
	uint32_t made;
	if (!add_block(b, &made))
		return false;
	if (b->open_count == OPEN_BLOCKS)
		close_block(b, 0);
	b->open[b->open_count++] = made;
	*out = made * TOK_TRIE_BLOCK + find_base(&b->blocks[made], labels, count);
	return true;
}

/* Give the children of `r` their cells and queue them; what ends at `r` is its
 * value, and of equal texts the last. */
static bool open_node(struct builder *b, struct range r)
{
	uint8_t labels[256];
	struct range children[256];
	size_t count = 0;
	uint32_t value = TOK_TRIE_NO_VALUE;
	for (uint32_t i = r.low; i < r.high; i++) {
		const struct tok_span text = b->sorted[i];
		if (text.count == r.depth) {
			value = b->values[b->order[i]];
			continue;
		}
		if (count == 0 || labels[count - 1] != text.bytes[r.depth]) {
			labels[count] = text.bytes[r.depth];
			children[count++] = (struct range){ .low = i, .depth = r.depth + 1 };
		}
		children[count - 1].high = i + 1;
	}
	uint32_t base = 0;
	if (count > 0 && !place_children(b, labels, count, &base))
		return false;
	b->cells[r.cell] = (b->cells[r.cell] & 0xFF) | (uint64_t)base << 8 | (uint64_t)value << 40;
	if (value != TOK_TRIE_NO_VALUE) {
		if (b->above)
			b->above[value] = r.above;
		r.above = value;
	}
	if (count == 0)
		return true;

	struct block *block = &b->blocks[base / TOK_TRIE_BLOCK];
	set_bit(block->bases, base % TOK_TRIE_BLOCK);
	block->free -= (uint32_t)count;
	if (!tok_grow(&b->queue, &b->queue_capacity, b->queue_count + count, sizeof *b->queue))
		return false;
	for (size_t i = 0; i < count; i++) {
		children[i].cell = base ^ labels[i];
		children[i].above = r.above;
		set_bit(block->used, children[i].cell % TOK_TRIE_BLOCK);
		b->cells[children[i].cell] = labels[i];
		b->queue[b->queue_count++] = children[i];
	}
	return true;
}

/* Free cells get the label that no base of their block asks for. */
static void label_free_cells(struct builder *b)
{
	for (size_t i = 0; i < b->block_count; i++) {
		const struct block *block = &b->blocks[i];
		unsigned base = i == 0; /* of block 0 only base 0 is asked */
		while (base < 255 && bit_of(block->bases, base))
			base++;
		for (unsigned cell = 0; cell < TOK_TRIE_BLOCK; cell++)
			if (!bit_of(block->used, cell))
				b->cells[i * TOK_TRIE_BLOCK + cell] |= cell ^ base;
	}
}

static bool copy_sorted(struct builder *b, size_t count)
{
	b->sorted = malloc((count + 1) * sizeof *b->sorted);
	for (size_t i = 0; b->sorted && i < count; i++)
		b->sorted[i] = b->texts[b->order[i]];
	return b->sorted != NULL;
}

/* Nodes of one level are all over the texts: have those fetched that are opened soon. */
static void expect_node(const struct builder *b, size_t i)
{
	enum { AHEAD = 8 };
	if (b->queue_count - i > 2 * AHEAD)
		__builtin_prefetch(&b->sorted[b->queue[i + 2 * AHEAD].low]);
	if (b->queue_count - i > AHEAD)
		__builtin_prefetch(b->sorted[b->queue[i + AHEAD].low].bytes +
				   b->queue[i + AHEAD].depth);
}

static bool build_cells(struct builder *b, size_t count)
{
	uint32_t first;
	if (!add_block(b, &first)) /* the root's cell, and base 0 */
		return false;
	b->queue_count = 0;
	if (!tok_grow(&b->queue, &b->queue_capacity, 1, sizeof *b->queue))
		return false;
	b->queue[b->queue_count++] =
	    (struct range){ 0, (uint32_t)count, 0, TOK_TRIE_ROOT, TOK_NO_ID };
	for (size_t i = 0; i < b->queue_count; i++) {
		expect_node(b, i);
		if (!open_node(b, b->queue[i]))
			return false;
	}
	label_free_cells(b);
	return true;
}

static void release(struct builder *b)
{
	free(b->order);
	free(b->sorted);
	free(b->cells);
	free(b->blocks);
	free(b->queue);
}

enum tok_status tok_trie_build(struct tok_trie *trie, struct tok_arena *arena,
			       const struct tok_span *texts, const uint32_t *values, size_t count,
			       uint32_t *above, struct tok_error *err)
{
	if (count >= TOK_TRIE_NO_VALUE)
		return tok_fail(err, TOK_ELIMIT, "%zu tokens, a trie takes %d", count,
				TOK_TRIE_NO_VALUE - 1);
	struct builder b = { .texts = texts, .values = values, .above = above };
	b.order = malloc((count + 1) * sizeof *b.order);
	bool room = b.order != NULL;
	for (uint32_t i = 0; room && i < count; i++)
		b.order[i] = i;
	room = room && sort_texts(&b, count) && copy_sorted(&b, count) && build_cells(&b, count);
	if (room) {
		const size_t cells = b.block_count * TOK_TRIE_BLOCK;
		uint64_t *kept = tok_arena_array(arena, cells, sizeof *kept);
		room = kept != NULL;
		if (room)
			memcpy(kept, b.cells, cells * sizeof *kept);
		*trie = (struct tok_trie){ .cells = kept, .count = cells };
	}
	release(&b);
	if (b.too_large)
		return tok_fail(err, TOK_ELIMIT,
				"the texts of the tokens need more than %zu trie cells", CELLS_MAX);
	return room ? TOK_OK : tok_fail_memory(err);
}

void tok_trie_save(const struct tok_trie *trie, uint32_t tag, struct tok_image_writer *writer)
{
	if (trie->cells)
		tok_image_put(writer, tag, trie->cells, trie->count * sizeof *trie->cells);
}

bool tok_trie_open(struct tok_trie *trie, const struct tok_image *image, uint32_t tag,
		   size_t value_limit)
{
	size_t count, wild = 0;
	const uint64_t *cells = tok_image_array(image, tag, sizeof *cells, &count);
	*trie = (struct tok_trie){ 0 };
	if (count == 0)
		return true;
	/* Child cells lie in the block of the base, so it is enough that bases fit. */
	for (size_t i = 0; i < count && !image->trusted; i++) {
		const uint64_t value = cells[i] >> 40;
		wild += (cells[i] >> 8 & UINT32_MAX) >= count ||
			(value >= value_limit && value != TOK_TRIE_NO_VALUE);
	}
	*trie = (struct tok_trie){ cells, count };
	return wild == 0 && count % TOK_TRIE_BLOCK == 0;
}
