#include "vocab/audit/undertrained.h"

#include <math.h>
#include <stdlib.h>

#include "tok/base/arena.h"

struct vocab_undertrained {
	struct tok_arena arena;
	size_t rows, width, unused;
	uint8_t *kinds;
	double *norms, *cosines; /* by row */
	double *sum;             /* of the unused rows, `width` numbers; it points where their mean
				    does */
	double sum_norm;
};

enum tok_status vocab_undertrained_new(size_t rows, size_t width, const uint8_t *kinds,
				       struct vocab_undertrained **out, struct tok_error *err)
{
	struct vocab_undertrained *u = calloc(1, sizeof *u);
	if (!u)
		return tok_fail_memory(err);
	*u = (struct vocab_undertrained){ .rows = rows, .width = width };
	u->kinds = tok_arena_array(&u->arena, rows, 1);
	u->norms = tok_arena_array(&u->arena, rows, sizeof *u->norms);
	u->cosines = tok_arena_array(&u->arena, rows, sizeof *u->cosines);
	u->sum = tok_arena_array(&u->arena, width, sizeof *u->sum);
	if (!u->kinds || !u->norms || !u->cosines || !u->sum) {
		vocab_undertrained_free(u);
		return tok_fail_memory(err);
	}
	for (size_t i = 0; i < rows; i++) {
		u->kinds[i] = kinds[i];
		u->norms[i] = u->cosines[i] = NAN;
	}
	*out = u;
	return TOK_OK;
}

void vocab_undertrained_free(struct vocab_undertrained *u)
{
	if (!u)
		return;
	tok_arena_release(&u->arena);
	free(u);
}

/* ---- rows -------------------------------------------------------------------------------- */

static double norm_of(const float *row, size_t width)
{
	double sum = 0;
	for (size_t i = 0; i < width; i++)
		sum += (double)row[i] * row[i];
	return isfinite(sum) ? sqrt(sum) : NAN;
}

void vocab_undertrained_measure(struct vocab_undertrained *u, size_t first, size_t count,
				const float *rows)
{
	for (size_t r = 0; r < count; r++) {
		const float *row = rows + r * u->width;
		u->norms[first + r] = norm_of(row, u->width);
		if (u->kinds[first + r] != VOCAB_ROW_UNUSED || isnan(u->norms[first + r]))
			continue;
		u->unused++;
		for (size_t i = 0; i < u->width; i++)
			u->sum[i] += row[i];
	}
}

void vocab_undertrained_turn(struct vocab_undertrained *u)
{
	double squares = 0;
	for (size_t i = 0; i < u->width; i++)
		squares += u->sum[i] * u->sum[i];
	u->sum_norm = sqrt(squares);
}

/* A row of zeros has no cosine, nor has any where nothing is unused: 0 / 0 is NAN. */
void vocab_undertrained_compare(struct vocab_undertrained *u, size_t first, size_t count,
				const float *rows)
{
	for (size_t r = 0; r < count; r++) {
		double product = 0;
		for (size_t i = 0; i < u->width; i++)
			product += rows[r * u->width + i] * u->sum[i];
		u->cosines[first + r] = product / (u->norms[first + r] * u->sum_norm);
	}
}

/* ---- suspects ------------------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static int by_norm(const void *a, const void *b)
{
	const struct vocab_suspect *x = a, *y = b;
	if (x->norm != y->norm)
		return x->norm < y->norm ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Of `count` sorted numbers; NAN: there are none. */
static double percentile(const double *sorted, size_t count, double part)
{
	if (count == 0)
		return NAN;
	const double at = part * (double)(count - 1);
	const size_t low = (size_t)at;
	if (low + 1 >= count)
		return sorted[count - 1];
	return sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]);
}

/* The tokens' numbers that there are, sorted, into `out`. */
static size_t sort_numbers(const struct vocab_undertrained *u, const double *numbers, double *out)
{
	size_t count = 0;
	for (size_t i = 0; i < u->rows; i++)
		if (u->kinds[i] == VOCAB_ROW_TOKEN && !isnan(numbers[i]))
			out[count++] = numbers[i];
	qsort(out, count, sizeof *out, by_number);
	return count;
}

/* A number that half of the tokens have makes none of them differ from the others. */
static struct vocab_suspect judge(const struct vocab_undertrained *u,
				  const struct vocab_suspects *s, size_t row)
{
	const double norm = u->norms[row], cosine = u->cosines[row];
	return (struct vocab_suspect){
		.id = (tok_id)row,
		.norm = norm,
		.cosine = cosine,
		.is_short = norm <= s->norm_threshold && norm < s->norm_median,
		.is_alike = cosine >= s->cosine_threshold && cosine > s->cosine_median,
	};
}

/* Those of the tokens that are suspects; with `out` NULL they are counted. */
static size_t list(const struct vocab_undertrained *u, const struct vocab_suspects *s,
		   struct vocab_suspect *out)
{
	size_t count = 0;
	for (size_t i = 0; i < u->rows; i++) {
		const struct vocab_suspect found = judge(u, s, i);
		if (u->kinds[i] != VOCAB_ROW_TOKEN || !(found.is_short || found.is_alike))
			continue;
		if (out)
			out[count] = found;
		count++;
	}
	return count;
}

enum tok_status vocab_undertrained_finish(struct vocab_undertrained *u, double part,
					  struct vocab_suspects *out, struct tok_error *err)
{
	struct vocab_suspects s = { .unused_count = u->unused };
	double *sorted = tok_arena_array(&u->arena, u->rows, sizeof *sorted);
	if (!sorted)
		return tok_fail_memory(err);
	s.token_count = sort_numbers(u, u->norms, sorted);
	s.norm_threshold = percentile(sorted, s.token_count, part);
	s.norm_median = percentile(sorted, s.token_count, 0.5);
	const size_t cosines = sort_numbers(u, u->cosines, sorted);
	s.cosine_threshold = percentile(sorted, cosines, 1 - part);
	s.cosine_median = percentile(sorted, cosines, 0.5);

	s.suspect_count = list(u, &s, NULL);
	struct vocab_suspect *suspects =
	    tok_arena_array(&u->arena, s.suspect_count, sizeof *suspects);
	if (!suspects)
		return tok_fail_memory(err);
	list(u, &s, suspects);
	qsort(suspects, s.suspect_count, sizeof *suspects, by_norm);
	s.suspects = suspects;
	*out = s;
	return TOK_OK;
}
