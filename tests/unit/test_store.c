/*
 * test_store.c - a store is looked at while others change it.
 *
 * Linked with --wrap for vocab_image_check_kept, the last that is done with each vocabulary.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vocab/store/store.h"

static const char source_a[] =
    "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},"
    "\"merges\":[[\"a\",\"b\"]]}}";
static const char source_b[] =
    "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"vocab\":{\"b\":0,\"a\":1,\"ba\":2},"
    "\"merges\":[[\"b\",\"a\"]]}}";

static char folder[64];

static struct vocab_store *open_store(enum vocab_store_mode mode)
{
	struct tok_error err = { 0 };
	struct vocab_store *store = NULL;
	if (vocab_store_open(folder, mode, &store, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_non_null(store);
	return store;
}

static void add(struct vocab_store *store, const char *name, const char *text, bool replace)
{
	const struct vocab_source source = { .path = "x.json",
					     .files = { tok_span_of(text) },
					     .count = 1 };
	const struct vocab_store_about about = { .replace = replace };
	struct tok_error err = { 0 };
	if (vocab_store_add(store, name, &source, &about, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

struct told {
	size_t sound, unsound;
};

/* Done once, behind the first vocabulary. */
static void (*meanwhile)(void);

enum tok_status __real_vocab_image_check_kept(const struct tok_tokenizer *tokenizer,
					      const uint8_t digest[VOCAB_KEPT_DIGEST],
					      const char *images, struct tok_error *err);
enum tok_status __wrap_vocab_image_check_kept(const struct tok_tokenizer *tokenizer,
					      const uint8_t digest[VOCAB_KEPT_DIGEST],
					      const char *images, struct tok_error *err);

enum tok_status __wrap_vocab_image_check_kept(const struct tok_tokenizer *tokenizer,
					      const uint8_t digest[VOCAB_KEPT_DIGEST],
					      const char *images, struct tok_error *err)
{
	void (*const change)(void) = meanwhile;
	meanwhile = NULL;
	const enum tok_status status =
	    __real_vocab_image_check_kept(tokenizer, digest, images, err);
	if (change)
		change();
	return status;
}

static void tell(void *data, const char *name, const char *trouble)
{
	struct told *told = data;
	if (trouble)
		print_message("%s: %s\n", name ? name : "the database", trouble);
	told->sound += name && !trouble;
	told->unsound += trouble != NULL;
}

static void remove_last(void)
{
	struct vocab_store *store = open_store(VOCAB_STORE_CHANGE);
	struct tok_error err = { 0 };
	assert_int_equal(vocab_store_remove(store, "z", &err), TOK_OK);
	vocab_store_close(store);
}

static void replace_last(void)
{
	struct vocab_store *store = open_store(VOCAB_STORE_CHANGE);
	add(store, "z", source_a, true);
	vocab_store_close(store);
}

/* What was there when it began is sound, whatever is there at the end. */
static void others_change_it_meanwhile(void **state)
{
	static void (*const changes[])(void) = { replace_last, remove_last };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct told told = { 0 };
		struct tok_error err = { 0 };
		struct vocab_store *store = open_store(VOCAB_STORE_WRITE);
		add(store, "a", source_a, true);
		add(store, "z", source_b, true);
		meanwhile = changes[i];
		assert_int_equal(vocab_store_verify(store, tell, &told, &err), TOK_OK);
		assert_null(meanwhile);
		assert_int_equal(told.sound, 2);
		assert_int_equal(told.unsound, 0);
		/* And then of what there is now. */
		told = (struct told){ 0 };
		assert_int_equal(vocab_store_verify(store, tell, &told, &err), TOK_OK);
		assert_int_equal(told.sound, changes[i] == remove_last ? 1 : 2);
		vocab_store_close(store);
	}
}

static int make(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/tok-store-test-%d", (int)getpid());
	return 0;
}

static int clean(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_change_it_meanwhile),
	};
	return cmocka_run_group_tests(tests, make, clean);
}
