/* Sorted in memory digit by digit, lowest first; runs merged through a heap. */
#include <assert.h>
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "vocab/lm/ngram_count_internal.h"

enum { FIRST_ROOM = 1024, DIGITS = 256 };

enum tok_status ngram_sorter_init(struct ngram_sorter *sorter, unsigned bits, size_t most,
				  const char *folder, struct tok_error *err)
{
	*sorter = (struct ngram_sorter){ .bits = bits, .most = most, .folder = folder };
	return ngram_spool_init(&sorter->runs, folder, err);
}

static void release_grams(struct ngram_sorter *sorter)
{
	free(sorter->grams);
	free(sorter->spare);
	sorter->grams = sorter->spare = NULL;
	sorter->count = sorter->grams_room = sorter->spare_room = 0;
}

void ngram_sorter_release(struct ngram_sorter *sorter)
{
	release_grams(sorter);
	ngram_spool_release(&sorter->runs);
	free(sorter->ends);
	sorter->ends = NULL;
}

/* ---- sorting ---------------------------------------------------------------------- */

static unsigned digit_of(uint64_t word, unsigned shift)
{
	return (unsigned)(word >> shift) % DIGITS;
}

/* By one digit, of the low half or the high one, from `from` to `to`, stable; false, and
 * nothing is done, where all are alike in it. */
static bool sort_digit(const struct ngram_gram *from, size_t count, unsigned shift,
		       struct ngram_gram *to)
{
	size_t places[DIGITS] = { 0 };
	size_t at = 0;
	const bool is_high = shift >= 64;
	shift %= 64;
	if (is_high)
		for (size_t i = 0; i < count; i++)
			places[digit_of(from[i].high, shift)]++;
	else
		for (size_t i = 0; i < count; i++)
			places[digit_of(from[i].low, shift)]++;
	for (size_t digit = 0; digit < DIGITS; digit++) {
		const size_t some = places[digit];
		if (some == count)
			return false;
		places[digit] = at;
		at += some;
	}
	if (is_high)
		for (size_t i = 0; i < count; i++)
			to[places[digit_of(from[i].high, shift)]++] = from[i];
	else
		for (size_t i = 0; i < count; i++)
			to[places[digit_of(from[i].low, shift)]++] = from[i];
	return true;
}

static enum tok_status sort(struct ngram_sorter *s, struct tok_error *err)
{
	if (s->spare_room < s->grams_room) {
		free(s->spare);
		s->spare = malloc(s->grams_room * sizeof *s->spare);
		s->spare_room = s->spare ? s->grams_room : 0;
	}
	if (!s->spare)
		return tok_fail_memory(err);
	for (unsigned shift = 0; shift < s->bits; shift += 8) {
		if (!sort_digit(s->grams, s->count, shift, s->spare))
			continue;
		struct ngram_gram *const sorted = s->spare;
		const size_t room = s->spare_room;
		s->spare = s->grams;
		s->spare_room = s->grams_room;
		s->grams = sorted;
		s->grams_room = room;
	}
	return TOK_OK;
}

/* ---- runs ------------------------------------------------------------------------- */

enum tok_status ngram_sorter_spill(struct ngram_sorter *s, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (s->count == 0)
		return TOK_OK;
	if (!tok_grow(&s->ends, &s->ends_room, s->run_count + 1, sizeof *s->ends))
		return tok_fail_memory(err);
	status = sort(s, err);
	for (size_t i = 0, next; i < s->count && status == TOK_OK; i = next) {
		for (next = i + 1; next < s->count && ngram_is_same(s->grams[i], s->grams[next]);)
			next++;
		const struct ngram_counted counted = { s->grams[i], next - i };
		status = ngram_spool_add(&s->runs, &counted, sizeof counted, err);
	}
	if (status != TOK_OK)
		return tok_fail_in(err, status, "temporary file in '%s'", s->folder);
	s->ends[s->run_count++] = s->runs.bytes;
	s->count = 0;
	return TOK_OK;
}

