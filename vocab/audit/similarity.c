#include "vocab/audit/similarity.h"

#include <math.h>
#include <stdlib.h>

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/audit/cuts.h"
#include "vocab/convert/token_bytes.h"

struct vocab_audit_similarity_work {
	struct vocab_audit_cutter *a, *b; /* NULL: who brings lines has the cuts */
	struct tok_buffer cuts;           /* of a, while b cuts the line */
	uint64_t in_a, in_b, in_both, same_id;
	uint64_t words, same_words;
	uint64_t cuts_a, cuts_b, cuts_both;
};

/* ---- vocabularies ---------------------------------------------------------------------- */

struct entry {
	uint64_t front; /* the first 8 bytes, big-endian: most entries are told apart by it */
	struct tok_span bytes;
	tok_id id;
};

struct vocab_audit_sorted {
	struct vocab_token_bytes tokens;
	struct entry *entries; /* duplicates and all */
	size_t count;
};

static uint64_t front_of(struct tok_span bytes)
{
	uint64_t front = 0;
	for (size_t i = 0; i < sizeof front; i++)
		front = front << 8 | (i < bytes.count ? bytes.bytes[i] : 0);
	return front;
}

static int compare_bytes(const struct entry *one, const struct entry *other)
{
	const struct tok_span a = one->bytes, b = other->bytes;
	if (one->front != other->front)
		return one->front < other->front ? -1 : 1;
	const size_t shorter = a.count < b.count ? a.count : b.count;
	const int order = shorter ? memcmp(a.bytes, b.bytes, shorter) : 0;
	return order ? order : (a.count > b.count) - (a.count < b.count);
}

static int compare_entries(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;
	const int order = compare_bytes(a, b);
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

static enum tok_status sort_entries(struct vocab_audit_sorted *sorted, struct tok_error *err)
{
	const struct vocab_token_bytes *tokens = &sorted->tokens;
	struct entry *entries = malloc((tokens->count + 1) * sizeof *entries);
	if (!entries)
		return tok_fail_memory(err);
	for (size_t id = 0; id < tokens->count; id++)
		if (tokens->kinds[id] == VOCAB_TOKEN_TEXT || tokens->kinds[id] == VOCAB_TOKEN_BYTE)
			entries[sorted->count++] = (struct entry){ front_of(tokens->bytes[id]),
								   tokens->bytes[id], (tok_id)id };
	if (sorted->count)
		qsort(entries, sorted->count, sizeof *entries, compare_entries);
	sorted->entries = entries;
	return TOK_OK;
}

enum tok_status vocab_audit_sorted_new(const struct tok_tokenizer *tokenizer,
				       struct vocab_audit_sorted **out, struct tok_error *err)
{
	struct vocab_audit_sorted *sorted = calloc(1, sizeof *sorted);
	if (!sorted)
		return tok_fail_memory(err);
	enum tok_status status = vocab_token_bytes(tokenizer, &sorted->tokens, err);
	if (status == TOK_OK)
		status = sort_entries(sorted, err);
	if (status == TOK_OK)
		*out = sorted;
	else
		vocab_audit_sorted_free(sorted);
	return status;
}

void vocab_audit_sorted_free(struct vocab_audit_sorted *sorted)
{
	if (!sorted)
		return;
	vocab_token_bytes_release(&sorted->tokens);
	free(sorted->entries);
	free(sorted);
}

/* One behind the last entry of the same bytes as entries[at]. */
static size_t end_of_same(const struct entry *entries, size_t count, size_t at)
{
	size_t end = at + 1;
	while (end < count && tok_span_equal(entries[end].bytes, entries[at].bytes))
		end++;
	return end;
}

static bool share_id(const struct entry *a, size_t a_count, const struct entry *b, size_t b_count)
{
	for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
		if (a[i].id == b[j].id)
			return true;
		if (a[i].id < b[j].id)
			i++;
		else
			j++;
	}
	return false;
}

static void count_shared(struct vocab_audit_similarity_work *work, const struct entry *a,
			 size_t a_count, const struct entry *b, size_t b_count)
{
	size_t i = 0, j = 0;
	while (i < a_count || j < b_count) {
		const int order = i == a_count   ? 1
				  : j == b_count ? -1
						 : compare_bytes(&a[i], &b[j]);
		const size_t a_end = order <= 0 ? end_of_same(a, a_count, i) : i;
		const size_t b_end = order >= 0 ? end_of_same(b, b_count, j) : j;
		work->in_a += order <= 0;
		work->in_b += order >= 0;
		work->in_both += order == 0;
		work->same_id += order == 0 && share_id(a + i, a_end - i, b + j, b_end - j);
		i = a_end;
		j = b_end;
	}
}

