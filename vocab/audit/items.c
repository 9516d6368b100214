#include "vocab/audit/items_internal.h"

#include <stdlib.h>

/* ---- suites --------------------------------------------------------------------- */

struct suite {
	const char *name, *template;
	const struct items_task *tasks;
	size_t shortest, longest, per_bucket;
};

static const struct items_task addition_tasks[] = { { "addition", NULL }, { NULL, NULL } };

/* The wording of CharBench's prompt is part of what was measured with it. */
static const struct suite suites[] = {
	{ "charbench",
	  "Answer this question only with the final number, without any other text. Lower case and "
	  "upper case letters are considered different characters.\nQuestion: {question}",
	  items_charbench_tasks, 4, 10, 6250 },
	{ "cute", "{question} Write the result between double quotes.\nAnswer:", items_cute_tasks,
	  3, VOCAB_WORD_UNITS, 1000 },
	{ "langgame", "{question} Answer:", items_langgame_tasks, 1, VOCAB_WORD_UNITS, 166834 },
	{ "addition", "{question}", addition_tasks, 0, 0, 900000 },
	{ "scramble", "{question}\nAnswer with the word alone:", items_scramble_tasks, 5, 13,
	  10000 },
};

const char *vocab_suite_template(enum vocab_suite suite)
{
	return suites[suite].template;
}

/* ---- texts ---------------------------------------------------------------------- */

void items_add(struct items *m, struct tok_buffer *to, struct tok_span text)
{
	if (!tok_buffer_add(to, text.bytes, text.count))
		m->failed = true;
}

void items_add_row(struct items *m, struct tok_buffer *to, const struct items_row *row,
		   const char *separator)
{
	for (size_t i = 0; i < row->count; i++) {
		if (i)
			items_add(m, to, tok_span_of(separator));
		items_add(m, to, row->at[i]);
	}
}

void items_ask(struct items *m, const char *format, const struct tok_span *parts)
{
	const char *hole;
	for (; (hole = strchr(format, '%')); format = hole + 2) {
		items_add(m, &m->question,
			  (struct tok_span){ (const uint8_t *)format, (size_t)(hole - format) });
		items_add(m, &m->question, parts[hole[1] - '1']);
	}
	items_add(m, &m->question, tok_span_of(format));
}

struct tok_random items_random(const struct items *m, size_t task, uint64_t number)
{
	return tok_random_of(m->options.seed, (uint64_t)task << 48 | number);
}

void items_clear(struct items *m)
{
	tok_buffer_clear(&m->word);
	tok_buffer_clear(&m->character);
	tok_buffer_clear(&m->question);
	tok_buffer_clear(&m->answer);
	m->is_number = false;
}

enum tok_status items_give(struct items *m, const char *task, struct tok_error *err)
{
	const struct vocab_item item = {
		.id = m->next_id++,
		.suite = suites[m->options.suite].name,
		.task = task,
		.word = tok_buffer_span(&m->word),
		.character = tok_buffer_span(&m->character),
		.question = tok_buffer_span(&m->question),
		.answer = tok_buffer_span(&m->answer),
		.is_number = m->is_number,
		.length = m->length,
	};
	return m->failed ? tok_fail_memory(err) : m->sink(m->context, &item, err);
}

/* ---- what was asked for ----------------------------------------------------------- */

static size_t find_task(const struct items *m, struct tok_span name)
{
	size_t i = 0;
	while (i < m->task_count && !tok_span_equal(tok_span_of(m->tasks[i].name), name))
		i++;
	return i;
}

static enum tok_status refuse_task(const struct items *m, struct tok_span name,
				   struct tok_error *err)
{
	char known[512];
	size_t used = 0;
	for (size_t i = 0; i < m->task_count; i++) {
		const char *task = m->tasks[i].name;
		const size_t length = strlen(task);
		if (used + length + 2 > sizeof known)
			break;
		memcpy(known + used, task, length);
		used += length;
		known[used++] = i + 1 < m->task_count ? ' ' : '\0';
	}
	return tok_fail(err, TOK_EARG, "'%.*s' is no task of suite '%s': %.*s",
			name.count < 64 ? (int)name.count : 64, (const char *)name.bytes,
			suites[m->options.suite].name, (int)used, known);
}

