#include "hypernet/transplant/features.h"

#include <math.h>
#include <stdlib.h>

#include "hypernet/transplant/dense_internal.h"
#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/features_internal.h"

enum { TOGETHER = 1024 }; /* rows that one thread does at a time */

void hyper_features_release(struct hyper_features *features)
{
	free(features->source);
	free(features->target);
	*features = (struct hyper_features){ 0 };
}

/* Zeros; an empty matrix has a place too. */
static float *make_rows(size_t count, size_t width)
{
	size_t numbers;
	if (__builtin_mul_overflow(count, width, &numbers))
		return NULL;
	return calloc(numbers ? numbers : 1, sizeof(float));
}

enum tok_status hyper_features_new(const struct hyper_vocab *source,
				   const struct hyper_vocab *target, size_t width,
				   struct hyper_features *out, struct tok_error *err)
{
	if (width == 0)
		return tok_fail(err, TOK_EARG, "features need a width of 1 at least");
	struct hyper_features made = {
		.source = make_rows(source->count, width),
		.target = make_rows(target->count, width),
		.source_count = source->count,
		.target_count = target->count,
		.width = width,
		.parts = 1,
	};
	if (!made.source || !made.target) {
		hyper_features_release(&made);
		return tok_fail_memory(err);
	}
	*out = made;
	return TOK_OK;
}

/* ---- lengths ---------------------------------------------------------------------- */

/* Row `id` of the source, or of the target where ids go on. */
static float *row_at(const struct hyper_features *f, size_t at)
{
	return at < f->source_count ? f->source + at * f->width
				    : f->target + (at - f->source_count) * f->width;
}

static enum tok_status shorten(void *shared, size_t index, size_t thread, struct tok_error *err)
{
	const struct hyper_features *f = shared;
	const size_t all = f->source_count + f->target_count;
	(void)thread;
	for (size_t at = index * TOGETHER; at < all && at < (index + 1) * TOGETHER; at++) {
		float *row = row_at(f, at);
		const double length = sqrt(hyper_dot64(row, row, f->width));
		if (!isfinite(length))
			return tok_fail(
			    err, TOK_EFORMAT,
			    "the features of token %zu hold NaN, infinity or numbers too large",
			    at < f->source_count ? at : at - f->source_count);
		for (size_t i = 0; i < f->width && length > 0; i++)
			row[i] = (float)(row[i] / length);
	}
	return TOK_OK;
}

static size_t count_missing(const struct hyper_vocab *vocab, const float *rows, size_t width)
{
	size_t missing = 0;
	for (size_t id = 0; id < vocab->count; id++) {
		size_t i = 0;
		while (i < width && rows[id * width + i] == 0)
			i++;
		missing += i == width && vocab->kinds[id] != HYPER_TOKEN_NONE;
	}
	return missing;
}

enum tok_status hyper_features_finish(const struct hyper_vocab *source,
				      const struct hyper_vocab *target, size_t threads,
				      struct hyper_features *features, struct tok_error *err)
{
	const size_t all = features->source_count + features->target_count;
	const enum tok_status status =
	    hyper_each(threads, (all + TOGETHER - 1) / TOGETHER, shorten, features, err);
	if (status != TOK_OK)
		return status;
	features->source_missing = count_missing(source, features->source, features->width);
	features->target_missing = count_missing(target, features->target, features->width);
	return TOK_OK;
}

/* ---- spellings -------------------------------------------------------------------- */

static struct tok_span bytes_at(const struct hyper_vocab *source, const struct hyper_vocab *target,
				size_t at)
{
	return at < source->count ? source->bytes[at] : target->bytes[at - source->count];
}

static bool is_hole(const struct hyper_vocab *source, const struct hyper_vocab *target, size_t at)
{
	return (at < source->count ? source->kinds[at] : target->kinds[at - source->count]) ==
	       HYPER_TOKEN_NONE;
}

enum tok_status hyper_spellings_new(const struct hyper_vocab *source,
				    const struct hyper_vocab *target, struct hyper_spellings *out,
				    struct tok_error *err)
{
	const size_t all = source->count + target->count;
	struct hyper_spellings made = { .source_count = source->count,
					.target_count = target->count };
	made.places = tok_arena_array(&made.arena, all, sizeof *made.places);
	made.firsts = tok_arena_array(&made.arena, all, sizeof *made.firsts);
	if (!made.places || !made.firsts || !tok_strings_init(&made.table, &made.arena, all)) {
		tok_arena_release(&made.arena);
		return tok_fail_memory(err);
	}
	for (size_t at = 0; at < all; at++) {
		made.places[at] = UINT32_MAX;
		if (is_hole(source, target, at))
			continue;
		struct tok_span bytes = bytes_at(source, target, at);
		if (!bytes.bytes)
			bytes.bytes = (const uint8_t *)""; /* a free slot of the table has none */
		if (tok_strings_add(&made.table, bytes, (uint32_t)made.count))
			made.firsts[made.count++] = (uint32_t)at;
		made.places[at] = tok_strings_find(&made.table, bytes);
	}
	*out = made;
	return TOK_OK;
}

void hyper_spellings_release(struct hyper_spellings *spellings)
{
	tok_arena_release(&spellings->arena);
	*spellings = (struct hyper_spellings){ 0 };
}

float *hyper_features_of(const struct hyper_features *features,
			 const struct hyper_spellings *spellings, uint32_t spelling)
{
	return row_at(features, spellings->firsts[spelling]);
}

