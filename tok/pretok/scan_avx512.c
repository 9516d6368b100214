/*
 * scan_avx512.c - block scanners with AVX-512 VBMI and VBMI2.
 *
 * ASCII is one look-up in a table of 128 bytes.  Outside of it, characters of
 * two bytes, those of U+0800..0FFF and four pages of 256 are looked up bit by
 * bit in tables of the same kind, 64 at a time; Han, Hangul and the rest of
 * what is letters throughout is told by its lead bytes; the others are looked
 * up one by one.
 */
#include "tok/pretok/scan_families_internal.h"

#include <immintrin.h>

SCAN_INLINE __m512i fill(int byte)
{
	return _mm512_set1_epi8((char)byte);
}

SCAN_INLINE uint64_t equal(__m512i v, int byte)
{
	return _mm512_cmpeq_epi8_mask(v, fill(byte));
}

SCAN_INLINE uint64_t at_least(__m512i v, int byte)
{
	return _mm512_cmpge_epu8_mask(v, fill(byte));
}

/* first <= v <= last */
SCAN_INLINE uint64_t between(__m512i v, int first, int last)
{
	return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, fill(first)), fill(last - first));
}

SCAN_INLINE uint64_t flagged(__m512i flags, int bits)
{
	return _mm512_test_epi8_mask(flags, fill(bits));
}

/* table[index & 127] where `which`, 0 elsewhere */
SCAN_INLINE __m512i look_up(const uint8_t *table, __m512i index, uint64_t which)
{
	return _mm512_maskz_permutex2var_epi8(which, _mm512_loadu_si512(table), index,
					      _mm512_loadu_si512(table + 64));
}

SCAN_INLINE void classify_ascii(__m512i v, uint64_t ascii, struct scan_block *block)
{
	const __m512i flags = look_up(tok_scan_ascii[0], v, ascii);
	const __m512i more = look_up(tok_scan_ascii[1], v, ascii);
	block->upper = flagged(flags, SCAN_FLAG_UPPER);
	block->lower = flagged(flags, SCAN_FLAG_LOWER);
	block->number = flagged(flags, SCAN_FLAG_NUMBER);
	block->blank = flagged(flags, SCAN_FLAG_BLANK);
	block->newline = flagged(flags, SCAN_FLAG_NEWLINE);
	block->sign = flagged(flags, SCAN_FLAG_SIGN);
	block->space = flagged(flags, SCAN_FLAG_SPACE);
	block->apostrophe = flagged(flags, SCAN_FLAG_APOSTROPHE);
	block->slash = flagged(more, SCAN_MORE_SLASH);
	block->contraction = flagged(more, SCAN_MORE_CONTRACTION);
	block->ascii_letter = block->upper | block->lower;
	block->ascii_sign = block->sign;
	block->uncased = block->mark = block->han_kana = block->inner = 0;
}

/* Bytes of a block and what follows each of them. */
struct bytes {
	__m512i here, next, third;
	__m512i index, bit; /* bit index * 8 + log2 bit: the low 11 bits that here, next give */
};

SCAN_INLINE struct bytes load_bytes(const uint8_t *p, __m512i here, uint64_t valid)
{
	const __m512i powers = _mm512_set1_epi64((int64_t)0x8040201008040201u);
	struct bytes b = { .here = here };
	b.next = _mm512_maskz_loadu_epi8(valid >> 1, p + 1);
	b.third = _mm512_maskz_loadu_epi8(valid >> 2, p + 2);
	b.index = _mm512_or_si512(_mm512_and_si512(_mm512_slli_epi16(here, 3), fill(0xF8)),
				  _mm512_and_si512(_mm512_srli_epi16(b.next, 3), fill(0x07)));
	b.bit = _mm512_shuffle_epi8(powers, _mm512_and_si512(b.next, fill(7)));
	return b;
}

