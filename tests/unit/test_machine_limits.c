/* What a machine keeps of a text's past, and a search for covers of its rows, is bounded by bytes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_trials.h"
#include "tests/unit/window_law.h"
#include "tok/bytes/machine_internal.h"
#include "tok/bytes/window.h"

enum { WINDOW = 60, STRIDE = 7, DEEP = 64, BLOCK = 16 };

/* Bytes A and B, and a model that looks at all of its window. */
struct looking {
	struct toy_machine toy;
	struct plain_lm lm;
	struct tok_lm *windowed;
};

static void look(struct looking *l, size_t window, struct tok_machine_options options)
{
	static const char *const texts[] = { "A", "B" };
	struct tok_error err = { 0 };
	*l = (struct looking){ .toy = { .vocab = toy_vocab(texts, 2) },
			       .lm = plain_random(5, 3, DEEP) };
	l->lm.p = window_law_open_p;
	l->lm.lm.free = window_law_keep;
	l->lm.info.markov_order = 0;
	assert_int_equal(tok_lm_window(plain_use(&l->lm), window, window < STRIDE ? 2 : STRIDE,
				       &l->windowed, &err),
			 TOK_OK);
	assert_int_equal(tok_byte_tokens_of(l->toy.vocab.texts, l->toy.vocab.kinds,
					    l->toy.vocab.count, tok_span_of(""), &l->toy.tokens,
					    &err),
			 TOK_OK);
	l->toy.validity.trie = l->toy.tokens;
	assert_int_equal(tok_machine_new(l->toy.tokens, &l->toy.validity, l->windowed, &options,
					 &l->toy.m, &err),
			 TOK_OK);
}

static void leave(struct looking *l)
{
	toy_machine_release(&l->toy);
	l->windowed->free(l->windowed);
}

static void push_letters(struct tok_machine *m, size_t count)
{
	for (size_t i = 0; i < count; i++)
		push_text(m, i * i % 7 % 2 ? "A" : "B");
}

/* ---- the past ------------------------------------------------------------------------ */

static bool is_before(const struct tok_machine *m, size_t fronts, const struct tok_head *head)
{
	for (size_t f = 0; f < fronts; f++)
		for (size_t i = 0; i < m->kept[f]->count; i++)
			if (m->kept[f]->places[i].head == head)
				return true;
	return false;
}

/* Bytes of fronts and of the heads in them, each once. */
static size_t count_bytes(const struct tok_machine *m)
{
	size_t bytes = 0;
	for (size_t f = 0; f < m->count; f++) {
		const struct tok_front *front = m->kept[f];
		bytes += sizeof *front + front->count * sizeof front->places[0];
		for (size_t i = 0; i < front->count; i++) {
			const struct tok_head *head = front->places[i].head;
			if (!is_before(m, f, head))
				bytes += sizeof *head + head->tail_count * sizeof(tok_id);
		}
	}
	return bytes;
}

static size_t longest_way_back(struct tok_machine *m)
{
	struct tok_machine *fork;
	struct tok_error err = { 0 };
	size_t bytes = 0;
	assert_int_equal(tok_machine_fork(m, &fork, &err), TOK_OK);
	while (tok_machine_back(fork, 1))
		bytes++;
	tok_machine_free(fork);
	return bytes;
}

static void assert_same(struct tok_machine *a, struct tok_machine *b)
{
	const struct tok_next_bytes x = next_of(a), y = next_of(b);
	assert_int_equal(tok_machine_length(a), tok_machine_length(b));
	assert_true(x.log_p == y.log_p && x.end == y.end);
	assert_memory_equal(x.joint, y.joint, sizeof x.joint);
}

static void the_past_is_bounded_by_bytes(void **state)
{
	(void)state;
	enum { MOST = 40000, LENGTH = 600 };
	for (int semantics = TOK_BYTES_ALL; semantics <= TOK_BYTES_VALID_RENORM; semantics++) {
		const struct tok_machine_options options = {
			.semantics = (enum tok_bytes_semantics)semantics
		};
		struct looking all, few;
		look(&all, WINDOW, options);
		look(&few, WINDOW, options);
		few.toy.m->core->history_budget = MOST;
		push_letters(all.toy.m, LENGTH);
		push_letters(few.toy.m, LENGTH);
		assert_int_equal(longest_way_back(all.toy.m), LENGTH);
		assert_true(count_bytes(all.toy.m) > 4 * MOST);

		const size_t back = longest_way_back(few.toy.m), each = MOST / back;
		assert_true(back >= BLOCK && back < LENGTH / 4);
		assert_true(count_bytes(few.toy.m) <= MOST + each);
		assert_true(count_bytes(few.toy.m) > MOST / 4); /* what is to be had is used */
		assert_true(few.toy.m->kept_bytes >= count_bytes(few.toy.m));
		assert_same(all.toy.m, few.toy.m);
		assert_false(tok_machine_back(few.toy.m, back + 1));
		assert_true(tok_machine_back(all.toy.m, back) && tok_machine_back(few.toy.m, back));
		assert_same(all.toy.m, few.toy.m);
		leave(&all);
		leave(&few);
	}
}

