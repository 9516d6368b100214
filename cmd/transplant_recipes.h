/*
 * transplant_recipes.h - how every row of both sides comes to be, by the methods that were asked
 * for.
 *
 *	struct transplant_recipes r = { 0 };
 *	status = transplant_recipes_make(&c, &r, &err);
 *	transplant_recipes_release(&r);
 */
#ifndef CMD_TRANSPLANT_RECIPES_H
#define CMD_TRANSPLANT_RECIPES_H

#include "cmd/transplant_internal.h"
#include "hypernet/transplant/stats.h"

/* How a row came to be, of each id of the new vocabulary. */
enum transplant_how {
	TRANSPLANT_COPIED,
	TRANSPLANT_BY_METHOD,
	TRANSPLANT_BY_PIECES, /* the method had no answer: the mean of the pieces */
	TRANSPLANT_BY_FILL,   /* nor were there pieces: the method's own last resort */
	TRANSPLANT_NO_TOKEN,
	TRANSPLANT_HOWS
};
const char *transplant_how_name(enum transplant_how how);

struct transplant_side_report {
	enum transplant_method method;
	uint8_t *how; /* enum transplant_how, one an id */
	size_t counts[TRANSPLANT_HOWS];
	struct transplant_used used; /* this and the next two: of that method */
	struct hyper_omp_report omp;
	double explains; /* of ridge and procrustes */
	struct hyper_row_stats stats;
};

struct transplant_recipes {
	struct hyper_recipe sides[TRANSPLANT_SIDES];
	bool both; /* the sides are made alike: only the input's is there */
	struct transplant_side_report reports[TRANSPLANT_SIDES];
	tok_id *wanted; /* new tokens */
	size_t wanted_count, rows;
	/* Of recipes that were read: the options of the run as transplant.json tells them; NULL:
	 * they were made here. */
	const char *options;
};

void transplant_recipes_release(struct transplant_recipes *recipes);

/* The recipe of a side, which may be that of the input. */
const struct hyper_recipe *transplant_recipe(const struct transplant_recipes *recipes,
					     enum transplant_side side);

/* The names of both sides' methods, of the preset too; TOK_EARG, saying what is wrong. */
struct transplant_choice {
	enum transplant_method method[TRANSPLANT_SIDES], last_resort;
	const char *folder[TRANSPLANT_SIDES]; /* of a hypernetwork */
	bool pieces_next; /* where the method has no answer, the mean of the pieces */
	bool pads;        /* padding gets rows of last_resort, not zeros */
	size_t multiple;  /* rows are padded to; 0: to the model's own number of rows */
};
TOK_MUST_USE enum tok_status transplant_choose(const struct transplant_options *options,
					       struct transplant_choice *out,
					       struct tok_error *err);

/* Rows of the new matrices. */
size_t transplant_rows(const struct transplant_case *c, const struct transplant_choice *choice);

/* Does one matrix, or one recipe, serve for both sides?  The input's method makes it then. */
bool transplant_is_one(const struct transplant_case *c);

/* Are there two sides whose method makes the same sums?  Then it is asked once. */
bool transplant_is_asked_once(const struct transplant_case *c,
			      const struct transplant_choice *choice);

TOK_MUST_USE enum tok_status transplant_recipes_make(struct transplant_case *c,
						     const struct transplant_choice *choice,
						     struct transplant_recipes *out,
						     struct tok_error *err);

/* Of recipes that were read from a file, with no fewer rows than ids: what is copied, and what the
 * method made.  TOK_ENOMEM. */
TOK_MUST_USE enum tok_status transplant_recipes_recount(const struct transplant_case *c,
							const struct transplant_choice *choice,
							struct transplant_recipes *recipes,
							struct tok_error *err);

/* What the rows look like beside the old ones, into the reports; goes through both matrices. */
TOK_MUST_USE enum tok_status transplant_recipes_stats(const struct transplant_case *c,
						      struct transplant_recipes *recipes,
						      struct tok_error *err);

#endif
