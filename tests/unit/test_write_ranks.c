/*
 * test_write_ranks.c - ranks become merges, and merges ranks, without changing an id: on
 * random vocabularies in orders of ranks that no training gives; and which expressions are
 * the same in both dialects.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "pipeline.h"
#include "vocab/format/base64.h"
#include "vocab/format/patterns_internal.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"

enum { ROUNDS = 150, TEXTS = 60, TEXT_MOST = 40 };
#define SPLIT "[a-d]+|[^a-d]" /* long pieces, and all text is in some */

static uint64_t roll(uint64_t *dice)
{
	uint64_t z = *dice += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* ---- vocabularies ------------------------------------------------------------------ */

static void put_line(struct tok_buffer *out, struct tok_span token, size_t rank)
{
	uint8_t text[32];
	char line[64];
	assert_true(vocab_base64_length(token.count) <= sizeof text);
	vocab_base64_encode(token, text);
	const int count = snprintf(line, sizeof line, "%.*s %zu\n",
				   (int)vocab_base64_length(token.count), (const char *)text, rank);
	assert_true(tok_buffer_add(out, line, (size_t)count));
}

static bool is_known(const uint8_t (*tokens)[8], const size_t *lengths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (lengths[i] == lengths[count] && memcmp(tokens[i], tokens[count], 8) == 0)
			return true;
	return false;
}

struct strings {
	uint8_t bytes[64][8];
	size_t lengths[64], count;
};

/* Of few letters.  Where they are `grown` each is two that were made before, or letters,
 * as training makes them. */
static void make_string(uint64_t *dice, bool grown, struct strings *all)
{
	const size_t n = all->count;
	uint8_t *bytes = all->bytes[n];
	size_t length = 0;
	memset(bytes, 0, 8);
	for (int part = 0; part < 2; part++) {
		const size_t pick = roll(dice) % (n + 4);
		if (grown && pick < n && length + all->lengths[pick] <= 7) {
			memcpy(bytes + length, all->bytes[pick], all->lengths[pick]);
			length += all->lengths[pick];
		} else {
			bytes[length++] = (uint8_t)('a' + roll(dice) % 4);
		}
	}
	while (!grown && length < 7 && roll(dice) % 2)
		bytes[length++] = (uint8_t)('a' + roll(dice) % 4);
	all->lengths[n] = length;
	all->count += !is_known((const uint8_t(*)[8])all->bytes, all->lengths, n);
}

/* A .tiktoken of `count` strings and all bytes, which come first if they are `grown`, else
 * anywhere between. */
static void make_ranks(uint64_t *dice, size_t count, bool grown, struct tok_buffer *out)
{
	struct strings all = { .count = 0 };
	const size_t first = grown ? 0 : roll(dice) % (count + 1);
	size_t rank = 0;
	while (all.count < count)
		make_string(dice, grown, &all);
	tok_buffer_clear(out);
	for (size_t n = 0; n <= count; n++) {
		for (unsigned byte = 0; n == first && byte < 256; byte++) {
			const uint8_t one = (uint8_t)byte;
			put_line(out, (struct tok_span){ &one, 1 }, rank++);
		}
		if (n < count)
			put_line(out, (struct tok_span){ all.bytes[n], all.lengths[n] }, rank++);
	}
}

static struct tok_spec read_spec(struct tok_span file)
{
	const bool has_pattern = file.count && file.bytes[0] == '{';
	const struct vocab_read_options options = { .pattern = has_pattern ? NULL : SPLIT };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(file, &options, &spec, &err) != TOK_OK)
		fail_msg("%s: %.*s", err.message, (int)file.count, (const char *)file.bytes);
	return spec;
}

static struct tok_error last; /* why there is no file */

static bool write_spec(enum vocab_file_kind kind, const struct tok_spec *spec,
		       struct tok_buffer *out)
{
	struct tok_error err = { 0 };
	tok_buffer_clear(out);
	const enum tok_status status = vocab_write(kind, spec, out, &err);
	if (status != TOK_OK && (kind != VOCAB_TIKTOKEN || status != TOK_EARG))
		fail_msg("%s", err.message);
	last = err;
	return status == TOK_OK;
}

