#include "vocab/train/bpe.h"

#include <stdlib.h>

#include "vocab/train/bpe_internal.h"

/* Pairs in memory, with their entries, take some hundred bytes each. */
enum { WINDOW_PAIRS = 1 << 18, WINDOW_LEAST = 1 << 14, PAIR_BYTES = 128, PARTS = 4 };

struct run {
	const struct vocab_bpe_options *options;
	struct vocab_train_control *control;
	struct bpe_words words;
	struct bpe_tokens tokens;
	struct bpe_window window;
	struct bpe_join join;
	struct tok_buffer joined; /* the text of a new token */

	struct tok_merge *merges; /* in symbols */
	size_t merge_count, merge_capacity;
	uint64_t *counts;
	size_t count_capacity;
};

static void release_run(struct run *run)
{
	bpe_words_release(&run->words);
	bpe_tokens_release(&run->tokens);
	bpe_window_release(&run->window);
	bpe_join_release(&run->join);
	tok_buffer_release(&run->joined);
	free(run->merges);
	free(run->counts);
}

/* ---- one step --------------------------------------------------------------- */

static bool join_texts(struct run *run, uint64_t pair)
{
	const struct tok_span left = bpe_token_text(&run->tokens, (uint32_t)(pair >> 32));
	struct tok_span right = bpe_token_text(&run->tokens, (uint32_t)pair);
	const struct tok_span prefix = run->options->prefix;
	if (prefix.count && tok_span_starts(right, prefix))
		right = tok_span_slice(right, prefix.count, right.count);
	tok_buffer_clear(&run->joined);
	return tok_buffer_add(&run->joined, left.bytes, left.count) &&
	       tok_buffer_add(&run->joined, right.bytes, right.count);
}

static bool record_merge(struct run *run, uint64_t pair, uint32_t result, int64_t count)
{
	if (!tok_grow(&run->merges, &run->merge_capacity, run->merge_count + 1,
		      sizeof *run->merges) ||
	    !tok_grow(&run->counts, &run->count_capacity, run->merge_count + 1,
		      sizeof *run->counts))
		return false;
	run->counts[run->merge_count] = (uint64_t)count;
	run->merges[run->merge_count++] =
	    (struct tok_merge){ (uint32_t)(pair >> 32), (uint32_t)pair, result };
	return true;
}

/* Join the pair of an entry, if it may be. */
static enum tok_status take_entry(struct run *run, uint32_t entry, struct tok_error *err)
{
	const struct vocab_bpe_options *options = run->options;
	struct bpe_entry *taken = &run->window.queue.entries[entry];
	const uint64_t pair = taken->pair;
	if (!join_texts(run, pair))
		return tok_fail_memory(err);
	const struct tok_span text = tok_buffer_span(&run->joined);
	if (options->allows && !options->allows(options->allows_context, text)) {
		taken->pair = BPE_NO_PAIR;
		return TOK_OK;
	}
	uint32_t result = bpe_tokens_find(&run->tokens, text);
	const bool again = result != BPE_END;
	if (!again) {
		const struct bpe_token *items = run->tokens.items;
		const uint32_t units = items[pair >> 32].units + items[(uint32_t)pair].units;
		result = (uint32_t)run->tokens.count;
		if (!bpe_tokens_add(&run->tokens, text, units))
			return tok_fail_memory(err);
	}
	if (!record_merge(run, pair, result, taken->count))
		return tok_fail_memory(err);
	enum tok_status status = bpe_join_pair(&run->join, &run->words, &run->window, &run->tokens,
					       options, entry, result, err);
	/* Pairs of a token that was there may have been below the floor and not be now. */
	if (status == TOK_OK && again && run->window.floor > 1)
		return bpe_window_make(&run->window, &run->words, &run->tokens, options, err);
	return status == TOK_OK ? bpe_window_shrink(&run->window, err) : status;
}

/* The best entry whose count is what it says; false if none is left that may be
 * joined. */
static enum tok_status next_entry(struct run *run, uint32_t *out, bool *found,
				  struct tok_error *err)
{
	const int64_t least =
	    run->options->min_frequency > 1 ? (int64_t)run->options->min_frequency : 1;
	struct bpe_window *window = &run->window;
	*found = false;
	for (;;) {
		uint32_t at;
		if (!bpe_queue_pop(&window->queue, &at)) {
			if (window->floor <= least) /* what is left out has less */
				return TOK_OK;
			const enum tok_status status =
			    bpe_window_make(window, &run->words, &run->tokens, run->options, err);
			if (status != TOK_OK || window->queue.count == 0)
				return status;
			continue;
		}
		struct bpe_entry *entry = &window->queue.entries[at];
		const struct bpe_pair_slot *slot = bpe_pairs_find(&window->pairs, entry->pair);
		const int64_t count = slot ? slot->count : 0;
		if (entry->count == count) {
			*out = at;
			*found = count >= least;
			return TOK_OK;
		}
		if (window->floor == 1 || count >= window->floor)
			bpe_queue_return(&window->queue, at, count);
		else
			entry->pair = BPE_NO_PAIR;
	}
}

/* ---- the result -------------------------------------------------------------- */

