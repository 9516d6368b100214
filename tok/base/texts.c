#include "tok/base/texts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum tok_status tok_texts_copy(struct tok_texts *out, struct tok_arena *arena,
			       const struct tok_span *spans, size_t count, struct tok_error *err)
{
	size_t total = 0;
	for (size_t i = 0; i < count; i++) {
		if (spans[i].count > UINT32_MAX - total)
			return tok_fail(err, TOK_ELIMIT,
					"the texts of the tokens have 4 GiB or more");
		total += spans[i].count;
	}
	uint8_t *bytes = tok_arena_array(arena, total, 1);
	uint32_t *starts = tok_arena_array(arena, count + 1, sizeof *starts);
	if (!bytes || !starts)
		return tok_fail_memory(err);

	uint32_t at = 0;
	for (size_t i = 0; i < count; i++) {
		starts[i] = at;
		if (spans[i].count)
			memcpy(bytes + at, spans[i].bytes, spans[i].count);
		at += (uint32_t)spans[i].count;
	}
	starts[count] = at;
	*out = (struct tok_texts){ .bytes = bytes, .starts = starts, .count = count };
	return TOK_OK;
}

bool tok_index_init(struct tok_index *index, struct tok_arena *arena, size_t expected)
{
	size_t slots = 16;
	while (slots / 4 * 3 < expected) {
		if (slots > SIZE_MAX / 2)
			return false;
		slots *= 2;
	}
	*index = (struct tok_index){ .mask = slots - 1 };
	index->slots = tok_arena_array(arena, slots, sizeof *index->slots);
	if (index->slots)
		memset(index->slots, 0xFF, slots * sizeof *index->slots);
	return index->slots != NULL;
}

/* The slot of `text`, or the free one where it would go. */
static uint32_t *find_slot(const struct tok_index *index, const struct tok_texts *texts,
			   struct tok_span text)
{
	size_t at = (size_t)XXH3_64bits(text.bytes, text.count) & index->mask;
	while (index->slots[at] != TOK_NO_ID &&
	       !tok_span_equal(tok_texts_at(texts, index->slots[at]), text))
		at = (at + 1) & index->mask;
	return &index->slots[at];
}

uint32_t tok_index_add(struct tok_index *index, const struct tok_texts *texts, uint32_t value)
{
	uint32_t *slot = find_slot(index, texts, tok_texts_at(texts, value));
	if (*slot != TOK_NO_ID)
		return *slot;
	*slot = value;
	return TOK_NO_ID;
}

void tok_index_put(struct tok_index *index, const struct tok_texts *texts, uint32_t value)
{
	*find_slot(index, texts, tok_texts_at(texts, value)) = value;
}

void tok_index_expect(const struct tok_index *index, struct tok_span text)
{
	__builtin_prefetch(&index->slots[XXH3_64bits(text.bytes, text.count) & index->mask], 1);
}

uint32_t tok_index_find(const struct tok_index *index, const struct tok_texts *texts,
			struct tok_span text)
{
	return *find_slot(index, texts, text);
}

/* ---- in an image ------------------------------------------------------------------ */

void tok_texts_save(const struct tok_texts *texts, uint32_t bytes_tag, uint32_t starts_tag,
		    struct tok_image_writer *writer)
{
	tok_image_put(writer, bytes_tag, texts->bytes, texts->starts[texts->count]);
	tok_image_put(writer, starts_tag, texts->starts,
		      (texts->count + 1) * sizeof *texts->starts);
}

void tok_index_save(const struct tok_index *index, uint32_t tag, struct tok_image_writer *writer)
{
	tok_image_put(writer, tag, index->slots, (index->mask + 1) * sizeof *index->slots);
}

bool tok_texts_open(struct tok_texts *out, const struct tok_image *image, uint32_t bytes_tag,
		    uint32_t starts_tag)
{
	size_t bytes, starts;
	out->bytes = tok_image_array(image, bytes_tag, 1, &bytes);
	out->starts = tok_image_array(image, starts_tag, sizeof *out->starts, &starts);
	if (starts == 0 || out->starts[starts - 1] > bytes)
		return false;
	out->count = starts - 1;
	uint32_t falls = 0;
	for (size_t i = 0; i < out->count && !image->trusted; i++)
		falls |= out->starts[i] > out->starts[i + 1];
	return !falls;
}

bool tok_index_open(struct tok_index *out, const struct tok_image *image, uint32_t tag,
		    size_t limit)
{
	size_t slots, free_slots = 0;
	uint32_t wild = 0;
	out->slots = tok_image_array(image, tag, sizeof *out->slots, &slots);
	if (slots == 0 || (slots & (slots - 1)) != 0)
		return false;
	out->mask = slots - 1;
	for (size_t i = 0; i < slots && !image->trusted; i++) {
		free_slots += out->slots[i] == TOK_NO_ID;
		wild |= out->slots[i] >= limit && out->slots[i] != TOK_NO_ID;
	}
	return image->trusted || (!wild && free_slots > 0);
}
