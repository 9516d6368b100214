#include "cmd/cli_chunks.h"

#include <math.h>
#include <stdlib.h>

/* Of TokenAdapt's SuperTokenizer, whose probabilities sum to 1.1. */
static const char paper_lengths[] = "4-5:.044,6-7:.091,8-9:.146,10-11:.171,12-13:.185,14-15:.171,"
				    "16-17:.146,18-19:.091,20-21:.044,22-23:.011";

static bool parse_count(const char **at, char end, uint32_t *out)
{
	char *stop;
	if (**at < '0' || **at > '9')
		return false;
	const unsigned long long value = strtoull(*at, &stop, 10);
	if (*stop != end || value > VOCAB_CHUNK_CHARS_MAX)
		return false;
	*out = (uint32_t)value;
	*at = stop + 1;
	return true;
}

static bool parse_range(const char **at, struct vocab_chunk_range *out)
{
	char *stop;
	if (!parse_count(at, '-', &out->least) || !parse_count(at, ':', &out->most))
		return false;
	out->probability = strtod(*at, &stop);
	if (stop == *at || (*stop && *stop != ','))
		return false;
	*at = *stop ? stop + 1 : stop;
	return true;
}

static enum cli_exit parse(const char *list, struct vocab_chunk_range *ranges, size_t *count)
{
	const char *at = list;
	*count = 0;
	do {
		if (*count == VOCAB_CHUNK_RANGES_MAX || !parse_range(&at, &ranges[(*count)++]))
			return cli_usage("--chunk-lengths takes at most %d ranges as "
					 "'4-5:.2,6-9:.8', and not '%s'",
					 VOCAB_CHUNK_RANGES_MAX, list);
	} while (*at);
	return CLI_OK;
}

enum cli_exit cli_chunks_make(const struct cli_chunks *options, struct vocab_chunks *out)
{
	struct vocab_chunk_range ranges[VOCAB_CHUNK_RANGES_MAX];
	struct tok_error err;
	size_t count;
	double sum = 0;
	const enum cli_exit result =
	    parse(options->lengths ? options->lengths : paper_lengths, ranges, &count);
	if (result != CLI_OK)
		return result;
	if (vocab_chunks_init(ranges, count, options->seed,
			      (enum vocab_chunk_boundary)options->boundary, out, &err) != TOK_OK)
		return cli_usage("%s", err.message);
	for (size_t i = 0; i < count; i++)
		sum += ranges[i].probability;
	if (options->lengths && fabs(sum - 1) > 1e-9)
		cli_error("the probabilities of --chunk-lengths sum to %g and are taken as parts "
			  "of that",
			  sum);
	return CLI_OK;
}

enum cli_exit cli_chunks_recipe(const struct cli_recipe *options, struct cli_recipe *out)
{
	if (options->family >= 0 || options->like)
		return cli_usage("--super chunk cuts no words: leave --pretok and --like out");
	*out = *options;
	out->relaxed = VOCAB_RELAXED_WHOLE;
	if (out->normalizer < 0)
		out->normalizer = VOCAB_NORMALIZER_NFC;
	return CLI_OK;
}
