/* exact.c - every row against every query. */
#include "hypernet/ann/nearest.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/ann/dot_internal.h"
#include "hypernet/ann/found_internal.h"
#include "hypernet/ann/rows_internal.h"
#include "tok/base/threads.h"

enum {
	BLOCK = 512,   /* rows that are looked at together: they stay in the second cache */
	FEW = 16,      /* below so many queries a product of matrices is not worth its packing */
	TOGETHER = 256 /* queries of one product */
};

struct hyper_exact {
	struct hyper_rows_view rows;
	enum hyper_measure measure;
	const struct hyper_kernel *kernel;
};

enum tok_status hyper_exact_new(const struct hyper_rows_view *rows, enum hyper_measure measure,
				const struct hyper_kernel *kernel, struct hyper_exact **out,
				struct tok_error *err)
{
	struct hyper_rows_view view;
	const enum tok_status status = hyper_rows_check(rows, &view, err);
	if (status != TOK_OK)
		return status;
	struct hyper_exact *exact = malloc(sizeof *exact);
	if (!exact)
		return tok_fail_memory(err);
	*exact = (struct hyper_exact){ view, measure, kernel };
	*out = exact;
	return TOK_OK;
}

void hyper_exact_free(struct hyper_exact *exact)
{
	free(exact);
}

/* What a find shares among its threads. */
struct find {
	const struct hyper_exact *exact;
	const float *queries;
	const float *query_factors; /* 1 / length of each, of HYPER_COSINE; else 1 */
	size_t count, k, threads;
	const struct hyper_matrix *packed; /* of TOGETHER queries each; NULL: they are few */
	size_t scratch_bytes;
	struct hyper_found *heaps; /* threads x count x k */
	size_t *held;              /* threads x count: how many a heap has */
	atomic_size_t next;        /* block */
	atomic_bool failed;
	struct tok_error *errors; /* of each thread */
};

/* What a thread has for itself. */
struct desk {
	float *rows;    /* BLOCK x width; NULL: the rows are read where they lie */
	float *factors; /* 1 / length of each row, or 1 */
	float *scores;  /* BLOCK x TOGETHER */
	void *scratch;
};

static void desk_release(struct desk *desk)
{
	free(desk->rows);
	free(desk->factors);
	free(desk->scores);
	free(desk->scratch);
}

static bool desk_init(struct desk *desk, const struct find *find)
{
	const struct hyper_rows_view *rows = &find->exact->rows;
	*desk = (struct desk){ 0 };
	if (rows->tensor)
		desk->rows = hyper_scratch_new(BLOCK * rows->width * sizeof(float));
	desk->factors = malloc(BLOCK * sizeof *desk->factors);
	if (find->packed) {
		desk->scores = malloc((size_t)BLOCK * TOGETHER * sizeof *desk->scores);
		desk->scratch = hyper_scratch_new(find->scratch_bytes);
	}
	return desk->factors && (!rows->tensor || desk->rows) &&
	       (!find->packed || (desk->scores && desk->scratch));
}

/* One score of query `q` and a row of the block. */
static void offer(const struct find *find, size_t thread, size_t q, size_t row, float score)
{
	struct hyper_found *heap = find->heaps + (thread * find->count + q) * find->k;
	size_t *held = &find->held[thread * find->count + q];
	*held =
	    hyper_found_offer(heap, *held, find->k, (struct hyper_found){ (uint32_t)row, score });
}

static void score_few(const struct find *find, size_t thread, const struct desk *desk,
		      const float *rows, size_t first, size_t count)
{
	const size_t width = find->exact->rows.width;
	hyper_dot *dot = hyper_dot_of(find->exact->kernel);
	for (size_t r = 0; r < count; r++)
		for (size_t q = 0; q < find->count; q++)
			offer(find, thread, q, first + r,
			      dot(find->queries + q * width, rows + r * width, width) *
				  desk->factors[r] * find->query_factors[q]);
}

static void score_many(const struct find *find, size_t thread, const struct desk *desk,
		       const float *rows, size_t first, size_t count)
{
	const size_t width = find->exact->rows.width;
	const struct hyper_epilogue nothing = { 0 };
	for (size_t begin = 0; begin < find->count; begin += TOGETHER) {
		const struct hyper_matrix *w = &find->packed[begin / TOGETHER];
		hyper_gemm(w, rows, width, count, desk->scores, TOGETHER, &nothing, desk->scratch);
		for (size_t r = 0; r < count; r++)
			for (size_t q = 0; q < w->out; q++)
				offer(find, thread, begin + q, first + r,
				      desk->scores[r * TOGETHER + q] * desk->factors[r] *
					  find->query_factors[begin + q]);
	}
}

