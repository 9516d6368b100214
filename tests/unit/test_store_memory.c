/* test_store_memory.c - each allocation of a store fails once: told, nothing lost, nothing kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "heap.h"
#include "vocab/store/store.h"

static const char source_json[] =
    "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},"
    "\"merges\":[[\"a\",\"b\"]]}}";

static char folder[64], elsewhere[64], exported[96];
static unsigned number;

static const struct vocab_source source = {
	.path = "ab.json",
	.files = { { (const uint8_t *)source_json, sizeof source_json - 1 } },
	.count = 1,
};

/* Opens, does, closes; what is done is there afterwards, or not at all. */
static enum tok_status with_store(const char *where, enum vocab_store_mode mode,
				  enum tok_status (*run)(struct vocab_store *, struct tok_error *))
{
	struct tok_error err = { 0 };
	struct vocab_store *store;
	enum tok_status status = vocab_store_open(where, mode, &store, &err);
	if (status == TOK_OK) {
		assert_non_null(store);
		status = run(store, &err);
	}
	vocab_store_close(store);
	if (status != TOK_OK && status != TOK_ENOMEM)
		print_message("%s\n", err.message);
	return status;
}

static enum tok_status add_one(struct vocab_store *store, struct tok_error *err)
{
	const struct vocab_store_about about = { .licence = "MIT" };
	char name[32];
	snprintf(name, sizeof name, "v%u", number++);
	return vocab_store_add(store, name, &source, &about, err);
}

static enum tok_status load_one(struct vocab_store *store, struct tok_error *err)
{
	struct tok_tokenizer *made;
	bool found;
	const enum tok_status status = vocab_store_load(store, "kept", &found, &made, err);
	if (status == TOK_OK) {
		assert_true(found);
		assert_int_equal(tok_tokenizer_size(made), 3);
		tok_tokenizer_free(made);
	}
	return status;
}

static enum tok_status read_one(struct vocab_store *store, struct tok_error *err)
{
	struct vocab_store_source read;
	const enum tok_status status = vocab_store_read(store, "kept", &read, err);
	if (status == TOK_OK) {
		assert_true(tok_span_equal(read.source.files[0], source.files[0]));
		vocab_store_source_release(&read);
	}
	return status;
}

static enum tok_status list_all(struct vocab_store *store, struct tok_error *err)
{
	struct vocab_store_list list;
	const enum tok_status status = vocab_store_find(store, NULL, &list, err);
	vocab_store_list_release(&list);
	return status;
}

static enum tok_status survey_all(struct vocab_store *store, struct tok_error *err)
{
	struct vocab_store_list list;
	const enum tok_status status = vocab_store_survey(store, NULL, &list, err);
	vocab_store_list_release(&list);
	return status;
}

static enum tok_status path_of_one(struct vocab_store *store, struct tok_error *err)
{
	char *path;
	const enum tok_status status = vocab_store_path(store, "kept", &path, err);
	free(path);
	return status;
}

static void tell(void *data, const char *name, const char *trouble)
{
	(void)data;
	(void)name;
	assert_null(trouble);
}

static enum tok_status verify(struct vocab_store *store, struct tok_error *err)
{
	return vocab_store_verify(store, tell, NULL, err);
}

static enum tok_status export_all(struct vocab_store *store, struct tok_error *err)
{
	return vocab_store_export(store, exported, err);
}

static enum tok_status import_all(struct vocab_store *store, struct tok_error *err)
{
	size_t added;
	return vocab_store_import(store, exported, NULL, &added, err);
}

static enum tok_status rename_there_and_back(struct vocab_store *store, struct tok_error *err)
{
	const enum tok_status status = vocab_store_rename(store, "kept", "other", err);
	return status == TOK_OK ? vocab_store_rename(store, "other", "kept", err) : status;
}

static enum tok_status add_and_remove(struct vocab_store *store, struct tok_error *err)
{
	const enum tok_status status = add_one(store, err);
	char name[32];
	snprintf(name, sizeof name, "v%u", number - 1);
	return status == TOK_OK ? vocab_store_remove(store, name, err) : status;
}

static void each_allocation_may_fail(void **state)
{
	static const struct {
		const char *where;
		enum vocab_store_mode mode;
		enum tok_status (*run)(struct vocab_store *, struct tok_error *);
	} tries[] = {
		{ folder, VOCAB_STORE_WRITE, add_one },
		{ folder, VOCAB_STORE_READ, load_one },
		{ folder, VOCAB_STORE_READ, read_one },
		{ folder, VOCAB_STORE_READ, list_all },
		{ folder, VOCAB_STORE_CHANGE, survey_all },
		{ folder, VOCAB_STORE_READ, path_of_one },
		{ folder, VOCAB_STORE_READ, verify },
		{ folder, VOCAB_STORE_READ, export_all },
		{ elsewhere, VOCAB_STORE_WRITE, import_all },
		{ folder, VOCAB_STORE_CHANGE, rename_there_and_back },
		{ folder, VOCAB_STORE_CHANGE, add_and_remove },
	};
	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		size_t failures = 0;
		enum tok_status status = TOK_ENOMEM;
		for (; status != TOK_OK; failures++) {
			const long before = heap.live;
			heap.asked = 0;
			heap.fails_at = failures + 1;
			status = with_store(tries[i].where, tries[i].mode, tries[i].run);
			heap.fails_at = 0;
			assert_true(status == TOK_OK || status == TOK_ENOMEM);
			/* Paths that the C library made are freed and were not counted. */
			assert_true(heap.live <= before);
		}
		assert_true(failures > 3);
	}
	assert_int_equal(with_store(folder, VOCAB_STORE_READ, verify), TOK_OK);
}

