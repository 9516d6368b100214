/*
 * ngram_train.c - documents into n-grams of every order.
 *
 * Each token is counted once, in the longest n-gram that ends with it: of the highest order, or
 * from the beginning of the document.  What an order has, each once, without its first symbol is
 * what the order below counts (what begins with the beginning is counted there already).
 */
#include <stdlib.h>

#include "vocab/lm/ngram_build_internal.h"

#define MEMORY_USUAL (UINT64_C(768) << 20)
#define MEMORY_LEAST (UINT64_C(1) << 20)

struct vocab_ngram_trainer {
	struct ngram_build build;
	struct ngram_sorter sorters[VOCAB_NGRAM_ORDER_MAX];
	struct vocab_train_control *control;
	/* The current document: its last symbols, and how many ids it has; none where it is to
	 * begin. */
	bool inside;
	struct ngram_gram last;
	uint64_t ids;
};

static unsigned bits_for(uint32_t largest)
{
	unsigned bits = 1;
	while (largest >> bits)
		bits++;
	return bits;
}

static enum tok_status begin(struct vocab_ngram_trainer *t,
			     const struct vocab_ngram_options *options,
			     const struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	struct ngram_header *header = &t->build.header;
	const char *folder = options->spill_folder;
	uint64_t memory = options->memory_bytes ? options->memory_bytes : MEMORY_USUAL;
	if (memory < MEMORY_LEAST)
		memory = MEMORY_LEAST;
	header->order = options->order;
	header->flags = options->keep_counts ? NGRAM_HAS_COUNTS : 0;
	header->ids = tok_tokenizer_size(tokenizer);
	header->nodes[0] = header->ids + 2;
	ngram_hash_tokens(tokenizer, header->tokenizer);
	t->build.bits = bits_for((uint32_t)header->nodes[0] - 1);

	const uint64_t most = memory / (2 * sizeof(struct ngram_gram) * header->order);
	enum tok_status status = TOK_OK;
	for (unsigned i = 0; i < header->order && status == TOK_OK; i++) {
		status = ngram_sorter_init(&t->sorters[i], t->build.bits * (i + 1), (size_t)most,
					   folder, err);
		if (status == TOK_OK)
			status = ngram_spool_init(&t->build.orders[i].counted, folder, err);
	}
	return status == TOK_OK ? ngram_build_open(&t->build, folder, err) : status;
}

enum tok_status vocab_ngram_trainer_new(const struct vocab_ngram_options *options,
					const struct tok_tokenizer *tokenizer,
					struct vocab_train_control *control,
					struct vocab_ngram_trainer **out, struct tok_error *err)
{
	const unsigned order = options->order;
	if (order < 1 || order > VOCAB_NGRAM_ORDER_MAX)
		return tok_fail(err, TOK_EARG, "order %u: a model has 1 to %d", order,
				VOCAB_NGRAM_ORDER_MAX);
	struct vocab_ngram_trainer *t = calloc(1, sizeof *t);
	if (!t)
		return tok_fail_memory(err);
	t->control = control;
	const enum tok_status status = begin(t, options, tokenizer, err);
	if (status != TOK_OK) {
		vocab_ngram_trainer_free(t);
		return status;
	}
	*out = t;
	return TOK_OK;
}

void vocab_ngram_trainer_free(struct vocab_ngram_trainer *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < VOCAB_NGRAM_ORDER_MAX; i++)
		ngram_sorter_release(&t->sorters[i]);
	ngram_build_release(&t->build);
	free(t);
}

/* ---- documents ---------------------------------------------------------------------- */

/* What ends with a symbol, in the longest n-gram that it has. */
static enum tok_status add_symbol(struct vocab_ngram_trainer *t, uint32_t symbol,
				  struct tok_error *err)
{
	const unsigned order = t->build.header.order, bits = t->build.bits;
	const unsigned length = t->ids + 2 < order ? (unsigned)t->ids + 2 : order;
	t->last = ngram_low(ngram_push(t->last, symbol, bits), order * bits);
	return ngram_sorter_add(&t->sorters[length - 1], t->last, err);
}

