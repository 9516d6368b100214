/*
 * The cache of rows is what a slow model of it is, whatever is asked for and whenever the
 * maker fails; rows made of others are means of the right ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/many.h"
#include "tok/base/random.h"
#include "tok/dynamic/fvt.h"
#include "tok/dynamic/rows.h"

/* ---- a slow model ------------------------------------------------------------- */

enum { CAPACITY = 7, WIDTH = 3, TEXTS = 20, MOST = 12 };

/* Slots by age, the oldest first, and a stack of those that are free. */
struct model {
	struct {
		unsigned text;
		size_t slot;
	} items[CAPACITY];
	size_t count;
	size_t free_slots[CAPACITY], free_count;
	uint64_t hits, made;
};

static size_t model_find(const struct model *m, unsigned text)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].text == text)
			return i;
	return SIZE_MAX;
}

static void model_drop(struct model *m, size_t i)
{
	memmove(&m->items[i], &m->items[i + 1], (--m->count - i) * sizeof m->items[0]);
}

static bool among(const unsigned *texts, size_t count, unsigned text)
{
	for (size_t i = 0; i < count; i++)
		if (texts[i] == text)
			return true;
	return false;
}

/* The different texts that are not there, in order; returns how many. */
static size_t model_fresh(const struct model *m, const unsigned *texts, size_t count, unsigned *out)
{
	size_t fresh = 0;
	for (size_t i = 0; i < count; i++)
		if (model_find(m, texts[i]) == SIZE_MAX && !among(out, fresh, texts[i]))
			out[fresh++] = texts[i];
	return fresh;
}

static size_t count_different(const unsigned *texts, size_t count)
{
	size_t different = 0;
	for (size_t i = 0; i < count; i++)
		different += !among(texts, i, texts[i]);
	return different;
}

static void model_get(struct model *m, const unsigned *texts, size_t count, size_t *slots)
{
	unsigned fresh[MOST];
	const size_t fresh_count = model_fresh(m, texts, count, fresh);
	m->made += fresh_count;
	m->hits += count_different(texts, count) - fresh_count;
	for (size_t i = 0; i < m->count && fresh_count > m->free_count;) {
		if (among(texts, count, m->items[i].text)) {
			i++;
			continue;
		}
		m->free_slots[m->free_count++] = m->items[i].slot;
		model_drop(m, i);
	}
	for (size_t i = 0; i < fresh_count; i++) {
		m->items[m->count].text = fresh[i];
		m->items[m->count++].slot = m->free_slots[--m->free_count];
	}
	for (size_t i = 0; i < count; i++) {
		const size_t at = model_find(m, texts[i]);
		const size_t slot = m->items[at].slot;
		slots[i] = slot;
		if (among(fresh, fresh_count, texts[i]))
			continue;
		model_drop(m, at);
		m->items[m->count].text = texts[i];
		m->items[m->count++].slot = slot;
	}
}

/* ---- against it -------------------------------------------------------------------- */

struct maker {
	unsigned expected[MOST];
	size_t count, calls;
	bool fails;
};

static unsigned number_of(struct tok_span text)
{
	return text.count ? text.bytes[0] : 0;
}

static enum tok_status make_rows(void *context, const struct tok_span *texts, size_t count,
				 float *const *rows, struct tok_error *err)
{
	struct maker *maker = context;
	maker->calls++;
	assert_int_equal(count, maker->count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(number_of(texts[i]), maker->expected[i]);
		for (size_t k = 0; k < WIDTH; k++)
			rows[i][k] = (float)(100 * maker->expected[i] + k);
	}
	return maker->fails ? tok_fail(err, TOK_EIO, "no") : TOK_OK;
}

/* What is there has its row: nothing was overwritten. */
static void check_rows(const struct tok_rows *rows, const struct model *m)
{
	for (size_t i = 0; i < m->count; i++)
		for (size_t k = 0; k < WIDTH; k++)
			assert_true(tok_rows_at(rows, m->items[i].slot)[k] ==
				    (float)(100 * m->items[i].text + k));
	assert_true(tok_rows_hits(rows) == m->hits);
	assert_true(tok_rows_made(rows) == m->made);
}

