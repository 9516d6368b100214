/*
 * similar_scan.c - every candidate beside every token, in blocks that are forgotten at once.
 *
 * Sparsemax (A. Martins, R. Astudillo, arXiv 1602.02068) of a list has a threshold that its part
 * has none above: more numbers raise it.  So what is not above the threshold of those seen so far
 * is never kept, and thresholds are found by leaving out what is below them (C. Michelot 1986; L.
 * Condat, "Fast projection onto the simplex", 2016), without putting anything in order.
 */
#include <math.h>
#include <stdlib.h>

#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/similar_internal.h"

enum {
	BLOCK = 2048, /* candidates of one product */
	GROUP = 64,   /* tokens of one product: their cosines stay in the second cache */
	STEP = 32     /* cosines that are looked at together */
};

struct hyper_scan {
	const struct hyper_candidates *candidates;
	const struct hyper_kernel *kernel;
	struct hyper_matrix *blocks;
	size_t block_count, scratch_bytes;
};

void hyper_scan_free(struct hyper_scan *scan)
{
	for (size_t b = 0; scan && b < scan->block_count; b++)
		hyper_matrix_release(&scan->blocks[b]);
	if (scan)
		free(scan->blocks);
	free(scan);
}

enum tok_status hyper_scan_new(const struct hyper_candidates *candidates,
			       const struct hyper_kernel *kernel, struct hyper_scan **out,
			       struct tok_error *err)
{
	struct hyper_scan *scan = calloc(1, sizeof *scan);
	if (!scan)
		return tok_fail_memory(err);
	scan->candidates = candidates;
	scan->kernel = kernel;
	scan->blocks = calloc((candidates->count + BLOCK - 1) / BLOCK + 1, sizeof *scan->blocks);
	enum tok_status status = scan->blocks ? TOK_OK : tok_fail_memory(err);
	for (size_t first = 0; first < candidates->count && status == TOK_OK; first += BLOCK) {
		const size_t rest = candidates->count - first;
		struct hyper_matrix *block = &scan->blocks[scan->block_count];
		status = hyper_matrix_pack(
		    kernel, HYPER_MODE_F32, candidates->rows + first * candidates->stride,
		    rest < BLOCK ? rest : BLOCK, candidates->width, block, err);
		if (status != TOK_OK)
			break;
		scan->block_count++;
		if (hyper_gemm_scratch(block, GROUP) > scan->scratch_bytes)
			scan->scratch_bytes = hyper_gemm_scratch(block, GROUP);
	}
	if (status == TOK_OK)
		*out = scan;
	else
		hyper_scan_free(scan);
	return status;
}

/* ---- what is kept of a token ------------------------------------------------------ */

struct kept {
	float *cosines;
	uint32_t *places;
	size_t count, room;
	size_t looked; /* how many there were when the threshold was last found */
	double floor;  /* nothing at or below it is kept */
};

static void kept_release(struct kept *kept)
{
	free(kept->cosines);
	free(kept->places);
}

static enum tok_status kept_room(struct kept *kept, size_t more, struct tok_error *err)
{
	if (kept->count + more <= kept->room)
		return TOK_OK;
	const size_t room = kept->count + more + kept->count;
	float *cosines = realloc(kept->cosines, room * sizeof *cosines);
	if (cosines)
		kept->cosines = cosines;
	uint32_t *places = realloc(kept->places, room * sizeof *places);
	if (places)
		kept->places = places;
	if (!cosines || !places)
		return tok_fail_memory(err);
	kept->room = room;
	return TOK_OK;
}

/* Those of a block that are above the floor. */
static void keep(struct kept *kept, size_t first, const float *cosines, size_t count)
{
	/* Rounded down, so that what is above the floor itself is above this. */
	const float floor = nextafterf((float)kept->floor, -INFINITY);
	for (size_t begin = 0; begin < count; begin += STEP) {
		const size_t end = count - begin < STEP ? count : begin + STEP;
		int any = 0;
		for (size_t i = begin; i < end; i++)
			any |= cosines[i] > floor;
		for (size_t i = begin; i < end && any; i++)
			if ((double)cosines[i] > kept->floor) {
				kept->cosines[kept->count] = cosines[i];
				kept->places[kept->count++] = (uint32_t)(first + i);
			}
	}
}

/* The threshold of what is kept: the sum of what is above it is `whole`.  What is not, goes. */
static void find_floor(struct kept *kept, double whole)
{
	for (;;) {
		const size_t count = kept->count;
		double sum = 0;
		for (size_t i = 0; i < count; i++)
			sum += (double)kept->cosines[i];
		const double floor = (sum - whole) / (double)count;
		/* What went in an earlier round was below a lower threshold; rounding does not
		 * bring it back. */
		if (floor > kept->floor)
			kept->floor = floor;
		kept->count = 0;
		for (size_t i = 0; i < count; i++)
			if ((double)kept->cosines[i] > kept->floor) {
				kept->cosines[kept->count] = kept->cosines[i];
				kept->places[kept->count++] = kept->places[i];
			}
		if (kept->count == count || kept->count == 0)
			break;
	}
	kept->looked = kept->count;
}

/* ---- all tokens ------------------------------------------------------------------- */

