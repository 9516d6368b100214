#include "vocab/lm/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { READ_BYTES = 1 << 16, GRACE_MS = 1000 };

struct lm_process {
	pid_t pid; /* 0: gone */
	int to, from;
	uint64_t deadline, timeout; /* milliseconds */
	struct tok_span saying;     /* not yet written */
	struct tok_buffer heard;
	size_t used; /* of what was heard */
	struct tok_error trouble;
};

static uint64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- beginning ---- */

static void close_both(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

/* A child with these as its standard input and output; what we do about signals is not for it.
 * An errno, or 0. */
static int spawn(char **argv, int in, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t ours, none;
	sigemptyset(&none);
	sigemptyset(&ours);
	sigaddset(&ours, SIGPIPE);
	int code = posix_spawn_file_actions_init(&files);
	if (code != 0)
		return code;
	code = posix_spawnattr_init(&attributes);
	if (code != 0) {
		posix_spawn_file_actions_destroy(&files);
		return code;
	}
	posix_spawnattr_setsigdefault(&attributes, &ours);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	code = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (code == 0)
		code = posix_spawnp(pid, argv[0], &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return code;
}

/* Its input is a socket: writing to one can be told not to raise SIGPIPE, and not to block. */
static enum tok_status connect_child(struct lm_process *p, char **argv, struct tok_error *err)
{
	int in[2], out[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0)
		return tok_fail(err, TOK_EIO, "cannot make a pipe: %s", strerror(errno));
	if (pipe2(out, O_CLOEXEC) != 0) {
		close_both(in);
		return tok_fail(err, TOK_EIO, "cannot make a pipe: %s", strerror(errno));
	}
	const int code = spawn(argv, in[0], out[1], &p->pid);
	close(in[0]);
	close(out[1]);
	if (code != 0) {
		close(in[1]);
		close(out[0]);
		return tok_fail(err, TOK_EIO, "cannot run '%s': %s", argv[0], strerror(code));
	}
	p->to = in[1];
	p->from = out[0];
	return TOK_OK;
}

enum tok_status lm_process_start(const char *command, struct lm_process **out,
				 struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	char **argv;
	struct lm_process *p = calloc(1, sizeof *p);
	enum tok_status status = p ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = lm_command_split(command, &arena, &argv, err);
	if (status == TOK_OK)
		status = connect_child(p, argv, err);
	tok_arena_release(&arena);
	if (status != TOK_OK) {
		free(p);
		return status;
	}
	*out = p;
	return TOK_OK;
}

/* ---- ending ---- */

/* Wait for it until `deadline`, then kill it.  How it ended, as waitpid tells. */
static int reap(struct lm_process *p, uint64_t deadline)
{
	int how = 0;
	pid_t done;
	while ((done = waitpid(p->pid, &how, WNOHANG)) == 0 && now() < deadline)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	if (done == 0) {
		kill(p->pid, SIGKILL);
		while (waitpid(p->pid, &how, 0) < 0 && errno == EINTR)
			;
	}
	p->pid = 0;
	return how;
}

static int leave(struct lm_process *p, uint64_t deadline)
{
	close(p->to);
	close(p->from);
	p->saying = (struct tok_span){ 0 };
	return reap(p, deadline);
}

void lm_process_end(struct lm_process *p)
{
	if (!p)
		return;
	if (p->pid)
		leave(p, now() + GRACE_MS);
	tok_buffer_release(&p->heard);
	free(p);
}

void lm_process_give_up(struct lm_process *p, const struct tok_error *err)
{
	if (p->pid)
		leave(p, 0);
	p->trouble = *err;
}

/* `err` may be NULL; what later calls say must be kept all the same. */
static enum tok_status give_up(struct lm_process *p, struct tok_error *err)
{
	const struct tok_error trouble = p->trouble;
	lm_process_give_up(p, &trouble);
	return tok_fail(err, trouble.status, "%s", trouble.message);
}

/* It closed its output: it has ended, or is about to. */
static enum tok_status tell_death(struct lm_process *p, struct tok_error *err)
{
	const int how = leave(p, now() + GRACE_MS);
	if (WIFSIGNALED(how))
		tok_fail(&p->trouble, TOK_EIO,
			 "the process was ended by signal %d before it had answered",
			 WTERMSIG(how));
	else
		tok_fail(&p->trouble, TOK_EIO,
			 "the process ended with status %d before it had answered",
			 WEXITSTATUS(how));
	return give_up(p, err);
}

/* ---- between ---- */

static uint64_t from_now(uint64_t milliseconds)
{
	const uint64_t from = now();
	return milliseconds > UINT64_MAX - from ? UINT64_MAX : from + milliseconds;
}

void lm_process_clock(struct lm_process *p, uint64_t timeout_ms)
{
	p->timeout = timeout_ms;
	p->deadline = from_now(timeout_ms);
}

void lm_process_say(struct lm_process *p, struct tok_span bytes)
{
	p->saying = bytes;
}

struct tok_span lm_process_unsaid(const struct lm_process *p)
{
	return p->saying;
}

/* A reader that is gone shows on the other pipe, with how it went. */
static void write_some(struct lm_process *p)
{
	const ssize_t n =
	    send(p->to, p->saying.bytes, p->saying.count, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		p->saying = tok_span_slice(p->saying, (size_t)n, p->saying.count);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		p->saying = (struct tok_span){ 0 };
}

static enum tok_status read_some(struct lm_process *p, struct tok_error *err)
{
	if (!tok_buffer_reserve(&p->heard, READ_BYTES)) {
		tok_fail_memory(&p->trouble);
		return give_up(p, err);
	}
	const ssize_t n = read(p->from, p->heard.bytes + p->heard.count, READ_BYTES);
	if (n > 0)
		p->heard.count += (size_t)n;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return TOK_OK;
	return n > 0 ? TOK_OK : tell_death(p, err);
}

/* Read more, writing what there is to be written; not longer than until `until`. */
static enum tok_status hear(struct lm_process *p, uint64_t until, struct tok_error *err)
{
	struct pollfd fds[2] = { { p->from, POLLIN, 0 }, { p->to, POLLOUT, 0 } };
	const uint64_t at = now();
	if (at >= p->deadline) {
		tok_fail(&p->trouble, TOK_EIO, "the process did not answer within %g s",
			 (double)p->timeout / 1000);
		return give_up(p, err);
	}
	const uint64_t first = until < p->deadline ? until : p->deadline;
	const uint64_t left = first > at ? first - at : 0;
	const int n = poll(fds, p->saying.count > 0 ? 2 : 1, left < 3600000 ? (int)left : 3600000);
	if (n < 0 && errno != EINTR) {
		tok_fail(&p->trouble, TOK_EIO, "cannot wait for the process: %s", strerror(errno));
		return give_up(p, err);
	}
	if (n > 0 && p->saying.count > 0 && fds[1].revents)
		write_some(p);
	return n > 0 && fds[0].revents ? read_some(p, err) : TOK_OK;
}

static enum tok_status check_alive(const struct lm_process *p, struct tok_error *err)
{
	return p->pid ? TOK_OK : tok_fail(err, p->trouble.status, "%s", p->trouble.message);
}

/* What was used is forgotten; the rest moves to the front. */
static void forget(struct lm_process *p)
{
	if (p->used == 0)
		return;
	p->heard.count -= p->used;
	memmove(p->heard.bytes, p->heard.bytes + p->used, p->heard.count);
	p->used = 0;
}

enum tok_status lm_process_bytes(struct lm_process *p, size_t count, struct tok_span *out,
				 struct tok_error *err)
{
	enum tok_status status = check_alive(p, err);
	forget(p);
	while (status == TOK_OK && p->heard.count < count)
		status = hear(p, UINT64_MAX, err);
	if (status != TOK_OK)
		return status;
	*out = (struct tok_span){ p->heard.bytes, count };
	p->used = count;
	return TOK_OK;
}

enum tok_status lm_process_try_line(struct lm_process *p, size_t limit, uint64_t wait_ms, bool *got,
				    struct tok_span *out, struct tok_error *err)
{
	const uint64_t until = from_now(wait_ms);
	enum tok_status status = check_alive(p, err);
	const uint8_t *end = NULL;
	size_t looked = 0;
	bool late = false;
	*got = false;
	forget(p);
	while (status == TOK_OK) {
		if (p->heard.count > looked)
			end = memchr(p->heard.bytes + looked, '\n', p->heard.count - looked);
		looked = p->heard.count;
		if (end || looked > limit || late)
			break;
		late = now() >= until;
		status = hear(p, until, err);
	}
	if (status != TOK_OK)
		return status;
	if (!end && looked <= limit)
		return TOK_OK;
	const size_t length = end ? (size_t)(end - p->heard.bytes) : looked;
	if (length > limit) {
		tok_fail(&p->trouble, TOK_EFORMAT, "a line of more than %zu bytes", limit);
		return give_up(p, err);
	}
	*got = true;
	*out = (struct tok_span){ p->heard.bytes, length };
	p->used = length + 1;
	return TOK_OK;
}

enum tok_status lm_process_line(struct lm_process *p, size_t limit, struct tok_span *out,
				struct tok_error *err)
{
	bool got;
	return lm_process_try_line(p, limit, UINT64_MAX, &got, out, err);
}

struct tok_span lm_process_rest(struct lm_process *p)
{
	forget(p);
	p->used = p->heard.count;
	return tok_buffer_span(&p->heard);
}
