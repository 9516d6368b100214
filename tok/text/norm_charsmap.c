/*
 * The rules of a SentencePiece model: u32le bytes of trie, the trie, strings.
 * The trie is a double array of darts-clone.  One unit, from its low bit:
 * 8 bits label, 1 bit "has a leaf", then 1 bit that scales the 22 bits of
 * offset; a leaf has the top bit set and 31 bits of value, which here is an
 * offset into the strings.
 */
#include "tok/text/normalize_internal.h"

enum { UNIT_BYTES = 4, BLOCK_UNITS = 256 };

static uint32_t load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool is_leaf(uint32_t unit)
{
	return unit >> 31;
}

static bool has_leaf(uint32_t unit)
{
	return unit >> 8 & 1;
}

static uint32_t offset_of(uint32_t unit)
{
	return (unit >> 10) << ((unit & (1u << 9)) >> 6);
}

/* A byte, or for a leaf something that is none. */
static uint32_t label_of(uint32_t unit)
{
	return unit & (1u << 31 | 0xFF);
}

/* Every step that a walk may make from unit `at` stays inside. */
static bool check_unit(const uint32_t *units, uint32_t count, uint32_t at, size_t string_bytes)
{
	const uint32_t unit = units[at];
	if (is_leaf(unit))
		return (unit & INT32_MAX) < string_bytes;
	const uint32_t next = at ^ offset_of(unit);
	return (next | (BLOCK_UNITS - 1)) < count && (!has_leaf(unit) || is_leaf(units[next]));
}

enum tok_status norm_charsmap_read(struct tok_span blob, struct tok_arena *arena,
				   struct norm_charsmap *out, struct tok_error *err)
{
	if (blob.count < UNIT_BYTES)
		return tok_fail(err, TOK_EFORMAT,
				"the charsmap has %zu bytes; it begins with a length of 4 bytes",
				blob.count);
	const uint32_t trie_bytes = load_u32(blob.bytes);
	if (trie_bytes > blob.count - UNIT_BYTES)
		return tok_fail(err, TOK_EFORMAT,
				"the charsmap says that its trie has %u bytes; %zu are there",
				trie_bytes, blob.count - UNIT_BYTES);
	if (trie_bytes == 0 || trie_bytes % (BLOCK_UNITS * UNIT_BYTES) != 0)
		return tok_fail(err, TOK_EFORMAT,
				"the charsmap's trie has %u bytes, not a multiple of %d",
				trie_bytes, BLOCK_UNITS * UNIT_BYTES);

	const uint32_t count = trie_bytes / UNIT_BYTES;
	uint32_t *units = tok_arena_array(arena, count, sizeof *units);
	if (!units)
		return tok_fail_memory(err);
	for (uint32_t i = 0; i < count; i++)
		units[i] = load_u32(blob.bytes + UNIT_BYTES + (size_t)i * UNIT_BYTES);

	const size_t head = UNIT_BYTES + (size_t)trie_bytes;
	const struct tok_span strings = tok_span_slice(blob, head, blob.count);
	if (is_leaf(units[0]))
		return tok_fail(err, TOK_EFORMAT, "the root of the charsmap's trie is a leaf");
	for (uint32_t i = 0; i < count; i++)
		if (!check_unit(units, count, i, strings.count))
			return tok_fail(err, TOK_EFORMAT,
					"unit %u of the charsmap's trie points outside", i);

	out->units = units;
	out->count = count;
	for (uint32_t byte = 0; byte < 256; byte++)
		out->begins[byte] = label_of(units[offset_of(units[0]) ^ byte]) == byte;
	out->strings = tok_arena_copy(arena, strings);
	return out->strings.bytes ? TOK_OK : tok_fail_memory(err);
}

static struct tok_span string_at(const struct norm_charsmap *map, uint32_t value)
{
	const uint8_t *begin = map->strings.bytes + value;
	const uint8_t *end = memchr(begin, 0, map->strings.count - value);
	return (struct tok_span){ begin, end ? (size_t)(end - begin) : map->strings.count - value };
}

static size_t find_rule(const struct norm_charsmap *map, struct tok_span text, bool longest,
			struct tok_span *replacement)
{
	const size_t limit = text.count < NORM_RULE_BYTES ? text.count : NORM_RULE_BYTES;
	uint32_t node = offset_of(map->units[0]), value = 0;
	size_t length = 0;

	for (size_t i = 0; i < limit; i++) {
		node ^= text.bytes[i];
		const uint32_t unit = map->units[node];
		if (label_of(unit) != text.bytes[i])
			break;
		node ^= offset_of(unit);
		if (!has_leaf(unit))
			continue;
		length = i + 1;
		value = map->units[node] & INT32_MAX;
		if (!longest)
			break;
	}
	if (length)
		*replacement = string_at(map, value);
	return length;
}

size_t norm_charsmap_shortest(const struct norm_charsmap *map, struct tok_span text,
			      struct tok_span *replacement)
{
	/* the reference ends a key at a NUL */
	const uint8_t *nul = memchr(text.bytes, 0, text.count);
	if (nul)
		text.count = (size_t)(nul - text.bytes);
	return find_rule(map, text, false, replacement);
}

size_t norm_charsmap_longest(const struct norm_charsmap *map, struct tok_span text,
			     struct tok_span *replacement)
{
	return find_rule(map, text, true, replacement);
}

bool norm_charsmap_may_begin(const struct norm_charsmap *map, struct tok_span head)
{
	if (!map->units)
		return false;
	uint32_t node = offset_of(map->units[0]);
	for (size_t i = 0; i < head.count; i++) {
		node ^= head.bytes[i];
		const uint32_t unit = map->units[node];
		if (label_of(unit) != head.bytes[i])
			return false;
		if (has_leaf(unit))
			return true;
		node ^= offset_of(unit);
	}
	return true;
}

bool norm_charsmap_joins_ascii(const struct norm_charsmap *map, uint8_t byte)
{
	if (!map->units || !map->begins[byte])
		return false;
	uint32_t node = offset_of(map->units[0]) ^ byte;
	node ^= offset_of(map->units[node]);
	for (uint32_t next = 0; next < 0x80; next++)
		if (label_of(map->units[node ^ next]) == next)
			return true;
	return false;
}

bool norm_charsmap_has_inner(const struct norm_charsmap *map, uint8_t byte)
{
	for (uint32_t i = 0; i < map->count; i++)
		if (label_of(map->units[i]) == byte && i != (offset_of(map->units[0]) ^ byte))
			return true;
	return false;
}
