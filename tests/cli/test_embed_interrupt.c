/*
 * test_embed_interrupt.c - where files have a name from the start, a signal that ends tok embed
 * removes them.
 *
 * Linked with --wrap for open and pwrite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cli.h"
#include "hypernet/ann/nearest.h"

static char folder[] = "/tmp/test_embed_interrupt.XXXXXX";
static char model[512], net[512], tokens[64], out[64];

/* A file system without files that have no name. */
int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);

int __wrap_open(const char *name, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(more, int) : 0;
	va_end(more);
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_open(name, flags, mode);
}

/* What the signals find when the first bytes are to be written. */
enum { LEFT_NAMED = 77 };
static size_t count_files(void)
{
	char command[96];
	size_t count = 0;
	snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
	FILE *in = popen(command, "r");
	if (!in || fscanf(in, "%zu", &count) != 1)
		abort();
	pclose(in);
	return count;
}

/* The second one ends what only stops at the first. */
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t count, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	(void)fd, (void)bytes, (void)count, (void)at;
	if (count_files() != 2) /* the tokens, and one with a name */
		_exit(LEFT_NAMED);
	raise(SIGTERM);
	raise(SIGTERM);
	_exit(LEFT_NAMED + 1);
}

static void expect_removed(int argc, const char **argv)
{
	int status;
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		_exit((int)cli_run(cli_tool_find("embed"), argc, (char **)(uintptr_t)argv));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		fail_msg("it ended by itself: %d", WEXITSTATUS(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(count_files(), 1);
}

static void an_index_is_removed(void **state)
{
	const char *argv[] = { "embed", "nearest", model, tokens, "--index", out, NULL };
	(void)state;
	if (!hyper_index_is_here())
		skip();
	expect_removed(6, argv);
}

static void rows_are_removed(void **state)
{
	const char *argv[] = { "embed", "predict",  model, tokens, "--hypernet", net, "--tokens",
			       "text",  "--format", "npy", "-o",   out,          NULL };
	(void)state;
	expect_removed(12, argv);
}

int main(void)
{
	static const char here[] = __FILE__, tail[] = "test_embed_interrupt.c";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_index_is_removed),
		cmocka_unit_test(rows_are_removed),
	};
	const int length = (int)(sizeof here - sizeof tail);
	snprintf(model, sizeof model, "%.*sdata/embed/model", length, here);
	snprintf(net, sizeof net, "%.*sdata/embed/net", length, here);
	if (!mkdtemp(folder))
		return 2;
	snprintf(tokens, sizeof tokens, "%s/tokens", folder);
	snprintf(out, sizeof out, "%s/out", folder);
	FILE *file = fopen(tokens, "w");
	if (!file || fputs("low\n", file) < 0 || fclose(file) != 0)
		return 2;
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(tokens);
	rmdir(folder);
	return failed;
}
