#include "tok/sample/exact_split.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "tok/base/hash.h"
#include "tok/sample/split_internal.h"

/* Ids of all sequences of a step: 64 MB. */
#define IDS_MAX ((size_t)1 << 24)

/* The sequences that so many attempts can give, each once.  What comes of one depends on
 * its ids alone: how often it was split is how much longer than the document it is. */
struct step {
	struct tok_split_outcome *items;
	size_t count, room, id_count;
	struct tok_strings index; /* of the bytes of their ids */
	struct tok_arena arena;
};

struct run {
	const struct tok_splits *splits;
	uint64_t max_splits;
	size_t roots; /* ids of the document */
	size_t limit; /* sequences at a step */
	struct tok_error *err;
};

static struct tok_span bytes_of(const tok_id *ids, size_t count)
{
	return (struct tok_span){ (const uint8_t *)ids, count * sizeof *ids };
}

/* ---- a step ------------------------------------------------------------------------ */

static bool start_step(struct step *step, size_t room)
{
	step->room = room;
	step->items = tok_arena_array(&step->arena, room, sizeof *step->items);
	return step->items && tok_strings_init(&step->index, &step->arena, room);
}

/* `probability` more of a sequence, which is copied if it is new. */
static enum tok_status add(const struct run *run, struct step *step, const tok_id *ids,
			   size_t count, double probability)
{
	const struct tok_span bytes = bytes_of(ids, count);
	const uint32_t found = tok_strings_find(&step->index, bytes);
	if (found != TOK_NO_ID) {
		step->items[found].probability += probability;
		return TOK_OK;
	}
	if (step->count == run->limit)
		return tok_fail(run->err, TOK_ELIMIT,
				"more than %zu sequences are possible; ask for fewer attempts",
				run->limit);
	if (count > IDS_MAX - step->id_count)
		return tok_fail(
		    run->err, TOK_ELIMIT,
		    "the sequences have more than %zu ids in all, too many to list; ask "
		    "for fewer attempts, or of fewer ids",
		    IDS_MAX);
	tok_id *copy = tok_arena_array(&step->arena, count, sizeof *copy);
	if (!copy)
		return tok_fail_memory(run->err);
	if (count)
		memcpy(copy, ids, bytes.count);
	step->id_count += count;
	step->items[step->count] = (struct tok_split_outcome){ copy, count, probability };
	tok_strings_add(&step->index, bytes_of(copy, count), (uint32_t)step->count++);
	return TOK_OK;
}

static bool may_split(const struct run *run, const struct tok_split_outcome *from)
{
	return from->count - run->roots < run->max_splits;
}

/* How many sequences one attempt makes of `from`, at most. */
static size_t count_ways(const struct run *run, const struct tok_split_outcome *from)
{
	const struct tok_pair *pairs;
	size_t ways = 1;
	if (may_split(run, from))
		for (size_t i = 0; i < from->count; i++)
			ways += tok_splits_of(run->splits, from->ids[i], &pairs);
	return ways;
}

/* One attempt at the leaf `at`; `room` is for one id more than there are. */
static enum tok_status attempt_at(const struct run *run, const struct tok_split_outcome *from,
				  size_t at, tok_id *room, struct step *to)
{
	const struct tok_pair *pairs;
	const size_t count = tok_splits_of(run->splits, from->ids[at], &pairs);
	const double probability = from->probability / (double)from->count;
	if (!count)
		return add(run, to, from->ids, from->count, probability);
	memcpy(room, from->ids, at * sizeof *room);
	memcpy(room + at + 2, from->ids + at + 1, (from->count - at - 1) * sizeof *room);
	for (size_t i = 0; i < count; i++) {
		room[at] = pairs[i].left;
		room[at + 1] = pairs[i].right;
		const enum tok_status status =
		    add(run, to, room, from->count + 1, probability / (double)count);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

static enum tok_status attempt(const struct run *run, const struct tok_split_outcome *from,
			       tok_id *room, struct step *to)
{
	if (!may_split(run, from) || !from->count)
		return add(run, to, from->ids, from->count, from->probability);
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < from->count && status == TOK_OK; i++)
		status = attempt_at(run, from, i, room, to);
	return status;
}

/* All that one attempt makes of `from`.  Where nothing is left to be split, `to` has what
 * `from` has and `ended` is set.  What is left with next to no probability is left out, so that
 * there is an end for any number of attempts. */
static enum tok_status attempt_all(const struct run *run, const struct step *from, struct step *to,
				   bool *ended)
{
	size_t ways = 0, longest = 0;
	for (size_t i = 0; i < from->count; i++) {
		ways += count_ways(run, &from->items[i]);
		longest = from->items[i].count > longest ? from->items[i].count : longest;
	}
	*ended = ways == from->count;
	tok_id *room = tok_arena_array(&to->arena, longest + 1, sizeof *room);
	if (!room || !start_step(to, ways < run->limit ? ways : run->limit))
		return tok_fail_memory(run->err);
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < from->count && status == TOK_OK; i++)
		if (from->items[i].probability >= DBL_MIN)
			status = attempt(run, &from->items[i], room, to);
	return status;
}