/* The bits of a table of 256 bytes. */
SCAN_INLINE uint64_t look_up_bits(const uint8_t *table, const struct bytes *b)
{
	const uint64_t upper = _mm512_movepi8_mask(b->index);
	const __m512i low = look_up(table, b->index, ~upper);
	const __m512i all = _mm512_or_si512(low, look_up(table + 128, b->index, upper));
	return _mm512_test_epi8_mask(all, b->bit);
}

SCAN_INLINE void add_two_bytes(const struct bytes *b, uint64_t leads, struct scan_planes *out)
{
	for (int k = 0; k < SCAN_CLASS_PLANES; k++)
		out->plane[k] |= look_up_bits(tok_scan_low_planes[k], b) & leads;
	out->long_s = equal(b->here, 0xC5) & equal(b->next, 0xBF) & leads;
}

/* U+0800..0FFF; leads that are overlong are bad. */
SCAN_INLINE void add_indic(const struct bytes *b, uint64_t leads, struct scan_planes *out)
{
	for (int k = 0; k < SCAN_CLASS_PLANES; k++)
		out->plane[k] |= look_up_bits(tok_scan_indic_planes[k], b) >> 1 & leads;
}

/* The four pages; their leads E1, E2, E3, EF stand before `here`. */
SCAN_INLINE void add_pages(const struct bytes *b, uint64_t leads, const uint8_t *p, uint64_t valid,
			   struct scan_planes *out)
{
	const __m512i before = _mm512_maskz_loadu_epi8(valid & ~(uint64_t)1, p - 1);
	const __m512i page = _mm512_and_si512(_mm512_slli_epi16(before, 5), fill(0x60));
	/* E1 -> 32, E2 -> 64, E3 and EF -> 96: the first three a page too high */
	const __m512i number =
	    _mm512_mask_sub_epi8(page, _mm512_cmpneq_epi8_mask(before, fill(0xEF)), page, fill(32));
	const __m512i index = _mm512_or_si512(_mm512_and_si512(b->index, fill(0x1F)), number);
	for (int k = 0; k < SCAN_CLASS_PLANES; k++) {
		const __m512i bytes = look_up(tok_scan_page_planes[k], index, ~(uint64_t)0);
		out->plane[k] |= _mm512_test_epi8_mask(bytes, b->bit) >> 1 & leads;
	}
}

/* Leads of characters that are letters without case: U+3400..9FFF but for the
 * hexagrams, U+AC00..D77F. */
SCAN_INLINE uint64_t find_uncased(const struct bytes *b)
{
	const uint64_t not_all = (equal(b->here, 0xE4) & equal(b->next, 0xB7)) |
				 (equal(b->here, 0xEA) & ~at_least(b->next, 0xB0));
	return (between(b->here, 0xE4, 0xEC) & ~not_all) |
	       (equal(b->here, 0xE3) & at_least(b->next, 0x90)) |
	       (equal(b->here, 0xED) & ~at_least(b->next, 0x9E));
}

SCAN_INLINE uint64_t find_pages(const struct bytes *b)
{
	const __m512i four = _mm512_and_si512(b->next, fill(0xFC));
	return (between(b->here, 0xE2, 0xE3) & equal(four, 0x80)) |
	       (equal(b->here, 0xE1) & equal(four, 0xB8)) |
	       (equal(b->here, 0xEF) & equal(four, 0xBC));
}

SCAN_INLINE uint64_t find_han_kana(const struct bytes *b)
{
	const uint64_t last =
	    equal(b->here, 0xE9) &
	    (at_least(b->next, 0xBF) | (equal(b->next, 0xBE) & at_least(b->third, 0xA6)));
	const uint64_t first = equal(b->here, 0xE4) & ~at_least(b->next, 0xB8);
	return (between(b->here, 0xE4, 0xE9) & ~first & ~last) |
	       (equal(b->here, 0xE3) & between(b->next, 0x81, 0x83));
}

