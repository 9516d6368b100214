/* Features: what the numpy of conformance does not see: rows of a model, joining, directions that
 * are known, options that are none. */
#include "hypernet/transplant/features.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hypernet/transplant/features_internal.h"
#include "vocab/format/read.h"

/* ---- vocabularies ----------------------------------------------------------------- */

/* Ids 0 to 3 are a, b, ab, c; 4 is special, 5 is a hole, 6 is again "c", as a byte. */
static const char source_file[] =
    "{\"added_tokens\":[{\"id\":4,\"content\":\"<s>\",\"special\":true,\"single_word\":false,"
    "\"lstrip\":false,\"rstrip\":false,\"normalized\":false}],"
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"
    "\"use_regex\":false},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"c\":3},"
    "\"merges\":[\"a b\"]}}";

#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
static const struct tok_span source_bytes[] = { SPAN("a"),   SPAN("b"),   SPAN("ab"), SPAN("c"),
						SPAN("<s>"), { NULL, 0 }, SPAN("c") };
static const uint8_t source_kinds[] = { HYPER_TOKEN_TEXT, HYPER_TOKEN_TEXT,    HYPER_TOKEN_TEXT,
					HYPER_TOKEN_TEXT, HYPER_TOKEN_SPECIAL, HYPER_TOKEN_NONE,
					HYPER_TOKEN_BYTE };
static const struct tok_span target_bytes[] = {
	SPAN("abc"), SPAN("c"), SPAN("d"), { NULL, 0 }, SPAN("aba")
};
static const uint8_t target_kinds[] = { HYPER_TOKEN_TEXT, HYPER_TOKEN_TEXT, HYPER_TOKEN_TEXT,
					HYPER_TOKEN_NONE, HYPER_TOKEN_TEXT };
enum { SOURCES = 7, TARGETS = 5 };

static struct tok_tokenizer *tokenizer;
static struct hyper_vocab source = { .bytes = source_bytes,
				     .kinds = source_kinds,
				     .count = SOURCES };
static struct hyper_vocab target = { .bytes = target_bytes,
				     .kinds = target_kinds,
				     .count = TARGETS };
static const struct hyper_kernel *kernel;

static int set_up(void **state)
{
	struct tok_spec spec = { 0 };
	(void)state;
	assert_int_equal(vocab_read_bytes(tok_span_of(source_file), NULL, &spec, NULL), TOK_OK);
	assert_int_equal(tok_tokenizer_new(&spec, &tokenizer, NULL), TOK_OK);
	tok_spec_release(&spec);
	source.tokenizer = target.tokenizer = tokenizer;
	return hyper_kernel_choose(NULL, &kernel, NULL) != TOK_OK;
}

static int tear_down(void **state)
{
	(void)state;
	tok_tokenizer_free(tokenizer);
	return 0;
}

static void same(const float *row, double a, double b)
{
	const double length = a != 0 || b != 0 ? sqrt(a * a + b * b) : 1;
	if (!(fabs(row[0] - a / length) < 1e-6 && fabs(row[1] - b / length) < 1e-6))
		fail_msg("%g %g is not %g %g", row[0], row[1], a / length, b / length);
}

/* ---- rows of a model -------------------------------------------------------------- */

static const float model[SOURCES][2] = { { 1, 0 },  { 0, 2 }, { 3, 3 }, { -1, 5 },
					 { 4, -4 }, { 9, 9 }, { 7, 1 } };

static void rows_of_the_source(void **state)
{
	const struct hyper_rows_view view = { .floats = *model, .count = SOURCES, .width = 2 };
	struct hyper_features f;
	(void)state;
	assert_int_equal(hyper_features_rows(&source, &target, &view, NULL, 2, &f, NULL), TOK_OK);
	for (size_t i = 0; i < SOURCES; i++)
		same(f.source + 2 * i, model[i][0], model[i][1]);
	same(f.target, 3 - 1, 3 + 5); /* ab c, neither made shorter before */
	same(f.target + 2, -1, 5);    /* the text's row, not the byte's */
	same(f.target + 4, 0, 0);     /* cannot be spelt */
	same(f.target + 6, 0, 0);     /* a hole */
	same(f.target + 8, 3 + 1, 3); /* ab a */
	assert_int_equal(f.source_missing, 0);
	assert_int_equal(f.target_missing, 1);
	assert_int_equal(f.parts, 1);
	hyper_features_release(&f);
}

