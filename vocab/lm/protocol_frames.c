/* protocol_frames.c - questions and answers in binary. */
#include "vocab/lm/protocol_internal.h"

#include <stdlib.h>

/* A reader remembers that it failed; asked once, behind a record. */
struct reader {
	struct tok_span rest;
	bool failed;
};

static const uint8_t *take(struct reader *r, size_t count)
{
	if (r->failed || r->rest.count < count) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *p = r->rest.bytes;
	r->rest = tok_span_slice(r->rest, count, r->rest.count);
	return p;
}

static uint32_t take_u32(struct reader *r)
{
	const uint8_t *p = take(r, 4);
	return p ? lm_load_u32(p) : 0;
}

/* count things of `size` bytes; NULL also where that is more than there is. */
static const uint8_t *take_many(struct reader *r, size_t count, size_t size)
{
	if (count > r->rest.count / size)
		r->failed = true;
	return take(r, r->failed ? 0 : count * size);
}

static double load_number(const uint8_t *p, unsigned bytes)
{
	if (bytes == 4) {
		const uint32_t bits = lm_load_u32(p);
		float value;
		memcpy(&value, &bits, sizeof value);
		return (double)value;
	}
	const uint64_t bits = lm_load_u32(p) | (uint64_t)lm_load_u32(p + 4) << 32;
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static void store_number(uint8_t *p, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	lm_store_u32(p, (uint32_t)bits);
	lm_store_u32(p + 4, (uint32_t)(bits >> 32));
}

/* ---- headers ---- */

enum tok_status lm_frame_read(const uint8_t header[LM_HEADER_BYTES], struct lm_frame *out,
			      struct tok_error *err)
{
	const struct lm_frame frame = {
		.length = lm_load_u32(header),
		.op = header[4],
		.status = header[5],
		.request = lm_load_u32(header + 8),
	};
	if (header[6] != 0 || header[7] != 0)
		return tok_fail(err, TOK_EFORMAT, "this is not the beginning of a frame");
	if (frame.op != LM_NEXT && frame.op != LM_TOKENS)
		return tok_fail(err, TOK_EFORMAT, "there is no operation %d", frame.op);
	*out = frame;
	return TOK_OK;
}

/* Room for a header, to be filled in when the payload is there. */
static bool begin(struct tok_buffer *out, size_t *header)
{
	*header = out->count;
	return tok_buffer_add(out, (const uint8_t[LM_HEADER_BYTES]){ 0 }, LM_HEADER_BYTES);
}

static void finish(struct tok_buffer *out, size_t header, enum lm_op op, uint8_t status,
		   uint32_t request)
{
	uint8_t *p = out->bytes + header;
	lm_store_u32(p, (uint32_t)(out->count - header - LM_HEADER_BYTES));
	p[4] = (uint8_t)op;
	p[5] = status;
	lm_store_u32(p + 8, request);
}

/* `count` bytes at the end that the caller fills. */
static uint8_t *more(struct tok_buffer *out, size_t count)
{
	if (!tok_buffer_reserve(out, count))
		return NULL;
	out->count += count;
	return out->bytes + out->count - count;
}

static bool put_u32(struct tok_buffer *out, uint32_t value)
{
	uint8_t *p = more(out, 4);
	if (p)
		lm_store_u32(p, value);
	return p;
}

/* ---- questions ---- */

bool lm_frame_put_next(struct tok_buffer *out, uint32_t request,
		       const struct tok_lm_request *requests, size_t count)
{
	size_t header;
	bool ok = begin(out, &header) && put_u32(out, (uint32_t)count);
	for (size_t i = 0; ok && i < count; i++) {
		ok = put_u32(out, (uint32_t)requests[i].count);
		uint8_t *ids = ok ? more(out, requests[i].count * 4) : NULL;
		for (size_t k = 0; ids && k < requests[i].count; k++)
			lm_store_u32(ids + 4 * k, requests[i].ids[k]);
		ok = ids;
	}
	if (ok)
		finish(out, header, LM_NEXT, 0, request);
	return ok;
}

/* Into room for as many as the payload can hold. */
static bool read_contexts(struct tok_span payload, tok_id *ids, struct tok_lm_request *requests,
			  size_t count)
{
	struct reader r = { payload, false };
	take_u32(&r);
	for (size_t i = 0; i < count; i++) {
		const size_t length = take_u32(&r);
		const uint8_t *from = take_many(&r, length, 4);
		if (r.failed)
			return false;
		requests[i] = (struct tok_lm_request){ ids, length };
		for (size_t k = 0; k < length; k++)
			*ids++ = lm_load_u32(from + 4 * k);
	}
	return r.rest.count == 0;
}

enum tok_status lm_frame_contexts(struct tok_span payload, tok_id **ids,
				  struct tok_lm_request **requests, size_t *count,
				  struct tok_error *err)
{
	struct reader r = { payload, false };
	const size_t contexts = take_u32(&r);
	if (r.failed || contexts > r.rest.count / 4)
		return tok_fail(err, TOK_EFORMAT, "a question ends too early");

	tok_id *all = malloc(payload.count);
	struct tok_lm_request *list = calloc(contexts + 1, sizeof *list);
	enum tok_status status = TOK_OK;
	if (!all || !list)
		status = tok_fail_memory(err);
	else if (!read_contexts(payload, all, list, contexts))
		status = tok_fail(err, TOK_EFORMAT, "a question is shorter or longer than it says");
	if (status != TOK_OK) {
		free(all);
		free(list);
		return status;
	}
	*ids = all;
	*requests = list;
	*count = contexts;
	return TOK_OK;
}

/* ---- answers ---- */

static bool put_full(struct tok_buffer *out, const double *log_p, size_t size)
{
	uint8_t *p = more(out, 1 + size * 8);
	if (!p)
		return false;
	*p++ = LM_LOG_P;
	for (size_t i = 0; i < size; i++)
		store_number(p + 8 * i, log_p[i]);
	return true;
}

static bool put_best(struct tok_buffer *out, const struct tok_lm_row *row)
{
	uint8_t *p = more(out, 1 + 4 + row->best_count * 12 + 8);
	if (!p)
		return false;
	*p = LM_TOP;
	lm_store_u32(p + 1, (uint32_t)row->best_count);
	p += 5;
	for (size_t i = 0; i < row->best_count; i++, p += 12) {
		lm_store_u32(p, row->best[i].id);
		store_number(p + 4, row->best[i].log_p);
	}
	store_number(p, row->log_rest);
	return true;
}

bool lm_frame_put_rows(struct tok_buffer *out, uint32_t request, const struct tok_lm_info *info,
		       const struct tok_lm_row *rows, size_t count)
{
	size_t header;
	bool ok = begin(out, &header);
	for (size_t i = 0; ok && i < count; i++)
		ok = info->top > 0 ? put_best(out, &rows[i])
				   : put_full(out, rows[i].log_p, info->size);
	if (ok)
		finish(out, header, LM_NEXT, 0, request);
	return ok;
}

bool lm_frame_put_trouble(struct tok_buffer *out, enum lm_op op, uint32_t request,
			  const char *message)
{
	size_t header;
	const bool ok = begin(out, &header) && tok_buffer_add(out, message, strlen(message));
	if (ok)
		finish(out, header, op, 1, request);
	return ok;
}

/* ---- what ids are ---- */

bool lm_frame_put_ask_tokens(struct tok_buffer *out, uint32_t request)
{
	size_t header;
	const bool ok = begin(out, &header);
	if (ok)
		finish(out, header, LM_TOKENS, 0, request);
	return ok;
}

/* Only what is text has bytes there. */
bool lm_frame_put_tokens(struct tok_buffer *out, uint32_t request,
			 const struct tok_byte_tokens *tokens)
{
	const size_t size = tok_byte_tokens_size(tokens);
	size_t header;
	bool ok = begin(out, &header);
	for (tok_id id = 0; ok && id < size; id++) {
		const struct tok_span text = tok_byte_tokens_text(tokens, id);
		ok = put_u32(out, (uint32_t)text.count) &&
		     tok_buffer_add(out, text.bytes, text.count);
	}
	if (ok)
		finish(out, header, LM_TOKENS, 0, request);
	return ok;
}

enum tok_status lm_frame_tokens(struct tok_span payload, size_t size,
				struct lm_vocabulary *vocabulary, struct tok_error *err)
{
	struct reader r = { payload, false };
	for (tok_id id = 0; id < size; id++) {
		const size_t count = take_u32(&r);
		const uint8_t *bytes = take(&r, count);
		if (!bytes)
			return tok_fail(err, TOK_EFORMAT, "tokens of %u ids: there should be %zu",
					id, size);
		lm_vocabulary_compare(vocabulary, id, (struct tok_span){ bytes, count });
	}
	if (r.rest.count > 0)
		return tok_fail(err, TOK_EFORMAT, "an answer has %zu bytes too many", r.rest.count);
	return lm_vocabulary_verdict(vocabulary, err);
}

/* ---- rows ---- */

size_t lm_frame_rows_bytes(const struct lm_peer *peer, size_t count)
{
	const size_t bytes = peer->number_bytes;
	const size_t row = peer->info.top > 0 ? 1 + 4 + peer->info.top * (4 + bytes) + bytes
					      : 1 + peer->info.size * bytes;
	return count * row;
}

static void read_full(struct reader *r, const struct lm_peer *peer, enum lm_kind kind,
		      struct tok_lm_row *row)
{
	const unsigned bytes = peer->number_bytes;
	const uint8_t *from = take_many(r, peer->info.size, bytes);
	if (!from)
		return;
	for (size_t i = 0; i < peer->info.size; i++)
		row->log_p[i] = load_number(from + bytes * i, bytes);
	if (kind == LM_LOGITS)
		lm_row_normalize(row->log_p, peer->info.size);
}

static void read_best(struct reader *r, const struct lm_peer *peer, struct tok_lm_row *row)
{
	const unsigned bytes = peer->number_bytes;
	const size_t count = take_u32(r);
	const uint8_t *from = count <= peer->info.top ? take_many(r, count, 4 + bytes) : NULL;
	const uint8_t *rest = take(r, bytes);
	if (!from || !rest) {
		r->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++, from += 4 + bytes)
		row->best[i] =
		    (struct tok_lm_top){ lm_load_u32(from), load_number(from + 4, bytes) };
	row->best_count = count;
	row->log_rest = load_number(rest, bytes);
}

static enum tok_status read_row(struct reader *r, struct lm_peer *peer, struct tok_lm_row *row,
				struct tok_error *err)
{
	const uint8_t *kind = take(r, 1);
	if (kind && (*kind > LM_TOP || (*kind == LM_TOP) != (peer->info.top > 0)))
		return tok_fail(err, TOK_EFORMAT, "a row of kind %d was not promised", *kind);
	if (kind && *kind == LM_TOP)
		read_best(r, peer, row);
	else if (kind)
		read_full(r, peer, *kind, row);
	if (r->failed)
		return tok_fail(err, TOK_EFORMAT, "a row of another length than promised");
	return lm_row_check(peer, row, err);
}

enum tok_status lm_frame_rows(struct lm_peer *peer, struct tok_span payload, size_t count,
			      struct tok_lm_row *rows, struct tok_error *err)
{
	struct reader r = { payload, false };
	for (size_t i = 0; i < count; i++) {
		const enum tok_status status = read_row(&r, peer, &rows[i], err);
		if (status != TOK_OK)
			return status;
	}
	if (r.rest.count > 0)
		return tok_fail(err, TOK_EFORMAT, "an answer has %zu bytes too many", r.rest.count);
	return TOK_OK;
}