/* ---- the law --------------------------------------------------------------------------- */

static void check_same_ids(struct pipeline *a, struct pipeline *b, uint64_t *dice,
			   struct tok_span file)
{
	for (int i = 0; i < TEXTS; i++) {
		struct tok_encoding x, y;
		struct tok_error err = { 0 };
		const struct tok_encode_options options = { 0 };
		uint8_t bytes[TEXT_MOST];
		const size_t count = roll(dice) % TEXT_MOST;
		for (size_t at = 0; at < count; at++)
			bytes[at] =
			    roll(dice) % 16 ? (uint8_t)('a' + roll(dice) % 4) : (uint8_t)roll(dice);
		const struct tok_span text = { bytes, count };
		assert_int_equal(tok_encode(a->encoder, text, &options, &x, &err), TOK_OK);
		assert_int_equal(tok_encode(b->encoder, text, &options, &y, &err), TOK_OK);
		if (x.count != y.count ||
		    (x.count && memcmp(x.ids, y.ids, x.count * sizeof *x.ids) != 0))
			fail_msg("'%.*s' has other ids:\n%.*s", (int)count, (const char *)bytes,
				 (int)file.count, (const char *)file.bytes);
	}
}

/* Ranks and the merges made of them; then ranks again, where they can be. */
static size_t check_ranks(uint64_t *dice, bool grown)
{
	struct tok_buffer ranks = { 0 }, json = { 0 }, again = { 0 };
	make_ranks(dice, 1 + roll(dice) % 30, grown, &ranks);
	struct tok_spec spec = read_spec(tok_buffer_span(&ranks));
	assert_true(write_spec(VOCAB_TOKENIZER_JSON, &spec, &json));
	assert_true(write_spec(VOCAB_TIKTOKEN, &spec, &again) || !grown);
	struct tok_spec merges = read_spec(tok_buffer_span(&json));
	const bool back = write_spec(VOCAB_TIKTOKEN, &merges, &again);
	struct pipeline a = pipeline_new(&spec), b = pipeline_new(&merges);
	check_same_ids(&a, &b, dice, tok_buffer_span(&ranks));
	pipeline_release(&b);
	if (back) {
		struct tok_spec third = read_spec(tok_buffer_span(&again));
		b = pipeline_new(&third);
		check_same_ids(&a, &b, dice, tok_buffer_span(&json));
		pipeline_release(&b);
	}
	pipeline_release(&a);
	tok_buffer_release(&ranks);
	tok_buffer_release(&json);
	tok_buffer_release(&again);
	return back;
}

static void ranks_become_merges_and_back(void **state)
{
	uint64_t dice = 1;
	size_t back = 0;
	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		back += check_ranks(&dice, i % 2);
	assert_true(back > ROUNDS / 2);
}

/* A list of merges in the order that somebody gave it: a .tiktoken only if it says so. */
static bool check_merges(uint64_t *dice)
{
	struct tok_buffer ranks = { 0 }, out = { 0 };
	make_ranks(dice, 2 + roll(dice) % 20, true, &ranks);
	struct tok_spec spec = read_spec(tok_buffer_span(&ranks));
	assert_true(write_spec(VOCAB_TOKENIZER_JSON, &spec, &out));
	tok_spec_release(&spec);
	spec = read_spec(tok_buffer_span(&out));
	const size_t count = spec.model.as.bpe.merge_count;
	struct tok_merge *merges = tok_arena_array(&spec.arena, count, sizeof *merges);
	assert_non_null(merges);
	memcpy(merges, spec.model.as.bpe.merges, count * sizeof *merges);
	for (size_t i = 0; i < 2 && count; i++) { /* exchange two */
		const size_t x = roll(dice) % count, y = roll(dice) % count;
		const struct tok_merge one = merges[x];
		merges[x] = merges[y];
		merges[y] = one;
	}
	spec.model.as.bpe.merges = merges;
	const bool written = write_spec(VOCAB_TIKTOKEN, &spec, &out);
	if (written) {
		struct tok_spec other = read_spec(tok_buffer_span(&out));
		struct pipeline a = pipeline_new(&spec), b = pipeline_new(&other);
		check_same_ids(&a, &b, dice, tok_buffer_span(&out));
		pipeline_release(&a);
		pipeline_release(&b);
	} else {
		tok_spec_release(&spec);
	}
	tok_buffer_release(&ranks);
	tok_buffer_release(&out);
	return written;
}

