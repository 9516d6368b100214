/*
 * fuzz_scan.c - the pattern of a family (the first byte says which), on the rest
 * as text: every kernel this machine runs, the scalar scanner and the pattern
 * itself in the regular-expression engine give the same pieces.
 */
#include <assert.h>
#include <stdlib.h>

#include "tok/pretok/pretok.h"
#include "tok/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LETTERS "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define TAIL    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER   "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER   "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define FRONT   "[^\\r\\n\\p{L}\\p{N}]?"
#define SUFFIX  "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

enum { MOST_STEPS = 3 };

static const char *const families[][MOST_STEPS] = {
	{ "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+" },
	{ LETTERS "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" TAIL },
	{ "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"
	  " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s" },
	{ LETTERS "\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" TAIL },
	{ FRONT UPPER "*" LOWER "+" SUFFIX "|" FRONT UPPER "+" LOWER "*" SUFFIX
		      "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" TAIL },
	{ FRONT UPPER "*" LOWER "+|" FRONT UPPER "+" LOWER
		      "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" TAIL },
	{ "\\p{N}{1,3}", "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
	  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
	  "[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" TAIL },
};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

/* With a group around it, a pattern means the same and is no published one. */
static struct tok_pretokenizer *build(size_t family, bool published)
{
	struct tok_pretok_step steps[MOST_STEPS] = { 0 };
	char patterns[MOST_STEPS][512];
	struct tok_pretokenizer *built;
	size_t count = 0;
	for (; count < MOST_STEPS && families[family][count]; count++) {
		const char *pattern = families[family][count];
		size_t length = 0;
		for (const char *part = published ? "%" : "(?:%)"; *part; part++) {
			if (*part != '%') {
				patterns[count][length++] = *part;
				continue;
			}
			memcpy(patterns[count] + length, pattern, strlen(pattern));
			length += strlen(pattern);
		}
		steps[count].kind = TOK_PRETOK_SPLIT;
		steps[count].as.split.pattern =
		    (struct tok_span){ (const uint8_t *)patterns[count], length };
		steps[count].as.split.dialect = TOK_REGEX_RUST;
		steps[count].as.split.behavior = TOK_ISOLATED;
	}
	if (tok_pretokenizer_new(steps, count, &built, NULL) != TOK_OK)
		abort();
	return built;
}

static void cut(const struct tok_pretokenizer *pretokenizer, struct tok_span text,
		struct tok_pieces *out)
{
	struct tok_pretok_scratch *scratch = tok_pretok_scratch_new();
	struct tok_text copy = { 0 };
	assert(scratch && tok_text_set(&copy, text, 0));
	if (tok_pretokenize(pretokenizer, TOK_KERNEL_SCALAR, scratch, &copy, true, out, NULL) !=
	    TOK_OK)
		abort();
	tok_text_release(&copy);
	tok_pretok_scratch_free(scratch);
}

static void compare(const struct tok_pretokenizer *tiles, enum tok_kernel kernel,
		    struct tok_span text, const struct tok_pieces *want)
{
	uint32_t ends[TOK_ENDS_LEAST];
	size_t from = 0, piece = 0;
	while (from < text.count) {
		const size_t count =
		    tok_pretokenizer_ends(tiles, kernel, text, from, ends, TOK_ENDS_LEAST);
		assert(count > 0 && piece + count <= want->count);
		for (size_t i = 0; i < count; i++, piece++)
			assert(ends[i] == want->ranges[piece].end);
		from = ends[count - 1];
	}
	assert(piece == want->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const struct tok_span text = { data + 1, size - 1 };
	const size_t family = data[0] % FAMILY_COUNT;
	static struct tok_pretokenizer *all[FAMILY_COUNT][2]; /* a pattern takes long to build */
	if (!all[family][0]) {
		all[family][0] = build(family, true);
		all[family][1] = build(family, false);
	}
	const struct tok_pretokenizer *tiles = all[family][0], *engine = all[family][1];
	struct tok_pieces want = { 0 };

	assert(tok_pretokenizer_tiles(tiles) && !tok_pretokenizer_tiles(engine));
	/* To the engine, bad bytes are no characters at all. */
	cut(tok_utf8_valid(text) ? engine : tiles, text, &want);
	for (int kernel = 0; kernel < TOK_KERNEL_COUNT; kernel++)
		if (tok_kernel_runs((enum tok_kernel)kernel))
			compare(tiles, (enum tok_kernel)kernel, text, &want);
	tok_pieces_release(&want);
	return 0;
}
