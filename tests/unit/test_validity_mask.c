/*
 * What is asked about all ids at once (tok/bytes/validity_mask_internal.h) is what is asked of
 * each: behind all rows of a few tokens of vocabularies that are drawn.
 */
#include "tests/unit/checked.h"
#include "tests/unit/validity_rows.h"
#include "tok/bytes/tokens_internal.h"
#include "tok/bytes/validity_mask_internal.h"

struct masks {
	struct trial *trial;
	struct tok_valid_shared *shared;
	size_t states, relaxed, cleared;
};

static bool is_valid(const struct trial *t, const struct tok_valid_state *state, tok_id id,
		     struct tok_valid_state *next)
{
	const struct tok_span text = tok_byte_tokens_text(t->tokens, id);
	struct tok_valid_state inside = *state;
	for (size_t i = 0; i < text.count; i++)
		if (!tok_validity_byte(t->validity, &inside, text.bytes[i]))
			return false;
	return text.count > 0 && tok_validity_token(t->validity, &inside, id, next);
}

/* Bits by rank, of which toys have less than 64. */
static uint64_t ask_each(const struct trial *t, const struct tok_valid_state *state)
{
	uint64_t bits = 0;
	struct tok_valid_state next;
	for (uint32_t rank = 0; rank < t->tokens->text_count; rank++)
		bits |= (uint64_t)is_valid(t, state, t->tokens->by_rank[rank], &next) << rank;
	return bits;
}

static uint64_t ask_all(struct masks *m, const struct tok_valid_state *state)
{
	struct tok_valid_state some[TOK_VALID_SPLIT_MAX], relaxed;
	const size_t count = tok_valid_split(m->shared, state, some);
	uint64_t all = 0;
	assert_true(count > 0 && count <= TOK_VALID_SPLIT_MAX);
	for (size_t i = 0; i < count; i++) {
		const bool is_relaxed = tok_valid_relax(m->shared, &some[i], &relaxed);
		const uint64_t asked = ask_each(m->trial, is_relaxed ? &relaxed : &some[i]);
		uint64_t bits = asked;
		if (is_relaxed)
			tok_valid_confirm(m->shared, &some[i], &bits);
		m->relaxed += is_relaxed;
		m->cleared += bits != asked;
		all |= bits;
	}
	return all;
}

static void try_states(struct masks *m, const struct tok_valid_state *state, size_t depth)
{
	struct tok_valid_state next;
	const uint64_t each = ask_each(m->trial, state);
	const uint64_t all = ask_all(m, state);
	if (each != all) {
		show_toy(m->trial);
		fail_msg("%s: %llx, not %llx", m->trial->name, (unsigned long long)all,
			 (unsigned long long)each);
	}
	m->states++;
	for (tok_id id = 0; depth > 0 && id < IDS; id++)
		if (id < tok_byte_tokens_size(m->trial->tokens) &&
		    is_valid(m->trial, state, id, &next))
			try_states(m, &next, depth - 1);
}

static void try_toy_masks(const struct toy *toy, const char *name, struct masks *sum)
{
	struct trial t = { .toy = toy, .name = name };
	struct masks m = { .trial = &t };
	open_trial(&t);
	assert_true(t.tokens->text_count < 64);
	assert_int_equal(tok_valid_shared_new(t.validity, t.tokens, &m.shared, NULL), TOK_OK);
	assert_non_null(m.shared);
	const struct tok_valid_state start = tok_validity_start(t.validity);
	try_states(&m, &start, 2);
	sum->states += m.states;
	sum->relaxed += m.relaxed;
	sum->cleared += m.cleared;
	tok_valid_shared_free(m.shared);
	close_trial(&t);
}

static void try_masks(const char *name, const struct pipe *pipe, struct masks *sum)
{
	for (int i = 0; i < (CHECKED ? 4 : 30); i++) {
		struct toy toy;
		draw_toy(&toy, BYTES, pipe, i % 2 == 1);
		try_toy_masks(&toy, name, sum);
	}
}

static void all_at_once_is_one_by_one(void **state)
{
	const struct pipe pipes[] = {
		{ .letters = NULL },
		{ .patterns = { tok_pretok_pattern("cl100k") } },
		{ .patterns = { tok_pretok_pattern("gpt2") }, .letters = "a're" },
		{ .patterns = { tok_pretok_pattern("o200k") }, .letters = "a're" },
		{ .patterns = { "\\p{N}+", "(?=(\\d{3})+(?!\\d))" }, .letters = "13a " },
		{ .added = true },
		{ .patterns = { tok_pretok_pattern("o200k") }, .added = true },
	};
	struct masks sum = { .states = 0 };
	(void)state;
	for (size_t i = 0; i < sizeof pipes / sizeof *pipes; i++)
		try_masks(pipes[i].patterns[0] ? pipes[i].patterns[0] : "no pattern", &pipes[i],
			  &sum);
	print_message("%zu states, %zu parts relaxed, of which %zu cleared\n", sum.states,
		      sum.relaxed, sum.cleared);
	assert_true(sum.relaxed > 100 && sum.cleared > 100);
}

/* The token [a're] forbids [r] behind [a'], from where the piece can only end as that. */
static void the_end_of_a_contraction_may_make_a_token(void **state)
{
	const struct pipe pipe = { .patterns = { tok_pretok_pattern("o200k") } };
	const struct toy toy = { .of = { find_letter('a'), find_letter('\''), find_letter('r'),
					 find_letter('e') },
				 .texts = { "0", "1", "2", "3", "01", "0123" },
				 .merges = { { 0, 1 } },
				 .count = 6,
				 .merge_count = 1,
				 .letters = LETTERS,
				 .ignore_merges = true,
				 .pipe = &pipe };
	struct masks sum = { .states = 0 };
	(void)state;
	try_toy_masks(&toy, "o200k", &sum);
	assert_true(sum.relaxed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_at_once_is_one_by_one),
		cmocka_unit_test(the_end_of_a_contraction_may_make_a_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
