/* transplant_methods.c - methods by name, and what each makes of a list of tokens. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/transplant_internal.h"
#include "cmd/transplant_features.h"

/* ---- names ----------------------------------------------------------------------- */

/* What makes the rows, and how it is asked. */
enum family { BY_PIECES, BY_LIKENESS, BY_DONOR, BY_NETWORK, BY_FILL };

struct entry {
	const char *name;
	enum family family;
	int kind[TRANSPLANT_SIDES]; /* enum hyper_subword of each side; else the first counts: enum
				       hyper_similar, hyper_map_kind or hyper_fill */
};

static const struct entry methods[TRANSPLANT_METHODS] = {
	[TRANSPLANT_HYBRID] = { "hybrid", BY_LIKENESS, { HYPER_SIMILAR_HYBRID } },
	[TRANSPLANT_LOCAL] = { "local", BY_LIKENESS, { HYPER_SIMILAR_LOCAL } },
	[TRANSPLANT_GLOBAL] = { "global", BY_LIKENESS, { HYPER_SIMILAR_GLOBAL } },
	[TRANSPLANT_SUBWORD] = { "subword", BY_PIECES, { HYPER_SUBWORD_MEAN, HYPER_SUBWORD_MEAN } },
	[TRANSPLANT_SUM] = { "sum", BY_PIECES, { HYPER_SUBWORD_SUM, HYPER_SUBWORD_SUM } },
	[TRANSPLANT_LENGTH] = { "length",
				BY_PIECES,
				{ HYPER_SUBWORD_LENGTH, HYPER_SUBWORD_LENGTH } },
	[TRANSPLANT_LINEAR] = { "linear",
				BY_PIECES,
				{ HYPER_SUBWORD_LINEAR, HYPER_SUBWORD_LINEAR } },
	[TRANSPLANT_FIRST_LAST] = { "first-last",
				    BY_PIECES,
				    { HYPER_SUBWORD_LAST, HYPER_SUBWORD_FIRST } },
	[TRANSPLANT_EEVE] = { "eeve", BY_PIECES, { HYPER_SUBWORD_MEAN, HYPER_SUBWORD_FIRST } },
	[TRANSPLANT_BIL] = { "bil", BY_PIECES, { HYPER_SUBWORD_SCRIPT, HYPER_SUBWORD_LENGTH } },
	[TRANSPLANT_FOCUS] = { "focus", BY_LIKENESS, { HYPER_SIMILAR_FOCUS } },
	[TRANSPLANT_WECHSEL] = { "wechsel", BY_LIKENESS, { HYPER_SIMILAR_WECHSEL } },
	[TRANSPLANT_CLP] = { "clp", BY_LIKENESS, { HYPER_SIMILAR_CLP } },
	[TRANSPLANT_KNN] = { "knn", BY_LIKENESS, { HYPER_SIMILAR_KNN } },
	[TRANSPLANT_OMP] = { "omp", BY_DONOR, { 0 } },
	[TRANSPLANT_PROCRUSTES] = { "procrustes", BY_DONOR, { HYPER_MAP_PROCRUSTES } },
	[TRANSPLANT_RIDGE] = { "ridge", BY_DONOR, { HYPER_MAP_RIDGE } },
	[TRANSPLANT_HYPERNET] = { "hypernet", BY_NETWORK, { 0 } },
	[TRANSPLANT_MEAN] = { "mean", BY_FILL, { HYPER_FILL_MEAN } },
	[TRANSPLANT_ZERO] = { "zero", BY_FILL, { HYPER_FILL_ZERO } },
	[TRANSPLANT_RANDOM] = { "random", BY_FILL, { HYPER_FILL_RANDOM } },
	[TRANSPLANT_HEWITT] = { "hewitt", BY_FILL, { HYPER_FILL_HEWITT } },
	[TRANSPLANT_SCALAR] = { "scalar", BY_FILL, { HYPER_FILL_SCALAR } },
};

