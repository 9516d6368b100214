/* items_langgame.c - LangGame: which of four words is it? */
#include "vocab/audit/items_internal.h"

enum { OPTIONS = 4, TRIES = 100 };

/* Units of the longest word and of the others; of the shortest one and of the others. */
enum { LONG = 7, LONG_OTHERS = 4, SHORT = 3, SHORT_OTHERS = 6, PART_MOST = 3 };

enum kind { MOST, CONTAINS, STARTS, ENDS, LONGEST, SHORTEST, KINDS };

/* How long a part is that is asked for: PART_MOST units at most; at most half of the answer, to be
 * learned from; more than half, out of that distribution, and not all of it. */
enum part { PART_SHORT, PART_HALF, PART_MORE };

const struct items_task items_langgame_tasks[] = {
	{ "most", NULL },
	{ "contains", NULL },
	{ "starts", NULL },
	{ "ends", NULL },
	{ "longest", NULL },
	{ "shortest", NULL },
	{ "contains_half", NULL, true },
	{ "starts_half", NULL, true },
	{ "ends_half", NULL, true },
	{ "contains_more", NULL, true },
	{ "starts_more", NULL, true },
	{ "ends_more", NULL, true },
	{ NULL, NULL },
};

/* Of each task. */
static const struct {
	enum kind kind;
	enum part part;
} plans[] = {
	{ MOST, PART_SHORT },    { CONTAINS, PART_SHORT }, { STARTS, PART_SHORT },
	{ ENDS, PART_SHORT },    { LONGEST, PART_SHORT },  { SHORTEST, PART_SHORT },
	{ CONTAINS, PART_HALF }, { STARTS, PART_HALF },    { ENDS, PART_HALF },
	{ CONTAINS, PART_MORE }, { STARTS, PART_MORE },    { ENDS, PART_MORE },
};

_Static_assert(sizeof plans / sizeof *plans ==
		   sizeof items_langgame_tasks / sizeof *items_langgame_tasks - 1,
	       "a plan a task");

/* What is asked for: part of a word, or its length. */
struct wanted {
	enum kind kind;
	enum part rule;
	struct items_row part; /* as units of the word it is of */
	struct tok_span text;
};

/* ---- may a word be the answer, may it stand beside it ------------------------------- */

static size_t count_unit(const struct items_row *units, struct tok_span unit)
{
	size_t count = 0;
	for (size_t i = 0; i < units->count; i++)
		count += tok_span_equal(units->at[i], unit);
	return count;
}

static bool is_at(const struct items_row *units, size_t at, const struct items_row *part)
{
	for (size_t i = 0; i < part->count; i++)
		if (!tok_span_equal(units->at[at + i], part->at[i]))
			return false;
	return true;
}

static bool has(const struct items_row *units, const struct items_row *part)
{
	for (size_t i = 0; i + part->count <= units->count; i++)
		if (is_at(units, i, part))
			return true;
	return false;
}

static bool fits(const struct items_row *units, const struct items_row *part)
{
	return part->count <= units->count;
}

static bool may_stand_beside(const struct items_row *units, const struct wanted *w)
{
	switch (w->kind) {
	case MOST:
		return count_unit(units, w->text) <= 1;
	case CONTAINS:
		return !has(units, &w->part);
	case STARTS:
		return !fits(units, &w->part) || !is_at(units, 0, &w->part);
	case ENDS:
		return !fits(units, &w->part) ||
		       !is_at(units, units->count - w->part.count, &w->part);
	case LONGEST:
	case SHORTEST:
	case KINDS:
		break;
	}
	return true; /* its length is what was drawn */
}

/* Some unit that the word has twice. */
static bool draw_repeated(const struct items_row *units, struct tok_random *random,
			  struct tok_span *out)
{
	const size_t turn = tok_random_below(random, units->count);
	for (size_t i = 0; i < units->count; i++) {
		*out = units->at[(i + turn) % units->count];
		if (count_unit(units, *out) >= 2)
			return true;
	}
	return false;
}

/* Units of a part; false where the word is too short. */
static bool draw_count(size_t units, enum part rule, struct tok_random *random, size_t *out)
{
	size_t least = 1, most = 0;
	switch (rule) {
	case PART_SHORT:
		most = units < PART_MOST ? units : PART_MOST;
		break;
	case PART_HALF:
		most = units / 2;
		break;
	case PART_MORE:
		least = units / 2 + 1;
		most = units - 1;
		break;
	}
	if (most < least)
		return false;
	*out = least + tok_random_below(random, most - least + 1);
	return true;
}

static bool draw_part(const struct items_row *units, struct tok_random *random, struct wanted *w)
{
	size_t count;
	if (!draw_count(units->count, w->rule, random, &count))
		return false;
	const size_t rest = units->count - count;
	size_t at = w->kind == ENDS ? rest : 0;
	if (w->kind == CONTAINS)
		at = tok_random_below(random, rest + 1);
	w->part.count = count;
	memcpy(w->part.at, units->at + at, count * sizeof *units->at);
	w->text = units->at[at];
	for (size_t i = 1; i < count; i++)
		w->text.count += units->at[at + i].count;
	return true;
}

