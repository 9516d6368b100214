/* Rows that are nearest: looked at one by one beside sums in double, the graph beside that. */
#include "hypernet/ann/nearest.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include <cmocka.h>

#include "hypernet/ann/index_internal.h"
#include "tests/unit/checked.h"
#include "tok/base/random.h"

enum { ROWS = CHECKED ? 700 : 3000, WIDTH = 37, QUERIES = 40, K = 10 };

static float rows[ROWS * WIDTH], queries[QUERIES * WIDTH];

static float draw(struct tok_random *random)
{
	return (float)(tok_random_next(random) >> 40) / (float)(1 << 23) - 1;
}

/* Rows around 20 centres; the last ten are those before them again, and one is zero. */
static int fill(void **state)
{
	(void)state;
	struct tok_random random = tok_random_of(7, 1);
	float centres[20 * WIDTH];
	for (size_t i = 0; i < 20 * WIDTH; i++)
		centres[i] = 2 * draw(&random);
	for (size_t r = 0; r < ROWS; r++)
		for (size_t i = 0; i < WIDTH; i++)
			rows[r * WIDTH + i] = centres[r % 20 * WIDTH + i] + draw(&random);
	memcpy(rows + (ROWS - 10) * WIDTH, rows + (ROWS - 20) * WIDTH, 10 * WIDTH * sizeof *rows);
	memset(rows + 5 * WIDTH, 0, WIDTH * sizeof *rows);
	for (size_t q = 0; q < QUERIES; q++)
		for (size_t i = 0; i < WIDTH; i++)
			queries[q * WIDTH + i] = rows[q * 7 * WIDTH + i] + draw(&random) / 2;
	return 0;
}

static const struct hyper_kernel *kernel(void)
{
	const struct hyper_kernel *out = NULL;
	assert_int_equal(hyper_kernel_choose(NULL, &out, NULL), TOK_OK);
	return out;
}

static double score(const float *a, const float *b, enum hyper_measure measure)
{
	double dot = 0, left = 0, right = 0;
	for (size_t i = 0; i < WIDTH; i++) {
		dot += (double)a[i] * (double)b[i];
		left += (double)a[i] * (double)a[i];
		right += (double)b[i] * (double)b[i];
	}
	if (measure == HYPER_DOT)
		return dot;
	return left > 0 && right > 0 ? dot / sqrt(left * right) : 0;
}

static const float *wanted_query;
static enum hyper_measure wanted_measure;

