/* test_image.c - sections of an image, texts and their index: as put in, or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tok/base/texts.h"

enum { TAG = TOK_IMAGE_TAG('a', 'b', 'c', 'd'), OTHER = TOK_IMAGE_TAG('e', 'f', 'g', 'h') };

/* ---- sections ------------------------------------------------------------------ */

/* In memory that begins where it must; free it. */
static struct tok_span copy_aligned(struct tok_span block)
{
	void *copy = NULL;
	assert_int_equal(posix_memalign(&copy, TOK_IMAGE_ALIGN, block.count ? block.count : 1), 0);
	if (block.count)
		memcpy(copy, block.bytes, block.count);
	return (struct tok_span){ copy, block.count };
}

static void sections_come_back(void **state)
{
	static const uint32_t numbers[] = { 1, 2, 3 };
	struct tok_image_writer writer = { 0 };
	struct tok_span block;
	struct tok_image image;
	struct tok_error err = { 0 };
	size_t count;
	(void)state;
	assert_false(tok_image_finish(&writer, &block)); /* nothing in it */
	tok_image_put(&writer, TAG, "x", 1);
	tok_image_put(&writer, OTHER, numbers, sizeof numbers);
	tok_image_put(&writer, 1, NULL, 0);
	assert_true(tok_image_finish(&writer, &block));
	block = copy_aligned(block);
	tok_image_writer_release(&writer);

	assert_int_equal(tok_image_open(block, &image, &err), TOK_OK);
	assert_int_equal(image.count, 3);
	const uint32_t *back = tok_image_array(&image, OTHER, sizeof *back, &count);
	assert_int_equal(count, 3);
	assert_memory_equal(back, numbers, sizeof numbers);
	assert_int_equal((uintptr_t)back % TOK_IMAGE_ALIGN, 0);
	assert_int_equal(*(const char *)tok_image_array(&image, TAG, 1, &count), 'x');
	assert_int_equal(count, 1);
	assert_non_null(tok_image_array(&image, TAG, 4, &count));
	assert_int_equal(count, 0); /* one byte is no number */
	assert_non_null(tok_image_array(&image, 1, 1, &count));
	assert_int_equal(count, 0);
	assert_non_null(tok_image_array(&image, 2, 1, &count));
	assert_int_equal(count, 0);
	free((void *)(uintptr_t)block.bytes);
}

static void too_many_sections_show_at_the_end(void **state)
{
	struct tok_image_writer writer = { 0 };
	struct tok_span block;
	(void)state;
	for (uint32_t i = 0; i < TOK_IMAGE_SECTIONS; i++)
		tok_image_put(&writer, i, "x", 1);
	assert_true(tok_image_finish(&writer, &block));
	tok_image_put(&writer, TOK_IMAGE_SECTIONS, "x", 1);
	assert_false(tok_image_finish(&writer, &block));
	tok_image_writer_release(&writer);
}

/* The directory is two words, then tag, place and size of each section. */
static void sections_outside_are_refused(void **state)
{
	static const struct {
		size_t word;
		uint64_t value;
	} rows[] = {
		{ 0, TOK_IMAGE_SECTIONS + 1 },
		{ 0, UINT64_MAX },
		{ 3, 1 },       /* not a multiple of 64 */
		{ 3, 1 << 20 }, /* behind the end */
		{ 3, UINT64_MAX - 63 },
		{ 4, UINT64_MAX }, /* longer than the block, or than all there is */
		{ 4, 1 << 20 },
	};
	struct tok_image_writer writer = { 0 };
	struct tok_image image;
	struct tok_error err = { 0 };
	struct tok_span block;
	(void)state;
	tok_image_put(&writer, TAG, "xyz", 3);
	assert_true(tok_image_finish(&writer, &block));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct tok_span copy = copy_aligned(block);
		memcpy((uint8_t *)(uintptr_t)copy.bytes + 8 * rows[i].word, &rows[i].value, 8);
		assert_int_equal(tok_image_open(copy, &image, &err), TOK_EFORMAT);
		free((void *)(uintptr_t)copy.bytes);
	}
	for (size_t cut = 0; cut < block.count; cut++) {
		const struct tok_span copy = copy_aligned(tok_span_slice(block, 0, cut));
		assert_int_equal(tok_image_open(copy, &image, &err), TOK_EFORMAT);
		free((void *)(uintptr_t)copy.bytes);
	}
	tok_image_writer_release(&writer);
}

