/*
 * omp_kept.c - a pursuit by products of the rows with each other.
 *
 * A step's products are those of x less a sum of rows of kept ones, which is to read all of these
 * rows: so several steps are guessed first, among the rows that were nearest, and their products
 * are then made together.  Whatever was guessed wrong is taken back, and what follows it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/transplant/omp_internal.h"

void omp_kept_release(struct omp_kept *kept)
{
	free(kept->sums);
	free(kept->factors);
	free(kept->past);
	free(kept->rows);
	free(kept->corner);
	free(kept->near);
}

bool omp_kept_init(struct omp_kept *kept, const struct omp_atoms *atoms, size_t k)
{
	*kept = (struct omp_kept){
		.sums = malloc(OMP_AHEAD * atoms->count * sizeof *kept->sums),
		.factors = malloc(OMP_AHEAD * k * sizeof *kept->factors),
		.past = malloc((OMP_AHEAD + 1) * k * sizeof *kept->past),
		.rows = malloc(k * sizeof *kept->rows),
		.corner = malloc(k * OMP_NEAR * sizeof *kept->corner),
		.near = malloc(OMP_NEAR * sizeof *kept->near),
	};
	return kept->sums && kept->factors && kept->past && kept->rows && kept->corner &&
	       kept->near;
}

/* A pursuit after some of the steps of a round. */
struct past {
	size_t held;
	double rest;
	bool ended;
};

/* What a round goes by. */
struct round {
	struct omp_kept *kept;
	struct omp_pursuit *p;
	const struct omp_atoms *atoms;
	const float *products; /* of x */
	const float *now;      /* of what is left: these, or a row of kept->sums */
	size_t k, near;
	struct omp_desk *desk;
	struct past past[OMP_AHEAD + 1];
	size_t steps; /* that are made, right or wrong */
};

static void remember(struct round *r)
{
	const struct omp_pursuit *p = r->p;
	r->past[r->steps] = (struct past){ p->held, p->rest, p->ended };
	memcpy(r->kept->past + r->steps * r->k, p->factors, p->held * sizeof *p->factors);
}

static void go_back(struct round *r, size_t step)
{
	struct omp_pursuit *p = r->p;
	p->held = r->past[step].held;
	p->rest = r->past[step].rest;
	p->ended = r->past[step].ended;
	memcpy(p->factors, r->kept->past + step * r->k, p->held * sizeof *p->factors);
}

/* How large the numbers are that make up products of what is left, over |x|. */
static double find_magnitude(const struct round *r)
{
	double magnitude = 1;
	for (size_t t = 0; t < r->p->held; t++)
		magnitude += fabs(r->p->factors[t]) *
			     sqrt(r->atoms->squares[r->p->chosen[t]] / r->p->square);
	return magnitude;
}

static enum tok_status choose(const struct round *r, const float *products, uint32_t *place,
			      struct tok_error *err)
{
	return omp_pursuit_choose(r->p, r->atoms, products,
				  r->atoms->error_kept * find_magnitude(r), r->desk, place, err);
}

/* Products of the chosen from `first` on with the near ones. */
static void fill_corner(const struct round *r, size_t first)
{
	for (size_t t = first; t < r->p->held; t++) {
		const float *row = r->atoms->kept + (size_t)r->p->chosen[t] * r->atoms->count;
		for (size_t j = 0; j < r->near; j++)
			r->kept->corner[t * OMP_NEAR + j] = row[r->kept->near[j]];
	}
}

static bool holds(const struct omp_pursuit *p, uint32_t place)
{
	for (size_t t = 0; t < p->held; t++)
		if (p->chosen[t] == place)
			return true;
	return false;
}