static void fewer_rows_than_ids(void **state)
{
	const struct hyper_rows_view view = { .floats = *model, .count = 3, .width = 2 };
	struct hyper_features f;
	(void)state;
	assert_int_equal(hyper_features_rows(&source, &target, &view, NULL, 1, &f, NULL), TOK_OK);
	same(f.source + 4, 3, 3);
	same(f.source + 6, 0, 0);
	same(f.target, 3, 3); /* c has no row */
	same(f.target + 2, 0, 0);
	assert_int_equal(f.source_missing, 3); /* c, <s>, the byte c; not the hole */
	hyper_features_release(&f);
}

static void rows_of_the_target(void **state)
{
	const struct hyper_rows_view view = { .floats = *model, .count = SOURCES, .width = 2 };
	struct hyper_features f;
	(void)state;
	/* The other way round: old tokens by the pieces of the vocabulary that has rows. */
	assert_int_equal(hyper_features_rows(&target, &source, NULL, &view, 3, &f, NULL), TOK_OK);
	same(f.target + 2, 0, 2);
	same(f.source, 3 - 1, 3 + 5);
	same(f.source + 2, -1, 5);
	assert_int_equal(f.source_missing, 1);
	hyper_features_release(&f);
}

static void rows_that_are_none(void **state)
{
	const float bad[2][2] = { { 1, 2 }, { NAN, 0 } };
	const struct hyper_rows_view nan = { .floats = *bad, .count = 2, .width = 2 };
	const struct hyper_rows_view none = { .floats = *bad, .count = 0, .width = 2 };
	struct hyper_features f;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(hyper_features_rows(&source, &target, &nan, NULL, 1, &f, &err),
			 TOK_EFORMAT);
	assert_non_null(strstr(err.message, "token 1 "));
	assert_int_equal(hyper_features_rows(&source, &target, &nan, &nan, 1, &f, &err), TOK_EARG);
	assert_int_equal(hyper_features_rows(&source, &target, NULL, NULL, 1, &f, &err), TOK_EARG);
	assert_int_equal(hyper_features_rows(&source, &target, &none, NULL, 1, &f, &err),
			 TOK_ELIMIT);
}

/* ---- several ---------------------------------------------------------------------- */

static struct hyper_features made(float first, float second)
{
	const struct hyper_vocab one = { .bytes = source_bytes, .kinds = source_kinds, .count = 2 };
	struct hyper_features f;
	assert_int_equal(hyper_features_new(&one, &one, 1, &f, NULL), TOK_OK);
	f.source[0] = f.target[0] = first;
	f.source[1] = f.target[1] = second;
	assert_int_equal(hyper_features_finish(&one, &one, 1, &f, NULL), TOK_OK);
	return f;
}

