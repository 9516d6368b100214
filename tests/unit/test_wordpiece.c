/* WordPiece against its definition: the longest match, again and again.  Words
 * come twice, so that what is remembered answers too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tok/model/model.h"
#include "tok/text/utf8.h"

enum { ENTRIES = 120, TOKEN_BYTES = 16, WORD_BYTES = 60 };

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % below);
}

struct drawn {
	uint8_t bytes[ENTRIES][TOKEN_BYTES];
	struct tok_vocab_entry entries[ENTRIES];
	struct tok_model_spec spec;
};

static bool same(struct tok_span a, struct tok_span b)
{
	return a.count == b.count && memcmp(a.bytes, b.bytes, a.count) == 0;
}

/* The entry whose text is `prefix` and then `text`, or SIZE_MAX. */
static size_t find(const struct tok_model_spec *spec, struct tok_span prefix, struct tok_span text)
{
	for (size_t i = 0; i < spec->entry_count; i++) {
		const struct tok_span entry = spec->entries[i].text;
		if (entry.count == prefix.count + text.count &&
		    same(tok_span_slice(entry, 0, prefix.count), prefix) &&
		    same(tok_span_slice(entry, prefix.count, entry.count), text))
			return i;
	}
	return SIZE_MAX;
}

/* False: the word cannot be spelled. */
static bool spell(const struct tok_model_spec *spec, struct tok_span word, struct tok_tokens *out)
{
	if (tok_utf8_count(word) > spec->as.wordpiece.max_chars)
		return false;
	for (size_t at = 0, end; at < word.count; at = end) {
		const struct tok_span none = { word.bytes, 0 };
		size_t entry = SIZE_MAX;
		for (end = word.count; end > at && entry == SIZE_MAX; end -= entry == SIZE_MAX)
			entry = find(spec, at == 0 ? none : spec->as.wordpiece.prefix,
				     tok_span_slice(word, at, end));
		if (entry == SIZE_MAX)
			return false;
		assert_true(tok_tokens_add(out, spec->entries[entry].id,
					   (struct tok_range){ (uint32_t)at, (uint32_t)end }));
	}
	return true;
}

static size_t put_letter(uint8_t *out, uint32_t letter)
{
	static const char *const letters[] = {
		"a", "b", "\xC3\xA9", "\xE6\x97\xA5", "\xFF", "\xE2"
	};
	const size_t size = letter == 6 ? 1 : strlen(letters[letter]); /* NUL */
	memcpy(out, letter == 6 ? "" : letters[letter], size);
	return size;
}

static void draw_vocabulary(struct drawn *v, uint64_t *seed)
{
	struct tok_model_spec *spec = &v->spec;
	memset(v, 0, sizeof *v);
	spec->kind = TOK_MODEL_WORDPIECE;
	spec->entries = v->entries;
	spec->as.wordpiece.prefix = tok_span_of(draw(seed, 4) ? "##" : "");
	spec->as.wordpiece.max_chars = draw(seed, 2) ? 100 : 1 + draw(seed, 12);
	memset(spec->byte_ids, 0xFF, sizeof spec->byte_ids);
	while (spec->entry_count < ENTRIES) {
		uint8_t *bytes = v->bytes[spec->entry_count];
		size_t size = 0;
		if (draw(seed, 2)) {
			size = spec->as.wordpiece.prefix.count;
			memcpy(bytes, spec->as.wordpiece.prefix.bytes, size);
		}
		for (uint32_t k = 1 + draw(seed, 4); k > 0; k--)
			size += put_letter(bytes + size, draw(seed, draw(seed, 3) ? 2 : 7));
		const struct tok_span text = { bytes, size };
		if (find(spec, (struct tok_span){ bytes, 0 }, text) == SIZE_MAX)
			v->entries[spec->entry_count++] =
			    (struct tok_vocab_entry){ text, 3 * (tok_id)spec->entry_count + 1,
						      TOK_PIECE_NORMAL, 0.0 };
		else if (draw(seed, 50) == 0)
			break;
	}
	spec->unk =
	    draw(seed, 4) ? v->entries[draw(seed, (uint32_t)spec->entry_count)].id : TOK_NO_ID;
}

static void check_word(const struct tok_model_spec *spec, const struct tok_model *model,
		       struct tok_model_scratch *scratch, struct tok_span word, bool ranged)
{
	/* Something stands in front and, now and then, behind. */
	uint8_t text[WORD_BYTES + 60] = "xy";
	memcpy(text + 2, word.bytes, word.count);
	const struct tok_range piece = { 2, 2 + (uint32_t)word.count };
	const struct tok_span whole = { text, piece.end + (word.count % 2 ? 40 : 0) };
	struct tok_tokens expected = { .ranged = true }, found = { .ranged = ranged };
	enum tok_status status = TOK_OK;
	if (!spell(spec, word, &expected)) {
		expected.count = 0;
		status = spec->unk == TOK_NO_ID ? TOK_ETEXT : TOK_OK;
		if (status == TOK_OK)
			assert_true(tok_tokens_add(&expected, spec->unk,
						   (struct tok_range){ 0, (uint32_t)word.count }));
	}
	for (int pass = 0; pass < 2; pass++) {
		struct tok_error err = { 0 };
		found.count = 0;
		assert_int_equal(tok_model_encode(model, scratch, whole, piece, &found, &err),
				 status);
		assert_int_equal(found.count, expected.count);
		for (size_t i = 0; i < found.count; i++) {
			assert_int_equal(found.ids[i], expected.ids[i]);
			if (!ranged)
				continue;
			assert_int_equal(found.ranges[i].begin, expected.ranges[i].begin + 2);
			assert_int_equal(found.ranges[i].end, expected.ranges[i].end + 2);
		}
	}
	tok_tokens_release(&expected);
	tok_tokens_release(&found);
}

