/*
 * append.c - the text behind the last cut, and when to look for the next.
 */
#include "tok/pipe/append.h"

#include <stdlib.h>

#include "tok/base/buffer.h"
#include "tok/pipe/parts_internal.h"

/* Up to here every new byte is worth a search for a cut.  A longer tail seems to
 * have none; it is searched again each time that it has grown by a sixteenth, so
 * that all searches together cost a small multiple of the text. */
#define EAGER_BYTES   ((size_t)4096)
#define PATIENT_SHARE 16

struct tok_append {
	struct tok_encoder *encoder;
	struct tok_parts parts;
	struct tok_encode_options options;
	struct tok_buffer tail; /* the text that is not final */
	size_t search_at;       /* bytes of tail at which a search is due */
	uint64_t begin;         /* of the tail, in all the text */
};

struct tok_append *tok_append_new(const struct tok_tokenizer *tokenizer,
				  const struct tok_encode_options *options)
{
	struct tok_append *a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->encoder = tok_encoder_new(tokenizer);
	if (!a->encoder) {
		free(a);
		return NULL;
	}
	a->options = *options;
	a->options.offsets = a->options.tokens = false;
	a->parts = tok_parts_for(tokenizer, options);
	return a;
}

void tok_append_free(struct tok_append *a)
{
	if (!a)
		return;
	tok_encoder_free(a->encoder);
	tok_buffer_release(&a->tail);
	free(a);
}

void tok_append_reset(struct tok_append *a)
{
	tok_buffer_clear(&a->tail);
	a->search_at = 0;
	a->begin = 0;
}

static enum tok_status encode_front(struct tok_append *a, size_t count, struct tok_append_ids *out,
				    struct tok_error *err)
{
	const struct tok_span front = tok_span_slice(tok_buffer_span(&a->tail), 0, count);
	struct tok_encoding r;
	const enum tok_status status =
	    tok_parts_encode(a->encoder, front, a->begin, &a->options, &r, err);
	if (status == TOK_OK)
		*out = (struct tok_append_ids){ .ids = r.ids, .count = r.count };
	return status;
}

static void drop_front(struct tok_append *a, size_t count)
{
	a->tail.count -= count;
	memmove(a->tail.bytes, a->tail.bytes + count, a->tail.count);
	a->begin += count;
	a->search_at = 0;
}

/* Where the tail may be cut, whatever follows it; 0 if a search is not due. */
static size_t find_cut(struct tok_append *a)
{
	const size_t count = a->tail.count;
	if (a->parts.whole || count < a->search_at)
		return 0;
	a->search_at = count < EAGER_BYTES ? 0 : count + count / PATIENT_SHARE;
	return tok_tokenizer_cut(a->parts.tokenizer, tok_buffer_span(&a->tail),
				 a->parts.match_special);
}

enum tok_status tok_append_text(struct tok_append *a, struct tok_span text,
				struct tok_append_ids *final, struct tok_error *err)
{
	const size_t before = a->tail.count, search_at = a->search_at;
	struct tok_append_ids ids = { NULL, 0 };

	if (text.count > TOK_DOCUMENT_MAX - before)
		return tok_fail(err, TOK_ELIMIT,
				"%zu bytes more are too much: at most %zu bytes of text can wait "
				"for a place where their ids are final",
				text.count, TOK_DOCUMENT_MAX);
	if (!tok_buffer_add(&a->tail, text.bytes, text.count))
		return tok_fail_memory(err);
	const size_t cut = find_cut(a);
	const enum tok_status status = cut > 0 ? encode_front(a, cut, &ids, err) : TOK_OK;
	if (status != TOK_OK) {
		a->tail.count = before;
		a->search_at = search_at;
		return status;
	}
	if (cut > 0)
		drop_front(a, cut);
	*final = ids;
	return TOK_OK;
}

enum tok_status tok_append_tail(struct tok_append *a, struct tok_append_ids *tail,
				struct tok_error *err)
{
	return encode_front(a, a->tail.count, tail, err);
}

enum tok_status tok_append_finish(struct tok_append *a, struct tok_append_ids *final,
				  struct tok_error *err)
{
	const enum tok_status status = encode_front(a, a->tail.count, final, err);
	if (status == TOK_OK)
		tok_append_reset(a);
	return status;
}
