/* lm_info.c - tok lm info: what a file of n-grams is. */
#include <inttypes.h>

#include "cmd/lm_internal.h"

static void print_text(const struct vocab_ngram_info *info)
{
	printf("order            %u\n", info->order);
	printf("tokens           %zu and the end\n", info->size - 1);
	printf("trained on       %" PRIu64 " tokens, %" PRIu64 " documents\n", info->tokens,
	       info->documents);
	printf("counts           %s\n", info->has_counts ? "kept" : "not kept");
	printf("\n%5s %12s %10s %10s %10s\n", "order", "n-grams", "D1", "D2", "D3+");
	for (unsigned i = 0; i < info->order; i++)
		printf("%5u %12" PRIu64 " %10.6f %10.6f %10.6f%s\n", i + 1, info->ngrams[i],
		       info->discounts[i][0], info->discounts[i][1], info->discounts[i][2],
		       info->fallback[i] ? " (not from counts)" : "");
}

static void print_json(const struct vocab_ngram_info *info)
{
	printf("{\"schema\":\"tok.lm.info.1\",\"order\":%u,\"size\":%zu,\"documents\":%" PRIu64
	       ",\"tokens\":%" PRIu64 ",\"has_counts\":%s,\"orders\":[",
	       info->order, info->size, info->documents, info->tokens,
	       info->has_counts ? "true" : "false");
	for (unsigned i = 0; i < info->order; i++)
		printf("%s{\"ngrams\":%" PRIu64
		       ",\"discounts\":[%.17g,%.17g,%.17g],\"fallback\":%s}",
		       i ? "," : "", info->ngrams[i], info->discounts[i][0], info->discounts[i][1],
		       info->discounts[i][2], info->fallback[i] ? "true" : "false");
	printf("]}\n");
}

enum cli_exit lm_info(const void *options, int argc, char **argv)
{
	const struct lm_options *opts = options;
	struct vocab_ngram_info info;
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("info takes one model, not %d", argc);
	if (vocab_ngram_info(argv[0], &info, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (opts->json)
		print_json(&info);
	else
		print_text(&info);
	return CLI_OK;
}
