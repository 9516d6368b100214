/* Pairs of a model with those of another tokenizer in their places. */
#include "vocab/format/gguf_write_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "tok/text/json.h"

enum { PAIR_BYTES_LEAST = 8 + 4 + 1 };

/* ---- writing pairs ------------------------------------------------------------------------- */

void gguf_put_number(struct gguf_writer *w, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		w->full |= !tok_buffer_add_byte(w->out, (uint8_t)(number >> 8 * i));
}

void gguf_put_text(struct gguf_writer *w, struct tok_span text)
{
	gguf_put_number(w, text.count, 8);
	w->full |= !tok_buffer_add(w->out, text.bytes, text.count);
}

void gguf_put_key(struct gguf_writer *w, struct tok_span key, enum tok_gguf_type type)
{
	gguf_put_text(w, key);
	gguf_put_number(w, type, 4);
	w->count++;
}

void gguf_put_array(struct gguf_writer *w, const char *key, enum tok_gguf_type element,
		    uint64_t count)
{
	gguf_put_key(w, tok_span_of(key), TOK_GGUF_ARRAY);
	gguf_put_number(w, element, 4);
	gguf_put_number(w, count, 8);
}

void gguf_put_string(struct gguf_writer *w, const char *key, struct tok_span value)
{
	gguf_put_key(w, tok_span_of(key), TOK_GGUF_STRING);
	gguf_put_text(w, value);
}

void gguf_put_flag(struct gguf_writer *w, const char *key, bool value)
{
	gguf_put_key(w, tok_span_of(key), TOK_GGUF_BOOL);
	gguf_put_number(w, value, 1);
}

void gguf_put_u32(struct gguf_writer *w, const char *key, uint32_t value)
{
	gguf_put_key(w, tok_span_of(key), TOK_GGUF_U32);
	gguf_put_number(w, value, 4);
}

void gguf_put_float(struct gguf_writer *w, float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	gguf_put_number(w, bits, 4);
}

uint32_t gguf_piece_type(enum tok_piece_type type)
{
	static const uint8_t types[] = {
		[TOK_PIECE_NORMAL] = 1,       [TOK_PIECE_UNKNOWN] = 2, [TOK_PIECE_CONTROL] = 3,
		[TOK_PIECE_USER_DEFINED] = 4, [TOK_PIECE_UNUSED] = 5,  [TOK_PIECE_BYTE] = 6,
	};
	return types[type];
}

/* ---- reading them ---------------------------------------------------------------------------- */

struct pairs {
	struct tok_gguf_pair *list;
	struct tok_span *raw; /* of each: all its bytes */
	bool *done;
	size_t count;
};

static void release(struct pairs *pairs)
{
	free(pairs->list);
	free(pairs->raw);
	free(pairs->done);
}

static enum tok_status read_pairs(struct tok_span bytes, uint64_t count, struct pairs *out,
				  struct tok_error *err)
{
	struct tok_gguf file = { .rest = { .bytes = bytes }, .pairs = count };
	enum tok_status status = TOK_OK;
	*out = (struct pairs){ 0 };
	if (count > bytes.count / PAIR_BYTES_LEAST)
		return tok_fail(err, TOK_EFORMAT, "%zu bytes are too few for %llu keys",
				bytes.count, (unsigned long long)count);
	out->count = (size_t)count;
	out->list = calloc(out->count + 1, sizeof *out->list);
	out->raw = calloc(out->count + 1, sizeof *out->raw);
	out->done = calloc(out->count + 1, sizeof *out->done);
	if (!out->list || !out->raw || !out->done)
		return tok_fail_memory(err);
	for (size_t i = 0; i < out->count && status == TOK_OK; i++) {
		const size_t begin = file.rest.at;
		status = tok_gguf_next(&file, &out->list[i], err);
		out->raw[i] = tok_span_slice(bytes, begin, file.rest.at);
	}
	return status;
}

static bool is_of_tokenizer(struct tok_span key)
{
	return tok_span_starts(key, tok_span_of("tokenizer.")) &&
	       !tok_span_equal(key, tok_span_of("tokenizer.ggml.token_type_count"));
}

static size_t find(const struct pairs *pairs, struct tok_span key)
{
	size_t i = 0;
	while (i < pairs->count && !tok_span_equal(pairs->list[i].key, key))
		i++;
	return i;
}

/* ---- as many tokens as rows --------------------------------------------------------------------
 */

static void put_padding(struct gguf_writer *w, const struct tok_gguf_pair *pair, size_t id)
{
	enum { UNUSED = 5 };
	const float score = -1000; /* as the converter has it */
	char name[32];
	if (pair->value.element == TOK_GGUF_STRING) {
		snprintf(name, sizeof name, "[PAD%zu]", id);
		gguf_put_text(w, tok_span_of(name));
	} else if (pair->value.element == TOK_GGUF_F32) {
		gguf_put_float(w, score);
	} else {
		gguf_put_number(w, UNUSED, 4);
	}
}

