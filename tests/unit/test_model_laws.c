/* What holds for every model: each allocation may fail, a warm encoder allocates
 * nothing, long pieces are no slower by the byte than short ones, the long way to
 * merge equals the definition, and what is remembered changes no answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/heap.h"
#include "tok/model/model.h"

enum { LONG_BYTES = (CHECKED ? 2 : 20) * 100 * 1000 };

/* ---- a vocabulary grown from letters ---- */

enum { TOKEN_MAX = 6000, TEXT_MAX = 16 };

struct grown {
	char text[TOKEN_MAX][TEXT_MAX];
	struct tok_vocab_entry entries[TOKEN_MAX];
	struct tok_merge merges[TOKEN_MAX];
	size_t count, merge_count;
};

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % below);
}

static size_t find_text(const struct grown *g, const char *text)
{
	size_t i = 0;
	while (i < g->count && strcmp(g->text[i], text) != 0)
		i++;
	return i;
}

static void add_text(struct grown *g, const char *text, enum tok_piece_type type)
{
	strcpy(g->text[g->count], text);
	g->entries[g->count] = (struct tok_vocab_entry){
		.text = tok_span_of(g->text[g->count]),
		.id = (tok_id)g->count,
		.type = type,
		.score = -1.0 - (double)(g->count / 3),
	};
	g->count++;
}

/* A token made of two, unless it is too long or there already. */
static void join_tokens(struct grown *g, size_t left, size_t right)
{
	char text[2 * TEXT_MAX];
	snprintf(text, sizeof text, "%s%s", g->text[left], g->text[right]);
	if (strlen(text) >= TEXT_MAX || find_text(g, text) < g->count)
		return;
	g->merges[g->merge_count++] =
	    (struct tok_merge){ (tok_id)left, (tok_id)right, (tok_id)g->count };
	add_text(g, text, TOK_PIECE_NORMAL);
}

/* Letters and space are the first tokens, "<unk>" the one behind them; then runs
 * of one character, pairs of letters, and whatever comes. */
static void grow_vocabulary(struct grown *g, size_t count)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz ";
	const size_t letter_count = sizeof letters - 1, unk = letter_count;
	uint64_t seed = 7;
	memset(g, 0, sizeof *g);
	for (size_t i = 0; i < letter_count; i++)
		add_text(g, (const char[]){ letters[i], '\0' }, TOK_PIECE_NORMAL);
	add_text(g, "<unk>", TOK_PIECE_UNKNOWN);
	for (int doubling = 0; doubling < 3; doubling++) {
		join_tokens(g, doubling == 0 ? 0 : g->count - 2, doubling == 0 ? 0 : g->count - 2);
		join_tokens(g, doubling == 0 ? unk - 1 : g->count - 2,
			    doubling == 0 ? unk - 1 : g->count - 2);
	}
	for (size_t i = 0; i < 26 * 26 && g->count < count / 2; i++)
		join_tokens(g, i / 26, i % 26);
	while (g->count < count) {
		const uint32_t width = g->count < 800 ? (uint32_t)g->count : 800;
		const uint32_t left = draw(&seed, draw(&seed, 2) ? width : (uint32_t)g->count);
		const uint32_t right = draw(&seed, width);
		if (left != unk && right != unk)
			join_tokens(g, left, right);
	}
}

enum variant { MERGES, RANKS, SCORES, UNUSED, UNIGRAM, SINGLE, WORDPIECE, WORDLEVEL, VARIANTS };

static const char *const variant_names[] = { "merges",  "ranks",  "scores",    "unused",
					     "unigram", "single", "wordpiece", "wordlevel" };

