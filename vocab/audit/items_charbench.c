/* items_charbench.c - CharBench: four questions, words of each length apart. */
#include <stdio.h>

#include "vocab/audit/items_internal.h"

/* A byte of a character is no text: it is told as a number. */
static void put_character(struct items *m, struct tok_span unit)
{
	char hex[8];
	if (m->options.unit != VOCAB_UNIT_BYTE) {
		items_add(m, &m->character, unit);
		return;
	}
	snprintf(hex, sizeof hex, "0x%02X", unit.bytes[0]);
	items_add(m, &m->character, tok_span_of(hex));
}

static void finish(struct items *m, const struct items_word *word, const char *format,
		   size_t answer)
{
	char digits[24];
	const bool bytes = m->options.unit == VOCAB_UNIT_BYTE;
	const struct tok_span parts[] = { tok_span_of(bytes ? "UTF-8 byte" : "character"),
					  tok_buffer_span(&m->character), word->text };
	items_ask(m, format, parts);
	snprintf(digits, sizeof digits, "%zu", answer);
	items_add(m, &m->answer, tok_span_of(digits));
	items_add(m, &m->word, word->text);
	m->is_number = true;
	m->length = word->length;
}

static bool count_unique(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct items_row units;
	size_t distinct = 0;
	(void)random;
	items_units(m, word->text, &units);
	for (size_t i = 0; i < units.count; i++) {
		size_t k = 0;
		while (k < i && !tok_span_equal(units.at[k], units.at[i]))
			k++;
		distinct += k == i;
	}
	finish(m, word, "How many unique %1s appear in the string '%3'?", distinct);
	return true;
}

/* A place of the word, each as likely, so that letters that come twice are asked for more often. */
static struct tok_span draw_unit(struct items *m, const struct items_word *word,
				 struct items_row *units, struct tok_random *random)
{
	items_units(m, word->text, units);
	const struct tok_span unit = units->at[tok_random_below(random, units->count)];
	put_character(m, unit);
	return unit;
}

static bool count_frequency(struct items *m, const struct items_word *word,
			    struct tok_random *random)
{
	struct items_row units;
	const struct tok_span unit = draw_unit(m, word, &units, random);
	size_t count = 0;
	for (size_t i = 0; i < units.count; i++)
		count += tok_span_equal(units.at[i], unit);
	finish(m, word, "How many times does the %1 '%2' appear in the string '%3'?", count);
	return true;
}

static bool find_first(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct items_row units;
	const struct tok_span unit = draw_unit(m, word, &units, random);
	size_t at = 0;
	while (!tok_span_equal(units.at[at], unit))
		at++;
	finish(m, word,
	       "What is the index of the first occurrence of the %1 '%2' in the string '%3'?\n"
	       "Start counting from 0.",
	       at);
	return true;
}

static bool find_last(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct items_row units;
	const struct tok_span unit = draw_unit(m, word, &units, random);
	size_t at = units.count - 1;
	while (!tok_span_equal(units.at[at], unit))
		at--;
	finish(m, word,
	       "What is the index of the last occurrence of the %1 '%2' in the string '%3'?\n"
	       "Start counting from 0.",
	       at);
	return true;
}

const struct items_task items_charbench_tasks[] = {
	{ "count_unique_chars", count_unique },
	{ "count_character_frequency", count_frequency },
	{ "find_first_occurrence", find_first },
	{ "find_last_occurrence", find_last },
	{ NULL, NULL },
};

/* Every length that has too few words, and what would do. */
static enum tok_status check_lengths(const struct items *m, struct tok_error *err)
{
	const struct vocab_items_options *o = &m->options;
	char lacking[320];
	size_t used = 0, least = SIZE_MAX;
	const size_t needed = o->per_bucket * m->chosen_count;
	if (o->per_bucket > SIZE_MAX / m->chosen_count)
		return tok_fail(err, TOK_ELIMIT, "%zu items of each length are too many",
				o->per_bucket);
	for (size_t length = o->shortest; length <= o->longest; length++) {
		const size_t there = m->starts[length + 1] - m->starts[length];
		least = there < least ? there : least;
		if (there < needed && used + 48 < sizeof lacking)
			used += (size_t)snprintf(lacking + used, sizeof lacking - used,
						 "%s%zu of length %zu", used ? ", " : "", there,
						 length);
	}
	if (!used)
		return TOK_OK;
	return tok_fail(err, TOK_EARG,
			"too few words: %s, and each length needs %zu, %zu for each of %zu tasks; "
			"%zu a task would do",
			lacking, needed, o->per_bucket, m->chosen_count, least / m->chosen_count);
}

static enum tok_status make_task(struct items *m, size_t task, size_t turn, struct tok_error *err)
{
	const size_t count = m->options.per_bucket;
	enum tok_status status = TOK_OK;
	for (size_t length = m->options.shortest; length <= m->options.longest; length++) {
		const size_t first = m->starts[length] + turn * count;
		for (size_t i = first; i < first + count && status == TOK_OK; i++) {
			struct tok_random random = items_random(m, task, i);
			items_clear(m);
			if (m->tasks[task].make(m, &m->words[i], &random))
				status = items_give(m, m->tasks[task].name, err);
		}
	}
	return status;
}

enum tok_status items_charbench(struct items *m, struct tok_error *err)
{
	enum tok_status status = check_lengths(m, err);
	for (size_t task = 0, turn = 0; task < m->task_count && status == TOK_OK; task++)
		if (m->chosen[task])
			status = make_task(m, task, turn++, err);
	return status;
}
