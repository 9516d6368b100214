/* transplant_choice.c - which methods, by options and presets. */
#include <stdlib.h>
#include <string.h>

#include "cmd/cli_pool.h"
#include "cmd/transplant_features.h"
#include "cmd/transplant_files.h"
#include "cmd/transplant_recipes.h"

enum { PADDED_MOST = 1 << 20, TOKENADAPT_MULTIPLE = 128 };

/* What another program does where nothing is asked for. */
struct preset {
	const char *method;
	enum transplant_method last_resort;
	bool pieces_next;
	size_t multiple;
	bool pads; /* rows behind the last id are drawn like those of the last resort */
};

static const struct preset presets[] = {
	[TRANSPLANT_TOKENADAPT] = { "hybrid", TRANSPLANT_SCALAR, false, TOKENADAPT_MULTIPLE, true },
	[TRANSPLANT_MERGEKIT] = { "omp", TRANSPLANT_ZERO, false, 1, false },
	[TRANSPLANT_AS_FOCUS] = { "focus", TRANSPLANT_RANDOM, false, 1, false },
};
static const struct preset ours = { NULL, TRANSPLANT_RANDOM, true, 1, false };

enum cli_exit transplant_check_options(const struct transplant_options *o)
{
	struct tok_error err = { 0 };
	if (o->weight != TRANSPLANT_UNSET && !(o->weight >= 0 && o->weight <= 1))
		return cli_usage("--weight takes a share from 0 to 1, not %g", o->weight);
	if (o->samples == 0)
		return cli_usage("--samples takes a number of 1 or more");
	if (o->aux && transplant_features_check(o->aux, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return cli_threads_check(o->threads);
}

struct transplant_options transplant_settled(const struct transplant_options *asked)
{
	struct transplant_options o = *asked;
	o.seed = o.seed == TRANSPLANT_SEED_UNSET ? TRANSPLANT_SEED : o.seed;
	o.knn = o.knn < 0 ? HYPER_KNN_DISTANCE : o.knn;
	o.tie = o.tie < 0 ? HYPER_TIE_KEEP : o.tie;
	o.chat_template = o.chat_template < 0 ? TRANSPLANT_CHAT_AUDIT : o.chat_template;
	return o;
}

static enum tok_status choose_rows(const char *rows, size_t *multiple, struct tok_error *err)
{
	static const char pad[] = "pad:";
	if (!rows)
		return TOK_OK;
	if (strcmp(rows, "tight") == 0) {
		*multiple = 1;
		return TOK_OK;
	}
	if (strcmp(rows, "keep") == 0) {
		*multiple = 0;
		return TOK_OK;
	}
	char *end = NULL;
	if (strncmp(rows, pad, sizeof pad - 1) == 0)
		*multiple = strtoul(rows + sizeof pad - 1, &end, 10);
	if (!end || *end || *multiple < 1 || *multiple > PADDED_MOST)
		return tok_fail(err, TOK_EARG,
				"--rows takes tight, keep or pad:N with N from 1 to %d, not '%s'",
				PADDED_MOST, rows);
	return TOK_OK;
}

enum tok_status transplant_choose(const struct transplant_options *o, struct transplant_choice *out,
				  struct tok_error *err)
{
	const struct preset *preset = o->preset < 0 ? &ours : &presets[o->preset];
	const char *usual = preset->method ? preset->method : o->donor ? "omp" : "hybrid";
	const char *both = o->method ? o->method : usual;
	const char *sides[TRANSPLANT_SIDES] = { o->in_method ? o->in_method : both,
						o->out_method ? o->out_method : both };
	*out = (struct transplant_choice){ .last_resort = preset->last_resort,
					   .pieces_next = preset->pieces_next,
					   .multiple = preset->multiple,
					   .pads = preset->pads };
	for (int side = 0; side < TRANSPLANT_SIDES; side++)
		if (!transplant_method_find(sides[side], &out->method[side], &out->folder[side]))
			return tok_fail(err, TOK_EARG,
					"'%s' is no method: tok-transplanting(7) names them",
					sides[side]);
	/* What it is published with; n-grams are something else, to be asked for. */
	if (o->preset == TRANSPLANT_AS_FOCUS && !o->aux &&
	    (out->method[TRANSPLANT_IN] == TRANSPLANT_FOCUS ||
	     out->method[TRANSPLANT_OUT] == TRANSPLANT_FOCUS))
		return tok_fail(err, TOK_EARG,
				"FOCUS goes by vectors trained on a text: say --aux cooc:TEXT or "
				"file:VECTORS");
	return choose_rows(o->rows, &out->multiple, err);
}

size_t transplant_rows(const struct transplant_case *c, const struct transplant_choice *choice)
{
	const size_t tokens = c->target.vocab.count, old = c->embeddings.input->shape[0];
	if (choice->multiple == 0)
		return tokens > old ? tokens : old;
	const size_t over = tokens % choice->multiple;
	return over ? tokens + choice->multiple - over : tokens;
}
