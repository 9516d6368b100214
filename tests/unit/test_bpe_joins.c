/*
 * Short pieces merged many at once become what merging them by the definition
 * (plain_bpe.h) makes of them, and the table that this looks pairs up in has exactly
 * the model's pairs.
 */
#include "tests/unit/bpe_bench.h"

/* More than are merged at a time, so that some take the place of others. */
enum { SOME = 60, ABSENT = 400, TEXT_MAX = 2 * TOK_MERGE_MOST };

/* What was really tried: none may stay 0. */
static struct {
	size_t tables, pairs, moved, absent, merged, single, longest, lost, wide, unclear, shifted;
} seen;

static uint32_t find_rank(const struct tok_joins *joins, uint32_t left, uint32_t right)
{
	return tok_joins_rank(joins, tok_joins_place(joins, left, right));
}

/* Of the pair table, and of pairs drawn at random. */
static void check_table(struct bench *b)
{
	const struct tok_bpe *bpe = b->model->bpe;
	const struct tok_joins *joins = &bpe->joins;
	seen.tables++;
	for (uint32_t i = 0; i < joins->line_count; i++)
		seen.moved += joins->lines[i].values[1][3] < 0;
	for (uint32_t i = 0; i < bpe->pairs.count; i++) {
		const struct tok_pair pair = bpe->pairs.slots[i];
		if (pair.rank == TOK_RANK_NONE)
			continue;
		assert_int_equal(find_rank(joins, pair.left, pair.right), pair.rank);
		if (tok_joins_result(joins, pair.rank) == TOK_JOIN_UNCLEAR)
			seen.unclear++;
		else
			assert_int_equal(tok_joins_result(joins, pair.rank), pair.result);
		seen.shifted += joins->shifts;
		seen.pairs++;
	}
	for (int i = 0; i < ABSENT; i++) {
		const uint32_t left = plain_draw(&b->seed, (uint32_t)bpe->symbol_count);
		const uint32_t right = plain_draw(&b->seed, (uint32_t)bpe->symbol_count);
		const uint32_t rank = tok_pairs_get(&bpe->pairs, left, right).rank;
		assert_int_equal(find_rank(joins, left, right), rank & TOK_JOIN_NONE);
		seen.absent += rank == TOK_RANK_NONE;
	}
}

static size_t count_units(const struct bench *b, struct tok_span text)
{
	return b->model->bpe->raw_bytes ? text.count : tok_utf8_count(text);
}

/* Are all tokens written as they are?  The caller looks at that (bpe_run.c). */
static bool are_plain(const struct bench *b, const struct tok_stretch *stretch)
{
	const uint8_t *roles = b->model->bpe->roles;
	for (size_t i = 0; roles && i < stretch->count; i++)
		if (roles[stretch->tokens[i]] != TOK_ROLE_TOKEN)
			return false;
	return true;
}

/* Are the texts of the expected tokens the text?  Then nothing in it is unknown. */
static bool is_spelled(const struct bench *b, struct tok_span text)
{
	size_t at = 0;
	for (size_t i = 0; i < b->expected->count; i++) {
		const struct tok_vocab_entry *entry =
		    &b->plain->entries[plain_place(b->plain, b->expected->ids[i])];
		if (!tok_piece_matches(entry->type) ||
		    !tok_span_starts(tok_span_slice(text, at, text.count), entry->text))
			return false;
		at += entry->text.count;
	}
	return at == text.count;
}

static void check_merged(struct bench *b, const struct tok_stretch *stretch, size_t most)
{
	const struct tok_span text = stretch->text;
	b->ends[0] = (uint32_t)text.count;
	const bool works = encode_plainly(b, text, 1);
	seen.lost += stretch->state == TOK_STRETCH_LOST;
	if (stretch->state == TOK_STRETCH_LOST && works && b->model->bpe->order == TOK_BPE_SCORES)
		assert_false(is_spelled(b, text));
	/* Whole pieces are looked up before they are merged. */
	if (stretch->state == TOK_STRETCH_LOST || !are_plain(b, stretch) ||
	    (b->model->bpe->ignore_merges &&
	     plain_find(b->plain, text.bytes, text.count) != TOK_NO_ID))
		return;
	assert_int_equal(stretch->state, TOK_STRETCH_DONE);
	assert_true(works);
	b->found.count = 0;
	for (size_t i = 0; i < stretch->count; i++)
		assert_true(tok_tokens_add(&b->found, b->plain->entries[stretch->tokens[i]].id,
					   (struct tok_range){ 0, 0 }));
	check(b, "merge of many", text, &b->found);
	seen.merged++;
	seen.single += text.count == 1;
	seen.longest += count_units(b, text) == most && stretch->count < most;
	seen.wide += text.count > TOK_MERGE_MOST;
}

static void check_merges(struct bench *b, bool few)
{
	struct tok_stretch stretches[SOME];
	uint8_t bytes[SOME][TEXT_MAX];
	uint32_t tokens[SOME][TEXT_MAX];
	const size_t most = few ? TOK_MERGE_FEW : TOK_MERGE_MOST;
	size_t count = 0;
	for (size_t i = 0; i < SOME; i++) {
		const struct tok_span text = make_text(b, 1 + plain_draw(&b->seed, TEXT_MAX));
		if (text.count == 0 || count_units(b, text) > most)
			continue;
		memcpy(bytes[count], text.bytes, text.count);
		stretches[count] = (struct tok_stretch){ .text = { bytes[count], text.count },
							 .tokens = tokens[count] };
		count++;
	}
	tok_bpe_merge_many(b->model, stretches, count, few);
	for (size_t i = 0; i < count; i++)
		check_merged(b, &stretches[i], most);
}

static void test_joins(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < TRIED; number++) {
		open_bench(b, 7 * MODELS + number);
		if (b->model->bpe->joins.lines) {
			check_table(b);
			for (int round = 0; round < 6; round++)
				check_merges(b, round % 2 == 0);
		}
		close_bench(b);
	}
	print_message("%zu tables, %zu pairs, %zu lines full, %zu absent; merged %zu, of one "
		      "byte %zu, of most %zu, wide %zu, lost %zu\n",
		      seen.tables, seen.pairs, seen.moved, seen.absent, seen.merged, seen.single,
		      seen.longest, seen.wide, seen.lost);
	assert_true(seen.tables > 0 && seen.pairs > 0 && seen.moved > 0 && seen.absent > 0);
	assert_true(seen.shifted > 0 && seen.shifted < seen.pairs);
	assert_true(seen.unclear > 0 && seen.unclear < seen.pairs / 10);
	assert_true(seen.merged > 0 && seen.single > 0 && seen.longest > 0 && seen.wide > 0 &&
		    seen.lost > 0);
	free_bench(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_joins) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