/* False where the word cannot be the answer; else what is to be asked. */
static bool want(const struct items_row *units, struct tok_random *random, struct wanted *w)
{
	switch (w->kind) {
	case MOST:
		return draw_repeated(units, random, &w->text);
	case CONTAINS:
	case STARTS:
	case ENDS:
		return draw_part(units, random, w);
	case LONGEST:
	case SHORTEST:
	case KINDS:
		break;
	}
	return true;
}

/* ---- an item ------------------------------------------------------------------------ */

static const struct items_word *draw_length(const struct items *m, size_t least, size_t most,
					    struct tok_random *random)
{
	const size_t begin = m->starts[least],
		     end = m->starts[(most < VOCAB_WORD_UNITS ? most : VOCAB_WORD_UNITS) + 1];
	return begin == end ? NULL : &m->words[begin + tok_random_below(random, end - begin)];
}

/* From where such words lie, so that rare lengths cost no tries. */
static const struct items_word *draw(const struct items *m, enum kind kind, bool answer,
				     struct tok_random *random)
{
	if (kind == LONGEST)
		return answer ? draw_length(m, LONG, VOCAB_WORD_UNITS, random)
			      : draw_length(m, 0, LONG_OTHERS, random);
	if (kind == SHORTEST)
		return answer ? draw_length(m, 0, SHORT, random)
			      : draw_length(m, SHORT_OTHERS, VOCAB_WORD_UNITS, random);
	return draw_length(m, 0, VOCAB_WORD_UNITS, random);
}

static bool is_new(const struct items_word *const *options, size_t count,
		   const struct items_word *word)
{
	for (size_t i = 0; i < count; i++)
		if (options[i] == word)
			return false;
	return true;
}

/* The answer first. */
static bool draw_options(const struct items *m, struct wanted *w, struct tok_random *random,
			 const struct items_word *options[OPTIONS])
{
	struct items_row units;
	size_t count = 0;
	options[0] = draw(m, w->kind, true, random);
	if (!options[0])
		return false;
	items_units(m, options[0]->text, &units);
	if (!want(&units, random, w))
		return false;
	count = 1;
	for (size_t i = 0; i < TRIES && count < OPTIONS; i++) {
		const struct items_word *word = draw(m, w->kind, false, random);
		if (!word)
			return false;
		items_units(m, word->text, &units);
		if (is_new(options, count, word) && may_stand_beside(&units, w))
			options[count++] = word;
	}
	return count == OPTIONS;
}

static void put_list(struct items *m, const struct items_word *const *options,
		     struct tok_random *random, struct tok_buffer *out)
{
	size_t order[OPTIONS] = { 0, 1, 2, 3 };
	tok_buffer_clear(out);
	for (size_t i = 0; i < OPTIONS; i++) {
		const size_t k = i + tok_random_below(random, OPTIONS - i), taken = order[k];
		order[k] = order[i];
		items_add(m, out, tok_span_of(i ? ", " : "["));
		items_add(m, out, options[taken]->text);
	}
	items_add(m, out, tok_span_of("]"));
}

static void ask(struct items *m, const struct wanted *w, const struct items_word *const *options,
		struct tok_random *random, struct tok_buffer *list)
{
	static const char *const stems[] = { "Which %1 ", "Of these, which %1 ", "Say which %1 " };
	static const char *const nouns[] = { "word", "option", "string", "choice" };
	static const char *const verbs[KINDS] = {
		[MOST] = "has the most letters '%2'?", [CONTAINS] = "contains '%2'?",
		[STARTS] = "starts with '%2'?",        [ENDS] = "ends with '%2'?",
		[LONGEST] = "is the longest?",         [SHORTEST] = "is the shortest?",
	};
	const bool before = tok_random_below(random, 2) == 0;
	const char *stem = stems[tok_random_below(random, 3)];
	put_list(m, options, random, list);
	const struct tok_span parts[] = { tok_span_of(nouns[tok_random_below(random, 4)]), w->text,
					  tok_buffer_span(list) };
	if (before)
		items_ask(m, "The options are %3. ", parts);
	items_ask(m, stem, parts);
	items_ask(m, verbs[w->kind], parts);
	if (!before)
		items_ask(m, " %3.", parts);
	items_add(m, &m->character, w->text);
	items_add(m, &m->word, options[0]->text);
	items_add(m, &m->answer, options[0]->text);
	m->length = options[0]->length;
}

static enum tok_status make_item(struct items *m, size_t task, size_t number,
				 struct tok_buffer *list, struct tok_error *err)
{
	struct tok_random random = items_random(m, task, number);
	for (size_t i = 0; i < TRIES; i++) {
		const struct items_word *options[OPTIONS];
		struct wanted w = { .kind = plans[task].kind, .rule = plans[task].part };
		if (!draw_options(m, &w, &random, options))
			continue;
		items_clear(m);
		ask(m, &w, options, &random, list);
		return items_give(m, m->tasks[task].name, err);
	}
	return tok_fail(err, TOK_EARG,
			"too few words: among %zu no four are found for task '%s', in %d tries",
			m->word_count, m->tasks[task].name, TRIES);
}

enum tok_status items_langgame(struct items *m, struct tok_error *err)
{
	struct tok_buffer list = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t task = 0; task < m->task_count; task++)
		for (size_t i = 0; m->chosen[task] && i < m->options.per_bucket && status == TOK_OK;
		     i++)
			status = make_item(m, task, i, &list, err);
	tok_buffer_release(&list);
	return status;
}
