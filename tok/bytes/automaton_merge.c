/* automaton_merge.c - the fewest states that accept the same.
 *
 * States that accept nothing any more are the dead one.  The others are parted into blocks: those
 * that accept from those that do not, then again and again those that some byte leads into a block
 * from those that it does not.  Of two parts of a block that was looked at the smaller suffices (J.
 * Hopcroft, "An n log n algorithm for minimizing states in a finite automaton", 1971).  Ways to the
 * dead state are not looked at: all blocks are, so what leads into none of them is known too. */
#include <stdlib.h>

#include "tok/base/arena.h"
#include "tok/bytes/automaton_internal.h"

struct way {
	uint32_t from;
	uint32_t class;
};

/* States [begin, end) of the order; the first `marked` lead into the block that is looked at. */
struct block {
	uint32_t begin, end, marked;
};

struct merge {
	const struct automaton_states *from;
	size_t count;        /* of states */
	uint32_t *ways_into; /* count + 1: ways into a state are [ways_into[s], ways_into[s + 1]) */
	struct way *ways;
	bool *lives;

	uint32_t *order, *place, *block_of;
	struct block *blocks;
	size_t block_count;
	uint32_t *waiting, *touched;
	size_t waiting_count, touched_count;

	/* Ways into one block, by class. */
	uint32_t *sources, *classes;
	size_t ends[256];
	struct tok_arena arena;
};

/* ---- ways back ------------------------------------------------------------------------ */

static uint32_t target(const struct automaton_states *states, uint32_t state, uint32_t class)
{
	return states->next[(size_t)state * states->classes + class];
}

static void find_ways(struct merge *m)
{
	const struct automaton_states *from = m->from;
	for (uint32_t s = 0; s < m->count; s++)
		for (uint32_t c = 0; c < from->classes; c++)
			m->ways_into[target(from, s, c)]++;
	uint32_t total = 0;
	for (size_t s = 0; s <= m->count; s++) {
		total += m->ways_into[s];
		m->ways_into[s] = total;
	}
	for (uint32_t s = (uint32_t)m->count; s-- > 0;)
		for (uint32_t c = 0; c < from->classes; c++)
			m->ways[--m->ways_into[target(from, s, c)]] = (struct way){ s, c };
}

/* From what accepts, backwards. */
static void find_living(struct merge *m)
{
	size_t depth = 0;
	for (uint32_t s = 1; s < m->count; s++)
		if (m->from->accepts[s]) {
			m->lives[s] = true;
			m->waiting[depth++] = s;
		}
	while (depth > 0) {
		const uint32_t s = m->waiting[--depth];
		for (uint32_t i = m->ways_into[s]; i < m->ways_into[s + 1]; i++) {
			const uint32_t before = m->ways[i].from;
			if (m->lives[before])
				continue;
			m->lives[before] = true;
			m->waiting[depth++] = before;
		}
	}
}

/* ---- blocks ----------------------------------------------------------------------------- */

static void add_block(struct merge *m, uint32_t begin, uint32_t end)
{
	const uint32_t block = (uint32_t)m->block_count++;
	m->blocks[block] = (struct block){ .begin = begin, .end = end };
	for (uint32_t i = begin; i < end; i++)
		m->block_of[m->order[i]] = block;
	m->waiting[m->waiting_count++] = block;
}

static void make_first_blocks(struct merge *m)
{
	uint32_t count = 0;
	for (int accepts = 0; accepts < 2; accepts++) {
		const uint32_t begin = count;
		for (uint32_t s = 1; s < m->count; s++) {
			if (!m->lives[s] || m->from->accepts[s] != accepts)
				continue;
			m->place[s] = count;
			m->order[count++] = s;
		}
		if (count > begin)
			add_block(m, begin, count);
	}
}

/* To the front of its block. */
static void mark(struct merge *m, uint32_t state)
{
	struct block *b = &m->blocks[m->block_of[state]];
	const uint32_t at = m->place[state], to = b->begin + b->marked;
	if (at < to)
		return;
	const uint32_t other = m->order[to];
	m->order[to] = state;
	m->order[at] = other;
	m->place[state] = to;
	m->place[other] = at;
	if (b->marked++ == 0)
		m->touched[m->touched_count++] = m->block_of[state];
}

/* What is marked from what is not.  The smaller part is a new block, which waits; if the old one
 * waited it still does. */
static void part_block(struct merge *m, uint32_t block)
{
	struct block *b = &m->blocks[block];
	const uint32_t middle = b->begin + b->marked, begin = b->begin, end = b->end;
	b->marked = 0;
	if (middle == end)
		return;
	if (middle - begin < end - middle) {
		b->begin = middle;
		add_block(m, begin, middle);
	} else {
		b->end = middle;
		add_block(m, middle, end);
	}
}

/* Ways into the block, sorted by class: sources of class c end at ends[c].  Returns how many
 * classes there are. */
static size_t gather_ways(struct merge *m, const struct block *block)
{
	size_t classes = 0, total = 0;
	for (uint32_t i = block->begin; i < block->end; i++) {
		const uint32_t s = m->order[i];
		for (uint32_t w = m->ways_into[s]; w < m->ways_into[s + 1]; w++) {
			const uint32_t class = m->ways[w].class;
			if (m->lives[m->ways[w].from] && m->ends[class]++ == 0)
				m->classes[classes++] = class;
		}
	}
	for (size_t k = 0; k < classes; k++) {
		const size_t count = m->ends[m->classes[k]];
		m->ends[m->classes[k]] = total;
		total += count;
	}
	for (uint32_t i = block->begin; i < block->end; i++) {
		const uint32_t s = m->order[i];
		for (uint32_t w = m->ways_into[s]; w < m->ways_into[s + 1]; w++)
			if (m->lives[m->ways[w].from])
				m->sources[m->ends[m->ways[w].class]++] = m->ways[w].from;
	}
	return classes;
}

