#include "tok/sample/split.h"

#include <math.h>
#include <stdlib.h>

#include "tok/base/random.h"
#include "tok/sample/leaves_internal.h"
#include "tok/sample/order_internal.h"
#include "tok/sample/python_random_internal.h"
#include "tok/sample/split_internal.h"
#include "tok/sample/splits_internal.h"

/* Attempts whose memory is waited for together.  What a seed gives depends on it. */
enum { BATCH = 64 };

struct tok_splitter {
	const struct tok_splits *splits;
	struct tok_leaves leaves;
	struct tok_leaf_order order; /* only used where Python's numbers are drawn */
};

struct tok_splitter *tok_splitter_new(const struct tok_splits *splits)
{
	struct tok_splitter *splitter = calloc(1, sizeof *splitter);
	if (splitter)
		splitter->splits = splits;
	return splitter;
}

void tok_splitter_free(struct tok_splitter *splitter)
{
	if (!splitter)
		return;
	tok_leaves_release(&splitter->leaves);
	tok_leaf_order_release(&splitter->order);
	free(splitter);
}

/* ---- how many attempts --------------------------------------------------------------- */

/* Python's way has two nodes a split, whose numbers are of 32 bits. */
static size_t most_attempts(const struct tok_split_options *options, size_t count)
{
	const size_t room = TOK_SPLIT_IDS_MAX - count;
	return options->generator == TOK_GENERATOR_PYTHON ? room / 2 : room;
}

static enum tok_status check_options(const struct tok_split_options *options, struct tok_error *err)
{
	if (!(options->proportion >= 0 && options->proportion <= TOK_SPLIT_PROPORTION_MAX))
		return tok_fail(err, TOK_EARG,
				"the proportion of attempts must be a number from 0 to %g, not %g",
				TOK_SPLIT_PROPORTION_MAX, options->proportion);
	if (options->generator == TOK_GENERATOR_PYTHON && options->seed > UINT32_MAX)
		return tok_fail(err, TOK_EARG,
				"a seed of Python's generators must be below 4294967296, not %llu",
				(unsigned long long)options->seed);
	return TOK_OK;
}

enum tok_status tok_split_count_attempts(const struct tok_split_options *options, size_t count,
					 struct tok_split_attempts *out, struct tok_error *err)
{
	const enum tok_status status = check_options(options, err);
	if (status != TOK_OK)
		return status;
	if (count > TOK_SPLIT_IDS_MAX)
		return tok_fail(err, TOK_ELIMIT, "a document of %zu ids; at most %zu can be split",
				count, TOK_SPLIT_IDS_MAX);
	const size_t most = most_attempts(options, count);
	const bool given = options->attempts != TOK_SPLIT_ALL;
	const double attempts =
	    given ? (double)options->attempts : (double)count * options->proportion;
	if (count && attempts > (double)most)
		return tok_fail(err, TOK_ELIMIT,
				"%.15g attempts on a document of %zu ids; at most %zu are possible",
				attempts, count, most);
	const bool rounds = !given && options->round == TOK_ROUND_STOCHASTIC;
	*out = (struct tok_split_attempts){ .fraction = rounds ? attempts - floor(attempts) : 0 };
	if (count) /* there is no place to attempt anything at, else */
		out->whole = (uint64_t)attempts;
	return TOK_OK;
}

