/*
 * The scanners of well-known splitting patterns: against the reference's
 * answers (scan_table.inc, made by tests/oracles/pretok_table.py --scan) and
 * against the regular expression itself on random text.
 *
 *	test_scan --law COUNT      that many random texts a pattern
 */
#include "tests/unit/checked.h"
#include "tests/unit/pretok_steps.h"

#include <time.h>

#include "tok/pretok/scan_internal.h"

struct family {
	const char *name;
	const char *dialects; /* whose spelling it is: o Oniguruma, r Rust */
	const char *pattern;  /* hexadecimal */
};

struct row {
	const char *steps; /* NULL: those of the row before */
	const char *text, *pieces;
};

#include "tests/unit/scan_table.inc"

enum { FAMILY_COUNT = sizeof families / sizeof *families, LAW_TEXTS = CHECKED ? 10000 : 50000 };

static enum tok_regex_dialect dialect_of(char letter)
{
	return letter == 'o' ? TOK_REGEX_ONIGURUMA : TOK_REGEX_RUST;
}

/* ---- recognition ---- */

static void known_patterns_have_scanners(void **state)
{
	(void)state;
	struct tok_arena arena = { 0 };
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct tok_span pattern =
		    pretok_hex(&arena, families[i].pattern, strlen(families[i].pattern));
		for (const char *d = families[i].dialects; *d; d++)
			if (!tok_scan_find(pattern, dialect_of(*d)))
				fail_msg("%s is not known in %c", families[i].name, *d);
		/* possessive quantifiers mean something else to Oniguruma */
		if (!strchr(families[i].dialects, 'o'))
			assert_null(tok_scan_find(pattern, TOK_REGEX_ONIGURUMA));
		assert_null(tok_scan_find(pattern, TOK_REGEX_LITERAL));
		for (size_t length = 0; length < pattern.count; length++) {
			const struct tok_span part = tok_span_slice(pattern, 0, length);
			const struct tok_scan *scan = tok_scan_find(part, TOK_REGEX_RUST);
			if (scan && scan != &tok_scan_number && scan != &tok_scan_number3)
				fail_msg("%s is known by %zu bytes", families[i].name, length);
		}
	}
	tok_arena_release(&arena);
}

/* A newline may be written as itself, but nothing else may differ. */
static void newlines_may_be_spelled_out(void **state)
{
	(void)state;
	static const char escaped[] =
	    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
	    "{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|"
	    "\\s+";
	static const char itself[] =
	    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
	    "{1,3}| ?[^\\s\\p{L}\\p{N}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";
	static const char swapped[] =
	    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\n\r\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
	    "{1,3}| ?[^\\s\\p{L}\\p{N}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";
	assert_ptr_equal(tok_scan_find(tok_span_of(escaped), TOK_REGEX_ONIGURUMA),
			 &tok_scan_cl100k);
	assert_ptr_equal(tok_scan_find(tok_span_of(itself), TOK_REGEX_ONIGURUMA), &tok_scan_cl100k);
	assert_null(tok_scan_find(tok_span_of(swapped), TOK_REGEX_ONIGURUMA));
	assert_null(
	    tok_scan_find((struct tok_span){ (const uint8_t *)"\\p{N}", 6 }, TOK_REGEX_ONIGURUMA));
}

/* ---- the reference's answers ---- */

/* Ranges of pieces in characters, gaps being pieces too. */
static void print_pieces(const struct tok_scan *scan, struct tok_span text, char *out, size_t room)
{
	size_t at = 0, characters = 0, written = 0;
	*out = 0;
	while (at < text.count) {
		struct tok_range match;
		if (!scan->next(text, at, &match))
			match.begin = (uint32_t)text.count;
		const size_t end = match.begin > at ? match.begin : match.end;
		assert_true(end > at);
		const size_t count = tok_utf8_count(tok_span_slice(text, at, end));
		written += (size_t)snprintf(out + written, room - written, "%s%zu-%zu",
					    at ? " " : "", characters, characters + count);
		assert_true(written < room);
		characters += count;
		at = end;
	}
}

