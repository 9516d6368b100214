/*
 * Precompiled, as Hugging Face applies a charsmap: a grapheme cluster of less
 * than six bytes is replaced as a whole by the shortest rule it begins with,
 * anything else character by character.
 */
#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

enum { SHORT_CLUSTER = 6 };

/* The last character of the result is held back: what is removed after it is
 * added to its change. */
struct held {
	struct norm_edit *edit;
	uint32_t code;
	int change;
	bool full;
};

static void put_held(struct held *held, uint32_t code, int change)
{
	if (held->full)
		norm_edit_char(held->edit, held->code, held->change);
	held->code = code;
	held->change = change;
	held->full = true;
}

/* Replace `old_count` characters by `text`: characters too many are additions,
 * characters too few are left out behind the last one, and where there is no
 * last one the reference forgets them. */
static void put_replacement(struct held *held, struct tok_span text, size_t old_count)
{
	const size_t count = tok_utf8_count(text);
	size_t at = 0;
	for (size_t i = 0; i < count; i++) {
		const struct tok_char c = tok_utf8_at(text, at);
		const size_t left = count - i;
		put_held(held, c.code, count > old_count && left <= count - old_count ? 1 : 0);
		at += c.length;
	}
	if (count < old_count && held->full)
		held->change -= (int)(old_count - count);
}

static void run_chars(const struct norm_charsmap *map, struct held *held, struct tok_span cluster)
{
	for (size_t at = 0; at < cluster.count;) {
		const struct tok_char c = tok_utf8_at(cluster, at);
		const struct tok_span one = tok_span_slice(cluster, at, at + c.length);
		struct tok_span text;
		if (c.code < TOK_BAD_BYTE && norm_charsmap_shortest(map, one, &text))
			put_replacement(held, text, 1);
		else
			put_held(held, c.code, 0);
		at += c.length;
	}
}

/* End of the ASCII from `at` on that no rule and no cluster touches. */
static size_t skip_plain(const struct norm_charsmap *map, struct tok_span text, size_t at)
{
	size_t end = at;
	while (end < text.count && text.bytes[end] < 0x80 && !map->begins[text.bytes[end]])
		end++;
	if (end > at && end < text.count && text.bytes[end] >= 0xCC)
		end--; /* a mark may follow */
	return end;
}

static void put_plain(struct held *held, struct tok_span text, size_t at, size_t end)
{
	put_held(held, text.bytes[at], 0);
	if (held->edit->at == at) {
		/* nothing was forgotten: the text runs beside its result */
		norm_edit_keep(held->edit, end - 1);
		held->code = text.bytes[end - 1];
		return;
	}
	for (size_t i = at + 1; i < end; i++)
		put_held(held, text.bytes[i], 0);
}

enum tok_status norm_run_precompiled(const struct norm_pass *pass, struct norm_edit *edit,
				     struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	const struct norm_charsmap *map = &pass->as.charsmap;
	const struct tok_span text = tok_text_span(edit->from);
	struct held held = { .edit = edit };

	for (size_t at = 0, end; at < text.count && !edit->failed; at = end) {
		end = skip_plain(map, text, at);
		if (end > at) {
			put_plain(&held, text, at, end);
			continue;
		}
		end = norm_grapheme_end(text, at);
		const struct tok_span cluster = tok_span_slice(text, at, end);
		struct tok_span replacement;
		if (cluster.count < SHORT_CLUSTER && tok_utf8_at(cluster, 0).code < TOK_BAD_BYTE &&
		    norm_charsmap_shortest(map, cluster, &replacement))
			put_replacement(&held, replacement, tok_utf8_count(cluster));
		else
			run_chars(map, &held, cluster);
	}
	if (held.full)
		norm_edit_char(edit, held.code, held.change);
	else
		norm_edit_drop(edit, text.count);
	return TOK_OK;
}
