/*
 * arpa_build.c - probabilities with back-off as a model's tables.
 *
 * ARPA has p(w|h) where the n-gram is listed and bow(h) p(w|h') elsewhere; a table has what is
 * to be added to gamma(h) p(w|h').  So a row's sum is gamma and what it adds, if those below
 * sum to one: orders are made whole from the lowest up.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "vocab/lm/arpa_read_internal.h"

#define WORTH_TELLING 1e-9

struct tables {
	uint32_t *ids;
	double *add, *gamma;
	uint64_t *first;
};

struct builder {
	struct arpa_model *model;
	struct vocab_arpa_report *report;
	struct ngram_file *file;
	struct tables levels[VOCAB_NGRAM_ORDER_MAX]; /* the file's, to be filled in */
	uint64_t nodes[VOCAB_NGRAM_ORDER_MAX];
	struct tok_error *err;
};

/* One more than is needed, as there may be none. */
static void *allocate_part(struct builder *b, unsigned level, enum ngram_part part, size_t size)
{
	void *room = calloc((size_t)b->nodes[level] + 1, size);
	b->file->owned[level][part] = room;
	return room;
}

static enum tok_status allocate(struct builder *b)
{
	for (unsigned i = 0; i < b->model->order; i++) {
		struct tables *t = &b->levels[i];
		b->nodes[i] = i ? b->model->orders[i].count : (uint64_t)b->model->end + 2;
		t->ids = allocate_part(b, i, NGRAM_IDS, sizeof *t->ids);
		t->add = allocate_part(b, i, NGRAM_ADD, sizeof *t->add);
		t->gamma = allocate_part(b, i, NGRAM_GAMMA, sizeof *t->gamma);
		t->first = allocate_part(b, i, NGRAM_FIRST, sizeof *t->first);
		if (!t->ids || !t->add || !t->gamma || !t->first)
			return tok_fail_memory(b->err);
	}
	return TOK_OK;
}

/* A row has this sum. */
static enum tok_status look_at_sum(struct builder *b, double sum)
{
	const double off = fabs(sum - 1);
	if (!(sum > 1e-6) || !isfinite(sum))
		return tok_fail(b->err, TOK_EFORMAT,
				"the probabilities behind a context sum to %g, not to 1", sum);
	b->report->renormalised += off > WORTH_TELLING;
	if (off > b->report->worst)
		b->report->worst = off;
	return TOK_OK;
}

/* ---- order 1 ------------------------------------------------------------------------- */

static enum tok_status spread(struct builder *b, bool spread_unk, const bool *there)
{
	const uint32_t end = b->model->end;
	double *add = b->levels[0].add, sum = 0;
	for (uint32_t id = 0; id <= end; id++)
		b->report->missing += !there[id];
	b->report->unk = b->model->unk;
	for (uint32_t id = 0; id <= end; id++) {
		if (!there[id] && spread_unk)
			add[id] = b->model->unk / (double)b->report->missing;
		sum += add[id];
	}
	const enum tok_status status = look_at_sum(b, sum);
	for (uint32_t id = 0; id <= end && status == TOK_OK; id++)
		add[id] /= sum;
	return status;
}

static enum tok_status build_unigrams(struct builder *b, bool spread_unk)
{
	const struct arpa_order *order = &b->model->orders[0];
	const uint32_t begin = b->model->end + 1;
	bool *there = calloc((size_t)begin + 1, sizeof *there);
	if (!there)
		return tok_fail_memory(b->err);
	for (size_t i = 0; i <= begin; i++)
		b->levels[0].gamma[i] = 1;
	for (size_t i = 0; i < order->count; i++) {
		const uint64_t symbol = order->grams[i].gram.low;
		there[symbol] = true;
		b->levels[0].add[symbol] = symbol == begin ? 0 : order->grams[i].p;
		b->levels[0].gamma[symbol] = order->grams[i].gamma;
	}
	const enum tok_status status = spread(b, spread_unk, there);
	free(there);
	return status;
}

/* ---- the other orders ----------------------------------------------------------------- */

static bool find(const struct builder *b, unsigned level, struct ngram_gram gram, size_t *node)
{
	const struct arpa_order *order = &b->model->orders[level];
	size_t begin = 0, end = order->count;
	if (level == 0) {
		*node = (size_t)gram.low;
		return true;
	}
	while (begin < end) {
		const size_t middle = begin + (end - begin) / 2;
		if (ngram_is_less(order->grams[middle].gram, gram))
			begin = middle + 1;
		else
			end = middle;
	}
	*node = begin;
	return begin < order->count && ngram_is_same(order->grams[begin].gram, gram);
}