static bool is_by_token(const struct tok_gguf_pair *pair)
{
	static const struct {
		const char *key;
		enum tok_gguf_type element;
	} lists[] = {
		{ "tokenizer.ggml.tokens", TOK_GGUF_STRING },
		{ "tokenizer.ggml.scores", TOK_GGUF_F32 },
		{ "tokenizer.ggml.token_type", TOK_GGUF_I32 },
		{ "tokenizer.ggml.token_type", TOK_GGUF_U32 },
	};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (pair->value.type == TOK_GGUF_ARRAY && pair->value.element == lists[i].element &&
		    tok_span_equal(pair->key, tok_span_of(lists[i].key)))
			return true;
	return false;
}

static void put_pair(struct gguf_writer *w, const struct tok_gguf_pair *pair, struct tok_span raw,
		     size_t rows)
{
	if (!is_by_token(pair) || pair->value.count >= rows) {
		w->full |= !tok_buffer_add(w->out, raw.bytes, raw.count);
		w->count++;
		return;
	}
	gguf_put_key(w, pair->key, TOK_GGUF_ARRAY);
	gguf_put_number(w, pair->value.element, 4);
	gguf_put_number(w, rows, 8);
	w->full |= !tok_buffer_add(w->out, pair->value.bytes.bytes, pair->value.bytes.count);
	for (size_t id = (size_t)pair->value.count; id < rows && !w->full; id++)
		put_padding(w, pair, id);
}

/* ---- both together
 * -------------------------------------------------------------------------------- */

/* ARCHITECTURE.vocab_size */
static bool is_size(const struct pairs *model, struct tok_span key)
{
	const size_t at = find(model, tok_span_of("general.architecture"));
	if (at == model->count || model->list[at].value.type != TOK_GGUF_STRING)
		return false;
	const struct tok_span name = model->list[at].value.bytes;
	return tok_span_starts(key, name) &&
	       tok_span_equal(tok_span_slice(key, name.count, key.count),
			      tok_span_of(".vocab_size"));
}

static void put_size(struct gguf_writer *w, const struct tok_gguf_pair *pair, size_t rows)
{
	gguf_put_key(w, pair->key, pair->value.type);
	gguf_put_number(w, rows, pair->value.bytes.count);
}

static bool is_whole(enum tok_gguf_type type)
{
	return type == TOK_GGUF_U32 || type == TOK_GGUF_I32 || type == TOK_GGUF_U64 ||
	       type == TOK_GGUF_I64;
}

static void put_all(struct gguf_writer *w, const struct pairs *model, struct pairs *other,
		    size_t rows)
{
	for (size_t i = 0; i < model->count; i++) {
		const struct tok_gguf_pair *pair = &model->list[i];
		const size_t at = find(other, pair->key);
		if (is_size(model, pair->key) && is_whole(pair->value.type)) {
			put_size(w, pair, rows);
		} else if (!is_of_tokenizer(pair->key)) {
			put_pair(w, pair, model->raw[i], 0);
		} else if (at < other->count && !other->done[at]) {
			put_pair(w, &other->list[at], other->raw[at], rows);
			other->done[at] = true;
		}
	}
	for (size_t i = 0; i < other->count; i++)
		if (!other->done[i] && find(other, other->list[i].key) == i &&
		    is_of_tokenizer(other->list[i].key))
			put_pair(w, &other->list[i], other->raw[i], rows);
}

static enum tok_status check_rows(const struct pairs *tokenizer, size_t rows, struct tok_error *err)
{
	const size_t at = find(tokenizer, tok_span_of("tokenizer.ggml.tokens"));
	if (at == tokenizer->count)
		return tok_fail(err, TOK_EARG, "there is no tokenizer in the pairs");
	if (tokenizer->list[at].value.count > rows)
		return tok_fail(err, TOK_EARG, "%llu tokens have no room in %zu rows",
				(unsigned long long)tokenizer->list[at].value.count, rows);
	return TOK_OK;
}

enum tok_status vocab_gguf_replace(struct tok_span values, uint64_t value_count,
				   struct tok_span tokenizer, uint64_t tokenizer_count, size_t rows,
				   struct tok_buffer *out, uint64_t *out_count,
				   struct tok_error *err)
{
	struct pairs model, other = { 0 };
	struct gguf_writer w = { .out = out };
	const size_t before = out->count;
	enum tok_status status = read_pairs(values, value_count, &model, err);
	if (status == TOK_OK)
		status = read_pairs(tokenizer, tokenizer_count, &other, err);
	if (status == TOK_OK)
		status = check_rows(&other, rows, err);
	if (status == TOK_OK) {
		put_all(&w, &model, &other, rows);
		status = w.full ? tok_fail_memory(err) : TOK_OK;
	}
	if (status == TOK_OK)
		*out_count = w.count;
	else
		out->count = before;
	release(&model);
	release(&other);
	return status;
}