enum tok_status vocab_audit_similarity_of(const struct vocab_audit_sorted *a,
					  const struct vocab_audit_sorted *b,
					  struct vocab_audit_similarity_work **out,
					  struct tok_error *err)
{
	struct vocab_audit_similarity_work *work = calloc(1, sizeof *work);
	if (!work)
		return tok_fail_memory(err);
	count_shared(work, a->entries, a->count, b->entries, b->count);
	*out = work;
	return TOK_OK;
}

enum tok_status vocab_audit_similarity_new(const struct tok_tokenizer *a,
					   const struct tok_tokenizer *b,
					   struct vocab_audit_similarity_work **out,
					   struct tok_error *err)
{
	struct vocab_audit_sorted *sorted_a = NULL, *sorted_b = NULL;
	struct vocab_audit_similarity_work *work = NULL;
	enum tok_status status = vocab_audit_sorted_new(a, &sorted_a, err);
	if (status == TOK_OK)
		status = vocab_audit_sorted_new(b, &sorted_b, err);
	if (status == TOK_OK)
		status = vocab_audit_similarity_of(sorted_a, sorted_b, &work, err);
	vocab_audit_sorted_free(sorted_a);
	vocab_audit_sorted_free(sorted_b);
	if (status == TOK_OK)
		status = vocab_audit_cutter_new(a, &work->a, err);
	if (status == TOK_OK)
		status = vocab_audit_cutter_new(b, &work->b, err);
	if (status == TOK_OK)
		*out = work;
	else
		vocab_audit_similarity_free(work);
	return status;
}

void vocab_audit_similarity_free(struct vocab_audit_similarity_work *work)
{
	if (!work)
		return;
	vocab_audit_cutter_free(work->a);
	vocab_audit_cutter_free(work->b);
	tok_buffer_release(&work->cuts);
	free(work);
}

/* ---- lines ----------------------------------------------------------------------------- */

static void count_cuts(struct vocab_audit_similarity_work *work, bool a, bool b)
{
	work->cuts_a += a;
	work->cuts_b += b;
	work->cuts_both += a && b;
}

/* Bytes [begin, end) are a word. */
static void count_word(struct vocab_audit_similarity_work *work, const uint8_t *a, const uint8_t *b,
		       size_t begin, size_t end)
{
	bool same = true;
	for (size_t i = begin + 1; i < end; i++) {
		same &= a[i] == b[i];
		count_cuts(work, a[i], b[i]);
	}
	work->words++;
	work->same_words += same;
}

/* Bytes [begin, end) are white space, and not the end of the line. */
static void count_blanks(struct vocab_audit_similarity_work *work, const uint8_t *a,
			 const uint8_t *b, size_t begin, size_t end)
{
	bool in_a = false, in_b = false;
	for (size_t i = begin; i <= end; i++) {
		in_a |= a[i];
		in_b |= b[i];
	}
	count_cuts(work, in_a, in_b);
}

/* Where the characters from `at` on stop to be white space, or to be none. */
static size_t skip(struct tok_span line, size_t at, bool blanks)
{
	while (at < line.count) {
		const struct tok_char c = tok_utf8_at(line, at);
		if (tok_unicode_space(c.code) != blanks)
			break;
		at += c.length;
	}
	return at;
}

void vocab_audit_similarity_cuts(struct vocab_audit_similarity_work *work, struct tok_span line,
				 const uint8_t *a, const uint8_t *b)
{
	for (size_t at = 0; at < line.count;) {
		const size_t word = skip(line, at, true);
		if (word > at && word < line.count)
			count_blanks(work, a, b, at, word);
		at = skip(line, word, false);
		if (at > word)
			count_word(work, a, b, word, at);
	}
}

enum tok_status vocab_audit_similarity_line(struct vocab_audit_similarity_work *work,
					    struct tok_span line, struct tok_error *err)
{
	const uint8_t *cuts;
	enum tok_status status = vocab_audit_cuts(work->a, line, &cuts, err);
	tok_buffer_clear(&work->cuts);
	if (status == TOK_OK && !tok_buffer_add(&work->cuts, cuts, line.count))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = vocab_audit_cuts(work->b, line, &cuts, err);
	if (status == TOK_OK)
		vocab_audit_similarity_cuts(work, line, work->cuts.bytes, cuts);
	return status;
}

void vocab_audit_similarity_add(struct vocab_audit_similarity_work *into,
				const struct vocab_audit_similarity_work *more)
{
	into->words += more->words;
	into->same_words += more->same_words;
	into->cuts_a += more->cuts_a;
	into->cuts_b += more->cuts_b;
	into->cuts_both += more->cuts_both;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : NAN;
}

void vocab_audit_similarity_measure(const struct vocab_audit_similarity_work *work,
				    struct vocab_audit_similarity *out)
{
	*out = (struct vocab_audit_similarity){
		.jaccard = ratio(work->in_both, work->in_a + work->in_b - work->in_both),
		.same_id = ratio(work->same_id, work->in_both),
		.same_words = ratio(work->same_words, work->words),
		.boundary_f1 = ratio(2 * work->cuts_both, work->cuts_a + work->cuts_b),
	};
}
