/*
 * SentencePiece's normaliser where nobody asks for origins: ASCII byte by byte
 * through a table, the rest one rule or character at a time.
 */
#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

/* ---- the table ---- */

/* Is the byte alone a protected piece, and is there no longer one? */
static bool is_protected_alone(const struct norm_protected *protected, uint8_t byte)
{
	size_t count = 0, longest = 0;
	for (size_t i = 0; i < protected->count; i++)
		if (protected->pieces[i].bytes[0] == byte) {
			count++;
			longest = protected->pieces[i].count > longest ? protected->pieces[i].count
								       : longest;
		}
	return count == 1 && longest == 1;
}

/* `text` is one byte. */
static enum norm_byte_kind find_kind(const struct norm_sentencepiece *self, struct tok_span text,
				     struct tok_span *result)
{
	const uint8_t byte = text.bytes[0];
	(void)norm_sentencepiece_prefix(self, text, result);
	if (self->protected.starts[byte] ? !is_protected_alone(&self->protected, byte)
					 : norm_charsmap_joins_ascii(&self->map, byte))
		return NORM_BYTE_ASK;
	if (tok_span_equal(*result, tok_span_of(" ")))
		return NORM_BYTE_SPACE;
	return result->count == 0 || result->count > TOK_BYTEMAP_MOST ||
		       memchr(result->bytes, ' ', result->count)
		   ? NORM_BYTE_ASK
		   : NORM_BYTE_TEXT;
}

static void note_stays(const struct norm_sentencepiece *self, struct norm_quick_bytes *quick,
		       uint32_t first, uint32_t last)
{
	for (uint32_t code = first; code <= last; code++) {
		uint8_t bytes[4];
		const struct tok_span text = { bytes, tok_utf8_put(code, bytes) };
		if (self->protected.starts[bytes[0]] || norm_charsmap_may_begin(&self->map, text) ||
		    tok_utf8_at(text, 0).code != code)
			continue;
		quick->stays[code / 64] |= UINT64_C(1) << code % 64;
	}
}

/* Most characters have a neighbourhood of 64, which share all bytes but the last, where
 * no rule begins. */
static void find_stays(const struct norm_sentencepiece *self, struct norm_quick_bytes *quick)
{
	for (uint32_t code = 0x80; code < NORM_QUICK_CHARS; code += 64) {
		uint8_t bytes[4];
		const struct tok_span text = { bytes, tok_utf8_put(code, bytes) };
		const struct tok_span head = tok_span_slice(text, 0, text.count - 1);
		const bool stay = !self->protected.starts[bytes[0]] &&
				  !norm_charsmap_may_begin(&self->map, head) &&
				  tok_utf8_at(text, 0).code == code;
		if (stay)
			quick->stays[code / 64] = UINT64_MAX;
		else
			note_stays(self, quick, code, code + 63);
	}
}

void norm_sentencepiece_prepare(struct norm_sentencepiece *self)
{
	struct norm_quick_bytes *quick = &self->quick;
	quick->map = tok_bytemap_identity();
	quick->identity = !self->map.units && self->protected.count == 0;
	memset(quick->kinds, NORM_BYTE_ASK, sizeof quick->kinds);
	for (uint8_t byte = 0; byte < 0x80; byte++) {
		struct tok_span result;
		const enum norm_byte_kind kind =
		    find_kind(self, (struct tok_span){ &byte, 1 }, &result);
		if (kind == NORM_BYTE_SPACE)
			result = norm_sentencepiece_space(self);
		if (kind != NORM_BYTE_ASK)
			tok_bytemap_set(&quick->map, byte, result);
		quick->kinds[byte] = (uint8_t)kind;
		quick->may_join[byte] = self->map.begins[byte] && !self->protected.starts[byte];
	}
	find_stays(self, quick);
}

/* ---- the loop ---- */

struct state {
	const struct norm_sentencepiece *self;
	struct tok_span text, space;
	struct tok_text *to;
	size_t at;
	bool asks;        /* what is at `at` is not so simple */
	bool after_space; /* and more spaces are to be left out */
};

/* Bytes that need no question.  A byte before one that is not ASCII does, if a
 * rule may join the two. */
