/*
 * plain_dropout.h - the three kinds of BPE-dropout by their definitions, one draw for each
 * merge that might be dropped, on lists that are looked through.
 *
 * Where unused pieces are taken apart, only SentencePiece's method says which pair of
 * symbols was seen last, and only its definition here heeds that.
 *
 * Sources: arXiv 1910.13267, algorithm 1; Hugging Face tokenizers (models/bpe/word.rs);
 * SentencePiece (bpe_model.cc).  Symbols and joins are the model's, which other tests hold
 * against the references.
 */
#ifndef TESTS_UNIT_PLAIN_DROPOUT_H
#define TESTS_UNIT_PLAIN_DROPOUT_H

#include "tok/sample/dropout_merge_internal.h"

enum { PLAIN_DROPOUT_SYMBOLS = 600 };

struct plain_entry {
	struct tok_join join;
	size_t at, size; /* the first symbol, and first symbols in the two */
};

struct plain_dropout {
	const struct tok_model *model;
	struct tok_model_scratch *scratch;
	struct tok_symbols symbols;
	size_t units[PLAIN_DROPOUT_SYMBOLS]; /* first symbols in each; 0: it is gone */
	struct plain_entry queue[3 * PLAIN_DROPOUT_SYMBOLS], skipped[3 * PLAIN_DROPOUT_SYMBOLS];
	size_t queued, skips;
	struct tok_random random;
	double p;
};

static inline size_t plain_next(const struct plain_dropout *d, size_t at)
{
	return at + d->units[at];
}

/* The one before, which there is. */
static inline size_t plain_before(const struct plain_dropout *d, size_t at)
{
	do
		at--;
	while (d->units[at] == 0);
	return at;
}

static inline bool plain_joins(struct plain_dropout *d, size_t at, struct plain_entry *out)
{
	const size_t next = plain_next(d, at);
	if (next >= d->symbols.count)
		return false;
	out->at = at;
	out->size = d->units[at] + d->units[next];
	return tok_symbols_join(d->model, d->scratch, d->symbols.symbols[at],
				d->symbols.symbols[next], &out->join);
}

static inline void plain_offer(struct plain_dropout *d, size_t at)
{
	if (plain_joins(d, at, &d->queue[d->queued]))
		d->queued++;
}

static inline void plain_apply(struct plain_dropout *d, const struct plain_entry *entry)
{
	const size_t next = plain_next(d, entry->at);
	d->symbols.symbols[entry->at] = entry->join.result;
	d->symbols.lengths[entry->at] += d->symbols.lengths[next];
	d->units[entry->at] = entry->size;
	d->units[next] = 0;
}

static inline bool plain_drops(struct plain_dropout *d)
{
	return tok_random_real(&d->random) < d->p;
}

static inline bool plain_is_better(const struct plain_entry *a, const struct plain_entry *b)
{
	return a->join.rank != b->join.rank ? a->join.rank < b->join.rank : a->at < b->at;
}

static inline struct plain_entry plain_pop(struct plain_dropout *d)
{
	size_t best = 0;
	for (size_t i = 1; i < d->queued; i++)
		best = plain_is_better(&d->queue[i], &d->queue[best]) ? i : best;
	const struct plain_entry entry = d->queue[best];
	d->queue[best] = d->queue[--d->queued];
	return entry;
}

static inline void plain_paper(struct plain_dropout *d)
{
	bool found = true;
	while (found) {
		struct plain_entry best, entry;
		found = false;
		for (size_t at = 0; at < d->symbols.count; at = plain_next(d, at)) {
			if (!plain_joins(d, at, &entry) || plain_drops(d))
				continue;
			if (!found || plain_is_better(&entry, &best))
				best = entry;
			found = true;
		}
		if (found)
			plain_apply(d, &best);
	}
}

static inline void plain_queued(struct plain_dropout *d, enum tok_sample_method method)
{
	d->queued = d->skips = 0;
	for (size_t at = 0; at < d->symbols.count; at++)
		plain_offer(d, at);
	while (d->queued > 0) {
		const struct plain_entry entry = plain_pop(d);
		struct plain_entry now = { 0 };
		if (plain_drops(d)) {
			if (method == TOK_SAMPLE_BPE_DROPOUT_HF)
				d->skipped[d->skips++] = entry;
			continue;
		}
		while (d->skips > 0)
			d->queue[d->queued++] = d->skipped[--d->skips];
		const bool is_there =
		    d->units[entry.at] > 0 && plain_next(d, entry.at) < d->symbols.count;
		if (!is_there)
			continue;
		if (method == TOK_SAMPLE_BPE_DROPOUT_HF
			? !plain_joins(d, entry.at, &now) || now.join.result != entry.join.result
			: d->units[entry.at] + d->units[plain_next(d, entry.at)] != entry.size)
			continue;
		plain_apply(d, &entry);
		if (entry.at > 0)
			plain_offer(d, plain_before(d, entry.at));
		plain_offer(d, entry.at);
	}
}

/* Append one segmentation of all of `text`. */
static inline enum tok_status plain_dropout(struct plain_dropout *d, enum tok_sample_method method,
					    struct tok_span text, struct tok_tokens *out,
					    struct tok_error *err)
{
	const struct tok_range piece = { 0, (uint32_t)text.count };
	const enum tok_status status =
	    tok_symbols_begin(d->model, d->scratch, text, piece, &d->symbols, err);
	if (status != TOK_OK)
		return status;
	if (d->symbols.count > PLAIN_DROPOUT_SYMBOLS)
		return tok_fail(err, TOK_ELIMIT, "the text is too long for a plain definition");
	for (size_t i = 0; i < d->symbols.count; i++)
		d->units[i] = 1;
	if (method == TOK_SAMPLE_BPE_DROPOUT)
		plain_paper(d);
	else
		plain_queued(d, method);
	size_t count = 0;
	for (size_t at = 0; at < d->symbols.count; at++) {
		if (d->units[at] == 0)
			continue;
		d->symbols.symbols[count] = d->symbols.symbols[at];
		d->symbols.lengths[count++] = d->symbols.lengths[at];
	}
	return tok_symbols_write(d->model, d->scratch, text, piece, count, out, err);
}

#endif
