/*
 * parts.c - a text in parts.
 *
 * tok_tokenizer_cut is asked about a window that the text goes on behind: what
 * it finds is a cut whatever follows the window, since each kind of place is proved
 * by the few characters around it (cut.c), which lie in the window.
 */
#include "tok/pipe/parts_internal.h"

#include <inttypes.h>

#include "tok/text/utf8.h"

struct tok_parts tok_parts_for(const struct tok_tokenizer *tokenizer,
			       const struct tok_encode_options *options)
{
	return (struct tok_parts){
		.tokenizer = tokenizer,
		.whole = options->add_special || options->truncate,
		.match_special = options->special_text != TOK_SPECIAL_ORDINARY,
	};
}

bool tok_parts_splits_character(struct tok_span text, size_t at)
{
	for (size_t back = 1; back <= 3 && back <= at && at < text.count; back++)
		if (tok_utf8_at(text, at - back).length > back)
			return true;
	return false;
}

/* The last cut of the first `window` bytes, or 0. */
static size_t find_cut(const struct tok_parts *parts, struct tok_span text, size_t window)
{
	size_t cut = window + 1;
	do {
		cut = tok_tokenizer_cut(parts->tokenizer, tok_span_slice(text, 0, cut - 1),
					parts->match_special);
	} while (cut > 0 && tok_parts_splits_character(text, cut));
	return cut;
}

size_t tok_parts_first(const struct tok_parts *parts, struct tok_span text, size_t want)
{
	size_t window = want;
	/* Doubled, so that a text without a cut is looked through twice at most. */
	while (!parts->whole && window < text.count) {
		const size_t cut = find_cut(parts, text, window);
		if (cut > 0)
			return cut;
		window = window <= text.count / 2 ? 2 * window : text.count;
	}
	return text.count;
}

enum tok_status tok_parts_encode(struct tok_encoder *encoder, struct tok_span part, uint64_t begin,
				 const struct tok_encode_options *options, struct tok_encoding *out,
				 struct tok_error *err)
{
	struct tok_encode_options how = *options;
	how.continues |= begin > 0;
	const enum tok_status status = tok_encode(encoder, part, &how, out, err);
	if (status != TOK_OK && status != TOK_ENOMEM && begin > 0)
		return tok_fail_in(err, status, "from byte %" PRIu64, begin);
	return status;
}
