/*
 * scan_block_internal.h - 64 bytes of text as masks, one bit a byte.
 *
 * Every byte of a character has the character's bits, so that a run of
 * characters is a run of bits however long they are.  A block begins with a
 * character and ends with one; it has 61 to 64 bytes while text is left.
 *
 * What an instruction set must give is a `tok_scan_classify`; the parts of it
 * that have nothing to do with vectors are here.
 */
#ifndef TOK_PRETOK_SCAN_BLOCK_INTERNAL_H
#define TOK_PRETOK_SCAN_BLOCK_INTERNAL_H

#include "tok/base/span.h"

#define SCAN_INLINE static inline __attribute__((always_inline))

enum { SCAN_BLOCK = 64 };

/* Classes of characters, as the tables of scan_tables.c number them.  Newlines
 * are ASCII and need none. */
enum scan_class {
	SCAN_CLASS_OTHER,
	SCAN_CLASS_UPPER,
	SCAN_CLASS_LOWER,
	SCAN_CLASS_UNCASED,
	SCAN_CLASS_MARK,
	SCAN_CLASS_NUMBER,
	SCAN_CLASS_BLANK,
	SCAN_CLASS_SIGN,
	SCAN_CLASS_PLANES = 3 /* bits of a class */
};

extern const uint16_t tok_scan_blocks[0x110000 / 64]; /* code / 64: which 64 classes */
extern const uint8_t tok_scan_classes[];              /* 4 bits each */

/* Flags of ASCII characters: enum scan_flag in the first row, enum scan_more in
 * the second. */
enum scan_flag {
	SCAN_FLAG_UPPER = 1,
	SCAN_FLAG_LOWER = 2,
	SCAN_FLAG_NUMBER = 4,
	SCAN_FLAG_BLANK = 8,
	SCAN_FLAG_NEWLINE = 16,
	SCAN_FLAG_SIGN = 32,
	SCAN_FLAG_SPACE = 64,
	SCAN_FLAG_APOSTROPHE = 128
};
enum scan_more { SCAN_MORE_SLASH = 1, SCAN_MORE_CONTRACTION = 2 };
extern const uint8_t tok_scan_ascii[2][128];

/* Bit k of the classes of U+0000..07FF, of U+0800..0FFF, and of the pages of
 * 256 that begin at U+1E00, U+2000, U+3000 and U+FF00. */
extern const uint8_t tok_scan_low_planes[SCAN_CLASS_PLANES][256];
extern const uint8_t tok_scan_indic_planes[SCAN_CLASS_PLANES][256];
extern const uint8_t tok_scan_page_planes[SCAN_CLASS_PLANES][128];

struct scan_block {
	uint64_t upper, lower, uncased, mark, number, blank, newline, sign;
	uint64_t ascii_letter, ascii_sign;
	uint64_t space, apostrophe, slash; /* these very characters */
	uint64_t contraction;              /* s d m t l v r in any case, and U+017F */
	uint64_t han_kana;                 /* U+4E00..9FA5 and U+3040..30FF */
	uint64_t inner;                    /* bytes of a character behind its first */
	uint32_t count;                    /* bytes in the block; no bit is set above */
};

/* The block that begins at `at`; empty at the end of the text.  Reads nothing
 * outside of the text. */
typedef void scan_classify(struct tok_span text, size_t at, struct scan_block *block);

SCAN_INLINE uint64_t scan_low_bits(uint32_t count)
{
	return count < 64 ? ((uint64_t)1 << count) - 1 : ~(uint64_t)0;
}

SCAN_INLINE uint32_t scan_lowest(uint64_t mask)
{
	return (uint32_t)__builtin_ctzll(mask);
}

SCAN_INLINE uint32_t scan_highest(uint64_t mask)
{
	return 63 - (uint32_t)__builtin_clzll(mask);
}

/* How many of the next `left` bytes make a block: a character that would be
 * cut begins the next one.  `bytes` holds 64 if `left` is more. */
SCAN_INLINE uint32_t scan_block_count(const uint8_t *bytes, size_t left)
{
	if (left <= SCAN_BLOCK)
		return (uint32_t)left;
	if (bytes[63] >= 0xC0)
		return 63;
	if (bytes[62] >= 0xE0)
		return 62;
	return bytes[61] >= 0xF0 ? 61 : 64;
}

/* Leads of characters by their length, and bytes that continue one. */
struct scan_leads {
	uint64_t two, three, four, tail;
};

/* Does every lead have just the bytes behind it that it asks for? */
SCAN_INLINE bool scan_leads_match(const struct scan_leads *leads)
{
	const uint64_t from_three = leads->three | leads->four;
	const uint64_t all = leads->two | from_three;
	const uint64_t wanted = all << 1 | from_three << 2 | leads->four << 3;
	const uint64_t beyond = all >> 63 | from_three >> 62 | leads->four >> 61;
	return (wanted ^ leads->tail) == 0 && beyond == 0;
}

SCAN_INLINE enum scan_class scan_class_of(uint32_t code)
{
	const uint32_t at = (uint32_t)tok_scan_blocks[code >> 6] << 5 | (code & 63) >> 1;
	return (enum scan_class)(tok_scan_classes[at] >> ((code & 1) << 2) & 7);
}

