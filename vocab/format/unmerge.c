#include "vocab/format/unmerge_internal.h"

struct part {
	uint16_t begin;
	tok_id joined; /* what it makes with the part behind it: the rank of that */
};

static tok_id find_joined(const struct tok_strings *ids, struct tok_span text,
			  const struct part *parts, size_t count, size_t i)
{
	if (i + 1 >= count)
		return TOK_NO_ID;
	const size_t end = i + 2 < count ? parts[i + 2].begin : text.count;
	return tok_strings_find(ids, tok_span_slice(text, parts[i].begin, end));
}

/* The first of the least ranks; `count` if nothing joins. */
static size_t find_least(const struct part *parts, size_t count)
{
	size_t least = count;
	tok_id rank = TOK_NO_ID;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].joined < rank) {
			rank = parts[i].joined;
			least = i;
		}
	}
	return least;
}

bool unmerge_find(const struct tok_strings *ids, const struct tok_vocab_entry *entry,
		  struct tok_merge *out)
{
	struct part parts[UNMERGE_LENGTH_MAX];
	const struct tok_span text = entry->text;
	size_t count = text.count;
	if (count < 2 || count > UNMERGE_LENGTH_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		parts[i].begin = (uint16_t)i;
	for (size_t i = 0; i < count; i++)
		parts[i].joined = find_joined(ids, text, parts, count, i);
	while (count > 2) {
		const size_t i = find_least(parts, count);
		if (i == count)
			return false;
		memmove(&parts[i + 1], &parts[i + 2], (count - i - 2) * sizeof parts[0]);
		count--;
		parts[i].joined = find_joined(ids, text, parts, count, i);
		if (i > 0)
			parts[i - 1].joined = find_joined(ids, text, parts, count, i - 1);
	}
	const size_t cut = parts[1].begin;
	*out = (struct tok_merge){ tok_strings_find(ids, tok_span_slice(text, 0, cut)),
				   tok_strings_find(ids, tok_span_slice(text, cut, text.count)),
				   entry->id };
	return true;
}
