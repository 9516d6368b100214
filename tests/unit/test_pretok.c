/*
 * Pre-tokenizers against the answers of the reference programs, in
 * pretok_table.inc (made by tests/oracles/pretok_table.py).
 *
 *	test_pretok --answer STEPS < texts
 *
 * reads one text a line, in hexadecimal, and writes its pieces;
 * tests/oracles/pretok_all.py compares them.  STEPS: pretok_steps.h.
 */
#include "tests/unit/pretok_steps.h"

#include <time.h>

#include "tok/pretok/pretok_internal.h"

struct row {
	const char *steps; /* NULL: those of the row before */
	const char *text, *pieces;
};

#include "tests/unit/pretok_table.inc"

struct bench {
	struct tok_arena arena;
	struct tok_pretokenizer *pretokenizer;
	struct tok_pretok_scratch *scratch;
	struct tok_text text;
	struct tok_pieces pieces;
	struct tok_buffer answer;
};

static void set_steps(struct bench *b, const char *steps)
{
	tok_pretokenizer_free(b->pretokenizer);
	b->pretokenizer = pretok_make(steps);
	if (!b->scratch)
		b->scratch = tok_pretok_scratch_new();
	assert_non_null(b->scratch);
}

static void release(struct bench *b)
{
	tok_arena_release(&b->arena);
	tok_pretokenizer_free(b->pretokenizer);
	tok_pretok_scratch_free(b->scratch);
	tok_text_release(&b->text);
	tok_pieces_release(&b->pieces);
	tok_buffer_release(&b->answer);
}

static void cut(struct bench *b, struct tok_span text, bool tracked)
{
	struct tok_error err = { 0 };
	b->text.tracked = tracked;
	assert_true(tok_text_set(&b->text, text, 0));
	if (tok_pretokenize(b->pretokenizer, TOK_KERNEL_SCALAR, b->scratch, &b->text, true,
			    &b->pieces, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static void print(struct tok_buffer *out, const char *text, size_t count)
{
	assert_true(tok_buffer_add(out, text, count));
}

/* Characters that begin in front of byte `at`. */
static size_t count_characters(struct tok_span text, size_t at)
{
	size_t count = 0;
	for (size_t i = 0; i < at; count++)
		i += tok_utf8_at(text, i).length;
	return count;
}

/* Where the character that byte `at` is in begins. */
static size_t character_of(struct tok_span text, size_t at)
{
	size_t i = 0;
	while (i < text.count && i + tok_utf8_at(text, i).length <= at)
		i += tok_utf8_at(text, i).length;
	return count_characters(text, i);
}

/* The pieces as the table writes them. */
static const char *answer(struct bench *b, struct tok_span text)
{
	tok_buffer_clear(&b->answer);
	cut(b, text, true);
	for (size_t i = 0; i < b->pieces.count; i++) {
		const struct tok_range range = b->pieces.ranges[i];
		const struct tok_range origin = tok_text_origin(&b->text, range.begin, range.end);
		const struct tok_span piece =
		    tok_span_slice(tok_text_span(&b->text), range.begin, range.end);
		char word[64];
		if (i > 0)
			print(&b->answer, " ", 1);
		if (!tok_span_equal(piece, tok_span_slice(text, origin.begin, origin.end))) {
			for (size_t k = 0; k < piece.count; k++) {
				(void)snprintf(word, sizeof word, "%02x", piece.bytes[k]);
				print(&b->answer, word, 2);
			}
			print(&b->answer, ":", 1);
		}
		const int length =
		    snprintf(word, sizeof word, "%zu-%zu", character_of(text, origin.begin),
			     character_of(text, origin.end - 1) + 1);
		print(&b->answer, word, (size_t)length);
	}
	print(&b->answer, "", 1);
	return (const char *)b->answer.bytes;
}

static void answers_are_the_references(void **state)
{
	(void)state;
	struct bench b = { 0 };
	const char *steps = "";
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].steps)
			set_steps(&b, steps = rows[i].steps);
		const struct tok_span text =
		    pretok_hex(&b.arena, rows[i].text, strlen(rows[i].text));
		const char *got = answer(&b, text);
		if (strcmp(got, rows[i].pieces) != 0 && wrong++ < 20)
			print_error("%s\n  %s\n  is   %s\n  want %s\n", steps, rows[i].text, got,
				    rows[i].pieces);
	}
	release(&b);
	assert_int_equal(wrong, 0);
}

