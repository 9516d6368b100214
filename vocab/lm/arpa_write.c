/* A model as ARPA: each n-gram with all of its probability, not only what it adds. */
#include <math.h>
#include <stdio.h>

#include "vocab/lm/arpa_internal.h"

enum { PIECE = 1 << 16 };
#define LOG_OF_NOTHING (-99.0) /* as everybody writes it */

struct writer {
	const struct ngram_tables *tables;
	struct arpa_words words;
	unsigned order; /* that is being written */
	struct tok_buffer text;
	vocab_arpa_sink *sink;
	void *context;
	struct tok_error *err;
};

static enum tok_status flush(struct writer *w)
{
	const enum tok_status status = w->sink(w->context, tok_buffer_span(&w->text), w->err);
	tok_buffer_clear(&w->text);
	return status;
}

static double log_of(double p)
{
	return p > 0 ? log10(p) : LOG_OF_NOTHING;
}

/* Twelve digits; the point of the locale, where there is another, stands where '.' does. */
static bool add_log(struct writer *w, double p)
{
	char text[64];
	const int count = snprintf(text, sizeof text, "%.12g", log_of(p));
	for (int i = 0; i < count; i++)
		if (!strchr("0123456789+-e", text[i]))
			text[i] = '.';
	return tok_buffer_add(&w->text, text, (size_t)count);
}

static bool add_words(struct writer *w, const uint32_t *symbols)
{
	for (unsigned i = 0; i < w->order; i++)
		if (!tok_buffer_add_byte(&w->text, i ? ' ' : '\t') ||
		    !arpa_write_word(&w->words, symbols[i], &w->text))
			return false;
	return true;
}

static enum tok_status write_gram(struct writer *w, const uint32_t *symbols, uint64_t node)
{
	const struct ngram_tables *tables = w->tables;
	const bool begins = symbols[w->order - 1] == tables->begin;
	const double p = begins ? 0 : ngram_probability(tables, symbols, w->order);
	const double gamma =
	    w->order < tables->header->order ? tables->levels[w->order - 1].gamma[node] : 1;
	bool ok = add_log(w, p) && add_words(w, symbols);
	if (ok && gamma != 1)
		ok = tok_buffer_add_byte(&w->text, '\t') && add_log(w, gamma);
	if (!ok || !tok_buffer_add_byte(&w->text, '\n'))
		return tok_fail_memory(w->err);
	return w->text.count >= PIECE ? flush(w) : TOK_OK;
}

/* Below a node of order `depth`. */
static enum tok_status write_below(struct writer *w, uint32_t *symbols, unsigned depth,
				   uint64_t node)
{
	enum tok_status status = TOK_OK;
	if (depth == w->order || depth == VOCAB_NGRAM_ORDER_MAX)
		return write_gram(w, symbols, node);
	const struct ngram_range range = ngram_successors(w->tables, depth, node);
	for (uint64_t at = range.begin; at < range.end && status == TOK_OK; at++) {
		symbols[depth] = w->tables->levels[depth].ids[at];
		if (symbols[depth] > w->tables->end)
			return tok_fail(w->err, TOK_EFORMAT, "an n-gram has no such id");
		status = write_below(w, symbols, depth + 1, at);
	}
	return status;
}

/* Symbols that can neither come nor be gone on from are left out. */
static bool is_listed(const struct ngram_tables *tables, uint32_t symbol)
{
	const struct ngram_range range = ngram_successors(tables, 1, symbol);
	return symbol == tables->begin || range.begin < range.end ||
	       tables->levels[0].add[symbol] + tables->header->base > 0;
}

static enum tok_status write_order(struct writer *w, unsigned order)
{
	uint32_t symbols[VOCAB_NGRAM_ORDER_MAX];
	char title[32];
	enum tok_status status = TOK_OK;
	w->order = order;
	const int count = snprintf(title, sizeof title, "\n\\%u-grams:\n", order);
	if (!tok_buffer_add(&w->text, title, (size_t)count))
		return tok_fail_memory(w->err);
	for (uint32_t symbol = 0; symbol <= w->tables->begin && status == TOK_OK; symbol++) {
		if (order == 1 && !is_listed(w->tables, symbol))
			continue;
		symbols[0] = symbol;
		status = write_below(w, symbols, 1, symbol);
	}
	return status;
}

static enum tok_status write_counts(struct writer *w)
{
	const struct ngram_header *header = w->tables->header;
	bool ok = tok_buffer_add(&w->text, "\\data\\\n", 7);
	for (unsigned i = 0; i < header->order && ok; i++) {
		char text[64];
		uint64_t count = header->nodes[i];
		for (uint32_t symbol = 0; i == 0 && symbol <= w->tables->begin; symbol++)
			count -= !is_listed(w->tables, symbol);
		const int length = snprintf(text, sizeof text, "ngram %u=%llu\n", i + 1,
					    (unsigned long long)count);
		ok = tok_buffer_add(&w->text, text, (size_t)length);
	}
	return ok ? TOK_OK : tok_fail_memory(w->err);
}

enum tok_status vocab_arpa_write(const char *path, const struct vocab_arpa_options *options,
				 const struct tok_tokenizer *tokenizer, vocab_arpa_sink *sink,
				 void *context, struct tok_error *err)
{
	struct ngram_file file;
	enum tok_status status = ngram_file_open(path, tokenizer, &file, err);
	if (status != TOK_OK)
		return status;
	struct writer w = {
		.tables = &file.tables,
		.words = { tokenizer, file.tables.end, options->texts },
		.sink = sink,
		.context = context,
		.err = err,
	};
	status = write_counts(&w);
	for (unsigned order = 1; order <= file.header.order && status == TOK_OK; order++)
		status = write_order(&w, order);
	if (status == TOK_OK)
		status =
		    tok_buffer_add(&w.text, "\n\\end\\\n", 7) ? flush(&w) : tok_fail_memory(err);
	tok_buffer_release(&w.text);
	ngram_file_close(&file);
	return status;
}
