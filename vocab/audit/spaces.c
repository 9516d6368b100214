/*
 * spaces.c - how much of the white space of a line another text has, in the same order.
 *
 * That is the longest sequence of White_Space that both have.  Its table is worked out 64 rows at a
 * time: where it rises from row to row (Crochemore and others 2001, Hyyro 2004).
 */
#include <stdlib.h>

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/audit/fidelity.h"

enum { ROWS = 64, KINDS = 32, BLOCKS = VOCAB_AUDIT_FIDELITY_MAX / ROWS };

struct spaces {
	uint32_t *codes;
	size_t count, capacity;
};

static bool find_spaces(struct tok_span text, struct spaces *out)
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		at += c.length;
		if (!tok_unicode_space(c.code))
			continue;
		if (!tok_grow(&out->codes, &out->capacity, out->count + 1, sizeof *out->codes))
			return false;
		out->codes[out->count++] = c.code;
	}
	return true;
}

/* There are 25 characters that are White_Space. */
struct table {
	uint32_t kinds[KINDS];
	uint64_t rows[KINDS][BLOCKS]; /* where each of them stands in the one sequence */
	size_t kind_count, blocks;
	uint64_t flat[BLOCKS]; /* rows that are no more than the one above */
};

static size_t kind_of(const struct table *t, uint32_t code)
{
	size_t kind = 0;
	while (kind < t->kind_count && t->kinds[kind] != code)
		kind++;
	return kind;
}

/* The next one of the other sequence: flat = (flat + (flat & rows)) | (flat & ~rows). */
static void step(struct table *t, const uint64_t *rows)
{
	bool carry = false;
	for (size_t i = 0; i < t->blocks; i++) {
		const uint64_t flat = t->flat[i], match = flat & rows[i];
		uint64_t sum;
		const bool over = __builtin_add_overflow(flat, match, &sum);
		const bool more = __builtin_add_overflow(sum, (uint64_t)carry, &sum);
		carry = over || more;
		t->flat[i] = sum | (flat & ~rows[i]);
	}
}

/* Of sequences of no more than VOCAB_AUDIT_FIDELITY_MAX. */
static bool longest_common(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
			   uint64_t *out)
{
	struct table *t = calloc(1, sizeof *t);
	if (!t)
		return false;
	t->blocks = (a_count + ROWS - 1) / ROWS;
	for (size_t i = 0; i < a_count; i++) {
		const size_t kind = kind_of(t, a[i]);
		if (kind == t->kind_count)
			t->kinds[t->kind_count++] = a[i];
		t->rows[kind][i / ROWS] |= UINT64_C(1) << i % ROWS;
	}
	memset(t->flat, 0xFF, sizeof t->flat);
	for (size_t i = 0; i < b_count; i++) {
		const size_t kind = kind_of(t, b[i]);
		if (kind < t->kind_count)
			step(t, t->rows[kind]);
	}
	for (size_t i = 0; i < a_count; i++)
		*out += !(t->flat[i / ROWS] >> i % ROWS & 1);
	free(t);
	return true;
}

static bool compare(struct spaces a, struct spaces b, uint64_t *kept)
{
	size_t front = 0;
	while (front < a.count && front < b.count && a.codes[front] == b.codes[front])
		front++;
	while (a.count > front && b.count > front && a.codes[a.count - 1] == b.codes[b.count - 1]) {
		a.count--;
		b.count--;
		++*kept;
	}
	*kept += front;
	a.count -= front;
	b.count -= front;
	if (a.count > VOCAB_AUDIT_FIDELITY_MAX || b.count > VOCAB_AUDIT_FIDELITY_MAX ||
	    a.count == 0 || b.count == 0)
		return true;
	return longest_common(a.codes + front, a.count, b.codes + front, b.count, kept);
}

enum tok_status vocab_audit_spaces(struct tok_span line, struct tok_span back, uint64_t *spaces,
				   uint64_t *kept, struct tok_error *err)
{
	struct spaces a = { 0 }, b = { 0 };
	*kept = 0;
	const bool ok = find_spaces(line, &a) && find_spaces(back, &b) && compare(a, b, kept);
	*spaces = a.count;
	free(a.codes);
	free(b.codes);
	return ok ? TOK_OK : tok_fail_memory(err);
}
