#include "tok/text/text.h"

#include <assert.h>
#include <stdlib.h>

#include "tok/text/utf8.h"

static bool reserve(struct tok_text *text, size_t more)
{
	if (more > UINT32_MAX - text->count)
		return false;
	const size_t want = text->count + more;
	return tok_grow(&text->bytes, &text->capacity, want, 1) &&
	       (!text->tracked ||
		tok_grow(&text->origin, &text->origin_capacity, want, sizeof *text->origin));
}

bool tok_text_set(struct tok_text *text, struct tok_span from, size_t base)
{
	text->count = 0;
	if (!reserve(text, from.count))
		return false;
	if (from.count)
		memcpy(text->bytes, from.bytes, from.count);
	if (text->tracked)
		for (size_t i = 0; i < from.count; i++)
			text->origin[i] =
			    (struct tok_range){ (uint32_t)(base + i), (uint32_t)(base + i + 1) };
	text->count = from.count;
	return true;
}

bool tok_text_copy(struct tok_text *text, const struct tok_text *from, size_t begin, size_t end)
{
	const size_t count = end - begin;
	if (!reserve(text, count))
		return false;
	if (count == 0)
		return true;
	memcpy(text->bytes + text->count, from->bytes + begin, count);
	if (text->tracked)
		memcpy(text->origin + text->count, from->origin + begin,
		       count * sizeof *text->origin);
	text->count += count;
	return true;
}

bool tok_text_put(struct tok_text *text, const void *bytes, size_t count, struct tok_range origin)
{
	if (!reserve(text, count))
		return false;
	if (count == 0)
		return true;
	memcpy(text->bytes + text->count, bytes, count);
	if (text->tracked)
		for (size_t i = 0; i < count; i++)
			text->origin[text->count + i] = origin;
	text->count += count;
	return true;
}

bool tok_text_put_char(struct tok_text *text, uint32_t code, struct tok_range origin)
{
	uint8_t bytes[4];
	return tok_text_put(text, bytes, tok_utf8_put(code, bytes), origin);
}

uint8_t *tok_text_room(struct tok_text *text, size_t more)
{
	assert(!text->tracked);
	return reserve(text, more) ? text->bytes + text->count : NULL;
}

struct tok_range tok_text_origin(const struct tok_text *text, size_t begin, size_t end)
{
	if (!text->tracked || text->count == 0)
		return (struct tok_range){ 0, 0 };
	if (begin >= end) {
		const uint32_t at = begin < text->count ? text->origin[begin].begin
							: text->origin[text->count - 1].end;
		return (struct tok_range){ at, at };
	}
	return (struct tok_range){ text->origin[begin].begin, text->origin[end - 1].end };
}

void tok_text_clear(struct tok_text *text)
{
	text->count = 0;
}

void tok_text_release(struct tok_text *text)
{
	free(text->bytes);
	free(text->origin);
	*text = (struct tok_text){ .tracked = text->tracked };
}
