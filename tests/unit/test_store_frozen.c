/* test_store_frozen.c - a store that can only be read without locks, while others write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "vocab/store/store.h"

static const char source_json[] =
    "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},"
    "\"merges\":[[\"a\",\"b\"]]}}";

static const struct vocab_source source = {
	.path = "ab.json",
	.files = { { (const uint8_t *)source_json, sizeof source_json - 1 } },
	.count = 1,
};

static char folder[64], path[96], locks[104], exported[96];
static int opened;      /* without locks, so often */
static bool is_unquiet; /* and each time others write at once */

/* ---- others -------------------------------------------------------------------------------- */

/* A link to nowhere in the place of the file with the locks, as in a folder that is not to be
 * written: who writes has it away meanwhile. */
static void hold(bool on)
{

	unlink(locks);
	if (on)
		assert_int_equal(symlink("nowhere/at/all", locks), 0);
}

/* Later than all before, whatever the clock of files says. */
static void age(void)
{
	static time_t second = 1000000000;
	const struct timespec times[2] = { { second, 0 }, { second, 0 } };
	second++;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void change(enum tok_status (*run)(struct vocab_store *, const char *, struct tok_error *),
		   const char *name)
{
	struct vocab_store *store;
	struct tok_error err = { 0 };
	hold(false);
	assert_int_equal(vocab_store_open(folder, VOCAB_STORE_WRITE, &store, &err), TOK_OK);
	assert_int_equal(run(store, name, &err), TOK_OK);
	vocab_store_close(store);
	hold(true);
	age();
}

static enum tok_status add(struct vocab_store *store, const char *name, struct tok_error *err)
{
	const struct vocab_store_about about = { 0 };
	return vocab_store_add(store, name, &source, &about, err);
}

static enum tok_status import(struct vocab_store *store, const char *file, struct tok_error *err)
{
	size_t added;
	const enum tok_status status = vocab_store_import(store, file, NULL, &added, err);
	assert_int_equal(added, 2);
	return status;
}

int __real_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs);

int __wrap_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs)
{
	const int code = __real_sqlite3_open_v2(name, db, flags, vfs);
	if (strstr(name, "immutable=1")) {
		opened++;
		if (is_unquiet)
			age();
	}
	return code;
}

/* In the moment between what is known of a vocabulary and its source. */
static unsigned replaces; /* then "long" has another source, so often */
static char noise[2][40000];

static enum tok_status add_long(struct vocab_store *store, const char *name, struct tok_error *err)
{
	static unsigned which;
	const struct vocab_store_about about = { .replace = true };
	char *json = noise[which++ % 2];
	const struct vocab_source with = {
		.path = "long.json",
		.files = { { (const uint8_t *)json, strlen(json) } },
		.count = 1,
	};
	return vocab_store_add(store, name, &with, &about, err);
}

int __real_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int count, sqlite3_stmt **out,
			      const char **tail);
int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int count, sqlite3_stmt **out,
			      const char **tail);

int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int count, sqlite3_stmt **out,
			      const char **tail)
{
	if (replaces > 0 && strncmp(sql, "SELECT zstd FROM content", 24) == 0) {
		const unsigned left = replaces - 1;
		replaces = 0;
		change(add_long, "long");
		replaces = left;
	}
	return __real_sqlite3_prepare_v2(db, sql, count, out, tail);
}

/* ---- who reads ------------------------------------------------------------------------------- */

static struct vocab_store *open_frozen(void)
{
	struct vocab_store *store;
	struct tok_error err = { 0 };
	opened = 0;
	assert_int_equal(vocab_store_open(folder, VOCAB_STORE_READ, &store, &err), TOK_OK);
	assert_int_equal(opened, 1);
	return store;
}

static size_t count(struct vocab_store *store)
{
	struct vocab_store_list list;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_store_find(store, NULL, &list, &err), TOK_OK);
	const size_t found = list.count;
	vocab_store_list_release(&list);
	return found;
}

static void count_sound(void *data, const char *name, const char *trouble)
{
	assert_non_null(name);
	assert_null(trouble);
	++*(size_t *)data;
}

