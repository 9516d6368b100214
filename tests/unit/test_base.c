/* test_base.c - arena, growable buffers, string table, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdalign.h>
#include <stdio.h>

#include "tok/base/arena.h"
#include "tok/base/buffer.h"
#include "tok/base/hash.h"

/* ---- arena ---- */

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 1, 3, 16, 100, 65536, 7, 200000, 1, 0, 65537, 5 };
	enum { COUNT = sizeof sizes / sizeof sizes[0] };
	struct tok_arena arena = { 0 };
	uint8_t *pieces[COUNT];
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		pieces[i] = tok_arena_array(&arena, sizes[i], 1);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], 0);
		memset(pieces[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], i + 1);
	tok_arena_release(&arena);
	assert_non_null(tok_arena_array(&arena, 1, 1)); /* may be used again */
	tok_arena_release(&arena);
}

static void arena_takes_what_another_holds(void **state)
{
	(void)state;
	for (unsigned from_count = 0; from_count < 3; from_count++) {
		for (unsigned count = 0; count < 3; count++) {
			struct tok_arena arena = { 0 }, from = { 0 };
			uint8_t *pieces[4];
			for (unsigned i = 0; i < count; i++)
				pieces[i] = tok_arena_array(&arena, 100000, 1);
			for (unsigned i = 0; i < from_count; i++)
				pieces[2 + i] = tok_arena_array(&from, 100000, 1);
			tok_arena_take(&arena, &from);
			assert_null(from.head);
			tok_arena_release(&from);
			for (unsigned i = 0; i < from_count; i++)
				memset(pieces[2 + i], 1, 100000);
			for (unsigned i = 0; i < count; i++)
				memset(pieces[i], 1, 100000);
			assert_non_null(tok_arena_array(&arena, 10, 1));
			tok_arena_release(&arena);
		}
	}
}

static void arena_refuses_what_overflows(void **state)
{
	struct tok_arena arena = { 0 };
	(void)state;
	assert_null(tok_arena_array(&arena, SIZE_MAX / 2, 4));
	assert_null(tok_arena_array(&arena, SIZE_MAX, 1));
	assert_null(tok_arena_array(&arena, 1, SIZE_MAX));
	const struct tok_span copy = tok_arena_copy(&arena, tok_span_of("copied"));
	assert_true(tok_span_equal(copy, tok_span_of("copied")));
	assert_non_null(tok_arena_copy(&arena, (struct tok_span){ NULL, 0 }).bytes);
	tok_arena_release(&arena);
}

/* ---- buffers ---- */

static void buffers_keep_what_was_added(void **state)
{
	struct tok_buffer buffer = { 0 };
	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		assert_true(tok_buffer_add_byte(&buffer, (uint8_t)(i * 7)));
	assert_int_equal(buffer.count, 10000);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(buffer.bytes[i], (uint8_t)(i * 7));
	const uint8_t *before = buffer.bytes;
	tok_buffer_clear(&buffer);
	assert_true(tok_buffer_add(&buffer, "again", 5));
	assert_true(tok_buffer_add(&buffer, NULL, 0));
	assert_ptr_equal(buffer.bytes, before); /* keeps its room */
	assert_true(tok_span_equal(tok_buffer_span(&buffer), tok_span_of("again")));
	tok_buffer_release(&buffer);
	assert_null(buffer.bytes);
}

static void growth_that_overflows_changes_nothing(void **state)
{
	struct tok_buffer buffer = { 0 };
	uint64_t *items = NULL;
	size_t capacity = 0;
	(void)state;
	assert_true(tok_buffer_add(&buffer, "x", 1));
	assert_false(tok_buffer_reserve(&buffer, SIZE_MAX));
	assert_false(tok_buffer_reserve(&buffer, SIZE_MAX - 1));
	assert_int_equal(buffer.count, 1);
	assert_int_equal(buffer.bytes[0], 'x');
	assert_false(tok_grow(&items, &capacity, SIZE_MAX / 4, sizeof *items));
	assert_null(items);
	assert_int_equal(capacity, 0);
	tok_buffer_release(&buffer);
}