static void answers_are_the_references(void **state)
{
	(void)state;
	struct tok_arena arena = { 0 };
	const struct tok_scan *scan = NULL;
	const char *name = "";
	char got[4096];
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].steps) {
			struct tok_pretok_step steps[8];
			assert_int_equal(pretok_read(&arena, name = rows[i].steps, steps), 1);
			scan = tok_scan_find(steps[0].as.split.pattern, steps[0].as.split.dialect);
			assert_non_null(scan);
		}
		const struct tok_span text = pretok_hex(&arena, rows[i].text, strlen(rows[i].text));
		print_pieces(scan, text, got, sizeof got);
		if (strcmp(got, rows[i].pieces) != 0 && wrong++ < 20)
			print_error("%s\n  %s\n  is   %s\n  want %s\n", name, rows[i].text, got,
				    rows[i].pieces);
	}
	tok_arena_release(&arena);
	assert_int_equal(wrong, 0);
}

/* ---- the law: a scanner is its regular expression ---- */

static uint64_t roll(uint64_t *dice)
{
	*dice += 0x9E3779B97F4A7C15u; /* splitmix64 */
	uint64_t x = *dice;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

/* Characters that the patterns tell apart, one string a kind. */
static const char *const alphabets[] = {
	"abcdstmlver",
	"ABSTMLVERD",
	"'''’",
	"sſSK",
	"0123456789²½٣Ⅷ",
	"   \t",
	"\n\r",
	"\u00A0\u3000\u2028\u2029\xC2\x85\u1680\u200A\x0B\x0C\x1C",
	"\u0301\u0308\u093F\u20DD\u0903",
	"ǅᾈ",
	"ʰ々ーª",
	"中文あア龦㐀",
	"कאا가",
	".,!?-_/\\()/",
	"$+<=>^`|~€¨∑",
	"😀❤\uFE0F\u200D👨",
	"\u0378\uE000\x7F\u00AD",
	"éßıдσ",
	"ÉİДΣ",
	"▁_",
	"\u200C\u200B",
	"'ſſtﬆﬅŉ",
	/* assigned since Unicode 15.1 and 16 */
	"\u1C89\u1C8A\uA7DA\U00010D40\U00010D50\U0002EBF0",
	"\u0897\U000105C0",
};

static size_t pick_character(uint64_t *dice, const char *alphabet, uint8_t out[4])
{
	const struct tok_span span = tok_span_of(alphabet);
	size_t index = roll(dice) % tok_utf8_count(span), at = 0;
	while (index-- > 0)
		at += tok_utf8_at(span, at).length;
	const struct tok_char c = tok_utf8_at(span, at);
	memcpy(out, span.bytes + at, c.length);
	return c.length;
}

/* Runs of a few kinds of characters. */
static size_t make_text(uint64_t *dice, uint8_t *out, size_t room)
{
	const size_t kinds = sizeof alphabets / sizeof *alphabets;
	const size_t mine[3] = { roll(dice) % kinds, roll(dice) % kinds, roll(dice) % kinds };
	const size_t runs = 1 + roll(dice) % 10;
	size_t count = 0;
	for (size_t i = 0; i < runs; i++) {
		const size_t which = roll(dice) % 5;
		const char *alphabet = which < 3    ? alphabets[mine[which]]
				       : which == 3 ? " "
						    : alphabets[roll(dice) % kinds];
		for (size_t left = 1 + roll(dice) % 3; left > 0 && count + 4 <= room; left--)
			count += pick_character(dice, alphabet, out + count);
	}
	return count;
}

static void print_case(const char *name, struct tok_span text, size_t at)
{
	char hex[1024] = "";
	for (size_t i = 0; i < text.count && 2 * i + 2 < sizeof hex; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", text.bytes[i]);
	print_error("%s differs at byte %zu of %s\n", name, at, hex);
}

/* Every match from every match's end on, the same as the regular expression's. */
static bool obeys(const struct tok_scan *scan, const struct tok_regex *regex,
		  struct tok_regex_scratch *scratch, const char *name, struct tok_span text)
{
	struct tok_error err = { 0 };
	for (size_t at = 0; at <= text.count;) {
		struct tok_range want = { 0, 0 }, got = { 0, 0 };
		bool found;
		assert_int_equal(tok_regex_find(regex, scratch, text, at, &found, &want, &err),
				 TOK_OK);
		if (scan->next(text, at, &got) != found ||
		    (found && (got.begin != want.begin || got.end != want.end)) ||
		    (found && scan->gapless && got.begin != at)) {
			print_case(name, text, at);
			return false;
		}
		if (!found)
			break;
		at = got.end;
	}
	return true;
}

static size_t count_lawless(size_t family, char dialect, size_t texts)
{
	struct tok_arena arena = { 0 };
	struct tok_error err = { 0 };
	struct tok_regex *regex = NULL;
	const struct tok_span pattern =
	    pretok_hex(&arena, families[family].pattern, strlen(families[family].pattern));
	const struct tok_scan *scan = tok_scan_find(pattern, dialect_of(dialect));
	assert_non_null(scan);
	if (tok_regex_new(pattern, dialect_of(dialect), &regex, &err) != TOK_OK)
		fail_msg("%s: %s", families[family].name, err.message);
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	assert_non_null(scratch);

	uint64_t dice = family * 2 + (dialect == 'r');
	size_t wrong = 0;
	for (size_t i = 0; i < texts && wrong < 5; i++) {
		uint8_t bytes[128];
		const size_t count = make_text(&dice, bytes, sizeof bytes);
		wrong += !obeys(scan, regex, scratch, families[family].name,
				(struct tok_span){ bytes, count });
	}
	tok_regex_scratch_free(scratch);
	tok_regex_free(regex);
	tok_arena_release(&arena);
	return wrong;
}

static size_t count_all_lawless(size_t texts)
{
	size_t wrong = 0;
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		for (const char *d = families[i].dialects; *d; d++)
			wrong += count_lawless(i, *d, texts);
	return wrong;
}

static void scanners_are_their_regular_expressions(void **state)
{
	(void)state;
	assert_int_equal(count_all_lawless(LAW_TEXTS), 0);
}

/* ---- places where texts may be cut ---- */

/* In `text`, at the space of "x y": nothing lies across it, and from there on
 * the matches are those of the text that begins there. */
static bool breaks_at(const struct tok_scan *scan, struct tok_span text, size_t place)
{
	const struct tok_span tail = tok_span_slice(text, place, text.count);
	struct tok_range match, alone;
	size_t at = 0;
	bool found;
	while ((found = scan->next(text, at, &match)) && match.begin < place) {
		if (match.end > place)
			return false;
		at = match.end;
	}
	return found == scan->next(tail, 0, &alone) &&
	       (!found || (match.begin == alone.begin + place && match.end == alone.end + place));
}

static void words_are_broken_where_promised(void **state)
{
	(void)state;
	struct tok_arena arena = { 0 };
	uint64_t dice = 6;
	size_t promises = 0;
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct tok_scan *scan = tok_scan_find(
		    pretok_hex(&arena, families[i].pattern, strlen(families[i].pattern)),
		    TOK_REGEX_RUST);
		if (!scan->breaks_words)
			continue;
		promises++;
		for (size_t k = 0; k < 5000; k++) {
			static const char ends[] = "asSlLZ09";
			uint8_t bytes[128];
			const size_t place = make_text(&dice, bytes, 60) + 1;
			bytes[place - 1] = (uint8_t)ends[roll(&dice) % 8];
			bytes[place] = ' ';
			bytes[place + 1] = (uint8_t)ends[roll(&dice) % 6];
			const size_t rest = make_text(&dice, bytes + place + 2, 60);
			if (!breaks_at(scan, (struct tok_span){ bytes, place + 2 + rest }, place)) {
				print_case(families[i].name,
					   (struct tok_span){ bytes, place + 2 + rest }, place);
				fail();
			}
		}
	}
	assert_int_equal(promises, FAMILY_COUNT - 3); /* all but numbers, han and kana */
	tok_arena_release(&arena);
}

/* ---- hostile text ---- */

/* Bad bytes belong to the negated classes, and no byte is read twice as two
 * characters: matches end where they should on random bytes as well. */
static void random_bytes_are_cut_to_the_end(void **state)
{
	(void)state;
	struct tok_arena arena = { 0 };
	uint64_t dice = 4;
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct tok_scan *scan = tok_scan_find(
		    pretok_hex(&arena, families[i].pattern, strlen(families[i].pattern)),
		    TOK_REGEX_RUST);
		for (size_t k = 0; k < 2000; k++) {
			uint8_t *bytes = tok_arena_array(&arena, 24, 1);
			assert_non_null(bytes);
			for (size_t b = 0; b < 24; b++)
				bytes[b] = (uint8_t)roll(&dice);
			const struct tok_span text = { bytes, roll(&dice) % 25 };
			struct tok_range match;
			size_t at = 0;
			while (scan->next(text, at, &match)) {
				assert_true(match.begin >= at && match.end > match.begin &&
					    match.end <= text.count);
				assert_true(!scan->gapless || match.begin == at);
				at = match.end;
			}
			assert_true(!scan->gapless || at == text.count);
		}
		tok_arena_release(&arena);
	}
}

