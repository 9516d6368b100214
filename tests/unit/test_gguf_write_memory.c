/* Where memory runs out while a tokenizer is written as a GGUF file, or one of a GGUF file as a
 * tokenizer.json, that is what is said, and nothing is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/heap.h"
#include "tests/unit/spaced_json.h"
#include "vocab/format/gguf_write.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"

static enum tok_status write_gguf(const struct tok_spec *spec, struct tok_buffer *out,
				  struct tok_error *err)
{
	const struct vocab_gguf_options options = vocab_gguf_defaults();
	uint64_t count;
	return vocab_gguf_write(spec, &options, out, &count, err);
}

static enum tok_status write_json(const struct tok_spec *spec, struct tok_buffer *out,
				  struct tok_error *err)
{
	return vocab_write(VOCAB_TOKENIZER_JSON, spec, out, err);
}

static void fail_each(struct tok_span file,
		      enum tok_status (*write)(const struct tok_spec *, struct tok_buffer *,
					       struct tok_error *))
{
	const struct vocab_read_options options = { 0 };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(file, &options, &spec, &err) != TOK_OK)
		fail_msg("%s", err.message);
	size_t total = 0;
	for (size_t n = 0; n <= total; n++) {
		struct tok_buffer out = { 0 };
		const long before = heap.live;
		heap.asked = 0;
		heap.fails_at = n;
		const enum tok_status status = write(&spec, &out, &err);
		heap.fails_at = 0;
		total = n ? total : heap.asked;
		if (status != (n ? TOK_ENOMEM : TOK_OK))
			fail_msg("allocation %zu of %zu: %d %s", n, total, status, err.message);
		assert_int_equal(out.count != 0, n == 0);
		tok_buffer_release(&out);
		assert_int_equal(heap.live, before);
	}
	assert_true(total > 2);
	tok_spec_release(&spec);
}

static void merges_as_scores(void **state)
{
	(void)state;
	const struct spaced json = { SPACED_PREPEND, "null", SPACED_UNK, "", "", "", -1 };
	struct tok_buffer file = spaced_json(&json);
	fail_each(tok_buffer_span(&file), write_gguf);
	tok_buffer_release(&file);
}

static void files(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool json;
	} names[] = { { "gpt2.gguf", true }, { "gpt2.gguf", false }, { "llama.gguf", false } };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct tok_span file = fixture_read("gguf", names[i].name);
		fail_each(file, names[i].json ? write_json : write_gguf);
		free((void *)(uintptr_t)file.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_as_scores),
		cmocka_unit_test(files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
