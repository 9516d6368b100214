/* test_provider_replay.c - rows that are recorded, replayed, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>

#include "provider_laws.h"

static void temporary(char path[32])
{
	strcpy(path, "/tmp/tok-provider-XXXXXX");
	const int file = mkstemp(path);
	assert_true(file >= 0);
	close(file);
}

static void what_is_recorded_is_replayed_bit_for_bit(void **state)
{
	(void)state;
	struct tok_tokenizer *bytes = bytes_new();
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		char path[32], name[64];
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		const struct vocab_lm_options options = { .record = path };
		temporary(path);
		snprintf(name, sizeof name, "exec:/proc/self/exe --serve %s", modes[i]);
		/* With and without the tokens in front. */
		assert_int_equal(vocab_lm_open(name, i == 0 ? NULL : bytes, &options, &lm, &err),
				 TOK_OK);
		check_mode(modes[i], lm);
		lm->free(lm);

		snprintf(name, sizeof name, "replay:%s", path);
		assert_int_equal(vocab_lm_open(name, bytes, NULL, &lm, &err), TOK_OK);
		check_mode(modes[i], lm);
		const tok_id unknown[] = { 1, 1, 1 };
		double row[8];
		assert_int_equal(ask_one(lm, unknown, 3, row, &err), TOK_EARG);
		assert_non_null(strstr(err.message, "no row was recorded"));
		lm->free(lm);
		unlink(path);
	}
	tok_tokenizer_free(bytes);
}

/* In memory: some file systems write a file that is replaced to the disk at once. */
static void write_file(int file, const uint8_t *bytes, size_t count)
{
	assert_int_equal(ftruncate(file, 0), 0);
	assert_int_equal(pwrite(file, bytes, count, 0), count);
}

/* Open and ask everything: whatever happens, it is an answer or an error. */
static enum tok_status try_replay(const char *name, const struct tok_tokenizer *tokenizer)
{
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	enum tok_status status = vocab_lm_open(name, tokenizer, NULL, &lm, &err);
	if (status != TOK_OK)
		return status;
	double *row = calloc(lm->info->size, sizeof *row);
	struct tok_lm_top *best = calloc(lm->info->top + 1, sizeof *best);
	assert_true(row && best);
	for (size_t i = 0; i < CONTEXTS; i++) {
		const struct tok_lm_request request = { contexts[i], lengths[i] };
		struct tok_lm_row out = { .log_p = row, .best = best };
		const enum tok_status one = lm->rows(lm, &request, 1, &out, &err);
		status = one == TOK_OK ? status : one;
	}
	lm->free(lm);
	free(row);
	free(best);
	return status;
}

static void damaged_records_do_no_harm(void **state)
{
	(void)state;
	struct tok_tokenizer *bytes = bytes_new();
	for (size_t m = 0; m < 2; m++) {
		char path[32], name[64];
		struct toy_lm toy;
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		const struct vocab_lm_options options = { .record = path };
		temporary(path);
		toy_init(&toy, info_of(modes[m]));
		snprintf(name, sizeof name, "exec:/proc/self/exe --serve %s", modes[m]);
		assert_int_equal(vocab_lm_open(name, bytes, &options, &lm, &err), TOK_OK);
		check_mode(modes[m], lm);
		lm->free(lm);

		static uint8_t good[8192], bad[8192];
		FILE *file = fopen(path, "rb");
		assert_non_null(file);
		const size_t count = fread(good, 1, sizeof good, file);
		assert_true(count > 0 && count < sizeof good);
		fclose(file);
		unlink(path);
		const int memory = memfd_create("record", MFD_CLOEXEC);
		assert_true(memory >= 0);
		snprintf(name, sizeof name, "replay:/proc/self/fd/%d", memory);
		size_t refused = 0;
		for (size_t i = 0; i < count; i++) {
			write_file(memory, good, i);
			refused += try_replay(name, bytes) != TOK_OK;
			memcpy(bad, good, count);
			bad[i] ^= (uint8_t)(1u << i % 8);
			write_file(memory, bad, count);
			(void)try_replay(name, bytes);
		}
		/* Cut behind a pair it is a shorter record, which lacks the rows of some contexts
		 * unless these were asked for twice. */
		assert_true(refused > count / 2);
		close(memory);
	}
	tok_tokenizer_free(bytes);
}

static void records_that_cannot_be_written_are_errors(void **state)
{
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	struct vocab_lm_options options = { .record = "/no/such/folder/x" };
	(void)state;
	assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_EIO);
	assert_non_null(strstr(err.message, "/no/such/folder/x"));
	assert_no_children();
	assert_int_equal(vocab_lm_open("replay:/no/such/file", NULL, NULL, &lm, &err), TOK_EIO);
	assert_int_equal(vocab_lm_open("replay:/tmp", NULL, NULL, &lm, &err), TOK_EIO);
	assert_int_equal(vocab_lm_open("replay:/dev/null", NULL, NULL, &lm, &err), TOK_EIO);
	options.record = "/dev/full";
	if (access("/dev/full", W_OK) == 0) {
		assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_EIO);
		assert_non_null(strstr(err.message, "/dev/full"));
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_recorded_is_replayed_bit_for_bit),
		cmocka_unit_test(damaged_records_do_no_harm),
		cmocka_unit_test(records_that_cannot_be_written_are_errors),
	};
	int code;
	if (provider_serve(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