void hyper_features_spread(struct hyper_features *features, const struct hyper_spellings *spellings)
{
	const size_t all = features->source_count + features->target_count;
	for (size_t at = 0; at < all; at++) {
		const uint32_t spelling = spellings->places[at];
		if (spelling != UINT32_MAX && spellings->firsts[spelling] != at)
			memcpy(row_at(features, at),
			       hyper_features_of(features, spellings, spelling),
			       features->width * sizeof(float));
	}
}

/* ---- n-grams ---------------------------------------------------------------------- */

enum { LONGEST = 5, BEGIN = 256, END = 257 }; /* marks are no bytes */

struct ngrams {
	const struct hyper_vocab *source, *target;
	struct hyper_features *features;
};

static uint32_t symbol_at(struct tok_span bytes, size_t at)
{
	if (at == 0)
		return BEGIN;
	return at <= bytes.count ? bytes.bytes[at - 1] : END;
}

static void add_ngrams(struct tok_span bytes, float *row, size_t width)
{
	const size_t symbols = bytes.count + 2;
	for (size_t begin = 0; begin < symbols; begin++) {
		uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
		for (size_t n = 1; n <= LONGEST && begin + n <= symbols; n++) {
			const uint32_t symbol = symbol_at(bytes, begin + n - 1);
			hash = (hash ^ symbol) * 0x100000001b3u;
			/* A mark alone says nothing: all tokens have it. */
			if (n == 1 && symbol > 255)
				continue;
			uint64_t z = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9u;
			z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
			z ^= z >> 31;
			row[(z >> 1) % width] += z & 1 ? (float)n : -(float)n;
		}
	}
}

static enum tok_status count_ngrams(void *shared, size_t index, size_t thread,
				    struct tok_error *err)
{
	const struct ngrams *job = shared;
	const size_t all = job->source->count + job->target->count;
	(void)thread;
	(void)err;
	for (size_t at = index * TOGETHER; at < all && at < (index + 1) * TOGETHER; at++)
		if (!is_hole(job->source, job->target, at))
			add_ngrams(bytes_at(job->source, job->target, at),
				   row_at(job->features, at), job->features->width);
	return TOK_OK;
}

enum tok_status hyper_features_ngrams(const struct hyper_vocab *source,
				      const struct hyper_vocab *target, size_t width,
				      size_t threads, struct hyper_features *out,
				      struct tok_error *err)
{
	struct hyper_features made = { 0 };
	const size_t all = source->count + target->count;
	enum tok_status status = hyper_features_new(source, target, width, &made, err);
	if (status == TOK_OK) {
		struct ngrams job = { source, target, &made };
		status =
		    hyper_each(threads, (all + TOGETHER - 1) / TOGETHER, count_ngrams, &job, err);
	}
	if (status == TOK_OK)
		status = hyper_features_finish(source, target, threads, &made, err);
	if (status == TOK_OK)
		*out = made;
	else
		hyper_features_release(&made);
	return status;
}

/* ---- several ---------------------------------------------------------------------- */

/* `b` behind `a`, each by its share of the parts; what has none in one has its all in the other. */
static void join_row(const float *a, size_t a_width, double a_share, const float *b, size_t b_width,
		     double b_share, float *out)
{
	double square = 0;
	for (size_t i = 0; i < a_width; i++)
		out[i] = (float)(a[i] * sqrt(a_share));
	for (size_t i = 0; i < b_width; i++)
		out[a_width + i] = (float)(b[i] * sqrt(b_share));
	square = hyper_dot64(out, out, a_width + b_width);
	for (size_t i = 0; i < a_width + b_width && square > 0; i++)
		out[i] = (float)(out[i] / sqrt(square));
}

static size_t join_rows(const float *a, size_t a_width, double a_share, const float *b,
			size_t b_width, double b_share, size_t count, float *out)
{
	const size_t width = a_width + b_width;
	size_t zeros = 0;
	for (size_t r = 0; r < count; r++) {
		join_row(a + r * a_width, a_width, a_share, b + r * b_width, b_width, b_share,
			 out + r * width);
		zeros += hyper_dot64(out + r * width, out + r * width, width) == 0;
	}
	return zeros;
}

/* Rows that were zero because no token has their id: of each side the same in both. */
static size_t holes(const float *rows, size_t count, size_t width, size_t missing)
{
	size_t zeros = 0;
	for (size_t r = 0; r < count; r++)
		zeros += hyper_dot64(rows + r * width, rows + r * width, width) == 0;
	return zeros - missing;
}

enum tok_status hyper_features_join(struct hyper_features *features,
				    const struct hyper_features *more, struct tok_error *err)
{
	if (features->source_count != more->source_count ||
	    features->target_count != more->target_count)
		return tok_fail(err, TOK_EARG,
				"features of %zu and %zu tokens cannot be joined with those of "
				"%zu and %zu",
				features->source_count, features->target_count, more->source_count,
				more->target_count);
	const size_t width = features->width + more->width;
	const double all = (double)(features->parts + more->parts);
	const double share = (double)features->parts / all, rest = (double)more->parts / all;
	struct hyper_features made = *features;
	made.width = width;
	made.parts = features->parts + more->parts;
	made.source = make_rows(features->source_count, width);
	made.target = make_rows(features->target_count, width);
	if (!made.source || !made.target) {
		hyper_features_release(&made);
		return tok_fail_memory(err);
	}
	made.source_missing =
	    join_rows(features->source, features->width, share, more->source, more->width, rest,
		      made.source_count, made.source) -
	    holes(features->source, made.source_count, features->width, features->source_missing);
	made.target_missing =
	    join_rows(features->target, features->width, share, more->target, more->width, rest,
		      made.target_count, made.target) -
	    holes(features->target, made.target_count, features->width, features->target_missing);
	hyper_features_release(features);
	*features = made;
	return TOK_OK;
}
