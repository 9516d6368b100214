#include "tok/dynamic/spelling_internal.h"

#include <string.h>

#include "tok/dynamic/merger.h"
#include "tok/pipe/pretokens.h"
#include "tok/text/normalize.h"
#include "tok/text/utf8.h"

/* ---- what the specification says ------------------------------------------- */

static bool has_alphabet(const struct tok_spec *spec)
{
	bool found = false;
	for (size_t i = 0; i < spec->normalizer_count; i++)
		found |= spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		found |= spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL;
	return found && !spec->raw_vocabulary;
}

static bool marks_ends(const struct tok_spec *spec)
{
	bool found = false;
	for (size_t i = 0; i < spec->normalizer_count; i++)
		found |= spec->normalizers[i].kind == TOK_NORM_SENTENCEPIECE &&
			 spec->normalizers[i].as.sentencepiece.whitespace_as_suffix;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		found |= spec->pretokenizers[i].kind == TOK_PRETOK_SENTENCEPIECE_WORDS &&
			 spec->pretokenizers[i].as.whitespace_as_suffix;
	return found;
}

void tok_spelling_init(struct tok_spelling *s, const struct tok_tokenizer *tokenizer)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	*s = (struct tok_spelling){ .tokenizer = tokenizer,
				    .raw = spec->raw_vocabulary,
				    .alphabet = has_alphabet(spec),
				    .mark_last = marks_ends(spec) };
	s->mark.bytes = s->mark_bytes;
	s->mark.count = tok_utf8_put(tok_pretokens_space(tokenizer), s->mark_bytes);
	switch (spec->model.kind) {
	case TOK_MODEL_BPE:
		s->prefix = spec->model.as.bpe.prefix;
		s->suffix = spec->model.as.bpe.suffix;
		break;
	case TOK_MODEL_WORDPIECE:
		s->prefix = spec->model.as.wordpiece.prefix;
		break;
	case TOK_MODEL_WORDLEVEL:
		s->apart = !spec->sentencepiece && s->mark_bytes[0] == ' ';
		break;
	case TOK_MODEL_UNIGRAM:
		break;
	}
}

/* ---- one token --------------------------------------------------------------- */