struct scanning {
	const struct hyper_scan *scan;
	const float *queries;
	const bool *known;
	size_t count;
	double whole; /* sparsemax: the temperature; 0: positive ones */
	struct hyper_answer *answers;
};

struct desk {
	float *unit, *cosines; /* GROUP x width, GROUP x BLOCK */
	void *scratch;
	struct kept kept[GROUP];
};

static void desk_free(struct desk *desk)
{
	for (size_t q = 0; desk && q < GROUP; q++)
		kept_release(&desk->kept[q]);
	if (desk) {
		free(desk->unit);
		free(desk->cosines);
		free(desk->scratch);
	}
	free(desk);
}

static struct desk *desk_new(const struct hyper_scan *scan)
{
	struct desk *desk = calloc(1, sizeof *desk);
	if (!desk)
		return NULL;
	desk->unit = malloc(GROUP * scan->candidates->width * sizeof *desk->unit);
	desk->cosines = malloc((size_t)GROUP * BLOCK * sizeof *desk->cosines);
	desk->scratch = hyper_scratch_new(scan->scratch_bytes);
	if (desk->unit && desk->cosines && desk->scratch)
		return desk;
	desk_free(desk);
	return NULL;
}

/* The tokens of a group with length 1. */
static void take_queries(const struct scanning *s, size_t first, size_t count, float *unit)
{
	const size_t width = s->scan->candidates->width;
	for (size_t q = 0; q < count; q++) {
		const float *from = s->queries + (first + q) * width;
		double square = 0;
		for (size_t i = 0; i < width; i++)
			square += (double)from[i] * (double)from[i];
		for (size_t i = 0; i < width; i++)
			unit[q * width + i] = square > 0 ? (float)(from[i] / sqrt(square)) : 0;
	}
}

static enum tok_status see_block(const struct scanning *s, struct desk *desk, size_t group,
				 size_t count, size_t block, struct tok_error *err)
{
	const struct hyper_matrix *w = &s->scan->blocks[block];
	const struct hyper_epilogue nothing = { 0 };
	const size_t width = s->scan->candidates->width;
	hyper_gemm(w, desk->unit, width, count, desk->cosines, BLOCK, &nothing, desk->scratch);
	for (size_t q = 0; q < count; q++) {
		struct kept *kept = &desk->kept[q];
		if (!s->known[group + q])
			continue;
		const enum tok_status status = kept_room(kept, w->out, err);
		if (status != TOK_OK)
			return status;
		keep(kept, block * BLOCK, desk->cosines + q * BLOCK, w->out);
		/* Not after every block: what was left last time is looked at again. */
		if (s->whole > 0 && kept->count > 2 * kept->looked)
			find_floor(kept, s->whole);
	}
	return TOK_OK;
}

static enum tok_status answer(const struct scanning *s, struct kept *kept, struct hyper_answer *out,
			      struct tok_error *err)
{
	double sum = 0;
	if (s->whole > 0 && kept->count)
		find_floor(kept, s->whole);
	const enum tok_status status = hyper_answer_room(out, kept->count, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < kept->count; i++)
		sum += (double)kept->cosines[i] - kept->floor;
	for (size_t i = 0; i < kept->count; i++)
		out->shares[out->count++] = (struct hyper_share){
			s->scan->candidates->sources[kept->places[i]],
			((double)kept->cosines[i] - kept->floor) / sum,
		};
	hyper_answer_finish(out, s->scan->candidates->repeated);
	return TOK_OK;
}

static enum tok_status scan_group(void *shared, size_t index, size_t thread, struct tok_error *err)
{
	const struct scanning *s = shared;
	const size_t first = index * GROUP;
	const size_t count = s->count - first < GROUP ? s->count - first : GROUP;
	(void)thread;
	enum tok_status status = hyper_kernel_enter(s->scan->kernel, err);
	if (status != TOK_OK)
		return status;
	struct desk *desk = desk_new(s->scan);
	if (!desk)
		return tok_fail_memory(err);
	for (size_t q = 0; q < count; q++)
		desk->kept[q].floor = s->whole > 0 ? -INFINITY : 0;
	take_queries(s, first, count, desk->unit);
	for (size_t b = 0; b < s->scan->block_count && status == TOK_OK; b++)
		status = see_block(s, desk, first, count, b, err);
	for (size_t q = 0; q < count && status == TOK_OK; q++)
		status = answer(s, &desk->kept[q], &s->answers[first + q], err);
	desk_free(desk);
	return status;
}

static enum tok_status scan_all(struct scanning *s, size_t threads, struct tok_error *err)
{
	return hyper_each(threads, (s->count + GROUP - 1) / GROUP, scan_group, s, err);
}

enum tok_status hyper_scan_sparsemax(const struct hyper_scan *scan, const float *queries,
				     const bool *known, size_t count, double temperature,
				     size_t threads, struct hyper_answer *answers,
				     struct tok_error *err)
{
	struct scanning s = { scan, queries, known, count, temperature, answers };
	return scan_all(&s, threads, err);
}

enum tok_status hyper_scan_positive(const struct hyper_scan *scan, const float *queries,
				    const bool *known, size_t count, size_t threads,
				    struct hyper_answer *answers, struct tok_error *err)
{
	struct scanning s = { scan, queries, known, count, 0, answers };
	return scan_all(&s, threads, err);
}
