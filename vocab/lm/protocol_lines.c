/* protocol_lines.c - questions and answers as lines of JSON, for providers in a few lines. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "vocab/lm/protocol_internal.h"

/* Characters of a number, generously. */
enum { NUMBER_BYTES = 40 };

bool lm_line_put_next(struct tok_buffer *out, uint64_t id, const struct tok_lm_request *request)
{
	char text[64];
	int n = snprintf(text, sizeof text, "{\"id\":%" PRIu64 ",\"ctx\":[", id);
	bool ok = tok_buffer_add(out, text, (size_t)n);
	for (size_t i = 0; ok && i < request->count; i++) {
		n = snprintf(text, sizeof text, "%s%u", i > 0 ? "," : "", request->ids[i]);
		ok = tok_buffer_add(out, text, (size_t)n);
	}
	return ok && tok_buffer_add(out, "]}\n", 3);
}

size_t lm_line_bytes(const struct lm_peer *peer)
{
	const size_t numbers = peer->info.top > 0 ? 2 * peer->info.top : peer->info.size;
	return LM_MESSAGE_BYTES_MAX + numbers * NUMBER_BYTES;
}

/* JSON has no infinity: null is a probability of 0. */
static bool read_number(const struct tok_json *value, double *out)
{
	switch ((enum tok_json_kind)value->kind) {
	case TOK_JSON_NULL:
		*out = -INFINITY;
		return true;
	case TOK_JSON_UNSIGNED:
		*out = (double)value->as.whole;
		return true;
	case TOK_JSON_NEGATIVE:
		*out = (double)value->as.negative;
		return true;
	case TOK_JSON_DOUBLE:
		*out = value->as.real;
		return true;
	case TOK_JSON_FALSE:
	case TOK_JSON_TRUE:
	case TOK_JSON_STRING:
	case TOK_JSON_ARRAY:
	case TOK_JSON_OBJECT:
		return false;
	}
	return false;
}

static enum tok_status read_full(const struct tok_json_document *doc, const struct tok_json *array,
				 const struct tok_lm_info *info, struct tok_lm_row *row,
				 struct tok_error *err)
{
	if (!array || array->kind != TOK_JSON_ARRAY)
		return tok_fail(err, TOK_EFORMAT, "an answer without a list 'lp'");
	if (array->count != info->size)
		return tok_fail(err, TOK_EFORMAT, "a row of %u numbers: %zu were promised",
				array->count, info->size);
	const struct tok_json *item = array + 1;
	for (size_t i = 0; i < array->count; i++, item = tok_json_next(item))
		if (!read_number(item, &row->log_p[i]))
			return tok_json_expected(doc, item, "a probability", "a number or null",
						 err);
	return TOK_OK;
}

static enum tok_status read_pair(const struct tok_json_document *doc, const struct tok_json *pair,
				 struct tok_lm_top *out, struct tok_error *err)
{
	const struct tok_json *id = pair + 1;
	if (pair->kind != TOK_JSON_ARRAY || pair->count != 2 || id->kind != TOK_JSON_UNSIGNED ||
	    id->as.whole >= TOK_NO_ID || !read_number(id + 1, &out->log_p))
		return tok_json_fail(doc, pair, err, "this must be an id and a number");
	out->id = (tok_id)id->as.whole;
	return TOK_OK;
}

static enum tok_status read_best(const struct tok_json_document *doc, const struct tok_json *array,
				 const struct tok_lm_info *info, struct tok_lm_row *row,
				 struct tok_error *err)
{
	const struct tok_json *rest = tok_json_get(doc->values, "rest");
	if (!array || array->kind != TOK_JSON_ARRAY)
		return tok_fail(err, TOK_EFORMAT, "an answer without a list 'topk'");
	if (array->count > info->top)
		return tok_fail(err, TOK_EFORMAT, "%u ids: %zu were promised", array->count,
				info->top);
	const struct tok_json *item = array + 1;
	for (size_t i = 0; i < array->count; i++, item = tok_json_next(item)) {
		const enum tok_status status = read_pair(doc, item, &row->best[i], err);
		if (status != TOK_OK)
			return status;
	}
	row->best_count = array->count;
	if (!rest || !read_number(rest, &row->log_rest))
		return tok_fail(err, TOK_EFORMAT, "an answer without a number 'rest'");
	return TOK_OK;
}

static enum tok_status read_object(struct tok_json_document *doc, struct tok_span line,
				   struct tok_error *err)
{
	const enum tok_status status = tok_json_read(doc, line, err);
	if (status == TOK_OK && doc->values->kind != TOK_JSON_OBJECT)
		return tok_fail(err, TOK_EFORMAT, "an answer must be a JSON object");
	return status;
}

/* A provider that cannot answer says why. */
static enum tok_status read_trouble(const struct tok_json_document *doc, struct tok_error *err)
{
	const struct tok_json *trouble = tok_json_get(doc->values, "error");
	if (!trouble)
		return TOK_OK;
	return tok_fail(err, TOK_EIO, "it says: '%s'",
			trouble->kind == TOK_JSON_STRING ? tok_show(tok_json_text(trouble)).text
							 : "");
}

