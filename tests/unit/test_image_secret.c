/* test_image_secret.c - what the cache's hashes are keyed with: one a folder, whoever makes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "vocab/image/image_internal.h"

static char folder[64], secret_path[128];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/tok-secret-XXXXXX");
	snprintf(secret_path, sizeof secret_path, "%s", mkdtemp(folder) ? folder : "");
	const size_t at = strlen(secret_path);
	snprintf(secret_path + at, sizeof secret_path - at, "/secret-%lu",
		 (unsigned long)geteuid());
	return at == 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(secret_path);
	return rmdir(folder); /* nothing else is left in it */
}

static void it_is_the_same_until_it_goes(void **state)
{
	struct image_secret first, second;
	(void)state;
	assert_false(image_secret_load(&first, folder));
	assert_true(image_secret_make(&first, folder));
	assert_true(image_secret_load(&second, folder));
	assert_memory_equal(&first, &second, sizeof first);
	assert_true(image_secret_make(&second, folder));
	assert_memory_equal(&first, &second, sizeof first);
	assert_true(first.mark != 0);
	assert_int_equal(unlink(secret_path), 0);
	assert_true(image_secret_make(&second, folder));
	assert_memory_not_equal(first.bytes, second.bytes, sizeof first.bytes);
	assert_true(first.mark != second.mark);
}

/* Of several that come at once all have the one that stays. */
static void many_make_it(void **state)
{
	enum { MANY = 12, TIMES = 20 };
	(void)state;
	for (int time = 0; time < TIMES; time++) {
		uint64_t marks[MANY];
		int start[2], told[2];
		assert_int_equal(pipe(start) | pipe(told), 0);
		unlink(secret_path);
		for (int i = 0; i < MANY; i++) {
			if (fork() != 0)
				continue;
			struct image_secret secret = { .mark = 0 };
			char go;
			close(start[1]);
			const bool made = read(start[0], &go, 1) == 0 &&
					  image_secret_make(&secret, folder) &&
					  write(told[1], &secret.mark, 8) == 8;
			_exit(!made);
		}
		close(start[0]);
		close(start[1]); /* now */
		for (int i = 0; i < MANY; i++) {
			assert_int_equal(read(told[0], &marks[i], 8), 8);
			assert_true(marks[i] == marks[0]);
		}
		close(told[0]);
		close(told[1]);
		for (int i = 0, code; i < MANY; i++)
			assert_true(wait(&code) > 0 && code == 0);
	}
}

static void where_none_can_be(void **state)
{
	static const char *const folders[] = { "/dev/null/tok", "/proc/tok/tok" };
	struct image_secret secret;
	(void)state;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		assert_false(image_secret_make(&secret, folders[i]));
}

/* Each of the ways in which XXH3 goes by how much there is has the secret in it. */
static void hashes_are_keyed(void **state)
{
	static const size_t counts[] = { 0, 1, 8, 16, 17, 128, 129, 240, 241, 1024, 5000 };
	struct image_secret first, second;
	uint8_t bytes[5000] = { 1, 2, 3 };
	(void)state;
	assert_true(image_secret_make(&first, folder));
	assert_int_equal(unlink(secret_path), 0);
	assert_true(image_secret_make(&second, folder));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		const struct tok_span text = { bytes, counts[i] };
		const struct vocab_hash a = image_hash(text, &first), b = image_hash(text, &second);
		const XXH128_hash_t plain = XXH3_128bits(bytes, counts[i]);
		const XXH128_hash_t keyed =
		    XXH3_128bits_withSecret(bytes, counts[i], first.bytes, sizeof first.bytes);
		assert_false(vocab_hash_equal(a, b));
		assert_true(a.low == keyed.low64 && a.high == keyed.high64);
		assert_true(vocab_hash_equal(image_hash(text, NULL),
					     (struct vocab_hash){ plain.low64, plain.high64 }));
	}
}

/* Files, their number and the pattern: each decides, and each is keyed. */
static void sources_are_told_apart(void **state)
{
	static const struct vocab_hash files[] = { { 1, 2 }, { 3, 4 }, { 1, 2 } };
	const struct vocab_read_options options[] = { { .pattern = NULL },
						      { .pattern = "" },
						      { .pattern = "a" } };
	struct vocab_hash all[18];
	size_t count = 0;
	struct image_secret secret;
	(void)state;
	assert_true(image_secret_make(&secret, folder));
	for (size_t i = 0; i < 3; i++) {
		all[count++] = image_hash_source(files, 1, &options[i], &secret);
		all[count++] = image_hash_source(files + 1, 1, &options[i], &secret);
		all[count++] = image_hash_source(files, 2, &options[i], &secret);
		all[count++] = image_hash_source(files + 1, 2, &options[i], &secret);
		all[count++] = image_hash_source(files, 1, &options[i], NULL);
	}
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(vocab_hash_equal(all[i], all[j]));
	assert_true(vocab_hash_equal(image_hash_source(files, 1, NULL, &secret), all[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_same_until_it_goes),
		cmocka_unit_test(many_make_it),
		cmocka_unit_test(where_none_can_be),
		cmocka_unit_test(hashes_are_keyed),
		cmocka_unit_test(sources_are_told_apart),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