/* The one of the near ones that is the next, by all signs. */
static uint32_t guess(const struct round *r)
{
	const double length = sqrt(r->p->square);
	uint32_t place = OMP_NONE;
	double best = -1;
	for (size_t j = 0; j < r->near; j++) {
		const uint32_t candidate = r->kept->near[j];
		double product = (double)r->products[candidate] * length;
		for (size_t t = 0; t < r->p->held; t++)
			product -= r->p->factors[t] * (double)r->kept->corner[t * OMP_NEAR + j];
		const double score = fabs(product) * r->atoms->factors[candidate];
		if (score > best && !holds(r->p, candidate)) {
			best = score;
			place = candidate;
		}
	}
	return place;
}

/* Steps among the near ones, until there are OMP_AHEAD of the round or the pursuit ends. */
static enum tok_status go_ahead(struct round *r, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	fill_corner(r, 0);
	while (status == TOK_OK && r->steps < OMP_AHEAD && !r->p->ended) {
		const size_t held = r->p->held;
		const uint32_t place = guess(r);
		if (place == OMP_NONE)
			break;
		status = omp_pursuit_add(r->p, r->atoms, place, r->k, r->desk, err);
		if (r->p->held == held) {
			go_back(r, r->steps); /* whether it ends so, all must say */
			break;
		}
		fill_corner(r, held);
		r->steps++;
		remember(r);
	}
	return status;
}

/* Row s of kept->sums: products after s + 1 steps, with all. */
static void make_sums(struct round *r)
{
	struct omp_kept *kept = r->kept;
	const size_t most = r->past[r->steps].held;
	const double length = sqrt(r->p->square);
	for (size_t t = 0; t < most; t++)
		kept->rows[t] = r->atoms->kept + (size_t)r->p->chosen[t] * r->atoms->count;
	for (size_t s = 1; s <= r->steps; s++)
		for (size_t t = 0; t < most; t++)
			kept->factors[(s - 1) * r->k + t] =
			    t < r->past[s].held ? (float)(-kept->past[s * r->k + t] / length) : 0;
	r->atoms->sums->combine(r->products, kept->rows, most, r->atoms->count, kept->factors, r->k,
				kept->sums, r->atoms->count, r->steps);
	kept->operations += 2.0 * (double)most * (double)r->steps * (double)r->atoms->count;
}

/* Are the guessed ones what is chosen among all?  The pursuit is as it was before the first that is
 * not, or after all. */
static enum tok_status look_back(struct round *r, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	size_t step = 1;
	for (; step < r->steps && status == TOK_OK; step++) {
		uint32_t place;
		go_back(r, step);
		status = choose(r, r->kept->sums + (step - 1) * r->atoms->count, &place, err);
		if (status == TOK_OK && place != r->p->chosen[r->p->held])
			break;
	}
	go_back(r, step);
	r->now = r->kept->sums + (step - 1) * r->atoms->count;
	return status;
}

/* One step by the products with all, and others ahead. */
static enum tok_status go_round(struct round *r, struct tok_error *err)
{
	uint32_t place;
	enum tok_status status = choose(r, r->now, &place, err);
	if (status == TOK_OK)
		status = omp_pursuit_add(r->p, r->atoms, place, r->k, r->desk, err);
	if (status != TOK_OK || r->p->ended)
		return status;
	r->steps = 1;
	remember(r);
	r->near = r->atoms->count < OMP_NEAR ? r->atoms->count : OMP_NEAR;
	omp_screen(r->atoms, r->now, r->near, r->desk, r->kept->near);
	status = go_ahead(r, err);
	if (status != TOK_OK)
		return status;
	make_sums(r);
	return look_back(r, err);
}

enum tok_status omp_kept_pursue(struct omp_kept *kept, struct omp_pursuit *p,
				const struct omp_atoms *atoms, const float *products, size_t k,
				struct omp_desk *desk, struct tok_error *err)
{
	struct round round = { .kept = kept,
			       .p = p,
			       .atoms = atoms,
			       .products = products,
			       .now = products,
			       .k = k,
			       .desk = desk };
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && !p->ended)
		status = go_round(&round, err);
	return status;
}