/* Whoever wants no offsets gets the same pieces. */
static void tracking_changes_nothing(void **state)
{
	(void)state;
	struct bench b = { 0 }, untracked = { 0 };
	bool skip = false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].steps) {
			set_steps(&b, rows[i].steps);
			set_steps(&untracked, rows[i].steps);
			skip = tok_pretokenizer_needs_origin(b.pretokenizer);
			assert_int_equal(skip, strstr(rows[i].steps, ":first:") != NULL);
		}
		if (skip)
			continue;
		const struct tok_span text =
		    pretok_hex(&b.arena, rows[i].text, strlen(rows[i].text));
		cut(&b, text, true);
		cut(&untracked, text, false);
		assert_true(tok_span_equal(tok_text_span(&b.text), tok_text_span(&untracked.text)));
		assert_int_equal(b.pieces.count, untracked.pieces.count);
		if (b.pieces.count)
			assert_memory_equal(b.pieces.ranges, untracked.pieces.ranges,
					    b.pieces.count * sizeof *b.pieces.ranges);
	}
	release(&b);
	release(&untracked);
}

/* ---- classes, for every code point ---- */

static void check_class(const uint32_t (*ranges)[2], size_t count, bool (*has)(uint32_t code))
{
	size_t next = 0;
	for (uint32_t code = 0; code < TOK_BAD_BYTE + 256; code++) {
		if ((code >= 0xD800 && code < 0xE000) ||
		    (code >= TOK_BAD_BYTE && code < TOK_BAD_BYTE + 0x80))
			continue;
		while (next < count && code > ranges[next][1])
			next++;
		const bool want = next < count && code >= ranges[next][0];
		if (has(code) != want)
			fail_msg("U+%04X should be %d", code, want);
	}
}

static bool is_punctuation(uint32_t code)
{
	return pretok_class_has(PRETOK_PUNCTUATION, 0, code);
}

static bool is_number(uint32_t code)
{
	return pretok_class_has(PRETOK_NUMERIC, 0, code);
}

/* Is "x" with the character behind it one piece of Whitespace? */
static bool is_word(uint32_t code)
{
	uint8_t bytes[6] = { 'x' };
	struct tok_range match;
	const size_t count = 1 + tok_utf8_put(code, bytes + 1);
	return tok_scan_words.next((struct tok_span){ bytes, count }, 0, &match) &&
	       match.end == count;
}

static void classes_are_the_references(void **state)
{
	(void)state;
	check_class(punctuation, sizeof punctuation / sizeof *punctuation, is_punctuation);
	check_class(numbers, sizeof numbers / sizeof *numbers, is_number);
	check_class(words, sizeof words / sizeof *words, is_word);
}

/* ---- what the reference cannot be asked ---- */

static void check(struct bench *b, const char *steps, const char *text, size_t count,
		  const char *want)
{
	set_steps(b, steps);
	assert_string_equal(answer(b, (struct tok_span){ (const uint8_t *)text, count }), want);
}

/* Bad bytes are neither letter nor number nor space, and stay in the text. */
static void bad_bytes_are_kept(void **state)
{
	(void)state;
	struct bench b = { 0 };
	check(&b, "whitespace", "a\xFF\xC3 b", 5, "0-1 1-3 4-5");
	check(&b, "bert",
	      "\xFF"
	      "a.",
	      3, "0-2 2-3");
	check(&b, "bytelevel:wx", "a\xE4\xB8 b\xFF", 6, "0-1 1-3 3-5 5-6");
	check(&b, "scripts",
	      "\x80"
	      "a",
	      2, "0-1 1-2");
	check(&b, "digits:0",
	      "\xFF"
	      "1\xFF",
	      3, "0-1 1-2 2-3");
	check(&b, "length:2", "\xFF\xFE\xFD", 3, "0-2 2-3");
	release(&b);
}

static void raw_keeps_the_bytes(void **state)
{
	(void)state;
	struct bench b = { 0 };
	check(&b, "bytelevel:wpx", "\xC3\xA9 x", 4, "20c3a9:0-1 1-3");
	check(&b, "bytelevel:w", "\xC3\xA9 x", 4, "0-3");
	release(&b);
}

