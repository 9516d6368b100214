/*
 * scan_bad.c - blocks that are not UTF-8, character by character.
 *
 * A byte that begins no well-formed sequence is a character of its own and of
 * no class: see tok/text/utf8.h.
 */
#include "tok/pretok/scan_block_internal.h"

#include "tok/text/utf8.h"

static void add_character(uint32_t code, uint32_t i, struct scan_leads *leads,
			  struct scan_planes *planes)
{
	const uint64_t bit = (uint64_t)1 << i;
	const uint64_t class = scan_class_of(code);
	if (code < 0x800)
		leads->two |= bit;
	else if (code < 0x10000)
		leads->three |= bit;
	else
		leads->four |= bit;
	for (uint32_t k = 0; k < SCAN_CLASS_PLANES; k++)
		planes->plane[k] |= (class >> k & 1) << i;
	planes->han_kana |= (uint64_t)scan_is_han_kana(code) << i;
	planes->long_s |= (uint64_t)(code == 0x17F) << i;
}

/* The masks of ASCII characters are there already. */
void tok_scan_classify_bad(struct tok_span text, size_t at, struct scan_block *block)
{
	struct scan_leads leads = { 0 };
	struct scan_planes planes = { 0 };
	for (uint32_t i = 0; i < block->count;) {
		const struct tok_char c = tok_utf8_at(text, at + i);
		if (c.code >= 0x80 && c.code < TOK_BAD_BYTE)
			add_character(c.code, i, &leads, &planes);
		i += c.length;
	}
	scan_add_planes(&planes, &leads, block);
}