bool transplant_method_find(const char *name, enum transplant_method *out, const char **folder)
{
	static const char hypernet[] = "hypernet:";
	*folder = NULL;
	if (strncmp(name, hypernet, sizeof hypernet - 1) == 0 && name[sizeof hypernet - 1]) {
		*out = TRANSPLANT_HYPERNET;
		*folder = name + sizeof hypernet - 1;
		return true;
	}
	for (int i = 0; i < TRANSPLANT_METHODS; i++)
		if (i != TRANSPLANT_HYPERNET && strcmp(name, methods[i].name) == 0) {
			*out = (enum transplant_method)i;
			return true;
		}
	return false;
}

const char *transplant_method_name(enum transplant_method method)
{
	return methods[method].name;
}

bool transplant_method_compares(const struct transplant_case *c, enum transplant_method method)
{
	return methods[method].family == BY_LIKENESS && !(method == TRANSPLANT_KNN && c->donor);
}

bool transplant_method_sums(enum transplant_method method)
{
	const enum family family = methods[method].family;
	return family == BY_PIECES || family == BY_LIKENESS || method == TRANSPLANT_OMP;
}

bool transplant_method_is_sideless(const struct transplant_case *c, enum transplant_method method)
{
	const struct entry *m = &methods[method];
	if (m->family == BY_PIECES)
		return m->kind[TRANSPLANT_IN] == m->kind[TRANSPLANT_OUT];
	return transplant_method_compares(c, method);
}

void transplant_made_release(struct transplant_made *made)
{
	hyper_weights_release(&made->sums);
	free(made->given);
	free(made->has);
	*made = (struct transplant_made){ 0 };
}

/* ---- what all of them are asked with ---------------------------------------------- */

struct request {
	struct transplant_case *c;
	const struct hyper_matches *matches;
	enum transplant_side side;
	const tok_id *wanted;
	size_t count;
	struct transplant_made *out;
};

static struct hyper_rows_view rows_of(const struct hyper_tensor *tensor)
{
	return (struct hyper_rows_view){ .tensor = tensor,
					 .count = tensor->shape[0],
					 .width = tensor->shape[1] };
}

static enum tok_status make_pieces(const struct request *r, struct hyper_pieces *pieces,
				   struct tok_error *err)
{
	return hyper_pieces_make(&r->c->source.vocab, &r->c->target.vocab, r->wanted, r->count,
				 r->c->embeddings.input->shape[0], r->c->threads, pieces, err);
}

/* Room for rows as they are, all of them there. */
static enum tok_status make_room(const struct request *r, struct tok_error *err)
{
	struct transplant_made *out = r->out;
	out->width = transplant_matrix(r->c, r->side)->shape[1];
	out->given = r->count <= SIZE_MAX / out->width / sizeof *out->given
			 ? malloc((r->count * out->width + 1) * sizeof *out->given)
			 : NULL;
	out->has = malloc(r->count + 1);
	if (!out->given || !out->has)
		return tok_fail_memory(err);
	memset(out->has, 1, r->count);
	return TOK_OK;
}

/* What is wrong with numbers, with the file and the tensor that they are in. */
static enum tok_status fail_in_rows(enum tok_status status, const char *path,
				    const struct hyper_tensor *tensor, struct tok_error *err)
{
	return status == TOK_EFORMAT ? tok_fail_in(err, status, "%s, %s", path, tensor->name)
				     : status;
}

/* ---- pieces ----------------------------------------------------------------------- */

static enum tok_status make_subword(const struct request *r, enum transplant_method method,
				    struct tok_error *err)
{
	struct hyper_pieces pieces = { 0 };
	const struct hyper_rows_view rows = rows_of(transplant_matrix(r->c, r->side));
	enum tok_status status = make_pieces(r, &pieces, err);
	if (status == TOK_OK) {
		const struct hyper_subword_job job = {
			.source = &r->c->source.vocab,
			.target = &r->c->target.vocab,
			.wanted = r->wanted,
			.pieces = &pieces,
			.rows = &rows,
		};
		status = hyper_subword(&job, (enum hyper_subword)methods[method].kind[r->side],
				       &r->out->sums, err);
	}
	hyper_pieces_release(&pieces);
	return status;
}

/* ---- tokens that are alike ---------------------------------------------------------- */

