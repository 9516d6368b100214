/*
 * items_orth.c - CUTE's orth: which of two words is written more like a third one.
 *
 * Two words are alike if the Levenshtein ratio 2 m / (a + b) is .7 or more, where a and b are
 * their units and m those of a longest common subsequence.  Likes are sought among words that
 * become the same when one unit is taken away from either, or from one; all are indexed by what is
 * left of them.  Of short words not all such are alike.
 */
#include <stdlib.h>

#include "tok/base/hash.h"
#include "vocab/audit/items_internal.h"

enum { INDEXED_MOST = 50000, TRIES = 200 };

static size_t common(const struct items_row *a, const struct items_row *b)
{
	uint8_t best[VOCAB_WORD_UNITS + 1] = { 0 };
	for (size_t i = 0; i < a->count; i++) {
		uint8_t diagonal = 0;
		for (size_t j = 0; j < b->count; j++) {
			const uint8_t above = best[j + 1];
			if (tok_span_equal(a->at[i], b->at[j]))
				best[j + 1] = (uint8_t)(diagonal + 1);
			else if (best[j] > above)
				best[j + 1] = best[j];
			diagonal = above;
		}
	}
	return best[b->count];
}

/* In tenths of a + b, so that nothing is rounded. */
static size_t likeness(const struct items_row *a, const struct items_row *b)
{
	return 20 * common(a, b);
}

static bool is_like(const struct items_row *a, const struct items_row *b)
{
	return likeness(a, b) >= 7 * (a->count + b->count);
}

static bool is_unlike(const struct items_row *a, const struct items_row *b)
{
	return likeness(a, b) <= 3 * (a->count + b->count);
}

/* Of the units but one; of all where `without` is none of them. */
static uint64_t hash_rest(const struct items_row *row, size_t without)
{
	uint8_t rest[VOCAB_WORD_BYTES];
	size_t count = 0;
	for (size_t i = 0; i < row->count; i++) {
		if (i == without)
			continue;
		memcpy(rest + count, row->at[i].bytes, row->at[i].count);
		count += row->at[i].count;
	}
	return tok_strings_hash((struct tok_span){ rest, count });
}

static int compare_entries(const void *left, const void *right)
{
	const struct items_orth_entry *a = left, *b = right;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->word > b->word) - (a->word < b->word);
}

static bool index_words(struct items *m)
{
	const size_t stride = m->word_count / INDEXED_MOST + 1;
	size_t capacity = 0;
	for (size_t i = 0; i < m->word_count; i += stride)
		capacity += m->words[i].length + 1;
	m->orth = malloc(capacity * sizeof *m->orth);
	if (!m->orth)
		return false;
	for (size_t i = 0; i < m->word_count; i += stride) {
		struct items_row units;
		items_units(m, m->words[i].text, &units);
		for (size_t k = 0; k <= units.count; k++)
			m->orth[m->orth_count++] =
			    (struct items_orth_entry){ hash_rest(&units, k), (uint32_t)i };
	}
	qsort(m->orth, m->orth_count, sizeof *m->orth, compare_entries);
	return true;
}

static size_t find_first(const struct items *m, uint64_t hash)
{
	size_t begin = 0, end = m->orth_count;
	while (begin < end) {
		const size_t middle = begin + (end - begin) / 2;
		if (m->orth[middle].hash < hash)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

static bool find_like(const struct items *m, const struct items_word *word,
		      const struct items_row *units, struct tok_random *random,
		      struct tok_span *out)
{
	const size_t variants = units->count + 1, turn = tok_random_below(random, variants);
	for (size_t k = 0; k < variants; k++) {
		const uint64_t hash = hash_rest(units, (k + turn) % variants);
		for (size_t i = find_first(m, hash); i < m->orth_count && m->orth[i].hash == hash;
		     i++) {
			struct items_row other;
			*out = m->words[m->orth[i].word].text;
			items_units(m, *out, &other);
			if (!tok_span_equal(*out, word->text) && is_like(units, &other))
				return true;
		}
	}
	return false;
}

static bool find_unlike(const struct items *m, const struct items_row *units,
			struct tok_random *random, struct tok_span *out)
{
	for (size_t i = 0; i < TRIES; i++) {
		struct items_row other;
		*out = items_any(m, random)->text;
		items_units(m, *out, &other);
		if (is_unlike(units, &other))
			return true;
	}
	return false;
}

bool items_orth(struct items *m, const struct items_word *word, struct tok_random *random)
{
	struct items_row units;
	struct tok_span like, unlike;
	if (!m->orth && !index_words(m)) {
		m->failed = true;
		return false;
	}
	items_units(m, word->text, &units);
	if (!find_like(m, word, &units, random, &like) || !find_unlike(m, &units, random, &unlike))
		return false;
	const bool first = tok_random_below(random, 2) == 0;
	const struct tok_span parts[] = { word->text, first ? like : unlike,
					  first ? unlike : like };
	items_ask(m, "Which is spelled more like \"%1\": \"%2\" or \"%3\"?", parts);
	items_add(m, &m->answer, like);
	items_add(m, &m->word, word->text);
	m->length = units.count;
	return true;
}