static void take_step(struct step *into, struct step *from)
{
	tok_arena_release(&into->arena);
	*into = *from;
	*from = (struct step){ 0 };
}

static enum tok_status attempt_times(const struct run *run, struct step *step, uint64_t attempts)
{
	enum tok_status status = TOK_OK;
	bool ended = false;
	for (uint64_t k = 0; k < attempts && !ended && status == TOK_OK; k++) {
		struct step next = { 0 };
		status = attempt_all(run, step, &next, &ended);
		if (status == TOK_OK)
			take_step(step, &next);
		tok_arena_release(&next.arena);
	}
	return status;
}

/* With the probability of `fraction` another attempt is made. */
static enum tok_status attempt_perhaps(const struct run *run, struct step *step, double fraction)
{
	struct step made = { 0 }, both = { 0 };
	bool ended;
	enum tok_status status = attempt_all(run, step, &made, &ended);
	if (status == TOK_OK &&
	    !start_step(&both, made.count + step->count < run->limit ? made.count + step->count
								     : run->limit))
		status = tok_fail_memory(run->err);
	for (size_t i = 0; i < step->count && status == TOK_OK; i++)
		status = add(run, &both, step->items[i].ids, step->items[i].count,
			     step->items[i].probability * (1 - fraction));
	for (size_t i = 0; i < made.count && status == TOK_OK; i++)
		status = add(run, &both, made.items[i].ids, made.items[i].count,
			     made.items[i].probability * fraction);
	if (status == TOK_OK)
		take_step(step, &both);
	tok_arena_release(&made.arena);
	tok_arena_release(&both.arena);
	return status;
}

/* ---- the list ---------------------------------------------------------------------- */

/* Equal ones were summed in different orders, and differ in the last digits. */
static int compare_outcomes(const void *left, const void *right)
{
	const struct tok_split_outcome *a = left, *b = right;
	const float p = (float)a->probability, q = (float)b->probability;
	const size_t count = a->count < b->count ? a->count : b->count;
	if (p != q)
		return p < q ? 1 : -1;
	for (size_t i = 0; i < count; i++)
		if (a->ids[i] != b->ids[i])
			return a->ids[i] < b->ids[i] ? -1 : 1;
	return (a->count > b->count) - (a->count < b->count);
}

enum tok_status tok_split_exact(const struct tok_splits *splits,
				const struct tok_split_options *options, const tok_id *ids,
				size_t count, size_t limit, struct tok_split_outcomes *out,
				struct tok_error *err)
{
	struct run run = { splits, options->max_splits, count, limit, err };
	struct step step = { 0 };
	struct tok_split_options plain = *options;
	struct tok_split_attempts attempts;
	plain.generator = TOK_GENERATOR_TOK;
	enum tok_status status = tok_split_count_attempts(&plain, count, &attempts, err);
	if (status != TOK_OK)
		return status;
	status = start_step(&step, 1) ? add(&run, &step, ids, count, 1) : tok_fail_memory(err);
	if (status == TOK_OK)
		status = attempt_times(&run, &step, attempts.whole);
	if (status == TOK_OK && attempts.fraction > 0)
		status = attempt_perhaps(&run, &step, attempts.fraction);
	if (status == TOK_OK) {
		qsort(step.items, step.count, sizeof *step.items, compare_outcomes);
		*out = (struct tok_split_outcomes){ step.items, step.count, step.arena };
	} else {
		tok_arena_release(&step.arena);
	}
	return status;
}

void tok_split_outcomes_release(struct tok_split_outcomes *outcomes)
{
	tok_arena_release(&outcomes->arena);
	*outcomes = (struct tok_split_outcomes){ 0 };
}