static void time_scan(const struct tok_scan *scan, const char *name, const char *filling,
		      uint8_t *bytes, size_t count)
{
	const size_t length = strlen(filling);
	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)filling[i % length];
	const struct tok_span text = { bytes, count };
	struct tok_range match;
	const clock_t start = clock();
	for (size_t at = 0; scan->next(text, at, &match);)
		at = match.end;
	const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	if (seconds > 30) /* only what grows with the square takes so long */
		fail_msg("%s takes %.1f s for 2 MB of '%s'", name, seconds, filling);
}

static void nothing_is_quadratic(void **state)
{
	(void)state;
	static const char *const fillings[] = { "a",       "A",      " ",       "\t", "\n",
						" \n",     "1",      "'",       "'l", "\u0301",
						"あ",      "Aあ",    "\u0301A", "/",  "/\n",
						"\xFF",    "\u0378", "ǅ",       ".",  "\u3000",
						"a\u0301", "A ",     "\n A",    "한" };
	const size_t count = 2u << 20;
	struct tok_arena arena = { 0 };
	uint8_t *bytes = malloc(count);
	assert_non_null(bytes);
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct tok_scan *scan = tok_scan_find(
		    pretok_hex(&arena, families[i].pattern, strlen(families[i].pattern)),
		    TOK_REGEX_RUST);
		for (size_t f = 0; f < sizeof fillings / sizeof *fillings; f++)
			time_scan(scan, families[i].name, fillings[f], bytes, count);
	}
	free(bytes);
	tok_arena_release(&arena);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--law") == 0)
		return count_all_lawless(strtoul(argv[2], NULL, 10)) != 0;

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_patterns_have_scanners),
		cmocka_unit_test(newlines_may_be_spelled_out),
		cmocka_unit_test(answers_are_the_references),
		cmocka_unit_test(scanners_are_their_regular_expressions),
		cmocka_unit_test(words_are_broken_where_promised),
		cmocka_unit_test(random_bytes_are_cut_to_the_end),
		cmocka_unit_test(nothing_is_quadratic),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
