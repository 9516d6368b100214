/* split_report.c - what tok split did, on standard error. */
#include <inttypes.h>

#include "cmd/split_internal.h"

/* 0 where there is nothing to divide by. */
static double divide(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : 0;
}

/* Why nothing was split although that was asked for; NULL: something was, or it was not,
 * or the input was bad, which was said. */
static const char *find_warning(const struct split_plan *plan, const struct cli_coding *run)
{
	const struct split_options *opts = plan->opts;
	const struct cli_tally *tally = &run->tally;
	const bool by_number = opts->attempts != TOK_SPLIT_ALL;
	const bool asked = by_number ? opts->attempts > 0 : plan->options.proportion > 0;
	if (tally->counts[SPLIT_SPLITS] > 0 || !asked || run->trouble)
		return NULL;
	if (tally->counts[SPLIT_TOKENS] == 0)
		return "nothing was split: there are no tokens";
	if (opts->max_splits == 0)
		return "nothing was split: --max-splits is 0";
	if (tok_splits_pair_count(plan->splits) == 0)
		return "nothing was split: no token of this vocabulary may be, by these options";
	if (tally->counts[SPLIT_ATTEMPTS] == 0 && opts->round == TOK_ROUND_STOCHASTIC)
		return "nothing was split: no document has had an attempt, by chance";
	if (tally->counts[SPLIT_ATTEMPTS] == 0)
		return "nothing was split: every document is too short for an attempt; "
		       "--round stochastic lets some have one";
	return "nothing was split: no attempt met a token that may be";
}

static void report_text(const struct split_plan *plan, const struct cli_coding *run)
{
	const struct cli_tally *tally = &run->tally;
	const uint64_t tokens = tally->counts[SPLIT_TOKENS];
	const uint64_t splits = tally->counts[SPLIT_SPLITS];
	const double rate = divide(splits, tokens);
	const char *warning = find_warning(plan, run);
	char by[48] = "";
	if (plan->opts->attempts == TOK_SPLIT_ALL)
		snprintf(by, sizeof by, "-p %g means ", plan->options.proportion);
	cli_error("%" PRIu64 " tokens, %" PRIu64 " attempts, %" PRIu64
		  " splits, %.4f a token: %s%+.1f %% length",
		  tokens, tally->counts[SPLIT_ATTEMPTS], splits, rate, by, 100 * rate);
	if (warning)
		cli_error("%s", warning);
}

/* The `place`-th of words that '|' parts. */
static void put_word(const char *name, const char *words, int place)
{
	for (int i = 0; i < place; i++)
		words += strcspn(words, "|") + 1;
	fprintf(stderr, ",\"%s\":\"%.*s\"", name, (int)strcspn(words, "|"), words);
}

/* A number that was given, or null. */
static void put_limit(const char *name, uint64_t value)
{
	if (value == TOK_SPLIT_ALL)
		fprintf(stderr, ",\"%s\":null", name);
	else
		fprintf(stderr, ",\"%s\":%" PRIu64, name, value);
}

static void put_ratio(const char *name, uint64_t a, uint64_t b)
{
	if (b)
		fprintf(stderr, ",\"%s\":%.6f", name, divide(a, b));
	else
		fprintf(stderr, ",\"%s\":null", name);
}

static void report_json(const struct split_plan *plan, const struct cli_coding *run)
{
	const struct split_options *opts = plan->opts;
	const uint64_t tokens = run->tally.counts[SPLIT_TOKENS];
	const uint64_t attempts = run->tally.counts[SPLIT_ATTEMPTS];
	const uint64_t splits = run->tally.counts[SPLIT_SPLITS];
	const char *warning = find_warning(plan, run);
	fprintf(stderr,
		"{\"schema\":\"tok.split.1\",\"documents\":%" PRIu64 ",\"copies\":%" PRIu64
		",\"tokens\":%" PRIu64 ",\"attempts\":%" PRIu64 ",\"splits\":%" PRIu64,
		run->documents, run->copies, tokens, attempts, splits);
	put_ratio("splits_per_token", splits, tokens);
	put_ratio("success_rate", splits, attempts);
	put_ratio("length_ratio", tokens + splits, tokens);
	if (opts->attempts == TOK_SPLIT_ALL)
		fprintf(stderr, ",\"proportion\":%.15g", plan->options.proportion);
	else
		fputs(",\"proportion\":null", stderr);
	put_limit("attempts_asked", opts->attempts);
	put_limit("max_splits", opts->max_splits);
	put_limit("chunk", opts->chunk ? opts->chunk : TOK_SPLIT_ALL);
	put_word("pairs", SPLIT_PAIRS_WORDS, opts->pairs);
	put_word("round", SPLIT_ROUND_WORDS, opts->round);
	put_word("rng", SPLIT_RNG_WORDS, opts->rng);
	put_limit("seed", opts->seed);
	fprintf(stderr, ",\"splittable_tokens\":%zu,\"pair_count\":%zu",
		tok_splits_token_count(plan->splits), tok_splits_pair_count(plan->splits));
	fprintf(stderr, ",\"warning\":%s%s%s}\n", warning ? "\"" : "", warning ? warning : "null",
		warning ? "\"" : "");
}

void split_report(const struct split_plan *plan, const struct cli_coding *run)
{
	if (plan->opts->stats == SPLIT_STATS_JSON)
		report_json(plan, run);
	else
		report_text(plan, run);
}
