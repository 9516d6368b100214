/*
 * Skipping what a pass keeps.  Most bytes need no look at the table: a byte that
 * no doubtful character begins with is sure, or the tail of a character whose
 * first byte has been looked at, so whole blocks are passed over byte by byte.
 */
#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

enum { BLOCK = 64 };

/* Is every byte of a block below `limit`?  Written to be vectorised. */
static bool is_low_block(const uint8_t *bytes, uint8_t limit)
{
	uint8_t high = 0;
	for (size_t i = 0; i < BLOCK; i++)
		high |= bytes[i] >= limit;
	return !high;
}

static uint8_t lowest_asking(const struct norm_sure *sure)
{
	size_t byte = 0;
	while (byte < 0xFF && !sure->asks[byte])
		byte++;
	return (uint8_t)byte;
}

/* Is the character that begins at `at` sure?  Whether it is well formed matters
 * only where it seems not to be: else it is a bad byte, and sure as well. */
static bool is_sure_at(const struct norm_sure *sure, struct tok_span text, size_t at)
{
	const uint8_t *p = text.bytes + at;
	if (p[0] < 0xE0 || p[0] >= 0xF0 || text.count - at < 3)
		return norm_is_sure(sure, tok_utf8_at(text, at).code);
	const uint32_t code = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
	return norm_is_sure(sure, code) || norm_is_sure(sure, tok_utf8_at(text, at).code);
}

size_t norm_skip_sure(const struct norm_sure *sure, struct tok_span text, size_t at)
{
	const uint8_t limit = lowest_asking(sure);
	while (at < text.count) {
		size_t end = text.count;
		if (end - at >= BLOCK) {
			end = at + BLOCK;
			if (is_low_block(text.bytes + at, limit)) {
				at = end;
				continue;
			}
		}
		for (; at < end; at++)
			if (sure->asks[text.bytes[at]] && !is_sure_at(sure, text, at))
				return at;
	}
	return at;
}
