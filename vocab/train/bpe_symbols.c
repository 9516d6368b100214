#include <stdlib.h>

#include "tok/text/normalize.h"
#include "tok/text/utf8.h"
#include "vocab/train/bpe_internal.h"

enum { STOP_EVERY = 4096 }; /* words */

bool bpe_loader_reserve(struct bpe_loader *loader, size_t count)
{
	return tok_grow(&loader->row, &loader->row_capacity, count, sizeof *loader->row);
}

static enum tok_status add_word(struct bpe_loader *loader, size_t count, uint64_t weight,
				struct tok_error *err)
{
	uint64_t product;
	if (__builtin_mul_overflow(weight, (uint64_t)count, &product) ||
	    __builtin_add_overflow(loader->weight, product, &loader->weight) ||
	    loader->weight > INT64_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"the counts of all words add up to more than 2^63");
	return bpe_words_add(loader->words, loader->row, count, weight, err);
}

enum tok_status bpe_load_words(struct bpe_loader *loader, struct vocab_word_stream *stream,
			       bpe_symbols_of *symbols, void *context, struct tok_error *err)
{
	struct vocab_word word;
	enum tok_status status;
	uint64_t read = 0;
	while ((status = vocab_words_next(stream, &word, err)) == TOK_OK && word.text.bytes) {
		if (read++ % STOP_EVERY == 0) {
			struct vocab_train_control *control = loader->control;
			if (control->progress)
				control->progress(control->context, "words", read, 0);
			if (atomic_load_explicit(&control->stop, memory_order_relaxed))
				break;
		}
		size_t count = 0;
		status = symbols(loader, context, word, &count, err);
		if (status == TOK_OK)
			status = add_word(loader, count, word.count, err);
		if (status != TOK_OK)
			break;
	}
	return status;
}

/* ---- bytes ------------------------------------------------------------------- */

/* The bytes in the order of their ids: HF's alphabet is sorted by the characters that
 * stand for bytes in its files. */
static void order_bytes(enum vocab_tie tie, uint8_t order[256])
{
	size_t count = 0;
	if (tie != VOCAB_TIE_HF) {
		for (; count < 256; count++)
			order[count] = (uint8_t)count;
		return;
	}
	for (uint32_t code = 0; count < 256; code++) {
		const int byte = tok_char_to_byte(code);
		if (byte >= 0)
			order[count++] = (uint8_t)byte;
	}
}

