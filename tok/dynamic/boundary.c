#include "tok/dynamic/boundary.h"

#include <stdlib.h>

#include "tok/dynamic/spelling_internal.h"
#include "tok/pipe/pretokens.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

struct tok_boundary {
	enum tok_boundary_kind kind;
	struct tok_spelling spelling;
	struct tok_pretokens *pretokens;
	bool sees_alphabet; /* the pre-tokenizer: the normaliser has made bytes characters */
	/* The neighbours as one, what that reads as, and that with spaces for marks. */
	struct tok_buffer joined, text, plain;
	struct tok_buffer token, room;
};

enum tok_status tok_boundary_new(const struct tok_tokenizer *tokenizer, enum tok_boundary_kind kind,
				 struct tok_boundary **out, struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	struct tok_boundary *b = calloc(1, sizeof *b);
	if (!b)
		return tok_fail_memory(err);
	b->kind = kind;
	b->pretokens = tok_pretokens_new(tokenizer);
	if (!b->pretokens) {
		free(b);
		return tok_fail_memory(err);
	}
	tok_spelling_init(&b->spelling, tokenizer);
	for (size_t i = 0; i < spec->normalizer_count; i++)
		b->sees_alphabet |= spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL;
	*out = b;
	return TOK_OK;
}

void tok_boundary_free(struct tok_boundary *b)
{
	if (!b)
		return;
	tok_pretokens_free(b->pretokens);
	tok_buffer_release(&b->joined);
	tok_buffer_release(&b->text);
	tok_buffer_release(&b->plain);
	tok_buffer_release(&b->token);
	tok_buffer_release(&b->room);
	free(b);
}

/* ---- spaces ------------------------------------------------------------------ */

static bool is_spacelike(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n';
}

/* Does a space stand where none may: not at the beginning (or, of vocabularies that
 * mark the ends of words, the end) of a text that is not only spaces? */
static bool is_parted(const struct tok_boundary *b, struct tok_span text)
{
	const bool last = b->spelling.mark_last;
	size_t spaces = 0, inside = 0;
	for (size_t i = 0; i < text.count; i++) {
		const bool space = is_spacelike(text.bytes[i]);
		spaces += space;
		inside += space && i != (last ? text.count - 1 : 0);
	}
	if (inside == 0)
		return false;
	return spaces < text.count || tok_span_equal(text, tok_span_of("\n\n"));
}

static size_t count_words(struct tok_span text)
{
	size_t words = 0;
	bool in_word = false;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const bool space = tok_unicode_space(c.code);
		words += !space && !in_word;
		in_word = !space;
		at += c.length;
	}
	return words;
}

/* ---- punctuation --------------------------------------------------------------- */

static bool is_ascii_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_ascii_mark(uint8_t byte)
{
	const uint8_t low = byte | 0x20;
	return byte > ' ' && byte < 0x7F && byte != '#' && !is_ascii_digit(byte) &&
	       !(low >= 'a' && low <= 'z');
}

/* Leaves what `written` reads as in b->token. */
static enum tok_status is_punctuation(struct tok_boundary *b, struct tok_span written, bool *out,
				      struct tok_error *err)
{
	tok_id id;
	bool marks = false, digits = false;
	if (!tok_spelling_read(&b->spelling, written, &b->token))
		return tok_fail_memory(err);
	for (size_t i = 0; i < b->token.count; i++) {
		marks |= is_ascii_mark(b->token.bytes[i]);
		digits |= is_ascii_digit(b->token.bytes[i]);
	}
	*out = marks && !digits;
	if (!*out)
		return TOK_OK;
	if (!tok_spelling_find(&b->spelling, written, &b->room, &id))
		return tok_fail_memory(err);
	*out = id != TOK_NO_ID;
	return TOK_OK;
}

static enum tok_status allows_hyphen(struct tok_boundary *b, struct tok_span left,
				     struct tok_span right, bool *out, struct tok_error *err)
{
	bool before, behind;
	enum tok_status status = is_punctuation(b, left, &before, err);
	if (status == TOK_OK)
		status = is_punctuation(b, right, &behind, err);
	if (status == TOK_OK)
		*out = before || !behind ||
		       tok_span_equal(tok_buffer_span(&b->token), tok_span_of("-"));
	return status;
}

/* ---- sentences ----------------------------------------------------------------- */

