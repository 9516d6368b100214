/* automaton_parse.c - an expression, read from left to right.  What was read is nodes already:
 * parts lie one behind the other, so that a repeat copies the part before it as it lies.  Open
 * groups are a stack, not calls. */
#include <stdlib.h>

#include "tok/bytes/automaton_internal.h"

enum { NO_LIMIT = -1, MOST_REPEATS = AUTOMATON_NODES };

static const struct automaton_part no_part = { NO_NODE, NO_NODE, NO_NODE };

/* What stands in a group so far: alternatives, then parts one after the other, the last of
 * which a repeat is of. */
struct group {
	size_t at; /* of its bracket */
	struct automaton_part ways, row, last;
	bool repeated; /* the last one is a repeat already */
};

struct parser {
	struct automaton_reader r;
	struct automaton_nodes *nodes;
	struct group *groups;
	size_t depth, capacity;
};

static struct group *inner(struct parser *p)
{
	return &p->groups[p->depth - 1];
}

/* ---- parts ------------------------------------------------------------------------ */

static enum tok_status add_fork(struct parser *p, uint32_t next, uint32_t other, uint32_t *out)
{
	const struct automaton_node node = { NODE_FORK, 0, 0, next, other };
	return automaton_node_add(p->nodes, node, out, p->r.err);
}

static enum tok_status add_empty(struct parser *p, struct automaton_part *out)
{
	uint32_t node;
	const enum tok_status status = add_fork(p, NO_NODE, NO_NODE, &node);
	if (status == TOK_OK)
		*out = (struct automaton_part){ node, node, node };
	return status;
}

/* The last part is done: it joins the row. */
static void close_last(struct parser *p)
{
	struct group *g = inner(p);
	if (g->last.begin == NO_NODE)
		return;
	if (g->row.begin == NO_NODE) {
		g->row = g->last;
	} else {
		p->nodes->items[g->row.exit].next = g->last.entry;
		g->row.exit = g->last.exit;
	}
	g->last = no_part;
}

/* The row is done: it is another way to go.  A row of nothing is the empty text. */
static enum tok_status close_row(struct parser *p)
{
	struct group *g = inner(p);
	uint32_t entry, exit;
	enum tok_status status = TOK_OK;
	close_last(p);
	if (g->row.begin == NO_NODE)
		status = add_empty(p, &g->row);
	if (status != TOK_OK)
		return status;
	if (g->ways.begin == NO_NODE) {
		g->ways = g->row;
	} else {
		status = add_fork(p, g->ways.entry, g->row.entry, &entry);
		if (status == TOK_OK)
			status = add_fork(p, NO_NODE, NO_NODE, &exit);
		if (status != TOK_OK)
			return status;
		p->nodes->items[g->ways.exit].next = exit;
		p->nodes->items[g->row.exit].next = exit;
		g->ways = (struct automaton_part){ g->ways.begin, entry, exit };
	}
	g->row = no_part;
	return TOK_OK;
}

static void set_last(struct parser *p, struct automaton_part part)
{
	close_last(p);
	inner(p)->last = part;
	inner(p)->repeated = false;
}

/* ---- repeats ------------------------------------------------------------------------ */

static uint32_t move_node(uint32_t node, uint32_t by)
{
	return node == NO_NODE ? NO_NODE : node + by;
}

/* Nodes [part.begin, end) once more; where the exit leads to is set anew. */
static enum tok_status copy_part(struct parser *p, struct automaton_part part, uint32_t end,
				 struct automaton_part *out)
{
	const uint32_t by = (uint32_t)p->nodes->count - part.begin;
	for (uint32_t i = part.begin; i < end; i++) {
		struct automaton_node node = p->nodes->items[i];
		uint32_t added;
		node.next = move_node(node.next, by);
		node.other = move_node(node.other, by);
		const enum tok_status status = automaton_node_add(p->nodes, node, &added, p->r.err);
		if (status != TOK_OK)
			return status;
	}
	*out = (struct automaton_part){ part.begin + by, part.entry + by, part.exit + by };
	return TOK_OK;
}

/* `least` times one after the other, then up to `most`: what comes behind may be left out from
 * any copy on, by one step to the exit. */
static enum tok_status repeat_part(struct parser *p, long least, long most)
{
	const struct automaton_part one = inner(p)->last;
	const uint32_t end = (uint32_t)p->nodes->count;
	const long copies = most != NO_LIMIT ? most : least > 0 ? least : 1;
	struct automaton_part copy = one;
	uint32_t exit, way, before = NO_NODE, entry = NO_NODE;
	enum tok_status status = add_fork(p, NO_NODE, NO_NODE, &exit);
	for (long i = 0; status == TOK_OK && i < copies; i++) {
		if (i > 0)
			status = copy_part(p, one, end, &copy);
		way = copy.entry;
		if (status == TOK_OK && i >= least)
			status = add_fork(p, copy.entry, exit, &way);
		if (status != TOK_OK)
			break;
		if (before == NO_NODE)
			entry = way;
		else
			p->nodes->items[before].next = way;
		before = copy.exit;
	}
	if (status == TOK_OK && most == NO_LIMIT) { /* the last one again */
		p->nodes->items[before].next = copy.entry;
		p->nodes->items[before].other = exit;
	} else if (status == TOK_OK) {
		p->nodes->items[before].next = exit;
	}
	inner(p)->last = (struct automaton_part){ one.begin, entry, exit };
	return status;
}

static enum tok_status repeat(struct parser *p, size_t at, long least, long most)
{
	struct group *g = inner(p);
	if (g->last.begin == NO_NODE)
		return automaton_complain(&p->r, at, "there is nothing to repeat");
	if (g->repeated)
		return automaton_complain(&p->r, at, "a repeat of a repeat, which needs brackets");
	if (most == 0) { /* the empty text instead */
		p->nodes->count = g->last.begin;
		return add_empty(p, &g->last);
	}
	g->repeated = true;
	return repeat_part(p, least, most);
}