static struct tok_model_spec specify(struct grown *g, enum variant variant)
{
	struct tok_model_spec spec = {
		.kind = TOK_MODEL_BPE,
		.entries = g->entries,
		.entry_count = g->count,
		.unk = 27,
	};
	memset(spec.byte_ids, 0xFF, sizeof spec.byte_ids);
	for (size_t i = 28; i < g->count; i++)
		g->entries[i].type = variant == UNUSED && i % 3         ? TOK_PIECE_UNUSED
				     : variant == SCORES && i % 50 == 0 ? TOK_PIECE_USER_DEFINED
									: TOK_PIECE_NORMAL;
	switch (variant) {
	case MERGES:
		spec.as.bpe.order = TOK_BPE_MERGES;
		spec.as.bpe.merges = g->merges;
		spec.as.bpe.merge_count = g->merge_count;
		spec.as.bpe.fuse_unk = true;
		break;
	case RANKS:
		spec.as.bpe.order = TOK_BPE_RANKS;
		break;
	case SCORES:
	case UNUSED:
		spec.as.bpe.order = TOK_BPE_SCORES;
		spec.as.bpe.fuse_unk = true;
		break;
	case UNIGRAM:
	case SINGLE:
		spec.kind = TOK_MODEL_UNIGRAM;
		spec.as.unigram.single_precision = variant == SINGLE;
		spec.as.unigram.fuse_unk = true;
		break;
	case WORDPIECE:
		spec.kind = TOK_MODEL_WORDPIECE;
		spec.as.wordpiece.prefix = tok_span_of("");
		spec.as.wordpiece.max_chars = SIZE_MAX;
		break;
	case WORDLEVEL:
		spec.kind = TOK_MODEL_WORDLEVEL;
		break;
	case VARIANTS:
		break;
	}
	return spec;
}

static struct tok_model *compile(struct grown *g, enum variant variant)
{
	const struct tok_model_spec spec = specify(g, variant);
	struct tok_model *model = NULL;
	struct tok_error err = { 0 };
	if (tok_model_new(&spec, &model, &err) != TOK_OK)
		fail_msg("%s: %s", variant_names[variant], err.message);
	return model;
}

static enum tok_status encode(const struct tok_model *model, struct tok_model_scratch *scratch,
			      struct tok_span text, struct tok_tokens *out, struct tok_error *err)
{
	return tok_model_encode(model, scratch, text, (struct tok_range){ 0, (uint32_t)text.count },
				out, err);
}

/* ---- laws ---- */

static struct grown *vocabulary; /* made once for the group */

static const char *const samples[] = {
	"a",
	"hello world",
	"the quick brown fox jumps over the lazy dog and runs away from it all",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"abcabcabc  ",
	"zzqqj"
};

/* The whole life of a model and a scratch; fails at most with TOK_ENOMEM. */
static enum tok_status live_once(const struct tok_model_spec *spec)
{
	struct tok_model *model = NULL;
	struct tok_tokens tokens = { .ranged = true };
	struct tok_error err = { 0 };
	enum tok_status status = tok_model_new(spec, &model, &err);
	struct tok_model_scratch *scratch = status == TOK_OK ? tok_model_scratch_new() : NULL;
	if (status == TOK_OK && !scratch)
		status = TOK_ENOMEM;
	for (size_t i = 0; status == TOK_OK && i < sizeof samples / sizeof *samples; i++) {
		const size_t before = tokens.count;
		status = encode(model, scratch, tok_span_of(samples[i]), &tokens, &err);
		if (status != TOK_OK)
			assert_int_equal(tokens.count, before);
	}
	tok_model_scratch_free(scratch);
	tok_model_free(model);
	tok_tokens_release(&tokens);
	return status;
}

static void test_every_allocation_may_fail(void **state)
{
	(void)state;
	struct grown *g = calloc(1, sizeof *g);
	grow_vocabulary(g, 300);
	for (enum variant v = MERGES; v < VARIANTS; v++) {
		const struct tok_model_spec spec = specify(g, v);
		heap.asked = heap.fails_at = 0;
		const long live = heap.live;
		assert_int_equal(live_once(&spec), TOK_OK);
		assert_true(heap.live == live);
		const size_t calls = heap.asked;
		assert_true(calls >= 4);
		for (size_t n = 1; n <= calls; n++) {
			heap.asked = 0;
			heap.fails_at = n;
			const enum tok_status status = live_once(&spec);
			heap.fails_at = 0;
			if (status != TOK_ENOMEM || heap.live != live)
				fail_msg("%s: allocation %zu of %zu fails: status %d, %ld blocks "
					 "left",
					 variant_names[v], n, calls, (int)status, heap.live - live);
		}
	}
	free(g);
}

