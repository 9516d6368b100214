/*
 * test_tensor_file.c - files that are there whole or not at all: full disks, writers that are
 * killed, two at once.
 *
 * Linked with --wrap for flock and open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "hypernet/tensor/write.h"
#include "tests/unit/tensor_files.h"

static char folder[32];
static char *path;

/* What happens just before the next lock is taken. */
static void (*before_lock)(void);

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

int __wrap_flock(int fd, int operation)
{
	void (*const now)(void) = before_lock;
	before_lock = NULL;
	if (now)
		now();
	return __real_flock(fd, operation);
}

/* A file system without files that have no name. */
static bool names_are_needed;

int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);

int __wrap_open(const char *name, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(more, int) : 0;
	va_end(more);
	if (names_are_needed && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_open(name, flags, mode);
}

static int make_folder(void **state)
{
	(void)state;
	tensor_folder_make(folder);
	path = tensor_path(folder, "out.npy");
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	tensor_folder_remove(folder);
	free(path);
	return 0;
}

/* What is at FOLDER/NAME; "missing" if nothing is. */
static void check_content(const char *name, const char *wanted)
{
	char *file = tensor_path(folder, name), got[4096] = "missing";
	FILE *in = fopen(file, "rb");
	if (in) {
		got[fread(got, 1, sizeof got - 1, in)] = '\0';
		fclose(in);
	}
	free(file);
	assert_string_equal(got, wanted);
}

static size_t count_files(void)
{
	char command[64];
	size_t count = 0;
	snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
	FILE *in = popen(command, "r");
	assert_true(in && fscanf(in, "%zu", &count) == 1);
	pclose(in);
	return count;
}

static void put(struct hyper_file *file, uint64_t at, const char *text)
{
	struct tok_error err = { 0 };
	if (hyper_file_put(file, at, text, strlen(text), &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static struct hyper_file *create(void)
{
	struct hyper_file *file;
	struct tok_error err = { 0 };
	if (hyper_file_create(path, &file, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return file;
}

static struct hyper_file *resume(uint64_t wanted_bytes)
{
	struct hyper_file *file;
	struct tok_error err = { 0 };
	uint64_t bytes;
	if (hyper_file_resume(path, &file, &bytes, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(bytes, wanted_bytes);
	return file;
}

static void commit(struct hyper_file *file)
{
	struct tok_error err = { 0 };
	if (hyper_file_commit(&file, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_null(file);
}

/* ---- one writer -------------------------------------------------------------------------- */

static void nothing_is_there_until_it_is_committed(void **state)
{
	char back[4] = "";
	struct tok_error err = { 0 };
	(void)state;
	struct hyper_file *file = create();
	put(file, 3, "def");
	put(file, 0, "abc");
	check_content("out.npy", "missing");
	assert_int_equal(hyper_file_get(file, 2, back, 3, &err), TOK_OK);
	assert_string_equal(back, "cde");
	assert_int_equal(hyper_file_get(file, 4, back, 3, &err), TOK_EIO);
	assert_non_null(strstr(err.message, "it ends at byte 6"));
	assert_int_equal(hyper_file_put(file, UINT64_MAX, back, 1, &err), TOK_EARG);
	assert_int_equal(hyper_file_get(file, INT64_MAX, back, 1, &err), TOK_EARG);
	assert_int_equal(hyper_file_resize(file, UINT64_MAX, &err), TOK_EARG);
	commit(file);
	check_content("out.npy", "abcdef");
	assert_int_equal(count_files(), 1);
}

static void what_was_there_stays_if_it_is_abandoned(void **state)
{
	(void)state;
	tensor_write(folder, "out.npy", tok_span_of("old"));
	struct hyper_file *file = create();
	put(file, 0, "new and longer");
	check_content("out.npy", "old");
	hyper_file_abandon(&file);
	assert_null(file);
	hyper_file_abandon(&file);
	check_content("out.npy", "old");
	assert_int_equal(count_files(), 1);
	file = create();
	put(file, 0, "new");
	commit(file);
	check_content("out.npy", "new");
	assert_int_equal(count_files(), 1);
}

static void sizes_are_set(void **state)
{
	struct tok_error err = { 0 };
	struct stat info;
	(void)state;
	struct hyper_file *file = create();
	put(file, 0, "abcdef");
	assert_int_equal(hyper_file_resize(file, 4, &err), TOK_OK);
	assert_int_equal(hyper_file_sync(file, &err), TOK_OK);
	commit(file);
	check_content("out.npy", "abcd");
	assert_int_equal(stat(path, &info), 0);
	const mode_t mask = umask(0);
	umask(mask);
	assert_int_equal(info.st_mode & 0777, 0666 & ~mask);
}

static void a_link_stays_one(void **state)
{
	struct stat info;
	(void)state;
	tensor_write(folder, "real.npy", tok_span_of("old"));
	assert_int_equal(symlink("real.npy", path), 0);
	struct hyper_file *file = create();
	put(file, 0, "new");
	commit(file);
	check_content("real.npy", "new");
	file = resume(0);
	check_content("real.npy.part", "");
	put(file, 0, "newer");
	commit(file);
	check_content("real.npy", "newer");
	assert_true(lstat(path, &info) == 0 && S_ISLNK(info.st_mode));
}

/* The file that a link leads to is made, whatever folder the link is in. */
static void a_link_to_nothing_stays_one(void **state)
{
	struct stat info;
	char *inner = tensor_path(folder, "inner"), *second = tensor_path(folder, "inner/second");
	char *loop = tensor_path(folder, "loop");
	struct hyper_file *file;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(mkdir(inner, 0755), 0);
	assert_int_equal(symlink("inner/second", path), 0);
	assert_int_equal(symlink("../made.npy", second), 0);
	file = create();
	put(file, 0, "new");
	commit(file);
	check_content("made.npy", "new");
	assert_true(lstat(path, &info) == 0 && S_ISLNK(info.st_mode));
	assert_true(lstat(second, &info) == 0 && S_ISLNK(info.st_mode));
	assert_int_equal(symlink("loop", loop), 0);
	assert_int_equal(hyper_file_create(loop, &file, &err), TOK_EIO);
	assert_true(lstat(loop, &info) == 0 && S_ISLNK(info.st_mode));
	free(inner);
	free(second);
	free(loop);
}

static void a_name_is_told(void **state)
{
	struct hyper_file *file = create();
	(void)state;
	assert_null(hyper_file_temporary(file));
	hyper_file_abandon(&file);
	file = resume(0);
	assert_null(hyper_file_temporary(file)); /* it stays */
	hyper_file_abandon(&file);
	names_are_needed = true;
	file = create();
	names_are_needed = false;
	const char *name = hyper_file_temporary(file);
	assert_non_null(name);
	assert_int_equal(access(name, F_OK), 0);
	hyper_file_abandon(&file);
}

static void what_cannot_be_written_is_refused(void **state)
{
	static const char *const paths[] = { "/dev/full", "/dev", "/proc/tok/x", "/dev/null/x" };
	struct hyper_file *file = NULL;
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct tok_error err = { 0 };
		uint64_t bytes;
		assert_int_equal(hyper_file_create(paths[i], &file, &err), TOK_EIO);
		assert_non_null(strstr(err.message, paths[i]));
		assert_int_equal(hyper_file_resume(paths[i], &file, &bytes, &err), TOK_EIO);
		assert_non_null(strstr(err.message, paths[i]));
		assert_null(file);
	}
}

/* Files may not grow beyond 64 KiB from here on. */
static rlim_t limit_size(rlim_t bytes)
{
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	const rlim_t old = limit.rlim_cur;
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	return old;
}

static void a_full_disk_is_an_error(void **state)
{
	static uint8_t zeros[100000];
	(void)state;
	tensor_write(folder, "out.npy", tok_span_of("old"));
	struct hyper_file *files[] = { create(), resume(0) };
	const rlim_t old = limit_size(1 << 16);
	for (size_t i = 0; i < 2; i++) {
		struct tok_error err = { 0 };
		assert_int_equal(hyper_file_put(files[i], 0, zeros, sizeof zeros, &err), TOK_EIO);
		assert_non_null(strstr(err.message, "out.npy"));
		assert_int_equal(hyper_file_resize(files[i], 1 << 17, &err), TOK_EIO);
		hyper_file_abandon(&files[i]);
	}
	limit_size(old);
	check_content("out.npy", "old");
	assert_int_equal(count_files(), 2); /* and what can be resumed */
	struct hyper_file *again = resume(1 << 16);
	hyper_file_abandon(&again);
}

/* ---- runs that go on ----------------------------------------------------------------------- */

static void a_run_goes_on_where_it_was(void **state)
{
	char back[4] = "";
	struct tok_error err = { 0 };
	(void)state;
	tensor_write(folder, "out.npy", tok_span_of("old"));
	struct hyper_file *file = resume(0);
	put(file, 0, "abc");
	hyper_file_abandon(&file);
	check_content("out.npy", "old");
	check_content("out.npy.part", "abc");
	file = resume(3);
	assert_int_equal(hyper_file_get(file, 0, back, 3, &err), TOK_OK);
	assert_string_equal(back, "abc");
	put(file, 3, "def");
	commit(file);
	check_content("out.npy", "abcdef");
	assert_int_equal(count_files(), 1);
	file = resume(0);
	hyper_file_abandon(&file);
}

static void a_part_that_is_a_link_is_refused(void **state)
{
	struct hyper_file *file;
	struct tok_error err = { 0 };
	uint64_t bytes;
	char *part = tensor_path(folder, "out.npy.part");
	(void)state;
	tensor_write(folder, "precious", tok_span_of("mine"));
	assert_int_equal(symlink("precious", part), 0);
	assert_int_equal(hyper_file_resume(path, &file, &bytes, &err), TOK_EIO);
	assert_int_equal(unlink(part), 0);
	assert_int_equal(mkfifo(part, 0600), 0);
	assert_int_equal(hyper_file_resume(path, &file, &bytes, &err), TOK_EIO);
	check_content("precious", "mine");
	free(part);
}

/* Another process; it has begun when this returns. */
static pid_t start(void (*run)(int ready), bool *begun)
{
	int ends[2];
	char byte = 0;
	assert_int_equal(pipe(ends), 0);
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		run(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	*begun = read(ends[0], &byte, 1) == 1;
	close(ends[0]);
	return child;
}

static void write_and_wait(int ready)
{
	struct hyper_file *whole, *part;
	struct tok_error err = { 0 };
	uint64_t bytes;
	if (hyper_file_create(path, &whole, &err) != TOK_OK ||
	    hyper_file_resume(path, &part, &bytes, &err) != TOK_OK ||
	    hyper_file_put(whole, 0, "whole", 5, &err) != TOK_OK ||
	    hyper_file_put(part, 0, "part", 4, &err) != TOK_OK || write(ready, "!", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void a_killed_writer_leaves_what_was_there(void **state)
{
	struct hyper_file *file = NULL;
	struct tok_error err = { 0 };
	uint64_t bytes;
	bool begun;
	(void)state;
	tensor_write(folder, "out.npy", tok_span_of("old"));
	const pid_t child = start(write_and_wait, &begun);
	/* It has the lock. */
	const enum tok_status status = hyper_file_resume(path, &file, &bytes, &err);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(begun);
	assert_int_equal(status, TOK_EIO);
	assert_non_null(strstr(err.message, "another process is writing"));
	check_content("out.npy", "old");
	/* And nobody else has, once it is gone. */
	file = resume(4);
	commit(file);
	check_content("out.npy", "part");
}

/* ---- many at once --------------------------------------------------------------------------- */

enum { THREADS = 4, ROWS = 500 };

static void *write_rows(void *context)
{
	struct hyper_file *const *file = context;
	static _Atomic size_t next;
	const size_t mine = next++;
	for (size_t row = mine; row < ROWS; row += THREADS) {
		char text[8];
		struct tok_error err = { 0 };
		snprintf(text, sizeof text, "%06zu\n", row);
		if (hyper_file_put(*file, 7 * row, text, 7, &err) != TOK_OK)
			return NULL;
	}
	return context;
}

static void rows_come_from_any_thread(void **state)
{
	pthread_t threads[THREADS];
	struct hyper_file *file = create();
	struct tok_error err = { 0 };
	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_rows, &file), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *done = NULL;
		assert_int_equal(pthread_join(threads[i], &done), 0);
		assert_non_null(done);
	}
	for (size_t row = 0; row < ROWS; row++) {
		char wanted[8], got[8] = "";
		snprintf(wanted, sizeof wanted, "%06zu\n", row);
		assert_int_equal(hyper_file_get(file, 7 * row, got, 7, &err), TOK_OK);
		assert_string_equal(got, wanted);
	}
	commit(file);
}

static void commit_again_and_again(int ready)
{
	if (write(ready, "!", 1) != 1)
		_exit(1);
	for (int i = 0; i < 50; i++) {
		struct hyper_file *file;
		struct tok_error err = { 0 };
		uint64_t bytes;
		if (hyper_file_resume(path, &file, &bytes, &err) != TOK_OK)
			continue; /* the other one has it */
		if (bytes != 0 || hyper_file_put(file, 0, "whole", 5, &err) != TOK_OK ||
		    hyper_file_commit(&file, &err) != TOK_OK)
			_exit(2);
	}
}

static void finish_the_other(void)
{
	char *part = tensor_path(folder, "out.npy.part");
	assert_int_equal(rename(part, path), 0);
	free(part);
}

/* Who opened the other's file just before that took its place has the lock of what is no part any
 * more. */
static void a_file_that_took_its_place_is_left_alone(void **state)
{
	(void)state;
	tensor_write(folder, "out.npy.part", tok_span_of("other's"));
	before_lock = finish_the_other;
	struct hyper_file *file = resume(0);
	assert_null(before_lock);
	put(file, 0, "mine");
	check_content("out.npy", "other's");
	check_content("out.npy.part", "mine");
	commit(file);
	check_content("out.npy", "mine");
}

static void two_writers_never_share_a_file(void **state)
{
	bool begun[2];
	int status[2] = { 0 };
	(void)state;
	const pid_t one = start(commit_again_and_again, &begun[0]);
	const pid_t two = start(commit_again_and_again, &begun[1]);
	waitpid(one, &status[0], 0);
	waitpid(two, &status[1], 0);
	assert_true(begun[0] && begun[1]);
	assert_int_equal(status[0], 0);
	assert_int_equal(status[1], 0);
	check_content("out.npy", "whole");
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FOLDER(nothing_is_there_until_it_is_committed),
		WITH_FOLDER(what_was_there_stays_if_it_is_abandoned),
		WITH_FOLDER(sizes_are_set),
		WITH_FOLDER(a_link_stays_one),
		WITH_FOLDER(a_link_to_nothing_stays_one),
		WITH_FOLDER(a_name_is_told),
		WITH_FOLDER(what_cannot_be_written_is_refused),
		WITH_FOLDER(a_full_disk_is_an_error),
		WITH_FOLDER(a_run_goes_on_where_it_was),
		WITH_FOLDER(a_part_that_is_a_link_is_refused),
		WITH_FOLDER(a_killed_writer_leaves_what_was_there),
		WITH_FOLDER(rows_come_from_any_thread),
		WITH_FOLDER(a_file_that_took_its_place_is_left_alone),
		WITH_FOLDER(two_writers_never_share_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