/* What the method's authors have, where nothing was asked for. */
static struct hyper_similar_options options_of(const struct transplant_options *o,
					       enum transplant_method method)
{
	struct hyper_similar_options out = {
		.temperature = .3,
		.weight = o->weight >= 0 ? o->weight : .3,
		.threshold = o->threshold >= 0 ? o->threshold : 0,
		.k = 3,
		.knn = (enum hyper_knn)o->knn,
		.euclid = o->euclid || o->preset == TRANSPLANT_MERGEKIT,
	};
	if (method == TRANSPLANT_FOCUS)
		out.temperature = 1;
	if (method == TRANSPLANT_WECHSEL) {
		out.temperature = .1;
		out.k = 10;
	}
	if (method == TRANSPLANT_KNN)
		out.k = 64;
	/* All shared tokens, of which a list would be a gigabyte and more, differ little. */
	if (method == TRANSPLANT_CLP)
		out.k = 256;
	if (o->temperature >= 0)
		out.temperature = o->temperature;
	if (o->topk)
		out.k = o->topk;
	return out;
}

static enum tok_status make_similar(const struct request *r, enum transplant_method method,
				    struct tok_error *err)
{
	struct hyper_pieces pieces = { 0 };
	const struct hyper_similar_options options = options_of(r->c->options, method);
	struct hyper_similar_job job = {
		.source = &r->c->source.vocab,
		.target = &r->c->target.vocab,
		.matches = r->matches,
		.wanted = r->wanted,
		.count = r->count,
		.features = &r->c->features,
		.source_rows = r->c->embeddings.input->shape[0],
		.kernel = r->c->kernel,
		.threads = r->c->threads,
	};
	enum tok_status status = TOK_OK;
	r->out->used.temperature = options.temperature;
	r->out->used.topk = options.k;
	if (method == TRANSPLANT_LOCAL || method == TRANSPLANT_HYBRID) {
		status = make_pieces(r, &pieces, err);
		job.pieces = &pieces;
	}
	if (status == TOK_OK)
		status = transplant_features(r->c, err);
	if (status == TOK_OK)
		status = hyper_similar(&job, (enum hyper_similar)methods[method].kind[0], &options,
				       &r->out->sums, err);
	hyper_pieces_release(&pieces);
	return status;
}

/* ---- a donor ------------------------------------------------------------------------ */

static const struct hyper_tensor *donor_matrix(const struct request *r)
{
	const struct hyper_embeddings *e = &r->c->donor_embeddings;
	return r->side == TRANSPLANT_OUT && e->output ? e->output : e->input;
}

/* Tokens that both models have a row for, and that the donor's id stands for, by the donor's ids,
 * rising; and those of `wanted` that the donor has a row for, with their places. */
struct shared {
	tok_id *anchors, *sources, *wanted;
	uint32_t *places;
	size_t anchor_count, wanted_count;
};

static void release_shared(struct shared *s)
{
	free(s->anchors);
	free(s->sources);
	free(s->wanted);
	free(s->places);
}

static enum tok_status find_shared(const struct request *r, struct shared *s, struct tok_error *err)
{
	const size_t donor_rows = r->c->donor_embeddings.input->shape[0];
	const struct hyper_vocab vocab = transplant_donor_vocab(r->c);
	const struct hyper_matches *m = r->matches;
	*s = (struct shared){
		.anchors = malloc((m->count + 1) * sizeof *s->anchors),
		.sources = malloc((m->count + 1) * sizeof *s->sources),
		.wanted = malloc((r->count + 1) * sizeof *s->wanted),
		.places = malloc((r->count + 1) * sizeof *s->places),
	};
	if (!s->anchors || !s->sources || !s->wanted || !s->places)
		return tok_fail_memory(err);
	for (size_t id = 0; id < m->count && id < donor_rows; id++)
		if (m->source[id] != TOK_NO_ID && vocab.kinds[id] != HYPER_TOKEN_NONE) {
			s->anchors[s->anchor_count] = (tok_id)id;
			s->sources[s->anchor_count++] = m->source[id];
		}
	for (size_t i = 0; i < r->count; i++)
		if (r->wanted[i] < donor_rows && vocab.kinds[r->wanted[i]] != HYPER_TOKEN_NONE) {
			s->places[s->wanted_count] = (uint32_t)i;
			s->wanted[s->wanted_count++] = r->wanted[i];
		}
	return TOK_OK;
}

