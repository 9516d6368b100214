/* items_words.c - which words there are, and what they are made of. */
#include <stdlib.h>

#include "tok/base/hash.h"
#include "tok/text/grapheme.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/audit/items_internal.h"

static size_t find_end(struct tok_span word, size_t begin, enum vocab_unit unit)
{
	switch (unit) {
	case VOCAB_UNIT_BYTE:
		return begin + 1;
	case VOCAB_UNIT_GRAPHEME:
		return tok_grapheme_end(word, begin);
	case VOCAB_UNIT_CODEPOINT:
		break;
	}
	return begin + tok_utf8_at(word, begin).length;
}

size_t vocab_word_units(struct tok_span word, enum vocab_unit unit,
			struct tok_span units[VOCAB_WORD_UNITS])
{
	size_t count = 0;
	for (size_t at = 0, end; at < word.count; at = end) {
		end = find_end(word, at, unit);
		if (count < VOCAB_WORD_UNITS)
			units[count] = tok_span_slice(word, at, end);
		count++;
	}
	return count;
}

/* A mark may end a word and not begin one: nothing would be written below it. */
static bool is_word(struct tok_span text)
{
	struct tok_char c;
	for (size_t at = 0; at < text.count; at += c.length) {
		c = tok_utf8_at(text, at);
		if (!tok_unicode_in(c.code, at ? TOK_LETTERS | TOK_MARKS : TOK_LETTERS))
			return false;
	}
	return text.count > 0 && text.count <= VOCAB_WORD_BYTES;
}

static int compare_texts(struct tok_span a, struct tok_span b)
{
	const size_t least = a.count < b.count ? a.count : b.count;
	const int order = memcmp(a.bytes, b.bytes, least);
	return order ? order : (a.count > b.count) - (a.count < b.count);
}

/* By text last of all: hashes may be equal. */
static int compare_words(const void *left, const void *right)
{
	const struct items_word *a = left, *b = right;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return compare_texts(a->text, b->text);
}

static void drop_duplicates(struct items *m)
{
	size_t kept = 0;
	for (size_t i = 0; i < m->word_count; i++)
		if (i == 0 || !tok_span_equal(m->words[i].text, m->words[kept - 1].text))
			m->words[kept++] = m->words[i];
	m->word_count = kept;
}

static void find_starts(struct items *m)
{
	size_t at = 0;
	for (size_t length = 0; length < VOCAB_WORD_UNITS + 2; length++) {
		while (at < m->word_count && m->words[at].length < length)
			at++;
		m->starts[length] = at;
	}
}

enum tok_status items_words_add(struct items *m, const struct tok_span *words, size_t count,
				struct tok_error *err)
{
	const struct vocab_items_options *o = &m->options;
	struct tok_span units[VOCAB_WORD_UNITS];
	if (count >= UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "%zu words are too many: 4294967294 at most",
				count);
	m->words = tok_arena_array(&m->arena, count, sizeof *m->words);
	if (!m->words)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (!is_word(words[i]))
			continue;
		const size_t length = vocab_word_units(words[i], o->unit, units);
		if (length < o->shortest || length > o->longest)
			continue;
		struct tok_random key = tok_random_of(o->seed, tok_strings_hash(words[i]));
		m->words[m->word_count++] =
		    (struct items_word){ words[i], tok_random_next(&key), (uint32_t)length };
	}
	if (m->word_count)
		qsort(m->words, m->word_count, sizeof *m->words, compare_words);
	drop_duplicates(m);
	find_starts(m);
	return TOK_OK;
}

void items_units(const struct items *m, struct tok_span word, struct items_row *out)
{
	out->count = vocab_word_units(word, m->options.unit, out->at);
}

const struct items_word *items_any(const struct items *m, struct tok_random *random)
{
	return &m->words[tok_random_below(random, m->word_count)];
}

struct tok_span items_any_unit(const struct items *m, struct tok_random *random)
{
	struct items_row units;
	items_units(m, items_any(m, random)->text, &units);
	return units.at[tok_random_below(random, units.count)];
}

bool items_row_has(const struct items_row *row, struct tok_span unit)
{
	for (size_t i = 0; i < row->count; i++)
		if (tok_span_equal(row->at[i], unit))
			return true;
	return false;
}
