/* test_ngram_memory.c - each allocation fails once: told, nothing lost, no file half there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "heap.h"
#include "ngram_files.h"
#include "vocab/lm/provider.h"

static struct tok_tokenizer *bytes_tokenizer;
static char path[64];

static enum tok_status keep(void *context, struct tok_span text, struct tok_error *err)
{
	struct tok_buffer *all = context;
	return tok_buffer_add(all, text.bytes, text.count) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status train(void)
{
	static const tok_id ids[] = { 1, 2, 3, 1, 2, 4, 1, 2 };
	static const size_t lengths[] = { 3, 5 };
	const struct vocab_ngram_options options = { .order = 3, .spill_folder = "/tmp" };
	struct documents documents = { ids, lengths, 2, 0 };
	struct tok_error err = { 0 };
	return vocab_ngram_train(&options, bytes_tokenizer, next_document, &documents, NULL, path,
				 &err);
}

static enum tok_status use(void)
{
	struct tok_lm *lm = NULL;
	struct tok_error err = { 0 };
	const enum tok_status status = vocab_ngram_open(path, bytes_tokenizer, &lm, &err);
	if (status == TOK_OK)
		lm->free(lm);
	return status;
}

static enum tok_status export_and_import(void)
{
	const struct vocab_arpa_options options = { .texts = true };
	struct vocab_arpa_report report;
	struct tok_buffer text = { 0 };
	struct tok_error err = { 0 };
	enum tok_status status =
	    vocab_arpa_write(path, &options, bytes_tokenizer, keep, &text, &err);
	if (status == TOK_OK)
		status = vocab_arpa_read(tok_buffer_span(&text), &options, bytes_tokenizer, path,
					 &report, &err);
	tok_buffer_release(&text);
	return status;
}

static enum tok_status read_arpa(const char *name, struct tok_buffer *out, struct tok_error *err)
{
	static const char text[] = "\\data\\\nngram 1=2\nngram 2=1\n\\1-grams:\n-.3 7\n-.3 </s>\n"
				   "\\2-grams:\n-.2 7 7\n\\end\\\n";
	(void)name;
	return tok_buffer_add(out, text, sizeof text - 1) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status open_arpa(void)
{
	const tok_id start = 65;
	const struct vocab_lm_options options = {
		.read = read_arpa, .bos_given = true, .bos = &start, .bos_count = 1
	};
	struct tok_lm *lm = NULL;
	struct tok_error err = { 0 };
	const enum tok_status status =
	    vocab_lm_open("arpa:text", bytes_tokenizer, &options, &lm, &err);
	if (status == TOK_OK)
		lm->free(lm);
	return status;
}

/* Until it succeeds; returns how many allocations there were. */
static size_t fail_each(enum tok_status (*work)(void))
{
	for (size_t n = 1;; n++) {
		const long before = heap.live;
		heap.asked = 0;
		heap.fails_at = n;
		const enum tok_status status = work();
		heap.fails_at = 0;
		/* realpath takes memory inside the C library, and we free it. */
		assert_true(heap.live <= before);
		if (status == TOK_OK)
			return n;
		/* Where a name could not be copied the system is said to have refused. */
		if (status != TOK_ENOMEM && status != TOK_EIO)
			fail_msg("allocation %zu: status %d", n, status);
	}
}

static void each_allocation_may_fail(void **state)
{
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_tokenizer_bytes(&bytes_tokenizer, &err), TOK_OK);
	make_name(path);
	assert_true(fail_each(train) > 20);
	assert_true(fail_each(use) > 3);
	assert_true(fail_each(export_and_import) > 10);
	assert_true(fail_each(open_arpa) > 10);
	forget_file(path);
	tok_tokenizer_free(bytes_tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_may_fail) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
