/*
 * omp_internal.h - the parts of omp.c: what may be chosen (omp_atoms.c, omp_screen.c), and one
 * token's state (omp_pursuit.c).
 */
#ifndef HYPER_TRANSPLANT_OMP_INTERNAL_H
#define HYPER_TRANSPLANT_OMP_INTERNAL_H

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/omp.h"
#include "hypernet/transplant/sums_internal.h"

/* Rows that may be chosen, called by their place.  Never changed once made; any thread. */
struct omp_atoms {
	const struct hyper_rows_view *donor;
	const tok_id *ids;
	size_t count, width;
	const struct hyper_sums *sums;
	/* A score is |product| * factor; the product is off by at most so much a slack. */
	double *factors;      /* 1, or 1 / length */
	float *factors_float; /* the same, rounded */
	float *slacks;        /* length * factor */
	double *squares;      /* of lengths */
	double error, error_kept;
	struct hyper_matrix packed;
	float *kept; /* count x count: products with each other; NULL: they are not kept */
};

void omp_atoms_release(struct omp_atoms *atoms);

/* Of rows ids[0] to ids[count - 1], rising. */
TOK_MUST_USE enum tok_status omp_atoms_init(struct omp_atoms *atoms,
					    const struct hyper_rows_view *donor, const tok_id *ids,
					    size_t count, const struct hyper_omp_options *options,
					    const struct hyper_kernel *kernel,
					    struct tok_error *err);

/* Some of them: `places` rising. */
TOK_MUST_USE enum tok_status omp_atoms_some(struct omp_atoms *some, const struct omp_atoms *atoms,
					    const uint32_t *places, size_t count, tok_id *ids,
					    struct tok_error *err);

/* Their products with each other; made for products in F32. */
TOK_MUST_USE enum tok_status omp_atoms_keep(struct omp_atoms *atoms, size_t threads,
					    struct tok_error *err);

/* The row at a place, in `room` or where it lies. */
TOK_MUST_USE enum tok_status omp_atoms_row(const struct omp_atoms *atoms, size_t place, float *room,
					   const float **row, struct tok_error *err);

/* The places of the `count` (at most all) atoms with the largest scores, of equals the first, in
 * rising order; `room` has as many. */
void omp_screen(const struct omp_atoms *atoms, const float *products, size_t count,
		struct hyper_found *room, uint32_t *places);

/* One token's row as a sum, so far. */
struct omp_pursuit {
	const float *x;      /* width */
	double square, rest; /* |x|^2, and of what is left */
	size_t held;
	bool ended;
	uint32_t *chosen; /* k of each */
	double *products; /* of x with them */
	double *solved;   /* L solved = products */
	double *factors;  /* coefficients */
	double *triangle; /* k x k: L below the diagonal and on it; products of the chosen with each
			     other above it */
};

/* What a thread has for itself. */
struct omp_desk {
	double *wide, *left; /* width */
	float *room;         /* width */
	float *uppers;
	uint32_t *near;    /* a place each atom: those that may be the largest */
	size_t recomputed; /* steps */
};

void omp_pursuit_begin(struct omp_pursuit *p, const float *x, const struct hyper_sums *sums,
		       double *wide, size_t width);

/* The next row, by its products with what is left over |x| or over its own length, which are off
 * by at most `error` a slack; the pursuit has ended if there is none. */
TOK_MUST_USE enum tok_status omp_pursuit_step(struct omp_pursuit *p, const struct omp_atoms *atoms,
					      const float *products, double error, size_t k,
					      struct omp_desk *desk, struct tok_error *err);

/* What is left of x, in F64. */
TOK_MUST_USE enum tok_status omp_pursuit_left(const struct omp_pursuit *p,
					      const struct omp_atoms *atoms, float *room,
					      double *left, struct tok_error *err);

/* With `ridge`, if that is above 0: the coefficients anew. *cosine: of x and the sum. */
void omp_pursuit_end(struct omp_pursuit *p, const struct omp_atoms *atoms, size_t k, double ridge,
		     double *cosine);

#endif
