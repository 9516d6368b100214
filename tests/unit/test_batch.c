/* test_batch.c - many texts, any number of threads: the ids of each alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>

#include "tests/unit/checked.h"
#include "tests/unit/many.h"
#include "tok/base/threads.h"
#include "tok/pipe/batch.h"

enum { TEXTS = CHECKED ? 60 : 200, ROOM = 1000 * 1000 };

static const size_t thread_counts[] = { 2, 7 };

static struct many all;

/* ---- threads --------------------------------------------------------------- */

struct tally {
	atomic_size_t calls[3000];
};

static void count_call(void *shared, size_t index)
{
	struct tally *tally = shared;
	atomic_fetch_add(&tally->calls[index], 1);
}

static void every_index_is_called_once(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 5, 40, TOK_THREADS_MAX + 7 };
	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct tally *tally = calloc(1, sizeof *tally);
		assert_non_null(tally);
		tok_threads_run(counts[i], count_call, tally);
		for (size_t k = 0; k < 3000; k++)
			assert_int_equal(atomic_load(&tally->calls[k]), k < counts[i]);
		free(tally);
	}
	assert_in_range(tok_threads_available(), 1, TOK_THREADS_MAX);
}

/* ---- texts ----------------------------------------------------------------- */

struct corpus {
	uint8_t *bytes;
	size_t used;
	struct tok_span texts[TEXTS];
};

/* Empty ones, short ones, and one that is worth sharing out. */
static void fill_corpus(struct corpus *c, uint64_t seed)
{
	c->used = 0;
	for (size_t i = 0; i < TEXTS; i++) {
		const size_t begin = c->used;
		const size_t most = i == 20 ? 420 * 1000 : many_draw(&seed, 1500);
		while (c->used - begin + 500 < most)
			c->used += many_text(&seed, c->bytes + c->used, 500);
		c->texts[i] = (struct tok_span){ c->bytes + begin, c->used - begin };
	}
	assert_true(c->used <= ROOM);
}

static struct corpus *corpus_new(uint64_t seed)
{
	struct corpus *c = calloc(1, sizeof *c);
	assert_non_null(c);
	c->bytes = malloc(ROOM);
	assert_non_null(c->bytes);
	fill_corpus(c, seed);
	return c;
}

static void corpus_free(struct corpus *c)
{
	free(c->bytes);
	free(c);
}

/* ---- laws ------------------------------------------------------------------ */

static void check_texts(const char *name, struct tok_encoder *oracle, const struct corpus *c,
			size_t count, const struct tok_encode_options *options,
			const struct tok_batch_ids *got)
{
	assert_int_equal(got->count, count);
	assert_int_equal(got->offsets[0], 0);
	for (size_t i = 0; i < count; i++) {
		struct tok_error err = { 0 };
		struct tok_encoding r;
		if (tok_encode(oracle, c->texts[i], options, &r, &err) != TOK_OK)
			fail_msg("%s: text %zu: %s", name, i, err.message);
		const size_t from = got->offsets[i];
		if (got->offsets[i + 1] - from != r.count)
			fail_msg("%s: text %zu: %zu ids, not %zu", name, i,
				 got->offsets[i + 1] - from, r.count);
		if (r.count > 0 && memcmp(got->ids + from, r.ids, r.count * sizeof *r.ids) != 0)
			fail_msg("%s: text %zu: the ids differ", name, i);
	}
}

/* Also what fails is the same, to the letter. */
static void check_trouble(const char *name, struct tok_encoder *oracle, const struct corpus *c,
			  const struct tok_encode_options *options, const struct tok_error *err)
{
	size_t i = 0;
	struct tok_error want = { 0 };
	struct tok_encoding r;
	while (i < TEXTS && tok_encode(oracle, c->texts[i], options, &r, &want) == TOK_OK)
		i++;
	char place[32];
	const int length = snprintf(place, sizeof place, "text %zu: ", i);
	if (i == TEXTS || strncmp(err->message, place, (size_t)length) != 0)
		fail_msg("%s: '%s' should be about text %zu: %s", name, err->message, i,
			 want.message);
	assert_int_equal(err->status, want.status);
}

static void check_same(const char *name, const struct tok_batch_ids *got,
		       const struct tok_batch_ids *want)
{
	const size_t count = want->offsets[want->count];
	assert_int_equal(got->count, want->count);
	if (memcmp(got->offsets, want->offsets, (want->count + 1) * sizeof *want->offsets) != 0)
		fail_msg("%s: offsets depend on the number of threads", name);
	if (count > 0 && memcmp(got->ids, want->ids, count * sizeof *want->ids) != 0)
		fail_msg("%s: ids depend on the number of threads", name);
}

/* One thread has the ids of tok_encode; more have the same. */
static void batches_have_the_ids_of_each_text(size_t index, struct tok_encode_options options)
{
	const char *name = all.names[index];
	struct tok_encoder *oracle = tok_encoder_new(all.tokenizers[index]);
	struct tok_batch *one = tok_batch_new(all.tokenizers[index], 1);
	struct corpus *c = corpus_new(index);
	struct tok_batch_ids want, got;
	struct tok_error trouble = { 0 };
	assert_true(oracle && one);
	const enum tok_status status =
	    tok_batch_encode(one, c->texts, TEXTS, &options, &want, &trouble);
	if (status == TOK_OK)
		check_texts(name, oracle, c, TEXTS, &options, &want);
	else
		check_trouble(name, oracle, c, &options, &trouble);
	for (size_t i = 0; i < sizeof thread_counts / sizeof thread_counts[0]; i++) {
		struct tok_batch *b = tok_batch_new(all.tokenizers[index], thread_counts[i]);
		struct tok_error err = { 0 };
		assert_non_null(b);
		assert_int_equal(tok_batch_encode(b, c->texts, TEXTS, &options, &got, &err),
				 status);
		assert_string_equal(err.message, trouble.message);
		if (status == TOK_OK)
			check_same(name, &got, &want);
		/* A batch goes on, also after trouble, with fewer texts, and with none. */
		for (size_t count = 3; count-- > 0;)
			if (tok_batch_encode(b, c->texts, count, &options, &got, &err) == TOK_OK)
				check_texts(name, oracle, c, count, &options, &got);
		tok_batch_free(b);
	}
	corpus_free(c);
	tok_batch_free(one);
	tok_encoder_free(oracle);
}

static void texts_as_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < all.count; i++)
		batches_have_the_ids_of_each_text(i, (struct tok_encode_options){ 0 });
}

static void special_tokens_and_templates(void **state)
{
	(void)state;
	for (size_t i = 0; i < all.count; i++)
		batches_have_the_ids_of_each_text(
		    i, (struct tok_encode_options){ .special_text = TOK_SPECIAL_MATCH,
						    .add_special = true,
						    .offsets = true });
}

static void the_first_trouble_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < all.count; i++)
		batches_have_the_ids_of_each_text(
		    i, (struct tok_encode_options){ .special_text = TOK_SPECIAL_ERROR });
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_index_is_called_once),
		cmocka_unit_test(texts_as_they_are),
		cmocka_unit_test(special_tokens_and_templates),
		cmocka_unit_test(the_first_trouble_is_told),
	};
	all = argc > 1 ? many_of_files(argv + 1, argc - 1) : many_new();
	const int failures = cmocka_run_group_tests(tests, NULL, NULL);
	many_release(&all);
	return failures;
}
