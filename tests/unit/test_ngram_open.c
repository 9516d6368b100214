/* test_ngram_open.c - models of n-grams by name, and documents that are given in parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ngram_files.h"
#include "vocab/lm/provider.h"

enum { IDS = 256, ROW = IDS + 1 };

static struct tok_tokenizer *bytes_tokenizer;
static char path[64];

static int begin(void **state)
{
	struct tok_error err = { 0 };
	(void)state;
	make_name(path);
	return tok_tokenizer_bytes(&bytes_tokenizer, &err) != TOK_OK;
}

static int end(void **state)
{
	(void)state;
	forget_file(path);
	tok_tokenizer_free(bytes_tokenizer);
	return 0;
}

static void check(enum tok_status status, const struct tok_error *err)
{
	if (status != TOK_OK)
		fail_msg("%s", err->message);
}

/* ---- documents in parts ------------------------------------------------------------- */

static const tok_id ids[] = { 7, 8, 7, 8, 9, 8, 7, 7, 8 };
static const size_t lengths[] = { 4, 0, 5 };
static const struct vocab_ngram_options trigrams = { .order = 3, .spill_folder = "/tmp" };

static void add(struct vocab_ngram_trainer *trainer, size_t from, size_t to, bool last)
{
	struct tok_error err = { 0 };
	check(vocab_ngram_trainer_add(trainer, ids + from, to - from, last, &err), &err);
}

static struct vocab_ngram_trainer *new_trainer(void)
{
	struct vocab_ngram_trainer *trainer = NULL;
	struct tok_error err = { 0 };
	check(vocab_ngram_trainer_new(&trigrams, bytes_tokenizer, NULL, &trainer, &err), &err);
	return trainer;
}

static struct tok_buffer write_model(struct vocab_ngram_trainer *trainer)
{
	struct tok_error err = { 0 };
	check(vocab_ngram_trainer_write(trainer, path, &err), &err);
	vocab_ngram_trainer_free(trainer);
	return file_bytes(path);
}

static void parts_are_the_whole(void **state)
{
	struct documents documents = { ids, lengths, 3, 0 };
	struct tok_error err = { 0 };
	(void)state;
	check(vocab_ngram_train(&trigrams, bytes_tokenizer, next_document, &documents, NULL, path,
				&err),
	      &err);
	struct tok_buffer whole = file_bytes(path);
	struct vocab_ngram_trainer *trainer = new_trainer();
	add(trainer, 0, 1, false);
	add(trainer, 1, 1, false);
	add(trainer, 1, 4, false);
	add(trainer, 4, 4, true);
	add(trainer, 4, 4, true);
	vocab_ngram_trainer_cut(trainer); /* nothing is open */
	add(trainer, 4, 8, false);
	add(trainer, 8, 9, true);
	struct tok_buffer parts = write_model(trainer);
	assert_true(tok_span_equal(tok_buffer_span(&whole), tok_buffer_span(&parts)));
	tok_buffer_release(&whole);
	tok_buffer_release(&parts);
}

/* ^7 78 ^9 9$, of order 2, and ^78 ^9$. */
static void a_document_that_is_cut_has_no_end(void **state)
{
	struct vocab_ngram_info info;
	struct tok_error err = { 0 };
	(void)state;
	struct vocab_ngram_trainer *trainer = new_trainer();
	add(trainer, 0, 2, false);
	vocab_ngram_trainer_cut(trainer);
	add(trainer, 4, 5, true);
	struct tok_buffer bytes = write_model(trainer);
	tok_buffer_release(&bytes);
	check(vocab_ngram_info(path, &info, &err), &err);
	assert_int_equal(info.documents, 2);
	assert_int_equal(info.tokens, 3);
	assert_int_equal(info.ngrams[0], 4);
	assert_int_equal(info.ngrams[1], 4);
	assert_int_equal(info.ngrams[2], 2);
}

/* ---- by name ----------------------------------------------------------------------------- */

static void train_some(void)
{
	struct documents documents = { ids, lengths, 3, 0 };
	struct tok_error err = { 0 };
	check(vocab_ngram_train(&trigrams, bytes_tokenizer, next_document, &documents, NULL, path,
				&err),
	      &err);
}

static void get_row(struct tok_lm *lm, double row[ROW])
{
	static const tok_id context[] = { 7, 8 };
	const struct tok_lm_request request = { context, 2 };
	struct tok_lm_row out = { .log_p = row };
	struct tok_error err = { 0 };
	check(lm->rows(lm, &request, 1, &out, &err), &err);
}

