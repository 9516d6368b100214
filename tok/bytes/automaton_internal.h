/*
 * automaton_internal.h - from an expression to its minimal automaton.
 *
 *	automaton_parse.c   expression -> nodes: an automaton that guesses
 *	automaton_read.c    characters, escapes and classes
 *	automaton_class.c   sets of characters -> nodes over bytes
 *	automaton_subset.c  nodes -> states: all guesses at once
 *	automaton_merge.c   states with the same future are made one
 *	automaton.c         the interface
 */
#ifndef TOK_BYTES_AUTOMATON_INTERNAL_H
#define TOK_BYTES_AUTOMATON_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/bytes/automaton.h"
#include "tok/text/utf8.h"

enum {
	AUTOMATON_STATES = 1 << 16,  /* with the dead one */
	AUTOMATON_CELLS = 1 << 22,   /* states times classes of bytes */
	AUTOMATON_NODES = 1 << 18,   /* of the automaton that guesses */
	AUTOMATON_GUESSES = 1 << 22, /* nodes of all states together */
	AUTOMATON_STEPS = 1 << 25,   /* visits of nodes */
	AUTOMATON_DEPTH = 1000       /* of groups */
};

#define NO_NODE UINT32_MAX

/* ---- nodes ------------------------------------------------------------------ */

enum automaton_kind {
	NODE_BYTE, /* reads one of low .. high, goes to `next` */
	NODE_FORK, /* goes to `next` and to `other`, unless that is NO_NODE */
	NODE_END   /* accepts */
};

struct automaton_node {
	enum automaton_kind kind;
	uint8_t low, high;
	uint32_t next, other;
};

struct automaton_nodes {
	struct automaton_node *items;
	size_t count, capacity;
};

/* A part of an expression: nodes [begin, as many as there are when it is made), which lead to
 * each other or to `exit`, a fork that leads nowhere yet.  So a part is copied as it lies. */
struct automaton_part {
	uint32_t begin, entry, exit;
};

TOK_MUST_USE enum tok_status automaton_node_add(struct automaton_nodes *nodes,
						struct automaton_node node, uint32_t *out,
						struct tok_error *err);

/* ---- sets of characters ------------------------------------------------------- */

/* Code points, and bytes that are no character as TOK_BAD_BYTE + the byte.  Half open. */
struct automaton_set {
	struct tok_range *ranges;
	size_t count, capacity;
};

TOK_MUST_USE bool automaton_set_add(struct automaton_set *set, uint32_t first, uint32_t last);

/* In rising order, without overlaps. */
void automaton_set_tidy(struct automaton_set *set);

/* Every character that is not in it, of a set that is tidy and has no bytes. */
TOK_MUST_USE bool automaton_set_complement(struct automaton_set *set);

/* A part that reads one of a tidy set that is not empty. */
TOK_MUST_USE enum tok_status automaton_set_part(const struct automaton_set *set,
						struct automaton_nodes *nodes,
						struct automaton_part *out, struct tok_error *err);

/* ---- reading ------------------------------------------------------------------ */

struct automaton_reader {
	struct tok_span text;
	size_t at;
	struct automaton_set set; /* what was read is added to it */
	struct tok_error *err;
};

static inline bool automaton_is_at_end(const struct automaton_reader *r)
{
	return r->at == r->text.count;
}

/* If `what` is next, go behind it. */
bool automaton_takes(struct automaton_reader *r, const char *what);

/* TOK_EFORMAT with a place. */
enum tok_status automaton_complain(const struct automaton_reader *r, size_t at, const char *what);

/* An escape or a character, or behind the bracket at `at` a class; the set is then tidy. */
TOK_MUST_USE enum tok_status automaton_read_one(struct automaton_reader *r);
TOK_MUST_USE enum tok_status automaton_read_class(struct automaton_reader *r, size_t at);

/* ---- stages ------------------------------------------------------------------- */

/* *start is the first node. */
TOK_MUST_USE enum tok_status automaton_parse(struct tok_span expression,
					     struct automaton_nodes *nodes, uint32_t *start,
					     struct tok_error *err);

/* A deterministic automaton; state 0 is dead, 1 the first. */
struct automaton_states {
	uint8_t class_of[256]; /* bytes that no state tells apart */
	uint32_t classes, count;
	uint16_t *next; /* count times classes */
	bool *accepts;
};
void automaton_states_release(struct automaton_states *states);

TOK_MUST_USE enum tok_status automaton_subset(const struct automaton_nodes *nodes, uint32_t start,
					      struct automaton_states *out, struct tok_error *err);

/* The fewest states that accept the same, in the order in which they are first met. */
TOK_MUST_USE enum tok_status automaton_merge(const struct automaton_states *from,
					     struct automaton_states *out, struct tok_error *err);

#endif