static enum tok_status byte_symbols(struct bpe_loader *loader, void *context,
				    struct vocab_word word, size_t *count, struct tok_error *err)
{
	const uint8_t *symbol_of = context;
	if (!bpe_loader_reserve(loader, word.text.count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < word.text.count; i++)
		loader->row[i] = symbol_of[word.text.bytes[i]];
	*count = word.text.count;
	return TOK_OK;
}

static enum tok_status load_bytes(struct bpe_loader *loader, struct vocab_word_stream *stream,
				  struct tok_error *err)
{
	uint8_t order[256], symbol_of[256];
	order_bytes(loader->options->tie, order);
	for (size_t i = 0; i < 256; i++) {
		symbol_of[order[i]] = (uint8_t)i;
		if (!bpe_tokens_add(loader->tokens, (struct tok_span){ &order[i], 1 }, 1))
			return tok_fail_memory(err);
	}
	return bpe_load_words(loader, stream, byte_symbols, symbol_of, err);
}

/* ---- what a base knows --------------------------------------------------------- */

struct base {
	struct tok_model *model;
	struct tok_model_scratch *scratch;
	struct tok_tokens ids;
	struct tok_vocab_entry *entries; /* the base's and, where it needs one, "unknown" */
	uint32_t *symbol_of;             /* by id */
	size_t id_count;
};

/* Stands for what the base has no token for; no word can hold this text. */
static const char unknown_text[] = "\xFF\xFE no token";

static enum tok_status open_base(const struct vocab_bpe_options *options, struct base *base,
				 struct tok_error *err)
{
	struct tok_model_spec spec = *options->base;
	const tok_id unknown = spec.entry_count ? spec.entries[spec.entry_count - 1].id + 1 : 0;
	base->entries = malloc((spec.entry_count + 1) * sizeof *base->entries);
	base->id_count = (size_t)unknown + 1;
	base->symbol_of = malloc(base->id_count * sizeof *base->symbol_of);
	base->scratch = tok_model_scratch_new();
	if (!base->entries || !base->symbol_of || !base->scratch)
		return tok_fail_memory(err);
	for (size_t i = 0; i < base->id_count; i++)
		base->symbol_of[i] = BPE_BARRIER;
	for (size_t i = 0; i < spec.entry_count; i++) {
		base->entries[i] = spec.entries[i];
		base->symbol_of[spec.entries[i].id] = (uint32_t)i;
	}
	base->entries[spec.entry_count] = (struct tok_vocab_entry){
		.text = tok_span_of(unknown_text),
		.id = unknown,
	};
	spec.entries = base->entries;
	spec.unk = unknown;
	spec.entry_count++;
	spec.byte_fallback = false;
	spec.as.bpe.unk_missing = false;
	return tok_model_new(&spec, &base->model, err);
}

static void close_base(struct base *base)
{
	tok_model_scratch_free(base->scratch);
	tok_model_free(base->model);
	tok_tokens_release(&base->ids);
	free(base->entries);
	free(base->symbol_of);
}

static enum tok_status base_symbols(struct bpe_loader *loader, void *context,
				    struct vocab_word word, size_t *count, struct tok_error *err)
{
	struct base *base = context;
	const struct tok_range all = { 0, (uint32_t)word.text.count };
	base->ids.count = 0;
	if (word.text.count > UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "a word of %zu bytes is too long",
				word.text.count);
	const enum tok_status status =
	    tok_model_encode(base->model, base->scratch, word.text, all, &base->ids, err);
	if (status != TOK_OK)
		return status;
	if (!bpe_loader_reserve(loader, base->ids.count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < base->ids.count; i++)
		loader->row[i] = base->symbol_of[base->ids.ids[i]];
	*count = base->ids.count;
	return TOK_OK;
}

/* A row of ids. */
static enum tok_status id_symbols(struct bpe_loader *loader, void *context, struct vocab_word word,
				  size_t *count, struct tok_error *err)
{
	const struct base *base = context;
	*count = word.text.count / 4;
	if (word.text.count % 4 != 0)
		return tok_fail(err, TOK_EFORMAT, "a word of %zu bytes is no row of ids",
				word.text.count);
	if (!bpe_loader_reserve(loader, *count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < *count; i++) {
		const uint8_t *at = word.text.bytes + 4 * i;
		const tok_id id =
		    (tok_id)at[0] | (tok_id)at[1] << 8 | (tok_id)at[2] << 16 | (tok_id)at[3] << 24;
		if (id >= base->id_count || base->symbol_of[id] == BPE_BARRIER)
			return tok_fail(err, TOK_EFORMAT, "the id %u is none of the base", id);
		loader->row[i] = base->symbol_of[id];
	}
	return TOK_OK;
}

static uint32_t count_units(const struct vocab_bpe_options *options, struct tok_span text)
{
	return (uint32_t)(options->bytes ? text.count : tok_utf8_count(text));
}

static enum tok_status load_on_base(struct bpe_loader *loader, struct vocab_word_stream *stream,
				    struct tok_error *err)
{
	const struct vocab_bpe_options *options = loader->options;
	struct base base = { 0 };
	enum tok_status status = open_base(options, &base, err);
	for (size_t i = 0; status == TOK_OK && i < options->base->entry_count; i++) {
		const struct tok_span text = options->base->entries[i].text;
		if (!bpe_tokens_add(loader->tokens, text, count_units(options, text)))
			status = tok_fail_memory(err);
	}
	loader->tokens->base_count = loader->tokens->count;
	if (status == TOK_OK)
		status = bpe_load_words(loader, stream, options->ids ? id_symbols : base_symbols,
					&base, err);
	close_base(&base);
	return status;
}

enum tok_status bpe_load(struct vocab_word_stream *stream, const struct vocab_bpe_options *options,
			 struct vocab_train_control *control, struct bpe_tokens *tokens,
			 struct bpe_words *words, struct tok_error *err)
{
	struct bpe_loader loader = { options, control, tokens, words };
	const size_t symbols =
	    options->vocab_size + (options->base ? options->base->entry_count : 0);
	words->wide = symbols >= BPE_NARROW_SYMBOLS || (!options->base && !options->bytes);
	enum tok_status status;
	if (options->base)
		status = load_on_base(&loader, stream, err);
	else if (options->bytes)
		status = load_bytes(&loader, stream, err);
	else
		status = bpe_load_characters(&loader, stream, err);
	free(loader.row);
	return status;
}
