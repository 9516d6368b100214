/* items_scramble.c - words put out of order, and sums. */
#include <stdio.h>

#include "vocab/audit/items_internal.h"

/* ---- words -------------------------------------------------------------------------- */

static bool is_same(const struct items_row *a, const struct items_row *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (!tok_span_equal(a->at[i], b->at[i]))
			return false;
	return true;
}

/* What is shown may not be the word itself. */
static bool ask(struct items *m, const struct items_word *word, const struct items_row *shown,
		const char *how)
{
	struct items_row units;
	items_units(m, word->text, &units);
	if (is_same(&units, shown))
		return false;
	items_add(m, &m->question, tok_span_of(how));
	items_add(m, &m->question, tok_span_of(" What is the word? "));
	items_add_row(m, &m->question, shown, "");
	items_add(m, &m->answer, word->text);
	items_add(m, &m->word, word->text);
	m->length = units.count;
	return true;
}

static bool cycle(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct items_row units, shown;
	items_units(m, word->text, &units);
	if (units.count < 2)
		return false;
	const size_t turn = 1 + tok_random_below(random, units.count - 1);
	shown.count = units.count;
	for (size_t i = 0; i < units.count; i++)
		shown.at[i] = units.at[(i + turn) % units.count];
	return ask(m, word, &shown, "The letters of a word were moved round in a circle.");
}

/* All but `kept` at either end in another order. */
static bool shuffle(struct items *m, const struct items_word *word, struct tok_random *random,
		    size_t kept, const char *how)
{
	struct items_row shown;
	items_units(m, word->text, &shown);
	if (shown.count < 2 * kept + 2)
		return false;
	const size_t end = shown.count - kept;
	for (size_t i = kept; i + 1 < end; i++) {
		const size_t k = i + tok_random_below(random, end - i);
		const struct tok_span taken = shown.at[k];
		shown.at[k] = shown.at[i];
		shown.at[i] = taken;
	}
	return ask(m, word, &shown, how);
}

static bool anagram1(struct items *m, const struct items_word *word, struct tok_random *random)
{
	return shuffle(m, word, random, 1,
		       "The letters of a word were shuffled, all but the first and the last.");
}

static bool anagram2(struct items *m, const struct items_word *word, struct tok_random *random)
{
	return shuffle(m, word, random, 2,
		       "The letters of a word were shuffled, all but the first two and the last "
		       "two.");
}

static bool insertion(struct items *m, const struct items_word *word, struct tok_random *random)
{
	static const char marks[] = " .,!?-/";
	struct items_row units;
	items_units(m, word->text, &units);
	items_add(m, &m->question,
		  tok_span_of("A mark or a space was put between the letters of a word. What is "
			      "the word? "));
	for (size_t i = 0; i < units.count; i++) {
		const size_t mark = tok_random_below(random, sizeof marks - 1);
		if (i)
			items_add(m, &m->question,
				  (struct tok_span){ (const uint8_t *)marks + mark, 1 });
		items_add(m, &m->question, units.at[i]);
	}
	items_add(m, &m->answer, word->text);
	items_add(m, &m->word, word->text);
	m->length = units.count;
	return units.count > 1;
}

static bool reversed(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct items_row units, shown;
	(void)random;
	items_units(m, word->text, &units);
	shown.count = units.count;
	for (size_t i = 0; i < units.count; i++)
		shown.at[i] = units.at[units.count - 1 - i];
	return ask(m, word, &shown, "The letters of a word were put in reverse order.");
}

const struct items_task items_scramble_tasks[] = {
	{ "cycle", cycle },         { "anagram1", anagram1 }, { "anagram2", anagram2 },
	{ "insertion", insertion }, { "reversed", reversed }, { NULL, NULL },
};

/* ---- sums --------------------------------------------------------------------------- */

/* The first number has three digits, the second up to three. */
enum { FIRST = 100, FIRSTS = 900, SECONDS = 1000, PAIRS = FIRSTS * SECONDS };

static enum tok_status add(struct items *m, uint32_t pair, struct tok_error *err)
{
	const unsigned a = FIRST + pair / SECONDS, b = pair % SECONDS;
	char text[32], digits[16];
	items_clear(m);
	snprintf(text, sizeof text, "$%u+%u=", a, b);
	items_add(m, &m->question, tok_span_of(text));
	snprintf(text, sizeof text, "%u+%u", a, b);
	items_add(m, &m->word, tok_span_of(text));
	m->length = (size_t)snprintf(digits, sizeof digits, "%u", a + b);
	for (size_t i = m->length; i > 0; i--)
		items_add(m, &m->answer, (struct tok_span){ (uint8_t *)digits + i - 1, 1 });
	return items_give(m, "addition", err);
}

enum tok_status items_addition(struct items *m, struct tok_error *err)
{
	struct tok_random random = items_random(m, 0, 0);
	enum tok_status status = TOK_OK;
	if (m->options.per_bucket > PAIRS)
		return tok_fail(err, TOK_EARG, "%zu sums are too many: there are %d",
				m->options.per_bucket, PAIRS);
	uint32_t *pairs = tok_arena_array(&m->arena, PAIRS, sizeof *pairs);
	if (!pairs)
		return tok_fail_memory(err);
	for (uint32_t i = 0; i < PAIRS; i++)
		pairs[i] = i;
	for (size_t i = 0; i < m->options.per_bucket && status == TOK_OK; i++) {
		const size_t k = i + tok_random_below(&random, PAIRS - i);
		const uint32_t taken = pairs[k];
		pairs[k] = pairs[i];
		status = add(m, taken, err);
	}
	return status;
}
