/* test_difference.c - tokens of the same bytes paired with each other, lists of merges with
 * repeats; and the same is told when the two sides change places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "tok/base/buffer.h"
#include "vocab/audit/difference.h"
#include "vocab/format/read.h"

/* ---- tokenizers ---------------------------------------------------------------------------- */

struct piece {
	const char *text;
	enum tok_piece_type type;
	double score;
};

#define SPACE "\xE2\x96\x81"

/* A SentencePiece BPE of these pieces. */
static void make_pieces(const struct piece *pieces, size_t count, struct tok_spec *out)
{
	struct tok_vocab_entry *entries = tok_arena_array(&out->arena, count, sizeof *entries);
	struct tok_norm_step *norm = tok_arena_array(&out->arena, 1, sizeof *norm);
	struct tok_decode_step *decoder = tok_arena_array(&out->arena, 1, sizeof *decoder);
	memset(out->model.byte_ids, 0xFF, sizeof out->model.byte_ids);
	for (size_t i = 0; i < count; i++) {
		entries[i] = (struct tok_vocab_entry){ .text = tok_span_of(pieces[i].text),
						       .id = (tok_id)i,
						       .type = pieces[i].type,
						       .score = pieces[i].score };
		if (pieces[i].type == TOK_PIECE_BYTE)
			out->model.byte_ids['a'] = (tok_id)i;
	}
	*norm = (struct tok_norm_step){ .kind = TOK_NORM_SENTENCEPIECE };
	norm->as.sentencepiece.escape_whitespaces = true;
	*decoder = (struct tok_decode_step){ .kind = TOK_DECODE_SENTENCEPIECE };
	out->model.kind = TOK_MODEL_BPE;
	out->model.as.bpe.order = TOK_BPE_SCORES;
	out->model.as.bpe.fuse_unk = true;
	out->model.byte_fallback = true;
	out->model.unk = 0;
	out->model.entries = entries;
	out->model.entry_count = count;
	out->normalizers = norm;
	out->normalizer_count = 1;
	out->decoders = decoder;
	out->decoder_count = 1;
	out->has_decoder = true;
	out->sentencepiece = true;
}

static void make_merges(const char *merges, struct tok_spec *out)
{
	char json[1000];
	struct tok_error err = { 0 };
	snprintf(json, sizeof json,
		 "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,"
		 "\"c\":2,\"ab\":3,\"bc\":4,\"ca\":5},\"merges\":[%s]}}",
		 merges);
	if (vocab_read_bytes(tok_span_of(json), NULL, out, &err) != TOK_OK)
		fail_msg("%s: %s", merges, err.message);
}