/* Neither more, where heads that were dropped do not count. */
static void what_is_kept_is_counted(void **state)
{
	(void)state;
	for (size_t beam = 0; beam < 4; beam++) {
		static const char *const texts[] = { "A", "B", "AA", "AB" };
		struct toy_machine toy = { .vocab = toy_vocab(texts, 4),
					   .lm = plain_random(7, 5, beam ? DEEP : 3) };
		toy.lm.p = window_law_open_p;
		toy.lm.info.markov_order = beam ? 0 : 3;
		toy_machine_make(&toy, (struct tok_machine_options){ .beam = beam });
		push_letters(toy.m, 40);
		assert_true(beam < 2 || tok_machine_cost(toy.m).heads_made > 40);
		if (beam == 0) /* else heads that nobody knows become parts of others */
			assert_int_equal(toy.m->kept_bytes, count_bytes(toy.m));
		assert_true(toy.m->kept_bytes <= count_bytes(toy.m));
		assert_true(tok_machine_back(toy.m, 30));
		if (beam == 0)
			assert_int_equal(toy.m->kept_bytes, count_bytes(toy.m));
		toy_machine_release(&toy);
	}
}

static bool count_cover(void *context, const struct tok_cover *cover)
{
	(void)cover;
	++*(size_t *)context;
	return true;
}

static void covers_are_of_what_is_remembered(void **state)
{
	(void)state;
	struct looking l;
	struct tok_error err = { 0 };
	size_t told = 0, total;
	look(&l, WINDOW, (struct tok_machine_options){ 0 });
	l.toy.m->core->history_budget = 0;
	push_letters(l.toy.m, 3);
	assert_int_equal(tok_machine_covers(l.toy.m, count_cover, &told, &total, &err), TOK_OK);
	assert_int_equal(told, 1);
	push_letters(l.toy.m, 30);
	assert_int_equal(tok_machine_covers(l.toy.m, count_cover, &told, &total, &err), TOK_ELIMIT);
	assert_string_equal(err.message,
			    "the text is longer than the 17 bytes that are remembered");
	leave(&l);
}

/* A place where P is 0 is found and left, whatever is remembered, and forks are what they were. */
static void nothing_else_needs_the_past(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		const struct tok_machine_options options = {
			.semantics = (enum tok_bytes_semantics)(seed % 3)
		};
		struct trial all, none;
		struct tok_machine *fork = NULL;
		struct tok_error err = { 0 };
		make_trial(&all, seed, options.semantics != TOK_BYTES_ALL);
		make_trial(&none, seed, options.semantics != TOK_BYTES_ALL);
		toy_machine_make(&all.toy, options);
		toy_machine_make(&none.toy, options);
		none.toy.m->core->history_budget = 0;
		for (size_t i = 0; i < 9; i++) {
			const struct tok_span text = { all.text, TRIAL_LENGTH };
			const enum tok_status status = tok_machine_push(all.toy.m, text, &err);
			assert_int_equal(tok_machine_push(none.toy.m, text, &err), status);
			assert_same(all.toy.m, none.toy.m);
			if (i == 4)
				assert_int_equal(tok_machine_fork(none.toy.m, &fork, &err), TOK_OK);
			if (status != TOK_OK)
				break;
		}
		assert_true(none.toy.m->count <= BLOCK + 2);
		tok_machine_free(fork);
		toy_machine_release(&all.toy);
		toy_machine_release(&none.toy);
	}
}

/* ---- covers ---------------------------------------------------------------------------- */

/* The only cover of so many letters: the search goes on behind each of its beginnings. */
static void a_search_is_bounded_by_bytes(void **state)
{
	(void)state;
	enum { LENGTH = 23, SMALL = 5 };
	struct looking l;
	struct tok_error err = { 0 };
	size_t told = 0, total, needed = 0;
	look(&l, SMALL, (struct tok_machine_options){ 0 });
	push_letters(l.toy.m, LENGTH);
	for (size_t i = 0; i < LENGTH; i++)
		needed += (i - tok_lm_cut(l.windowed->info, i)) * sizeof(tok_id);
	l.toy.m->core->cover_budget = needed - 1;
	assert_int_equal(tok_machine_covers(l.toy.m, count_cover, &told, &total, &err), TOK_ELIMIT);
	assert_string_equal(err.message,
			    "rows of tokens that were looked at have more than 0 MB of ids");
	assert_int_equal(told, 0);
	l.toy.m->core->cover_budget = needed;
	assert_int_equal(tok_machine_covers(l.toy.m, count_cover, &told, &total, &err), TOK_OK);
	assert_int_equal(told, 1);
	leave(&l);
}

static void limits_are_those_of_the_contract(void **state)
{
	(void)state;
	struct looking l;
	look(&l, WINDOW, (struct tok_machine_options){ 0 });
	assert_int_equal(l.toy.m->core->history_budget, 256 << 20);
	assert_int_equal(l.toy.m->core->cover_budget, 256 << 20);
	leave(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_past_is_bounded_by_bytes),
		cmocka_unit_test(what_is_kept_is_counted),
		cmocka_unit_test(covers_are_of_what_is_remembered),
		cmocka_unit_test(nothing_else_needs_the_past),
		cmocka_unit_test(a_search_is_bounded_by_bytes),
		cmocka_unit_test(limits_are_those_of_the_contract),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
