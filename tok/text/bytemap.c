#include "tok/text/bytemap.h"

#include <assert.h>

struct tok_bytemap tok_bytemap_identity(void)
{
	struct tok_bytemap map;
	for (unsigned byte = 0; byte < 256; byte++)
		map.entries[byte] = (struct tok_bytemap_entry){ { (uint8_t)byte }, 1 };
	return map;
}

void tok_bytemap_set(struct tok_bytemap *map, uint8_t byte, struct tok_span to)
{
	struct tok_bytemap_entry entry = { .count = (uint32_t)to.count };
	assert(to.count <= TOK_BYTEMAP_MOST);
	if (to.count)
		memcpy(entry.bytes, to.bytes, to.count);
	map->entries[byte] = entry;
}

bool tok_bytemap_append(const struct tok_bytemap *map, struct tok_span from, struct tok_text *to)
{
	enum { CHUNK = 4096 }; /* what is written is not held against what is reserved */

	for (size_t at = 0; at < from.count;) {
		const size_t end = from.count - at < CHUNK ? from.count : at + CHUNK;
		uint8_t *out = tok_text_room(to, (end - at) * TOK_BYTEMAP_MOST);
		if (!out)
			return false;
		/* All four bytes are stored; the next ones lie over those too many. */
		for (; at < end; at++) {
			const struct tok_bytemap_entry *entry = &map->entries[from.bytes[at]];
			memcpy(out, entry->bytes, TOK_BYTEMAP_MOST);
			out += entry->count;
		}
		to->count = (size_t)(out - to->bytes);
	}
	return true;
}