/* Which of the rows that were asked for this one is. */
static enum tok_status find_place(const struct tok_json_document *doc, uint64_t first, size_t count,
				  const uint8_t *got, size_t *out, struct tok_error *err)
{
	const struct tok_json *id = tok_json_get(doc->values, "id");
	if (!id || id->kind != TOK_JSON_UNSIGNED)
		return tok_fail(err, TOK_EFORMAT, "an answer without a number 'id'");
	if (id->as.whole < first || id->as.whole - first >= count || got[id->as.whole - first])
		return tok_fail(err, TOK_EFORMAT, "nobody waits for an answer %" PRIu64,
				id->as.whole);
	*out = (size_t)(id->as.whole - first);
	return TOK_OK;
}

enum tok_status lm_line_row(struct lm_peer *peer, struct tok_json_document *doc,
			    struct tok_span line, uint64_t first, size_t count, uint8_t *got,
			    struct tok_lm_row *rows, bool *placed, struct tok_error *err)
{
	enum tok_status status = read_object(doc, line, err);
	size_t place = 0;
	if (status == TOK_OK)
		status = find_place(doc, first, count, got, &place, err);
	*placed = status == TOK_OK;
	if (status != TOK_OK)
		return status;

	got[place] = 1;
	status = read_trouble(doc, err);
	if (status != TOK_OK)
		return status;
	const bool best = peer->info.top > 0;
	const struct tok_json *array = tok_json_get(doc->values, best ? "topk" : "lp");
	status = best ? read_best(doc, array, &peer->info, &rows[place], err)
		      : read_full(doc, array, &peer->info, &rows[place], err);
	if (status == TOK_OK)
		status = lm_row_check(peer, &rows[place], err);
	return status;
}

/* ---- what ids are ---- */

bool lm_line_put_ask_tokens(struct tok_buffer *out, uint64_t id)
{
	char text[64];
	const int n = snprintf(text, sizeof text, "{\"id\":%" PRIu64 ",\"tokens\":true}\n", id);
	return tok_buffer_add(out, text, (size_t)n);
}

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The bytes that a string of hex spells, into `out`, which is emptied first. */
static enum tok_status read_hex(const struct tok_json_document *doc, const struct tok_json *value,
				struct tok_buffer *out, struct tok_error *err)
{
	if (value->kind != TOK_JSON_STRING || value->count % 2 != 0)
		return tok_json_expected(doc, value, "a token", "a string of hex digits", err);
	tok_buffer_clear(out);
	if (!tok_buffer_reserve(out, value->count / 2 + 1))
		return tok_fail_memory(err);
	for (size_t i = 0; i < value->count; i += 2) {
		const int high = digit_of(value->as.bytes[i]);
		const int low = digit_of(value->as.bytes[i + 1]);
		if (high < 0 || low < 0)
			return tok_json_fail(doc, value, err, "this is no hex");
		out->bytes[out->count++] = (uint8_t)(high * 16 + low);
	}
	return TOK_OK;
}

static enum tok_status compare_list(const struct lm_peer *peer, const struct tok_json_document *doc,
				    struct lm_vocabulary *vocabulary, struct tok_error *err)
{
	const struct tok_json *list = tok_json_get(doc->values, "tokens");
	if (!list || list->kind != TOK_JSON_ARRAY || list->count != peer->info.size)
		return tok_fail(err, TOK_EFORMAT, "an answer without a list 'tokens' of %zu texts",
				peer->info.size);
	struct tok_buffer text = { 0 };
	enum tok_status status = TOK_OK;
	const struct tok_json *item = list + 1;
	for (tok_id id = 0; status == TOK_OK && id < list->count; id++) {
		status = read_hex(doc, item, &text, err);
		if (status == TOK_OK)
			lm_vocabulary_compare(vocabulary, id, tok_buffer_span(&text));
		item = tok_json_next(item);
	}
	tok_buffer_release(&text);
	return status;
}

enum tok_status lm_line_tokens(const struct lm_peer *peer, struct tok_json_document *doc,
			       struct tok_span line, uint64_t id, struct lm_vocabulary *vocabulary,
			       struct tok_error *err)
{
	enum tok_status status = read_object(doc, line, err);
	if (status != TOK_OK)
		return status;
	const struct tok_json *number = tok_json_get(doc->values, "id");
	if (!number || number->kind != TOK_JSON_UNSIGNED || number->as.whole != id)
		return tok_fail(err, TOK_EFORMAT, "this is no answer to question %" PRIu64, id);
	status = read_trouble(doc, err);
	if (status == TOK_OK)
		status = compare_list(peer, doc, vocabulary, err);
	return status == TOK_OK ? lm_vocabulary_verdict(vocabulary, err) : status;
}