/* sentencepiece::SplitIntoWords, from its own tests. */
static void sentencepiece_words(void **state)
{
	(void)state;
	struct bench b = { 0 };
	check(&b, "words:0", "▁this▁is▁a", 16, "0-5 5-8 8-10");
	check(&b, "words:0", "▁this▁▁is", 15, "0-5 5-6 6-9");
	check(&b, "words:1", "this▁is▁a▁", 16, "0-5 5-8 8-10");
	check(&b, "words:1", "▁this▁▁is", 15, "0-1 1-6 6-7 7-9");
	check(&b, "words:1", "▁▁hello▁▁", 17, "0-1 1-2 2-8 8-9");
	release(&b);
}

static void a_length_of_zero_is_refused(void **state)
{
	(void)state;
	const struct tok_pretok_step step = { .kind = TOK_PRETOK_FIXED_LENGTH };
	struct tok_pretokenizer *pretokenizer;
	struct tok_error err = { 0 };
	assert_int_equal(tok_pretokenizer_new(&step, 1, &pretokenizer, &err), TOK_EFORMAT);
	assert_non_null(strstr(err.message, "at least 1"));
}

/* What `steps` make of `document` without its first `dropped` bytes, the pieces
 * joined by '|'. */
static void check_tail(struct bench *b, const char *steps, const char *document, size_t dropped,
		       const char *want)
{
	struct tok_text whole = { .tracked = true };
	struct tok_error err = { 0 };
	set_steps(b, steps);
	b->text.tracked = true;
	tok_text_clear(&b->text);
	tok_buffer_clear(&b->answer);
	assert_true(tok_text_set(&whole, tok_span_of(document), 0));
	assert_true(tok_text_copy(&b->text, &whole, dropped, whole.count));
	tok_text_release(&whole);
	assert_int_equal(tok_pretokenize(b->pretokenizer, TOK_KERNEL_SCALAR, b->scratch, &b->text,
					 dropped == 0, &b->pieces, &err),
			 TOK_OK);
	for (size_t i = 0; i < b->pieces.count; i++) {
		const struct tok_range range = b->pieces.ranges[i];
		print(&b->answer, "|", i > 0);
		print(&b->answer, (const char *)b->text.bytes + range.begin,
		      range.end - range.begin);
	}
	print(&b->answer, "", 1);
	assert_string_equal((const char *)b->answer.bytes, want);
}

/* Metaspace "first" after a normaliser that removes the head of the text: the
 * expected pieces are what tokenizers 0.23.2 encodes with Strip and with
 * Replace("h", ""), and behind an added token. */
static void first_asks_where_the_text_came_from(void **state)
{
	(void)state;
	struct bench b = { 0 };
	check_tail(&b, "metaspace:5f:first:0", "hi hi", 0, "_hi_hi");
	check_tail(&b, "metaspace:5f:first:0", "  hi hi", 2, "hi_hi");
	check_tail(&b, "metaspace:5f:first:0", "hi i", 1, "i_i");
	check_tail(&b, "whitespacesplit+metaspace:5f:first:0", "hi hi", 0, "_hi|hi");
	check_tail(&b, "whitespacesplit+metaspace:5f:first:0", "  hi hi", 2, "hi|hi");
	check_tail(&b, "whitespacesplit+metaspace:5f:first:0", "<x>hi", 3, "hi");
	release(&b);
}

/* The text of piece i, bytes and all. */
static bool same_piece(const struct bench *a, size_t i, const struct bench *b, size_t k)
{
	const struct tok_range x = a->pieces.ranges[i], y = b->pieces.ranges[k];
	return tok_span_equal(tok_span_slice(tok_text_span(&a->text), x.begin, x.end),
			      tok_span_slice(tok_text_span(&b->text), y.begin, y.end));
}

static bool is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* A pre-tokenizer that says it breaks words does: pieces of the two sides of
 * every such place are those of the whole. */