static enum tok_status choose_tasks(struct items *m, struct tok_error *err)
{
	const char *at = m->options.tasks;
	while (m->tasks[m->task_count].name)
		m->task_count++;
	for (size_t i = 0; !at && i < m->task_count; i++)
		m->chosen[i] = !m->tasks[i].extra;
	while (at) {
		const char *comma = strchr(at, ',');
		const struct tok_span name = { (const uint8_t *)at,
					       comma ? (size_t)(comma - at) : strlen(at) };
		const size_t task = find_task(m, name);
		if (task == m->task_count)
			return refuse_task(m, name, err);
		m->chosen[task] = true;
		at = comma ? comma + 1 : NULL;
	}
	for (size_t i = 0; i < m->task_count; i++)
		m->chosen_count += m->chosen[i];
	return TOK_OK;
}

static enum tok_status read_options(struct items *m, const struct vocab_items_options *options,
				    struct tok_error *err)
{
	const struct suite *suite = &suites[options->suite];
	struct vocab_items_options *o = &m->options;
	*o = *options;
	m->tasks = suite->tasks;
	o->shortest = o->shortest ? o->shortest : suite->shortest;
	o->longest = o->longest ? o->longest : suite->longest;
	o->per_bucket = o->per_bucket ? o->per_bucket : suite->per_bucket;
	if (o->unit == VOCAB_UNIT_BYTE && o->suite != VOCAB_SUITE_CHARBENCH)
		return tok_fail(err, TOK_EARG, "only suite 'charbench' asks for bytes, not '%s'",
				suite->name);
	if (o->suite != VOCAB_SUITE_ADDITION &&
	    (o->shortest > o->longest || o->longest > VOCAB_WORD_UNITS))
		return tok_fail(err, TOK_EARG,
				"words of %zu to %zu units: the lengths go from 1 to %d, the "
				"smaller one first",
				o->shortest, o->longest, VOCAB_WORD_UNITS);
	return choose_tasks(m, err);
}

/* ---- suites of which each task has words of its own -------------------------------- */

static enum tok_status make_task(struct items *m, size_t task, uint32_t *order,
				 struct tok_error *err)
{
	struct tok_random shuffle = items_random(m, task, UINT32_MAX);
	size_t made = 0;
	m->task = task;
	for (size_t i = 0; i < m->word_count; i++)
		order[i] = (uint32_t)i;
	for (size_t i = 0; i < m->word_count && made < m->options.per_bucket; i++) {
		const size_t k = i + tok_random_below(&shuffle, m->word_count - i);
		const uint32_t taken = order[k];
		order[k] = order[i];
		struct tok_random random = items_random(m, task, i);
		items_clear(m);
		if (!m->tasks[task].make(m, &m->words[taken], &random))
			continue;
		const enum tok_status status = items_give(m, m->tasks[task].name, err);
		if (status != TOK_OK)
			return status;
		made++;
	}
	if (m->failed)
		return tok_fail_memory(err);
	if (made < m->options.per_bucket)
		return tok_fail(err, TOK_EARG,
				"too few words: of %zu that have a length asked for, %zu do for "
				"task '%s', which needs %zu",
				m->word_count, made, m->tasks[task].name, m->options.per_bucket);
	return TOK_OK;
}

static enum tok_status make_tasks(struct items *m, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	uint32_t *order = tok_arena_array(&m->arena, m->word_count, sizeof *order);
	if (!order)
		return tok_fail_memory(err);
	for (size_t task = 0; task < m->task_count && status == TOK_OK; task++)
		if (m->chosen[task])
			status = make_task(m, task, order, err);
	return status;
}

static enum tok_status make_suite(struct items *m, struct tok_error *err)
{
	switch (m->options.suite) {
	case VOCAB_SUITE_CHARBENCH:
		return items_charbench(m, err);
	case VOCAB_SUITE_LANGGAME:
		return items_langgame(m, err);
	case VOCAB_SUITE_ADDITION:
		return items_addition(m, err);
	case VOCAB_SUITE_CUTE:
	case VOCAB_SUITE_SCRAMBLE:
		break;
	}
	return make_tasks(m, err);
}

enum tok_status vocab_items_make(const struct tok_span *words, size_t count,
				 const struct vocab_items_options *options, vocab_item_sink *sink,
				 void *context, struct tok_error *err)
{
	struct items m = { .sink = sink, .context = context };
	enum tok_status status = read_options(&m, options, err);
	if (status == TOK_OK && options->suite != VOCAB_SUITE_ADDITION)
		status = items_words_add(&m, words, count, err);
	if (status == TOK_OK)
		status = make_suite(&m, err);
	tok_buffer_release(&m.word);
	tok_buffer_release(&m.character);
	tok_buffer_release(&m.question);
	tok_buffer_release(&m.answer);
	free(m.orth);
	tok_arena_release(&m.arena);
	return status;
}
