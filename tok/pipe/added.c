#include "tok/pipe/added_internal.h"

#include <stdlib.h>

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

static int compare_entries(const void *a, const void *b)
{
	const struct tok_span x = ((const struct tok_added_entry *)a)->content;
	const struct tok_span y = ((const struct tok_added_entry *)b)->content;
	const int order = memcmp(x.bytes, y.bytes, x.count < y.count ? x.count : y.count);
	if (order != 0)
		return order;
	return x.count < y.count ? -1 : x.count > y.count;
}

static size_t pair_of(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

static bool has_pair(const struct tok_added_set *set, const uint8_t *bytes)
{
	const size_t pair = pair_of(bytes);
	return set->pairs[pair / 64] >> pair % 64 & 1;
}

static void add_start(struct tok_added_set *set, struct tok_span content)
{
	uint8_t *start = &set->starts[content.bytes[0]];
	if (content.count == 1) {
		*start = TOK_ADDED_ALONE;
		return;
	}
	if (*start == TOK_ADDED_NEVER)
		*start = TOK_ADDED_LONGER;
	const size_t pair = pair_of(content.bytes);
	set->pairs[pair / 64] |= UINT64_C(1) << pair % 64;
}

static void list_first_bytes(struct tok_added_set *set)
{
	size_t count = 0;
	for (size_t byte = 0; byte < 256; byte++)
		if (set->starts[byte] && count++ < TOK_ADDED_FEW)
			set->few_bytes[count - 1] = (uint8_t)byte;
	set->few = count <= TOK_ADDED_FEW;
	for (size_t i = count; i < TOK_ADDED_FEW; i++)
		set->few_bytes[i] = set->few_bytes[0];
}

static bool are_sorted(const struct tok_added_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare_entries(&entries[i - 1], &entries[i]) > 0)
			return false;
	return true;
}

void tok_added_set_init(struct tok_added_set *out, struct tok_added_entry *entries, size_t count)
{
	*out = (struct tok_added_set){ .entries = entries, .count = count };
	if (!are_sorted(entries, count)) /* those of an image are */
		qsort(entries, count, sizeof *entries, compare_entries);
	for (size_t i = 0; i < count; i++) {
		const struct tok_span content = entries[i].content;
		out->first[content.bytes[0] + 1] = (uint32_t)(i + 1);
		add_start(out, content);
		out->has_ordinary |= !entries[i].token->special;
	}
	for (size_t byte = 0; byte < 256; byte++)
		if (out->first[byte + 1] == 0)
			out->first[byte + 1] = out->first[byte];
	list_first_bytes(out);
}

/* First entry in [low, high) whose byte at `depth` is at least `byte`.  All of
 * them share the first `depth` bytes; one that ends there sorts first. */
