/*
 * test_image_seen.c - when the hash of a source may be remembered, and for how long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/fixture.h"
#include "vocab/image/image.h"
#include "vocab/image/image_internal.h"

#define SECOND INT64_C(1000000000)
#define MARK   UINT64_C(77)

static const struct vocab_file_stamp example = { 1, 2, 3, 100 * SECOND, 100 * SECOND };

static void test_only_what_settled_is_remembered(void **state)
{
	static const struct {
		const char *name;
		int64_t written, changed, now; /* seconds */
		bool settled;
	} rows[] = {
		{ "long ago", 100, 100, 200, true },
		{ "just now", 100, 100, 100, false },
		{ "in the same step of a slow clock", 100, 100, 102, false },
		{ "at the edge", 100, 100, 103, false },
		{ "behind it", 100, 100, 104, true },
		{ "old by mtime, which anybody can set", 0, 100, 101, false },
		{ "old by ctime alone", 100, 0, 101, false },
		{ "in the future", 300, 100, 200, false },
		{ "changed in the future", 100, 300, 200, false },
		{ "before 1970", -100, -100, 0, true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct vocab_file_stamp stamp = { 1, 2, 3, rows[i].written * SECOND,
							rows[i].changed * SECOND };
		if (image_seen_is_settled(&stamp, rows[i].now * SECOND) != rows[i].settled)
			fail_msg("%s", rows[i].name);
	}
	/* A pipe has no stamp; a clock that cannot be read tells nothing. */
	assert_false(image_seen_is_settled(&(struct vocab_file_stamp){ 0 }, 200 * SECOND));
	assert_false(image_seen_is_settled(&example, INT64_MIN + 10 * SECOND));
}

static void make_folder(char folder[64])
{
	strcpy(folder, "/tmp/tok-seen-XXXXXX");
	assert_non_null(mkdtemp(folder));
}

static void remove_folder(const char *folder)
{
	char name[128];
	snprintf(name, sizeof name, "%s/sources", folder);
	unlink(name);
	snprintf(name, sizeof name, "%s/secret-%lu", folder, (unsigned long)geteuid());
	unlink(name);
	assert_int_equal(rmdir(folder), 0);
}

static bool find(const char *folder, struct vocab_file_stamp stamp, struct vocab_hash *hash)
{
	struct image_seen seen;
	image_seen_load(&seen, folder, MARK);
	return image_seen_find(&seen, &stamp, hash);
}

static void test_each_number_counts(void **state)
{
	(void)state;
	char folder[64];
	struct vocab_hash hash;
	make_folder(folder);
	assert_false(find(folder, example, &hash));
	image_seen_keep(folder, MARK, &example, (struct vocab_hash){ 5, 6 });
	assert_true(find(folder, example, &hash));
	assert_true(hash.low == 5 && hash.high == 6);
	struct vocab_file_stamp others[5] = { example, example, example, example, example };
	others[0].device++;
	others[1].inode++;
	others[2].bytes++;
	others[3].written_ns++;
	others[4].changed_ns++;
	for (size_t i = 0; i < 5; i++)
		if (find(folder, others[i], &hash))
			fail_msg("number %zu of the stamp", i);
	/* The same file as it is later takes the place of what it was. */
	image_seen_keep(folder, MARK, &others[4], (struct vocab_hash){ 7, 8 });
	assert_false(find(folder, example, &hash));
	assert_true(find(folder, others[4], &hash));
	assert_true(hash.low == 7 && hash.high == 8);
	remove_folder(folder);
}

/* Of another secret they are hashes of nothing; what is kept then takes their place. */
static void test_hashes_are_of_one_secret(void **state)
{
	struct image_seen seen;
	char folder[64];
	(void)state;
	make_folder(folder);
	image_seen_keep(folder, 5, &example, (struct vocab_hash){ 5, 6 });
	image_seen_load(&seen, folder, 5);
	assert_int_equal(seen.count, 1);
	image_seen_load(&seen, folder, 7);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seen.mark, 7);
	struct vocab_file_stamp other = example;
	other.inode++;
	image_seen_keep(folder, 7, &other, (struct vocab_hash){ 7, 8 });
	image_seen_load(&seen, folder, 7);
	assert_int_equal(seen.count, 1);
	image_seen_load(&seen, folder, 5);
	assert_int_equal(seen.count, 0);
	remove_folder(folder);
}

/* Who else may write the file could say of any source that it is another. */
static void test_only_our_own_is_believed(void **state)
{
	static const mode_t modes[] = { 0620, 0602, 0666 };
	(void)state;
	char folder[64], name[128];
	struct vocab_hash hash;
	make_folder(folder);
	snprintf(name, sizeof name, "%s/sources", folder);
	for (size_t i = 0; i < 3; i++) {
		image_seen_keep(folder, MARK, &example, (struct vocab_hash){ 5, 6 });
		assert_true(find(folder, example, &hash));
		assert_int_equal(chmod(name, modes[i]), 0);
		assert_false(find(folder, example, &hash));
	}
	remove_folder(folder);
}

