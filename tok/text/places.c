/*
 * places.c - places one byte at a time, which defines what is right, and who finds
 * them for whom.
 */
#include "tok/text/places_internal.h"

static bool is_space_at(struct tok_span text, size_t at)
{
	return text.count - at >= PLACES_SPACE && places_is_space(text.bytes + at);
}

static bool is_word_place(struct tok_span text, size_t at)
{
	const uint8_t byte = text.bytes[at];
	const bool behind_space = at >= PLACES_SPACE && is_space_at(text, at - PLACES_SPACE);
	const bool behind_letter = at >= 1 && places_is_letter(text.bytes[at - 1]);
	if ((byte & 0xC0) == 0x80)
		return false;
	if (places_is_letter(byte))
		return !behind_letter && !behind_space;
	return !(behind_space && is_space_at(text, at));
}

static size_t find(struct tok_span text, size_t *at, uint32_t *places,
		   bool (*is_place)(struct tok_span text, size_t at))
{
	size_t count = 0;
	for (size_t i = 0; i < TOK_PLACES_BLOCK && *at < text.count; i++, ++*at)
		if (is_place(text, *at))
			places[count++] = (uint32_t)*at;
	return count;
}

static size_t find_spaces(struct tok_span text, size_t *at, uint32_t *places)
{
	return find(text, at, places, is_space_at);
}

static bool is_gap_at(struct tok_span text, size_t at)
{
	return text.bytes[at] == ' ' || is_space_at(text, at);
}

static size_t find_gaps(struct tok_span text, size_t *at, uint32_t *places)
{
	return find(text, at, places, is_gap_at);
}

static size_t find_words(struct tok_span text, size_t *at, uint32_t *places)
{
	return find(text, at, places, is_word_place);
}

tok_places *const tok_places_scalar[TOK_PLACES_KIND_COUNT] = {
	[TOK_PLACES_SPACES] = find_spaces,
	[TOK_PLACES_GAPS] = find_gaps,
	[TOK_PLACES_WORDS] = find_words,
};

/* CMakeLists.txt says which of the files are for this architecture. */
static tok_places *const *const kernels[TOK_KERNEL_COUNT] = {
	[TOK_KERNEL_SCALAR] = tok_places_scalar,
#if defined(__x86_64__)
	[TOK_KERNEL_AVX2] = tok_places_avx2,          [TOK_KERNEL_AVX512] = tok_places_avx512,
	[TOK_KERNEL_AVX512_BF16] = tok_places_avx512, [TOK_KERNEL_AMX] = tok_places_avx512,
#endif
#if defined(__aarch64__)
	[TOK_KERNEL_NEON] = tok_places_neon,
#endif
};

tok_places *tok_places_of(enum tok_places_kind kind, enum tok_kernel kernel)
{
	return (kernels[kernel] ? kernels[kernel] : tok_places_scalar)[kind];
}
