/*
 * byte_trials.h - random vocabularies, models and texts, small enough to go through all rows of
 * tokens.
 *
 *	struct trial t;
 *	make_trial(&t, seed, true);           // t.toy.vocab, t.toy.lm, t.text
 *	toy_machine_make(&t.toy, options);
 */
#ifndef TESTS_UNIT_BYTE_TRIALS_H
#define TESTS_UNIT_BYTE_TRIALS_H

#include "tests/unit/byte_toys.h"

enum { TRIAL_LENGTH = 7 };

struct trial {
	struct toy_machine toy;
	struct tok_random random;
	uint8_t letters, room[16][4];
	uint8_t text[TRIAL_LENGTH + 1];
};

/* Two or three letters, texts of one to four of them, some twice; ends and other ids. */
static inline void make_vocab(struct trial *t, bool every_letter)
{
	struct plain_vocab *v = &t->toy.vocab;
	const size_t texts = 1 + tok_random_below(&t->random, 6), letters = t->letters;
	for (size_t i = 0; i < texts + letters; i++) {
		const bool single = i < letters;
		if (single && !every_letter && tok_random_below(&t->random, 4) == 0)
			continue;
		const size_t length = single ? 1 : 1 + tok_random_below(&t->random, 4);
		for (size_t k = 0; k < length; k++)
			t->room[v->count][k] =
			    (uint8_t)('a' + (single ? i : tok_random_below(&t->random, letters)));
		plain_add(v, (struct tok_span){ t->room[v->count], length }, TOK_BYTE_TEXT);
	}
	for (size_t n = tok_random_below(&t->random, 3); n > 0; n--)
		plain_add(v, tok_span_of("a"), TOK_BYTE_NONTEXT);
	for (size_t n = 1 + tok_random_below(&t->random, 2); n > 0; n--)
		plain_add(v, tok_span_of(""), TOK_BYTE_END);
}

static inline void make_trial(struct trial *t, uint64_t seed, bool every_letter)
{
	*t = (struct trial){ .random = tok_random_of(seed, 7) };
	t->letters = (uint8_t)(2 + tok_random_below(&t->random, 2));
	make_vocab(t, every_letter);
	t->toy.lm =
	    plain_random(seed, t->toy.vocab.count, 1 + (size_t)tok_random_below(&t->random, 3));
	t->toy.lm.info.start_count = tok_random_below(&t->random, 3);
	t->toy.lm.start[0] = (tok_id)t->toy.vocab.count - 1;
	t->toy.lm.start[1] = 0;
	for (size_t i = 0; i < TRIAL_LENGTH; i++)
		t->text[i] = (uint8_t)('a' + tok_random_below(&t->random, t->letters));
}

#endif
