/*
 * Runs of ends are the pieces: tok_pretokenizer_ends against tok_pretokenize,
 * and which pre-tokenizers have them.
 */
#include "tests/unit/pretok_steps.h"

#include "tests/unit/scan_laws.h"
#include "tok/pretok/pretok.h"

#define CL100K                                                                                     \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"                  \
	" ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define QWEN                                                                                       \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"                       \
	" ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define TRAILING                                                                                   \
	"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"                      \
	" ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"
#define TRAILING_TOO                                                                               \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"                  \
	" ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+\\z|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define FRONT "[^\\r\\n\\p{L}\\p{N}]?"
#define SHORT "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
#define SPACE " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define O200K                                                                                      \
	FRONT UPPER "*" LOWER "+" SHORT "|" FRONT UPPER "+" LOWER "*" SHORT "|\\p{N}{1,3}|" SPACE
#define TEKKEN   FRONT UPPER "*" LOWER "+|" FRONT UPPER "+" LOWER "*|\\p{N}|" SPACE
#define HAN_KANA "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+"
#define DEEPSEEK                                                                                   \
	"[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"                                   \
	"[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"                  \
	"\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

enum { MOST_STEPS = 4 };

/* A Split; where `pattern` is NULL, a ByteLevel that does no more than `add`. */
struct part {
	const char *pattern;
	enum tok_behavior behavior;
	bool invert, add_space, cooked;
};

static const struct row {
	const char *name;
	struct part parts[MOST_STEPS];
	size_t count;
	bool tiles;
	const char *path;
} rows[] = {
	{ "gpt2", { { NULL } }, 1, true, "gpt2 (block scanner)" },
	{ "cl100k", { { CL100K, TOK_ISOLATED } }, 1, true, "cl100k (block scanner)" },
	{ "cl100k, removed and inverted",
	  { { CL100K, TOK_REMOVED, true } },
	  1,
	  true,
	  "cl100k (block scanner)" },
	{ "trailing", { { TRAILING, TOK_ISOLATED } }, 1, true, "cl100k (block scanner)" },
	{ "trailing, spelled otherwise",
	  { { TRAILING_TOO, TOK_ISOLATED } },
	  1,
	  true,
	  "cl100k (block scanner)" },
	{ "qwen", { { QWEN, TOK_ISOLATED } }, 1, true, "qwen (block scanner)" },
	{ "o200k", { { O200K, TOK_REMOVED, true } }, 1, true, "o200k (block scanner)" },
	{ "tekken", { { TEKKEN, TOK_ISOLATED } }, 1, true, "tekken (block scanner)" },
	{ "deepseek",
	  { { "\\p{N}{1,3}", TOK_ISOLATED },
	    { HAN_KANA, TOK_ISOLATED },
	    { DEEPSEEK, TOK_ISOLATED } },
	  3,
	  true,
	  "deepseek (block scanner)" },
	{ "deepseek in another order",
	  { { HAN_KANA, TOK_ISOLATED },
	    { "\\p{N}{1,3}", TOK_ISOLATED },
	    { DEEPSEEK, TOK_ISOLATED } },
	  3,
	  false,
	  "scanner" },
	{ "a space is added", { { .pattern = NULL, .add_space = true } }, 1, false, "scanner" },
	{ "bytes are changed", { { .pattern = NULL, .cooked = true } }, 1, false, "scanner" },
	{ "matches are removed", { { CL100K, TOK_REMOVED } }, 1, false, "scanner" },
	{ "all is one", { { CL100K, TOK_CONTIGUOUS } }, 1, false, "scanner" },
	{ "gpt2 behind cl100k", { { CL100K, TOK_ISOLATED }, { NULL } }, 2, false, "scanner" },
	{ "gaps", { { DEEPSEEK, TOK_ISOLATED } }, 1, false, "scanner" },
	{ "an unknown pattern", { { "[a-z]+", TOK_ISOLATED } }, 1, false, "PCRE2" },
	{ "nothing", { { NULL } }, 0, false, "none: a text is one piece" },
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static struct tok_pretokenizer *build(const struct row *row)
{
	struct tok_pretok_step steps[MOST_STEPS] = { 0 };
	struct tok_pretokenizer *p;
	struct tok_error err = { 0 };
	for (size_t i = 0; i < row->count; i++) {
		const struct part *part = &row->parts[i];
		if (part->pattern) {
			steps[i].kind = TOK_PRETOK_SPLIT;
			steps[i].as.split.pattern = tok_span_of(part->pattern);
			steps[i].as.split.dialect = TOK_REGEX_RUST;
			steps[i].as.split.behavior = part->behavior;
			steps[i].as.split.invert = part->invert;
		} else {
			steps[i].kind = TOK_PRETOK_BYTE_LEVEL;
			steps[i].as.byte_level.use_regex = true;
			steps[i].as.byte_level.raw = !part->cooked;
			steps[i].as.byte_level.add_prefix_space = part->add_space;
		}
	}
	if (tok_pretokenizer_new(steps, row->count, &p, &err) != TOK_OK)
		fail_msg("%s: %s", row->name, err.message);
	return p;
}

static void those_that_tile_say_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct tok_pretokenizer *p = build(&rows[i]);
		if (tok_pretokenizer_tiles(p) != rows[i].tiles)
			fail_msg("%s", rows[i].name);
		assert_string_equal(tok_pretokenizer_path(p), rows[i].path);
		tok_pretokenizer_free(p);
	}
}

