/* Models behind texts that are longer than they can take: windows, by the definition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_trials.h"
#include "tests/unit/checked.h"
#include "tests/unit/window_law.h"
#include "tok/bytes/window.h"

enum { TRIALS = CHECKED ? 500 : 1500, LONGEST = 40, DEEP = 64, SIZE = 7 };

/* What is left out of a long context is what is left out of it id by id. */
static void cuts_add_up(void **state)
{
	(void)state;
	for (size_t window = 2; window < 9; window++)
		for (size_t stride = 1; stride <= window; stride++) {
			const struct tok_lm_info info = { .window = window, .stride = stride };
			size_t kept = 0;
			for (size_t count = 1; count < 60; count++) {
				kept++;
				kept -= tok_lm_cut(&info, kept);
				assert_int_equal(count - tok_lm_cut(&info, count), kept);
				assert_true(kept <= window);
				assert_true(count <= window || kept > window - stride);
			}
		}
	const struct tok_lm_info none = { 0 }, large = { .window = 2, .stride = SIZE_MAX / 2 };
	assert_int_equal(tok_lm_cut(&none, SIZE_MAX), 0);
	assert_int_equal(tok_lm_cut(&large, 3), SIZE_MAX / 2);
}

/* Contexts of all lengths together, so that some are cut and some are not. */
static void assert_rows(struct tok_lm *windowed, const struct plain_lm *truth,
			struct tok_random *random)
{
	tok_id ids[LONGEST];
	double p[LONGEST][SIZE];
	struct tok_lm_request requests[LONGEST];
	struct tok_lm_row rows[LONGEST];
	struct tok_error err = { 0 };
	const size_t start = truth->info.start_count;
	for (size_t i = 0; i < LONGEST; i++) {
		ids[i] = (tok_id)tok_random_below(random, SIZE);
		requests[i] = (struct tok_lm_request){ ids, i * 7 % (LONGEST + 1 - start) + start };
		rows[i] = (struct tok_lm_row){ .log_p = p[i] };
	}
	assert_int_equal(windowed->rows(windowed, requests, LONGEST, rows, &err), TOK_OK);
	for (size_t i = 0; i < LONGEST; i++)
		for (tok_id id = 0; id < SIZE; id++)
			assert_near(exp(p[i][id]), plain_p(truth, ids, requests[i].count, id),
				    1e-15, "row");
}

static void rows_are_those_of_the_queue(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct tok_random random = tok_random_of(seed, 1);
		struct window_law law = { .start = (size_t)tok_random_below(&random, 3) };
		const size_t room = 1 + (size_t)tok_random_below(&random, 6);
		law.window = law.start + room;
		law.stride = 1 + (size_t)tok_random_below(&random, room);
		struct plain_lm lm = plain_random(seed, SIZE, DEEP);
		lm.lm.free = window_law_keep;
		lm.info.markov_order = 0;
		lm.info.start_count = law.start;
		lm.info.max_context = law.window;
		struct plain_lm truth = lm;
		window_law_use(&law, &truth);

		struct tok_error err = { 0 };
		struct tok_lm *windowed;
		assert_int_equal(
		    tok_lm_window(plain_use(&lm), law.window, law.stride, &windowed, &err), TOK_OK);
		assert_int_equal(windowed->info->max_context, 0);
		assert_rows(windowed, &truth, &random);
		assert_int_equal(lm.longest, law.window);
		windowed->free(windowed);
	}
}

/* A vocabulary, a machine that looks through windows, and the law that it is to tell. */
struct looking {
	struct trial trial; /* .toy.lm is the truth */
	struct window_law law;
	struct plain_lm lm;
	struct tok_lm *windowed;
};

static void look(struct looking *l, uint64_t seed, enum tok_bytes_semantics semantics)
{
	struct toy_machine *toy = &l->trial.toy;
	struct tok_error err = { 0 };
	make_trial(&l->trial, seed, semantics != TOK_BYTES_ALL);
	const size_t room = 1 + (size_t)tok_random_below(&l->trial.random, 4);
	l->law = (struct window_law){ .start = toy->lm.info.start_count };
	l->law.window = l->law.start + room;
	l->law.stride = 1 + (size_t)tok_random_below(&l->trial.random, room);
	toy->lm.order = DEEP;
	toy->lm.info.markov_order = 0;
	l->lm = toy->lm;
	l->lm.lm.free = window_law_keep;
	window_law_use(&l->law, &toy->lm);
	assert_int_equal(
	    tok_lm_window(plain_use(&l->lm), l->law.window, l->law.stride, &l->windowed, &err),
	    TOK_OK);
	assert_int_equal(tok_byte_tokens_of(toy->vocab.texts, toy->vocab.kinds, toy->vocab.count,
					    tok_span_of(""), &toy->tokens, &err),
			 TOK_OK);
	toy->validity.trie = toy->tokens;
	const struct tok_machine_options options = { .semantics = semantics };
	assert_int_equal(
	    tok_machine_new(toy->tokens, &toy->validity, l->windowed, &options, &toy->m, &err),
	    TOK_OK);
}

static void leave(struct looking *l)
{
	toy_machine_release(&l->trial.toy);
	l->windowed->free(l->windowed);
}