static bool put_entries(const struct run *run, struct vocab_learned *out)
{
	const size_t base = run->tokens.base_count;
	out->entry_count = run->tokens.count - base;
	out->entries = tok_arena_array(&out->arena, out->entry_count, sizeof *out->entries);
	for (size_t i = 0; out->entries && i < out->entry_count; i++) {
		const struct tok_span text =
		    tok_arena_copy(&out->arena, bpe_token_text(&run->tokens, (uint32_t)(base + i)));
		if (!text.bytes)
			return false;
		out->entries[i] = (struct tok_vocab_entry){
			.text = text,
			.id = bpe_token_id(&run->tokens, run->options, (uint32_t)(base + i)),
			.type = TOK_PIECE_NORMAL,
			.score = -(double)i,
		};
	}
	return out->entries != NULL;
}

/* A pair that was joined twice stands where it was joined last, as in HF's table. */
static bool put_merges(struct run *run, struct vocab_learned *out)
{
	struct bpe_pairs seen;
	out->merges = tok_arena_array(&out->arena, run->merge_count, sizeof *out->merges);
	out->merge_counts =
	    tok_arena_array(&out->arena, run->merge_count, sizeof *out->merge_counts);
	if (!out->merges || !out->merge_counts || !bpe_pairs_init(&seen, run->merge_count))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < run->merge_count; i++) {
		struct bpe_pair_slot *slot =
		    bpe_pairs_get(&seen, bpe_pair(run->merges[i].left, run->merges[i].right));
		ok = slot != NULL;
		if (ok)
			slot->count = (int64_t)i;
	}
	for (size_t i = 0; ok && i < run->merge_count; i++) {
		const struct tok_merge *merge = &run->merges[i];
		if (bpe_pairs_find(&seen, bpe_pair(merge->left, merge->right))->count != (int64_t)i)
			continue;
		out->merge_counts[out->merge_count] = run->counts[i];
		out->merges[out->merge_count++] = (struct tok_merge){
			bpe_token_id(&run->tokens, run->options, merge->left),
			bpe_token_id(&run->tokens, run->options, merge->right),
			bpe_token_id(&run->tokens, run->options, merge->result),
		};
	}
	bpe_pairs_release(&seen);
	return ok;
}

static enum tok_status make_result(struct run *run, struct vocab_learned *out,
				   struct tok_error *err)
{
	struct vocab_learned learned = { .kind = TOK_MODEL_BPE };
	if (!put_entries(run, &learned) || !put_merges(run, &learned)) {
		vocab_learned_release(&learned);
		return tok_fail_memory(err);
	}
	*out = learned;
	return TOK_OK;
}

/* ---- the loop ---------------------------------------------------------------- */

static size_t next_id(const struct run *run)
{
	return run->options->first_id + run->tokens.count - run->tokens.base_count;
}

/* What there is so far, for somebody who keeps it. */
static enum tok_status show_checkpoint(struct run *run, struct tok_error *err)
{
	struct vocab_learned so_far;
	run->control->checkpoint_due = false;
	enum tok_status status = make_result(run, &so_far, err);
	if (status == TOK_OK) {
		status = run->control->checkpoint(run->control->context, &so_far, err);
		vocab_learned_release(&so_far);
	}
	return status;
}

/* *go_on false: stop here. */
static enum tok_status watch(struct run *run, size_t done, size_t total, bool *go_on,
			     struct tok_error *err)
{
	struct vocab_train_control *control = run->control;
	if (control->progress)
		control->progress(control->context, "merges", done, total);
	if (atomic_load_explicit(&control->stop, memory_order_relaxed)) {
		control->stopped = true;
		*go_on = false;
	}
	return control->checkpoint && control->checkpoint_due ? show_checkpoint(run, err) : TOK_OK;
}

static enum tok_status learn(struct run *run, struct tok_error *err)
{
	const size_t first = next_id(run), size = run->options->vocab_size;
	bool go_on = true;
	enum tok_status status =
	    bpe_window_make(&run->window, &run->words, &run->tokens, run->options, err);
	while (status == TOK_OK && next_id(run) < size) {
		uint32_t entry;
		status = watch(run, next_id(run) - first, size - first, &go_on, err);
		if (status == TOK_OK && go_on)
			status = next_entry(run, &entry, &go_on, err);
		if (status != TOK_OK || !go_on)
			break;
		status = take_entry(run, entry, err);
	}
	return status;
}

/* ---- the whole --------------------------------------------------------------- */

static void size_window(struct run *run)
{
	struct bpe_window *window = &run->window;
	const uint64_t words = run->words.bytes, memory = run->options->memory_bytes;
	window->limit = WINDOW_PAIRS;
	window->parts = 1;
	if (memory == 0)
		return;
	const uint64_t left = memory > words ? memory - words : 0;
	if (left / PAIR_BYTES < window->limit)
		window->limit = left / PAIR_BYTES;
	if (window->limit < WINDOW_LEAST)
		window->limit = WINDOW_LEAST;
	window->parts = PARTS;
}

enum tok_status vocab_train_bpe(struct vocab_word_stream *words,
				const struct vocab_bpe_options *options,
				struct vocab_train_control *control, struct vocab_learned *out,
				struct tok_error *err)
{
	struct run run = { .options = options, .control = control };
	run.window.postings.file = -1;
	run.window.queue.tokens = &run.tokens;
	run.window.queue.tie = options->tie;

	enum tok_status status = bpe_postings_init(
	    &run.window.postings, options->memory_bytes ? options->spill_folder : NULL, err);
	if (status == TOK_OK)
		status = bpe_load(words, options, control, &run.tokens, &run.words, err);
	if (status == TOK_OK) {
		size_window(&run);
		status = learn(&run, err);
	}
	if (status == TOK_OK)
		status = make_result(&run, out, err);
	release_run(&run);
	return status;
}
