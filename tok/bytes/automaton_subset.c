/* automaton_subset.c - a state is the set of all nodes that the guesses may have led to.  Only
 * nodes that read a byte, or accept, are told; forks are gone through at once. */
#include <stdlib.h>
#include <xxhash.h>

#include "tok/bytes/automaton_internal.h"

enum { SLOTS = 2 * AUTOMATON_STATES }; /* a power of two */

struct found {
	uint32_t begin, count; /* of its nodes, in `members` */
};

struct subset {
	const struct automaton_nodes *nodes;
	struct automaton_states *out;
	size_t most; /* states */
	uint64_t steps;

	uint32_t *members; /* of all states, one after the other */
	size_t member_count, member_capacity;
	struct found *found;
	size_t found_capacity;
	uint32_t *slots; /* states by hash; 0: free */
	size_t cell_capacity, accept_capacity;

	/* The set under way. */
	uint32_t *stack, *seen; /* by node: when it was last met */
	uint32_t now;
	bool accepts;

	/* Nodes of a state by the class that they read. */
	uint32_t *reads;
	size_t read_capacity;
	struct tok_error *err;
};

static enum tok_status give_up(const struct subset *s)
{
	return tok_fail(s->err, TOK_ELIMIT,
			"the automaton of the expression is too large: %u states so far",
			s->out->count);
}

/* ---- classes of bytes ---------------------------------------------------------------- */

static void find_classes(const struct automaton_nodes *nodes, struct automaton_states *out)
{
	bool begins[257] = { false };
	for (size_t i = 0; i < nodes->count; i++) {
		if (nodes->items[i].kind != NODE_BYTE)
			continue;
		begins[nodes->items[i].low] = true;
		begins[nodes->items[i].high + 1] = true;
	}
	uint32_t class = 0;
	for (size_t byte = 0; byte < 256; byte++) {
		class += byte > 0 && begins[byte];
		out->class_of[byte] = (uint8_t) class;
	}
	out->classes = class + 1;
}

/* ---- sets ------------------------------------------------------------------------------ */

static void begin_set(struct subset *s)
{
	s->now++;
	s->accepts = false;
}

/* Everything that can be reached from `node` without reading, behind the last state's members. */
static enum tok_status add_closure(struct subset *s, uint32_t node)
{
	size_t depth = 0;
	s->stack[depth++] = node;
	while (depth > 0) {
		const uint32_t at = s->stack[--depth];
		if (at == NO_NODE || s->seen[at] == s->now)
			continue;
		const struct automaton_node *n = &s->nodes->items[at];
		s->seen[at] = s->now;
		if (++s->steps > AUTOMATON_STEPS)
			return give_up(s);
		if (n->kind == NODE_FORK) {
			s->stack[depth++] = n->next;
			s->stack[depth++] = n->other;
			continue;
		}
		s->accepts |= n->kind == NODE_END;
		if (s->member_count == AUTOMATON_GUESSES)
			return give_up(s);
		if (!tok_grow(&s->members, &s->member_capacity, s->member_count + 1,
			      sizeof *s->members))
			return tok_fail_memory(s->err);
		s->members[s->member_count++] = at;
	}
	return TOK_OK;
}