/* What is to be done, and what is done. */
struct work {
	uint64_t attempts, splits; /* no more than these */
	uint64_t attempted, split;
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- our generator ------------------------------------------------------------------- */

/* Attempts before they are made.  `dice` are 32 random bits that nothing else has seen. */
struct batch {
	uint32_t leaf[BATCH], dice[BATCH];
	tok_id id[BATCH];
	uint32_t ways[BATCH]; /* in which the id can be split */
	uint32_t pair[BATCH]; /* of the table: the way that was chosen */
};

/* A leaf below `limit`, and dice, of one number: its upper half is brought into the
 * interval by Lemire's method for 32 bits, as random.h does it for 64. */
static inline void draw(struct batch *batch, size_t i, struct tok_random *random, uint32_t limit)
{
	uint64_t drawn = tok_random_next(random);
	uint64_t wide = (drawn >> 32) * limit;
	if ((uint32_t)wide < limit) {
		const uint32_t floor = -limit % limit;
		while ((uint32_t)wide < floor) {
			drawn = tok_random_next(random);
			wide = (drawn >> 32) * limit;
		}
	}
	batch->leaf[i] = (uint32_t)(wide >> 32);
	batch->dice[i] = (uint32_t)drawn;
}

/* Where the pairs of an id begin, and next to it where they end. */
static inline const uint32_t *find_starts(const struct tok_splits *splits, tok_id id)
{
	static const uint32_t none[2] = { 0 };
	return id < splits->size ? splits->starts + id : none;
}

/* Into what the id is split, if the attempt is made on it; some pair if it cannot be, so
 * that nothing has to be decided before memory has answered.  The table is not empty. */
static inline void choose(struct batch *batch, size_t i, const struct tok_splits *splits,
			  struct tok_random *random)
{
	const uint32_t *starts = find_starts(splits, batch->id[i]);
	const uint32_t count = starts[1] - starts[0], last = splits->starts[splits->size] - 1;
	const uint64_t wide = (uint64_t)batch->dice[i] * count;
	uint32_t way = (uint32_t)(wide >> 32);
	if (__builtin_expect((uint32_t)wide < count, 0) && (uint32_t)wide < -count % count)
		way = (uint32_t)tok_random_below(random, count);
	way += starts[0];
	batch->ways[i] = count;
	batch->pair[i] = way < last ? way : last;
}

/*
 * A batch of attempts is drawn and looked up before any of it is made, so that their
 * memory is waited for together.  The number of leaves at each attempt is not known by
 * then, only that it is at most `limit`: a leaf is drawn below that, and where it turns
 * out not to be there yet the attempt was none.  So each attempt that is made takes a
 * leaf of those that are there, each as likely as another.
 */
static void make_batch(struct tok_splitter *splitter, struct work *work, size_t count,
		       struct tok_random *random)
{
	struct batch batch;
	struct tok_leaves *leaves = &splitter->leaves;
	const struct tok_splits *splits = splitter->splits;
	const uint32_t limit = (uint32_t)(leaves->count + count - 1);