/* Of the last of `count` symbols behind the others, from orders that are whole. */
static double probability(const struct builder *b, struct ngram_gram gram, unsigned count)
{
	const unsigned bits = b->model->bits;
	double p = b->levels[0].add[ngram_last(gram, bits)];
	for (unsigned n = 2; n <= count; n++) {
		const struct ngram_gram some = ngram_low(gram, n * bits);
		size_t node;
		if (!find(b, n - 2, ngram_context(some, bits), &node))
			continue;
		p *= b->levels[n - 2].gamma[node];
		if (find(b, n - 1, some, &node))
			p += b->levels[n - 1].add[node];
	}
	return p;
}

/* Of the n-grams [begin, end) behind the context that is a node of the level below. */
static enum tok_status build_row(struct builder *b, unsigned level, size_t context, size_t begin,
				 size_t end)
{
	const struct arpa_gram *grams = b->model->orders[level].grams;
	struct tables *t = &b->levels[level];
	double *gamma = &b->levels[level - 1].gamma[context];
	double sum = *gamma;
	for (size_t i = begin; i < end; i++) {
		const struct ngram_gram lower = ngram_low(grams[i].gram, level * b->model->bits);
		t->add[i] = grams[i].p - *gamma * probability(b, lower, level);
		t->ids[i] = ngram_last(grams[i].gram, b->model->bits);
		t->gamma[i] = grams[i].gamma;
		sum += t->add[i];
	}
	const enum tok_status status = look_at_sum(b, sum);
	*gamma /= sum;
	for (size_t i = begin; i < end; i++)
		t->add[i] /= sum;
	return status;
}

static struct ngram_gram context_at(const struct builder *b, unsigned level, size_t node)
{
	return level == 0 ? (struct ngram_gram){ 0, node }
			  : b->model->orders[level].grams[node].gram;
}

static enum tok_status build_order(struct builder *b, unsigned level)
{
	const struct arpa_order *order = &b->model->orders[level];
	const unsigned bits = b->model->bits;
	uint64_t *first = b->levels[level - 1].first;
	enum tok_status status = TOK_OK;
	size_t at = 0;
	for (size_t node = 0; node < b->nodes[level - 1] && status == TOK_OK; node++) {
		const struct ngram_gram context = context_at(b, level - 1, node);
		const size_t begin = at;
		while (at < order->count &&
		       ngram_is_same(ngram_context(order->grams[at].gram, bits), context))
			at++;
		first[node] = begin;
		status = build_row(b, level, node, begin, at);
	}
	first[b->nodes[level - 1]] = at;
	if (status == TOK_OK && at < order->count)
		return tok_fail(b->err, TOK_EFORMAT,
				"an n-gram of order %u goes on from one that is not listed",
				level + 1);
	return status;
}

/* ---- the model --------------------------------------------------------------------------- */

static void describe(struct builder *b, const struct tok_tokenizer *tokenizer)
{
	struct ngram_header *header = &b->file->header;
	struct ngram_tables *tables = &b->file->tables;
	*header = (struct ngram_header){
		.order = b->model->order,
		.ids = b->model->end,
		.seen = b->model->end + 1 - b->report->missing,
	};
	ngram_hash_tokens(tokenizer, header->tokenizer);
	*tables = (struct ngram_tables){ .header = header,
					 .end = b->model->end,
					 .begin = b->model->end + 1 };
	for (unsigned i = 0; i < header->order; i++) {
		const struct tables *t = &b->levels[i];
		header->nodes[i] = b->nodes[i];
		tables->levels[i] = (struct ngram_level){
			b->nodes[i], t->ids, t->add, t->gamma, t->first, NULL,
		};
	}
}

enum tok_status arpa_build(struct arpa_model *model, bool spread_unk,
			   const struct tok_tokenizer *tokenizer, struct vocab_arpa_report *report,
			   struct ngram_file *out, struct tok_error *err)
{
	struct builder b = { .model = model, .report = report, .file = out, .err = err };
	*out = (struct ngram_file){ .map = MAP_FAILED };
	enum tok_status status = allocate(&b);
	if (status == TOK_OK)
		status = build_unigrams(&b, spread_unk);
	for (unsigned level = 1; level < model->order && status == TOK_OK; level++)
		status = build_order(&b, level);
	if (status == TOK_OK)
		describe(&b, tokenizer);
	else
		ngram_file_close(out);
	return status;
}