static void what_others_write_is_read(void **state)
{
	struct vocab_store *store = open_frozen();
	struct vocab_store_source read;
	struct vocab_store_list list;
	struct tok_tokenizer *made;
	struct tok_error err = { 0 };
	bool found;
	size_t sound = 0;
	(void)state;
	assert_int_equal(count(store), 1);
	assert_int_equal(count(store), 1);
	assert_int_equal(opened, 1);
	change(add, "second");
	assert_int_equal(count(store), 2);
	assert_int_equal(opened, 2);
	change(add, "third");
	assert_int_equal(vocab_store_verify(store, count_sound, &sound, &err), TOK_OK);
	assert_int_equal(sound, 3);
	change(vocab_store_remove, "kept");
	assert_int_equal(vocab_store_read(store, "kept", &read, &err), TOK_EARG);
	assert_int_equal(vocab_store_load(store, "kept", &found, &made, &err), TOK_OK);
	assert_false(found);
	change(add, "kept");
	assert_int_equal(vocab_store_export(store, exported, &err), TOK_OK);
	change(vocab_store_remove, "second");
	assert_int_equal(vocab_store_survey(store, NULL, &list, &err), TOK_OK);
	assert_int_equal(list.count, 2);
	vocab_store_list_release(&list);
	change(vocab_store_remove, "third");
	assert_int_equal(count(store), 1);
	vocab_store_close(store);
	change(import, exported);
	assert_int_equal(opened, 7); /* once after each change */
	change(vocab_store_remove, "second");
	change(vocab_store_remove, "third");
}

static enum tok_status load_long(struct vocab_store *store, struct tok_error *err)
{
	struct tok_tokenizer *made;
	bool found;
	const enum tok_status status = vocab_store_load(store, "long", &found, &made, err);
	if (status == TOK_OK) {
		assert_true(found);
		tok_tokenizer_free(made);
	}
	return status;
}

static enum tok_status path_of_long(struct vocab_store *store, struct tok_error *err)
{
	char *image;
	const enum tok_status status = vocab_store_path(store, "long", &image, err);
	free(image);
	return status;
}

static enum tok_status read_long(struct vocab_store *store, struct tok_error *err)
{
	struct vocab_store_source read;
	const enum tok_status status = vocab_store_read(store, "long", &read, err);
	if (status == TOK_OK)
		vocab_store_source_release(&read);
	return status;
}

static void a_source_that_is_replaced_is_the_new_one(void **state)
{
	enum tok_status (*const ways[])(
	    struct vocab_store *, struct tok_error *) = { load_long, path_of_long, read_long };
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s/images", folder);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct tok_error err = { 0 };
		change(add_long, "long");
		struct vocab_store *store = open_frozen();
		assert_int_equal(system(command), 0); /* made again from the source */
		replaces = 1;
		assert_int_equal(ways[i](store, &err), TOK_OK);
		assert_int_equal(replaces, 0);
		vocab_store_close(store);
	}
	change(vocab_store_remove, "long");
}

/* What others write all the time is not waited for without end. */
static void who_never_rests_is_told(void **state)
{
	struct vocab_store *store = open_frozen();
	struct vocab_store_list list;
	struct tok_error err = { 0 };
	(void)state;
	is_unquiet = true;
	age();
	assert_int_equal(vocab_store_find(store, NULL, &list, &err), TOK_EIO);
	assert_non_null(strstr(err.message, "others changed it whenever it was read"));
	assert_in_range(opened, 10, 100);
	vocab_store_list_release(&list);
	vocab_store_close(store);
	is_unquiet = false;
}

/* A tick of the clock in which it was changed may have another change in it. */
static void what_was_changed_just_now_is_waited_for(void **state)
{
	struct timespec now, then;
	(void)state;
	clock_gettime(CLOCK_REALTIME, &now);
	const struct timespec times[2] = { now, now };
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	vocab_store_close(open_frozen());
	clock_gettime(CLOCK_REALTIME, &then);
	assert_true((then.tv_sec - now.tv_sec) * 1000000000 + then.tv_nsec - now.tv_nsec >
		    10000000);
	age();
}

static int make(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test_store_frozen.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/store.db", folder);
	snprintf(locks, sizeof locks, "%s-shm", path);
	snprintf(exported, sizeof exported, "%s/all.db", folder);
	srand(1);
	for (size_t i = 0; i < 2; i++) {
		char *at = noise[i] + sprintf(noise[i], "%.*s,\"x\":\"",
					      (int)sizeof source_json - 2, source_json);
		while (at < noise[i] + sizeof noise[i] - 8)
			*at++ = (char)('a' + rand() / 7 % 26);
		strcpy(at, "\"}");
	}
	change(add, "kept");
	return 0;
}

static int clean(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_write_is_read),
		cmocka_unit_test(a_source_that_is_replaced_is_the_new_one),
		cmocka_unit_test(who_never_rests_is_told),
		cmocka_unit_test(what_was_changed_just_now_is_waited_for),
	};
	return cmocka_run_group_tests(tests, make, clean);
}