static void test_the_oldest_is_forgotten(void **state)
{
	(void)state;
	char folder[64];
	struct vocab_hash hash;
	make_folder(folder);
	for (uint64_t i = 1; i <= IMAGE_SEEN + 10; i++) {
		struct vocab_file_stamp stamp = example;
		stamp.inode = i;
		image_seen_keep(folder, MARK, &stamp, (struct vocab_hash){ i, 0 });
	}
	for (uint64_t i = 1; i <= IMAGE_SEEN + 10; i++) {
		struct vocab_file_stamp stamp = example;
		stamp.inode = i;
		assert_int_equal(find(folder, stamp, &hash), i > 10);
		if (i > 10)
			assert_int_equal(hash.low, i);
	}
	remove_folder(folder);
}

/* ---- images --------------------------------------------------------------- */

/* The only image in a folder, as a path that the caller has room for. */
static void find_image(const char *folder, char *out, size_t room)
{
	size_t count = 0;
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (const struct dirent *at; (at = readdir(dir));)
		if (strstr(at->d_name, ".tok") && ++count)
			snprintf(out, room, "%s/%s", folder, at->d_name);
	closedir(dir);
	assert_int_equal(count, 1);
}

static void change_last_byte(const char *path)
{
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, -1, SEEK_END), 0);
	const int last = fgetc(file);
	assert_int_equal(fseek(file, -1, SEEK_END), 0);
	assert_int_equal(fputc(last ^ 1, file), last ^ 1);
	assert_int_equal(fclose(file), 0);
}

static bool is_changed(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct image_header header;
	struct tok_buffer bytes = { 0 };
	struct tok_error err;
	uint8_t some[4096];
	struct tok_span block;
	for (size_t n; file && (n = fread(some, 1, sizeof some, file)) > 0;)
		assert_true(tok_buffer_add(&bytes, some, n));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(image_check_header(tok_buffer_span(&bytes), &header, &block, &err),
			 TOK_OK);
	const bool changed = image_check_block(&header, block, &err) != TOK_OK;
	tok_buffer_release(&bytes);
	return changed;
}

static void open_cached(const char *source, const char *folder)
{
	struct tok_tokenizer *made;
	struct tok_error err = { 0 };
	if (vocab_image_open(source, NULL, folder, &made, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_tokenizer_free(made);
}

/* Remembered as whole under its stamp it is taken as it is; written to again it is looked
 * through, found to be damaged, and made anew. */
static void test_a_whole_image_is_looked_through_once(void **state)
{
	char folder[64], image[512];
	char *source = fixture_path("gguf", "bert.gguf");
	struct vocab_hash file, hash;
	struct image_secret secret;
	struct vocab_source opened;
	struct tok_error err = { 0 };
	struct stat info;
	(void)state;
	make_folder(folder);
	open_cached(source, folder);
	find_image(folder, image, sizeof image);
	assert_int_equal(vocab_source_open(source, &opened, &err), TOK_OK);
	assert_true(image_secret_load(&secret, folder));
	file = image_hash(opened.files[0], &secret);
	hash = image_hash_source(&file, 1, NULL, &secret);
	vocab_source_close(&opened);

	change_last_byte(image);
	assert_int_equal(stat(image, &info), 0);
	const struct vocab_file_stamp stamp = vocab_file_stamp_of(&info);
	image_seen_keep(folder, secret.mark, &stamp, hash);
	open_cached(source, folder);
	assert_true(is_changed(image));

	assert_int_equal(utimensat(AT_FDCWD, image, NULL, 0), 0);
	open_cached(source, folder);
	assert_false(is_changed(image));

	/* What is noted of the use of an image that was not used for hours gives it another
	 * stamp: nothing is kept for the old one. */
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct image_seen seen;
	assert_int_equal(utimensat(AT_FDCWD, image, old, 0), 0);
	sleep(4);
	open_cached(source, folder);
	image_seen_load(&seen, folder, secret.mark);
	assert_int_equal(seen.count, 2); /* the source, and what was kept above */

	assert_int_equal(unlink(image), 0);
	remove_folder(folder);
	free(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_settled_is_remembered),
		cmocka_unit_test(test_each_number_counts),
		cmocka_unit_test(test_hashes_are_of_one_secret),
		cmocka_unit_test(test_only_our_own_is_believed),
		cmocka_unit_test(test_the_oldest_is_forgotten),
		cmocka_unit_test(test_a_whole_image_is_looked_through_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
