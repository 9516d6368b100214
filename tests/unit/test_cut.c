/*
 * Where tok_tokenizer_cut() cuts, the ids of the two parts are those of the
 * whole, their ranges too.
 *
 *	test_cut [FILE...]
 *
 * FILEs are tokenizers to ask instead of the fixtures and the ones made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/pipeline.h"
#include "vocab/format/read.h"

static char **given;
static int given_count;

struct bench {
	const char *name;
	struct pipeline pipeline;
	struct tok_encoder *second, *third;
	uint64_t seed;
	size_t places;
};

static uint32_t roll(struct bench *b, uint32_t sides)
{
	b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(b->seed >> 33) % sides;
}

/* Most kinds of places, and what might spoil each. */
static const char *const pieces[] = { "a",           "b",        " ",
				      " a",          "ab b",     "\n",
				      "\n\n",        "a\nb",     "1",
				      ".",           "\u4F60",   "\u597D",
				      "\u3002",      "\u3002\n", "\n\u4E16",
				      "e\u0301",     "\u0301",   "\u2581",
				      "  ",          "<s>",      "<x>",
				      "A",           " Z9",      "\u0436",
				      "\n\u0436",    "/",        "'s",
				      "\xFF",        "\r\n",     "\u3000",
				      "\uAC00",      "\t",       "the world and all ",
				      "\u00B4",      "</s>",     "-",
				      "\u4F60\u597D" };

static size_t make_text(struct bench *b, uint8_t *out, size_t room)
{
	size_t count = 0;
	for (uint32_t left = 1 + roll(b, 16); left > 0; left--) {
		const char *piece = pieces[roll(b, sizeof pieces / sizeof *pieces)];
		const size_t length = strlen(piece);
		if (count + length <= room)
			memcpy(out + count, piece, length), count += length;
	}
	return count;
}

/* False where the text is refused. */
static bool encode(struct tok_encoder *encoder, struct tok_span text, bool match, bool continues,
		   bool offsets, struct tok_encoding *out)
{
	const struct tok_encode_options options = {
		.special_text = match ? TOK_SPECIAL_MATCH : TOK_SPECIAL_ORDINARY,
		.offsets = offsets,
		.continues = continues,
	};
	struct tok_error err = { 0 };
	return tok_encode(encoder, text, &options, out, &err) == TOK_OK;
}

static void fail_at(const struct bench *b, struct tok_span text, size_t at, bool match,
		    bool continues)
{
	print_error("%s cut at %zu (match %d, continues %d):", b->name, at, match, continues);
	for (size_t i = 0; i < text.count; i++)
		print_error("%s%02x", i == at ? "|" : "", text.bytes[i]);
	fail_msg("the ids of the parts are not those of the whole");
}

static void check_place(struct bench *b, struct tok_span text, size_t at, bool match,
			bool continues, bool offsets)
{
	struct tok_encoding whole, left, right;
	if (!encode(b->pipeline.encoder, text, match, continues, offsets, &whole))
		return;
	if (!encode(b->second, tok_span_slice(text, 0, at), match, continues, offsets, &left) ||
	    !encode(b->third, tok_span_slice(text, at, text.count), match, true, offsets, &right) ||
	    left.count + right.count != whole.count)
		fail_at(b, text, at, match, continues);
	for (size_t i = 0; i < whole.count; i++) {
		const bool first = i < left.count;
		const struct tok_encoding *part = first ? &left : &right;
		const size_t k = first ? i : i - left.count, base = first ? 0 : at;
		if (part->ids[k] != whole.ids[i])
			fail_at(b, text, at, match, continues);
		if (offsets && (part->ranges[k].begin + base != whole.ranges[i].begin ||
				part->ranges[k].end + base != whole.ranges[i].end))
			fail_at(b, text, at, match, continues);
	}
	b->places++;
}

/* Every place that is found in some beginning of the text, in all of it. */
static void check_text(struct bench *b, struct tok_span text)
{
	const bool match = roll(b, 2), continues = roll(b, 3) == 0, offsets = roll(b, 4) == 0;
	for (size_t count = 1, last = 0; count <= text.count; count++) {
		const size_t at =
		    tok_tokenizer_cut(b->pipeline.tokenizer, tok_span_slice(text, 0, count), match);
		if (at > 0 && at != last && at < text.count)
			check_place(b, text, at, match, continues, offsets);
		last = at;
	}
}

static size_t check_tokenizer(const char *name, struct tok_spec *spec, size_t rounds)
{
	struct bench b = { .name = name, .seed = 3, .pipeline = pipeline_new(spec) };
	b.second = tok_encoder_new(b.pipeline.tokenizer);
	b.third = tok_encoder_new(b.pipeline.tokenizer);
	assert_true(b.second && b.third);
	for (size_t i = 0; i < rounds; i++) {
		uint8_t bytes[256];
		const size_t count = make_text(&b, bytes, sizeof bytes);
		check_text(&b, (struct tok_span){ bytes, count });
	}
	tok_encoder_free(b.second);
	tok_encoder_free(b.third);
	pipeline_release(&b.pipeline);
	return b.places;
}

static void test_given(void **state)
{
	(void)state;
	for (int i = 0; i < given_count; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		if (vocab_read_path(given[i], NULL, &spec, &err) != TOK_OK)
			fail_msg("%s: %s", given[i], err.message);
		print_message("%s: %zu places\n", given[i],
			      check_tokenizer(given[i], &spec, 40000));
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest by_hand[] = { cmocka_unit_test(test_given) };
	given = argv + 1;
	given_count = argc - 1;
	if (given_count > 0)
		return cmocka_run_group_tests(by_hand, NULL, NULL);
	return 0;
}