static void test_warm_encoder_allocates_nothing(void **state)
{
	(void)state;
	for (enum variant v = MERGES; v < VARIANTS; v++) {
		struct tok_model *model = compile(vocabulary, v);
		struct tok_model_scratch *scratch = tok_model_scratch_new();
		struct tok_tokens tokens = { .ranged = true };
		for (int round = 0; round < 2; round++) {
			tokens.count = 0;
			heap.asked = 0;
			for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
				assert_int_equal(
				    encode(model, scratch, tok_span_of(samples[i]), &tokens, NULL),
				    TOK_OK);
			if (round == 0)
				assert_true(heap.asked > 0);
		}
		assert_int_equal(heap.asked, 0);
		tok_tokens_release(&tokens);
		tok_model_scratch_free(scratch);
		tok_model_free(model);
	}
}

static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* 2 MB as one piece in well under a second of processor time. */
static void test_long_pieces_are_quick(void **state)
{
	(void)state;
	uint8_t *text = malloc(LONG_BYTES);
	assert_non_null(text);
	for (enum variant v = MERGES; v < VARIANTS; v++) {
		struct tok_model *model = compile(vocabulary, v);
		struct tok_model_scratch *scratch = tok_model_scratch_new();
		struct tok_tokens tokens = { 0 };
		for (int kind = 0; kind < 3; kind++) {
			uint64_t seed = 3;
			for (size_t i = 0; i < LONG_BYTES; i++)
				text[i] = (uint8_t)(kind == 0   ? 'a'
						    : kind == 1 ? ' '
								: 'a' + (int)draw(&seed, 26));
			tokens.count = 0;
			const double start = seconds();
			assert_int_equal(encode(model, scratch,
						(struct tok_span){ text, LONG_BYTES }, &tokens,
						NULL),
					 TOK_OK);
			const double taken = seconds() - start;
			if (getenv("TOK_TEST_TIMES"))
				print_message("%s, %s: %.3f s, %zu tokens\n", variant_names[v],
					      kind == 0   ? "a"
					      : kind == 1 ? "spaces"
							  : "letters",
					      taken, tokens.count);
			assert_true(taken < 30); /* only what grows with the square takes so long */
		}
		tok_tokens_release(&tokens);
		tok_model_scratch_free(scratch);
		tok_model_free(model);
	}
	free(text);
}

enum { SHUFFLED = 3000 };

static void shuffle_merges(struct grown *g)
{
	uint64_t seed = 11;
	for (size_t i = g->merge_count; i > 1; i--) {
		const size_t other = draw(&seed, (uint32_t)i);
		const struct tok_merge merge = g->merges[other];
		g->merges[other] = g->merges[i - 1];
		g->merges[i - 1] = merge;
	}
}

/* Byte pair encoding by its definition: join the leftmost pair of least rank
 * until there is none.  `ranks` has 1 + the rank of each pair. */
static size_t merge_by_definition(const struct grown *g, const uint16_t *ranks, tok_id *ids,
				  size_t count)
{
	for (;;) {
		size_t best = SIZE_MAX, at = 0;
		for (size_t i = 0; i + 1 < count; i++) {
			const size_t rank = ranks[ids[i] * SHUFFLED + ids[i + 1]];
			if (rank > 0 && rank < best) {
				best = rank;
				at = i;
			}
		}
		if (best == SIZE_MAX)
			return count;
		ids[at] = g->merges[best - 1].result;
		count--;
		memmove(ids + at + 1, ids + at + 2, (count - at - 1) * sizeof *ids);
	}
}