static size_t lower_bound(const struct tok_added_set *set, size_t low, size_t high, size_t depth,
			  unsigned byte)
{
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct tok_span content = set->entries[middle].content;
		if (content.count <= depth || content.bytes[depth] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The longest content that stands at `at`, or NULL. */
static const struct tok_added_entry *longest_at(const struct tok_added_set *set,
						struct tok_span text, size_t at)
{
	const struct tok_added_entry *best = NULL;
	size_t low = set->first[text.bytes[at]], high = set->first[text.bytes[at] + 1u];
	for (size_t depth = 1; low < high; depth++) {
		if (set->entries[low].content.count == depth)
			best = &set->entries[low];
		if (at + depth == text.count || (depth == 1 && !has_pair(set, text.bytes + at)))
			break;
		const unsigned byte = text.bytes[at + depth];
		low = lower_bound(set, low, high, depth, byte);
		high = lower_bound(set, low, high, depth, byte + 1);
	}
	return best;
}

enum { BLOCK = 64 };

/* Has a block one of the few first bytes?  Written to be vectorised. */
static bool block_starts(const struct tok_added_set *set, const uint8_t *bytes)
{
	const uint8_t *few = set->few_bytes;
	uint8_t hit = 0;
	for (size_t i = 0; i < BLOCK; i++) {
		const uint8_t byte = bytes[i];
		hit |= (byte == few[0]) | (byte == few[1]) | (byte == few[2]) | (byte == few[3]) |
		       (byte == few[4]) | (byte == few[5]) | (byte == few[6]) | (byte == few[7]);
	}
	return hit;
}

/* The next place where some content may stand: its first two bytes do, or it is
 * one byte. */
static size_t next_candidate(const struct tok_added_set *set, struct tok_span text, size_t at)
{
	while (at < text.count) {
		size_t end = text.count;
		if (set->few && end - at >= BLOCK) {
			end = at + BLOCK;
			if (!block_starts(set, text.bytes + at)) {
				at = end;
				continue;
			}
		}
		for (; at < end; at++) {
			const uint8_t start = set->starts[text.bytes[at]];
			if (start == TOK_ADDED_NEVER)
				continue;
			if (start == TOK_ADDED_ALONE ||
			    (at + 1 < text.count && has_pair(set, text.bytes + at)))
				return at;
		}
	}
	return at;
}

static bool stands_alone(struct tok_span text, size_t begin, size_t end)
{
	return (begin == 0 || !tok_unicode_word(tok_utf8_before(text, begin).code)) &&
	       (end == text.count || !tok_unicode_word(tok_utf8_at(text, end).code));
}

static size_t skip_spaces_back(struct tok_span text, size_t at)
{
	while (at > 0) {
		const struct tok_char c = tok_utf8_before(text, at);
		if (!tok_unicode_space(c.code))
			break;
		at -= c.length;
	}
	return at;
}

static size_t skip_spaces(struct tok_span text, size_t at)
{
	while (at < text.count) {
		const struct tok_char c = tok_utf8_at(text, at);
		if (!tok_unicode_space(c.code))
			break;
		at += c.length;
	}
	return at;
}

struct tok_added_match tok_added_find(const struct tok_added_set *set, struct tok_span text,
				      size_t from, size_t done, bool skip_special)
{
	const struct tok_added_match none = { text.count, text.count, text.count, NULL };
	if (set->count == 0 || (skip_special && !set->has_ordinary))
		return none;

	for (size_t at = from; (at = next_candidate(set, text, at)) < text.count;) {
		const struct tok_added_entry *entry = longest_at(set, text, at);
		if (!entry) {
			at++;
			continue;
		}
		const struct tok_added_token *token = entry->token;
		const size_t end = at + entry->content.count;
		if ((skip_special && token->special) ||
		    (token->single_word && !stands_alone(text, at, end))) {
			at = end;
			continue;
		}
		struct tok_added_match match = { at, end, end, token };
		if (token->lstrip) {
			const size_t begin = skip_spaces_back(text, at);
			match.begin = begin > done ? begin : done;
		}
		if (token->rstrip)
			match.end = skip_spaces(text, end);
		return match;
	}
	return none;
}

void tok_added_note_reach(const struct tok_added_set *set, bool skip_special,
			  struct tok_added_reach *out)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct tok_added_token *token = set->entries[i].token;
		const struct tok_span content = set->entries[i].content;
		/* A special token that is passed over still hides what it overlaps. */
		if (skip_special && token->special && !set->has_ordinary)
			continue;
		out->single_word |= token->single_word;
		out->lstrip |= token->lstrip;
		out->rstrip |= token->rstrip;
		out->ends[content.bytes[content.count - 1]] = true;
		for (size_t k = 1; k < content.count; k++) {
			const size_t pair = pair_of(content.bytes + k - 1);
			out->pairs[pair / 64] |= UINT64_C(1) << pair % 64;
		}
	}
}

bool tok_added_reaches(const struct tok_added_reach *reach, uint8_t before, uint8_t behind)
{
	const size_t pair = pair_of((const uint8_t[]){ before, behind });
	return reach->pairs[pair / 64] >> pair % 64 & 1;
}
