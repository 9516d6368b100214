/* embed_report.c - what tok embed predict did, on standard error. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/cli_hypernet.h"
#include "cmd/embed_internal.h"

static double seconds_since(const struct timespec *begun)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
}

static void tell_json(const struct embed_report *r, const struct cli_hypernet *h, double seconds)
{
	fprintf(stderr,
		"{\"schema\":\"tok.embed.predict.1\",\"tokens\":%" PRIu64 ",\"holes\":%" PRIu64
		",\"kept\":%" PRIu64 ",\"truncated\":%" PRIu64 ",\"fallback\":%" PRIu64
		",\"unknown\":%" PRIu64 ",\"resumed\":%" PRIu64
		",\"width\":%zu,\"kernel\":\"%s\",\"weight_bytes\":%zu,\"seconds\":%.3f}\n",
		r->tokens, r->holes, r->kept, r->truncated, r->fallback, r->unknown, r->resumed,
		h->config.embedding, h->kernel, hyper_net_bytes(h->net), seconds);
}

static void tell_some(uint64_t count, const char *what)
{
	if (count)
		fprintf(stderr, "  %" PRIu64 " %s\n", count, what);
}

void embed_report_tell(const struct embed_report *r, const struct cli_hypernet *h, bool json)
{
	const double seconds = seconds_since(&r->begun);
	if (json) {
		tell_json(r, h, seconds);
		return;
	}
	fprintf(stderr, "%" PRIu64 " tokens, %zu numbers a row, in %.2f s (%s)\n", r->tokens,
		h->config.embedding, seconds, h->kernel);
	tell_some(r->resumed, "ids were there from an earlier run");
	tell_some(r->kept, "special tokens have the model's own rows");
	tell_some(r->truncated, "have more pieces than the network reads, and were cut");
	tell_some(r->fallback, "have pieces that the model has no row for");
	tell_some(r->unknown, "cannot be spelled with the hypernetwork's pieces");
	tell_some(r->holes, "ids are no token: their rows are zero");
	if (hyper_net_unused(h->net))
		cli_tell("tensor '%s' is not part of such a network: it was left out",
			 hyper_net_unused(h->net));
}