static int digit_of(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Is `id` the byte piece that its name, <0xE2>, says?  Returns the byte, or -1. */
static int byte_of(const struct tok_spec *spec, tok_id id, struct tok_span name)
{
	if (!spec->model.byte_fallback || name.count != 6 || memcmp(name.bytes, "<0x", 3) != 0)
		return -1;
	const int high = digit_of(name.bytes[3]), low = digit_of(name.bytes[4]);
	if (high < 0 || low < 0 || spec->model.byte_ids[16 * high + low] != id)
		return -1;
	return 16 * high + low;
}

static bool may_join(const struct tok_spelling *s, const struct tok_vocab_entry *entry)
{
	return !tok_tokenizer_is_special(s->tokenizer, entry->id) &&
	       entry->id != tok_tokenizer_spec(s->tokenizer)->model.unk && entry->text.count > 0 &&
	       (entry->type == TOK_PIECE_NORMAL || entry->type == TOK_PIECE_USER_DEFINED ||
		entry->type == TOK_PIECE_BYTE);
}

struct tok_span tok_spelling_of(const struct tok_spelling *s, tok_id id, uint8_t *byte)
{
	const struct tok_span none = { NULL, 0 };
	struct tok_vocab_entry entry;
	if (!tok_tokenizer_entry(s->tokenizer, id, &entry) || !may_join(s, &entry))
		return none;
	const int value = byte_of(tok_tokenizer_spec(s->tokenizer), id, entry.text);
	if (value >= 0) {
		*byte = (uint8_t)value;
		return (struct tok_span){ byte, 1 };
	}
	return entry.type == TOK_PIECE_BYTE ? none : entry.text;
}

bool tok_spelling_find(const struct tok_spelling *s, struct tok_span written,
		       struct tok_buffer *room, tok_id *out)
{
	struct tok_span name = written, found;
	uint8_t byte;
	if (s->raw) {
		tok_buffer_clear(room);
		if (!tok_put_alphabet(room, written))
			return false;
		name = tok_buffer_span(room);
	}
	*out = tok_tokenizer_find(s->tokenizer, name);
	if (*out == TOK_NO_ID)
		return true;
	/* What is called so may be special, or the byte piece of that name. */
	found = tok_spelling_of(s, *out, &byte);
	if (!found.bytes || !tok_span_equal(found, written))
		*out = TOK_NO_ID;
	return true;
}

/* ---- two ----------------------------------------------------------------------- */

/* Or is it? */
static bool ends_or_is(struct tok_span text, struct tok_span suffix)
{
	return suffix.count > 0 && text.count >= suffix.count &&
	       memcmp(text.bytes + text.count - suffix.count, suffix.bytes, suffix.count) == 0;
}

static bool ends_in(struct tok_span text, struct tok_span suffix)
{
	return text.count > suffix.count && ends_or_is(text, suffix);
}

bool tok_spelling_goes_on(const struct tok_spelling *s, struct tok_span written)
{
	return s->prefix.count > 0 && written.count > s->prefix.count &&
	       tok_span_starts(written, s->prefix);
}

bool tok_spelling_join(const struct tok_spelling *s, struct tok_span left, struct tok_span right,
		       struct tok_buffer *out)
{
	const bool goes_on = tok_spelling_goes_on(s, right);
	bool space = s->apart || (s->prefix.count > 0 && !goes_on);
	if (goes_on)
		right = tok_span_slice(right, s->prefix.count, right.count);
	if (ends_in(left, s->suffix)) {
		left.count -= s->suffix.count;
		space = true;
	}
	tok_buffer_clear(out);
	return tok_buffer_add(out, left.bytes, left.count) &&
	       (!space || tok_buffer_add_byte(out, ' ')) &&
	       tok_buffer_add(out, right.bytes, right.count);
}

/* Does the mark for a space reach across `seam`? */
static bool has_mark_across(const struct tok_spelling *s, struct tok_span joined, size_t seam)
{
	for (size_t at = seam - (seam < s->mark.count ? seam : s->mark.count - 1); at < seam; at++)
		if (tok_span_starts(tok_span_slice(joined, at, joined.count), s->mark))
			return true;
	return false;
}

bool tok_spelling_keeps_marks(const struct tok_spelling *s, struct tok_span left,
			      struct tok_span right, struct tok_buffer *room, bool *out)
{
	*out = true;
	if (s->prefix.count == 0 && s->suffix.count == 0 && s->mark.count == 1)
		return true;
	if (!tok_spelling_join(s, left, right, room))
		return false;
	const struct tok_span joined = tok_buffer_span(room);
	const size_t seam = left.count - (ends_in(left, s->suffix) ? s->suffix.count : 0);
	const bool begins = s->prefix.count > 0 && tok_span_starts(joined, s->prefix);
	*out = begins == tok_spelling_goes_on(s, left) &&
	       ends_or_is(joined, s->suffix) == ends_in(right, s->suffix) &&
	       !has_mark_across(s, joined, seam);
	return true;
}

/* ---- read ---------------------------------------------------------------------- */

/* A character outside of the alphabet is one that the model never sees: it stays. */
static bool lower_text(struct tok_span text, struct tok_buffer *out)
{
	if (!tok_buffer_reserve(out, text.count))
		return false;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const int byte = tok_char_to_byte(c.code);
		if (byte >= 0)
			out->bytes[out->count++] = (uint8_t)byte;
		else if (!tok_buffer_add(out, text.bytes + at, c.length))
			return false;
		at += c.length;
	}
	return true;
}

bool tok_spelling_read(const struct tok_spelling *s, struct tok_span written,
		       struct tok_buffer *out)
{
	if (tok_spelling_goes_on(s, written))
		written = tok_span_slice(written, s->prefix.count, written.count);
	if (ends_in(written, s->suffix))
		written.count -= s->suffix.count;
	tok_buffer_clear(out);
	return s->alphabet ? lower_text(written, out)
			   : tok_buffer_add(out, written.bytes, written.count);
}

bool tok_spelling_space(const struct tok_spelling *s, struct tok_span text, struct tok_buffer *out)
{
	tok_buffer_clear(out);
	if (!tok_buffer_reserve(out, text.count))
		return false;
	for (size_t at = 0; at < text.count;) {
		const struct tok_span rest = tok_span_slice(text, at, text.count);
		const bool space = tok_span_starts(rest, s->mark);
		out->bytes[out->count++] = space ? ' ' : text.bytes[at];
		at += space ? s->mark.count : 1;
	}
	return true;
}

bool tok_dynamic_bytes(const struct tok_tokenizer *tokenizer, struct tok_span text,
		       struct tok_buffer *out)
{
	struct tok_spelling s;
	struct tok_buffer read = { 0 };
	tok_spelling_init(&s, tokenizer);
	bool ok = tok_spelling_read(&s, text, &read) &&
		  tok_spelling_space(&s, tok_buffer_span(&read), out);
	if (ok && s.prefix.count && !tok_spelling_goes_on(&s, text)) {
		ok = tok_buffer_add_byte(out, ' ');
		if (ok)
			memmove(out->bytes + 1, out->bytes, out->count - 1);
		if (ok)
			out->bytes[0] = ' ';
	}
	tok_buffer_release(&read);
	return ok;
}