static int by_score(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const double left = score(wanted_query, rows + x * WIDTH, wanted_measure);
	const double right = score(wanted_query, rows + y * WIDTH, wanted_measure);
	if (left != right)
		return left > right ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void find(enum hyper_measure measure, size_t count, size_t threads,
		 struct hyper_found *found)
{
	const struct hyper_rows_view view = { .floats = rows, .count = ROWS, .width = WIDTH };
	struct tok_error err = { 0 };
	struct hyper_exact *exact = NULL;
	assert_int_equal(hyper_exact_new(&view, measure, kernel(), &exact, &err), TOK_OK);
	assert_int_equal(hyper_exact_find(exact, queries, count, K, threads, found, &err), TOK_OK);
	hyper_exact_free(exact);
}

/* Few queries and many go different ways; equal rows come in order; threads make no difference. */
static void exact_is_what_doubles_say(void **state)
{
	(void)state;
	static struct hyper_found found[QUERIES * K], again[QUERIES * K];
	static uint32_t order[ROWS];
	for (int measure = HYPER_COSINE; measure <= HYPER_DOT; measure++)
		for (size_t count = 3; count <= QUERIES; count += QUERIES - 3) {
			find((enum hyper_measure)measure, count, 1, found);
			find((enum hyper_measure)measure, count, 3, again);
			for (size_t i = 0; i < count * K; i++) {
				assert_int_equal(found[i].row, again[i].row);
				assert_true(found[i].score == again[i].score);
			}
			for (size_t q = 0; q < count; q++) {
				wanted_query = queries + q * WIDTH;
				wanted_measure = (enum hyper_measure)measure;
				for (uint32_t r = 0; r < ROWS; r++)
					order[r] = r;
				qsort(order, ROWS, sizeof *order, by_score);
				for (size_t i = 0; i < K; i++) {
					assert_int_equal(found[q * K + i].row, order[i]);
					assert_true(
					    fabs((double)found[q * K + i].score -
						 score(wanted_query, rows + order[i] * WIDTH,
						       wanted_measure)) < 1e-5 * WIDTH);
				}
			}
		}
}

static void what_is_no_row_is_refused(void **state)
{
	(void)state;
	struct tok_error err = { 0 };
	struct hyper_exact *exact = NULL;
	struct hyper_found found[K];
	float bad[3 * 2] = { 1, 2, 3, NAN, 5, 6 };
	struct hyper_rows_view view = { .floats = bad, .count = 3, .width = 2 };
	assert_int_equal(hyper_exact_new(&view, HYPER_DOT, kernel(), &exact, &err), TOK_OK);
	assert_int_equal(hyper_exact_find(exact, bad, 1, 1, 1, found, &err), TOK_EFORMAT);
	assert_non_null(strstr(err.message, "row 1 "));
	assert_int_equal(hyper_exact_find(exact, bad, 1, 4, 1, found, &err), TOK_EARG);
	bad[3] = 1e30f;
	assert_int_equal(hyper_exact_find(exact, bad, 1, 1, 1, found, &err), TOK_EFORMAT);
	hyper_exact_free(exact);
	view.count = 0;
	assert_int_equal(hyper_exact_new(&view, HYPER_DOT, kernel(), &exact, &err), TOK_ELIMIT);
}

static struct hyper_index *build(enum hyper_measure measure, size_t threads)
{
	const struct hyper_rows_view view = { .floats = rows, .count = ROWS, .width = WIDTH };
	const struct hyper_index_options options = { 16, 100, 3 };
	struct tok_error err = { 0 };
	struct hyper_index *index = NULL;
	assert_int_equal(
	    hyper_index_build(&view, measure, &options, kernel(), threads, &index, &err), TOK_OK);
	return index;
}

/* Of the K nearest, how many the graph finds. */
static double recall(const struct hyper_found *found, const struct hyper_found *exact)
{
	size_t hits = 0;
	for (size_t q = 0; q < QUERIES; q++)
		for (size_t i = 0; i < K; i++)
			for (size_t j = 0; j < K; j++)
				hits += found[q * K + i].row == exact[q * K + j].row;
	return (double)hits / (QUERIES * K);
}

static void the_graph_finds_them(void **state)
{
	(void)state;
	static struct hyper_found exact[QUERIES * K], found[QUERIES * K], again[QUERIES * K];
	if (!hyper_index_is_here())
		skip();
	struct tok_error err = { 0 };
	for (int measure = HYPER_COSINE; measure <= HYPER_DOT; measure++)
		for (size_t threads = 1; threads <= 2; threads++) {
			struct hyper_index *index = build((enum hyper_measure)measure, threads);
			find((enum hyper_measure)measure, QUERIES, 1, exact);
			assert_int_equal(
			    hyper_index_find(index, queries, QUERIES, K, 100, 2, found, &err),
			    TOK_OK);
			assert_true(recall(found, exact) > .95);
			assert_int_equal(
			    hyper_index_find(index, queries, QUERIES, K, K, 1, again, &err),
			    TOK_OK);
			assert_true(recall(again, exact) > .5);
			for (size_t i = 0; i < QUERIES * K; i++)
				assert_true(
				    fabs((double)found[i].score -
					 score(queries + i / K * WIDTH, rows + found[i].row * WIDTH,
					       (enum hyper_measure)measure)) < 1e-5 * WIDTH);
			hyper_index_free(index);
		}
}

static char path[64];

static void put_file(const uint8_t *bytes, size_t count)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
}

static size_t get_file(uint8_t **bytes)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	const size_t count = (size_t)ftell(file);
	rewind(file);
	*bytes = malloc(count);
	assert_int_equal(fread(*bytes, 1, count, file), count);
	fclose(file);
	return count;
}