enum tok_status vocab_ngram_trainer_add(struct vocab_ngram_trainer *t, const tok_id *ids,
					size_t count, bool last, struct tok_error *err)
{
	struct ngram_header *header = &t->build.header;
	const uint32_t end = (uint32_t)header->ids;
	enum tok_status status = TOK_OK;
	if (!t->inside) {
		t->inside = true;
		t->last = (struct ngram_gram){ 0, end + 1 };
		t->ids = 0;
		header->documents++;
	}
	for (size_t i = 0; i < count && status == TOK_OK; i++, t->ids++) {
		if (ids[i] >= end)
			return tok_fail(err, TOK_EARG,
					"a document has the id %u: ids of the tokenizer end at %u",
					ids[i], end - 1);
		status = add_symbol(t, ids[i], err);
	}
	header->tokens += count;
	if (status == TOK_OK && last)
		status = add_symbol(t, end, err);
	t->inside = !last;
	return status;
}

void vocab_ngram_trainer_cut(struct vocab_ngram_trainer *t)
{
	t->inside = false;
}

static bool is_stopped(struct vocab_ngram_trainer *t)
{
	if (!t->control || !atomic_load(&t->control->stop))
		return false;
	t->control->stopped = true;
	return true;
}

static void report(struct vocab_ngram_trainer *t, const char *stage, uint64_t done, uint64_t total)
{
	if (t->control && t->control->progress)
		t->control->progress(t->control->context, stage, done, total);
}

static enum tok_status add_documents(struct vocab_ngram_trainer *t, vocab_ngram_source *source,
				     void *context, struct tok_error *err)
{
	while (!is_stopped(t)) {
		const tok_id *ids = NULL;
		size_t count = 0;
		enum tok_status status = source(context, &ids, &count, err);
		if (status == TOK_OK && !ids)
			break;
		if (status == TOK_OK)
			status = vocab_ngram_trainer_add(t, ids, count, true, err);
		if (status != TOK_OK)
			return status;
		report(t, "n-grams", t->build.header.tokens, 0);
	}
	return TOK_OK;
}

/* ---- orders, from the highest down ---------------------------------------------------- */

static enum tok_status keep(struct vocab_ngram_trainer *t, unsigned level,
			    const struct ngram_counted *counted, struct tok_error *err)
{
	struct ngram_build_order *order = &t->build.orders[level];
	enum tok_status status = ngram_spool_add(&order->counted, counted, sizeof *counted, err);
	if (counted->count <= 4)
		order->with_count[counted->count - 1]++;
	if (status == TOK_OK && level > 0)
		status = ngram_sorter_add(&t->sorters[level - 1],
					  ngram_low(counted->gram, level * t->build.bits), err);
	return status;
}

static enum tok_status count_order(struct vocab_ngram_trainer *t, unsigned level,
				   struct tok_error *err)
{
	struct ngram_merge *merge = NULL;
	struct ngram_counted counted;
	bool there = true;
	enum tok_status status = ngram_merge_new(&t->sorters[level], &merge, err);
	while (status == TOK_OK && there) {
		status = ngram_merge_next(merge, &counted, &there, err);
		if (status == TOK_OK && there)
			status = keep(t, level, &counted, err);
	}
	ngram_merge_free(merge);
	ngram_sorter_release(&t->sorters[level]);
	return status == TOK_OK ? ngram_spool_flush(&t->build.orders[level].counted, err) : status;
}

enum tok_status vocab_ngram_trainer_write(struct vocab_ngram_trainer *t, const char *path,
					  struct tok_error *err)
{
	const unsigned order = t->build.header.order;
	enum tok_status status = TOK_OK;
	for (unsigned level = order; level-- > 0 && status == TOK_OK;) {
		report(t, "orders", order - 1 - level, order);
		status = count_order(t, level, err);
	}
	if (status == TOK_OK)
		status = ngram_build_tables(&t->build, err);
	return status == TOK_OK ? ngram_build_write(&t->build, path, err) : status;
}

enum tok_status vocab_ngram_train(const struct vocab_ngram_options *options,
				  const struct tok_tokenizer *tokenizer, vocab_ngram_source *source,
				  void *context, struct vocab_train_control *control,
				  const char *path, struct tok_error *err)
{
	struct vocab_ngram_trainer *t;
	enum tok_status status = vocab_ngram_trainer_new(options, tokenizer, control, &t, err);
	if (status != TOK_OK)
		return status;
	status = add_documents(t, source, context, err);
	if (status == TOK_OK)
		status = vocab_ngram_trainer_write(t, path, err);
	vocab_ngram_trainer_free(t);
	return status;
}
