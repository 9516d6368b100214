/* test_store_busy.c - somebody else begins a new store in the moment when it is to get its log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "vocab/store/store.h"

static char folder[64], path[96];
static sqlite3 *other;
static int tries, held; /* how often the log was asked for; during how many of these others write */

typedef int each_row(void *data, int count, char **values, char **names);
int __real_sqlite3_exec(sqlite3 *db, const char *sql, each_row *row, void *data, char **message);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, each_row *row, void *data, char **message);

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, each_row *row, void *data, char **message)
{
	const bool is_log = strstr(sql, "journal_mode") != NULL;
	if (is_log && tries == 0) {
		assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
		assert_int_equal(__real_sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
				 SQLITE_OK);
	}
	if (is_log && tries++ == held) {
		__real_sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
		sqlite3_close(other);
	}
	return __real_sqlite3_exec(db, sql, row, data, message);
}

static void is_waited_for(void **state)
{
	struct vocab_store *store = NULL;
	struct vocab_store_list list;
	struct tok_error err = { 0 };
	(void)state;
	held = 3;
	assert_int_equal(vocab_store_open(folder, VOCAB_STORE_WRITE, &store, &err), TOK_OK);
	assert_int_equal(tries, held + 1);
	assert_int_equal(vocab_store_find(store, NULL, &list, &err), TOK_OK);
	assert_int_equal(list.count, 0);
	vocab_store_list_release(&list);
	vocab_store_close(store);
}

static int make(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test_store_busy.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/store.db", folder);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(is_waited_for) };
	return cmocka_run_group_tests(tests, make, clean);
}