/* ---- texts and their index --------------------------------------------------------- */

static void texts_come_back(void **state)
{
	const struct tok_span spans[] = {
		tok_span_of("a"), tok_span_of(""), tok_span_of("bc"), { (const uint8_t *)"\0x", 2 }
	};
	struct tok_arena arena = { 0 };
	struct tok_texts texts, back;
	struct tok_index index, found;
	struct tok_image image;
	struct tok_image_writer writer = { 0 };
	struct tok_error err = { 0 };
	struct tok_span block;
	(void)state;
	assert_int_equal(tok_texts_copy(&texts, &arena, spans, 4, &err), TOK_OK);
	assert_true(tok_index_init(&index, &arena, 4));
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(tok_index_add(&index, &texts, i), TOK_NO_ID);
	tok_texts_save(&texts, 1, 2, &writer);
	tok_index_save(&index, 3, &writer);
	assert_true(tok_image_finish(&writer, &block));
	block = copy_aligned(block);
	tok_image_writer_release(&writer);
	tok_arena_release(&arena);

	assert_int_equal(tok_image_open(block, &image, &err), TOK_OK);
	assert_true(tok_texts_open(&back, &image, 1, 2));
	assert_int_equal(back.count, 4);
	assert_true(tok_index_open(&found, &image, 3, 4));
	assert_false(tok_index_open(&found, &image, 3, 3)); /* 3 is no longer below */
	assert_true(tok_index_open(&found, &image, 3, 4));
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(tok_index_find(&found, &back, spans[i]), i);
	assert_int_equal(tok_index_find(&found, &back, tok_span_of("b")), TOK_NO_ID);
	assert_false(tok_texts_open(&back, &image, 1, 9));
	assert_false(tok_index_open(&found, &image, 9, 4));
	free((void *)(uintptr_t)block.bytes);
}

static void broken_texts_are_refused(void **state)
{
	static const struct {
		uint32_t starts[3];
		bool sound;
	} rows[] = {
		{ { 0, 2, 4 }, true },           { { 0, 0, 0 }, true },
		{ { 0, 5, 4 }, false },          { { 0, 2, 5 }, false },
		{ { 2, 1, 4 }, false },          { { 0, UINT32_MAX, 4 }, false },
		{ { 0, 1, UINT32_MAX }, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_image_writer writer = { 0 };
		struct tok_image image;
		struct tok_texts texts;
		struct tok_error err = { 0 };
		struct tok_span block;
		tok_image_put(&writer, 1, "abcd", 4);
		tok_image_put(&writer, 2, rows[i].starts, sizeof rows[i].starts);
		assert_true(tok_image_finish(&writer, &block));
		block = copy_aligned(block);
		assert_int_equal(tok_image_open(block, &image, &err), TOK_OK);
		assert_int_equal(tok_texts_open(&texts, &image, 1, 2), rows[i].sound);
		free((void *)(uintptr_t)block.bytes);
		tok_image_writer_release(&writer);
	}
}

static void an_index_without_end_is_refused(void **state)
{
	static const struct {
		uint32_t slots[4];
		size_t count;
		bool sound;
	} rows[] = {
		{ { 0, 1, TOK_NO_ID, 0 }, 4, true },
		{ { 0, 1, 1, 0 }, 4, false }, /* none is free */
		{ { 0, 2, TOK_NO_ID, 0 }, 4, false },
		{ { TOK_NO_ID, 1, TOK_NO_ID }, 3, false },
		{ { TOK_NO_ID }, 1, true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_image_writer writer = { 0 };
		struct tok_image image;
		struct tok_index index;
		struct tok_error err = { 0 };
		struct tok_span block;
		tok_image_put(&writer, 1, rows[i].slots, rows[i].count * sizeof rows[i].slots[0]);
		assert_true(tok_image_finish(&writer, &block));
		block = copy_aligned(block);
		assert_int_equal(tok_image_open(block, &image, &err), TOK_OK);
		assert_int_equal(tok_index_open(&index, &image, 1, 2), rows[i].sound);
		free((void *)(uintptr_t)block.bytes);
		tok_image_writer_release(&writer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_come_back),
		cmocka_unit_test(too_many_sections_show_at_the_end),
		cmocka_unit_test(sections_outside_are_refused),
		cmocka_unit_test(texts_come_back),
		cmocka_unit_test(broken_texts_are_refused),
		cmocka_unit_test(an_index_without_end_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
