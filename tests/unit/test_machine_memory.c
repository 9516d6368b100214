/*
 * test_machine_memory.c - the byte machine when the n-th allocation fails, for every n; and a
 * megabyte of text in the memory of a few kilobytes.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/heap.h"

#include "tests/unit/byte_toys.h"

static bool take_cover(void *context, const struct tok_cover *cover)
{
	(void)cover;
	return ++*(size_t *)context < 5;
}

/* Everything that a machine does. */
static enum tok_status run(struct toy_machine *toy, const struct tok_machine_options *options,
			   struct tok_error *err)
{
	struct tok_machine *m = NULL, *fork = NULL;
	struct tok_byte_tokens *tokens = NULL;
	struct tok_next_bytes next;
	size_t total, told = 0;
	enum tok_status status = tok_byte_tokens_of(
	    toy->vocab.texts, toy->vocab.kinds, toy->vocab.count, tok_span_of("A"), &tokens, err);
	toy->validity.trie = tokens;
	if (status == TOK_OK)
		status =
		    tok_machine_new(tokens, &toy->validity, plain_use(&toy->lm), options, &m, err);
	if (status == TOK_OK)
		status = tok_machine_push(m, tok_span_of("ABAAB"), err);
	if (status == TOK_OK)
		status = tok_machine_next(m, &next, err);
	if (status == TOK_OK)
		status = tok_machine_fork(m, &fork, err);
	if (status == TOK_OK)
		status = tok_machine_push(fork, tok_span_of("AB"), err);
	if (status == TOK_OK && !toy->lm.info.top)
		status = tok_machine_covers(m, take_cover, &told, &total, err);
	tok_machine_free(m);
	tok_machine_free(fork);
	tok_byte_tokens_free(tokens);
	return status;
}

/* In parts: of what the longer context has nothing is valid behind A, of the shorter one next to
 * nothing is left. */