enum sign { SIGN_NONE, SIGN_SPACE, SIGN_NEWLINE, SIGN_STOP, SIGN_FULL_STOP, SIGN_CLOSE };

static enum sign sign_of(uint32_t code)
{
	static const struct {
		uint32_t code;
		enum sign sign;
	} signs[] = {
		{ '\n', SIGN_NEWLINE },     { '!', SIGN_STOP },         { '.', SIGN_STOP },
		{ '?', SIGN_STOP },         { '"', SIGN_CLOSE },        { '\'', SIGN_CLOSE },
		{ 0x0589, SIGN_STOP },      { 0x061F, SIGN_STOP },      { 0x06D4, SIGN_STOP },
		{ 0x0964, SIGN_STOP },      { 0x0965, SIGN_STOP },      { 0x104B, SIGN_STOP },
		{ 0x1362, SIGN_STOP },      { 0x1367, SIGN_STOP },      { 0x17D4, SIGN_STOP },
		{ 0x2026, SIGN_STOP },      { 0x203C, SIGN_STOP },      { 0x2047, SIGN_STOP },
		{ 0x2048, SIGN_STOP },      { 0x2049, SIGN_STOP },      { 0x3002, SIGN_FULL_STOP },
		{ 0xFF01, SIGN_FULL_STOP }, { 0xFF0E, SIGN_FULL_STOP }, { 0xFF1F, SIGN_FULL_STOP },
		{ 0xFF61, SIGN_FULL_STOP },
	};
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (signs[i].code == code)
			return signs[i].sign;
	if (tok_unicode_space(code))
		return SIGN_SPACE;
	return tok_unicode_in(code, TOK_CATEGORY_BIT(TOK_PE) | TOK_CATEGORY_BIT(TOK_PF))
		   ? SIGN_CLOSE
		   : SIGN_NONE;
}

/* Is there anything but white space behind the end of a sentence?  A sentence ends
 * behind its stop and what closes quotes and brackets there. */
static bool goes_on_behind_end(struct tok_span text)
{
	bool stop = false, full_stop = false, ended = false;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const enum sign sign = sign_of(c.code);
		const bool closes = sign == SIGN_CLOSE && (stop || full_stop);
		at += c.length;
		if (sign == SIGN_SPACE || sign == SIGN_NEWLINE) {
			ended |= stop || full_stop || sign == SIGN_NEWLINE;
			continue;
		}
		if (ended || (full_stop && !closes && sign != SIGN_STOP && sign != SIGN_FULL_STOP))
			return true;
		full_stop |= sign == SIGN_FULL_STOP;
		stop = sign == SIGN_STOP || (closes && stop);
	}
	return false;
}

/* ---- the question ---------------------------------------------------------------- */

static enum tok_status is_one_piece(struct tok_boundary *b, bool *out, struct tok_error *err)
{
	size_t count;
	const enum tok_status status = tok_pretokens_count(
	    b->pretokens, tok_buffer_span(b->sees_alphabet ? &b->joined : &b->text), &count, err);
	if (status == TOK_OK)
		*out = count == 1;
	return status;
}

enum tok_status tok_boundary_allows(struct tok_boundary *b, struct tok_span left,
				    struct tok_span right, bool *out, struct tok_error *err)
{
	if (b->kind == TOK_BOUNDARY_NONE) {
		*out = true;
		return TOK_OK;
	}
	if (!tok_spelling_join(&b->spelling, left, right, &b->joined) ||
	    !tok_spelling_read(&b->spelling, tok_buffer_span(&b->joined), &b->text) ||
	    !tok_spelling_space(&b->spelling, tok_buffer_span(&b->text), &b->plain))
		return tok_fail_memory(err);
	const struct tok_span plain = tok_buffer_span(&b->plain);
	if (b->kind == TOK_BOUNDARY_SENTENCE) {
		*out = !goes_on_behind_end(plain);
		return TOK_OK;
	}
	*out = !is_parted(b, plain);
	if (!*out || !tok_utf8_valid(plain))
		return TOK_OK;
	if (b->kind == TOK_BOUNDARY_PRETOKENS)
		return is_one_piece(b, out, err);
	*out = count_words(plain) == 1;
	if (!*out || b->kind == TOK_BOUNDARY_WORD)
		return TOK_OK;
	return allows_hyphen(b, left, right, out, err);
}