static void test_equals_definition(void **state)
{
	(void)state;
	struct drawn *v = malloc(sizeof *v);
	struct tok_model_scratch *scratch = tok_model_scratch_new();
	uint64_t seed = 5;
	for (int i = 0; i < 60; i++) {
		draw_vocabulary(v, &seed);
		/* The same vocabulary with another limit, unknown token and prefix. */
		for (int change = 0; change < 4; change++) {
			if (change == 1)
				v->spec.as.wordpiece.max_chars ^= 3;
			if (change == 2)
				v->spec.unk = v->entries[v->spec.entry_count / 2].id;
			if (change == 3)
				v->spec.as.wordpiece.prefix = tok_span_of("b");
			struct tok_model *model = NULL;
			assert_int_equal(tok_model_new(&v->spec, &model, NULL), TOK_OK);
			uint64_t words = 9; /* the same for all, so that they are found again */
			uint8_t word[WORD_BYTES];
			size_t size = 0;
			for (int w = 0; w < 100; w++) {
				/* Some go on where the last one ended. */
				if (size > WORD_BYTES - 45 || draw(&words, 3) == 0)
					size = 0;
				for (uint32_t k = 1 + draw(&words, 12); k > 0; k--)
					size += put_letter(word + size,
							   draw(&words, draw(&words, 3) ? 2 : 7));
				check_word(&v->spec, model, scratch,
					   (struct tok_span){ word, size }, w % 2);
			}
			tok_model_free(model);
		}
	}
	tok_model_scratch_free(scratch);
	free(v);
}

/* Many pieces at once are the pieces one by one, empty and long ones among them;
 * one that cannot be spelled leaves nothing behind. */
static void check_many(const struct tok_model *model, struct tok_model_scratch *scratch,
		       uint64_t *seed, bool ranged)
{
	enum { PIECES = 100, TEXT = 30 * PIECES };
	uint8_t bytes[TEXT] = { 0 };
	struct tok_range pieces[PIECES];
	struct tok_tokens one = { .ranged = ranged }, many = { .ranged = ranged };
	struct tok_error err = { 0 };
	enum tok_status status = TOK_OK;
	const size_t count = draw(seed, PIECES);
	size_t size = 0;
	for (size_t i = 0; i < count; i++) {
		pieces[i].begin = (uint32_t)size;
		for (uint32_t k = draw(seed, draw(seed, 20) ? 4 : 28); k > 0 && size + 3 < TEXT;
		     k--)
			size += put_letter(bytes + size, draw(seed, draw(seed, 9) ? 2 : 7));
		pieces[i].end = (uint32_t)size;
		size += size < TEXT && draw(seed, 2); /* not all touch each other */
	}
	const struct tok_span text = { bytes, size };
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = tok_model_encode(model, scratch, text, pieces[i], &one, &err);
	assert_true(tok_tokens_add(&many, 7, (struct tok_range){ 1, 2 }));
	assert_int_equal(tok_model_encode_pieces(model, scratch, text, pieces, count, &many, &err),
			 status);
	assert_int_equal(many.count, 1 + (status == TOK_OK ? one.count : 0));
	for (size_t i = 1; i < many.count; i++) {
		assert_int_equal(many.ids[i], one.ids[i - 1]);
		if (!ranged)
			continue;
		assert_int_equal(many.ranges[i].begin, one.ranges[i - 1].begin);
		assert_int_equal(many.ranges[i].end, one.ranges[i - 1].end);
	}
	tok_tokens_release(&one);
	tok_tokens_release(&many);
}

static void test_many_at_once(void **state)
{
	(void)state;
	struct drawn *v = malloc(sizeof *v);
	uint64_t seed = 17;
	for (int i = 0; i < 40; i++) {
		struct tok_model_scratch *scratch = tok_model_scratch_new();
		struct tok_model *model = NULL;
		draw_vocabulary(v, &seed);
		assert_int_equal(tok_model_new(&v->spec, &model, NULL), TOK_OK);
		for (int k = 0; k < 20; k++)
			check_many(model, scratch, &seed, k % 2);
		tok_model_free(model);
		tok_model_scratch_free(scratch);
	}
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_equals_definition),
					    cmocka_unit_test(test_many_at_once) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