static enum tok_status tell_parts(struct tok_lm *lm, const struct tok_lm_request *request,
				  struct tok_lm_parts *out, struct tok_error *err)
{
	static const double base[] = { 0., .5, 0., .5 }, add[] = { .5, .5 };
	static const tok_id ids[] = { 0, 2 };
	(void)lm;
	(void)request;
	(void)err;
	*out = (struct tok_lm_parts){ .base = base,
				      .log_scale = -1000.0,
				      .parts = { { ids, add, 2, 1.0, 0.0 } },
				      .count = 1 };
	return TOK_OK;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	static const struct {
		struct tok_machine_options options;
		size_t order, top;
		bool parts;
	} rows[] = {
		{ { .semantics = TOK_BYTES_VALID_RENORM }, 2, 0, true },
		{ { .semantics = TOK_BYTES_ALL }, 2, 0, false },
		{ { .semantics = TOK_BYTES_ALL }, 0, 0, false },
		{ { .semantics = TOK_BYTES_VALID_RENORM }, 2, 0, false },
		{ { .semantics = TOK_BYTES_VALID }, 0, 2, false },
		{ { .semantics = TOK_BYTES_ALL, .beam = 2 }, 2, 0, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		static const char *const texts[] = { "A", "B", "AA" };
		struct toy_machine toy = { .vocab = toy_vocab(texts, 3),
					   .lm = plain_table(4, toy_rows) };
		struct tok_error err = { 0 };
		toy.lm.info.markov_order = rows[i].order;
		toy.lm.info.top = rows[i].top;
		toy.lm.lm.parts = rows[i].parts ? tell_parts : NULL;
		struct heap_trial trial = heap_trial_begin();
		trial.spare = true; /* sums that are kept */
		while (heap_trial_next(&trial))
			heap_trial_judge(&trial, run(&toy, &rows[i].options, &err), &err);
		assert_true(trial.n > 20);
	}
}

/* After a push without memory the machine goes on from where it says that it stands. */
static void a_machine_outlives_a_failure(void **state)
{
	(void)state;
	struct toy_machine toy;
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	const char *text = "ABAAABAABBA";
	size_t failures = 0;
	for (size_t n = 1; tok_machine_length(toy.m) < strlen(text); n = 1 + n % 40) {
		struct tok_error err = { 0 };
		heap.asked = 0;
		heap.fails_at = n;
		const enum tok_status status =
		    tok_machine_push(toy.m, tok_span_of(text + tok_machine_length(toy.m)), &err);
		heap.fails_at = 0;
		assert_true(status == TOK_OK || status == TOK_ENOMEM);
		failures += status == TOK_ENOMEM;
	}
	assert_true(failures > 10);
	const struct tok_next_bytes next = next_of(toy.m);
	assert_sums(&next, &toy.vocab, &toy.lm, TOK_BYTES_ALL, tok_span_of(text), 1e-13);
	toy_machine_release(&toy);
}

static void a_megabyte_in_bounded_memory(void **state)
{
	(void)state;
	for (int semantics = TOK_BYTES_ALL; semantics <= TOK_BYTES_VALID_RENORM; semantics++) {
		struct toy_machine toy;
		struct tok_random random = tok_random_of(5, 5);
		long early = 0, most = 0;
		double log_p = 0.0;
		toy_machine_bigram(
		    &toy, (struct tok_machine_options){
			      .semantics = (enum tok_bytes_semantics)semantics, .history = 100 });
		for (size_t kilobytes = 0; kilobytes < 1024; kilobytes++) {
			uint8_t text[1024];
			struct tok_error err = { 0 };
			for (size_t i = 0; i < sizeof text; i++)
				text[i] = (uint8_t)('A' + tok_random_below(&random, 2));
			assert_int_equal(
			    tok_machine_push(toy.m, (struct tok_span){ text, sizeof text }, &err),
			    TOK_OK);
			const struct tok_next_bytes next = next_of(toy.m);
			assert_true(next.exact && next.log_p < log_p);
			log_p = next.log_p;
			if (kilobytes == 4)
				early = heap.live;
			if (kilobytes > 4 && heap.live > most)
				most = heap.live;
		}
		assert_int_equal(tok_machine_length(toy.m), 1 << 20);
		assert_true(most < early + 2000);
		assert_true(tok_machine_back(toy.m, 100));
		assert_false(tok_machine_back(toy.m, 101));
		toy_machine_release(&toy);
	}
}

/* A model that sees all of the text: contexts are whole, and nothing grows but their ids. */
struct reader {
	struct plain_lm plain; /* the first */
	const struct plain_vocab *vocab;
	const char *text;
	size_t longest;
};

static enum tok_status read_context(struct tok_lm *lm, const struct tok_lm_request *requests,
				    size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	struct reader *r = (struct reader *)lm;
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;
		for (size_t k = 0; k < requests[i].count; k++) {
			const struct tok_span text = r->vocab->texts[requests[i].ids[k]];
			assert_memory_equal(r->text + at, text.bytes, text.count);
			at += text.count;
		}
		if (requests[i].count > r->longest)
			r->longest = requests[i].count;
	}
	return plain_rows(lm, requests, count, out, err);
}

static void ids_are_all_that_grows(void **state)
{
	(void)state;
	enum { BYTES = 12000 };
	static const char *const texts[] = { "A", "B", "AA" };
	struct plain_vocab vocab = toy_vocab(texts, 3);
	struct reader reader = { .plain = plain_table(4, toy_rows), .vocab = &vocab };
	struct tok_byte_tokens *tokens = NULL;
	struct tok_error err = { 0 };
	struct tok_random random = tok_random_of(5, 6);
	char text[BYTES + 1];
	for (size_t i = 0; i < BYTES; i++)
		text[i] = (char)('A' + tok_random_below(&random, 2));
	text[BYTES] = '\0';
	reader.plain.lm.rows = read_context;
	reader.plain.info.markov_order = 0;
	reader.text = text;
	assert_int_equal(tok_byte_tokens_of(vocab.texts, vocab.kinds, vocab.count, tok_span_of(""),
					    &tokens, &err),
			 TOK_OK);
	const struct tok_validity validity = { .trie = tokens };
	const struct tok_machine_options options = { .semantics = TOK_BYTES_VALID, .history = 8 };
	struct tok_machine *m = NULL;
	assert_int_equal(
	    tok_machine_new(tokens, &validity, plain_use(&reader.plain), &options, &m, &err),
	    TOK_OK);
	long half = 0;
	for (size_t i = 0; i < BYTES; i++) {
		const char byte[] = { text[i], '\0' };
		push_text(m, byte);
		if (i == BYTES / 2)
			half = heap.live;
	}
	assert_true(reader.longest > BYTES / 2);
	assert_true(heap.live < half + 100);
	tok_machine_free(m);
	tok_byte_tokens_free(tokens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(a_machine_outlives_a_failure),
		cmocka_unit_test(a_megabyte_in_bounded_memory),
		cmocka_unit_test(ids_are_all_that_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
