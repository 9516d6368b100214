/*
 * The law of validity_rows.h for all kinds of models and patterns; and long texts.
 *
 *	test_validity [VOCABULARIES]      of each kind
 */
#include "tests/unit/checked.h"
#include "tests/unit/validity_rows.h"

static int times = CHECKED ? 1 : 4;

static void try_pipe(const char *name, enum kind kind, const struct pipe *pipe)
{
	size_t rows = 0, refused = 0;
	for (int i = 0; i < times; i++) {
		struct toy toy;
		draw_toy(&toy, kind, pipe, kind == BYTES && i % 2 == 1);
		try_toy(&toy, name, &rows, &refused);
	}
	print_message("%s: %zu rows accepted, %zu refused\n", name, rows, refused);
	assert_true(rows > 20 * (size_t)times && refused > 10 * (size_t)times);
}

static void try_pattern(const char *name, enum kind kind, const char *pattern)
{
	const struct pipe pipe = { .patterns = { pattern } };
	try_pipe(name, kind, &pipe);
}

static void bpe_rows_are_those_of_encodings(void **state)
{
	static const char *const names[] = { "gpt2", "cl100k", "qwen", "o200k", "tekken" };
	(void)state;
	try_pattern("no pattern", BYTES, NULL);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		try_pattern(names[i], BYTES, tok_pretok_pattern(names[i]));
}

/* A contraction that a row is in the middle of: some of its ends may be no tokens. */
static void contractions_are_those_of_encodings(void **state)
{
	static const char *const names[] = { "gpt2", "cl100k", "o200k" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct pipe re = { .patterns = { tok_pretok_pattern(names[i]) },
					 .letters = "a're" };
		const struct pipe ll = { .patterns = { tok_pretok_pattern(names[i]) },
					 .letters = "B'ls" };
		try_pipe(names[i], BYTES, &re);
		try_pipe(names[i], BYTES, &ll);
	}
}

static void steps_before_the_last_are_those_of_encodings(void **state)
{
	const struct pipe pipes[] = {
		{ .patterns = { "\\p{N}+", "(?=(\\d{3})+(?!\\d))" }, .letters = "13a " },
		{ .patterns = { "(?=(\\d{3})+(?!\\d))", tok_pretok_pattern("cl100k") },
		  .letters = "13a!" },
		{ .patterns = { "\\d{1,3}(?=(?:\\d{3})*\\b)", tok_pretok_pattern("o200k") },
		  .letters = "13a " },
		{ .patterns = { tok_pretok_pattern("number"), tok_pretok_pattern("gpt2") },
		  .letters = "13a '" },
		{ .patterns = { tok_pretok_pattern("number3"), tok_pretok_pattern("han_kana"),
				tok_pretok_pattern("deepseek") },
		  .letters = "1aB! \n\t'" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof pipes / sizeof *pipes; i++)
		try_pipe(pipes[i].patterns[0], BYTES, &pipes[i]);
}

/* Without letters that a piece may have to go on with. */
static void added_tokens_are_cut_out(void **state)
{
	static const char *const names[] = { "gpt2", "cl100k", "o200k" };
	static const enum kind kinds[] = { BYTES, LONGEST, CHARACTERS, UNIGRAM };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct pipe pipe = { .patterns = { tok_pretok_pattern(names[i]) },
					   .letters = "aB1 !'",
					   .added = true };
		try_pipe(names[i], BYTES, &pipe);
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct pipe pipe = { .added = true };
		try_pipe("added tokens", kinds[i], &pipe);
	}
}

static void user_defined_pieces_are_cut_out(void **state)
{
	const struct pipe pipe = { .user_defined = true };
	(void)state;
	try_pipe("user-defined", CHARACTERS, &pipe);
}

static void longest_matches_are_those_of_encodings(void **state)
{
	(void)state;
	try_pattern("longest match", LONGEST, NULL);
}

static void characters_without_token_are_spelled(void **state)
{
	const struct pipe words = { .words = true };
	(void)state;
	try_pattern("characters", CHARACTERS, NULL);
	try_pipe("characters, words", CHARACTERS, &words);
}

static void best_paths_are_those_of_encodings(void **state)
{
	(void)state;
	try_pattern("unigram", UNIGRAM, NULL);
}

/* ---- long texts ------------------------------------------------------------------- */

enum { LONG_TEXT = 2000 };

static void accept_all(struct trial *t, const struct tok_encoding *r)
{
	struct tok_valid_state state = tok_validity_start(t->validity);
	for (size_t i = 0; i < r->count; i++) {
		const struct tok_span text = tok_byte_tokens_text(t->tokens, r->ids[i]);
		struct tok_valid_state next;
		for (size_t k = 0; k < text.count; k++)
			assert_true(tok_validity_byte(t->validity, &state, text.bytes[k]));
		assert_true(tok_validity_token(t->validity, &state, r->ids[i], &next));
		state = next;
	}
	assert_true(tok_validity_end(t->validity, &state));
}

/* A state does not grow with the text. */
static void long_texts_are_accepted(void **state)
{
	static const enum kind kinds[] = { BYTES, LONGEST, CHARACTERS, UNIGRAM };
	static uint8_t bytes[LONG_TEXT + 4];
	(void)state;
	for (int i = 0; i < 40; i++) {
		struct toy toy;
		struct trial t = { .toy = &toy, .name = "long" };
		struct tok_error err = { 0 };
		const struct tok_encode_options options = { .add_special = false };
		struct tok_encoding r;
		size_t count = 0;
		const struct pipe pipe = {
			.patterns = { i % 8 == 0 ? tok_pretok_pattern("cl100k") : NULL },
			.added = i >= 20,
		};
		draw_toy(&toy, kinds[i % 4], &pipe, false);
		open_trial(&t);
		while (count < LONG_TEXT) {
			const char *letter = toy.of[draw((uint32_t)toy.letters)]->bytes;
			memcpy(bytes + count, letter, strlen(letter));
			count += strlen(letter);
		}
		if (tok_encode(t.encoder, (struct tok_span){ bytes, count }, &options, &r, &err) !=
		    TOK_OK)
			fail_msg("%s", err.message);
		accept_all(&t, &r);
		close_trial(&t);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bpe_rows_are_those_of_encodings),
		cmocka_unit_test(contractions_are_those_of_encodings),
		cmocka_unit_test(steps_before_the_last_are_those_of_encodings),
		cmocka_unit_test(added_tokens_are_cut_out),
		cmocka_unit_test(user_defined_pieces_are_cut_out),
		cmocka_unit_test(longest_matches_are_those_of_encodings),
		cmocka_unit_test(characters_without_token_are_spelled),
		cmocka_unit_test(best_paths_are_those_of_encodings),
		cmocka_unit_test(long_texts_are_accepted),
	};
	if (argc > 1)
		times = atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
