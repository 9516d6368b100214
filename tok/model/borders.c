#include "tok/model/borders_internal.h"

#include <stdlib.h>

/* A filter with so many bits a pair takes one in sixteen others for a pair. */
enum { BITS_A_PAIR = 16, WORDS_LEAST = 16 };

struct marking {
	uint64_t *filter;
	uint32_t words; /* of the filter */
	size_t marked;  /* bits that were not set before */
};

static void mark_pair(struct marking *m, uint32_t before, uint32_t code)
{
	const uint64_t bit = tok_borders_bit(m->words, before, code);
	m->marked += !(m->filter[bit / 64] >> bit % 64 & 1);
	m->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

static struct tok_char unit_at(struct tok_span text, size_t at, bool bytes)
{
	return bytes ? (struct tok_char){ text.bytes[at], 1 } : tok_utf8_at(text, at);
}

/* The pairs of a token into the filter, and those of two rows into `near`. */
static void mark_token(struct marking *m, struct tok_borders *out, struct tok_span token,
		       bool bytes)
{
	uint32_t before = 0;
	for (size_t at = 0; at < token.count;) {
		const struct tok_char c = unit_at(token, at, bytes);
		if (at > 0) {
			const uint32_t a = tok_near(before), b = tok_near(c.code);
			if (a < TOK_NEAR && b < TOK_NEAR)
				out->near[a][b / 64] &= ~(UINT64_C(1) << b % 64);
			else
				mark_pair(m, before, c.code);
		}
		before = c.code;
		at += c.length;
	}
}

static void mark_tokens(struct marking *m, struct tok_borders *out,
			const struct tok_lexicon *lexicon, unsigned types, bool bytes)
{
	for (size_t i = 0; i < lexicon->count; i++)
		if (types & TOK_TYPE_BIT(lexicon->types[i]))
			mark_token(m, out, tok_lexicon_text(lexicon, i), bytes);
}

/* A power of two of words for so many pairs. */
static uint32_t count_words(size_t pairs)
{
	uint32_t words = WORDS_LEAST;
	while (words < UINT32_C(1) << 24 && (size_t)words * 64 / BITS_A_PAIR < pairs)
		words *= 2;
	return words;
}

enum tok_status tok_borders_build(struct tok_borders *out, struct tok_arena *arena,
				  const struct tok_lexicon *lexicon, unsigned types, bool bytes,
				  struct tok_error *err)
{
	*out = (struct tok_borders){ .near = tok_arena_array(arena, TOK_NEAR, sizeof *out->near) };
	size_t most = 0;
	for (size_t i = 0; i < lexicon->count; i++)
		most += tok_lexicon_text(lexicon, i).count;

	/* How many there are is only known when they are marked: once to count them. */
	struct marking counted = { .words = count_words(most / 4) };
	counted.filter = calloc(counted.words, sizeof *counted.filter);
	if (!out->near || !counted.filter) {
		free(counted.filter);
		return tok_fail_memory(err);
	}
	memset(out->near, 0xFF, TOK_NEAR * sizeof *out->near);
	mark_tokens(&counted, out, lexicon, types, bytes);
	free(counted.filter);

	struct marking kept = { .words = count_words(counted.marked) };
	kept.filter = tok_arena_array(arena, kept.words, sizeof *kept.filter);
	if (!kept.filter)
		return tok_fail_memory(err);
	mark_tokens(&kept, out, lexicon, types, bytes);
	out->filter = kept.filter;
	out->filter_words = kept.words;
	return TOK_OK;
}

void tok_borders_save(const struct tok_borders *borders, uint32_t near_tag, uint32_t filter_tag,
		      struct tok_image_writer *writer)
{
	if (!borders->near)
		return;
	tok_image_put(writer, near_tag, borders->near, TOK_NEAR * sizeof *borders->near);
	tok_image_put(writer, filter_tag, borders->filter,
		      borders->filter_words * sizeof *borders->filter);
}

bool tok_borders_open(struct tok_borders *out, const struct tok_image *image, uint32_t near_tag,
		      uint32_t filter_tag)
{
	size_t rows, words;
	out->near = tok_image_array(image, near_tag, sizeof *out->near, &rows);
	out->filter = tok_image_array(image, filter_tag, sizeof *out->filter, &words);
	if (rows == 0) {
		*out = (struct tok_borders){ 0 };
		return true;
	}
	out->filter_words = (uint32_t)words;
	return rows == TOK_NEAR && words >= WORDS_LEAST && words <= UINT32_C(1) << 24;
}
