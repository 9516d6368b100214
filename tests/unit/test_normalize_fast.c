/*
 * What makes normalisation fast must not change it: a text that
 * tok_normalizer_keeps() promises to keep is kept, and a text whose origins are
 * not tracked comes out as the same text tracked, the slow way.
 */
#include "tests/unit/normalize_steps.h"

#include <unicode/uchar.h>

#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

static const struct row {
	const char *steps, *text, *want, *origins;
} rows[] = {
#include "normalize_table.inc"
};

/* Where a step says '%', the rules of the table of references. */
static char *with_rules(const char *steps)
{
	const char *percent = strchr(steps, '%'), *rules = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows && !rules; i++)
		if (strncmp(rows[i].steps, "precompiled:", 12) == 0)
			rules = rows[i].steps + 12;
	assert_non_null(rules);
	const size_t room = strlen(steps) + strlen(rules) + 1;
	char *out = malloc(room);
	assert_non_null(out);
	(void)snprintf(out, room, "%.*s%s%s", percent ? (int)(percent - steps) : (int)strlen(steps),
		       steps, percent ? rules : "", percent ? percent + 1 : "");
	return out;
}

struct bench {
	struct tok_normalizer *normalizer;
	struct tok_norm_scratch *scratch;
	struct tok_text tracked, untracked;
	size_t kept;
};

static struct bench make(const char *steps)
{
	struct bench b = { .tracked.tracked = true };
	struct tok_error err = { 0 };
	char *words = with_rules(steps);
	if (build(words, &b.normalizer, &err) != TOK_OK)
		fail_msg("%s: %s", steps, err.message);
	free(words);
	b.scratch = tok_norm_scratch_new();
	assert_non_null(b.scratch);
	return b;
}

static void release(struct bench *b)
{
	tok_text_release(&b->tracked);
	tok_text_release(&b->untracked);
	tok_norm_scratch_free(b->scratch);
	tok_normalizer_free(b->normalizer);
}

static void fail_on(const char *steps, const char *what, struct tok_span text)
{
	struct tok_buffer hex = { 0 };
	for (size_t i = 0; i < text.count; i++) {
		char pair[3];
		(void)snprintf(pair, sizeof pair, "%02x", text.bytes[i]);
		assert_true(tok_buffer_add(&hex, pair, 2));
	}
	fail_msg("%s of %.*s: %s", steps, (int)hex.count, (const char *)hex.bytes, what);
}

static void check(struct bench *b, const char *steps, struct tok_span text)
{
	struct tok_error err = { 0 };
	const bool keeps = tok_normalizer_keeps(b->normalizer, text);
	assert_true(tok_text_set(&b->tracked, text, 0) && tok_text_set(&b->untracked, text, 0));
	assert_int_equal(tok_normalize(b->normalizer, b->scratch, &b->tracked, &err), TOK_OK);
	assert_int_equal(tok_normalize(b->normalizer, b->scratch, &b->untracked, &err), TOK_OK);
	if (!tok_span_equal(tok_text_span(&b->tracked), tok_text_span(&b->untracked)))
		fail_on(steps, "tracked and untracked differ", text);
	if (keeps && !tok_span_equal(text, tok_text_span(&b->untracked)))
		fail_on(steps, "promised to be kept, but is not", text);
	b->kept += keeps;
}

static const char *const all_steps[] = {
	"nfc",
	"nfd",
	"nfkc",
	"nfkd",
	"nmt",
	"lowercase",
	"stripaccents",
	"strip:l",
	"strip:r",
	"strip:lr",
	"bytelevel",
	"bert:1000",
	"bert:0100",
	"bert:0010",
	"bert:0001",
	"bert:1111",
	"nfkd+stripaccents+lowercase",
	"prepend:e29681",
	"literal:20:e29681",
	"literal:6161:62",
	"prepend:e29681+literal:20:e29681",
	"sentencepiece::",
	"sentencepiece:dre:",
	"sentencepiece:drs::61,6161,20,2020",
	"sentencepiece:de:",
	"sentencepiece:e::c3a9,0a",
	"sentencepiece:dr::2e,e28093,28",
	"precompiled:%",
	"sentencepiece::%",
	"sentencepiece:de:%",
	"sentencepiece:dre:%",
	"sentencepiece:rs:%:2e,c3a9,61cc81,74,41",
};
enum { STEPS = sizeof all_steps / sizeof *all_steps };

/* The tables of the normalisation forms against ICU; the passes lean on them too. */
static void test_sure_of_forms(void **state)
{
	(void)state;
	static const struct {
		enum tok_norm_kind kind;
		UProperty quick_check;
	} forms[] = {
		{ TOK_NORM_NFC, UCHAR_NFC_QUICK_CHECK },
		{ TOK_NORM_NFD, UCHAR_NFD_QUICK_CHECK },
		{ TOK_NORM_NFKC, UCHAR_NFKC_QUICK_CHECK },
		{ TOK_NORM_NFKD, UCHAR_NFKD_QUICK_CHECK },
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct norm_form form;
		struct tok_error err = { 0 };
		size_t sure = 0;
		assert_int_equal(norm_form_find(forms[i].kind, &form, &err), TOK_OK);
		for (UChar32 code = 0; code <= 0x10FFFF; code++) {
			if (!norm_is_sure(form.sure, (uint32_t)code))
				continue;
			sure++;
			if (norm_unicode_has((uint32_t)code, 9) &&
			    (u_getIntPropertyValue(code, forms[i].quick_check) != UNORM_YES ||
			     unorm2_getCombiningClass(form.data, code) != 0 ||
			     !unorm2_hasBoundaryBefore(form.data, code)))
				fail_msg("U+%04X is not sure in form %zu", (unsigned)code, i);
		}
		assert_true(sure > 80000);
	}
}

