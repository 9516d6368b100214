/*
 * Validity when the n-th allocation fails, for every n, and none once it is made.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include "tests/unit/validity_rows.h"

#include "tests/unit/heap.h"

/* Everything but the tokenizer, which is there already. */
static enum tok_status build(const struct trial *t, struct tok_validity **out,
			     struct tok_error *err)
{
	return tok_validity_new(t->tokenizer, t->tokens, out, err);
}

static void try_memory(enum kind kind, const struct pipe *pipe)
{
	struct toy toy;
	struct trial t = { .toy = &toy, .name = "memory" };
	struct tok_error err = { 0 };
	draw_toy(&toy, kind, pipe, kind == BYTES);
	open_trial(&t);
	const long before = heap.live;
	size_t n = 1;
	for (;; n++) {
		struct tok_validity *v = NULL;
		heap.asked = 0;
		heap.fails_at = n;
		const enum tok_status status = build(&t, &v, &err);
		heap.fails_at = 0;
		if (status == TOK_OK) {
			tok_validity_free(v);
			break;
		}
		assert_null(v);
		assert_int_equal(status, TOK_ENOMEM);
		assert_int_equal(heap.live, before);
	}
	assert_int_equal(heap.live, before);
	assert_true(n > 2);
	close_trial(&t);
}

static void every_allocation_may_fail(void **state)
{
	const struct pipe plain = { .added = false }, added = { .added = true };
	const struct pipe user = { .user_defined = true };
	(void)state;
	for (enum kind kind = BYTES; kind <= UNIGRAM; kind++) {
		try_memory(kind, &plain);
		try_memory(kind, &added);
	}
	try_memory(CHARACTERS, &user);
}

static void walk_at_random(enum kind kind, const struct pipe *pipe)
{
	struct toy toy;
	struct trial t = { .toy = &toy, .name = "memory" };
	draw_toy(&toy, kind, pipe, kind == BYTES);
	open_trial(&t);
	struct tok_valid_state at = tok_validity_start(t.validity), next;
	heap.asked = 0;
	for (size_t i = 0; i < 4000; i++) {
		const tok_id id = draw((uint32_t)toy.count);
		const struct tok_span text = tok_byte_tokens_text(t.tokens, id);
		struct tok_valid_state try = at;
		size_t k = 0;
		while (k < text.count && tok_validity_byte(t.validity, &try, text.bytes[k]))
			k++;
		if (k == text.count && tok_validity_token(t.validity, &try, id, &next))
			at = next;
	}
	assert_int_equal(heap.asked, 0);
	close_trial(&t);
}

/* Answers need no memory: there is nobody who could say that it is out. */
static void answers_allocate_nothing(void **state)
{
	const struct pipe added = { .added = true }, user = { .user_defined = true };
	(void)state;
	for (enum kind kind = BYTES; kind <= UNIGRAM; kind++)
		walk_at_random(kind, &added);
	walk_at_random(CHARACTERS, &user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(answers_allocate_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