static void merges_out_of_order_are_no_ranks(void **state)
{
	uint64_t dice = 2;
	size_t written = 0, refused = 0;
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		if (check_merges(&dice))
			written++;
		else
			refused +=
			    strstr(last.message, "the order of merges is that of ids") != NULL;
	}
	assert_true(written > 0 && refused > 0 && written + refused == ROUNDS);
}

/* ---- special tokens in the way ------------------------------------------------------------ */

/* Their ids lie behind a hole, as cl100k's do: they go into the vocabulary too. */
static void special_tokens_keep_their_ids(void **state)
{
	struct tok_buffer file = { 0 };
	uint64_t dice = 3;
	(void)state;
	make_ranks(&dice, 10, true, &file);
	struct tok_spec spec = read_spec(tok_buffer_span(&file));
	const struct tok_added_token end = { .content = tok_span_of("<end>"),
					     .id = 300,
					     .special = true };
	spec.added = &end;
	spec.added_count = 1;
	assert_true(write_spec(VOCAB_TOKENIZER_JSON, &spec, &file));
	tok_spec_release(&spec);
	spec = read_spec(tok_buffer_span(&file));
	assert_int_equal(spec.added_count, 1);
	assert_int_equal(spec.added[0].id, 300);
	assert_true(spec.model.entry_count == 267 && !spec.model.as.bpe.ignore_merges);
	assert_true(write_spec(VOCAB_TIKTOKEN, &spec, &file));
	tok_spec_release(&spec);
	spec = read_spec(tok_buffer_span(&file));
	assert_int_equal(spec.model.entry_count, 266);
	tok_spec_release(&spec);
	tok_buffer_release(&file);
}

/* ---- dialects ---------------------------------------------------------------------------------
 */

static void dialects_agree_or_are_not_mixed(void **state)
{
	static const struct {
		const char *pattern;
		bool alike;
	} rows[] = {
		{ "\\p{N}{1,3}| ?[^\\s\\p{L}\\]]+|\\s+(?!\\S)|(?:a|b){2,}", true },
		{ "(a)|(?=b)|[-a\\n]|\\P{Lu}", true },
		{ "a++", false },
		{ "a{1,3}+", false },
		{ "a*?", false },
		{ "a{,3}", false },
		{ "a{3", false },
		{ "^a", false },
		{ "a$", false },
		{ ".", false },
		{ "\\d", false },
		{ "\\w", false },
		{ "\\pL", false },
		{ "(?i:a)", false },
		{ "(?<x>a)", false },
		{ "(?>a)", false },
		{ "[a&&b]", false },
		{ "[a[b]]", false },
		{ "[]a]", false },
		{ "[a", false },
		{ "a]", false },
		{ "a\\", false },
		{ "", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct tok_span pattern = tok_span_of(rows[i].pattern);
		const struct tok_span other = vocab_pattern_in_oniguruma(pattern);
		if ((other.bytes != NULL) != rows[i].alike)
			fail_msg("%s", rows[i].pattern);
		assert_true(!other.bytes || tok_span_equal(pattern, other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_become_merges_and_back),
		cmocka_unit_test(merges_out_of_order_are_no_ranks),
		cmocka_unit_test(special_tokens_keep_their_ids),
		cmocka_unit_test(dialects_agree_or_are_not_mixed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
