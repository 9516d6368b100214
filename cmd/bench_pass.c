#include "cmd/bench_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A thread takes about this many bytes at a time: enough that taking costs nothing,
 * little enough that all threads end at about the same time. */
enum { SHARE_BYTES = 1 << 18 };

static enum tok_status check_made(const struct bench_run *run, uint64_t made, struct tok_error *err)
{
	const uint64_t wanted = run->word->made(run);
	if (made == wanted)
		return TOK_OK;
	return tok_fail(err, TOK_ETEXT,
			"the result changed between two passes: %" PRIu64
			" came out, then %" PRIu64,
			wanted, made);
}

enum tok_status bench_pass(const struct bench_run *run, void *worker, struct tok_error *err)
{
	const size_t count = run->word->items(run);
	uint64_t made = 0;
	for (size_t i = 0; i < count; i++) {
		const enum tok_status status = run->word->step(run, worker, i, &made, err);
		if (status != TOK_OK)
			return status;
	}
	return check_made(run, made, err);
}

/* ---- several threads ------------------------------------------------------ */

struct team {
	const struct bench_run *run;
	const struct tok_tokenizer *tokenizer;
	size_t *starts; /* first item of each share, and the number of items */
	size_t shares;
	atomic_size_t next; /* share that nobody took yet */
};

struct member {
	struct team *team;
	pthread_t thread;
	uint64_t made;
	enum tok_status status;
	struct tok_error err;
};

static bool share_out(const struct bench_run *run, struct team *team)
{
	const size_t count = run->word->items(run);
	size_t bytes = 0;
	team->starts = calloc(count + 1, sizeof *team->starts);
	if (!team->starts)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || bytes >= SHARE_BYTES) {
			team->starts[team->shares++] = i;
			bytes = 0;
		}
		bytes += run->word->weigh(run, i);
	}
	team->starts[team->shares] = count;
	return true;
}

static enum tok_status work(struct member *member, void *worker)
{
	struct team *team = member->team;
	size_t share;
	while ((share = atomic_fetch_add(&team->next, 1)) < team->shares) {
		for (size_t i = team->starts[share]; i < team->starts[share + 1]; i++) {
			const enum tok_status status = team->run->word->step(
			    team->run, worker, i, &member->made, &member->err);
			if (status != TOK_OK)
				return status;
		}
	}
	return TOK_OK;
}

static void *run_member(void *data)
{
	struct member *member = data;
	const struct bench_word *word = member->team->run->word;
	void *worker;
	if (!word->open(member->team->tokenizer, &worker)) {
		member->status = tok_fail_memory(&member->err);
		return NULL;
	}
	member->status = work(member, worker);
	word->close(worker);
	return NULL;
}

static enum tok_status run_team(struct team *team, struct member *members, size_t threads,
				struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	uint64_t made = 0;
	size_t started = 0;
	for (; started < threads && status == TOK_OK; started++) {
		members[started].team = team;
		const int code =
		    pthread_create(&members[started].thread, NULL, run_member, &members[started]);
		if (code != 0) {
			status =
			    tok_fail(err, TOK_EIO, "cannot start a thread: %s", strerror(code));
			break;
		}
	}
	for (size_t i = 0; i < started; i++) {
		pthread_join(members[i].thread, NULL);
		made += members[i].made;
		if (status == TOK_OK && members[i].status != TOK_OK) {
			status = members[i].status;
			*err = members[i].err;
		}
	}
	return status == TOK_OK ? check_made(team->run, made, err) : status;
}

enum tok_status bench_pass_threads(const struct bench_run *run,
				   const struct tok_tokenizer *tokenizer, size_t threads,
				   struct tok_error *err)
{
	struct team team = { .run = run, .tokenizer = tokenizer };
	struct member *members = calloc(threads, sizeof *members);
	const enum tok_status status = members && share_out(run, &team)
					   ? run_team(&team, members, threads, err)
					   : tok_fail_memory(err);
	free(team.starts);
	free(members);
	return status;
}