/* The sources are a copy: the block itself may be parted meanwhile. */
static void look_at(struct merge *m, uint32_t block)
{
	const struct block now = m->blocks[block];
	size_t at = 0;
	const size_t classes = gather_ways(m, &now);
	for (size_t k = 0; k < classes; k++) {
		for (; at < m->ends[m->classes[k]]; at++)
			mark(m, m->sources[at]);
		while (m->touched_count > 0)
			part_block(m, m->touched[--m->touched_count]);
		m->ends[m->classes[k]] = 0;
	}
}

/* ---- the result ----------------------------------------------------------------------------- */

/* Blocks in the order in which they are met from the first one on; numbers[block] is then the
 * state, met[state] the block. */
static uint32_t number_blocks(struct merge *m, uint32_t *numbers, uint32_t *met)
{
	const struct automaton_states *from = m->from;
	uint32_t count = TOK_AUTOMATON_START;
	met[count] = m->block_of[TOK_AUTOMATON_START];
	numbers[met[count]] = count;
	count++;
	for (uint32_t i = TOK_AUTOMATON_START; i < count; i++) {
		const uint32_t s = m->order[m->blocks[met[i]].begin];
		for (uint32_t c = 0; c < from->classes; c++) {
			const uint32_t to = target(from, s, c);
			if (!m->lives[to] || numbers[m->block_of[to]] != 0)
				continue;
			met[count] = m->block_of[to];
			numbers[met[count]] = count;
			count++;
		}
	}
	return count;
}

static enum tok_status write_states(struct merge *m, struct automaton_states *out,
				    struct tok_error *err)
{
	const struct automaton_states *from = m->from;
	uint32_t *numbers = tok_arena_array(&m->arena, m->count + 1, sizeof *numbers),
		 *met = tok_arena_array(&m->arena, m->count + 1, sizeof *met);
	if (!numbers || !met)
		return tok_fail_memory(err);
	const uint32_t count = number_blocks(m, numbers, met);
	struct automaton_states made = { .classes = from->classes, .count = count };
	memcpy(made.class_of, from->class_of, sizeof made.class_of);
	made.next = calloc((size_t)count * made.classes, sizeof *made.next);
	made.accepts = calloc(count, sizeof *made.accepts);
	if (!made.next || !made.accepts) {
		automaton_states_release(&made);
		return tok_fail_memory(err);
	}
	for (uint32_t i = TOK_AUTOMATON_START; i < count; i++) {
		const uint32_t s = m->order[m->blocks[met[i]].begin];
		made.accepts[i] = from->accepts[s];
		for (uint32_t c = 0; c < from->classes; c++) {
			const uint32_t to = target(from, s, c);
			if (m->lives[to])
				made.next[(size_t)i * made.classes + c] =
				    (uint16_t)numbers[m->block_of[to]];
		}
	}
	*out = made;
	return TOK_OK;
}

static enum tok_status make_room(struct merge *m, struct tok_error *err)
{
	const size_t n = m->count + 1, ways = m->count * m->from->classes;
	m->ways_into = tok_arena_array(&m->arena, n + 1, sizeof *m->ways_into);
	m->ways = tok_arena_array(&m->arena, ways, sizeof *m->ways);
	m->lives = tok_arena_array(&m->arena, n, sizeof *m->lives);
	m->order = tok_arena_array(&m->arena, n, sizeof *m->order);
	m->place = tok_arena_array(&m->arena, n, sizeof *m->place);
	m->block_of = tok_arena_array(&m->arena, n, sizeof *m->block_of);
	m->blocks = tok_arena_array(&m->arena, n, sizeof *m->blocks);
	m->waiting = tok_arena_array(&m->arena, n, sizeof *m->waiting);
	m->touched = tok_arena_array(&m->arena, n, sizeof *m->touched);
	m->sources = tok_arena_array(&m->arena, ways, sizeof *m->sources);
	m->classes = tok_arena_array(&m->arena, 256, sizeof *m->classes);
	return m->ways_into && m->ways && m->lives && m->order && m->place && m->block_of &&
		       m->blocks && m->waiting && m->touched && m->sources && m->classes
		   ? TOK_OK
		   : tok_fail_memory(err);
}

enum tok_status automaton_merge(const struct automaton_states *from, struct automaton_states *out,
				struct tok_error *err)
{
	struct merge m = { .from = from, .count = from->count };
	enum tok_status status = make_room(&m, err);
	if (status == TOK_OK) {
		find_ways(&m);
		find_living(&m);
	}
	if (status == TOK_OK && (from->count == 1 || !m.lives[TOK_AUTOMATON_START]))
		status = tok_fail(err, TOK_EFORMAT, "no text at all matches the expression");
	if (status == TOK_OK) {
		make_first_blocks(&m);
		while (m.waiting_count > 0)
			look_at(&m, m.waiting[--m.waiting_count]);
		status = write_states(&m, out, err);
	}
	tok_arena_release(&m.arena);
	return status;
}
