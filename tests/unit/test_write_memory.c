/*
 * test_write_memory.c - the n-th allocation fails, for every n, while tokenizer files are
 * written: TOK_ENOMEM comes back, what was written before stays, nothing else does.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "fixture.h"
#include "vocab/format/base64.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);

static size_t asked, fails_at; /* fails_at 0: none fails */
static long live;

static bool fails(void)
{
	return ++asked == fails_at;
}

void *__wrap_malloc(size_t size)
{
	void *p = fails() ? NULL : __real_malloc(size);
	live += p != NULL;
	return p;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *p = fails() ? NULL : __real_calloc(count, size);
	live += p != NULL;
	return p;
}

void *__wrap_realloc(void *old, size_t size)
{
	void *p = fails() ? NULL : __real_realloc(old, size);
	live += p && !old;
	return p;
}

void __wrap_free(void *old)
{
	live -= old != NULL;
	__real_free(old);
}

static const struct {
	enum vocab_file_kind kind;
	const char *folder, *name;
} files[] = {
	{ VOCAB_TOKENIZER_JSON, "fuzz/hf", "sequences.json" },
	{ VOCAB_TOKENIZER_JSON, "fuzz/hf", "unigram.json" },
	{ VOCAB_SENTENCEPIECE, "spm", "bpe.model" },
	{ VOCAB_WORDPIECE_TXT, "fuzz/wordpiece", "vocab.txt" },
	{ VOCAB_GGUF, "fuzz/wordpiece", "vocab.txt" },
	{ VOCAB_GGUF, "spm", "bpe.model" },
};

static void write_short_of_memory(enum vocab_file_kind kind, const struct tok_spec *spec, size_t n)
{
	struct tok_error err = { 0 };
	struct tok_buffer out = { 0 };
	struct vocab_losses losses = { 0 };
	assert_true(tok_buffer_add(&out, "before", 6));
	const long before = live;
	asked = 0;
	fails_at = n;
	const enum tok_status status = vocab_write_lossy(kind, spec, &out, &losses, &err);
	fails_at = 0;
	vocab_losses_release(&losses);
	if (status != (n ? TOK_ENOMEM : TOK_OK))
		fail_msg("allocation %zu: %d %s", n, status, err.message);
	assert_int_equal(live, before);
	assert_true(n == 0 || out.count == 6);
	assert_memory_equal(out.bytes, "before", 6);
	tok_buffer_release(&out);
}

static void write_all(enum vocab_file_kind kind, struct tok_span file, const char *name)
{
	const bool is_ranks = strstr(name, "ranks") != NULL;
	const struct vocab_read_options options = { .pattern = is_ranks ? "a|b" : NULL };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(file, &options, &spec, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	write_short_of_memory(kind, &spec, 0);
	const size_t total = asked;
	assert_true(total > 0);
	for (size_t n = 1; n <= total; n++)
		write_short_of_memory(kind, &spec, n);
	tok_spec_release(&spec);
	assert_int_equal(live, 0);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const struct tok_span file = fixture_read(files[i].folder, files[i].name);
		live = 0;
		write_all(files[i].kind, file, files[i].name);
		free((void *)(uintptr_t)file.bytes);
	}
}

static void write_pair(const struct tok_spec *spec, size_t n)
{
	struct tok_error err = { 0 };
	struct tok_buffer vocab = { 0 }, merges = { 0 };
	struct vocab_losses losses = { 0 };
	const long before = live;
	asked = 0;
	fails_at = n;
	const enum tok_status status = vocab_write_merges(spec, &vocab, &merges, &losses, &err);
	fails_at = 0;
	/* What takes a pattern for another one does not fail, and is never more than told. */
	if (status != TOK_ENOMEM && (n == 0 || losses.count != 1))
		assert_int_equal(status, TOK_OK);
	assert_true(status != TOK_OK || losses.count == 1);
	tok_buffer_release(&vocab);
	tok_buffer_release(&merges);
	vocab_losses_release(&losses);
	assert_int_equal(live, before);
}

/* All bytes, and two of them together. */
static void so_they_may_of_ranks(void **state)
{
	char lines[260 * 16];
	size_t count = 0;
	(void)state;
	for (unsigned i = 0; i <= 256; i++) {
		const uint8_t bytes[] = { i < 256 ? (uint8_t)i : 'a', 'b' };
		vocab_base64_encode((struct tok_span){ bytes, i < 256 ? 1 : 2 },
				    (uint8_t *)lines + count);
		count += 4;
		count += (size_t)snprintf(lines + count, sizeof lines - count, " %u\n", i);
	}
	const struct tok_span file = { (const uint8_t *)lines, count };
	live = 0;
	write_all(VOCAB_TIKTOKEN, file, "ranks");
	write_all(VOCAB_TOKENIZER_JSON, file, "ranks");
	write_all(VOCAB_TEKKEN, file, "ranks");

	const struct vocab_read_options options = { .pattern = "a|b" };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(vocab_read_bytes(file, &options, &spec, &err), TOK_OK);
	write_pair(&spec, 0);
	const size_t total = asked;
	for (size_t n = 1; n <= total; n++)
		write_pair(&spec, n);
	tok_spec_release(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(so_they_may_of_ranks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