SCAN_INLINE bool scan_is_han_kana(uint32_t code)
{
	return code - 0x4E00 <= 0x9FA5 - 0x4E00 || code - 0x3040 <= 0x30FF - 0x3040;
}

/* Classes of the characters outside ASCII: bit k of the class of the character
 * that begins at bit i is bit i of plane k. */
struct scan_planes {
	uint64_t plane[SCAN_CLASS_PLANES];
	uint64_t han_kana, long_s;
	uint64_t bad; /* leads whose second byte makes them no character */
};

/* The code point of the `length` bytes at `p`, a lead and what continues it;
 * above U+10FFFF if it is no character after all. */
SCAN_INLINE uint32_t scan_decode(const uint8_t *p, uint32_t length)
{
	if (length == 2)
		return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
	if (length == 3) {
		const uint32_t code = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
		return code < 0x800 || code - 0xD800 < 0x800 ? UINT32_MAX : code;
	}
	const uint32_t code =
	    (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
	return code < 0x10000 || code > 0x10FFFF ? UINT32_MAX : code;
}

/* One by one, the characters that begin at the bits of `which`. */
SCAN_INLINE void scan_look_up(const uint8_t *bytes, uint64_t which, const struct scan_leads *leads,
			      struct scan_planes *out)
{
	for (; which; which &= which - 1) {
		const uint32_t i = scan_lowest(which);
		const uint32_t length =
		    2 + (uint32_t)(leads->three >> i & 1) + 2 * (uint32_t)(leads->four >> i & 1);
		const uint32_t code = scan_decode(bytes + i, length);
		if (code > 0x10FFFF) {
			out->bad |= (uint64_t)1 << i;
			continue;
		}
		const uint64_t class = scan_class_of(code);
		out->plane[0] |= (class & 1) << i;
		out->plane[1] |= (class >> 1 & 1) << i;
		out->plane[2] |= class >> 2 << i;
		out->han_kana |= (uint64_t)scan_is_han_kana(code) << i;
		out->long_s |= (uint64_t)(code == 0x17F) << i;
	}
}

/* From leads to all bytes of their characters. */
SCAN_INLINE uint64_t scan_spread(uint64_t mask, const struct scan_leads *leads)
{
	const uint64_t from_three = leads->three | leads->four;
	return mask | (mask & (leads->two | from_three)) << 1 | (mask & from_three) << 2 |
	       (mask & leads->four) << 3;
}

/* Add the characters outside ASCII to a block. */
SCAN_INLINE void scan_add_planes(const struct scan_planes *planes, const struct scan_leads *leads,
				 struct scan_block *block)
{
	const struct scan_leads good = { leads->two, leads->three & ~planes->bad,
					 leads->four & ~planes->bad, 0 };
	const uint64_t p0 = scan_spread(planes->plane[0], &good);
	const uint64_t p1 = scan_spread(planes->plane[1], &good);
	const uint64_t p2 = scan_spread(planes->plane[2], &good);

	block->upper |= p0 & ~p1 & ~p2;
	block->lower |= ~p0 & p1 & ~p2;
	block->uncased |= p0 & p1 & ~p2;
	block->mark |= ~p0 & ~p1 & p2;
	block->number |= p0 & ~p1 & p2;
	block->blank |= ~p0 & p1 & p2;
	block->sign |= p0 & p1 & p2;
	block->contraction |= planes->long_s;
	block->han_kana = scan_spread(planes->han_kana, &good);
	const uint64_t all = good.two | good.three | good.four;
	block->inner = scan_spread(all, &good) & ~all;
}

/* Where bytes of some values stand, for sets without wide look-ups. */
struct scan_uncased {
	uint64_t e3, e4, e4_to_e9, e9, ea, ea_to_ec, ed; /* leads */
	uint64_t b7, be, bf, from_90, from_9e, from_b0, from_b8;
};

/* Leads of characters that are letters without case whatever their last byte:
 * U+3400..9FFF but for the hexagrams and for U+9F80..9FBF, which are not all
 * han to every family, and U+AC00..D77F. */
SCAN_INLINE uint64_t scan_find_uncased(const struct scan_uncased *b)
{
	const uint64_t others =
	    (b->e4 & b->b7 >> 1) | (b->ea & ~(b->from_b0 >> 1)) | (b->e9 & b->be >> 1);
	return ((b->e4_to_e9 | b->ea_to_ec) & ~others) | (b->e3 & b->from_90 >> 1) |
	       (b->ed & ~(b->from_9e >> 1));
}

/* Those of them that are U+4E00..9F7F. */
SCAN_INLINE uint64_t scan_find_han(const struct scan_uncased *b, uint64_t uncased)
{
	const uint64_t early = b->e4 & ~(b->from_b8 >> 1);
	const uint64_t late = b->e9 & b->bf >> 1;
	return uncased & b->e4_to_e9 & ~early & ~late;
}

/* `count` bytes and zeros up to 64. */
SCAN_INLINE void scan_copy_block(uint8_t copy[SCAN_BLOCK], const uint8_t *p, uint32_t count)
{
	memset(copy, 0, SCAN_BLOCK);
	memcpy(copy, p, count);
}

/* A block that holds bytes of no character: as slowly as is right. */
void tok_scan_classify_bad(struct tok_span text, size_t at, struct scan_block *block);

#endif