static void a_file_is_the_same_graph(void **state)
{
	(void)state;
	static struct hyper_found found[QUERIES * K], again[QUERIES * K];
	if (!hyper_index_is_here())
		skip();
	struct tok_error err = { 0 };
	struct hyper_index *index = build(HYPER_COSINE, 1), *other = NULL;
	struct hyper_file *file;
	snprintf(path, sizeof path, "/tmp/tok-nearest-%ld", (long)getpid());
	assert_int_equal(hyper_file_create(path, &file, &err), TOK_OK);
	assert_int_equal(hyper_index_save(index, file, &err), TOK_OK);
	assert_int_equal(hyper_file_commit(&file, &err), TOK_OK);
	assert_int_equal(hyper_index_open(path, kernel(), &other, &err), TOK_OK);
	assert_int_equal(hyper_index_count(other), ROWS);
	assert_int_equal(hyper_index_width(other), WIDTH);
	assert_int_equal(hyper_index_measure(other), HYPER_COSINE);
	assert_int_equal(hyper_index_find(index, queries, QUERIES, K, 50, 1, found, &err), TOK_OK);
	assert_int_equal(hyper_index_find(other, queries, QUERIES, K, 50, 1, again, &err), TOK_OK);
	assert_memory_equal(found, again, sizeof found);
	hyper_index_free(index);
	hyper_index_free(other);

	uint8_t *bytes;
	const size_t count = get_file(&bytes);
	for (size_t at = 0; at < count; at += at < 200 ? 1 : count / 97) {
		bytes[at] ^= 0x10;
		put_file(bytes, count);
		assert_int_equal(hyper_index_open(path, kernel(), &other, &err), TOK_EFORMAT);
		bytes[at] ^= 0x10;
		put_file(bytes, at);
		assert_int_equal(hyper_index_open(path, kernel(), &other, &err), TOK_EFORMAT);
	}
	free(bytes);
	unlink(path);
	assert_int_equal(hyper_index_open(path, kernel(), &other, &err), TOK_EIO);
}

/* `count` rows of one number, of which only the first has `links`: all of them to the second.  The
 * others have `layers` without a link. */
static enum tok_status open_forged(uint64_t count, uint64_t links, uint32_t layers,
				   struct hyper_index **out, struct tok_error *err)
{
	struct {
		char magic[8];
		uint32_t version, measure;
		uint64_t count, width, links, effort, seed, link_bytes;
		uint32_t entry, one;
		uint64_t checksum;
	} head = { "tokgraph", 1, HYPER_DOT,
		   count,      1, 1024,
		   10,         1, 12 * count + 4 * links + 4 * layers * (count - 1),
		   0,          1, 0 };
	const size_t body = head.link_bytes + 4 * count;
	uint8_t *bytes = calloc(1, sizeof head + body);
	assert_non_null(bytes);
	uint32_t *at = (uint32_t *)(bytes + sizeof head);
	for (uint32_t row = 0; row < count; row++) {
		const size_t mine = row ? 0 : links;
		*at = row;
		at[1] = row ? layers : 0;
		at[2] = (uint32_t)mine;
		at += 3;
		for (size_t i = 0; i < mine; i++)
			*at++ = 1;
		at += row ? layers : 0;
	}
	XXH3_state_t *hash = XXH3_createState();
	XXH3_64bits_reset(hash);
	XXH3_64bits_update(hash, bytes + sizeof head, body);
	XXH3_64bits_update(hash, &head, sizeof head);
	head.checksum = XXH3_64bits_digest(hash);
	XXH3_freeState(hash);
	memcpy(bytes, &head, sizeof head);
	put_file(bytes, sizeof head + body);
	free(bytes);
	return hyper_index_open(path, kernel(), out, err);
}

/* A small file that says that each row may have many links asks for no memory for them. */
static void memory_is_worth_the_file(void **state)
{
	(void)state;
	struct tok_error err = { 0 };
	struct hyper_index *index = NULL;
	if (!hyper_index_is_here())
		skip();
	snprintf(path, sizeof path, "/tmp/tok-forged-%ld", (long)getpid());
	assert_int_equal(open_forged(4000, 30, 0, &index, &err), TOK_OK);
	assert_int_equal(index->options.links, 1024);
	hyper_index_free(index);
	assert_int_equal(open_forged(4000, 2048, 0, &index, &err), TOK_EFORMAT);
	assert_non_null(strstr(err.message, "4000 rows, a row with 1024 links, and hardly any"));
	assert_int_equal(open_forged(4000, 2048, 31, &index, &err), TOK_EFORMAT);
	assert_int_equal(open_forged(4000, 30, 31, &index, &err), TOK_OK);
	hyper_index_free(index);
	assert_int_equal(open_forged(4, 2048, 0, &index, &err), TOK_OK);
	hyper_index_free(index);
	unlink(path);
}

