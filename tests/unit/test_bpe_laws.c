/* What walks and cuts rest on: which tokens adjoin, and where no merge crosses. */
#include "tests/unit/bpe_bench.h"

/* What was really tried: none may stay 0. */
static struct {
	size_t births, no_birth, adjoin, apart, cuts, breaks;
} seen;

/* Does the definition make exactly these tokens of their joined text? */
static bool is_encoded_as(struct bench *b, const uint32_t *places, size_t count)
{
	uint8_t text[2 * PLAIN_TEXT];
	size_t length = 0;
	for (size_t i = 0; i < count; i++) {
		const struct tok_span part = b->plain->entries[places[i]].text;
		memcpy(text + length, part.bytes, part.count);
		length += part.count;
	}
	b->expected->count = 0;
	if (!plain_encode(b->plain, (struct tok_span){ text, length }, 0, b->expected) ||
	    b->expected->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (b->expected->ids[i] != b->plain->entries[places[i]].id)
			return false;
	return true;
}

/* The walk of many has its own way of asking; it is the same question. */
static void check_meeting(const struct bench *b, struct tok_bpe_scratch *scratch,
			  const uint32_t *pair)
{
	const struct tok_bpe *bpe = b->model->bpe;
	uint8_t text[2 * PLAIN_TEXT];
	uint32_t tokens[2 * PLAIN_TEXT];
	const struct tok_span left = b->plain->entries[pair[0]].text;
	const struct tok_span right = b->plain->entries[pair[1]].text;
	memcpy(text, left.bytes, left.count);
	memcpy(text + left.count, right.bytes, right.count);
	struct tok_stretch stretch = { .text = { text, left.count + right.count },
				       .tokens = tokens,
				       .state = TOK_STRETCH_DONE };
	tok_bpe_walk_many(bpe, scratch, &stretch, 1);
	if (stretch.state != TOK_STRETCH_LOST && stretch.count == 2 && tokens[0] == pair[0] &&
	    (stretch.state == TOK_STRETCH_DONE) != tok_bpe_adjoins(bpe, pair[0], pair[1]))
		fail_msg("model %zu: tokens %u and %u meet otherwise", b->number, pair[0], pair[1]);
}

static void check_pairs(struct bench *b, struct tok_bpe_scratch *scratch)
{
	const struct tok_bpe *bpe = b->model->bpe;
	const uint32_t count = (uint32_t)b->plain->spec.entry_count;
	const bool ignored = b->plain->spec.as.bpe.ignore_merges;
	b->plain->spec.as.bpe.ignore_merges = false;
	for (uint32_t i = 0; i < count; i++) {
		const bool has_birth = bpe->walk.spines[i].birth != TOK_BIRTH_NEVER;
		seen.births += has_birth;
		seen.no_birth += !has_birth && b->plain->bytes[i][0] != '<'; /* no special */
		if (has_birth && is_plain(b, i) &&
		    bpe->order != TOK_BPE_RANKS) /* there a whole piece is one */
			assert_true(is_encoded_as(b, &i, 1));
	}
	for (int round = 0; round < 300; round++) {
		const uint32_t pair[] = { plain_draw(&b->seed, count),
					  plain_draw(&b->seed, count) };
		if (bpe->walk.spines[pair[0]].birth == TOK_BIRTH_NEVER ||
		    bpe->walk.spines[pair[1]].birth == TOK_BIRTH_NEVER || !is_plain(b, pair[0]) ||
		    !is_plain(b, pair[1]))
			continue;
		const bool adjoins = tok_bpe_adjoins(bpe, pair[0], pair[1]);
		if (adjoins != is_encoded_as(b, pair, 2))
			fail_msg("model %zu: tokens %u and %u, adjoin: %d", b->number, pair[0],
				 pair[1], (int)adjoins);
		check_meeting(b, scratch, pair);
		seen.adjoin += adjoins;
		seen.apart += !adjoins;
	}
	b->plain->spec.as.bpe.ignore_merges = ignored;
}

static void test_pairs_adjoin_as_they_are_encoded(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < TRIED; number++) {
		open_bench(b, 4 * MODELS + number);
		struct tok_bpe_scratch *scratch = tok_bpe_scratch_new();
		assert_non_null(scratch);
		assert_true(tok_bpe_claim(b->model->bpe, scratch));
		if (b->model->bpe->walk.spines)
			check_pairs(b, scratch);
		tok_bpe_scratch_free(scratch);
		close_bench(b);
	}
	print_message("births %zu, none %zu; adjoin %zu, not %zu\n", seen.births, seen.no_birth,
		      seen.adjoin, seen.apart);
	assert_true(seen.births > 0 && seen.no_birth > 0);
	assert_true(seen.adjoin > 0 && seen.apart > 0);
	free_bench(b);
}

