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

void tok_added_set_init(struct tok_added_set *out, struct tok_added_entry *entries, size_t count)
{
	*out = (struct tok_added_set){ .entries = entries, .count = count };
	if (count)
		qsort(entries, count, sizeof *entries, compare_entries);
	for (size_t i = 0; i < count; i++) {
		out->starts[entries[i].content.bytes[0]] = true;
		out->has_ordinary |= !entries[i].token->special;
	}
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
	size_t low = 0, high = set->count;
	for (size_t depth = 0; at + depth < text.count; depth++) {
		const unsigned byte = text.bytes[at + depth];
		low = lower_bound(set, low, high, depth, byte);
		high = lower_bound(set, low, high, depth, byte + 1);
		if (low == high)
			break;
		if (set->entries[low].content.count == depth + 1)
			best = &set->entries[low];
	}
	return best;
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

	for (size_t at = from; at < text.count;) {
		if (!set->starts[text.bytes[at]]) {
			at++;
			continue;
		}
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

static bool is_ascii_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool holds_word_space(struct tok_span content)
{
	for (size_t i = 1; i < content.count; i++) {
		const uint8_t before = content.bytes[i - 1];
		if (content.bytes[i] == ' ' &&
		    (is_ascii_letter(before) || (before >= '0' && before <= '9')))
			return true;
	}
	return false;
}

bool tok_added_spans_words(const struct tok_added_set *set, bool skip_special)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct tok_added_token *token = set->entries[i].token;
		/* A special token that is passed over still hides what it overlaps. */
		if (skip_special && token->special && !set->has_ordinary)
			continue;
		if (token->single_word || token->rstrip ||
		    holds_word_space(set->entries[i].content))
			return true;
	}
	return false;
}