/* A number, or -1 if there is none; too large ones are as large as is refused. */
static long read_number(struct parser *p)
{
	long number = -1;
	while (!automaton_is_at_end(&p->r) && p->r.text.bytes[p->r.at] >= '0' &&
	       p->r.text.bytes[p->r.at] <= '9') {
		const int digit = p->r.text.bytes[p->r.at++] - '0';
		number = (number < 0 ? 0 : number * 10) + digit;
		if (number > MOST_REPEATS)
			number = MOST_REPEATS;
	}
	return number;
}

/* Behind the brace at `at`. */
static enum tok_status read_repeat(struct parser *p, size_t at)
{
	const long least = read_number(p);
	long most = least;
	if (least >= 0 && automaton_takes(&p->r, ",")) {
		most = read_number(p);
		if (most < 0)
			most = NO_LIMIT;
	}
	if (least < 0 || !automaton_takes(&p->r, "}"))
		return automaton_complain(&p->r, at,
					  "a repeat is {m}, {m,} or {m,n}; a brace is \\{");
	if (most != NO_LIMIT && most < least)
		return automaton_complain(&p->r, at, "a repeat from more times to fewer");
	if (least >= MOST_REPEATS || most >= MOST_REPEATS)
		return tok_fail(p->r.err, TOK_ELIMIT,
				"the expression, byte %zu: repeats of %d times and more", at,
				MOST_REPEATS);
	return repeat(p, at, least, most);
}

/* ---- groups --------------------------------------------------------------------------------- */

static enum tok_status open_group(struct parser *p, size_t at)
{
	if (p->depth == AUTOMATON_DEPTH)
		return tok_fail(p->r.err, TOK_ELIMIT,
				"the expression, byte %zu: groups are more than %d deep", at,
				AUTOMATON_DEPTH);
	if (!tok_grow(&p->groups, &p->capacity, p->depth + 1, sizeof *p->groups))
		return tok_fail_memory(p->r.err);
	p->groups[p->depth++] =
	    (struct group){ .at = at, .ways = no_part, .row = no_part, .last = no_part };
	return TOK_OK;
}

static enum tok_status close_group(struct parser *p, size_t at)
{
	if (p->depth == 1)
		return automaton_complain(&p->r, at, "this ')' has no beginning");
	const enum tok_status status = close_row(p);
	if (status != TOK_OK)
		return status;
	const struct automaton_part part = inner(p)->ways;
	p->depth--;
	set_last(p, part);
	return TOK_OK;
}

static enum tok_status read_group(struct parser *p, size_t at)
{
	if (!automaton_takes(&p->r, "?:") && !automaton_is_at_end(&p->r) &&
	    p->r.text.bytes[p->r.at] == '?')
		return automaton_complain(&p->r, at, "of groups with '?' only (?: is known here");
	return open_group(p, at);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

/* One of the set that was read. */
static enum tok_status add_set(struct parser *p)
{
	struct automaton_part part;
	const enum tok_status status = automaton_set_part(&p->r.set, p->nodes, &part, p->r.err);
	if (status == TOK_OK)
		set_last(p, part);
	return status;
}

static enum tok_status read_character(struct parser *p)
{
	const enum tok_status status = automaton_read_one(&p->r);
	return status == TOK_OK ? add_set(p) : status;
}

static enum tok_status read_class(struct parser *p, size_t at)
{
	const enum tok_status status = automaton_read_class(&p->r, at);
	return status == TOK_OK ? add_set(p) : status;
}

/* Everything but the newline. */
static enum tok_status read_dot(struct parser *p)
{
	if (!automaton_set_add(&p->r.set, 0, '\n' - 1) ||
	    !automaton_set_add(&p->r.set, '\n' + 1, TOK_BAD_BYTE - 1))
		return tok_fail_memory(p->r.err);
	return add_set(p);
}

static enum tok_status read_next(struct parser *p)
{
	const size_t at = p->r.at;
	p->r.set.count = 0;
	switch (p->r.text.bytes[p->r.at++]) {
	case '(':
		return read_group(p, at);
	case ')':
		return close_group(p, at);
	case '|':
		return close_row(p);
	case '[':
		return read_class(p, at);
	case '.':
		return read_dot(p);
	case '*':
		return repeat(p, at, 0, NO_LIMIT);
	case '+':
		return repeat(p, at, 1, NO_LIMIT);
	case '?':
		return repeat(p, at, 0, 1);
	case '{':
		return read_repeat(p, at);
	case '^':
	case '$':
		return automaton_complain(
		    &p->r, at, "the whole text must match: no anchors; signs are \\^ and \\$");
	default:
		p->r.at = at;
		return read_character(p);
	}
}

static enum tok_status read_all(struct parser *p)
{
	enum tok_status status = open_group(p, 0);
	while (status == TOK_OK && !automaton_is_at_end(&p->r))
		status = read_next(p);
	if (status == TOK_OK && p->depth > 1)
		return automaton_complain(&p->r, inner(p)->at, "this '(' has no end");
	return status == TOK_OK ? close_row(p) : status;
}

enum tok_status automaton_parse(struct tok_span expression, struct automaton_nodes *nodes,
				uint32_t *start, struct tok_error *err)
{
	struct parser p = { .r = { .text = expression, .err = err }, .nodes = nodes };
	const enum tok_status status = read_all(&p);
	if (status == TOK_OK) {
		*start = inner(&p)->ways.entry;
		nodes->items[inner(&p)->ways.exit].kind = NODE_END;
	}
	free(p.r.set.ranges);
	free(p.groups);
	return status;
}