/* ---- string table ---- */

enum { KEYS = 5000 };

static struct tok_span key_of(struct tok_arena *arena, unsigned i)
{
	char text[24];
	snprintf(text, sizeof text, "%u:%u", i % 97, i);
	return tok_arena_copy(arena, tok_span_of(text));
}

static void every_key_is_found_and_no_other(void **state)
{
	struct tok_arena arena = { 0 };
	struct tok_strings table;
	(void)state;
	assert_true(tok_strings_init(&table, &arena, KEYS));
	for (unsigned i = 0; i < KEYS; i++)
		assert_true(tok_strings_add(&table, key_of(&arena, i), i));
	assert_int_equal(table.count, KEYS);
	for (unsigned i = 0; i < KEYS; i++) {
		assert_int_equal(tok_strings_find(&table, key_of(&arena, i)), i);
		assert_int_equal(tok_strings_find(&table, key_of(&arena, KEYS + i)), TOK_NO_ID);
		assert_false(tok_strings_add(&table, key_of(&arena, i), 7));
	}
	assert_int_equal(table.count, KEYS);
	tok_arena_release(&arena);
}

static void keys_are_bytes(void **state)
{
	struct tok_arena arena = { 0 };
	struct tok_strings table;
	const struct tok_span empty = { NULL, 0 }, nul = { (const uint8_t *)"\0", 1 },
			      two = { (const uint8_t *)"\0\0", 2 };
	(void)state;
	assert_true(tok_strings_init(&table, &arena, 3));
	assert_int_equal(tok_strings_find(&table, empty), TOK_NO_ID);
	assert_true(tok_strings_add(&table, nul, 1));
	assert_true(tok_strings_add(&table, empty, 2));
	assert_false(tok_strings_add(&table, tok_span_of(""), 3));
	assert_int_equal(tok_strings_find(&table, nul), 1);
	assert_int_equal(tok_strings_find(&table, empty), 2);
	assert_int_equal(tok_strings_find(&table, two), TOK_NO_ID);
	tok_strings_put(&table, nul, 9); /* the last one wins */
	assert_int_equal(tok_strings_find(&table, nul), 9);
	assert_int_equal(table.count, 2);
	assert_false(tok_strings_init(&table, &arena, SIZE_MAX));
	tok_arena_release(&arena);
}

/* ---- errors ---- */

static void errors_say_what_then_where(void **state)
{
	struct tok_error err = { 0 };
	char long_name[700];
	(void)state;
	assert_int_equal(tok_fail(&err, TOK_EFORMAT, "rank %d is used twice", 7), TOK_EFORMAT);
	assert_int_equal(tok_fail_in(&err, TOK_EIO, "line %d", 3), TOK_EFORMAT);
	assert_string_equal(err.message, "line 3: rank 7 is used twice");
	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	assert_int_equal(tok_fail_in(&err, TOK_EIO, "%s", long_name), TOK_EFORMAT);
	assert_int_equal(strlen(err.message), sizeof err.message - 1);
	assert_int_equal(tok_fail_in(NULL, TOK_EIO, "x"), TOK_EIO);
	assert_int_equal(tok_fail(NULL, TOK_ELIMIT, "x"), TOK_ELIMIT);
	assert_int_equal(tok_fail_memory(&err), TOK_ENOMEM);
	assert_int_equal(err.status, TOK_ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(arena_takes_what_another_holds),
		cmocka_unit_test(arena_refuses_what_overflows),
		cmocka_unit_test(buffers_keep_what_was_added),
		cmocka_unit_test(growth_that_overflows_changes_nothing),
		cmocka_unit_test(every_key_is_found_and_no_other),
		cmocka_unit_test(keys_are_bytes),
		cmocka_unit_test(errors_say_what_then_where),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
