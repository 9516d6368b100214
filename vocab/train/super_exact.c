/* super_exact.c - words to tokens, then runs of words to supertokens. */
#include <stdlib.h>

#include "vocab/train/super.h"

struct pair_slot {
	tok_id left, right, result;
	size_t rank; /* from 1; 0: free */
};

struct vocab_exact {
	struct vocab_exact_options options;
	struct tok_encoder *encoder;
	struct tok_model *model;
	struct tok_model_scratch *scratch;
	struct pair_slot *pairs;
	size_t mask;
	struct tok_tokens ids;
	size_t run; /* ids from here on are words of a run */
	struct tok_error *err;
	bool failed;
};

/* ---- supermerges by their parts ---------------------------------------------- */

static struct pair_slot *find(const struct vocab_exact *e, tok_id left, tok_id right)
{
	const uint64_t key = ((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15u;
	for (size_t at = (size_t)(key >> 32) & e->mask;; at = (at + 1) & e->mask) {
		struct pair_slot *slot = &e->pairs[at];
		if (slot->rank == 0 || (slot->left == left && slot->right == right))
			return slot;
	}
}

static bool list_pairs(struct vocab_exact *e)
{
	size_t slots = 16;
	while (slots < 2 * e->options.super_count)
		slots *= 2;
	e->pairs = calloc(slots, sizeof *e->pairs);
	e->mask = slots - 1;
	for (size_t i = 0; e->pairs && i < e->options.super_count; i++) {
		const struct tok_merge *merge = &e->options.supers[i];
		struct pair_slot *slot = find(e, merge->left, merge->right);
		if (slot->rank == 0)
			*slot =
			    (struct pair_slot){ merge->left, merge->right, merge->result, i + 1 };
	}
	return e->pairs != NULL;
}

/* ---- encoding ----------------------------------------------------------------- */

/* The best pair of the run is joined, until there is none. */
static void join_run(struct vocab_exact *e)
{
	tok_id *ids = e->ids.ids;
	for (;;) {
		const struct pair_slot *best = NULL;
		size_t place = 0;
		for (size_t i = e->run; i + 1 < e->ids.count; i++) {
			const struct pair_slot *slot = find(e, ids[i], ids[i + 1]);
			if (slot->rank && (!best || slot->rank < best->rank)) {
				best = slot;
				place = i;
			}
		}
		if (!best)
			break;
		ids[place] = best->result;
		memmove(ids + place + 1, ids + place + 2, (e->ids.count - place - 2) * sizeof *ids);
		e->ids.count--;
	}
	e->run = e->ids.count;
}

static bool take(void *context, struct tok_span text, const struct tok_range *words, size_t count)
{
	struct vocab_exact *e = context;
	for (size_t i = 0; i < count && !e->failed; i++) {
		const struct tok_range nowhere = { 0, 0 };
		const tok_id id = vocab_runs_find(
		    e->options.runs, tok_span_slice(text, words[i].begin, words[i].end));
		if (id != TOK_NO_ID) {
			e->failed = !tok_tokens_add(&e->ids, id, nowhere);
			continue;
		}
		join_run(e);
		e->failed = tok_model_encode(e->model, e->scratch, text, words[i], &e->ids,
					     e->err) != TOK_OK;
		e->run = e->ids.count;
	}
	return !e->failed;
}

enum tok_status vocab_exact_encode(struct vocab_exact *e, struct tok_span text, const tok_id **ids,
				   size_t *count, struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY };
	e->ids.count = e->run = 0;
	e->err = err;
	e->failed = false;
	const enum tok_status status = tok_encode_words(e->encoder, text, &how, take, e, err);
	if (status != TOK_OK)
		return status;
	join_run(e);
	*ids = e->ids.ids;
	*count = e->ids.count;
	return TOK_OK;
}

enum tok_status vocab_exact_new(const struct vocab_exact_options *options, struct vocab_exact **out,
				struct tok_error *err)
{
	struct vocab_exact *e = calloc(1, sizeof *e);
	if (!e)
		return tok_fail_memory(err);
	e->options = *options;
	e->encoder = tok_encoder_new(options->words);
	e->scratch = tok_model_scratch_new();
	enum tok_status status = TOK_OK;
	if (!e->encoder || !e->scratch || !list_pairs(e))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = tok_model_new(options->model, &e->model, err);
	if (status == TOK_OK)
		*out = e;
	else
		vocab_exact_free(e);
	return status;
}

void vocab_exact_free(struct vocab_exact *e)
{
	if (!e)
		return;
	tok_encoder_free(e->encoder);
	tok_model_scratch_free(e->scratch);
	tok_model_free(e->model);
	tok_tokens_release(&e->ids);
	free(e->pairs);
	free(e);
}
