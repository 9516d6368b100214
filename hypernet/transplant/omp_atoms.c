/* omp_atoms.c - rows that may be chosen, packed for products with them. */
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/transplant/omp_internal.h"
#include "tok/base/threads.h"

enum { KEPT_ROWS = 112 }; /* whose products with all are made at a time */

/* Squares of lengths up to here: products of two such rows are below the largest F32. */
#define SQUARE_MAX 1e37

void omp_atoms_release(struct omp_atoms *atoms)
{
	free(atoms->factors);
	free(atoms->factors_float);
	free(atoms->slacks);
	free(atoms->squares);
	tok_arena_release(&atoms->arena);
	hyper_matrix_release(&atoms->packed);
	*atoms = (struct omp_atoms){ 0 };
}

enum tok_status omp_atoms_row(const struct omp_atoms *atoms, size_t place, float *room,
			      const float **row, struct tok_error *err)
{
	return hyper_rows_read(atoms->donor, atoms->ids[place], 1, room, row, err);
}

/* What a product of two rows of `width` numbers is off by at most, over the product of their
 * lengths.  Roundings of a sum of n numbers are together below 8 sqrt(n) units in all but one of
 * 1e10 sums (N. Higham, T. Mary, "A new approach to probabilistic rounding error analysis", 2019),
 * and never above n; numbers rounded to bf16 are each off by half a unit of theirs. */
static double product_error(enum hyper_mode mode, size_t width)
{
	const double unit = FLT_EPSILON / 2, n = (double)width;
	const double sum = fmin(8 * sqrt(n), n) * unit;
	switch (mode) {
	case HYPER_MODE_F32:
	case HYPER_MODE_INT8: /* refused */
	case HYPER_MODE_COUNT:
		return sum;
	case HYPER_MODE_BF16X3:
		return sum + 0x1p-15;
	case HYPER_MODE_BF16:
		return sum + 0x1.02p-8;
	}
	return sum;
}

static bool make_room(struct omp_atoms *atoms)
{
	atoms->factors = malloc(atoms->count * sizeof *atoms->factors);
	atoms->factors_float = malloc(atoms->count * sizeof *atoms->factors_float);
	atoms->slacks = malloc(atoms->count * sizeof *atoms->slacks);
	atoms->squares = malloc(atoms->count * sizeof *atoms->squares);
	return atoms->factors && atoms->factors_float && atoms->slacks && atoms->squares;
}

static void measure(struct omp_atoms *atoms, size_t place, double square, bool normalize)
{
	const double length = sqrt(square);
	const double factor = !normalize ? 1 : length > 0 ? 1 / length : 0;
	atoms->squares[place] = square;
	atoms->factors[place] = factor;
	atoms->factors_float[place] = (float)factor;
	/* Rounded up: it is a bound. */
	atoms->slacks[place] = (float)(length * factor * 1.000001);
}

struct source {
	struct omp_atoms *atoms;
	bool normalize;
	double *wide;
};

static enum tok_status give_rows(void *context, size_t first, size_t count, float *rows,
				 struct tok_error *err)
{
	const struct source *source = context;
	struct omp_atoms *atoms = source->atoms;
	for (size_t i = 0; i < count; i++) {
		const float *row;
		const enum tok_status status =
		    omp_atoms_row(atoms, first + i, rows + i * atoms->width, &row, err);
		if (status != TOK_OK)
			return status;
		if (row != rows + i * atoms->width)
			memcpy(rows + i * atoms->width, row, atoms->width * sizeof *row);
		for (size_t j = 0; j < atoms->width; j++)
			source->wide[j] = (double)row[j];
		const double square = atoms->sums->dot_mixed(source->wide, row, atoms->width);
		if (!(square <= SQUARE_MAX))
			return tok_fail(
			    err, TOK_EFORMAT,
			    "row %u holds NaN, infinity or numbers too large to be squared",
			    atoms->ids[first + i]);
		measure(atoms, first + i, square, source->normalize);
	}
	return TOK_OK;
}

