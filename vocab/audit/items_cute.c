/* items_cute.c - CUTE: the same questions about the units of a word and the words of a row. */
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/audit/items_internal.h"

/* How often something else is drawn before a word is given up. */
enum { TRIES = 100 };

/* Words in a row stand for CUTE's sentences, of which lists of words know nothing. */
enum { ROW_LEAST = 5, ROW_MOST = 9 };

/* What is asked about: units of a word, or words of a row. */
struct subject {
	struct items_row row;
	const char *separator, *whole, *part;
	bool words;
};

static void take_units(struct items *m, const struct items_word *word, struct subject *s)
{
	*s = (struct subject){ .separator = "", .whole = "word", .part = "character" };
	items_units(m, word->text, &s->row);
	items_add(m, &m->word, word->text);
	m->length = s->row.count;
}

/* Of Latin letters only consonants, so that there is nothing to be said aloud; of other scripts
 * any. */
static bool may_be_random(struct tok_span unit)
{
	const uint32_t code = tok_utf8_at(unit, 0).code;
	if (!tok_unicode_in(code, TOK_LETTERS))
		return false;
	if (code < 128)
		return unit.count == 1 && !strchr("aeiouyAEIOUY", (int)code);
	return code > 0x24F && (code < 0x1E00 || code > 0x1EFF);
}

static bool draw_letter(const struct items *m, struct items_row *row, struct tok_random *random)
{
	for (size_t i = 0; i < TRIES; i++) {
		const struct tok_span unit = items_any_unit(m, random);
		if (!may_be_random(unit) || items_row_has(row, unit))
			continue;
		row->at[row->count++] = unit;
		return true;
	}
	return false;
}

/* As many units as `word` has, each another one; side by side they must not become others. */
static bool take_random(struct items *m, const struct items_word *word, struct tok_random *random,
			struct subject *s)
{
	struct items_row again;
	*s = (struct subject){ .separator = "", .whole = "word", .part = "character" };
	while (s->row.count < word->length)
		if (!draw_letter(m, &s->row, random))
			return false;
	items_add_row(m, &m->word, &s->row, "");
	m->length = s->row.count;
	if (m->word.count > VOCAB_WORD_BYTES)
		return false;
	items_units(m, tok_buffer_span(&m->word), &again);
	return again.count == s->row.count;
}

static void take_words(struct items *m, const struct items_word *word, struct tok_random *random,
		       struct subject *s)
{
	*s = (struct subject){
		.separator = " ", .whole = "row of words", .part = "word", .words = true
	};
	s->row.at[s->row.count++] = word->text;
	for (size_t k = ROW_LEAST + tok_random_below(random, ROW_MOST - ROW_LEAST + 1); k > 1; k--)
		s->row.at[s->row.count++] = items_any(m, random)->text;
	items_add_row(m, &m->word, &s->row, " ");
	m->length = s->row.count;
}

static struct tok_span draw_part(const struct subject *s, struct tok_random *random)
{
	return s->row.at[tok_random_below(random, s->row.count)];
}

static struct tok_span draw_other(const struct items *m, const struct subject *s,
				  struct tok_random *random)
{
	return s->words ? items_any(m, random)->text : items_any_unit(m, random);
}

static void ask(struct items *m, const struct subject *s, const char *format, struct tok_span old,
		struct tok_span new)
{
	const struct tok_span parts[] = { tok_span_of(s->whole), tok_buffer_span(&m->word), old,
					  new, tok_span_of(s->part) };
	items_ask(m, format, parts);
	items_add(m, &m->character, old);
}

/* ---- spelling ------------------------------------------------------------------- */

static bool spell(struct items *m, struct subject *s, struct tok_random *random)
{
	(void)random;
	ask(m, s, "Spell the word \"%2\": put a space between its characters.",
	    (struct tok_span){ NULL, 0 }, (struct tok_span){ NULL, 0 });
	items_add_row(m, &m->answer, &s->row, " ");
	return true;
}

static bool join(struct items *m, struct subject *s, struct tok_random *random)
{
	(void)random;
	items_add(m, &m->question, tok_span_of("Join the characters \""));
	items_add_row(m, &m->question, &s->row, " ");
	items_add(m, &m->question, tok_span_of("\" to a word, without spaces."));
	items_add(m, &m->answer, tok_buffer_span(&m->word));
	return true;
}

/* ---- parts ------------------------------------------------------------------------ */

/* As often in it as not. */
static bool contains(struct items *m, struct subject *s, struct tok_random *random)
{
	const bool wanted = tok_random_below(random, 2) == 0;
	struct tok_span part = draw_part(s, random);
	for (size_t i = 0; !wanted && i < TRIES && items_row_has(&s->row, part); i++)
		part = draw_other(m, s, random);
	if (!wanted && items_row_has(&s->row, part))
		return false;
	ask(m, s, "Is the %5 \"%3\" in the %1 \"%2\"? Say Yes or No.", part, part);
	items_add(m, &m->answer, tok_span_of(wanted ? "Yes" : "No"));
	return true;
}

/* Another part than `old`; false if there seems to be none. */
static bool draw_new(const struct items *m, const struct subject *s, struct tok_span old,
		     struct tok_random *random, struct tok_span *out)
{
	for (size_t i = 0; i < TRIES; i++) {
		*out = draw_other(m, s, random);
		if (!tok_span_equal(*out, old))
			return true;
	}
	return false;
}