/* Every code point alone, between letters, and behind a letter that takes marks. */
static void test_all_code_points(void **state)
{
	(void)state;
	for (size_t s = 0; s < STEPS; s++) {
		struct bench b = make(all_steps[s]);
		for (uint32_t code = 0; code < TOK_BAD_BYTE + 256; code++) {
			uint8_t bytes[16] = { 0 };
			if ((code >= 0xD800 && code < 0xE000) ||
			    (code >= TOK_BAD_BYTE && code < TOK_BAD_BYTE + 0x80))
				continue;
			bytes[0] = 'x';
			size_t count = 1 + tok_utf8_put(code, bytes + 1);
			if (code >= 0x30000 && code < TOK_BAD_BYTE && code % 64 != 0)
				continue; /* gaps, ideographs, private use */
			check(&b, all_steps[s], (struct tok_span){ bytes + 1, count - 1 });
			if (code >= 0x3400 && code % 16 != 0)
				continue;
			bytes[count++] = 'e';
			count += tok_utf8_put(code, bytes + count);
			check(&b, all_steps[s], (struct tok_span){ bytes, count });
		}
		release(&b);
	}
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

/* A run of one kind of character; what is next to what matters most. */
static void add_run(struct tok_buffer *out, uint64_t *seed)
{
	static const struct tok_range kinds[] = {
		{ 'a', 'z' + 1 },       { 'A', 'Z' + 1 },     { ' ', ' ' + 1 },
		{ 'a', 'a' + 1 },       { 0, 0x20 },          { 0x20, 0x80 },
		{ 0x80, 0x250 },        { 0x300, 0x370 },     { 0x370, 0x530 },
		{ 0x590, 0x700 },       { 0x900, 0xE00 },     { 0x1100, 0x1200 },
		{ 0x1E00, 0x2100 },     { 0x2100, 0x2600 },   { 0x3000, 0x3100 },
		{ 0x3400, 0xA000 },     { 0xAC00, 0xD7A4 },   { 0xE000, 0x10000 },
		{ 0x10000, 0x20000 },   { 0x1F300, 0x1F700 }, { 0x2F800, 0x2FA20 },
		{ 0xE0000, 0xE0200 },   { 0x2581, 0x2582 },   { 0x30000, 0x110000 },
		{ 0x110080, 0x110100 },
	};
	const struct tok_range kind = kinds[next_random(seed) % (sizeof kinds / sizeof *kinds)];
	const uint32_t count = next_random(seed) % (next_random(seed) % 8 ? 4
						    : kind.end <= 0x80    ? 200
									  : 40);
	for (uint32_t i = 0; i <= count; i++) {
		uint8_t bytes[4];
		const uint32_t code = kind.begin + next_random(seed) % (kind.end - kind.begin);
		if (!tok_buffer_add(out, bytes, tok_utf8_put(code, bytes)))
			fail();
	}
}

static void test_random_strings(void **state)
{
	(void)state;
	struct tok_buffer text = { 0 };
	uint64_t seed = 7;
	for (size_t s = 0; s < STEPS; s++) {
		struct bench b = make(all_steps[s]);
		for (size_t i = 0; i < 4000; i++) {
			tok_buffer_clear(&text);
			for (uint32_t runs = 1 + next_random(&seed) % 9; runs > 0; runs--)
				add_run(&text, &seed);
			/* also with a character cut off at the end */
			const size_t less = next_random(&seed) % 4 ? 0 : next_random(&seed) % 3;
			check(&b, all_steps[s],
			      (struct tok_span){ text.bytes,
						 text.count - (less < text.count ? less : 0) });
		}
		release(&b);
	}
	tok_buffer_release(&text);
}

/* BERT's passes at once: what goes into a stretch, beside what, and what ends it; in
 * every mixture of its passes, some texts longer than a chunk. */
static void test_stretches_of_bert(void **state)
{
	(void)state;
	static const uint32_t codes[] = {
		'a',     'Z',     ' ',     '\n',     0,       0x7F,   0x1B,   0x85,   0xAD,
		0xC9,    0x130,   0x301,   0x323,    0x345,   0x302E, 0x302A, 0x94D,  0xE31,
		0x1D15F, 0x1D165, 0x1D16D, 0x200D,   0x3000,  0x304C, 0x3099, 0x30D7, 0x4E2D,
		0x20000, 0x2FA1D, 0xF900,  0xAC01,   0x1161,  0x11A8, 0xFFFD, 0xFF21, 0x401,
		0x378,   0xE0001, 0x30000, 0x10FFFF, 0x1E000, 0x1885,
	};
	static const uint8_t bad[] = { 0xE3, 0x81, 0x8B, 0xCC, 0xF0, 0x9F, 0xFF, 0xE1 };
	enum { CODES = sizeof codes / sizeof *codes, BYTES = sizeof bad };
	struct tok_buffer text = { 0 };
	uint64_t seed = 5;
	for (int mixture = 0; mixture < 16; mixture++) {
		char steps[16];
		(void)snprintf(steps, sizeof steps, "bert:%d%d%d%d", mixture & 1, mixture >> 1 & 1,
			       mixture >> 2 & 1, mixture >> 3);
		struct bench b = make(steps);
		for (size_t i = 0; i < 6000; i++) {
			const uint32_t some = i % 1000 ? next_random(&seed) % 24 : 9000;
			const uint32_t most = 2 + next_random(&seed) % (CODES + BYTES - 1);
			const uint32_t first = next_random(&seed) % (CODES + BYTES);
			tok_buffer_clear(&text);
			for (uint32_t k = 0; k < some; k++) {
				uint8_t bytes[4];
				const uint32_t which =
				    (first + next_random(&seed) % most) * 7 % (CODES + BYTES);
				const uint32_t code = which < CODES
							  ? codes[which]
							  : TOK_BAD_BYTE + bad[which - CODES];
				assert_true(
				    tok_buffer_add(&text, bytes, tok_utf8_put(code, bytes)));
			}
			check(&b, steps, (struct tok_span){ text.bytes, text.count });
		}
		release(&b);
	}
	tok_buffer_release(&text);
}

/* The promise is kept in the cases that it was made for. */
static void test_usual_texts_are_kept(void **state)
{
	(void)state;
	static const struct {
		const char *steps, *text;
		bool keeps;
	} cases[] = {
		{ "nfc", "", true },
		{ "bert:1111", "", true },
		{ "nfc", "plain ASCII\r\n\tand more", true },
		{ "nfc", "caf\u00E9, Stra\u00DFe, \u0130stanbul", true },
		{ "nfc", "\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440\u0451\u0439",
		  true },
		{ "nfc", "\u4F60\u597D\uFF0C\u4E16\u754C\u3002\u201C\u201D\u2026", true },
		{ "nfc", "\uD55C\uAD6D\uC5B4 \u304C\u30D7\u30FC", true },
		{ "nfc", "\U0001F600 \U00020000", true },
		{ "nfc", "\xFF\xCC\xE3\x82", true },
		{ "nfc", "cafe\u0301", false },
		{ "nfc", "\u212B", false },
		{ "nfd", "caf\u00E9", false },
		{ "nfd", "cafe, \u4F60\u597D", true },
		{ "nfkc", "\uFF21", false },
		{ "nfkc", "A \u4F60\u597D \u0430", true },
		{ "nfd", "\uD55C", false },
		{ "lowercase", "lower \u4F60 \u0430", true },
		{ "lowercase", "Lower", false },
		{ "bert:1111", "lower case, 12!", true },
		{ "bert:1111", "tab\tbed", false },
		{ "bert:0100", "\u4F60", false },
		{ "strip:lr", "a b", true },
		{ "strip:lr", "a b\u3000", false },
		{ "strip:l", " a", false },
		{ "prepend:5f", "a", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench b = make(cases[i].steps);
		check(&b, cases[i].steps, tok_span_of(cases[i].text));
		if ((b.kept == 1) != cases[i].keeps)
			fail_on(cases[i].steps, cases[i].keeps ? "not kept" : "kept",
				tok_span_of(cases[i].text));
		release(&b);
	}
}

/* Behind another text nothing is put in front, and spaces are like any others. */
static void test_texts_that_continue(void **state)
{
	(void)state;
	static const struct {
		const char *steps, *text, *want;
	} cases[] = {
		{ "prepend:5f", "a", "a" },
		{ "strip:lr", " a ", " a" },
		{ "prepend:e29681+literal:20:e29681", " a b", "\u2581a\u2581b" },
		{ "sentencepiece:de:", "a b", "a\u2581b" },
		{ "sentencepiece:dre:", "  a ", "\u2581a" },
		{ "sentencepiece:dre:", "a b", "a\u2581b" },
		{ "sentencepiece:dre:%", "\u3000b", "\u2581b" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench b = make(cases[i].steps);
		b.tracked.continues = b.untracked.continues = true;
		check(&b, cases[i].steps, tok_span_of(cases[i].text));
		if (!tok_span_equal(tok_text_span(&b.tracked), tok_span_of(cases[i].want)))
			fail_on(cases[i].steps, "not what was wanted", tok_text_span(&b.tracked));
		release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sure_of_forms),
		cmocka_unit_test(test_all_code_points),
		cmocka_unit_test(test_random_strings),
		cmocka_unit_test(test_stretches_of_bert),
		cmocka_unit_test(test_usual_texts_are_kept),
		cmocka_unit_test(test_texts_that_continue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