enum tok_status omp_atoms_init(struct omp_atoms *atoms, const struct hyper_rows_view *donor,
			       const tok_id *ids, size_t count,
			       const struct hyper_omp_options *options,
			       const struct hyper_kernel *kernel, struct tok_error *err)
{
	const double unit = FLT_EPSILON / 2;
	*atoms = (struct omp_atoms){
		.donor = donor,
		.ids = ids,
		.count = count,
		.width = donor->width,
		.sums = hyper_sums_best(),
		/* What is left is rounded to F32 before. */
		.error = product_error(options->mode, donor->width) + 4 * unit,
		.error_kept = product_error(HYPER_MODE_F32, donor->width) +
			      product_error(HYPER_MODE_F32, options->k) + 4 * unit,
	};
	struct source source = { .atoms = atoms,
				 .normalize = options->normalize,
				 .wide = malloc(donor->width * sizeof *source.wide) };
	enum tok_status status = source.wide && make_room(atoms) ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = hyper_matrix_pack_from(kernel, options->mode, give_rows, &source, count,
						donor->width, &atoms->packed, err);
	free(source.wide);
	if (status != TOK_OK)
		omp_atoms_release(atoms);
	return status;
}

static enum tok_status give_again(void *context, size_t first, size_t count, float *rows,
				  struct tok_error *err)
{
	const struct omp_atoms *atoms = context;
	for (size_t i = 0; i < count; i++) {
		const float *row;
		const enum tok_status status =
		    omp_atoms_row(atoms, first + i, rows + i * atoms->width, &row, err);
		if (status != TOK_OK)
			return status;
		if (row != rows + i * atoms->width)
			memcpy(rows + i * atoms->width, row, atoms->width * sizeof *row);
	}
	return TOK_OK;
}

enum tok_status omp_atoms_some(struct omp_atoms *some, const struct omp_atoms *atoms,
			       const uint32_t *places, size_t count, tok_id *ids,
			       struct tok_error *err)
{
	*some = (struct omp_atoms){
		.donor = atoms->donor,
		.ids = ids,
		.count = count,
		.width = atoms->width,
		.sums = atoms->sums,
		.error = atoms->error,
		.error_kept = atoms->error_kept,
	};
	enum tok_status status = make_room(some) ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		ids[i] = atoms->ids[places[i]];
		some->factors[i] = atoms->factors[places[i]];
		some->factors_float[i] = atoms->factors_float[places[i]];
		some->slacks[i] = atoms->slacks[places[i]];
		some->squares[i] = atoms->squares[places[i]];
	}
	if (status == TOK_OK)
		status =
		    hyper_matrix_pack_from(atoms->packed.kernel, atoms->packed.mode, give_again,
					   some, count, atoms->width, &some->packed, err);
	if (status != TOK_OK)
		omp_atoms_release(some);
	return status;
}

/* ---- products with each other ------------------------------------------------------ */

struct keep {
	struct omp_atoms *atoms;
	atomic_size_t next; /* row */
	atomic_bool failed;
	struct tok_error *errors; /* of each thread */
};

static void keep_rows(void *shared, size_t thread)
{
	struct keep *keep = shared;
	struct omp_atoms *atoms = keep->atoms;
	struct tok_error *err = &keep->errors[thread];
	enum tok_status status = hyper_kernel_enter(keep->atoms->packed.kernel, err);
	float *rows = hyper_scratch_new(KEPT_ROWS * atoms->width * sizeof *rows);
	void *scratch = hyper_scratch_new(hyper_gemm_scratch(&keep->atoms->packed, KEPT_ROWS));
	if ((!rows || !scratch) && status == TOK_OK)
		status = tok_fail_memory(err);
	while (status == TOK_OK && !atomic_load(&keep->failed)) {
		const size_t first = atomic_fetch_add(&keep->next, KEPT_ROWS);
		if (first >= atoms->count)
			break;
		const size_t left = atoms->count - first;
		const size_t count = left < KEPT_ROWS ? left : KEPT_ROWS;
		status = give_again(atoms, first, count, rows, err);
		if (status == TOK_OK)
			hyper_gemm(&keep->atoms->packed, rows, atoms->width, count,
				   atoms->kept + first * atoms->count, atoms->count, NULL, scratch);
	}
	if (status != TOK_OK)
		atomic_store(&keep->failed, true);
	free(rows);
	free(scratch);
}

enum tok_status omp_atoms_keep(struct omp_atoms *atoms, size_t threads, struct tok_error *err)
{
	struct keep keep = { .atoms = atoms, .errors = calloc(threads, sizeof *keep.errors) };
	enum tok_status status = TOK_OK;
	atoms->kept =
	    tok_arena_array(&atoms->arena, atoms->count * atoms->count, sizeof *atoms->kept);
	if (!keep.errors || !atoms->kept)
		status = tok_fail_memory(err);
	if (status == TOK_OK) {
		tok_threads_run(threads, keep_rows, &keep);
		for (size_t t = 0; t < threads && status == TOK_OK; t++)
			if ((status = keep.errors[t].status) != TOK_OK && err)
				*err = keep.errors[t];
	}
	free(keep.errors);
	return status;
}