static struct tok_lm *open_name(const char *name, const struct vocab_lm_options *options)
{
	struct tok_lm *lm = NULL;
	struct tok_error err = { 0 };
	check(vocab_lm_open(name, bytes_tokenizer, options, &lm, &err), &err);
	return lm;
}

static void a_file_is_the_model(void **state)
{
	struct tok_lm *lm = NULL;
	struct tok_error err = { 0 };
	double wanted[ROW], row[ROW];
	(void)state;
	train_some();
	check(vocab_ngram_open(path, bytes_tokenizer, &lm, &err), &err);
	get_row(lm, wanted);
	lm->free(lm);
	lm = open_name(path, NULL);
	get_row(lm, row);
	assert_memory_equal(row, wanted, sizeof row);
	assert_int_equal(lm->info->start_count, 0);
	assert_int_equal(lm->info->markov_order, 3);
	lm->free(lm);
}

static void start_ids_are_the_callers(void **state)
{
	const tok_id start[] = { 65, 66 };
	struct vocab_lm_options options = { .bos_given = true, .bos = start, .bos_count = 2 };
	struct tok_lm *lm = NULL;
	struct tok_error err = { 0 };
	(void)state;
	train_some();
	lm = open_name(path, &options);
	assert_int_equal(lm->info->start_count, 2);
	assert_memory_equal(lm->info->start, start, sizeof start);
	lm->free(lm);
	options.bos_count = 0;
	lm = open_name(path, &options);
	assert_int_equal(lm->info->start_count, 0);
	lm->free(lm);
	options.bos = (const tok_id[]){ IDS };
	options.bos_count = 1;
	assert_int_equal(vocab_lm_open(path, bytes_tokenizer, &options, &lm, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "no id 256"));
}

/* ---- ARPA ---------------------------------------------------------------------------------- */

static const char arpa[] = "\\data\\\nngram 1=3\nngram 2=1\n"
			   "\\1-grams:\n-.3 7 -.1\n-.6 8\n-.6 </s>\n"
			   "\\2-grams:\n-.2 7 8\n\\end\\\n";

static enum tok_status read_arpa(const char *name, struct tok_buffer *out, struct tok_error *err)
{
	if (strcmp(name, "some file") != 0)
		return tok_fail(err, TOK_EIO, "there is no '%s'", name);
	return tok_buffer_add(out, arpa, sizeof arpa - 1) ? TOK_OK : tok_fail_memory(err);
}

static void arpa_is_what_an_import_makes_of_it(void **state)
{
	static const struct vocab_arpa_options by_ids;
	struct vocab_arpa_report imported, report = { 0 };
	const struct vocab_lm_options options = { .read = read_arpa, .report = &report };
	struct tok_error err = { 0 };
	double wanted[ROW], row[ROW];
	(void)state;
	check(vocab_arpa_read(tok_span_of(arpa), &by_ids, bytes_tokenizer, path, &imported, &err),
	      &err);
	struct tok_lm *lm = open_name(path, NULL);
	get_row(lm, wanted);
	lm->free(lm);
	lm = open_name("arpa:some file", &options);
	get_row(lm, row);
	assert_memory_equal(row, wanted, sizeof row);
	assert_memory_equal(&report, &imported, sizeof report);
	assert_int_equal(lm->info->size, ROW);
	lm->free(lm);
}

static void what_cannot_be_opened_is_told(void **state)
{
	static const struct {
		const char *name;
		vocab_lm_reader *read;
		enum tok_status status;
		const char *message;
	} rows[] = {
		{ "arpa:some file", NULL, TOK_EARG, "arpa:some file: nobody said" },
		{ "arpa:another", read_arpa, TOK_EIO, "arpa:another: there is no 'another'" },
		{ "nothing.tlm", NULL, TOK_EIO, "nothing.tlm: cannot open it" },
		{ ".tlm", NULL, TOK_EARG, ".tlm: there is no such kind" },
		{ "m.tlm2", NULL, TOK_EARG, "m.tlm2: there is no such kind" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct vocab_lm_options options = { .read = rows[i].read };
		struct tok_lm *lm = NULL;
		struct tok_error err = { 0 };
		assert_int_equal(vocab_lm_open(rows[i].name, bytes_tokenizer, &options, &lm, &err),
				 rows[i].status);
		assert_ptr_equal(strstr(err.message, rows[i].message), err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_the_whole),
		cmocka_unit_test(a_document_that_is_cut_has_no_end),
		cmocka_unit_test(a_file_is_the_model),
		cmocka_unit_test(start_ids_are_the_callers),
		cmocka_unit_test(arpa_is_what_an_import_makes_of_it),
		cmocka_unit_test(what_cannot_be_opened_is_told),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
