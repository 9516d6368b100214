/*
 * plain_bpe.h - BPE by its definition, and random vocabularies to try it on.
 *
 * A list of symbols; the pair of least cost joins, the leftmost of equals, until none
 * is left.  Quadratic, and with nothing in it that could be clever.  Sources: Hugging
 * Face tokenizers (models/bpe), tiktoken (_byte_pair_merge), SentencePiece
 * (bpe_model.cc).
 *
 * All results go to a struct plain_tokens with room for PLAIN_TOKENS.
 */
#ifndef TESTS_UNIT_PLAIN_BPE_H
#define TESTS_UNIT_PLAIN_BPE_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tok/model/model.h"

enum { PLAIN_TEXT = 64, PLAIN_ENTRIES = 400, PLAIN_MERGES = 200, PLAIN_TOKENS = 80000 };

struct plain {
	uint8_t bytes[PLAIN_ENTRIES][PLAIN_TEXT];
	struct tok_vocab_entry entries[PLAIN_ENTRIES];
	struct tok_merge merges[PLAIN_MERGES];
	uint16_t joins[PLAIN_MERGES][3];            /* the same by places */
	double costs[PLAIN_ENTRIES][PLAIN_ENTRIES]; /* of an explicit list; INFINITY: none */
	uint16_t results[PLAIN_ENTRIES][PLAIN_ENTRIES];
	uint32_t splits[PLAIN_ENTRIES]; /* bytes of the left part last seen of an unused piece */
	struct tok_model_spec spec;
	const char *units[16]; /* what texts are made of; a NUL byte is "" */
	size_t unit_count, letter_count;
};

struct plain_tokens {
	tok_id ids[PLAIN_TOKENS];
	struct tok_range ranges[PLAIN_TOKENS];
	size_t count;
};

/* ---- the definition ---- */

struct plain_symbol {
	uint32_t entry, begin, end, length;
	bool frozen;
};

static inline uint32_t plain_find(const struct plain *p, const uint8_t *bytes, size_t count)
{
	for (uint32_t i = 0; i < p->spec.entry_count; i++) {
		const enum tok_piece_type type = p->entries[i].type;
		if (type != TOK_PIECE_UNKNOWN && type != TOK_PIECE_BYTE &&
		    p->entries[i].text.count == count && memcmp(p->bytes[i], bytes, count) == 0)
			return i;
	}
	return TOK_NO_ID;
}