static int compare_nodes(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Into the order of nodes.  Sets are mostly dense: then all that were met are looked through. */
static void sort_members(struct subset *s, uint32_t *members, uint32_t count)
{
	uint32_t first = members[0], last = members[0], kept = 0;
	for (uint32_t i = 1; i < count; i++) {
		first = members[i] < first ? members[i] : first;
		last = members[i] > last ? members[i] : last;
	}
	if ((last - first) / 16 >= count) {
		qsort(members, count, sizeof *members, compare_nodes);
		return;
	}
	for (uint32_t node = first; node <= last; node++)
		if (s->seen[node] == s->now && s->nodes->items[node].kind != NODE_FORK)
			members[kept++] = node;
}

static enum tok_status add_state(struct subset *s, struct found set)
{
	struct automaton_states *out = s->out;
	if (out->count == s->most)
		return give_up(s);
	const size_t cells = ((size_t)out->count + 1) * out->classes;
	if (!tok_grow(&s->found, &s->found_capacity, out->count + 1, sizeof *s->found) ||
	    !tok_grow(&out->accepts, &s->accept_capacity, out->count + 1, sizeof *out->accepts) ||
	    !tok_grow(&out->next, &s->cell_capacity, cells, sizeof *out->next))
		return tok_fail_memory(s->err);
	memset(out->next + cells - out->classes, 0, out->classes * sizeof *out->next);
	out->accepts[out->count] = s->accepts;
	s->found[out->count++] = set;
	return TOK_OK;
}

/* The members from `begin` on are a state: a new one, or one that is there. */
static enum tok_status end_set(struct subset *s, size_t begin, uint16_t *state)
{
	const struct found set = { (uint32_t)begin, (uint32_t)(s->member_count - begin) };
	if (set.count == 0) {
		*state = TOK_AUTOMATON_DEAD;
		return TOK_OK;
	}
	uint32_t *members = s->members + begin;
	const size_t bytes = set.count * sizeof *members;
	sort_members(s, members, set.count);
	size_t slot = XXH3_64bits(members, bytes) % SLOTS;
	for (; s->slots[slot]; slot = (slot + 1) % SLOTS) {
		const struct found other = s->found[s->slots[slot]];
		if (other.count == set.count &&
		    memcmp(s->members + other.begin, members, bytes) == 0)
			break;
	}
	if (s->slots[slot]) {
		s->member_count = begin;
	} else {
		s->slots[slot] = s->out->count;
		const enum tok_status status = add_state(s, set);
		if (status != TOK_OK)
			return status;
	}
	*state = (uint16_t)s->slots[slot];
	return TOK_OK;
}

/* ---- steps ------------------------------------------------------------------------------ */

/* Where the nodes of a class lead to, all together. */
static enum tok_status step(struct subset *s, uint32_t from, uint32_t class, const uint32_t *reads,
			    size_t count)
{
	const size_t begin = s->member_count;
	uint16_t to;
	begin_set(s);
	for (size_t i = 0; i < count; i++) {
		const enum tok_status status = add_closure(s, s->nodes->items[reads[i]].next);
		if (status != TOK_OK)
			return status;
	}
	const enum tok_status status = end_set(s, begin, &to);
	if (status == TOK_OK)
		s->out->next[(size_t)from * s->out->classes + class] = to;
	return status;
}

/* Members of `state` that read, sorted by class: those of class c are from ends[c - 1] to ends[c].
 */
static enum tok_status sort_reads(struct subset *s, uint32_t state, size_t ends[256])
{
	const struct found set = s->found[state];
	const uint8_t *class_of = s->out->class_of;
	size_t total = 0;
	memset(ends, 0, 256 * sizeof *ends);
	for (uint32_t i = 0; i < set.count; i++) {
		const struct automaton_node *n = &s->nodes->items[s->members[set.begin + i]];
		for (uint32_t c = class_of[n->low]; n->kind == NODE_BYTE && c <= class_of[n->high];
		     c++)
			ends[c]++;
	}
	for (uint32_t c = 0; c < s->out->classes; c++) {
		const size_t count = ends[c];
		ends[c] = total;
		total += count;
	}
	s->steps += total;
	if (s->steps > AUTOMATON_STEPS)
		return give_up(s);
	if (!tok_grow(&s->reads, &s->read_capacity, total + 1, sizeof *s->reads))
		return tok_fail_memory(s->err);
	for (uint32_t i = 0; i < set.count; i++) {
		const uint32_t member = s->members[set.begin + i];
		const struct automaton_node *n = &s->nodes->items[member];
		for (uint32_t c = class_of[n->low]; n->kind == NODE_BYTE && c <= class_of[n->high];
		     c++)
			s->reads[ends[c]++] = member;
	}
	return TOK_OK;
}

/* Classes that are read by the same nodes lead to the same state: mostly neighbours are. */
static enum tok_status step_all(struct subset *s, uint32_t state)
{
	size_t ends[256], begin = 0, before = 0;
	enum tok_status status = sort_reads(s, state, ends);
	for (uint32_t c = 0; status == TOK_OK && c < s->out->classes; c++) {
		const size_t count = ends[c] - begin;
		uint16_t *next = s->out->next + (size_t)state * s->out->classes + c;
		if (count > 0 && count == begin - before &&
		    memcmp(s->reads + before, s->reads + begin, count * sizeof *s->reads) == 0)
			*next = next[-1];
		else if (count > 0)
			status = step(s, state, c, s->reads + begin, count);
		before = begin;
		begin = ends[c];
	}
	return status;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static enum tok_status make_room(struct subset *s)
{
	/* A fork leaves two nodes for one, and each is gone through once a set. */
	s->stack = calloc(s->nodes->count + 2, sizeof *s->stack);
	s->seen = calloc(s->nodes->count + 1, sizeof *s->seen);
	s->slots = calloc(SLOTS, sizeof *s->slots);
	return s->stack && s->seen && s->slots ? TOK_OK : tok_fail_memory(s->err);
}

static enum tok_status run(struct subset *s, uint32_t start)
{
	const struct found none = { 0 };
	uint16_t first;
	enum tok_status status = make_room(s);
	if (status == TOK_OK)
		status = add_state(s, none); /* the dead one */
	begin_set(s);
	if (status == TOK_OK)
		status = add_closure(s, start);
	if (status == TOK_OK)
		status = end_set(s, 0, &first);
	for (uint32_t i = TOK_AUTOMATON_START; status == TOK_OK && i < s->out->count; i++)
		status = step_all(s, i);
	return status;
}

enum tok_status automaton_subset(const struct automaton_nodes *nodes, uint32_t start,
				 struct automaton_states *out, struct tok_error *err)
{
	struct subset s = { .nodes = nodes, .out = out, .err = err };
	find_classes(nodes, out);
	s.most = AUTOMATON_CELLS / out->classes;
	if (s.most > AUTOMATON_STATES)
		s.most = AUTOMATON_STATES;
	const enum tok_status status = run(&s, start);
	free(s.members);
	free(s.found);
	free(s.slots);
	free(s.stack);
	free(s.seen);
	free(s.reads);
	return status;
}