static void rows_are_those_of_the_model(void **state)
{
	enum { ROUNDS = 20000 };
	struct tok_random random = tok_random_of(1, 2);
	struct model m = { .free_count = CAPACITY };
	struct tok_rows *rows;
	struct tok_error err = { 0 };
	size_t limited = 0, failed = 0;
	(void)state;
	for (size_t i = 0; i < CAPACITY; i++)
		m.free_slots[i] = CAPACITY - 1 - i;
	assert_int_equal(tok_rows_new(CAPACITY, WIDTH, &rows, &err), TOK_OK);
	for (size_t round = 0; round < ROUNDS; round++) {
		const size_t count = tok_random_below(&random, MOST);
		unsigned numbers[MOST];
		uint8_t bytes[MOST][2];
		struct tok_span texts[MOST];
		size_t slots[MOST], want[MOST];
		struct maker maker = { .fails = tok_random_below(&random, 5) == 0 };
		for (size_t i = 0; i < count; i++) {
			/* Number 0 is the empty text. */
			numbers[i] = (unsigned)tok_random_below(&random, TEXTS);
			bytes[i][0] = bytes[i][1] = (uint8_t)numbers[i];
			texts[i] = (struct tok_span){ bytes[i], numbers[i] ? 2 : 0 };
		}
		maker.count = model_fresh(&m, numbers, count, maker.expected);
		const enum tok_status status =
		    tok_rows_get(rows, texts, count, make_rows, &maker, slots, &err);
		if (count_different(numbers, count) > CAPACITY) {
			assert_int_equal(status, TOK_ELIMIT);
			assert_int_equal(maker.calls, 0);
			limited++;
		} else if (maker.fails && maker.count > 0) {
			assert_int_equal(status, TOK_EIO);
			failed++;
		} else {
			assert_int_equal(status, TOK_OK);
			assert_int_equal(maker.calls, maker.count > 0);
			model_get(&m, numbers, count, want);
			assert_memory_equal(slots, want, count * sizeof *slots);
		}
		check_rows(rows, &m);
	}
	assert_true(limited > 1000 && failed > 1000 && m.hits > 1000);
	tok_rows_free(rows);
}

static void sizes_that_cannot_be(void **state)
{
	struct tok_rows *rows;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_rows_new(0, 4, &rows, &err), TOK_EARG);
	assert_int_equal(tok_rows_new(4, 0, &rows, &err), TOK_EARG);
	assert_int_equal(tok_rows_new(TOK_ROWS_MAX + 1, 1, &rows, &err), TOK_ELIMIT);
	assert_int_equal(tok_rows_new(4, SIZE_MAX / 8, &rows, &err), TOK_ELIMIT);
}

/* ---- means --------------------------------------------------------------------------- */

enum { FVT_WIDTH = 2 };

/* Of a tokenizer whose row of id i is {i, 1}. */
struct table {
	const struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder;
	float *rows;
	struct tok_fvt fvt;
};

static struct table table_new(const struct tok_tokenizer *t, tok_id unk)
{
	const size_t size = tok_tokenizer_size(t);
	struct table table = { .tokenizer = t, .encoder = tok_encoder_new(t) };
	table.rows = malloc(size * FVT_WIDTH * sizeof *table.rows);
	assert_true(table.encoder && table.rows);
	for (size_t i = 0; i < size; i++) {
		table.rows[2 * i] = (float)i;
		table.rows[2 * i + 1] = 1;
	}
	table.fvt = (struct tok_fvt){ t, table.encoder, table.rows, size, FVT_WIDTH, unk };
	return table;
}

static void table_release(struct table *table)
{
	tok_encoder_free(table->encoder);
	free(table->rows);
}

static void check_mean(struct table *table, struct tok_span text, double mean, double one)
{
	float row[FVT_WIDTH] = { -7, -7 }, *rows[1] = { row };
	struct tok_error err = { 0 };
	assert_int_equal(tok_fvt_make(&table->fvt, &text, 1, rows, &err), TOK_OK);
	if (row[0] != (float)mean || row[1] != (float)one)
		fail_msg("'%.*s': %g %g, not %g %g", (int)text.count, text.bytes, (double)row[0],
			 (double)row[1], mean, one);
}

