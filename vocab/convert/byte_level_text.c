/* byte_level_text.c - how the text of a token is written in the alphabet of bytes. */
#include "vocab/convert/byte_level_internal.h"

#include "tok/text/utf8.h"

/* ---- what stands for a space --------------------------------------------------------- */

/* The first piece that the pipeline cuts " test" into; empty if there is none. */
static enum tok_status first_piece(const struct tok_spec *spec, struct tok_text *text,
				   struct tok_span *out, struct tok_error *err)
{
	struct tok_normalizer *normalizer = NULL;
	struct tok_pretokenizer *pretokenizer = NULL;
	struct tok_norm_scratch *norm = tok_norm_scratch_new();
	struct tok_pretok_scratch *pretok = tok_pretok_scratch_new();
	struct tok_pieces pieces = { 0 };
	enum tok_status status =
	    tok_normalizer_new(spec->normalizers, spec->normalizer_count, &normalizer, err);
	if (status == TOK_OK)
		status = tok_pretokenizer_new(spec->pretokenizers, spec->pretokenizer_count,
					      &pretokenizer, err);
	if (status == TOK_OK && (!norm || !pretok || !tok_text_set(text, tok_span_of(" test"), 0)))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = tok_normalize(normalizer, norm, text, err);
	if (status == TOK_OK)
		status = tok_pretokenize(pretokenizer, TOK_KERNEL_SCALAR, pretok, text, true,
					 &pieces, err);
	if (status == TOK_OK)
		*out = pieces.count ? tok_span_slice(tok_text_span(text), pieces.ranges[0].begin,
						     pieces.ranges[0].end)
				    : (struct tok_span){ 0 };
	tok_pieces_release(&pieces);
	tok_pretok_scratch_free(pretok);
	tok_norm_scratch_free(norm);
	tok_pretokenizer_free(pretokenizer);
	tok_normalizer_free(normalizer);
	return status;
}

/* "test" itself may come out in other letters. */
static bool is_letter(uint32_t code)
{
	return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
}

static enum tok_status find_space(struct level *l, uint32_t *out)
{
	struct tok_text text = { .tracked = true };
	struct tok_span piece;
	const enum tok_status status = first_piece(l->spec, &text, &piece, l->err);
	if (status == TOK_OK) {
		const uint32_t code = piece.count ? tok_utf8_at(piece, 0).code : ' ';
		*out = code == ' ' || is_letter(code) ? 0 : code;
	}
	tok_text_release(&text);
	return status;
}

static bool is_in_alphabet(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL)
			return true;
	for (size_t i = 0; i < spec->normalizer_count; i++)
		if (spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL)
			return true;
	return false;
}

enum tok_status level_find_script(struct level *l, struct level_script *out)
{
	const struct tok_model_spec *model = &l->spec->model;
	*out = (struct level_script){ .plain = is_in_alphabet(l->spec) };
	l->report.was_byte_level = out->plain;
	if (out->plain)
		return TOK_OK;
	if (model->kind == TOK_MODEL_WORDPIECE) {
		out->prefix = model->as.wordpiece.prefix;
		out->starts = out->prefix.count > 0;
	}
	return find_space(l, &out->space);
}

/* ---- writing --------------------------------------------------------------------------- */

bool level_write(struct level *l, const struct level_script *script, struct tok_span text,
		 struct tok_span *out)
{
	struct tok_buffer bytes = { 0 }, form = { 0 };
	bool done = true;
	if (script->starts) {
		if (text.count > script->prefix.count && tok_span_starts(text, script->prefix))
			text = tok_span_slice(text, script->prefix.count, text.count);
		else
			done = tok_buffer_add_byte(&bytes, ' ');
	}
	for (size_t at = 0; done && at < text.count;) {
		const struct tok_char next = tok_utf8_at(text, at);
		done = script->space && next.code == script->space
			   ? tok_buffer_add_byte(&bytes, ' ')
			   : tok_buffer_add(&bytes, text.bytes + at, next.length);
		at += next.length;
	}
	done = done && tok_put_alphabet(&form, tok_buffer_span(&bytes));
	if (done) {
		*out = tok_arena_copy(&l->out->arena, tok_buffer_span(&form));
		done = out->bytes != NULL;
	}
	tok_buffer_release(&form);
	tok_buffer_release(&bytes);
	return done;
}

/* ---- white space in forms ----------------------------------------------------------------- */

const char *const level_whites[LEVEL_WHITES] = { "\u0109", "\u010A", "\u0120" };

size_t level_spaces(struct tok_span form)
{
	size_t count = 0;
	for (size_t i = 0; i + 1 < form.count; i++)
		for (size_t k = 0; k < LEVEL_WHITES; k++)
			count += memcmp(form.bytes + i, level_whites[k], 2) == 0;
	return count;
}

bool level_run(struct level *l, unsigned first, unsigned second, unsigned many,
	       struct tok_span *out)
{
	uint8_t *bytes = tok_arena_array(&l->out->arena, 2 + 2 * (size_t)many, 1);
	if (!bytes)
		return false;
	memcpy(bytes, level_whites[first], 2);
	for (unsigned i = 0; i < many; i++)
		memcpy(bytes + 2 + 2 * (size_t)i, level_whites[second], 2);
	*out = (struct tok_span){ bytes, 2 + 2 * (size_t)many };
	return true;
}
