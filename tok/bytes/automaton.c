#include "tok/bytes/automaton.h"

#include <stdlib.h>

#include "tok/bytes/automaton_internal.h"

struct tok_automaton {
	struct automaton_states states;
};

enum tok_status automaton_node_add(struct automaton_nodes *nodes, struct automaton_node node,
				   uint32_t *out, struct tok_error *err)
{
	if (nodes->count == AUTOMATON_NODES)
		return tok_fail(err, TOK_ELIMIT, "the expression has more than %d places",
				AUTOMATON_NODES);
	if (!tok_grow(&nodes->items, &nodes->capacity, nodes->count + 1, sizeof *nodes->items))
		return tok_fail_memory(err);
	*out = (uint32_t)nodes->count;
	nodes->items[nodes->count++] = node;
	return TOK_OK;
}

void automaton_states_release(struct automaton_states *states)
{
	free(states->next);
	free(states->accepts);
	*states = (struct automaton_states){ 0 };
}

enum tok_status tok_automaton_new(struct tok_span expression, struct tok_automaton **out,
				  struct tok_error *err)
{
	struct automaton_nodes nodes = { 0 };
	struct automaton_states states = { 0 };
	uint32_t start;
	struct tok_automaton *automaton = calloc(1, sizeof *automaton);
	enum tok_status status = automaton ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = automaton_parse(expression, &nodes, &start, err);
	if (status == TOK_OK)
		status = automaton_subset(&nodes, start, &states, err);
	free(nodes.items);
	if (status == TOK_OK)
		status = automaton_merge(&states, &automaton->states, err);
	automaton_states_release(&states);
	if (status != TOK_OK) {
		free(automaton);
		return status;
	}
	*out = automaton;
	return TOK_OK;
}

void tok_automaton_free(struct tok_automaton *automaton)
{
	if (!automaton)
		return;
	automaton_states_release(&automaton->states);
	free(automaton);
}

uint32_t tok_automaton_step(const struct tok_automaton *automaton, uint32_t state, uint8_t byte)
{
	const struct automaton_states *states = &automaton->states;
	return states->next[(size_t)state * states->classes + states->class_of[byte]];
}

bool tok_automaton_accepts(const struct tok_automaton *automaton, uint32_t state)
{
	return automaton->states.accepts[state];
}

uint32_t tok_automaton_states(const struct tok_automaton *automaton)
{
	return automaton->states.count;
}