	for (size_t i = 0; i < count; i++) {
		draw(&batch, i, random, limit);
		__builtin_prefetch(&leaves->ids[batch.leaf[i]]);
		__builtin_prefetch(&leaves->next[batch.leaf[i]]);
	}
	for (size_t i = 0; i < count; i++) {
		batch.id[i] = leaves->ids[batch.leaf[i] < leaves->count ? batch.leaf[i] : 0];
		__builtin_prefetch(find_starts(splits, batch.id[i]));
	}
	for (size_t i = 0; i < count; i++) {
		choose(&batch, i, splits, random);
		__builtin_prefetch(&splits->pairs[batch.pair[i]]);
	}
	for (size_t i = 0; i < count; i++) {
		const size_t leaf = batch.leaf[i];
		if (leaf >= leaves->count)
			continue;
		work->attempted++;
		if (leaves->ids[leaf] != batch.id[i]) { /* split meanwhile, or new */
			batch.id[i] = leaves->ids[leaf];
			choose(&batch, i, splits, random);
		}
		if (batch.ways[i])
			tok_leaves_split(leaves, leaf, splits->pairs[batch.pair[i]]);
	}
}

static enum tok_status make_attempts(struct tok_splitter *splitter, struct work *work,
				     struct tok_random *random, struct tok_error *err)
{
	struct tok_leaves *leaves = &splitter->leaves;
	if (!tok_splits_pair_count(splitter->splits))
		work->attempted = work->attempts;
	while (work->attempted < work->attempts && work->split < work->splits) {
		/* Short ones where there are few leaves: attempts that are none are few, too. */
		uint64_t count = least(BATCH, 1 + leaves->count / 16);
		count = least(count, work->attempts - work->attempted);
		count = least(count, work->splits - work->split);
		if (!tok_leaves_reserve(leaves, (size_t)count))
			return tok_fail_memory(err);
		make_batch(splitter, work, (size_t)count, random);
		work->split = leaves->count - leaves->roots;
	}
	return TOK_OK;
}

/* ---- Python's generators ------------------------------------------------------------- */

static enum tok_status make_attempts_python(struct tok_splitter *splitter, struct work *work,
					    struct tok_python_random *places, uint32_t seed,
					    struct tok_error *err)
{
	struct tok_leaves *leaves = &splitter->leaves;
	struct tok_leaf_order *order = &splitter->order;
	struct tok_python_random choices;
	tok_python_random_seed(&choices, seed);
	if (!tok_leaf_order_start(order, leaves->count))
		return tok_fail_memory(err);
	for (; work->attempted < work->attempts && work->split < work->splits; work->attempted++) {
		const uint32_t place = tok_python_random_randint(places, (uint32_t)leaves->count);
		const size_t leaf = tok_leaf_order_leaf(order, place);
		const struct tok_pair *pairs;
		const size_t count = tok_splits_of(splitter->splits, leaves->ids[leaf], &pairs);
		if (!count)
			continue;
		if (!tok_leaves_reserve(leaves, 1) || !tok_leaf_order_reserve(order, 1))
			return tok_fail_memory(err);
		tok_leaf_order_split(order, place, leaf, leaves->count);
		tok_leaves_split(leaves, leaf,
				 pairs[tok_python_random_choice(&choices, (uint32_t)count)]);
		work->split++;
	}
	return TOK_OK;
}

/* ---- a document ---------------------------------------------------------------------- */

/* A `fraction` of 0 draws nothing. */
static enum tok_status run_tok(struct tok_splitter *splitter, uint64_t seed, uint64_t stream,
			       double fraction, struct work *work, struct tok_error *err)
{
	struct tok_random random = tok_random_of(seed, stream);
	if (fraction > 0)
		work->attempts += tok_random_real(&random) < fraction;
	return make_attempts(splitter, work, &random, err);
}

static enum tok_status run_python(struct tok_splitter *splitter, uint32_t seed, double fraction,
				  struct work *work, struct tok_error *err)
{
	struct tok_python_random places;
	tok_python_random_seed_numpy(&places, seed);
	if (fraction > 0)
		work->attempts += tok_python_random_real(&places) < fraction;
	return make_attempts_python(splitter, work, &places, seed, err);
}

enum tok_status tok_split(struct tok_splitter *splitter, const struct tok_split_options *options,
			  uint64_t stream, const tok_id *ids, size_t count,
			  struct tok_split_ids *out, struct tok_error *err)
{
	struct tok_split_attempts attempts;
	enum tok_status status = tok_split_count_attempts(options, count, &attempts, err);
	if (status != TOK_OK)
		return status;
	struct work work = { .attempts = attempts.whole, .splits = options->max_splits };
	if (!tok_leaves_start(&splitter->leaves, ids, count))
		return tok_fail_memory(err);
	switch (options->generator) {
	case TOK_GENERATOR_TOK:
		status = run_tok(splitter, options->seed, stream, attempts.fraction, &work, err);
		break;
	case TOK_GENERATOR_PYTHON:
		status =
		    run_python(splitter, (uint32_t)options->seed, attempts.fraction, &work, err);
		break;
	}
	if (status != TOK_OK)
		return status;
	const tok_id *joined = tok_leaves_join(&splitter->leaves);
	if (!joined)
		return tok_fail_memory(err);
	*out = (struct tok_split_ids){ joined, splitter->leaves.count, work.attempted, work.split };
	return TOK_OK;
}
