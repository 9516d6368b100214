/*
 * test_byte_level_memory.c - the conversion to the alphabet of bytes when the n-th allocation
 * fails, for every n.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/byte_level_toys.h"
#include "tests/unit/heap.h"
#include "vocab/convert/byte_level.h"
#include "vocab/format/read.h"

static void read_toy(const char *json, struct tok_spec *out)
{
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(json), NULL, out, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static void fail_each(const struct tok_spec *spec, const struct vocab_byte_level_options *options)
{
	struct heap_trial trial = heap_trial_begin();
	while (heap_trial_next(&trial)) {
		struct tok_spec out = { 0 };
		struct vocab_byte_level_report report;
		struct tok_error err = { 0 };
		heap_trial_judge(&trial, vocab_byte_level(spec, options, &out, &report, &err),
				 &err);
		if (trial.done)
			tok_spec_release(&out);
	}
	assert_true(trial.n > 20);
}

static void every_allocation_may_fail(void **state)
{
	static const char *const toys[] = { TOY_FALLBACK, TOY_UNIGRAM, TOY_BYTES };
	struct tok_spec base = { 0 };
	(void)state;
	read_toy(TOY_BASE, &base);
	for (size_t i = 0; i < sizeof toys / sizeof toys[0]; i++) {
		const struct vocab_byte_level_options options = { .whitespace = true,
								  .match = &base };
		struct tok_spec spec = { 0 };
		read_toy(toys[i], &spec);
		fail_each(&spec, &options);
		tok_spec_release(&spec);
	}
	tok_spec_release(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