/* The whole is its parts, cut at `ends`.  One unknown run may go on (`fuses`): a
 * character that only parts of merges have is written as unknown text. */
static void check_parts(struct bench *b, struct tok_span text, size_t count, bool fuses)
{
	fuses = fuses && b->plain->spec.as.bpe.order == TOK_BPE_SCORES &&
		b->plain->spec.as.bpe.fuse_unk;
	b->found.count = 0;
	for (size_t part = 0; part < count; part++) {
		const uint32_t begin = part ? b->ends[part - 1] : 0;
		const size_t before = b->found.count;
		b->expected->count = 0;
		if (!plain_encode(b->plain, tok_span_slice(text, begin, b->ends[part]), begin,
				  b->expected))
			return;
		for (size_t i = 0; i < b->expected->count; i++) {
			const tok_id id = b->expected->ids[i];
			if (!fuses || i > 0 || before == 0 || id != b->plain->spec.unk ||
			    b->found.ids[before - 1] != id)
				assert_true(
				    tok_tokens_add(&b->found, id, (struct tok_range){ 0, 0 }));
		}
	}
	b->expected->count = 0;
	assert_true(plain_encode(b->plain, text, 0, b->expected));
	check(b, fuses ? "cut" : "break", text, &b->found);
}

static void check_breaks(struct bench *b, struct tok_span text)
{
	struct tok_char before = tok_utf8_at(text, 0);
	for (uint32_t at = before.length; at < text.count;) {
		const struct tok_char unit = tok_utf8_at(text, at);
		if (tok_model_breaks_before(b->model, before.code, unit.code)) {
			b->ends[0] = at;
			b->ends[1] = (uint32_t)text.count;
			check_parts(b, text, 2, false);
			seen.breaks++;
		}
		at += unit.length;
		before = unit;
	}
}

/* All cuts, a few at a time, by any kernel. */
static size_t find_cuts(struct bench *b, struct tok_span text)
{
	const enum tok_kernel kernel = (enum tok_kernel)plain_draw(&b->seed, TOK_KERNEL_COUNT);
	size_t count = 0;
	uint32_t at = 0;
	tok_model_use_kernel(b->model, tok_kernel_runs(kernel) ? kernel : TOK_KERNEL_SCALAR);
	while (at < text.count) {
		const size_t some = 1 + plain_draw(&b->seed, 7);
		assert_true(count + some <= CUTS_MAX);
		const size_t more = tok_bpe_cut(b->model, text, at, b->ends + count, some);
		assert_true(more > 0 && more <= some);
		count += more;
		at = b->ends[count - 1];
	}
	assert_int_equal(at, text.count);
	return count;
}

static void test_no_merge_crosses_a_cut(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < TRIED; number++) {
		open_bench(b, 5 * MODELS + number);
		for (int round = 0; round < 10; round++) {
			const struct tok_span text = make_text(b, 1 + plain_draw(&b->seed, 60));
			if (text.count == 0)
				continue;
			const size_t count = find_cuts(b, text);
			seen.cuts += count - 1;
			check_parts(b, text, count, true);
			check_breaks(b, text);
		}
		close_bench(b);
	}
	print_message("cuts %zu, breaks %zu\n", seen.cuts, seen.breaks);
	assert_true(seen.cuts > 0 && seen.breaks > 0);
	free_bench(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs_adjoin_as_they_are_encoded),
		cmocka_unit_test(test_no_merge_crosses_a_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
