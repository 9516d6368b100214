#include "tok/pipe/byte_level.h"

#include "tok/text/utf8.h"

struct tok_span tok_lower_text(struct tok_span text, struct tok_arena *arena, bool *all)
{
	uint8_t *bytes = tok_arena_array(arena, text.count, 1);
	size_t count = 0;

	*all = true;
	if (!bytes)
		return (struct tok_span){ NULL, 0 };
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const int byte = tok_char_to_byte(c.code);
		if (byte < 0) {
			*all = false;
			break;
		}
		bytes[count++] = (uint8_t)byte;
		at += c.length;
	}
	return (struct tok_span){ bytes, count };
}

size_t tok_lower_entries(const struct tok_vocab_entry *entries, size_t count,
			 struct tok_arena *arena, struct tok_vocab_entry *out)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		bool all;
		const struct tok_span bytes = tok_lower_text(entries[i].text, arena, &all);
		if (!bytes.bytes)
			return SIZE_MAX;
		if (!all)
			continue;
		out[kept] = entries[i];
		out[kept++].text = bytes;
	}
	return kept;
}

struct tok_span tok_raise_bytes(struct tok_span bytes, struct tok_arena *arena)
{
	uint8_t *text = tok_arena_array(arena, bytes.count, 2); /* none takes more */
	size_t count = 0;

	if (!text)
		return (struct tok_span){ NULL, 0 };
	for (size_t i = 0; i < bytes.count; i++) {
		uint8_t out[4];
		const size_t n = tok_utf8_put(tok_byte_to_char(bytes.bytes[i]), out);
		memcpy(text + count, out, n);
		count += n;
	}
	return (struct tok_span){ text, count };
}
