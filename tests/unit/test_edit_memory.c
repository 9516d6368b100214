/* Where memory runs out while a tokenizer is edited, that is what is said, and nothing is changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/heap.h"
#include "tests/unit/spec_text.h"
#include "vocab/convert/edit.h"
#include "vocab/format/read.h"

static enum tok_status rename_one(struct tok_spec *spec, struct tok_error *err)
{
	return vocab_edit_rename(spec, tok_span_of("[MASK]"),
				 tok_span_of("<a name of some length>"), err);
}

static enum tok_status add_one(struct tok_spec *spec, struct tok_error *err)
{
	return vocab_edit_add_special(spec, tok_span_of("<another name>"), TOK_NO_ID, err);
}

static enum tok_status set_one(struct tok_spec *spec, struct tok_error *err)
{
	return vocab_edit_set_template(spec, tok_span_of("[CLS] $A [SEP] [SEP]"), err);
}

static struct tok_spec read_words(void)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of("[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"), NULL, &spec, &err) !=
	    TOK_OK)
		fail_msg("%s", err.message);
	return spec;
}

static struct tok_buffer describe(const struct tok_spec *spec)
{
	struct tok_buffer out = { 0 };
	say_pipeline(&out, spec);
	say_tokens(&out, spec);
	return out;
}

enum { BLOCK_BYTES = 64 * 1024 }; /* of an arena */

/* Each allocation fails once, `room` bytes before the end of the arena's block. */
static size_t fail_each(enum tok_status (*edit)(struct tok_spec *spec, struct tok_error *err),
			size_t room)
{
	size_t total = 0;
	for (size_t n = 0; n <= total; n++) {
		struct tok_spec spec = read_words();
		struct tok_buffer before = describe(&spec);
		struct tok_error err = { 0 };
		assert_non_null(tok_arena_array(&spec.arena, 1, BLOCK_BYTES - room));
		heap.asked = 0;
		heap.fails_at = n;
		const enum tok_status status = edit(&spec, &err);
		heap.fails_at = 0;
		total = n ? total : heap.asked;
		struct tok_buffer after = describe(&spec);
		if (status != (n ? TOK_ENOMEM : TOK_OK))
			fail_msg("allocation %zu of %zu: %d %s", n, total, status, err.message);
		assert_int_equal(tok_span_equal(tok_buffer_span(&before), tok_buffer_span(&after)),
				 n > 0);
		tok_buffer_release(&before);
		tok_buffer_release(&after);
		tok_spec_release(&spec);
	}
	return total;
}

static void edits(void **state)
{
	size_t failed = 0;
	(void)state;
	for (size_t room = 0; room < 1024; room += 16) {
		failed += fail_each(rename_one, room);
		failed += fail_each(add_one, room);
		failed += fail_each(set_one, room);
	}
	assert_true(failed > 3 * 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(edits) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