SCAN_INLINE void add_three_bytes(const struct bytes *b, const uint8_t *p, uint64_t valid,
				 const struct scan_leads *leads, struct scan_planes *out)
{
	const uint64_t uncased = find_uncased(b) & leads->three;
	const uint64_t indic = equal(b->here, 0xE0) & leads->three;
	const uint64_t pages = find_pages(b) & leads->three;
	out->plane[0] |= uncased;
	out->plane[1] |= uncased;
	out->han_kana = find_han_kana(b) & leads->three;
	out->bad = indic & ~at_least(b->next, 0xA0);
	if (indic)
		add_indic(b, indic & ~out->bad, out);
	if (pages)
		add_pages(b, pages, p, valid, out);
	scan_look_up(p, leads->three & ~(uncased | indic | pages), leads, out);
}

/* What is not ASCII in a block, if it is UTF-8. */
SCAN_INLINE bool classify_others(const uint8_t *p, __m512i here, uint64_t valid,
				 struct scan_block *block)
{
	const struct bytes b = load_bytes(p, here, valid);
	const struct scan_leads leads = {
		.two = between(here, 0xC2, 0xDF),
		.three = between(here, 0xE0, 0xEF),
		.four = between(here, 0xF0, 0xF4),
		.tail = between(here, 0x80, 0xBF),
	};
	const uint64_t known = leads.two | leads.three | leads.four | leads.tail;
	struct scan_planes planes = { 0 };

	if ((known ^ (uint64_t)_mm512_movepi8_mask(here)) != 0 || !scan_leads_match(&leads))
		return false;
	if (leads.two)
		add_two_bytes(&b, leads.two, &planes);
	if (leads.three)
		add_three_bytes(&b, p, valid, &leads, &planes);
	if (leads.four)
		scan_look_up(p, leads.four, &leads, &planes);
	scan_add_planes(&planes, &leads, block);
	return true;
}

SCAN_INLINE void classify(struct tok_span text, size_t at, struct scan_block *block)
{
	const uint8_t *p = text.bytes + at;
	const size_t left = text.count - at;
	uint64_t valid = left < SCAN_BLOCK ? scan_low_bits((uint32_t)left) : ~(uint64_t)0;
	__m512i here = _mm512_maskz_loadu_epi8(valid, p);
	uint64_t high = _mm512_movepi8_mask(here);

	block->count = left < SCAN_BLOCK ? (uint32_t)left : SCAN_BLOCK;
	if (high == 0) {
		classify_ascii(here, ~(uint64_t)0, block);
		return;
	}
	block->count = scan_block_count(p, left);
	valid = scan_low_bits(block->count);
	here = _mm512_maskz_mov_epi8(valid, here);
	high &= valid;
	classify_ascii(here, ~high, block);
	if (!classify_others(p, here, valid, block))
		tok_scan_classify_bad(text, at, block);
}

SCAN_INLINE void write_sixteen(__m512i numbers, uint32_t base, uint32_t *ends)
{
	const __m512i wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(numbers));
	_mm512_storeu_si512(ends, _mm512_add_epi32(wide, _mm512_set1_epi32((int32_t)base)));
}

SCAN_INLINE size_t flatten(uint64_t mask, uint32_t base, uint32_t *ends)
{
	static const uint8_t numbers[64] = {
		0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
		32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
		48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	const __m512i set = _mm512_maskz_compress_epi8(mask, _mm512_loadu_si512(numbers));
	const size_t count = (size_t)__builtin_popcountll(mask);

	write_sixteen(set, base, ends);
	write_sixteen(_mm512_shuffle_i64x2(set, set, 1), base, ends + 16);
	if (count > 32) {
		write_sixteen(_mm512_shuffle_i64x2(set, set, 2), base, ends + 32);
		write_sixteen(_mm512_shuffle_i64x2(set, set, 3), base, ends + 48);
	}
	return count;
}

SCAN_KERNEL(tok_scan_avx512, classify, flatten)
