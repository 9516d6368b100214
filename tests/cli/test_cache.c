/* test_cache.c - which folder keeps compiled tokenizers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "cmd/cli_cache.h"

static void set(const char *name, const char *value)
{
	if (value)
		assert_int_equal(setenv(name, value, 1), 0);
	else
		assert_int_equal(unsetenv(name), 0);
}

static void the_environment_says_which_folder(void **state)
{
	static const struct {
		const char *name, *cache, *xdg, *home, *wanted;
	} rows[] = {
		{ "the home folder", NULL, NULL, "/home/a", "/home/a/.cache/tok" },
		{ "the cache folder of XDG", NULL, "/var/x", "/home/a", "/var/x/tok" },
		{ "a relative one is no folder of XDG", NULL, "x", "/home/a",
		  "/home/a/.cache/tok" },
		{ "an empty one neither", NULL, "", "/home/a", "/home/a/.cache/tok" },
		{ "our own before all", "/c", "/var/x", "/home/a", "/c" },
		{ "our own may be relative", "c", "/var/x", "/home/a", "c" },
		{ "our own may be empty", "", "/var/x", "/home/a", "/var/x/tok" },
		{ "none is wanted", "off", "/var/x", "/home/a", NULL },
		{ "none is known", NULL, NULL, NULL, NULL },
		{ "an empty home is none", NULL, NULL, "", NULL },
		{ "without a home", NULL, "/var/x", NULL, "/var/x/tok" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *folder = NULL;
		print_message("%s\n", rows[i].name);
		set("TOK_CACHE", rows[i].cache);
		set("XDG_CACHE_HOME", rows[i].xdg);
		set("HOME", rows[i].home);
		assert_int_equal(cli_cache_folder(&folder, NULL), TOK_OK);
		if (rows[i].wanted)
			assert_string_equal(folder, rows[i].wanted);
		else
			assert_null(folder);
		free(folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_environment_says_which_folder) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
