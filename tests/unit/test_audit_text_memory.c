/* test_audit_text_memory.c - the measures of a text when the n-th allocation fails, for every n. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "vocab/audit/text.h"
#include "vocab/format/read.h"

static const char file[] =
    "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
    "\"trim_offsets\":true,\"use_regex\":true},\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_"
    "space\":false,"
    "\"trim_offsets\":true,\"use_regex\":true},"
    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\xC4\xA0\":3,\"\xC4\xA0"
    "ab\":4},\"merges\":[\"a b\",\"\xC4\xA0 ab\"]}}";
static struct tok_tokenizer *tokenizer;

enum { LINES = 40 };
static const char line[] = "ab ab b";

static enum tok_status run(struct vocab_audit_text *audit, const struct vocab_audit_facts *facts,
			   const struct vocab_audit_word_list *words,
			   struct vocab_audit_counts *counts, struct tok_error *err)
{
	uint8_t text[LINES * sizeof line];
	size_t ends[LINES];
	const struct vocab_audit_lines lines = { text, 0, ends, LINES };
	struct vocab_audit_run *run = NULL;
	struct vocab_audit_scratch *scratch = vocab_audit_scratch_new();
	enum tok_status status = scratch ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < LINES; i++) {
		memcpy(text + i * sizeof line, line, sizeof line);
		ends[i] = (i + 1) * sizeof line - 1;
	}
	if (status == TOK_OK)
		status = vocab_audit_run_new(audit, scratch, &run, err);
	if (status == TOK_OK)
		status = vocab_audit_run_lines(run, &lines, &counts[0], err);
	if (status == TOK_OK)
		status = vocab_audit_run_words(run, words, 0, words->count, &counts[0], err);
	if (status == TOK_OK)
		status = vocab_audit_counts_add(&counts[1], &counts[0], err);
	struct vocab_audit_measures m;
	if (status == TOK_OK)
		status = vocab_audit_text_measure(audit, facts, &counts[1], &m, err);
	if (status == TOK_OK) {
		assert_int_equal(m.tokens, 4 * LINES);
		assert_int_equal(m.words, 3 * LINES);
	}
	vocab_audit_run_free(run);
	vocab_audit_scratch_free(scratch);
	return status;
}

static enum tok_status read_words(enum vocab_audit_words how, struct vocab_audit_facts *facts,
				  struct vocab_audit_word_list *words, struct tok_error *err)
{
	const struct vocab_audit_corpus_options options = { .words = how };
	struct vocab_audit_corpus *corpus = NULL;
	bool ended = false;
	enum tok_status status = vocab_audit_corpus_new(&options, &corpus, err);
	for (size_t i = 0; i < LINES && status == TOK_OK; i++)
		status = vocab_audit_corpus_line(corpus, tok_span_of(line), err);
	if (status == TOK_OK)
		status = vocab_audit_corpus_words(corpus, SIZE_MAX, words, &ended, err);
	if (status == TOK_OK) {
		assert_true(ended);
		vocab_audit_corpus_facts(corpus, facts);
	}
	vocab_audit_corpus_free(corpus);
	return status;
}

static enum tok_status measure(enum vocab_audit_words how, struct tok_error *err)
{
	struct vocab_audit_facts facts;
	struct vocab_audit_word_list words = { 0 };
	struct vocab_audit_counts counts[2] = { 0 };
	struct vocab_audit_text *audit = NULL;
	enum tok_status status = read_words(how, &facts, &words, err);
	if (status == TOK_OK)
		status = vocab_audit_text_new(tokenizer, &audit, err);
	if (status == TOK_OK)
		status = run(audit, &facts, &words, counts, err);
	vocab_audit_text_free(audit);
	vocab_audit_word_list_release(&words);
	vocab_audit_counts_release(&counts[0]);
	vocab_audit_counts_release(&counts[1]);
	return status;
}

static enum tok_status whitespace(struct tok_error *err)
{
	return measure(VOCAB_AUDIT_WORDS_WHITESPACE, err);
}

static enum tok_status uax29(struct tok_error *err)
{
	return measure(VOCAB_AUDIT_WORDS_UAX29, err);
}

static enum tok_status gini(struct tok_error *err)
{
	static const double costs[] = { 1, 2, 3 };
	double out;
	return vocab_audit_gini(costs, 3, &out, err);
}

static void every_allocation_may_fail(void **state)
{
	enum tok_status (*const works[])(struct tok_error *) = { whitespace, uax29, gini };
	(void)state;
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
		const long before = heap.live;
		size_t n = 0;
		for (bool done = false; !done;) {
			struct tok_error err = { 0 };
			heap.asked = 0;
			heap.fails_at = ++n;
			const enum tok_status status = works[i](&err);
			heap.fails_at = 0;
			done = heap.asked < n;
			assert_int_equal(status, done ? TOK_OK : TOK_ENOMEM);
			assert_true(done || err.message[0] != '\0');
			assert_int_equal(heap.live, before);
		}
		assert_true(n > 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(file), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		return 1;
	tok_spec_release(&spec);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	tok_tokenizer_free(tokenizer);
	return failed;
}
