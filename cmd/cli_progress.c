#include "cmd/cli_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cmd/cli_input.h"

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

struct cli_progress cli_progress_begin(enum cli_progress_when when, int count, char **files)
{
	struct cli_progress p = { .when = when, .begun = now() };
	if (when == CLI_PROGRESS_AUTO && !isatty(STDERR_FILENO))
		p.when = CLI_PROGRESS_NEVER;
	if (p.when == CLI_PROGRESS_NEVER)
		return p;
	p.last = p.begun;
	for (int i = 0; i < count; i++) {
		const uint64_t size = cli_input_size(files[i]);
		if (size == 0) {
			p.total = 0;
			break;
		}
		p.total += size;
	}
	return p;
}

static void print_line(const struct cli_progress *p, const struct timespec *at, uint64_t bytes)
{
	const double seconds = seconds_between(&p->begun, at);
	const double rate = seconds > 0 ? (double)bytes / seconds : 0;
	fprintf(stderr, "%.1f MB, %.1f MB/s", (double)bytes / 1e6, rate / 1e6);
	if (p->total && rate > 0 && bytes < p->total)
		fprintf(stderr, ", %.0f s left", (double)(p->total - bytes) / rate);
}

void cli_progress_show(struct cli_progress *p, uint64_t bytes)
{
	if (p->when == CLI_PROGRESS_NEVER)
		return;
	const struct timespec at = now();
	if (seconds_between(&p->last, &at) < 1.0)
		return;
	cli_progress_clear(p);
	print_line(p, &at, bytes);
	fflush(stderr);
	p->shown = true;
	p->last = at;
}

void cli_progress_clear(struct cli_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

void cli_progress_end(struct cli_progress *p, uint64_t bytes)
{
	cli_progress_clear(p);
	if (p->when != CLI_PROGRESS_ALWAYS)
		return;
	const struct timespec at = now();
	print_line(p, &at, bytes);
	fputc('\n', stderr);
}
