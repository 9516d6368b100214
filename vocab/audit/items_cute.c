/* items_cute.c - CUTE: the same questions about the units of a word and the words of a row. */
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

static bool spell(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	(void)random;
	take_units(m, word, &s);
	ask(m, &s, "Spell the word \"%2\": put a space between its characters.",
	    (struct tok_span){ NULL, 0 }, (struct tok_span){ NULL, 0 });
	items_add_row(m, &m->answer, &s.row, " ");
	return true;
}

static bool spell_inverse(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	(void)random;
	take_units(m, word, &s);
	items_add(m, &m->question, tok_span_of("Join the characters \""));
	items_add_row(m, &m->question, &s.row, " ");
	items_add(m, &m->question, tok_span_of("\" to a word, without spaces."));
	items_add(m, &m->answer, word->text);
	return true;
}

/* ---- parts ------------------------------------------------------------------------ */

/* As often in it as not. */
static bool contains(struct items *m, const struct subject *s, struct tok_random *random)
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

static bool insert(struct items *m, const struct subject *s, struct tok_random *random)
{
	const struct tok_span old = draw_part(s, random);
	struct tok_span new;
	if (!draw_new(m, s, old, random, &new))
		return false;
	ask(m, s, "Add \"%4\" after every \"%3\" in the %1 \"%2\".", old, new);
	put_changed(m, s, old, true, &new);
	return true;
}

static bool take_out(struct items *m, const struct subject *s, struct tok_random *random)
{
	const struct tok_span old = draw_part(s, random);
	ask(m, s, "Delete every \"%3\" in the %1 \"%2\".", old, old);
	put_changed(m, s, old, false, NULL);
	return m->answer.count > 0;
}

static bool substitute(struct items *m, const struct subject *s, struct tok_random *random)
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

static bool contains_char(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_units(m, word, &s);
	return contains(m, &s, random);
}

static bool ins_char(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_units(m, word, &s);
	return insert(m, &s, random);
}

static bool del_char(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_units(m, word, &s);
	return take_out(m, &s, random);
}

static bool sub_char(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_units(m, word, &s);
	return substitute(m, &s, random);
}

static bool swap_char(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_units(m, word, &s);
	return swap(m, &s, random);
}

static bool contains_word(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_words(m, word, random, &s);
	return contains(m, &s, random);
}

static bool ins_word(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_words(m, word, random, &s);
	return insert(m, &s, random);
}

static bool del_word(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_words(m, word, random, &s);
	return take_out(m, &s, random);
}

static bool sub_word(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_words(m, word, random, &s);
	return substitute(m, &s, random);
}

static bool swap_word(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct subject s;
	take_words(m, word, random, &s);
	return swap(m, &s, random);
}

const struct items_task items_cute_tasks[] = {
	{ "spell", spell },
	{ "spell_inverse", spell_inverse },
	{ "contains_char", contains_char },
	{ "contains_word", contains_word },
	{ "orth", items_orth },
	{ "ins_char", ins_char },
	{ "ins_word", ins_word },
	{ "del_char", del_char },
	{ "del_word", del_word },
	{ "sub_char", sub_char },
	{ "sub_word", sub_word },
	{ "swap_char", swap_char },
	{ "swap_word", swap_word },
	{ NULL, NULL },
};