static enum tok_status find_in_block(const struct find *find, size_t thread, struct desk *desk,
				     size_t first, struct tok_error *err)
{
	const struct hyper_rows_view *view = &find->exact->rows;
	const size_t count = view->count - first < BLOCK ? view->count - first : BLOCK;
	const float *rows;
	enum tok_status status = hyper_rows_read(view, first, count, desk->rows, &rows, err);
	if (status == TOK_OK)
		status = hyper_rows_factors(
		    rows, count, view->width, find->exact->measure == HYPER_COSINE,
		    hyper_dot_of(find->exact->kernel), first, desk->factors, err);
	if (status == TOK_OK)
		(find->packed ? score_many : score_few)(find, thread, desk, rows, first, count);
	return status;
}

static void work(void *shared, size_t thread)
{
	struct find *find = shared;
	struct tok_error *err = &find->errors[thread];
	struct desk desk;
	enum tok_status status = hyper_kernel_enter(find->exact->kernel, err);
	if (!desk_init(&desk, find) && status == TOK_OK)
		status = tok_fail_memory(err);
	while (status == TOK_OK && !atomic_load(&find->failed)) {
		const size_t first = atomic_fetch_add(&find->next, 1) * BLOCK;
		if (first >= find->exact->rows.count)
			break;
		status = find_in_block(find, thread, &desk, first, err);
	}
	if (status != TOK_OK)
		atomic_store(&find->failed, true);
	desk_release(&desk);
}

/* The threads' heaps become one list a query. */
static void gather(struct find *find, struct hyper_found *found)
{
	const size_t k = find->k;
	for (size_t q = 0; q < find->count; q++) {
		size_t held = 0;
		for (size_t t = 0; t < find->threads; t++) {
			const size_t heap = t * find->count + q;
			for (size_t i = 0; i < find->held[heap]; i++)
				held = hyper_found_offer(found + q * k, held, k,
							 find->heaps[heap * k + i]);
		}
		hyper_found_sort(found + q * k, held);
	}
}

static void release_packed(struct hyper_matrix *packed, size_t count)
{
	for (size_t i = 0; packed && i < count; i++)
		hyper_matrix_release(&packed[i]);
	free(packed);
}

static enum tok_status pack(struct find *find, struct hyper_matrix *packed, struct tok_error *err)
{
	const size_t width = find->exact->rows.width;
	enum tok_status status = TOK_OK;
	for (size_t begin = 0; begin < find->count && status == TOK_OK; begin += TOGETHER) {
		struct hyper_matrix *w = &packed[begin / TOGETHER];
		const size_t rest = find->count - begin;
		status = hyper_matrix_pack(find->exact->kernel, HYPER_MODE_F32,
					   find->queries + begin * width,
					   rest < TOGETHER ? rest : TOGETHER, width, w, err);
		if (status == TOK_OK && hyper_gemm_scratch(w, BLOCK) > find->scratch_bytes)
			find->scratch_bytes = hyper_gemm_scratch(w, BLOCK);
	}
	find->packed = packed;
	return status;
}

static enum tok_status run(struct find *find, struct hyper_found *found, struct tok_error *err)
{
	const size_t products = (find->count + TOGETHER - 1) / TOGETHER;
	struct hyper_matrix *packed = NULL;
	enum tok_status status = TOK_OK;
	if (find->count >= FEW) {
		packed = calloc(products, sizeof *packed);
		status = packed ? pack(find, packed, err) : tok_fail_memory(err);
	}
	if (status == TOK_OK) {
		tok_threads_run(find->threads, work, find);
		for (size_t t = 0; t < find->threads && status == TOK_OK; t++)
			if ((status = find->errors[t].status) != TOK_OK && err)
				*err = find->errors[t];
	}
	if (status == TOK_OK)
		gather(find, found);
	release_packed(packed, products);
	return status;
}

enum tok_status hyper_exact_find(const struct hyper_exact *exact, const float *queries,
				 size_t count, size_t k, size_t threads, struct hyper_found *found,
				 struct tok_error *err)
{
	if (k == 0 || k > exact->rows.count)
		return tok_fail(err, TOK_EARG, "there are %zu rows to find, not %zu",
				exact->rows.count, k);
	if (count == 0)
		return TOK_OK;
	float *factors = malloc(count * sizeof *factors);
	struct find find = {
		.exact = exact,
		.queries = queries,
		.query_factors = factors,
		.count = count,
		.k = k,
		.threads = threads,
		.errors = calloc(threads, sizeof *find.errors),
		.held = calloc(threads * count, sizeof *find.held),
	};
	size_t places;
	if (!__builtin_mul_overflow(threads * count, k, &places))
		find.heaps = calloc(places, sizeof *find.heaps);
	enum tok_status status = TOK_OK;
	if (!factors || !find.errors || !find.held || !find.heaps)
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = hyper_rows_factors(queries, count, exact->rows.width,
					    exact->measure == HYPER_COSINE,
					    hyper_dot_of(exact->kernel), 0, factors, err);
	if (status == TOK_EFORMAT)
		status = tok_fail_in(err, status, "queries");
	if (status == TOK_OK)
		status = run(&find, found, err);
	free(factors);
	free(find.errors);
	free(find.held);
	free(find.heaps);
	return status;
}
