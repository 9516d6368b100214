#include "cmd/bench_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* This very program, wherever it was started from. */
static const char self[] = "/proc/self/exe";

/* A pipe that holds the first text and then ends; the text is short enough to fit. */
static enum tok_status open_text(struct tok_span text, int *out, struct tok_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return tok_fail(err, TOK_EIO, "cannot make a pipe: %s", strerror(errno));
	const ssize_t written = text.count ? write(ends[1], text.bytes, text.count) : 0;
	close(ends[1]);
	if (written < 0 || (size_t)written != text.count) {
		close(ends[0]);
		return tok_fail(err, TOK_EIO, "cannot write into a pipe: %s", strerror(errno));
	}
	*out = ends[0];
	return TOK_OK;
}

static int spawn(const struct bench_run *run, int input, pid_t *out)
{
	const struct cli_load *load = &run->opts->load;
	/* posix_spawn takes strings that it does not change as if it might. */
	union {
		const char *given[10];
		char *taken[10];
	} arguments = { .given = { "tok", "encode" } };
	size_t count = 2;
	if (load->tokenizer) {
		arguments.given[count++] = "--tokenizer";
		arguments.given[count++] = load->tokenizer;
	}
	if (load->pattern) {
		arguments.given[count++] = "--pattern";
		arguments.given[count++] = load->pattern;
	}
	if (run->how.special_text == TOK_SPECIAL_MATCH) {
		arguments.given[count++] = "--special-text";
		arguments.given[count++] = "match";
	}
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);
	if (code != 0)
		return code;
	code = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (code == 0)
		code = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
							O_WRONLY, 0);
	if (code == 0)
		code = posix_spawn(out, self, &actions, NULL, arguments.taken, environ);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum tok_status bench_start_process(const struct bench_run *run, struct bench_time *out,
				    struct tok_error *err)
{
	struct rusage usage;
	pid_t child;
	int input = -1, state;
	const enum tok_status status = open_text(run->first, &input, err);
	if (status != TOK_OK)
		return status;

	const double begun = seconds_now();
	const int code = spawn(run, input, &child);
	close(input);
	if (code != 0)
		return tok_fail(err, TOK_EIO, "cannot start '%s': %s", self, strerror(code));
	while (wait4(child, &state, 0, &usage) < 0)
		if (errno != EINTR)
			return tok_fail(err, TOK_EIO, "cannot wait for 'tok encode': %s",
					strerror(errno));
	const double ended = seconds_now();
	if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
		return tok_fail(err, TOK_EIO, "'tok encode' failed as a process of its own");
	*out = (struct bench_time){
		.cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
		.wall = ended - begun,
	};
	return TOK_OK;
}
