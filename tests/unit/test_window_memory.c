/*
 * test_window_memory.c - models with windows when the n-th allocation fails, for every n; and a
 * text of any length in the memory of a window.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/heap.h"

#include "tests/unit/byte_toys.h"
#include "tests/unit/window_law.h"
#include "tok/bytes/window.h"

/* What owns what; the vocabulary is the caller's. */
struct windowed {
	struct plain_lm lm;
	struct tok_lm *looking;
	struct tok_byte_tokens *tokens;
	struct tok_validity validity;
	struct tok_machine *m;
};

static enum tok_status make(struct windowed *w, const struct plain_vocab *vocab,
			    const struct tok_machine_options *options, struct tok_error *err)
{
	*w = (struct windowed){ .lm = plain_random(2, vocab->count, 64) };
	w->lm.p = window_law_open_p;
	w->lm.lm.free = window_law_keep;
	w->lm.info.markov_order = 0;
	w->lm.info.start_count = 1;
	enum tok_status status = tok_lm_window(plain_use(&w->lm), 6, 3, &w->looking, err);
	if (status == TOK_OK)
		status = tok_byte_tokens_of(vocab->texts, vocab->kinds, vocab->count,
					    tok_span_of(""), &w->tokens, err);
	w->validity.trie = w->tokens;
	return status == TOK_OK
		   ? tok_machine_new(w->tokens, &w->validity, w->looking, options, &w->m, err)
		   : status;
}

static void release(struct windowed *w)
{
	tok_machine_free(w->m);
	tok_byte_tokens_free(w->tokens);
	if (w->looking)
		w->looking->free(w->looking);
}

/* A machine, and whoever asks with a context that is too long. */
static enum tok_status run(const struct plain_vocab *vocab, enum tok_bytes_semantics semantics,
			   struct tok_error *err)
{
	const struct tok_machine_options options = { .semantics = semantics };
	static const tok_id ids[] = { 0, 1, 2, 0, 1, 2, 0, 1 };
	double row[PLAIN_IDS];
	struct tok_lm_row out = { .log_p = row };
	const struct tok_lm_request request = { ids, 8 };
	struct windowed w;
	enum tok_status status = make(&w, vocab, &options, err);
	if (status == TOK_OK)
		status = tok_machine_push(w.m, tok_span_of("ABAABAAABA"), err);
	if (status == TOK_OK)
		status = w.looking->rows(w.looking, &request, 1, &out, err);
	release(&w);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	static const char *const texts[] = { "A", "B", "AA" };
	const struct plain_vocab vocab = toy_vocab(texts, 3);
	for (int semantics = TOK_BYTES_ALL; semantics <= TOK_BYTES_VALID_RENORM; semantics++) {
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(
			    &trial, run(&vocab, (enum tok_bytes_semantics)semantics, &err), &err);
		}
		assert_true(trial.n > 20);
	}
}

static void text_of_any_length(void **state)
{
	(void)state;
	enum { PIECE = 512, PIECES = CHECKED ? 40 : 200 };
	static const char *const texts[] = { "A", "B", "AA" };
	const struct plain_vocab vocab = toy_vocab(texts, 3);
	for (int semantics = TOK_BYTES_ALL; semantics <= TOK_BYTES_VALID_RENORM; semantics++) {
		const struct tok_machine_options options = {
			.semantics = (enum tok_bytes_semantics)semantics, .history = 1
		};
		struct tok_random random = tok_random_of(8, 8);
		struct tok_error err = { 0 };
		struct windowed w;
		long early = 0, most = 0;
		assert_int_equal(make(&w, &vocab, &options, &err), TOK_OK);
		for (size_t i = 0; i < PIECES; i++) {
			uint8_t text[PIECE];
			for (size_t k = 0; k < PIECE; k++)
				text[k] = (uint8_t)('A' + tok_random_below(&random, 2));
			assert_int_equal(
			    tok_machine_push(w.m, (struct tok_span){ text, PIECE }, &err), TOK_OK);
			if (i == PIECES / 8)
				early = heap.live;
			if (i > PIECES / 8 && heap.live > most)
				most = heap.live;
		}
		assert_true(tok_machine_windows(w.m).count > PIECES * PIECE / 12);
		assert_true(w.lm.longest <= 6);
		assert_true(most < early + 500);
		release(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(text_of_any_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