size_t transplant_atoms(const struct transplant_options *o, size_t width, size_t anchors)
{
	const size_t most = width < anchors ? width : anchors;
	/* mergekit's 64; elsewhere no more than a sixteenth of the width, or the donor is overfit.
	 */
	size_t k = o->preset == TRANSPLANT_MERGEKIT || width / 16 > 64 ? 64 : width / 16;
	if (o->k)
		k = o->k;
	k = k < most ? k : most;
	return k < 1 ? 1 : k;
}

/* `some` has a row for each of s->wanted; `out` gets one for each of the request's. */
static enum tok_status spread_sums(const struct request *r, const struct shared *s,
				   const struct hyper_weights *some, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0, j = 0; i < r->count && status == TOK_OK; i++) {
		const bool there = j < s->wanted_count && s->places[j] == i;
		const uint64_t begin = there ? hyper_weights_begin(some, j) : 0;
		const size_t count = there ? (size_t)(some->ends[j] - begin) : 0;
		status = hyper_weights_add(&r->out->sums, some->sources + begin,
					   some->weights + begin, count, err);
		j += there;
	}
	return status;
}

static enum tok_status make_omp(const struct request *r, const struct shared *s,
				struct tok_error *err)
{
	const struct transplant_options *o = r->c->options;
	const struct hyper_rows_view donor = rows_of(donor_matrix(r));
	const struct hyper_omp_options options = {
		.k = transplant_atoms(o, donor.width, s->anchor_count),
		.normalize = o->normalize_atoms,
		.screen = o->screen,
		.memory = TRANSPLANT_OMP_MEMORY,
		.ridge = o->ridge >= 0 ? o->ridge : 0,
	};
	r->out->used.atoms = options.k;
	struct hyper_weights some = { 0 };
	if (o->k > donor.width)
		return tok_fail(err, TOK_EARG,
				"-k %" PRIu64 ": rows of %zu numbers are sums of no more than %zu",
				o->k, donor.width, donor.width);
	enum tok_status status =
	    hyper_omp(&donor, s->wanted, s->wanted_count, s->anchors, s->sources, s->anchor_count,
		      &options, r->c->kernel, r->c->threads, &some, &r->out->omp, err);
	if (status == TOK_OK)
		status = spread_sums(r, s, &some, err);
	hyper_weights_release(&some);
	return fail_in_rows(status, r->c->options->donor, donor.tensor, err);
}

static enum tok_status make_knn(const struct request *r, const struct shared *s,
				struct tok_error *err)
{
	const struct hyper_rows_view donor = rows_of(donor_matrix(r));
	const struct hyper_vocab target = transplant_donor_vocab(r->c);
	const struct hyper_similar_options options = options_of(r->c->options, TRANSPLANT_KNN);
	const struct hyper_similar_job job = {
		.source = &r->c->source.vocab,
		.target = &target,
		.matches = r->matches,
		.wanted = s->wanted,
		.count = s->wanted_count,
		.donor = &donor,
		.features = &r->c->features,
		.source_rows = r->c->embeddings.input->shape[0],
		.kernel = r->c->kernel,
		.threads = r->c->threads,
	};
	struct hyper_weights some = { 0 };
	enum tok_status status = hyper_similar(&job, HYPER_SIMILAR_KNN, &options, &some, err);
	if (status == TOK_OK)
		status = spread_sums(r, s, &some, err);
	hyper_weights_release(&some);
	return fail_in_rows(status, r->c->options->donor, donor.tensor, err);
}

/* Rows of s->wanted lie in front; each goes to its place, last first. */
static void spread_rows(const struct request *r, const struct shared *s)
{
	struct transplant_made *out = r->out;
	memset(out->has, 0, r->count);
	for (size_t j = s->wanted_count; j-- > 0;) {
		memmove(out->given + s->places[j] * out->width, out->given + j * out->width,
			out->width * sizeof *out->given);
		out->has[s->places[j]] = 1;
	}
}