enum tok_status ngram_sorter_grow(struct ngram_sorter *s, struct tok_error *err)
{
	if (s->count >= s->most)
		return ngram_sorter_spill(s, err);
	size_t room = s->grams_room ? 2 * s->grams_room : FIRST_ROOM;
	if (room > s->most)
		room = s->most;
	struct ngram_gram *grams = realloc(s->grams, room * sizeof *grams);
	if (!grams)
		return tok_fail_memory(err);
	s->grams = grams;
	s->grams_room = room;
	return TOK_OK;
}

/* ---- merging ---------------------------------------------------------------------- */

struct source {
	struct ngram_reader reader;
	struct ngram_counted now;
};

struct ngram_merge {
	struct source *sources; /* a heap by what is next; those behind `live` are through */
	size_t live, count;
};

static void sift_down(struct ngram_merge *m, size_t at)
{
	const struct source moved = m->sources[at];
	for (size_t child; (child = 2 * at + 1) < m->live; at = child) {
		if (child + 1 < m->live &&
		    ngram_is_less(m->sources[child + 1].now.gram, m->sources[child].now.gram))
			child++;
		if (!ngram_is_less(m->sources[child].now.gram, moved.now.gram))
			break;
		m->sources[at] = m->sources[child];
	}
	m->sources[at] = moved;
}

/* The source at the top goes on, or is through. */
static enum tok_status advance(struct ngram_merge *m, struct tok_error *err)
{
	struct source *top = &m->sources[0];
	bool there;
	const enum tok_status status = ngram_reader_next(&top->reader, &top->now, &there, err);
	if (status != TOK_OK)
		return status;
	if (!there) {
		const struct source through = *top;
		*top = m->sources[--m->live];
		m->sources[m->live] = through;
	}
	if (m->live)
		sift_down(m, 0);
	return TOK_OK;
}

static enum tok_status open_sources(struct ngram_merge *m, const struct ngram_sorter *sorter,
				    struct tok_error *err)
{
	for (size_t i = 0; i < sorter->run_count; i++) {
		struct source *source = &m->sources[i];
		bool there = false;
		enum tok_status status =
		    ngram_reader_init(&source->reader, &sorter->runs, i ? sorter->ends[i - 1] : 0,
				      sorter->ends[i], err);
		if (status != TOK_OK)
			return status;
		m->count++;
		status = ngram_reader_next(&source->reader, &source->now, &there, err);
		if (status != TOK_OK)
			return status;
		assert(there); /* no run is empty */
	}
	m->live = m->count;
	for (size_t i = m->live / 2; i-- > 0;)
		sift_down(m, i);
	return TOK_OK;
}

enum tok_status ngram_merge_new(struct ngram_sorter *sorter, struct ngram_merge **out,
				struct tok_error *err)
{
	enum tok_status status = ngram_sorter_spill(sorter, err);
	if (status == TOK_OK)
		status = ngram_spool_flush(&sorter->runs, err);
	release_grams(sorter);
	if (status != TOK_OK)
		return status;
	struct ngram_merge *m = calloc(1, sizeof *m);
	if (!m)
		return tok_fail_memory(err);
	m->sources = calloc(sorter->run_count ? sorter->run_count : 1, sizeof *m->sources);
	status = m->sources ? open_sources(m, sorter, err) : tok_fail_memory(err);
	if (status == TOK_OK)
		*out = m;
	else
		ngram_merge_free(m);
	return status;
}

enum tok_status ngram_merge_next(struct ngram_merge *m, struct ngram_counted *out, bool *there,
				 struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	*there = m->live > 0;
	if (!*there)
		return TOK_OK;
	*out = m->sources[0].now;
	status = advance(m, err);
	while (status == TOK_OK && m->live && ngram_is_same(m->sources[0].now.gram, out->gram)) {
		out->count += m->sources[0].now.count;
		status = advance(m, err);
	}
	return status;
}

void ngram_merge_free(struct ngram_merge *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		ngram_reader_release(&m->sources[i].reader);
	free(m->sources);
	free(m);
}
