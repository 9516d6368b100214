/* fuzz_regex.c - a pattern (up to the first NUL) on a text (the rest). */
#include <assert.h>

#include "tok/text/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search(struct tok_span pattern, enum tok_regex_dialect dialect, struct tok_span text)
{
	struct tok_error err = { 0 };
	struct tok_regex *regex;
	if (tok_regex_new(pattern, dialect, &regex, &err) != TOK_OK) {
		assert(err.message[0]);
		return;
	}
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	assert(scratch);
	for (size_t from = 0, n = 0; from <= text.count && n < 100; n++) {
		struct tok_range hit;
		bool found;
		if (tok_regex_find(regex, scratch, text, from, &found, &hit, &err) != TOK_OK ||
		    !found)
			break;
		assert(hit.begin >= from && hit.begin <= hit.end && hit.end <= text.count);
		from = hit.end > from ? hit.end : from + 1;
	}
	tok_regex_scratch_free(scratch);
	tok_regex_free(regex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	const size_t cut = nul ? (size_t)(nul - data) : size;
	const struct tok_span pattern = { data, cut };
	const struct tok_span text = { data + (nul ? cut + 1 : cut), size - (nul ? cut + 1 : cut) };
	search(pattern, TOK_REGEX_ONIGURUMA, text);
	search(pattern, TOK_REGEX_RUST, text);
	search(pattern, TOK_REGEX_LITERAL, text);
	return 0;
}