/* With more ranks than the queue has buckets, and in an order no training gives. */
static void test_long_merging_equals_definition(void **state)
{
	(void)state;
	struct grown *g = calloc(1, sizeof *g);
	uint16_t *ranks = calloc((size_t)SHUFFLED * SHUFFLED, sizeof *ranks);
	grow_vocabulary(g, SHUFFLED);
	shuffle_merges(g);
	for (size_t i = 0; i < g->merge_count; i++)
		ranks[g->merges[i].left * SHUFFLED + g->merges[i].right] = (uint16_t)(i + 1);
	struct tok_model *model = compile(g, MERGES);
	struct tok_model_scratch *scratch = tok_model_scratch_new();
	struct tok_tokens tokens = { 0 };
	uint64_t seed = 13;
	for (uint32_t round = 0; round < 600; round++) {
		uint8_t text[150];
		tok_id ids[sizeof text];
		for (size_t i = 0; i < sizeof text; i++) {
			text[i] = (uint8_t)('a' + draw(&seed, 1 + round % 26));
			ids[i] = (tok_id)(text[i] - 'a');
		}
		const size_t count = merge_by_definition(g, ranks, ids, sizeof text);
		tokens.count = 0;
		assert_int_equal(
		    encode(model, scratch, (struct tok_span){ text, sizeof text }, &tokens, NULL),
		    TOK_OK);
		assert_int_equal(tokens.count, count);
		assert_memory_equal(tokens.ids, ids, count * sizeof *ids);
	}
	tok_tokens_release(&tokens);
	tok_model_scratch_free(scratch);
	tok_model_free(model);
	free(ranks);
	free(g);
}

/* What a scratch remembers of one model never answers for another that differs
 * in the order of its merges only. */
static void test_scratch_serves_many_models(void **state)
{
	(void)state;
	struct grown *g = calloc(1, sizeof *g);
	grow_vocabulary(g, SHUFFLED);
	struct tok_model *models[2];
	models[0] = compile(g, MERGES);
	shuffle_merges(g);
	models[1] = compile(g, MERGES);
	struct tok_model_scratch *shared = tok_model_scratch_new();
	struct tok_tokens found = { 0 }, expected = { 0 };
	uint64_t seed = 17;
	size_t differ = 0;
	for (int round = 0; round < 200; round++) {
		uint8_t word[10];
		for (size_t i = 0; i < sizeof word; i++)
			word[i] = (uint8_t)('a' + draw(&seed, 6));
		const struct tok_span text = { word, sizeof word };
		size_t counts[2];
		for (int m = 0; m < 2; m++) {
			struct tok_model_scratch *fresh = tok_model_scratch_new();
			found.count = expected.count = 0;
			assert_int_equal(encode(models[m], shared, text, &found, NULL), TOK_OK);
			assert_int_equal(encode(models[m], fresh, text, &expected, NULL), TOK_OK);
			assert_int_equal(found.count, expected.count);
			assert_memory_equal(found.ids, expected.ids,
					    found.count * sizeof *found.ids);
			counts[m] = found.count;
			tok_model_scratch_free(fresh);
		}
		differ += counts[0] != counts[1];
	}
	assert_true(differ > 20);
	tok_tokens_release(&found);
	tok_tokens_release(&expected);
	tok_model_scratch_free(shared);
	tok_model_free(models[0]);
	tok_model_free(models[1]);
	free(g);
}

static int set_up(void **state)
{
	(void)state;
	vocabulary = calloc(1, sizeof *vocabulary);
	if (vocabulary)
		grow_vocabulary(vocabulary, TOKEN_MAX);
	return vocabulary ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(vocabulary);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_may_fail),
		cmocka_unit_test(test_warm_encoder_allocates_nothing),
		cmocka_unit_test(test_long_pieces_are_quick),
		cmocka_unit_test(test_long_merging_equals_definition),
		cmocka_unit_test(test_scratch_serves_many_models),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