struct bench {
	struct tok_pretokenizer *pretokenizer;
	struct tok_pretok_scratch *scratch;
	struct tok_text text;
	struct tok_pieces pieces;
};

/* The same pieces, end to end. */
static bool agrees(struct bench *b, enum tok_kernel kernel, struct tok_span text)
{
	struct tok_error err = { 0 };
	uint32_t ends[TOK_ENDS_LEAST];
	size_t from = 0, piece = 0;
	assert_true(tok_text_set(&b->text, text, 0));
	assert_int_equal(tok_pretokenize(b->pretokenizer, TOK_KERNEL_SCALAR, b->scratch, &b->text,
					 true, &b->pieces, &err),
			 TOK_OK);
	while (from < text.count) {
		const size_t count = tok_pretokenizer_ends(b->pretokenizer, kernel, text, from,
							   ends, TOK_ENDS_LEAST);
		if (count == 0)
			return false;
		for (size_t i = 0; i < count; i++, piece++) {
			if (piece == b->pieces.count || b->pieces.ranges[piece].begin != from ||
			    b->pieces.ranges[piece].end != ends[i])
				return false;
			from = ends[i];
		}
	}
	return piece == b->pieces.count;
}

static void ends_are_those_of_the_pieces(void **state)
{
	(void)state;
	struct law law;
	assert_true(law_init(&law, TOK_KERNEL_SCALAR));
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct bench b = { .pretokenizer = build(&rows[i]),
				   .scratch = tok_pretok_scratch_new() };
		assert_non_null(b.scratch);
		for (size_t k = 0; rows[i].tiles && k < 1500; k++) {
			const size_t count = k % 2 ? law_roll(&law, 12) : law_roll(&law, 300);
			const struct tok_span text = { law.room + LAW_ROOM - count, count };
			law_fill(&law, law.room + LAW_ROOM - count, count);
			for (int kernel = 0; kernel < TOK_KERNEL_COUNT; kernel++) {
				if (!tok_kernel_runs((enum tok_kernel)kernel) ||
				    agrees(&b, (enum tok_kernel)kernel, text))
					continue;
				law_print(&law, text, 0, rows[i].name);
			}
		}
		tok_text_release(&b.text);
		tok_pieces_release(&b.pieces);
		tok_pretok_scratch_free(b.scratch);
		tok_pretokenizer_free(b.pretokenizer);
	}
	law_release(&law);
	assert_int_equal(law.wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_tile_say_so),
		cmocka_unit_test(ends_are_those_of_the_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