static void words_are_broken_where_promised(void **state)
{
	(void)state;
	static const char *const promising[] = { "whitespace",
						 "whitespacesplit",
						 "bert",
						 "bytelevel:px",
						 "metaspace:e29681:first:1",
						 "metaspace:5f:always:1",
						 "digits:1+bytelevel:px",
						 "punctuation:p+whitespacesplit+bytelevel:p" };
	static const char *const not_promising[] = { "bytelevel:p", "metaspace:5f:always:0",
						     "scripts", "length:3", "split:l:20:p:0" };
	struct bench whole = { 0 }, left = { 0 }, right = { 0 };
	size_t promises = 0, places = 0;
	for (size_t i = 0; i < sizeof not_promising / sizeof *not_promising; i++) {
		set_steps(&whole, not_promising[i]);
		assert_false(tok_pretokenizer_breaks_words(whole.pretokenizer));
	}
	for (size_t i = 0; i < sizeof promising / sizeof *promising; i++) {
		set_steps(&whole, promising[i]);
		assert_true(tok_pretokenizer_breaks_words(whole.pretokenizer));
	}
	const char *steps = "";
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].steps) {
			set_steps(&whole, steps = rows[i].steps);
			set_steps(&left, steps);
			set_steps(&right, steps);
			promises += tok_pretokenizer_breaks_words(whole.pretokenizer);
		}
		if (!tok_pretokenizer_breaks_words(whole.pretokenizer))
			continue;
		const struct tok_span text =
		    pretok_hex(&whole.arena, rows[i].text, strlen(rows[i].text));
		for (size_t at = 1; at + 1 < text.count; at++) {
			const uint8_t *p = text.bytes + at;
			if (p[0] != ' ' || !is_letter(p[1]) ||
			    !(is_letter(p[-1]) || (p[-1] >= '0' && p[-1] <= '9')))
				continue;
			places++;
			cut(&whole, text, true);
			cut(&left, tok_span_slice(text, 0, at), true);
			cut(&right, tok_span_slice(text, at, text.count), true);
			assert_int_equal(whole.pieces.count,
					 left.pieces.count + right.pieces.count);
			for (size_t k = 0; k < whole.pieces.count; k++)
				assert_true(
				    k < left.pieces.count
					? same_piece(&whole, k, &left, k)
					: same_piece(&whole, k, &right, k - left.pieces.count));
		}
	}
	assert_true(promises > 20 && places > 100);
	release(&whole);
	release(&left);
	release(&right);
}

/* 2 MB of one thing is done in well under a second, whatever the step. */
static void nothing_is_quadratic(void **state)
{
	(void)state;
	static const char *const fillings[] = { "a",      " ", "A", "1",    "\n ",
						"\u0301", "'", "▁", "\xFF", "Aあ" };
	static const char *const steps[] = { "whitespace",
					     "bert",
					     "scripts",
					     "digits:1",
					     "digits:0",
					     "bytelevel:px",
					     "metaspace:e29681:always:1",
					     "length:7",
					     "whitespacesplit+punctuation:c",
					     "punctuation:n" };
	const size_t count = 2u << 20;
	char *bytes = malloc(count);
	assert_non_null(bytes);
	struct bench b = { 0 };
	for (size_t f = 0; f < sizeof fillings / sizeof *fillings; f++) {
		const size_t length = strlen(fillings[f]);
		for (size_t i = 0; i < count; i++)
			bytes[i] = fillings[f][i % length];
		for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
			set_steps(&b, steps[s]);
			const clock_t start = clock();
			cut(&b, (struct tok_span){ (const uint8_t *)bytes, count }, false);
			const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
			if (seconds > 30) /* only what grows with the square takes so long */
				fail_msg("%s on 2 MB of '%s': %.1f s", steps[s], fillings[f],
					 seconds);
		}
	}
	free(bytes);
	release(&b);
}

/* ---- for tests/oracles/pretok_all.py ---- */

static int answer_lines(const char *steps)
{
	struct bench b = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	set_steps(&b, steps);
	while ((length = getline(&line, &room, stdin)) > 0) {
		const size_t count = (size_t)length - (line[length - 1] == '\n');
		puts(answer(&b, pretok_hex(&b.arena, line, count)));
		tok_arena_release(&b.arena);
	}
	free(line);
	release(&b);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--answer") == 0)
		return answer_lines(argv[2]);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_the_references),
		cmocka_unit_test(tracking_changes_nothing),
		cmocka_unit_test(classes_are_the_references),
		cmocka_unit_test(bad_bytes_are_kept),
		cmocka_unit_test(raw_keeps_the_bytes),
		cmocka_unit_test(sentencepiece_words),
		cmocka_unit_test(first_asks_where_the_text_came_from),
		cmocka_unit_test(a_length_of_zero_is_refused),
		cmocka_unit_test(words_are_broken_where_promised),
		cmocka_unit_test(nothing_is_quadratic),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