static void machine_is_the_sum_of_that_law(void **state)
{
	(void)state;
	size_t cut = 0;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const enum tok_bytes_semantics semantics = (enum tok_bytes_semantics)(seed % 3);
		struct looking l;
		look(&l, seed, semantics);
		struct toy_machine *toy = &l.trial.toy;
		for (size_t n = 0; n <= TRIAL_LENGTH; n++) {
			struct tok_error err = { 0 };
			const struct tok_next_bytes next = next_of(toy->m);
			const struct tok_machine_windows windows = tok_machine_windows(toy->m);
			assert_sums(&next, &toy->vocab, &toy->lm, semantics,
				    (struct tok_span){ l.trial.text, n }, 1e-12);
			assert_int_equal(windows.ids, l.law.window);
			assert_int_equal(windows.stride, l.law.stride);
			assert_true(next.exact == (windows.count == 1));
			assert_memory_equal(next.low, next.joint, sizeof next.low);
			assert_memory_equal(next.high, next.joint, sizeof next.high);
			assert_true(next.log_p_low == next.log_p && next.log_p_high == next.log_p);
			cut += windows.count > 1;
			if (n < TRIAL_LENGTH &&
			    tok_machine_push(toy->m, (struct tok_span){ l.trial.text + n, 1 },
					     &err) != TOK_OK)
				break;
		}
		assert_true(l.lm.longest <= l.law.window);
		leave(&l);
	}
	assert_true(cut > TRIALS);
}

/* Rows of tokens with the same window have the same future, whatever was left out: with a window of
 * two ids few are different. */
static void same_windows_are_one_head(void **state)
{
	(void)state;
	static const char *const texts[] = { "A", "B", "AA", "AB", "BA" };
	struct toy_machine toy = { .vocab = toy_vocab(texts, 5) };
	struct plain_lm lm = plain_random(3, 6, DEEP);
	struct tok_error err = { 0 };
	struct tok_lm *windowed;
	lm.p = window_law_open_p;
	lm.lm.free = window_law_keep;
	lm.info.markov_order = 0;
	assert_int_equal(tok_lm_window(plain_use(&lm), 2, 1, &windowed, &err), TOK_OK);
	assert_int_equal(tok_byte_tokens_of(toy.vocab.texts, toy.vocab.kinds, toy.vocab.count,
					    tok_span_of(""), &toy.tokens, &err),
			 TOK_OK);
	const struct tok_machine_options options = { .semantics = TOK_BYTES_ALL };
	assert_int_equal(tok_machine_new(toy.tokens, NULL, windowed, &options, &toy.m, &err),
			 TOK_OK);
	for (size_t i = 0; i < 500; i++)
		push_text(toy.m, i % 3 ? "A" : "B");
	assert_true(tok_machine_cost(toy.m).heads_most < 30);
	/* One id more each byte, in the longest row that is open. */
	assert_int_equal(tok_machine_windows(toy.m).count, 500 - 2 + 1);
	toy_machine_release(&toy);
	windowed->free(windowed);
}

static void what_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t start, order, most, window, stride;
		const char *message;
	} rows[] = {
		{ 0, 0, 8, 9, 1, "a window of 9 tokens: the model takes up to 8" },
		{ 2, 0, 8, 2, 1,
		  "a window of 2 tokens has no room behind the 2 before every text" },
		{ 2, 0, 8, 8, 7, "a stride of 7: a window of 8 tokens has room for 6" },
		{ 0, 4, 0, 3, 2, "windows that keep 2 tokens: the model looks at 3" },
		{ 0, 4, 0, 3, 1, NULL },
		{ 0, 1, 0, 1, 1, NULL },
		{ 2, 0, 8, 8, 6, NULL },
		{ 0, 0, 0, SIZE_MAX, SIZE_MAX, NULL },
		{ 0, 0, 0, 1, 0, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct plain_lm lm = plain_random(1, 5, DEEP);
		struct tok_error err = { 0 };
		struct tok_lm *windowed;
		lm.lm.free = window_law_keep;
		lm.info.start_count = rows[i].start;
		lm.info.markov_order = rows[i].order;
		lm.info.max_context = rows[i].most;
		const enum tok_status status =
		    tok_lm_window(plain_use(&lm), rows[i].window, rows[i].stride, &windowed, &err);
		assert_int_equal(status, rows[i].message ? TOK_EARG : TOK_OK);
		if (rows[i].message)
			assert_string_equal(err.message, rows[i].message);
		else if (rows[i].order) /* it sees as much without */
			assert_ptr_equal(windowed, &lm.lm);
		else
			windowed->free(windowed);
	}
}

/* Ids that were put in front since then may leave no room. */
static void a_machine_looks_at_the_room_too(void **state)
{
	(void)state;
	struct toy_machine toy = { .vocab = toy_vocab((const char *const[]){ "A" }, 1) };
	struct plain_lm lm = plain_random(1, 2, DEEP);
	struct tok_error err = { 0 };
	const struct tok_machine_options options = { .semantics = TOK_BYTES_ALL };
	lm.info.markov_order = 0;
	lm.info.window = 4;
	lm.info.stride = 3;
	lm.info.start_count = 2;
	assert_int_equal(tok_byte_tokens_of(toy.vocab.texts, toy.vocab.kinds, toy.vocab.count,
					    tok_span_of(""), &toy.tokens, &err),
			 TOK_OK);
	assert_int_equal(tok_machine_new(toy.tokens, NULL, plain_use(&lm), &options, &toy.m, &err),
			 TOK_EARG);
	assert_string_equal(err.message,
			    "a window of 4 tokens has no room for 3 behind the 2 before "
			    "every text");
	tok_byte_tokens_free(toy.tokens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_add_up),
		cmocka_unit_test(rows_are_those_of_the_queue),
		cmocka_unit_test(machine_is_the_sum_of_that_law),
		cmocka_unit_test(same_windows_are_one_head),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(a_machine_looks_at_the_room_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