/* Products of rows are those of the table that was chosen. */
static void products_are_of_the_table(void **state)
{
	static const struct {
		const char *name;
		hyper_dot *dot;
	} wanted[] = {
		{ "scalar", hyper_dot_scalar },
#if defined(__x86_64__)
		{ "avx2", hyper_dot_avx2 },
		{ "avx512", hyper_dot_avx512 },
		{ "avx512bf16", hyper_dot_avx512 },
		{ "amx", hyper_dot_avx512 },
#endif
	};
	const struct hyper_rows_view view = { .floats = rows, .count = 50, .width = WIDTH };
	const struct hyper_index_options options = { 4, 10, 3 };
	size_t seen = 0;
	(void)state;
	for (size_t k = 0; k < hyper_kernel_count(); k++)
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
			const struct hyper_kernel *table = hyper_kernel_at(k);
			struct hyper_index *index;
			if (strcmp(hyper_kernel_name(table), wanted[i].name) != 0)
				continue;
			seen++;
			assert_ptr_equal(hyper_dot_of(table), wanted[i].dot);
			if (!hyper_index_is_here() || !hyper_kernel_runs(table))
				continue;
			assert_int_equal(
			    hyper_index_build(&view, HYPER_DOT, &options, table, 1, &index, NULL),
			    TOK_OK);
			assert_ptr_equal(index->dot, wanted[i].dot);
			hyper_index_free(index);
		}
	assert_int_equal(seen, sizeof wanted / sizeof *wanted);
}

static bool is_of(const struct hyper_index *index, const float *other, size_t count, size_t width,
		  enum hyper_measure measure)
{
	const struct hyper_rows_view view = { .floats = other, .count = count, .width = width };
	bool same = false;
	assert_int_equal(hyper_index_is_of(index, &view, measure, &same, NULL), TOK_OK);
	return same;
}

static void an_index_knows_its_rows(void **state)
{
	(void)state;
	static float other[ROWS * WIDTH];
	if (!hyper_index_is_here())
		skip();
	for (enum hyper_measure m = HYPER_COSINE; m <= HYPER_DOT; m++) {
		struct hyper_index *index = build(m, 2);
		assert_true(is_of(index, rows, ROWS, WIDTH, m));
		assert_false(is_of(index, rows, ROWS, WIDTH, HYPER_DOT - m));
		assert_false(is_of(index, rows, ROWS - 1, WIDTH, m));
		assert_false(is_of(index, rows, ROWS, WIDTH - 1, m));
		memcpy(other, rows, sizeof rows);
		other[(ROWS - 3) * WIDTH + 1] += 0.01F;
		assert_false(is_of(index, other, ROWS, WIDTH, m));
		memcpy(other, rows, sizeof rows); /* the same rows in another order */
		memcpy(other, rows + WIDTH, WIDTH * sizeof *rows);
		memcpy(other + WIDTH, rows, WIDTH * sizeof *rows);
		assert_false(is_of(index, other, ROWS, WIDTH, m));
		memcpy(other, rows, sizeof rows);
		other[3 * WIDTH] = NAN;
		const struct hyper_rows_view view = { .floats = other,
						      .count = ROWS,
						      .width = WIDTH };
		bool same;
		assert_int_equal(hyper_index_is_of(index, &view, m, &same, NULL), TOK_EFORMAT);
		hyper_index_free(index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_is_what_doubles_say),
		cmocka_unit_test(what_is_no_row_is_refused),
		cmocka_unit_test(the_graph_finds_them),
		cmocka_unit_test(a_file_is_the_same_graph),
		cmocka_unit_test(an_index_knows_its_rows),
		cmocka_unit_test(memory_is_worth_the_file),
		cmocka_unit_test(products_are_of_the_table),
	};
	return cmocka_run_group_tests(tests, fill, NULL);
}