/* Texts in characters are valid UTF-8 here. */
static inline uint32_t plain_unit(const struct plain *p, uint8_t first)
{
	if (p->spec.as.bpe.raw_bytes || p->spec.as.bpe.order == TOK_BPE_RANKS || first < 0xC0)
		return 1;
	return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static inline double plain_cost(struct plain *p, const uint8_t *text, const struct plain_symbol *s,
				uint32_t *result)
{
	*result = TOK_NO_ID;
	if (p->spec.as.bpe.order == TOK_BPE_MERGES) {
		*result = p->results[s[0].entry][s[1].entry];
		return p->costs[s[0].entry][s[1].entry];
	}
	if (s[0].frozen || s[1].frozen || s[1].end - s[0].begin > PLAIN_TEXT)
		return INFINITY;
	*result = plain_find(p, text + s[0].begin, s[1].end - s[0].begin);
	if (*result == TOK_NO_ID)
		return INFINITY;
	if (p->entries[*result].type == TOK_PIECE_UNUSED)
		p->splits[*result] = s[0].end - s[0].begin;
	return p->spec.as.bpe.order == TOK_BPE_RANKS ? (double)p->entries[*result].id
						     : -(double)(float)p->entries[*result].score;
}

static inline size_t plain_merge(struct plain *p, const uint8_t *text, struct plain_symbol *s,
				 size_t count)
{
	static double costs[PLAIN_TOKENS];
	uint32_t result;
	for (size_t i = 0; i + 1 < count; i++)
		costs[i] = plain_cost(p, text, s + i, &result);
	for (;;) {
		size_t at = 0;
		for (size_t i = 1; i + 1 < count; i++)
			at = costs[i] < costs[at] ? i : at;
		if (count < 2 || costs[at] == INFINITY)
			return count;
		plain_cost(p, text, s + at, &result);
		s[at].entry = result;
		s[at].end = s[at + 1].end;
		s[at].length += s[at + 1].length;
		count--;
		memmove(s + at + 1, s + at + 2, (count - at - 1) * sizeof *s);
		if (at + 1 < count)
			memmove(costs + at, costs + at + 1, (count - at - 1) * sizeof *costs);
		if (at > 0)
			costs[at - 1] = plain_cost(p, text, s + at - 1, &result);
		if (at + 1 < count)
			costs[at] = plain_cost(p, text, s + at, &result);
	}
}

static inline void plain_push(struct plain_symbol *s, size_t *count, uint32_t entry,
			      uint32_t length)
{
	s[(*count)++] = (struct plain_symbol){ .entry = entry, .length = length };
}

static inline uint32_t plain_place(const struct plain *p, tok_id id)
{
	uint32_t i = 0;
	while (p->entries[i].id != id)
		i++;
	return i;
}

/* Hugging Face's merge_word.  False: it fails. */
static inline bool plain_start_merges(const struct plain *p, struct tok_span text,
				      struct plain_symbol *s, size_t *count)
{
	const struct tok_span prefix = p->spec.as.bpe.prefix, suffix = p->spec.as.bpe.suffix;
	uint32_t unknown = 0;
	for (size_t at = 0, end; at < text.count; at = end) {
		uint8_t unit[PLAIN_TEXT];
		size_t size = 0;
		end = at + plain_unit(p, text.bytes[at]);
		if (at > 0)
			memcpy(unit, prefix.bytes, prefix.count), size = prefix.count;
		memcpy(unit + size, text.bytes + at, end - at), size += end - at;
		if (end == text.count)
			memcpy(unit + size, suffix.bytes, suffix.count), size += suffix.count;
		const uint32_t entry = plain_find(p, unit, size);
		bool bytes = p->spec.byte_fallback;
		for (size_t i = 0; i < size; i++)
			bytes = bytes && p->spec.byte_ids[unit[i]] != TOK_NO_ID;
		if (entry != TOK_NO_ID) {
			if (unknown)
				plain_push(s, count, plain_place(p, p->spec.unk), unknown);
			unknown = 0;
			plain_push(s, count, entry, (uint32_t)(end - at));
		} else if (bytes) {
			for (size_t i = 0; i < size; i++)
				plain_push(s, count, plain_place(p, p->spec.byte_ids[unit[i]]), 1);
		} else if (p->spec.unk != TOK_NO_ID) {
			if (unknown && !p->spec.as.bpe.fuse_unk) {
				plain_push(s, count, plain_place(p, p->spec.unk), unknown);
				unknown = 0;
			}
			unknown += (uint32_t)(end - at);
		} else if (p->spec.as.bpe.unk_missing) {
			return false;
		}
	}
	if (unknown)
		plain_push(s, count, plain_place(p, p->spec.unk), unknown);
	return true;
}

/* tiktoken's bytes, SentencePiece's characters and user-defined pieces. */
static inline void plain_start_texts(const struct plain *p, struct tok_span text,
				     struct plain_symbol *s, size_t *count)
{
	for (uint32_t at = 0; at < text.count;) {
		struct plain_symbol symbol = { TOK_NO_ID, at, at, 0, false };
		for (uint32_t i = 0; i < p->spec.entry_count; i++) {
			const struct tok_span user = p->entries[i].text;
			if (p->entries[i].type != TOK_PIECE_USER_DEFINED ||
			    user.count > text.count - at || at + user.count <= symbol.end ||
			    memcmp(user.bytes, text.bytes + at, user.count) != 0)
				continue;
			symbol.end = at + (uint32_t)user.count;
			symbol.frozen = true;
		}
		if (!symbol.frozen)
			symbol.end = at + plain_unit(p, text.bytes[at]);
		symbol.length = symbol.end - at;
		s[(*count)++] = symbol;
		at = symbol.end;
	}
}

static inline void plain_emit(struct plain_tokens *out, tok_id id, uint32_t begin, uint32_t end)
{
	out->ids[out->count] = id;
	out->ranges[out->count++] = (struct tok_range){ begin, end };
}

/* One stretch of SentencePiece's symbols.  False: it fails. */
static inline bool plain_write(const struct plain *p, struct tok_span text, uint32_t begin,
			       uint32_t end, uint32_t shift, bool *after_unknown,
			       struct plain_tokens *out)
{
	uint32_t entry = plain_find(p, text.bytes + begin, end - begin);
	bool bytes = p->spec.byte_fallback;
	for (size_t i = 0; i < 256; i++)
		bytes = bytes && p->spec.byte_ids[i] != TOK_NO_ID;
	if (entry != TOK_NO_ID && p->entries[entry].type == TOK_PIECE_UNUSED &&
	    plain_unit(p, text.bytes[begin]) == end - begin)
		entry = TOK_NO_ID;
	if (entry != TOK_NO_ID && p->entries[entry].type == TOK_PIECE_UNUSED) {
		const uint32_t middle = begin + p->splits[entry];
		return plain_write(p, text, begin, middle, shift, after_unknown, out) &&
		       plain_write(p, text, middle, end, shift, after_unknown, out);
	}
	if (entry != TOK_NO_ID) {
		plain_emit(out, p->entries[entry].id, shift + begin, shift + end);
		*after_unknown = false;
	} else if (p->spec.as.bpe.order == TOK_BPE_RANKS) {
		return false;
	} else if (bytes) {
		for (uint32_t at = begin; at < end; at++)
			plain_emit(out, p->spec.byte_ids[text.bytes[at]], shift + begin,
				   shift + (at + 1 == end ? end : begin));
	} else if (p->spec.unk == TOK_NO_ID) {
		return false;
	} else if (*after_unknown && p->spec.as.bpe.fuse_unk) {
		out->ranges[out->count - 1].end = shift + end;
	} else {
		plain_emit(out, p->spec.unk, shift + begin, shift + end);
		*after_unknown = true;
	}
	return true;
}

/* Append the tokens of one piece, which lies `shift` bytes into its text.  False: the
 * reference fails. */
static inline bool plain_encode(struct plain *p, struct tok_span text, uint32_t shift,
				struct plain_tokens *out)
{
	static struct plain_symbol s[PLAIN_TOKENS];
	const enum tok_bpe_order order = p->spec.as.bpe.order;
	size_t count = 0;
	bool after_unknown = false;
	if (text.count && (p->spec.as.bpe.ignore_merges || order == TOK_BPE_RANKS)) {
		const uint32_t entry = plain_find(p, text.bytes, text.count);
		if (entry != TOK_NO_ID) {
			plain_emit(out, p->entries[entry].id, shift, shift + (uint32_t)text.count);
			return true;
		}
	}
	if (order != TOK_BPE_MERGES)
		plain_start_texts(p, text, s, &count);
	else if (!plain_start_merges(p, text, s, &count))
		return false;
	count = plain_merge(p, text.bytes, s, count);
	uint32_t at = 0;
	for (size_t i = 0; i < count; i++) {
		if (order != TOK_BPE_MERGES) {
			if (!plain_write(p, text, s[i].begin, s[i].end, shift, &after_unknown, out))
				return false;
			continue;
		}
		const uint32_t left = (uint32_t)text.count - at;
		const uint32_t end = at + (s[i].length < left ? s[i].length : left);
		plain_emit(out, p->entries[s[i].entry].id, shift + at, shift + end);
		at = end;
	}
	return true;
}

#endif
