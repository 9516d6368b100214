#include "tok/dynamic/fvt.h"

#include "tok/dynamic/spelling_internal.h"
#include "tok/text/utf8.h"

/* One text under way. */
struct mean {
	const struct tok_fvt *fvt;
	struct tok_spelling spelling;
	struct tok_buffer text, plain, room;
	float *row;
	size_t parts;
	bool lacks; /* a part without a row */
};

static void add_part(struct mean *m, tok_id id)
{
	const struct tok_fvt *fvt = m->fvt;
	if (id >= fvt->row_count) {
		m->lacks = true;
		return;
	}
	const float *from = fvt->rows + id * fvt->width;
	for (size_t i = 0; i < fvt->width; i++)
		m->row[i] = m->parts ? m->row[i] + from[i] : from[i];
	m->parts++;
}

/* ---- from a text to parts ------------------------------------------------------- */

static enum tok_status add_text(struct mean *m, struct tok_span text, struct tok_error *err)
{
	const struct tok_encode_options options = { .continues = true };
	struct tok_encoding r = { 0 };
	if (text.count == 0)
		return TOK_OK;
	const enum tok_status status = tok_encode(m->fvt->encoder, text, &options, &r, err);
	if (status == TOK_ETEXT) { /* it cannot be encoded: there is no unknown token */
		m->lacks = true;
		return TOK_OK;
	}
	for (size_t i = 0; status == TOK_OK && i < r.count; i++)
		add_part(m, r.ids[i]);
	return status;
}

/* Text that the tokenizer reads as characters: bytes that are none have pieces of their
 * own, if there are any. */
static enum tok_status add_characters(struct mean *m, struct tok_span text, struct tok_error *err)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(m->fvt->tokenizer)->model;
	enum tok_status status = TOK_OK;
	size_t done = 0;
	for (size_t at = 0; at < text.count && status == TOK_OK;) {
		const struct tok_char c = tok_utf8_at(text, at);
		at += c.length;
		if (c.code < TOK_BAD_BYTE)
			continue;
		status = add_text(m, tok_span_slice(text, done, at - 1), err);
		add_part(m,
			 model->byte_fallback ? model->byte_ids[c.code - TOK_BAD_BYTE] : TOK_NO_ID);
		done = at;
	}
	return status == TOK_OK ? add_text(m, tok_span_slice(text, done, text.count), err) : status;
}

/* The longest token that `rest` begins with, standing within a word; TOK_NO_ID if there is
 * none. */
static enum tok_status find_inner(struct mean *m, struct tok_span rest, tok_id *id, size_t *count,
				  struct tok_error *err)
{
	*id = TOK_NO_ID;
	for (*count = rest.count; *count > 0 && *id == TOK_NO_ID; *count -= *id == TOK_NO_ID) {
		tok_buffer_clear(&m->plain);
		if (!tok_buffer_add(&m->plain, m->spelling.prefix.bytes,
				    m->spelling.prefix.count) ||
		    !tok_buffer_add(&m->plain, rest.bytes, *count) ||
		    !tok_spelling_find(&m->spelling, tok_buffer_span(&m->plain), &m->room, id))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

static bool is_wordpiece(const struct tok_fvt *fvt)
{
	return tok_tokenizer_spec(fvt->tokenizer)->model.kind == TOK_MODEL_WORDPIECE;
}

/* Text that begins within a word. */
static enum tok_status add_inner(struct mean *m, struct tok_span text, struct tok_error *err)
{
	const uint8_t *space = memchr(text.bytes, ' ', text.count);
	const size_t end = space ? (size_t)(space - text.bytes) : text.count;
	const struct tok_model_spec *model = &tok_tokenizer_spec(m->fvt->tokenizer)->model;
	m->lacks |= tok_utf8_count(tok_span_slice(text, 0, end)) > model->as.wordpiece.max_chars;
	for (size_t at = 0, count; at < end && !m->lacks; at += count) {
		tok_id id;
		const enum tok_status status =
		    find_inner(m, tok_span_slice(text, at, end), &id, &count, err);
		if (status != TOK_OK)
			return status;
		add_part(m, id);
	}
	return add_text(m, tok_span_slice(text, end, text.count), err);
}

static enum tok_status add_parts(struct mean *m, struct tok_span written, struct tok_error *err)
{
	const struct tok_spelling *s = &m->spelling;
	tok_id known;
	if (!tok_spelling_find(s, written, &m->room, &known) ||
	    !tok_spelling_read(s, written, &m->text) ||
	    !tok_spelling_space(s, tok_buffer_span(&m->text), &m->plain))
		return tok_fail_memory(err);
	if (known != TOK_NO_ID) {
		add_part(m, known);
		return TOK_OK;
	}
	if (s->raw || s->alphabet)
		return add_text(m, tok_buffer_span(&m->text), err);
	if (is_wordpiece(m->fvt) && tok_spelling_goes_on(s, written))
		return add_inner(m, tok_buffer_span(&m->text), err);
	return add_characters(m, tok_buffer_span(&m->plain), err);
}

/* ---- rows -------------------------------------------------------------------------- */

static void put_unknown(const struct tok_fvt *fvt, float *row)
{
	if (fvt->unk < fvt->row_count)
		memcpy(row, fvt->rows + fvt->unk * fvt->width, fvt->width * sizeof *row);
	else
		memset(row, 0, fvt->width * sizeof *row);
}

enum tok_status tok_fvt_make(void *context, const struct tok_span *texts, size_t count,
			     float *const *rows, struct tok_error *err)
{
	struct mean m = { .fvt = context };
	enum tok_status status = TOK_OK;
	tok_spelling_init(&m.spelling, m.fvt->tokenizer);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		m.row = rows[i];
		m.parts = 0;
		m.lacks = false;
		status = add_parts(&m, texts[i], err);
		if (m.parts == 0 || m.lacks)
			put_unknown(m.fvt, m.row);
		else if (m.parts > 1)
			for (size_t k = 0; k < m.fvt->width; k++)
				m.row[k] /= (float)m.parts;
	}
	tok_buffer_release(&m.text);
	tok_buffer_release(&m.plain);
	tok_buffer_release(&m.room);
	return status;
}
