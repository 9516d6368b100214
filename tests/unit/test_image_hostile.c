/*
 * test_image_hostile.c - facts of a block that no build writes together: each alone
 * passes, and what they lead to does not exist.  (Damage one word at a time is
 * replay_image's.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/image_law.h"
#include "vocab/format/read.h"

/* Where bpe_image.c keeps its facts. */
enum {
	FACTS = TOK_IMAGE_TAG('b', 'f', 'c', 't'),
	SYMBOL_COUNT_AT = 8,
	IGNORE_MERGES_AT = 24,
	HAS_SPLIT_AT = 40
};

struct change {
	size_t at;
	uint32_t value;
};

/* A block of the tokenizer, with two words of its BPE facts changed, is refused; as
 * it is, it opens. */
static void try_changes(const char *name, struct tok_tokenizer *t, const struct change changes[2])
{
	struct tok_span block = law_save(name, t);
	uint8_t *bytes = (uint8_t *)(uintptr_t)block.bytes;
	struct tok_image image;
	struct tok_error err = { 0 };
	size_t count;
	assert_int_equal(mprotect(bytes, block.count, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(tok_image_open(block, &image, &err), TOK_OK);
	uint8_t *facts = tok_image_array(&image, FACTS, 1, &count);
	assert_true(count > HAS_SPLIT_AT);

	struct tok_tokenizer *opened;
	assert_int_equal(tok_tokenizer_open(block, false, law_unmap, &block, &opened, &err),
			 TOK_OK);
	for (size_t i = 0; i < 2; i++)
		memcpy(facts + changes[i].at, &changes[i].value, sizeof changes[i].value);
	struct tok_tokenizer *wild = NULL;
	if (tok_tokenizer_open(block, false, NULL, NULL, &wild, &err) != TOK_EFORMAT)
		fail_msg("%s: opens", name);
	tok_tokenizer_free(opened);
}

static struct tok_tokenizer *read_tokenizer(const char *file)
{
	struct tok_tokenizer *t = NULL;
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(file), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return t;
}

static const char merges[] = "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},"
			     "\"merges\":[\"a b\"]}}";

static void facts_that_do_not_go_together_are_refused(void **state)
{
	static const struct {
		const char *name;
		struct change changes[2];
	} rows[] = {
		{ "a list merges tokens only",
		  { { SYMBOL_COUNT_AT, 1000 }, { IGNORE_MERGES_AT, 0 } } },
		{ "pieces split again are merged",
		  { { HAS_SPLIT_AT, 1 }, { IGNORE_MERGES_AT, 1 } } },
		{ "and not walked", { { HAS_SPLIT_AT, 1 }, { IGNORE_MERGES_AT, 0 } } },
	};
	(void)state;
	struct tok_tokenizer *t = read_tokenizer(merges);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		try_changes(rows[i].name, t, rows[i].changes);
	tok_tokenizer_free(t);
}

/* Where tokenizer_image.c keeps the order of added tokens. */
enum { ADDED_ORDER = TOK_IMAGE_TAG('t', 'a', 'o', 'r') };

static const char added[] =
    "{\"added_tokens\":[{\"id\":2,\"content\":\"<a>\",\"special\":true,\"normalized\":false,"
    "\"single_word\":false,\"lstrip\":false,\"rstrip\":false},{\"id\":3,\"content\":\"<b>\","
    "\"special\":false,\"normalized\":true,\"single_word\":false,\"lstrip\":false,"
    "\"rstrip\":false},{\"id\":4,\"content\":\"\",\"special\":true,\"normalized\":false,"
    "\"single_word\":false,\"lstrip\":false,\"rstrip\":false}],"
    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]}}";

/* A token that the order has not would never be found. */
static void added_tokens_come_once_each(void **state)
{
	static const struct {
		uint64_t tag;
		size_t count;
		uint32_t order[2];
		enum tok_status status;
	} rows[] = {
		{ ADDED_ORDER, 2, { 0, 1 }, TOK_OK },
		{ ADDED_ORDER, 1, { 0, 1 }, TOK_EFORMAT },
		{ ADDED_ORDER, 0, { 0, 1 }, TOK_EFORMAT },
		{ 7, 2, { 0, 1 }, TOK_EFORMAT },
		{ ADDED_ORDER, 2, { 0, 0 }, TOK_EFORMAT },
		{ ADDED_ORDER, 2, { 0, 2 }, TOK_EFORMAT },
		{ ADDED_ORDER, 2, { 0, 3 }, TOK_EFORMAT },
	};
	(void)state;
	struct tok_tokenizer *t = read_tokenizer(added);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_span block = law_save("added tokens", t);
		uint8_t *bytes = (uint8_t *)(uintptr_t)block.bytes;
		struct tok_tokenizer *opened = NULL;
		struct tok_error err = { 0 };
		struct tok_image image;
		size_t count;
		assert_int_equal(mprotect(bytes, block.count, PROT_READ | PROT_WRITE), 0);
		assert_int_equal(tok_image_open(block, &image, &err), TOK_OK);
		uint32_t *order = tok_image_array(&image, ADDED_ORDER, sizeof *order, &count);
		assert_int_equal(count, 2);
		memcpy(order, rows[i].order, sizeof rows[i].order);
		for (size_t s = 0; s < image.count; s++) {
			struct tok_image_section *section =
			    (struct tok_image_section *)(uintptr_t)&image.sections[s];
			if (section->tag != ADDED_ORDER)
				continue;
			section->tag = rows[i].tag;
			section->count = rows[i].count * sizeof *order;
		}
		const enum tok_status status =
		    tok_tokenizer_open(block, false, NULL, NULL, &opened, &err);
		if (status != rows[i].status)
			fail_msg("row %zu: %d", i, (int)status);
		tok_tokenizer_free(opened);
		law_unmap(&block);
	}
	tok_tokenizer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_that_do_not_go_together_are_refused),
		cmocka_unit_test(added_tokens_come_once_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