static struct tok_tokenizer *compile(const struct tok_spec *spec)
{
	struct tok_spec copy = *spec;
	struct tok_tokenizer *tokenizer;
	struct tok_error err = { 0 };
	copy.arena = (struct tok_arena){ 0 };
	if (tok_tokenizer_new(&copy, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&copy);
	return tokenizer;
}

static void compare(const struct tok_spec *a, const struct tok_spec *b,
		    struct vocab_differences *out)
{
	struct tok_tokenizer *x = compile(a), *y = compile(b);
	struct tok_error err = { 0 };
	assert_int_equal(vocab_differences_find(&(struct vocab_difference_side){ x, a },
						&(struct vocab_difference_side){ y, b }, out, &err),
			 TOK_OK);
	tok_tokenizer_free(x);
	tok_tokenizer_free(y);
}

/* ---- tokens -------------------------------------------------------------------------------- */

static const struct piece first[] = {
	{ "<unk>", TOK_PIECE_UNKNOWN, 0 }, { "<0x61>", TOK_PIECE_BYTE, 0 },
	{ SPACE, TOK_PIECE_NORMAL, -1 },   { "a", TOK_PIECE_NORMAL, -2 },
	{ "b", TOK_PIECE_NORMAL, NAN },
};
/* One piece more in front: every id is another, nothing else is. */
static const struct piece second[] = {
	{ "<unk>", TOK_PIECE_UNKNOWN, 0 }, { "<s>", TOK_PIECE_CONTROL, 0 },
	{ "<0x61>", TOK_PIECE_BYTE, 0 },   { SPACE, TOK_PIECE_NORMAL, -1 },
	{ "a", TOK_PIECE_NORMAL, -2 },     { "b", TOK_PIECE_NORMAL, NAN },
};
/* The text before the byte, the byte's bytes under fewer ids. */
static const struct piece third[] = {
	{ "<unk>", TOK_PIECE_UNKNOWN, 0 }, { "a", TOK_PIECE_NORMAL, -2 },
	{ SPACE, TOK_PIECE_NORMAL, -1 },   { "<0x61>", TOK_PIECE_BYTE, 0 },
	{ "b", TOK_PIECE_NORMAL, NAN },
};
static const struct piece fourth[] = {
	{ "<unk>", TOK_PIECE_UNKNOWN, 0 },
	{ "b", TOK_PIECE_NORMAL, NAN },
	{ SPACE, TOK_PIECE_NORMAL, -1 },
	{ "a", TOK_PIECE_NORMAL, -3 },
};

/* Another order under ids that are others all. */
static const struct piece fifth[] = {
	{ "<unk>", TOK_PIECE_UNKNOWN, 0 }, { "<s>", TOK_PIECE_CONTROL, 0 },
	{ "a", TOK_PIECE_NORMAL, -2 },     { SPACE, TOK_PIECE_NORMAL, -1 },
	{ "<0x61>", TOK_PIECE_BYTE, 0 },   { "b", TOK_PIECE_NORMAL, NAN },
};
/* "a" is of a type that no token of the same bytes has. */
static const struct piece sixth[] = {
	{ "<unk>", TOK_PIECE_UNKNOWN, 0 }, { "<s>", TOK_PIECE_CONTROL, 0 },
	{ "<0x61>", TOK_PIECE_BYTE, 0 },   { SPACE, TOK_PIECE_NORMAL, -1 },
	{ "a", TOK_PIECE_UNUSED, -2 },     { "b", TOK_PIECE_NORMAL, NAN },
};

static const struct {
	const char *name;
	const struct piece *a, *b;
	size_t count_a, count_b, same;
	size_t other_id, only_a, only_b, type, score;
} rows[] = {
	{ "itself", first, first, 5, 5, 5, 0, 0, 0, 0, 0 },
	{ "one in front", first, second, 5, 6, 1, 4, 0, 1, 0, 0 },
	/* "a" is 3 where the byte is 3 in the other: the same bytes under the same id, another
	 * type and score. */
	{ "text first", first, third, 5, 5, 5, 0, 0, 0, 2, 2 },
	{ "all moved", first, fifth, 5, 6, 1, 4, 0, 1, 0, 0 },
	{ "another type", first, sixth, 5, 6, 1, 4, 0, 1, 1, 0 },
	{ "one fewer", first, fourth, 5, 4, 3, 2, 0, 0, 0, 1 },
};

static void assert_row(size_t i, bool turned)
{
	struct tok_spec a = { 0 }, b = { 0 };
	struct vocab_differences d = { 0 };
	make_pieces(rows[i].a, rows[i].count_a, &a);
	make_pieces(rows[i].b, rows[i].count_b, &b);
	compare(turned ? &b : &a, turned ? &a : &b, &d);
	const size_t *c = d.counts;
	const size_t only_a = turned ? rows[i].only_b : rows[i].only_a;
	const size_t only_b = turned ? rows[i].only_a : rows[i].only_b;
	if (d.same != rows[i].same || c[VOCAB_DIFFERENCE_ID] != rows[i].other_id ||
	    c[VOCAB_DIFFERENCE_ONLY_A] != only_a || c[VOCAB_DIFFERENCE_ONLY_B] != only_b ||
	    c[VOCAB_DIFFERENCE_TYPE] != rows[i].type || c[VOCAB_DIFFERENCE_SCORE] != rows[i].score)
		fail_msg("%s, %d: %zu same; ids %zu, only %zu and %zu, types %zu, scores %zu",
			 rows[i].name, turned, d.same, c[VOCAB_DIFFERENCE_ID],
			 c[VOCAB_DIFFERENCE_ONLY_A], c[VOCAB_DIFFERENCE_ONLY_B],
			 c[VOCAB_DIFFERENCE_TYPE], c[VOCAB_DIFFERENCE_SCORE]);
	vocab_differences_release(&d);
	tok_spec_release(&a);
	tok_spec_release(&b);
}

static void tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_row(i, false);
		assert_row(i, true);
	}
}

/* ---- merges -------------------------------------------------------------------------------- */

static void merges(void **state)
{
	static const struct {
		const char *a, *b;
		size_t only_a, only_b, moved;
	} lists[] = {
		{ "\"a b\",\"b c\",\"c a\"", "\"a b\",\"b c\",\"c a\"", 0, 0, 0 },
		{ "\"a b\",\"a b\",\"b c\",\"b c\",\"c a\"", "\"a b\",\"b c\",\"c a\"", 2, 0, 0 },
		{ "\"a b\",\"a b\",\"b c\"", "\"a b\",\"b c\",\"a b\",\"c a\"", 0, 1, 1 },
		{ "\"a b\",\"a b\",\"a b\"", "\"c a\"", 3, 1, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (int turned = 0; turned < 2; turned++) {
			struct tok_spec a = { 0 }, b = { 0 };
			struct vocab_differences d = { 0 };
			make_merges(lists[i].a, &a);
			make_merges(lists[i].b, &b);
			compare(turned ? &b : &a, turned ? &a : &b, &d);
			assert_int_equal(turned ? d.merges.only_b : d.merges.only_a,
					 lists[i].only_a);
			assert_int_equal(turned ? d.merges.only_a : d.merges.only_b,
					 lists[i].only_b);
			assert_int_equal(d.merges.moved, lists[i].moved);
			vocab_differences_release(&d);
			tok_spec_release(&a);
			tok_spec_release(&b);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tokens), cmocka_unit_test(merges) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
