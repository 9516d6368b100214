#include "cmd/cli_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + 1e-9 * (double)(to->tv_nsec - from->tv_nsec);
}

static struct timespec now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

struct cli_progress cli_progress_begin(int when, uint64_t total)
{
	struct cli_progress p = { .when = (enum cli_progress_when)when,
				  .total = total,
				  .unit = "tokens" };
	if (p.when == CLI_PROGRESS_AUTO && !isatty(STDERR_FILENO))
		p.when = CLI_PROGRESS_NEVER;
	if (p.when != CLI_PROGRESS_NEVER)
		p.begun = p.last = now();
	return p;
}

static void print_line(const struct cli_progress *p, const struct timespec *at,
		       const struct cli_done *done)
{
	const double seconds = seconds_between(&p->begun, at);
	const double each = seconds > 0 ? 1 / seconds : 0;
	fprintf(stderr, "%.1f MB, %.1f MB/s", (double)done->bytes / 1e6,
		(double)done->bytes * each / 1e6);
	if (p->unit)
		fprintf(stderr, ", %.2f M %s/s", (double)done->tokens * each / 1e6, p->unit);
	if (done->bytes_read > 0 && done->bytes_read < p->total)
		fprintf(stderr, ", %.0f s left",
			(double)(p->total - done->bytes_read) * seconds / (double)done->bytes_read);
}

/* Is a line to be written now? */
static bool is_due(struct cli_progress *p, struct timespec *at)
{
	if (p->when == CLI_PROGRESS_NEVER)
		return false;
	*at = now();
	if (seconds_between(&p->last, at) < 1.0)
		return false;
	cli_progress_clear(p);
	return true;
}

static void shown(struct cli_progress *p, const struct timespec *at)
{
	fflush(stderr);
	p->shown = true;
	p->last = *at;
}

void cli_progress_show(struct cli_progress *p, const struct cli_done *done)
{
	struct timespec at;
	if (!is_due(p, &at))
		return;
	print_line(p, &at, done);
	shown(p, &at);
}

void cli_progress_steps(struct cli_progress *p, const char *stage, uint64_t done, uint64_t total)
{
	struct timespec at;
	if (!is_due(p, &at))
		return;
	const double seconds = seconds_between(&p->begun, &at);
	fprintf(stderr, "%s %" PRIu64, stage, done);
	if (total > 0)
		fprintf(stderr, " of %" PRIu64, total);
	if (seconds > 0)
		fprintf(stderr, ", %.0f/s", (double)done / seconds);
	if (total > done && done > 0)
		fprintf(stderr, ", %.0f s left", (double)(total - done) * seconds / (double)done);
	shown(p, &at);
}

void cli_progress_clear(struct cli_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

void cli_progress_end(struct cli_progress *p, const struct cli_done *done)
{
	cli_progress_clear(p);
	if (p->when != CLI_PROGRESS_ALWAYS)
		return;
	const struct timespec at = now();
	print_line(p, &at, done);
	fputc('\n', stderr);
}
