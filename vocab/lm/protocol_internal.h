/*
 * protocol_internal.h - tokp/1 as bytes; tok-lm(5) is its definition.
 *
 *	status = lm_peer_read(line, &peer, &err);               // what a provider says of itself
 *	ok = lm_frame_put_next(&out, 1, requests, count);       // a question
 *	status = lm_frame_rows(&peer, payload, count, rows, &err); // its answer
 *	lm_peer_release(&peer);
 *
 * Nothing here reads or writes files.  What comes from outside is hostile: it is looked at
 * before it is used, and a row that has passed is a distribution.
 */
#ifndef VOCAB_LM_PROTOCOL_INTERNAL_H
#define VOCAB_LM_PROTOCOL_INTERNAL_H

#include "tok/base/arena.h"
#include "tok/base/buffer.h"
#include "tok/bytes/model.h"
#include "tok/text/json.h"
#include "vocab/lm/vocabulary_internal.h"

enum lm_form { LM_FRAMES, LM_LINES };
enum lm_op { LM_NEXT = 1, LM_TOKENS = 2 };
enum lm_kind { LM_LOGITS, LM_LOG_P, LM_TOP };

enum {
	LM_HEADER_BYTES = 12,
	LM_HELLO_BYTES_MAX = 1 << 20,
	LM_QUESTION_BYTES_MAX = 1 << 28,
	LM_ANSWER_BYTES_MAX = 1 << 30,
	LM_TOKENS_BYTES_MAX = 1 << 28,
	LM_MESSAGE_BYTES_MAX = 4096,
	LM_BATCH_MAX = 1024,
};

/* A provider, as its first line tells. */
struct lm_peer {
	struct tok_lm_info info; /* what it points to lies in the arena */
	enum lm_form form;
	unsigned number_bytes; /* 4 or 8; in frames */
	bool tells_tokens;     /* it can be asked for LM_TOKENS */
	uint8_t *seen;         /* private: a bit an id, for rows of the best only */
	struct tok_arena arena;
};

TOK_MUST_USE enum tok_status lm_peer_read(struct tok_span line, struct lm_peer *out,
					  struct tok_error *err);
void lm_peer_release(struct lm_peer *peer);

/* Use these start ids in place of its own. */
TOK_MUST_USE enum tok_status lm_peer_start(struct lm_peer *peer, const tok_id *ids, size_t count,
					   struct tok_error *err);

/* The line of a provider that speaks frames of 8-byte numbers.  False: memory is out. */
TOK_MUST_USE bool lm_peer_put(struct tok_buffer *out, const struct tok_lm_info *info, bool tokens);

/* TOK_ELIMIT where the context is longer than the model's, TOK_EARG for an id that it has not. */
TOK_MUST_USE enum tok_status lm_request_check(const struct tok_lm_info *info,
					      const struct tok_lm_request *request,
					      struct tok_error *err);

/* Is this a distribution?  TOK_EFORMAT otherwise.  The numbers are there, nothing more. */
TOK_MUST_USE enum tok_status lm_row_check(struct lm_peer *peer, const struct tok_lm_row *row,
					  struct tok_error *err);

/* Logarithms of probabilities from what lacks a common term. */
void lm_row_normalize(double *row, size_t count);

/* ---- frames ---- */

struct lm_frame {
	uint32_t length; /* of the payload */
	uint8_t op, status;
	uint32_t request;
};

TOK_MUST_USE enum tok_status lm_frame_read(const uint8_t header[LM_HEADER_BYTES],
					   struct lm_frame *out, struct tok_error *err);

/* The context of each request, and a frame around them.  False: memory is out. */
TOK_MUST_USE bool lm_frame_put_next(struct tok_buffer *out, uint32_t request,
				    const struct tok_lm_request *requests, size_t count);
/* Rows with 8-byte numbers. */
TOK_MUST_USE bool lm_frame_put_rows(struct tok_buffer *out, uint32_t request,
				    const struct tok_lm_info *info, const struct tok_lm_row *rows,
				    size_t count);
TOK_MUST_USE bool lm_frame_put_trouble(struct tok_buffer *out, enum lm_op op, uint32_t request,
				       const char *message);

/* What are the ids? */
TOK_MUST_USE bool lm_frame_put_ask_tokens(struct tok_buffer *out, uint32_t request);
TOK_MUST_USE bool lm_frame_put_tokens(struct tok_buffer *out, uint32_t request,
				      const struct tok_byte_tokens *tokens);
/* Compares what the payload of an answer says of each id. */
TOK_MUST_USE enum tok_status lm_frame_tokens(struct tok_span payload, size_t size,
					     struct lm_vocabulary *vocabulary,
					     struct tok_error *err);

/* Contexts of a payload of NEXT; *ids and *requests belong to the caller, who frees them. */
TOK_MUST_USE enum tok_status lm_frame_contexts(struct tok_span payload, tok_id **ids,
					       struct tok_lm_request **requests, size_t *count,
					       struct tok_error *err);

/* The rows of an answer's payload, looked at. */
TOK_MUST_USE enum tok_status lm_frame_rows(struct lm_peer *peer, struct tok_span payload,
					   size_t count, struct tok_lm_row *rows,
					   struct tok_error *err);

/* How many bytes of rows are to be expected at most. */
size_t lm_frame_rows_bytes(const struct lm_peer *peer, size_t count);

/* ---- lines of JSON ---- */

TOK_MUST_USE bool lm_line_put_next(struct tok_buffer *out, uint64_t id,
				   const struct tok_lm_request *request);

/* The row of an answer, into rows[its id - first], and 1 into got[the same]; looked at.  *placed:
 * it is the answer to one of those questions, however bad. */
TOK_MUST_USE enum tok_status lm_line_row(struct lm_peer *peer, struct tok_json_document *doc,
					 struct tok_span line, uint64_t first, size_t count,
					 uint8_t *got, struct tok_lm_row *rows, bool *placed,
					 struct tok_error *err);

size_t lm_line_bytes(const struct lm_peer *peer);

TOK_MUST_USE bool lm_line_put_ask_tokens(struct tok_buffer *out, uint64_t id);
TOK_MUST_USE enum tok_status lm_line_tokens(const struct lm_peer *peer,
					    struct tok_json_document *doc, struct tok_span line,
					    uint64_t id, struct lm_vocabulary *vocabulary,
					    struct tok_error *err);

/* ---- numbers in bytes ---- */

static inline uint32_t lm_load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void lm_store_u32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

#endif
