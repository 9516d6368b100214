/*
 * All ways of encoding BPE equal its definition (plain_bpe.h): walks, many at once,
 * merges and the memo, on random vocabularies of all three orders.
 */
#include "tests/unit/bpe_bench.h"

/* What was really tried: none may stay 0. */
static struct {
	size_t walked, sent_back, back_in_time, lost;
	size_t failures, full_batches, long_pieces, siblings_differ;
} seen;

/* ---- tokens, ranges, runs ---- */

static void check_encode(struct bench *b, struct tok_span text)
{
	const struct tok_range whole = { 0, (uint32_t)text.count };
	b->ends[0] = whole.end;
	const bool works = encode_plainly(b, text, text.count > 0);
	seen.failures += !works;
	for (int pass = 0; pass < 2; pass++) {
		struct tok_tokens *const outs[] = { &b->ranged, &b->found };
		for (size_t i = 0; i < 2; i++) {
			outs[i]->count = 0;
			const enum tok_status status =
			    tok_model_encode(b->model, b->scratch, text, whole, outs[i], NULL);
			assert_int_equal(status, works ? TOK_OK : TOK_ETEXT);
			if (works)
				check(b, i ? "encode" : "encode with ranges", text, outs[i]);
		}
	}
}

static void check_run(struct bench *b, struct tok_span text, uint32_t longest, size_t most)
{
	size_t count = cut_text(b, text, longest);
	count = count < most ? count : most;
	const bool works = encode_plainly(b, text, count);
	seen.failures += !works;
	seen.full_batches += works && count > TOK_BPE_BATCH;
	seen.long_pieces += works && longest > 512 && text.count > 2000;
	for (int pass = 0; pass < 3; pass++) {
		b->found.count = 0;
		const enum tok_status status = tok_model_encode_run(
		    b->model, b->scratch, text, 0, b->ends, count, &b->found, NULL);
		assert_int_equal(status, works ? TOK_OK : TOK_ETEXT);
		if (works)
			check(b, "run", text, &b->found);
	}
}

static const size_t run_counts[] = { 1, 15, 16, 17, 63, 64, 65, 255, 256, 257, 513, SIZE_MAX };
static const uint32_t run_lengths[] = { 1, 2, 4, 8, 14, 15, 16, 17, 40, 500, 700 };

static void test_tokens(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < TRIED; number++) {
		open_bench(b, number);
		for (uint32_t round = 0; round < 12; round++)
			check_encode(
			    b, make_text(b, plain_draw(&b->seed, round < 9    ? 24
								 : round < 11 ? 100
									      : TEXT_LENGTH)));
		for (uint32_t round = 0; round < 4; round++)
			check_run(b, make_text(b, plain_draw(&b->seed, 3000)),
				  run_lengths[plain_draw(&b->seed, 11)],
				  run_counts[plain_draw(&b->seed, 12)]);
		close_bench(b);
	}
	assert_true(seen.failures > 0 && seen.full_batches > 0 && seen.long_pieces > 0);
	free_bench(b);
}

static void test_long_texts(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < 16; number++) {
		open_bench(b, MODELS + number);
		const struct tok_span text = make_text(b, LONG_LENGTH);
		if (number < 6)
			check_encode(b, text);
		check_run(b, text, run_lengths[number % 11], SIZE_MAX);
		check_run(b, text, 9, SIZE_MAX); /* what the first run knows is in the memo */
		close_bench(b);
	}
	free_bench(b);
}

/* More pieces than a memo has room for, many times each. */
static void test_full_memo(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < 3; number++) {
		open_bench(b, MODELS + 100 + number);
		for (int round = 0; round < 40; round++)
			check_run(b, make_text(b, LONG_LENGTH), 15, SIZE_MAX);
		close_bench(b);
	}
	free_bench(b);
}

/* ---- one scratch, two models ---- */

/* A model that differs in one thing. */
static void alter(struct plain *p, uint64_t *seed)
{
	const uint32_t what = plain_draw(seed, 4);
	if (what == 0)
		p->spec.as.bpe.ignore_merges = !p->spec.as.bpe.ignore_merges;
	else if (what == 1)
		p->spec.as.bpe.fuse_unk = !p->spec.as.bpe.fuse_unk;
	else if (what == 2)
		p->spec.byte_fallback = false;
	else
		plain_shuffle(p, seed, 20);
	const bool scores = what == 3 && p->spec.as.bpe.order == TOK_BPE_SCORES;
	for (uint32_t i = 0; scores && i < p->spec.entry_count; i++)
		p->entries[i].score = -1.0 - plain_draw(seed, 50);
	plain_seal(p);
}