static void joins(void **state)
{
	struct hyper_features a = made(3, 1), b = made(-2, 0), c = made(1, 0);
	(void)state;
	assert_int_equal(a.source_missing, 0);
	assert_int_equal(b.source_missing, 1);
	assert_int_equal(hyper_features_join(&a, &b, NULL), TOK_OK);
	assert_int_equal(a.width, 2);
	same(a.source, 1, -1);
	same(a.target + 2, 1, 0); /* all of it in the part that has one */
	assert_int_equal(hyper_features_join(&b, &c, NULL), TOK_OK);
	assert_int_equal(b.target_missing, 1);
	/* Three weigh alike, whichever were joined first. */
	assert_int_equal(hyper_features_join(&a, &c, NULL), TOK_OK);
	assert_int_equal(a.parts, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(fabs(fabs(a.source[i]) - sqrt(1. / 3)) < 1e-6);
	struct hyper_features longer;
	assert_int_equal(hyper_features_ngrams(&source, &target, 8, 1, &longer, NULL), TOK_OK);
	assert_int_equal(hyper_features_join(&a, &longer, NULL), TOK_EARG);
	hyper_features_release(&a);
	hyper_features_release(&b);
	hyper_features_release(&c);
	hyper_features_release(&longer);
}

/* ---- directions ------------------------------------------------------------------- */

/* M = Q diag(values) Q' with Q = I - 2 v v', dense, in blocks; odd values are negative. */
enum { COUNT = 300, KNOWN = 12 };
static double reflection[COUNT][COUNT], values[COUNT];

static struct hyper_sparse make_matrix(void)
{
	struct hyper_sparse m = { .count = COUNT };
	double v[COUNT], square = 0;
	for (size_t i = 0; i < COUNT; i++) {
		v[i] = cos((double)(i * i + 1));
		square += v[i] * v[i];
		values[i] = i < KNOWN ? pow(.8, (double)i) * (i % 2 ? -5 : 5) : 0.01;
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < COUNT; j++)
			reflection[i][j] = (i == j) - 2 * v[i] * v[j] / square;
	m.blocks = calloc(2, sizeof *m.blocks);
	for (size_t b = 0; b < 2; b++) {
		const size_t first = b * HYPER_SPARSE_ROWS;
		m.blocks[b].ends = calloc(HYPER_SPARSE_ROWS, sizeof *m.blocks[b].ends);
		m.blocks[b].columns = calloc(HYPER_SPARSE_ROWS * COUNT, sizeof(uint32_t));
		m.blocks[b].values = calloc(HYPER_SPARSE_ROWS * COUNT, sizeof(float));
		uint64_t at = 0;
		for (size_t r = first; r < COUNT && r < first + HYPER_SPARSE_ROWS; r++) {
			for (size_t c = 0; c < COUNT; c++, at++) {
				double sum = 0;
				for (size_t k = 0; k < COUNT; k++)
					sum += reflection[r][k] * values[k] * reflection[c][k];
				m.blocks[b].columns[at] = (uint32_t)c;
				m.blocks[b].values[at] = (float)sum;
			}
			m.blocks[b].ends[r - first] = at;
		}
	}
	return m;
}

static void finds_directions(void **state)
{
	struct hyper_sparse m = make_matrix();
	static float one[COUNT * KNOWN], other[COUNT * KNOWN];
	(void)state;
	assert_int_equal(hyper_sparse_directions(&m, KNOWN, 1, kernel, 1, one, NULL), TOK_OK);
	assert_int_equal(hyper_sparse_directions(&m, KNOWN, 1, kernel, 3, other, NULL), TOK_OK);
	assert_memory_equal(one, other, sizeof one);
	for (size_t i = 0; i < COUNT; i++)
		for (size_t d = 0; d < KNOWN; d++) {
			const double right = sqrt(fabs(values[d])) * fabs(reflection[i][d]);
			if (fabs(fabs(one[i * KNOWN + d]) - right) > 1e-4)
				fail_msg("row %zu, direction %zu: %g instead of %g", i, d,
					 one[i * KNOWN + d], right);
		}
	hyper_sparse_release(&m);
}

/* Fewer directions than are asked for: those that are not there are zero. */
static void too_few_directions(void **state)
{
	enum { ROWS = 3, WIDTH = 5 };
	struct hyper_sparse m = { .count = ROWS, .blocks = calloc(1, sizeof *m.blocks) };
	float out[ROWS * WIDTH];
	(void)state;
	m.blocks->ends = calloc(HYPER_SPARSE_ROWS, sizeof *m.blocks->ends);
	m.blocks->columns = calloc(2, sizeof *m.blocks->columns);
	m.blocks->values = calloc(2, sizeof *m.blocks->values);
	/* 0 and 1 are each other's only neighbours. */
	m.blocks->columns[0] = 1;
	m.blocks->values[0] = m.blocks->values[1] = 4;
	m.blocks->ends[0] = 1;
	m.blocks->ends[1] = m.blocks->ends[2] = 2;
	assert_int_equal(hyper_sparse_directions(&m, WIDTH, 1, kernel, 2, out, NULL), TOK_OK);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < ROWS; j++) {
			double dot = 0;
			for (size_t d = 0; d < WIDTH; d++)
				dot += (double)out[i * WIDTH + d] * out[j * WIDTH + d];
			assert_true(fabs(dot - (i == j && i < 2 ? 4 : 0)) < 1e-4);
		}
	hyper_sparse_release(&m);
}