/* Each `old` becomes old and new, or new alone, or, without new, nothing. */
static void put_changed(struct items *m, const struct subject *s, struct tok_span old, bool keep,
			const struct tok_span *new)
{
	bool first = true;
	for (size_t i = 0; i < s->row.count; i++) {
		const bool hit = tok_span_equal(s->row.at[i], old);
		const struct tok_span parts[] = { s->row.at[i],
						  new ? *new : (struct tok_span){ NULL, 0 } };
		for (size_t k = 0; k < 2; k++) {
			if (k == 0 ? hit && !keep : !hit || !new)
				continue;
			if (!first)
				items_add(m, &m->answer, tok_span_of(s->separator));
			items_add(m, &m->answer, parts[k]);
			first = false;
		}
	}
}

static bool insert(struct items *m, struct subject *s, struct tok_random *random)
{
	const struct tok_span old = draw_part(s, random);
	struct tok_span new;
	if (!draw_new(m, s, old, random, &new))
		return false;
	ask(m, s, "Add \"%4\" after every \"%3\" in the %1 \"%2\".", old, new);
	put_changed(m, s, old, true, &new);
	return true;
}

static bool take_out(struct items *m, struct subject *s, struct tok_random *random)
{
	const struct tok_span old = draw_part(s, random);
	ask(m, s, "Delete every \"%3\" in the %1 \"%2\".", old, old);
	put_changed(m, s, old, false, NULL);
	return m->answer.count > 0;
}

static bool substitute(struct items *m, struct subject *s, struct tok_random *random)
{
	const struct tok_span old = draw_part(s, random);
	struct tok_span new;
	if (!draw_new(m, s, old, random, &new))
		return false;
	ask(m, s, "Put \"%4\" in place of every \"%3\" in the %1 \"%2\".", old, new);
	put_changed(m, s, old, false, &new);
	return true;
}

static bool is_once(const struct items_row *row, size_t at)
{
	for (size_t i = 0; i < row->count; i++)
		if (i != at && tok_span_equal(row->at[i], row->at[at]))
			return false;
	return true;
}

/* Two that come once each. */
static bool swap(struct items *m, struct subject *s, struct tok_random *random)
{
	size_t once[VOCAB_WORD_UNITS], count = 0;
	for (size_t i = 0; i < s->row.count; i++)
		if (is_once(&s->row, i))
			once[count++] = i;
	if (count < 2)
		return false;
	const size_t a = tok_random_below(random, count);
	const size_t b = (a + 1 + tok_random_below(random, count - 1)) % count;
	struct tok_span *left = &s->row.at[once[a]], *right = &s->row.at[once[b]];
	ask(m, s, "Swap \"%3\" and \"%4\" in the %1 \"%2\".", *left, *right);
	const struct tok_span kept = *left;
	*left = *right;
	*right = kept;
	items_add_row(m, &m->answer, &s->row, s->separator);
	return true;
}

/* ---- tasks ------------------------------------------------------------------------ */

enum subject_kind { A_WORD, A_RANDOM_WORD, A_ROW };

struct plan {
	enum subject_kind about;
	bool (*question)(struct items *m, struct subject *s, struct tok_random *random);
};

static items_make make;

/* What is asked about what, by the place of the task; orth has its own way. */
static const struct plan plans[] = {
	{ A_WORD, spell },
	{ A_WORD, join },
	{ A_WORD, contains },
	{ A_ROW, contains },
	{ A_WORD, NULL },
	{ A_WORD, insert },
	{ A_ROW, insert },
	{ A_WORD, take_out },
	{ A_ROW, take_out },
	{ A_WORD, substitute },
	{ A_ROW, substitute },
	{ A_WORD, swap },
	{ A_ROW, swap },
	{ A_RANDOM_WORD, spell },
	{ A_RANDOM_WORD, join },
	{ A_RANDOM_WORD, contains },
	{ A_RANDOM_WORD, insert },
	{ A_RANDOM_WORD, take_out },
	{ A_RANDOM_WORD, substitute },
	{ A_RANDOM_WORD, swap },
};

const struct items_task items_cute_tasks[] = {
	{ "spell", make },
	{ "spell_inverse", make },
	{ "contains_char", make },
	{ "contains_word", make },
	{ "orth", items_orth },
	{ "ins_char", make },
	{ "ins_word", make },
	{ "del_char", make },
	{ "del_word", make },
	{ "sub_char", make },
	{ "sub_word", make },
	{ "swap_char", make },
	{ "swap_word", make },
	{ "spell_rand", make, true },
	{ "spell_inverse_rand", make, true },
	{ "contains_char_rand", make, true },
	{ "ins_char_rand", make, true },
	{ "del_char_rand", make, true },
	{ "sub_char_rand", make, true },
	{ "swap_char_rand", make, true },
	{ NULL, NULL },
};

_Static_assert(sizeof plans / sizeof *plans ==
		   sizeof items_cute_tasks / sizeof *items_cute_tasks - 1,
	       "a plan a task");

static bool make(struct items *m, const struct items_word *word, struct tok_random *random)
{
	const struct plan *plan = &plans[m->task];
	struct subject s;
	switch (plan->about) {
	case A_WORD:
		take_units(m, word, &s);
		break;
	case A_RANDOM_WORD:
		if (!take_random(m, word, random, &s))
			return false;
		break;
	case A_ROW:
		take_words(m, word, random, &s);
		break;
	}
	return plan->question(m, &s, random);
}