static void test_one_scratch_for_two_models(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	struct plain *plains[2] = { b->plain, need(sizeof *b->plain) };
	for (size_t number = 0; number < TRIED / 4; number++) {
		open_bench(b, 2 * MODELS + number);
		*plains[1] = *plains[0];
		alter(plains[1], &b->seed);
		if (plains[0]->spec.as.bpe.order != TOK_BPE_MERGES)
			plains[1]->spec.as.bpe.ignore_merges = plains[0]->spec.as.bpe.ignore_merges;
		struct tok_model *models[2] = { b->model, compile(plains[1]) };
		const struct tok_span text = make_text(b, 300);
		size_t counts[2] = { 0 };
		for (int turn = 0; turn < 4; turn++) {
			b->plain = plains[turn % 2];
			b->model = models[turn % 2];
			check_run(b, text, 12, SIZE_MAX);
			counts[turn % 2] = b->expected->count;
		}
		seen.siblings_differ += counts[0] != counts[1];
		b->plain = plains[0];
		b->model = models[0];
		tok_model_free(models[1]);
		close_bench(b);
	}
	assert_true(seen.siblings_differ > 10);
	free(plains[1]);
	free_bench(b);
}

/* ---- walks by themselves ---- */

/* Do tokens with a birth spell all of the text?  Then the walk must find them. */
static bool is_walkable(const struct bench *b, struct tok_span text)
{
	size_t at = 0;
	for (size_t i = 0; i < b->expected->count; i++) {
		const uint32_t place = plain_place(b->plain, b->expected->ids[i]);
		const struct tok_span part = b->plain->entries[place].text;
		if (b->model->bpe->walk.spines[place].birth == TOK_BIRTH_NEVER ||
		    part.count > text.count - at ||
		    memcmp(part.bytes, text.bytes + at, part.count) != 0)
			return false;
		at += part.count;
	}
	return at == text.count;
}

static void check_stretch(struct bench *b, struct tok_bpe_scratch *scratch, struct tok_span text)
{
	struct tok_stretch stretch = { .text = text, .state = TOK_STRETCH_DONE };
	b->ends[0] = (uint32_t)text.count;
	const bool works = encode_plainly(b, text, 1);
	stretch.tokens = need(text.count * sizeof *stretch.tokens);
	tok_bpe_walk_many(b->model->bpe, scratch, &stretch, 1);
	assert_true(tok_grow(&scratch->symbols, &scratch->symbol_capacity, text.count,
			     sizeof *scratch->symbols));
	assert_true(tok_grow(&scratch->lengths, &scratch->length_capacity, text.count,
			     sizeof *scratch->lengths));
	const enum tok_walk_result result = tok_bpe_walk(b->model, scratch, text);
	seen.walked += result == TOK_WALK_DONE;
	seen.lost += result == TOK_WALK_LOST;
	seen.sent_back += stretch.state == TOK_STRETCH_BACK;
	seen.back_in_time += stretch.state == TOK_STRETCH_BACK && result == TOK_WALK_DONE;
	if (works && result == TOK_WALK_LOST && is_walkable(b, text))
		fail_msg("model %zu: the walk is lost without need", b->number);
	const bool done[] = { stretch.state == TOK_STRETCH_DONE, result == TOK_WALK_DONE };
	const uint32_t *const places[] = { stretch.tokens, scratch->symbols };
	const size_t counts[] = { stretch.count, scratch->count };
	for (size_t way = 0; way < 2; way++) {
		if (!done[way] || (way == 1 && b->model->bpe->ignore_merges &&
				   plain_find(b->plain, text.bytes, text.count) != TOK_NO_ID))
			continue; /* whole pieces are looked up before tok_bpe_walk */
		bool plain = true;
		b->found.count = 0;
		for (size_t i = 0; i < counts[way]; i++)
			plain = plain && is_plain(b, places[way][i]);
		for (size_t i = 0; plain && i < counts[way]; i++)
			assert_true(tok_tokens_add(&b->found, b->plain->entries[places[way][i]].id,
						   (struct tok_range){ 0, 0 }));
		if (!plain)
			continue; /* the rest is for tok_bpe_write */
		assert_true(works);
		check(b, way ? "walk" : "walk of many", text, &b->found);
	}
	free(stretch.tokens);
}

static void test_walks(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < TRIED; number++) {
		open_bench(b, 3 * MODELS + number);
		struct tok_bpe_scratch *scratch = tok_bpe_scratch_new();
		assert_non_null(scratch);
		assert_true(tok_bpe_claim(b->model->bpe, scratch));
		for (int round = 0; b->model->bpe->walk.spines && round < 30; round++) {
			const struct tok_span text =
			    make_text(b, 1 + plain_draw(&b->seed, round < 25 ? 30 : TEXT_LENGTH));
			if (text.count)
				check_stretch(b, scratch, text);
		}
		tok_bpe_scratch_free(scratch);
		close_bench(b);
	}
	print_message("walked %zu, sent back %zu (found then %zu), lost %zu\n", seen.walked,
		      seen.sent_back, seen.back_in_time, seen.lost);
	assert_true(seen.walked > 0 && seen.sent_back > 0 && seen.lost > 0);
	assert_true(seen.back_in_time > 0);
	free_bench(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),    cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_full_memo), cmocka_unit_test(test_one_scratch_for_two_models),
		cmocka_unit_test(test_walks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
