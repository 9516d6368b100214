/*
 * omp_internal.h - the parts of omp.c: what may be chosen (omp_atoms.c, omp_screen.c), and one
 * token's state (omp_pursuit.c).
 */
#ifndef HYPER_TRANSPLANT_OMP_INTERNAL_H
#define HYPER_TRANSPLANT_OMP_INTERNAL_H

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/omp.h"
#include "hypernet/transplant/sums_internal.h"
#include "tok/base/arena.h"

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
	struct tok_arena arena; /* they lie in it: large pages, for rows are read all over */
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
	float *scores;     /* an atom each */
	size_t recomputed; /* steps */
};

/* The places of the `count` (at most all) atoms with the largest scores, of equals the first, in
 * rising order. */
void omp_screen(const struct omp_atoms *atoms, const float *products, size_t count,
		struct omp_desk *desk, uint32_t *places);

void omp_pursuit_begin(struct omp_pursuit *p, const float *x, const struct hyper_sums *sums,
		       double *wide, size_t width);

#define OMP_NONE UINT32_MAX

/* The next row, by its products with what is left over |x| or over its own length, which are off
 * by at most `error` a slack; OMP_NONE: what is left is at right angles to all. */
TOK_MUST_USE enum tok_status omp_pursuit_choose(const struct omp_pursuit *p,
						const struct omp_atoms *atoms,
						const float *products, double error,
						struct omp_desk *desk, uint32_t *place,
						struct tok_error *err);

/* One more row, or none.  The pursuit has ended with none, with the k-th, and where nothing is left
 * of x; and, without the row, where that adds nothing to the others. */
TOK_MUST_USE enum tok_status omp_pursuit_add(struct omp_pursuit *p, const struct omp_atoms *atoms,
					     uint32_t place, size_t k, struct omp_desk *desk,
					     struct tok_error *err);

/* What is left of x, in F64. */
TOK_MUST_USE enum tok_status omp_pursuit_left(const struct omp_pursuit *p,
					      const struct omp_atoms *atoms, float *room,
					      double *left, struct tok_error *err);

/* ---- by products that are kept (omp_kept.c) ------------------------------------------ */

/* What a thread has for it. */
struct omp_kept {
	float *sums;        /* OMP_AHEAD x atoms */
	float *factors;     /* OMP_AHEAD x k */
	double *past;       /* (OMP_AHEAD + 1) x k */
	const float **rows; /* k */
	float *corner;      /* k x OMP_NEAR: products of the chosen with the near */
	uint32_t *near;     /* OMP_NEAR */
	double operations;
};

enum {
	OMP_AHEAD = 8, /* rows that are guessed before they are looked at among all */
	OMP_NEAR = 128 /* rows that they are guessed among */
};

void omp_kept_release(struct omp_kept *kept);
TOK_MUST_USE bool omp_kept_init(struct omp_kept *kept, const struct omp_atoms *atoms, size_t k);

/* A pursuit to its end, by x's products with all, over |x|. */
TOK_MUST_USE enum tok_status omp_kept_pursue(struct omp_kept *kept, struct omp_pursuit *p,
					     const struct omp_atoms *atoms, const float *products,
					     size_t k, struct omp_desk *desk,
					     struct tok_error *err);

/* With `ridge`, if that is above 0: the coefficients anew. *cosine: of x and the sum. */
void omp_pursuit_end(struct omp_pursuit *p, const struct omp_atoms *atoms, size_t k, double ridge,
		     double *cosine);

#endif