/* ---- a store of version 1 --------------------------------------------------------------- */

static sqlite3 *open_database(void)
{
	char path[96];
	sqlite3 *db;
	snprintf(path, sizeof path, "%s/store.db", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static bool has_statistics(void)
{
	sqlite3 *db = open_database();
	sqlite3_stmt *select;
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT 1 FROM statistics", -1, &select, NULL),
			 SQLITE_OK);
	const bool has = sqlite3_step(select) == SQLITE_ROW;
	sqlite3_finalize(select);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return has;
}

static void make_old(void)
{
	sqlite3 *db = open_database();
	assert_int_equal(
	    sqlite3_exec(db,
			 "PRAGMA synchronous = OFF; DROP TABLE IF EXISTS script;"
			 "DROP TABLE IF EXISTS statistics; DROP TABLE IF EXISTS digest;"
			 "PRAGMA user_version = 1",
			 NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static enum tok_status survey(struct vocab_store *store, struct tok_error *err)
{
	struct vocab_store_list list;
	const enum tok_status status = vocab_store_survey(store, NULL, &list, err);
	if (status == TOK_OK) {
		assert_int_equal(list.count, 1);
		assert_non_null(list.entries[0].statistics);
		assert_int_equal(list.entries[0].statistics->numbers[VOCAB_STATISTIC_TOKENS], 3);
		assert_int_equal(list.entries[0].statistics->numbers[VOCAB_STATISTIC_MERGES], 1);
	}
	vocab_store_list_release(&list);
	return status;
}

/* Read as it is, and made one of this version: both with each allocation failing in turn.  What
 * went well is kept. */
static void an_old_store(void **state)
{
	static const enum vocab_store_mode modes[] = { VOCAB_STORE_READ, VOCAB_STORE_CHANGE };
	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		size_t failures = 0, told = 0;
		do {
			make_old();
			const long before = heap.live;
			heap.asked = 0;
			heap.fails_at = ++failures;
			const enum tok_status status = with_store(folder, modes[i], survey);
			heap.fails_at = 0;
			assert_true(status == TOK_OK || status == TOK_ENOMEM);
			assert_true(heap.live <= before);
			told += status == TOK_ENOMEM;
			assert_true(status != TOK_OK || i == 0 || has_statistics());
		} while (heap.asked >= failures);
		assert_true(told > 20);
		assert_int_equal(with_store(folder, VOCAB_STORE_READ, survey), TOK_OK);
		assert_int_equal(with_store(folder, VOCAB_STORE_READ, verify), TOK_OK);
	}
}

/* ---- many names ------------------------------------------------------------------------- */

static size_t count_import(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", elsewhere);
	assert_int_equal(system(command), 0);
	assert_int_equal(with_store(folder, VOCAB_STORE_READ, export_all), TOK_OK);
	heap.asked = 0;
	assert_int_equal(with_store(elsewhere, VOCAB_STORE_WRITE, import_all), TOK_OK);
	return heap.asked;
}

/* A source is unpacked and compiled once when it is imported, not for each of its names. */
static void a_name_costs_less_than_a_source(void **state)
{
	enum { NAMES = 20 };
	(void)state;
	const size_t few = count_import();
	for (int i = 0; i < NAMES; i++)
		assert_int_equal(with_store(folder, VOCAB_STORE_CHANGE, add_one), TOK_OK);
	const size_t more = count_import();
	print_message("%zu allocations, %zu with %d names more\n", few, more, NAMES);
	assert_true(more < few + 10 * NAMES);
}

static enum tok_status add_kept(struct vocab_store *store, struct tok_error *err)
{
	const struct vocab_store_about about = { 0 };
	return vocab_store_add(store, "kept", &source, &about, err);
}

static int make(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/tok-store-%d", (int)getpid());
	snprintf(elsewhere, sizeof elsewhere, "/tmp/tok-store-%d-b", (int)getpid());
	snprintf(exported, sizeof exported, "%s.db", folder);
	return with_store(folder, VOCAB_STORE_WRITE, add_kept) != TOK_OK;
}

static int clean(void **state)
{
	char command[256];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s %s %s", folder, elsewhere, exported);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_store), /* while it has one vocabulary */
		cmocka_unit_test(each_allocation_may_fail),
		cmocka_unit_test(a_name_costs_less_than_a_source),
	};
	return cmocka_run_group_tests(tests, make, clean);
}
