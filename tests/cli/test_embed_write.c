/* test_embed_write.c - what a run that ended leaves in FILE.part, and what the next one believes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/embed_write.h"

enum { ROWS = 4000, WIDTH = 4, BLOCK = 1000 };

static char folder[] = "/tmp/test_embed_write.XXXXXX";
static char path[64], part[80];

static struct embed_writer open_run(uint64_t key)
{
	struct embed_writer w = {
		.kind = EMBED_NPY, .dtype = HYPER_F32, .width = WIDTH, .count = ROWS, .resume = true
	};
	const struct embed_key both = { { key, 1 } };
	assert_int_equal(embed_writer_open(&w, path, &both, NULL), TOK_OK);
	return w;
}

/* Each number of the next block is `number`. */
static enum tok_status put(struct embed_writer *w, float number)
{
	static float rows[BLOCK * WIDTH];
	static const struct embed_tokens none;
	for (size_t i = 0; i < BLOCK * WIDTH; i++)
		rows[i] = number;
	const struct hyper_predicted block = { w->done, BLOCK, rows, NULL, NULL };
	return embed_writer_put(w, &none, &block, NULL);
}

/* The process is gone: nothing more is written. */
static void kill_run(struct embed_writer *w)
{
	hyper_file_abandon(&w->file);
	embed_writer_abandon(w);
}

static void expect_rows(const float *numbers)
{
	float row[WIDTH];
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fseek(file, -(long)(ROWS * sizeof row), SEEK_END), 0);
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(fread(row, sizeof row, 1, file), 1);
		for (size_t j = 0; j < WIDTH; j++)
			assert_true(row[j] == numbers[i / BLOCK]);
	}
	fclose(file);
	assert_int_not_equal(access(part, F_OK), 0);
	unlink(path);
}

static void finish(struct embed_writer *w, const float *numbers)
{
	while (w->done < ROWS)
		assert_int_equal(put(w, numbers[w->done / BLOCK]), TOK_OK);
	assert_int_equal(embed_writer_commit(w, NULL), TOK_OK);
	expect_rows(numbers);
}

static void a_run_goes_on_where_it_was_given_up(void **state)
{
	static const float numbers[] = { 1, 2, 3, 4 };
	(void)state;
	struct embed_writer w = open_run(7);
	assert_int_equal(w.done, 0);
	assert_int_equal(put(&w, 1), TOK_OK);
	assert_int_equal(put(&w, 2), TOK_OK);
	embed_writer_abandon(&w);
	w = open_run(7);
	assert_int_equal(w.done, 2 * BLOCK);
	finish(&w, numbers);
}

static void what_was_not_noted_is_made_again(void **state)
{
	static const float numbers[] = { 1, 5, 5, 5 };
	(void)state;
	struct embed_writer w = open_run(7);
	assert_int_equal(put(&w, 1), TOK_OK);
	embed_writer_abandon(&w);
	w = open_run(7);
	assert_int_equal(put(&w, 2), TOK_OK);
	kill_run(&w);
	w = open_run(7);
	assert_int_equal(w.done, BLOCK);
	finish(&w, numbers);
}

static void another_run_is_not_gone_on_with(void **state)
{
	static const float numbers[] = { 3, 3, 3, 3 };
	(void)state;
	struct embed_writer w = open_run(7);
	assert_int_equal(put(&w, 1), TOK_OK);
	embed_writer_abandon(&w);
	w = open_run(8);
	assert_int_equal(w.done, 0);
	assert_int_equal(put(&w, 2), TOK_OK);
	kill_run(&w);
	/* Its rows are there now, and the first run must not take them for its own. */
	w = open_run(7);
	assert_int_equal(w.done, 0);
	finish(&w, numbers);
}

static void a_block_that_did_not_fit_is_not_counted(void **state)
{
	static const float numbers[] = { 1, 6, 6, 6 };
	struct rlimit usual, small;
	(void)state;
	struct embed_writer w = open_run(7);
	assert_int_equal(put(&w, 1), TOK_OK);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
	small = usual;
	small.rlim_cur = (rlim_t)(BLOCK * WIDTH * sizeof(float) * 3 / 2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(put(&w, 2), TOK_EIO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
	embed_writer_abandon(&w);
	w = open_run(7);
	assert_int_equal(w.done, BLOCK);
	finish(&w, numbers);
}

static void a_note_that_says_too_much_is_none(void **state)
{
	static const float numbers[] = { 2, 2, 2, 2 };
	const uint64_t done = ROWS + 1;
	(void)state;
	struct embed_writer w = open_run(7);
	assert_int_equal(put(&w, 1), TOK_OK);
	embed_writer_abandon(&w);
	FILE *file = fopen(part, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, -(long)sizeof done, SEEK_END), 0);
	assert_int_equal(fwrite(&done, sizeof done, 1, file), 1);
	assert_int_equal(fclose(file), 0);
	w = open_run(7);
	assert_int_equal(w.done, 0);
	finish(&w, numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_goes_on_where_it_was_given_up),
		cmocka_unit_test(what_was_not_noted_is_made_again),
		cmocka_unit_test(another_run_is_not_gone_on_with),
		cmocka_unit_test(a_block_that_did_not_fit_is_not_counted),
		cmocka_unit_test(a_note_that_says_too_much_is_none),
	};
	if (!mkdtemp(folder))
		return 2;
	snprintf(path, sizeof path, "%s/a.npy", folder);
	snprintf(part, sizeof part, "%s.part", path);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