static struct tok_tokenizer *read_tokenizer(const char *json)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return t;
}

#define MARK "\xE2\x96\x81"

/* Nothing that a tokenizer puts in front of texts is in a mean. */
static void nothing_is_put_in_front(void **state)
{
	static const char metaspace[] =
	    "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"" MARK
	    "\",\"prepend_scheme\":\"always\"},\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,"
	    "\"vocab\":{\"" MARK "\":0,\"a\":1,\"b\":2,\"<0xE2>\":3,\"<0x82>\":4,\"" MARK
	    "a\":5},\"merges\":[\"" MARK " a\"]}}";
	static const char spaced[] =
	    MANY_BYTE_LEVEL(MANY_ADDED(10, "<s>", false, false, false, false, true), "null", "");
	struct tok_tokenizer *t = read_tokenizer(metaspace);
	struct table table = table_new(t, 0);
	(void)state;
	check_mean(&table, tok_span_of("ab"), 1.5, 1);
	check_mean(&table, tok_span_of(MARK "ab"), 3.5, 1);
	check_mean(&table, tok_span_of(MARK "a"), 5, 1);
	check_mean(&table, tok_span_of("\xE2\x82"), 3.5, 1);
	check_mean(&table, tok_span_of("a\xE2"), 2, 1);
	check_mean(&table, tok_span_of("\xE3"), 0, 1); /* no such byte: unknown */
	check_mean(&table, tok_span_of("a<0xE2>"), 1,
		   1); /* text: characters without a token vanish */
	table_release(&table);
	tok_tokenizer_free(t);

	t = read_tokenizer(spaced); /* its ByteLevel step puts a space in front */
	table = table_new(t, TOK_NO_ID);
	check_mean(&table, tok_span_of("aba"), 2, 1);
	check_mean(&table,
		   tok_span_of("\xC4\xA0"
			       "ab"),
		   3.5, 1);
	check_mean(&table, tok_span_of("ab"), 3, 1);
	table_release(&table);
	tok_tokenizer_free(t);
}

static void pieces_within_words(void **state)
{
	static const char wordpiece[] =
	    "{\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"model\":{\"type\":\"WordPiece\","
	    "\"unk_token\":\"?\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":"
	    "8,\"vocab\":{\"?\":0,\"a\":1,\"##a\":2,\"##ab\":4,\"b\":8,\"##b\":16}}}";
	struct tok_tokenizer *t = read_tokenizer(wordpiece);
	struct table table = table_new(t, 0);
	(void)state;
	check_mean(&table, tok_span_of("ab"), 8.5, 1);
	check_mean(&table, tok_span_of("##aba"), 3, 1); /* ##ab ##a */
	check_mean(&table, tok_span_of("##aba b"), 14.0 / 3, 1);
	check_mean(&table, tok_span_of("##abc"), 0, 1);
	check_mean(&table, tok_span_of("##aaaaaaaaa"), 0, 1); /* too long a word */
	check_mean(&table, tok_span_of("?"), 0, 1);
	table_release(&table);
	tok_tokenizer_free(t);
}

static void rows_that_are_not_there(void **state)
{
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_tokenizer_bytes(&t, &err), TOK_OK);
	struct table table = table_new(t, 'u');
	table.fvt.row_count = 'z';
	check_mean(&table, tok_span_of("ab"), 97.5, 1);
	check_mean(&table, tok_span_of("\xC4"), 'u', 1);
	check_mean(&table, tok_span_of("az"), 'u', 1);
	check_mean(&table, tok_span_of(""), 'u', 1);
	table.fvt.unk = 'z';
	check_mean(&table, tok_span_of("az"), 0, 0);
	table_release(&table);
	tok_tokenizer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_those_of_the_model),
		cmocka_unit_test(sizes_that_cannot_be),
		cmocka_unit_test(nothing_is_put_in_front),
		cmocka_unit_test(pieces_within_words),
		cmocka_unit_test(rows_that_are_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
