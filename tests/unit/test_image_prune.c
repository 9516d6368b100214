/*
 * test_image_prune.c - which files of a cache folder go, and which stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vocab/image/image_internal.h"

enum { FILES = 4, EACH = 100 };

/* "0...0I.tok", with digits of a hash or of a digest, used at second I, in order of age. */
static void name_file(char name[128], const char *folder, int i)
{
	snprintf(name, 128, i % 2 ? "%s/%064x.tok" : "%s/%032x.tok", folder, (unsigned)i);
}

static void make_files(const char *folder)
{
	for (int i = 0; i < FILES; i++) {
		char name[128];
		const struct timespec times[2] = { { 1000 + i, 0 }, { 1000 + i, 0 } };
		name_file(name, folder, i);
		const int fd = open(name, O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0 && ftruncate(fd, EACH) == 0 && futimens(fd, times) == 0);
		close(fd);
	}
}

static void test_the_one_in_use_stays(void **state)
{
	(void)state;
	for (int kept = 0; kept < FILES; kept++) {
		for (int room = 0; room <= FILES; room++) {
			char folder[64] = "/tmp/tok-prune-XXXXXX", name[128];
			int left = 0;
			assert_non_null(mkdtemp(folder));
			make_files(folder);
			name_file(name, folder, kept);
			image_prune(folder, name + strlen(folder) + 1, (uint64_t)room * EACH + 1);
			assert_int_equal(access(name, F_OK), 0);
			for (int i = 0; i < FILES; i++) {
				name_file(name, folder, i);
				const bool stayed = unlink(name) == 0;
				/* It takes its room from the youngest of the others. */
				const int younger = FILES - 1 - i - (kept > i);
				left += stayed;
				if (i != kept)
					assert_int_equal(stayed, younger + 1 < room);
			}
			assert_int_equal(left, room > 1 ? room : 1);
			assert_int_equal(rmdir(folder), 0);
		}
	}
}

static void test_no_folder_is_no_trouble(void **state)
{
	(void)state;
	image_prune("/nowhere/at/all", "x", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_one_in_use_stays),
		cmocka_unit_test(test_no_folder_is_no_trouble),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
