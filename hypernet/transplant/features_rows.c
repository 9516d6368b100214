/* features_rows.c - rows of one vocabulary's model, means of them for the other one. */
#include <stdlib.h>

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/features.h"
#include "hypernet/transplant/features_internal.h"

enum { TOGETHER = 1024 };

/* One vocabulary has rows, the other one's tokens are spelt by it. */
struct sides {
	const struct hyper_vocab *given, *other;
	const float *given_rows;
	float *other_rows;
	size_t usable, width; /* ids of `given` that have a row */
	const struct hyper_pieces *pieces;
	const tok_id *wanted;
};

static enum tok_status read_given(const struct hyper_rows_view *rows, size_t count, size_t width,
				  float *out, struct tok_error *err)
{
	const float *at = out;
	const enum tok_status status =
	    count ? hyper_rows_read(rows, 0, count, out, &at, err) : TOK_OK;
	if (status == TOK_OK && at != out)
		memcpy(out, at, count * width * sizeof *out);
	return status;
}

/* Of each spelling the id that stands for it among those with a row: a text rather than a byte of
 * the same spelling, which hardly ever occurs where there is a text; a special token last. */
static void choose(const struct sides *sides, const uint32_t *places, tok_id *chosen)
{
	static const uint8_t order[] = { HYPER_TOKEN_TEXT, HYPER_TOKEN_BYTE, HYPER_TOKEN_SPECIAL };
	for (size_t o = 0; o < sizeof order; o++)
		for (size_t id = 0; id < sides->usable; id++)
			if (sides->given->kinds[id] == order[o] && chosen[places[id]] == TOK_NO_ID)
				chosen[places[id]] = (tok_id)id;
}

/* Rows of tokens that both have; the ids of the others into `wanted`. */
static size_t copy_shared(const struct sides *sides, const uint32_t *places, const tok_id *chosen,
			  tok_id *wanted)
{
	size_t count = 0;
	for (size_t id = 0; id < sides->other->count; id++) {
		if (sides->other->kinds[id] == HYPER_TOKEN_NONE)
			continue;
		const tok_id same = chosen[places[id]];
		if (same == TOK_NO_ID)
			wanted[count++] = (tok_id)id;
		else
			memcpy(sides->other_rows + id * sides->width,
			       sides->given_rows + same * sides->width,
			       sides->width * sizeof(float));
	}
	return count;
}

static void mean_of_pieces(const struct sides *sides, size_t i, double *sums)
{
	const struct hyper_pieces *p = sides->pieces;
	const uint64_t begin = i ? p->ends[i - 1] : 0;
	float *out = sides->other_rows + sides->wanted[i] * sides->width;
	for (size_t d = 0; d < sides->width; d++)
		sums[d] = 0;
	for (uint64_t at = begin; at < p->ends[i]; at++)
		for (size_t d = 0; d < sides->width; d++)
			sums[d] += (double)sides->given_rows[p->ids[at] * sides->width + d];
	for (size_t d = 0; d < sides->width && begin < p->ends[i]; d++)
		out[d] = (float)(sums[d] / (double)(p->ends[i] - begin));
}

static enum tok_status mean_some(void *shared, size_t index, size_t thread, struct tok_error *err)
{
	const struct sides *sides = shared;
	(void)thread;
	double *sums = malloc(sides->width * sizeof *sums);
	if (!sums)
		return tok_fail_memory(err);
	for (size_t i = index * TOGETHER; i < sides->pieces->count && i < (index + 1) * TOGETHER;
	     i++)
		mean_of_pieces(sides, i, sums);
	free(sums);
	return TOK_OK;
}

static enum tok_status fill_other(struct sides *sides, const struct hyper_spellings *spellings,
				  bool target_given, size_t threads, struct tok_error *err)
{
	const uint32_t *source_places = spellings->places;
	const uint32_t *target_places = spellings->places + spellings->source_count;
	struct hyper_pieces pieces = { 0 };
	tok_id *chosen = malloc((spellings->count + 1) * sizeof *chosen);
	tok_id *wanted = malloc((sides->other->count + 1) * sizeof *wanted);
	enum tok_status status = TOK_OK;
	if (!chosen || !wanted) {
		status = tok_fail_memory(err);
		goto done;
	}
	memset(chosen, 0xFF, (spellings->count + 1) * sizeof *chosen);
	choose(sides, target_given ? target_places : source_places, chosen);
	const size_t count =
	    copy_shared(sides, target_given ? source_places : target_places, chosen, wanted);
	status = hyper_pieces_make(sides->given, sides->other, wanted, count, sides->usable,
				   threads, &pieces, err);
	if (status == TOK_OK) {
		sides->pieces = &pieces;
		sides->wanted = wanted;
		status =
		    hyper_each(threads, (count + TOGETHER - 1) / TOGETHER, mean_some, sides, err);
	}
done:
	free(chosen);
	free(wanted);
	hyper_pieces_release(&pieces);
	return status;
}

enum tok_status hyper_features_rows(const struct hyper_vocab *source,
				    const struct hyper_vocab *target,
				    const struct hyper_rows_view *source_rows,
				    const struct hyper_rows_view *target_rows, size_t threads,
				    struct hyper_features *out, struct tok_error *err)
{
	struct hyper_spellings spellings = { 0 };
	struct hyper_features made = { 0 };
	struct hyper_rows_view rows;
	if (!source_rows == !target_rows)
		return tok_fail(err, TOK_EARG, "features are made of one matrix of rows");
	enum tok_status status =
	    hyper_rows_check(target_rows ? target_rows : source_rows, &rows, err);
	if (status == TOK_OK)
		status = hyper_spellings_new(source, target, &spellings, err);
	if (status == TOK_OK)
		status = hyper_features_new(source, target, rows.width, &made, err);
	if (status != TOK_OK)
		goto done;
	struct sides sides = {
		.given = target_rows ? target : source,
		.other = target_rows ? source : target,
		.given_rows = target_rows ? made.target : made.source,
		.other_rows = target_rows ? made.source : made.target,
		.width = rows.width,
	};
	sides.usable = rows.count < sides.given->count ? rows.count : sides.given->count;
	status = read_given(&rows, sides.usable, rows.width,
			    target_rows ? made.target : made.source, err);
	if (status == TOK_OK)
		status = fill_other(&sides, &spellings, target_rows != NULL, threads, err);
	if (status == TOK_OK)
		status = hyper_features_finish(source, target, threads, &made, err);
done:
	hyper_spellings_release(&spellings);
	if (status == TOK_OK)
		*out = made;
	else
		hyper_features_release(&made);
	return status;
}
