/* train_size.c - sizes of vocabularies, as people write them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/train_internal.h"
#include "tok/pipe/tokenizer.h"

static bool parse(const char *text, size_t length, size_t *out)
{
	char *end;
	if (length == 0 || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	uint64_t scale = 1;
	if (*end == 'k' || *end == 'K')
		scale = 1000;
	if (*end == 'M')
		scale = 1000000;
	end += scale > 1;
	if (errno || end != text + length || value == 0 ||
	    value > ((uint64_t)TOK_ID_MAX + 1) / scale)
		return false;
	*out = value * scale;
	return true;
}

static enum cli_exit refuse(const char *text, size_t length)
{
	return cli_usage("a vocabulary has 1 to %" PRIu64
			 " tokens, as 32000 or 32k, and not '%.*s'",
			 (uint64_t)TOK_ID_MAX + 1, (int)length, text);
}

enum cli_exit train_size_parse(const char *text, size_t *out)
{
	const size_t length = strlen(text);
	return parse(text, length, out) ? CLI_OK : refuse(text, length);
}

static int by_size(const void *a, const void *b)
{
	const size_t x = *(const size_t *)a, y = *(const size_t *)b;
	return (x > y) - (x < y);
}

static enum cli_exit parse_list(const char *list, struct train_sizes *out)
{
	for (const char *at = list;; at++) {
		const size_t length = strcspn(at, ",");
		if (out->count == TRAIN_SIZES_MAX)
			return cli_usage("--sizes takes at most %d sizes", TRAIN_SIZES_MAX);
		if (!parse(at, length, &out->items[out->count++]))
			return refuse(at, length);
		at += length;
		if (!*at)
			return CLI_OK;
	}
}

enum cli_exit train_sizes_parse(const struct train_options *opts, struct train_sizes *out)
{
	if (!opts->vocab_size == !opts->sizes)
		return cli_usage("say how many tokens there are to be with --vocab-size, or with "
				 "--sizes for several vocabularies");
	if (opts->vocab_size) {
		out->count = 1;
		return train_size_parse(opts->vocab_size, &out->items[0]);
	}
	if (opts->model != VOCAB_TRAIN_BPE)
		return cli_usage("--sizes needs --model bpe, whose small vocabularies are fronts "
				 "of the large ones");
	if (!strstr(opts->output, "{}"))
		return cli_usage("--sizes makes several files: write {} into the name given by "
				 "--output, for the size");
	const enum cli_exit result = parse_list(opts->sizes, out);
	if (result == CLI_OK)
		qsort(out->items, out->count, sizeof out->items[0], by_size);
	return result;
}

bool train_name(const char *pattern, size_t size, struct tok_buffer *out)
{
	const char *place = strstr(pattern, "{}");
	char number[24];
	const int length = snprintf(number, sizeof number, "%zu", size);
	tok_buffer_clear(out);
	if (!place)
		return tok_buffer_add(out, pattern, strlen(pattern) + 1);
	return tok_buffer_add(out, pattern, (size_t)(place - pattern)) &&
	       tok_buffer_add(out, number, (size_t)length) &&
	       tok_buffer_add(out, place + 2, strlen(place + 2) + 1);
}