static enum tok_status make_mapped(const struct request *r, const struct shared *s,
				   enum hyper_map_kind kind, struct tok_error *err)
{
	const struct transplant_options *o = r->c->options;
	const struct hyper_rows_view donor = rows_of(donor_matrix(r));
	const struct hyper_rows_view model = rows_of(transplant_matrix(r->c, r->side));
	const struct hyper_map_options options = {
		.lambda = o->ridge >= 0 ? o->ridge : .01,
		.kernel = r->c->kernel,
		.threads = r->c->threads,
	};
	struct hyper_map *map = NULL;
	enum tok_status status = make_room(r, err);
	if (status == TOK_OK)
		status = hyper_map_fit(kind, &donor, s->anchors, &model, s->sources,
				       s->anchor_count, &options, &map, err);
	if (status == TOK_OK) {
		r->out->explains = hyper_map_explains(map);
		status = hyper_map_rows(map, &donor, s->wanted, s->wanted_count, r->out->given,
					r->c->threads, err);
	}
	if (status == TOK_OK)
		spread_rows(r, s);
	hyper_map_free(map);
	/* The message says which of the two. */
	return status == TOK_EFORMAT
		   ? tok_fail_in(err, status, "%s (%s) by the donor %s (%s)", r->c->path,
				 model.tensor->name, o->donor, donor.tensor->name)
		   : status;
}

static enum tok_status make_by_donor(const struct request *r, enum transplant_method method,
				     struct tok_error *err)
{
	struct shared s;
	if (!r->c->donor)
		return tok_fail(err, TOK_EARG,
				"%s goes by a model that has the new tokenizer: say --donor MODEL",
				methods[method].name);
	enum tok_status status = find_shared(r, &s, err);
	if (status == TOK_OK && s.anchor_count < 2)
		status = tok_fail(err, TOK_EARG,
				  "the donor and the model share %zu tokens, too few to learn from",
				  s.anchor_count);
	if (status == TOK_OK && method == TRANSPLANT_OMP)
		status = make_omp(r, &s, err);
	else if (status == TOK_OK && method == TRANSPLANT_KNN)
		status = make_knn(r, &s, err);
	else if (status == TOK_OK)
		status = make_mapped(
		    r, &s, method == TRANSPLANT_RIDGE ? HYPER_MAP_RIDGE : HYPER_MAP_PROCRUSTES,
		    err);
	release_shared(&s);
	return status;
}

/* ---- rows that know nothing of their token ------------------------------------------- */

static enum tok_status make_filled(const struct request *r, enum transplant_method method,
				   struct tok_error *err)
{
	const struct hyper_rows_view rows = rows_of(transplant_matrix(r->c, r->side));
	struct hyper_filler *filler = NULL;
	enum tok_status status = make_room(r, err);
	if (status == TOK_OK)
		status = hyper_filler_new(&rows, (enum hyper_fill)methods[method].kind[0],
					  r->c->options->seed + (uint64_t)r->side, r->c->kernel,
					  r->c->threads, &filler, err);
	for (size_t i = 0; i < r->count && status == TOK_OK; i++)
		hyper_filler_row(filler, r->wanted[i], r->out->given + i * r->out->width);
	hyper_filler_free(filler);
	return fail_in_rows(status, r->c->path, rows.tensor, err);
}

enum tok_status transplant_make(struct transplant_case *c, const struct hyper_matches *matches,
				enum transplant_side side, enum transplant_method method,
				const char *folder, const tok_id *wanted, size_t count,
				struct transplant_made *out, struct tok_error *err)
{
	const struct request r = { c, matches, side, wanted, count, out };
	const enum family family = methods[method].family;
	enum tok_status status;
	*out = (struct transplant_made){ 0 };
	if (family == BY_PIECES) {
		status = make_subword(&r, method, err);
	} else if (transplant_method_compares(c, method)) {
		status = make_similar(&r, method, err);
	} else if (family == BY_DONOR || family == BY_LIKENESS) {
		status = make_by_donor(&r, method, err);
	} else if (family == BY_FILL) {
		status = make_filled(&r, method, err);
	} else {
		status = make_room(&r, err);
		if (status == TOK_OK)
			status = transplant_hypernet(c, side, folder, wanted, count, out, err);
	}
	if (status != TOK_OK)
		transplant_made_release(out);
	return status;
}