static bool append_bytes(struct state *s)
{
	enum { CHUNK = 4096 };
	const struct norm_quick_bytes *quick = &s->self->quick;
	const uint8_t collapse = s->self->remove_extra_whitespaces ? NORM_BYTE_SPACE : 0;
	const size_t left = s->text.count - s->at;
	const uint8_t *in = s->text.bytes + s->at, *begin = in;
	const uint8_t *end = in + (left < CHUNK ? left : CHUNK);
	uint8_t *out = tok_text_room(s->to, (size_t)(end - in) * TOK_BYTEMAP_MOST);
	uint8_t *last_out = out;
	uint8_t last = s->after_space ? NORM_BYTE_SPACE : NORM_BYTE_TEXT, before = last;
	if (!out)
		return false;

	for (; in < end; in++) {
		const uint8_t kind = quick->kinds[*in];
		if (kind == NORM_BYTE_ASK)
			break;
		const struct tok_bytemap_entry *entry = &quick->map.entries[*in];
		memcpy(last_out = out, entry->bytes, TOK_BYTEMAP_MOST);
		out += kind & last & collapse ? 0 : entry->count;
		before = last;
		last = kind;
	}
	if (in > begin && in < s->text.bytes + s->text.count && *in >= 0x80 &&
	    quick->may_join[in[-1]]) {
		in--;
		out = last_out;
		last = before;
	}
	s->asks = in < end;
	s->after_space = last & collapse;
	s->at = (size_t)(in - s->text.bytes);
	s->to->count = (size_t)(out - s->to->bytes);
	return true;
}

/* The character at `at` if it is one beyond ASCII that stays; else its length is 0. */
static inline uint32_t find_stay(const struct norm_quick_bytes *quick, struct tok_span text,
				 size_t at)
{
	const struct tok_char c = tok_utf8_at(text, at);
	if (c.code < NORM_QUICK_CHARS)
		return quick->stays[c.code / 64] >> c.code % 64 & 1 ? c.length : 0;
	return quick->identity && c.code < TOK_BAD_BYTE ? c.length : 0;
}

/* Characters beyond ASCII that stay. */
static bool append_chars(struct state *s)
{
	const size_t begin = s->at;
	size_t end = begin;
	for (uint32_t length; end < s->text.count; end += length) {
		length = find_stay(&s->self->quick, s->text, end);
		if (length == 0)
			break;
	}
	if (end == begin)
		return true;
	uint8_t *out = tok_text_room(s->to, end - begin);
	if (!out)
		return false;
	memcpy(out, s->text.bytes + begin, end - begin);
	s->to->count += end - begin;
	s->at = end;
	s->after_space = false;
	return true;
}

/* All that is UTF-8, where every character and every space stays. */
static bool append_valid(struct state *s)
{
	size_t end = s->at;
	while ((end = norm_skip_ascii(s->text, end)) < s->text.count) {
		const uint32_t length = tok_utf8_length(s->text.bytes + end, s->text.count - end);
		if (length == 0)
			break;
		end += length;
	}
	const struct tok_span valid = tok_span_slice(s->text, s->at, end);
	s->at = end;
	return tok_bytemap_append(&s->self->quick.map, valid, s->to);
}

/* Whatever comes next, by the rules. */
static bool append_prefix(struct state *s)
{
	struct tok_span result;
	s->at += norm_sentencepiece_prefix(s->self, tok_span_slice(s->text, s->at, s->text.count),
					   &result);
	while (s->after_space && result.count && result.bytes[0] == ' ')
		result = tok_span_slice(result, 1, result.count);
	if (result.count == 0)
		return true;

	uint8_t *out = tok_text_room(s->to, result.count * TOK_BYTEMAP_MOST);
	if (!out)
		return false;
	for (size_t i = 0; i < result.count; i++) {
		if (result.bytes[i] == ' ') {
			memcpy(out, s->space.bytes, s->space.count);
			out += s->space.count;
		} else {
			*out++ = result.bytes[i];
		}
	}
	s->to->count = (size_t)(out - s->to->bytes);
	s->after_space = s->self->remove_extra_whitespaces && result.bytes[result.count - 1] == ' ';
	return true;
}

/* What is not so simple, and what is beyond ASCII behind it. */
static bool append_others(struct state *s)
{
	do {
		const size_t begin = s->at;
		if (!append_chars(s) || (s->at == begin && !append_prefix(s)))
			return false;
	} while (s->at < s->text.count && s->text.bytes[s->at] >= 0x80);
	return true;
}

bool norm_sentencepiece_append(const struct norm_sentencepiece *self, struct tok_span text,
			       bool starts, struct tok_text *to)
{
	struct state s = {
		.self = self,
		.text = text,
		.space = norm_sentencepiece_space(self),
		.to = to,
		.after_space = self->remove_extra_whitespaces && starts,
	};
	while (s.at < text.count) {
		if (self->quick.identity && !self->remove_extra_whitespaces) {
			if (!append_valid(&s) || (s.at < text.count && !append_prefix(&s)))
				return false;
			continue;
		}
		if (!append_bytes(&s) || (s.asks && !append_others(&s)))
			return false;
	}
	return true;
}
