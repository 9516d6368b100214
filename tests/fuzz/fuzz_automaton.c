/* fuzz_automaton.c - an expression (up to the first NUL) as an automaton, on a text (the rest). */
#include <assert.h>

#include "tok/bytes/automaton.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every state but the dead one goes on to one that accepts. */
static void check_states(const struct tok_automaton *automaton)
{
	enum { MOST = 64 };
	bool goes_on[MOST] = { false };
	const uint32_t count = tok_automaton_states(automaton);
	if (count > MOST)
		return;
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t s = 0; s < count; s++) {
			bool now = tok_automaton_accepts(automaton, s);
			for (unsigned b = 0; b < 256; b++)
				now = now || goes_on[tok_automaton_step(automaton, s, (uint8_t)b)];
			changed = changed || now != goes_on[s];
			goes_on[s] = now;
		}
	}
	for (uint32_t s = 0; s < count; s++)
		assert(goes_on[s] == (s != TOK_AUTOMATON_DEAD));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tok_error err = { 0 };
	struct tok_automaton *automaton;
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	const size_t cut = nul ? (size_t)(nul - data) : size;
	const struct tok_span expression = { data, cut };
	if (tok_automaton_new(expression, &automaton, &err) != TOK_OK) {
		assert(err.message[0]);
		return 0;
	}
	uint32_t state = TOK_AUTOMATON_START;
	for (size_t i = cut; i < size; i++) {
		const uint32_t next = tok_automaton_step(automaton, state, data[i]);
		assert(next < tok_automaton_states(automaton));
		assert(state != TOK_AUTOMATON_DEAD || next == TOK_AUTOMATON_DEAD);
		state = next;
	}
	check_states(automaton);
	tok_automaton_free(automaton);
	return 0;
}
