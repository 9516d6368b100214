#include "tok/pipe/count.h"

#include <stdlib.h>

#include "tok/pipe/encoder_internal.h"
#include "tok/pipe/parts_internal.h"

static struct tok_encode_options without_ranges(const struct tok_encode_options *options)
{
	struct tok_encode_options plain = *options;
	plain.offsets = plain.tokens = false;
	return plain;
}

enum tok_status tok_count(struct tok_encoder *encoder, struct tok_span text,
			  const struct tok_encode_options *options, size_t *count,
			  struct tok_error *err)
{
	const struct tok_encode_options plain = without_ranges(options);
	const struct tok_parts parts = tok_parts_for(encoder->tokenizer, options);
	size_t sum = 0, at = 0;

	do { /* also an empty text has a template */
		const struct tok_span rest = tok_span_slice(text, at, text.count);
		const size_t length = tok_parts_first(&parts, rest, TOK_PART_BYTES);
		struct tok_encoding r;
		const enum tok_status status =
		    tok_parts_encode(encoder, tok_span_slice(rest, 0, length), at, &plain, &r, err);
		if (status != TOK_OK)
			return status;
		sum += r.count;
		at += length;
	} while (at < text.count);
	*count = sum;
	return TOK_OK;
}

/* ---- to a budget ---------------------------------------------------------- */

/* A part of the text and the tokens in front of it. */
struct place {
	size_t begin, end;
	size_t before;
};

/* A guess of the bytes that hold so many tokens, on the long side. */
static size_t guess_bytes(size_t tokens)
{
	enum { BYTES_A_TOKEN = 6, LEAST = 1024 };
	if (tokens >= TOK_PART_BYTES / BYTES_A_TOKEN)
		return TOK_PART_BYTES;
	return tokens * BYTES_A_TOKEN > LEAST ? tokens * BYTES_A_TOKEN : LEAST;
}

/* The part in which the token number `limit` ends.  If the text has no more than
 * that, *all is set instead and place->before is their number. */
static enum tok_status find_part(struct tok_encoder *encoder, struct tok_span text,
				 const struct tok_encode_options *options, size_t limit,
				 struct place *place, bool *all, struct tok_error *err)
{
	const struct tok_parts parts = tok_parts_for(encoder->tokenizer, options);
	struct place last = { 0, 0, 0 }; /* the last part that had tokens */
	size_t count = 0, at = 0;

	*all = false;
	while (at < text.count) {
		const struct tok_span rest = tok_span_slice(text, at, text.count);
		const size_t length = tok_parts_first(&parts, rest, guess_bytes(limit - count));
		struct tok_encoding r;
		const enum tok_status status = tok_parts_encode(
		    encoder, tok_span_slice(rest, 0, length), at, options, &r, err);
		if (status != TOK_OK)
			return status;
		if (r.count > limit - count) {
			*place = count == limit ? last : (struct place){ at, at + length, count };
			return TOK_OK;
		}
		if (r.count > 0)
			last = (struct place){ at, at + length, count };
		count += r.count;
		at += length;
	}
	*all = true;
	*place = (struct place){ .before = count };
	return TOK_OK;
}

/* reach[k]: where the first k of `count` tokens end. */
static void find_reach(const struct tok_range *ranges, size_t count, size_t *reach)
{
	reach[0] = 0;
	for (size_t k = 0; k < count; k++)
		reach[k + 1] = ranges[k].end > reach[k] ? ranges[k].end : reach[k];
}

/* The largest number of tokens, at most `most`, behind which `part` is cut clean;
 * no part begins inside a character, so that 0 always is. */
static size_t find_clean(struct tok_span part, const struct tok_encoding *r, const size_t *reach,
			 size_t most)
{
	size_t later = part.count; /* where the first of the later tokens begins */
	for (size_t k = r->count; k > 0; k--) {
		if (k <= most && reach[k] <= later && !tok_parts_splits_character(part, reach[k]))
			return k;
		if (r->ranges[k - 1].begin < later)
			later = r->ranges[k - 1].begin;
	}
	return 0;
}

/* Where in its part the token number `limit` ends. */
static enum tok_status place_limit(struct tok_encoder *encoder, struct tok_span text,
				   const struct tok_encode_options *options, size_t limit,
				   const struct place *place, struct tok_budget *out,
				   struct tok_error *err)
{
	const struct tok_span part = tok_span_slice(text, place->begin, place->end);
	const size_t most = limit - place->before;
	struct tok_encode_options ranged = *options;
	struct tok_encoding r;

	ranged.offsets = true;
	const enum tok_status status =
	    tok_parts_encode(encoder, part, place->begin, &ranged, &r, err);
	if (status != TOK_OK)
		return status;
	size_t *reach = malloc((most + 1) * sizeof *reach);
	if (!reach)
		return tok_fail_memory(err);
	find_reach(r.ranges, most, reach);
	const size_t clean = find_clean(part, &r, reach, most);
	*out = (struct tok_budget){
		.count = limit,
		.bytes = place->begin + reach[most],
		.clean_count = place->before + clean,
		.clean_bytes = place->begin + reach[clean],
	};
	free(reach);
	return TOK_OK;
}

enum tok_status tok_count_to(struct tok_encoder *encoder, struct tok_span text,
			     const struct tok_encode_options *options, size_t limit,
			     struct tok_budget *out, struct tok_error *err)
{
	const struct tok_encode_options plain = without_ranges(options);
	struct place place;
	bool all;

	if (options->add_special || options->truncate)
		return tok_fail(err, TOK_EARG,
				"a budget is of the text's own tokens: leave template and "
				"truncation away and take their tokens off the limit");
	const enum tok_status status = find_part(encoder, text, &plain, limit, &place, &all, err);
	if (status != TOK_OK)
		return status;
	if (!all)
		return place_limit(encoder, text, &plain, limit, &place, out, err);
	*out = (struct tok_budget){ .count = place.before,
				    .bytes = text.count,
				    .clean_count = place.before,
				    .clean_bytes = text.count,
				    .all = true };
	return TOK_OK;
}