/* Two directions in 40 rows: the others are nothing but rounding, and must not grow. */
static void two_directions(void **state)
{
	enum { ROWS = 40, WIDTH = 8 };
	struct hyper_sparse m = { .count = ROWS, .blocks = calloc(1, sizeof *m.blocks) };
	static float out[ROWS * WIDTH];
	(void)state;
	m.blocks->ends = calloc(HYPER_SPARSE_ROWS, sizeof *m.blocks->ends);
	m.blocks->columns = calloc(ROWS * ROWS, sizeof *m.blocks->columns);
	m.blocks->values = calloc(ROWS * ROWS, sizeof *m.blocks->values);
	for (uint32_t i = 0; i < ROWS * ROWS; i++) {
		const double r = i / ROWS, c = i % ROWS;
		m.blocks->columns[i] = i % ROWS;
		m.blocks->values[i] = (float)(sin(r + .1) * sin(c + .1) + cos(3 * r) * cos(3 * c));
		m.blocks->ends[i / ROWS] = i + 1;
	}
	assert_int_equal(hyper_sparse_directions(&m, WIDTH, 1, kernel, 1, out, NULL), TOK_OK);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < ROWS; j++) {
			double dot = 0;
			for (size_t d = 0; d < WIDTH; d++)
				dot += (double)out[i * WIDTH + d] * (double)out[j * WIDTH + d];
			const double right = (double)m.blocks->values[i * ROWS + j];
			if (!(fabs(dot - right) < 1e-4))
				fail_msg("%zu and %zu: %g instead of %g", i, j, dot, right);
		}
	hyper_sparse_release(&m);
}

static void options_that_are_none(void **state)
{
	const struct tok_span text = tok_span_of("abcab");
	struct hyper_cooc_options o = { .width = 4, .window = 11, .minimum = 1 };
	struct hyper_features f;
	(void)state;
	assert_int_equal(hyper_features_cooc(&source, &target, &text, 1, &o, kernel, 1, &f, NULL),
			 TOK_EARG);
	o.window = 0;
	assert_int_equal(hyper_features_cooc(&source, &target, &text, 1, &o, kernel, 1, &f, NULL),
			 TOK_EARG);
	o = (struct hyper_cooc_options){ .width = 0, .window = 4, .minimum = 1 };
	assert_int_equal(hyper_features_cooc(&source, &target, &text, 1, &o, kernel, 1, &f, NULL),
			 TOK_EARG);
	assert_int_equal(hyper_features_ngrams(&source, &target, 0, 1, &f, NULL), TOK_EARG);
	/* Nothing occurs often enough, and no text at all. */
	o = (struct hyper_cooc_options){ .width = 4, .window = 4, .minimum = 9 };
	for (size_t texts = 0; texts < 2; texts++) {
		assert_int_equal(
		    hyper_features_cooc(&source, &target, &text, texts, &o, kernel, 2, &f, NULL),
		    TOK_OK);
		assert_int_equal(f.source_missing, 6);
		assert_int_equal(f.target_missing, 4);
		hyper_features_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_the_source),
		cmocka_unit_test(fewer_rows_than_ids),
		cmocka_unit_test(rows_of_the_target),
		cmocka_unit_test(rows_that_are_none),
		cmocka_unit_test(joins),
		cmocka_unit_test(finds_directions),
		cmocka_unit_test(too_few_directions),
		cmocka_unit_test(two_directions),
		cmocka_unit_test(options_that_are_none),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
