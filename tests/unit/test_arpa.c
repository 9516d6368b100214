/*
 * test_arpa.c - ARPA files that were written by hand: what they mean, and what is refused.
 * conformance.ngram has large ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "ngram_files.h"

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

enum { END = 256, ROW = 257 };

/* Ids 10 and 11; -.30103 is one half, -.60206 a quarter, -1 a tenth. */
#define HEAD "made by hand\n\n\\data\\\nngram 1=4\nngram 2=3\n\n"
#define ONES "\\1-grams:\n-99\t<s>\t-.30103\n-.30103\t10\t-.30103\n-.60206\t11\n-.60206\t</s>\n\n"
#define TWOS "\\2-grams:\n-.1249387\t<s> 10\n-.60206\t10 11\n-.30103\t10 </s>\n\n"

static enum tok_status read_text(const char *text, struct vocab_arpa_options options,
				 struct vocab_arpa_report *report, struct tok_error *err)
{
	return vocab_arpa_read(tok_span_of(text), &options, bytes_tokenizer, path, report, err);
}

static void get_row(const tok_id *ids, size_t count, double row[ROW])
{
	struct tok_error err = { 0 };
	struct tok_lm *lm = NULL;
	const struct tok_lm_request request = { ids, count };
	struct tok_lm_row out = { .log_p = row };
	if (vocab_ngram_open(path, bytes_tokenizer, &lm, &err) != TOK_OK ||
	    lm->rows(lm, &request, 1, &out, &err) != TOK_OK)
		fail_msg("%s", err.message);
	lm->free(lm);
	double sum = 0;
	for (size_t i = 0; i < ROW; i++)
		sum += row[i] = exp(row[i]);
	assert_true(fabs(sum - 1) < 1e-12);
}

static void assert_near(double got, double wanted)
{
	if (fabs(got - wanted) > 2e-6)
		fail_msg("%.9g is not %.9g", got, wanted);
}

/* Behind <s>: 10 has .75, and half of the rest's .5 is left: sums to one.  Behind 10: .25 and
 * .5 are listed, 10 has half of a half: one. */
static void probabilities_are_those_of_the_file(void **state)
{
	struct vocab_arpa_report report;
	struct tok_error err = { 0 };
	double row[ROW];
	(void)state;
	if (read_text(HEAD ONES TWOS "\\end\\\n", (struct vocab_arpa_options){ 0 }, &report,
		      &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_true(report.renormalised >= 1 && report.worst < 1e-5);
	assert_true(report.missing == 254 && report.unk == 0);
	get_row(NULL, 0, row);
	assert_near(row[10], .75);
	assert_near(row[11], .125);
	assert_near(row[END], .125);
	get_row((const tok_id[]){ 10 }, 1, row);
	assert_near(row[10], .25);
	assert_near(row[11], .25);
	assert_near(row[END], .5);
	get_row((const tok_id[]){ 10, 11 }, 2, row);
	assert_near(row[10], .5);
	assert_near(row[11], .25);
	assert_near(row[12], 0);
}

/* What doubles do not hold is not 0, which is what the file says is impossible. */
static void nothing_is_lost(void **state)
{
	static const char text[] =
	    "\\data\\\nngram 1=5\nngram 2=1\n\\1-grams:\n-99\t<s>\t-400\n-.30103\t10\n"
	    "-400\t11\n-inf\t12\n-.30103\t</s>\n\\2-grams:\n0\t<s> 10\n\\end\\\n";
	struct vocab_arpa_report report;
	struct tok_error err = { 0 };
	struct tok_lm *lm = NULL;
	double log_p[ROW];
	static const tok_id ids[] = { 10 };
	const struct tok_lm_request requests[] = { { NULL, 0 }, { ids, 1 } };
	struct tok_lm_row out = { .log_p = log_p };
	(void)state;
	if (read_text(text, (struct vocab_arpa_options){ 0 }, &report, &err) != TOK_OK ||
	    vocab_ngram_open(path, bytes_tokenizer, &lm, &err) != TOK_OK)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(lm->rows(lm, &requests[i], 1, &out, &err), TOK_OK);
		assert_true(log_p[11] < -700. && log_p[11] > -1500.);
		assert_true(log_p[12] == -INFINITY && log_p[13] == -INFINITY);
		assert_near(log_p[10], i ? log(.5) : 0.);
		if (i == 0)
			assert_near(log_p[END] / log(DBL_TRUE_MIN), 1. - log(.5) / 744.44);
	}
	lm->free(lm);
}

/* Behind 10 10 no more than 10^-200 is left to what 10 has, which is 10^-200 for id 11. */
static void products_are_not_lost(void **state)
{
	static const char text[] =
	    "\\data\\\nngram 1=4\nngram 2=4\nngram "
	    "3=1\n\\1-grams:\n-99\t<s>\t0\n-.30103\t10\t-300\n"
	    "-.60206\t11\n-.60206\t</s>\n\\2-grams:\n-.30103\t<s> 10\t0\n-.30103\t10 10\t-200\n"
	    "-200\t10 11\n-.30103\t10 </s>\n\\3-grams:\n0\t10 10 10\n\\end\\\n";
	struct vocab_arpa_report report;
	struct tok_error err = { 0 };
	struct tok_lm *lm = NULL;
	double log_p[ROW];
	static const tok_id ids[] = { 10, 10 };
	const struct tok_lm_request request = { ids, 2 };
	struct tok_lm_row out = { .log_p = log_p };
	struct tok_lm_parts parts;
	(void)state;
	if (read_text(text, (struct vocab_arpa_options){ 0 }, &report, &err) != TOK_OK ||
	    vocab_ngram_open(path, bytes_tokenizer, &lm, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(lm->rows(lm, &request, 1, &out, &err), TOK_OK);
	assert_int_equal(lm->parts(lm, &request, &parts, &err), TOK_OK);
	assert_near(log_p[10], 0.);
	assert_near(log_p[11] / log(10), -400.);
	assert_near(log_p[END] / log(10), -200.30103);
	assert_true(log_p[12] == -INFINITY);
	for (tok_id id = 0; id < ROW; id++)
		assert_true(log_p[id] == tok_lm_parts_log_p(&parts, id).log_p ||
			    fabs(log_p[id] / tok_lm_parts_log_p(&parts, id).log_p - 1.) < 1e-14);
	lm->free(lm);
}

#define WITH_UNK                                                                                   \
	"\\data\\\nngram 1=3\nngram 2=2\n\\1-grams:\n-.30103 10 0\n-.60206 </s>\n-.60206 <unk>\n"  \
	"\\2-grams:\n-.5\t<unk> 10\n-.30103\t10 <unk>\n\\end\\"

static void unk_is_dropped_or_spread(void **state)
{
	struct vocab_arpa_report report;
	struct tok_error err = { 0 };
	double row[ROW];
	(void)state;
	if (read_text(WITH_UNK, (struct vocab_arpa_options){ 0 }, &report, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_near(report.unk, .25);
	assert_near(report.worst, .25);
	get_row(NULL, 0, row);
	assert_near(row[10], 2 / 3.);
	assert_true(row[11] == 0);
	assert_int_equal(
	    read_text(WITH_UNK, (struct vocab_arpa_options){ .spread_unk = true }, &report, &err),
	    TOK_OK);
	assert_true(report.worst < 1e-5 && report.missing == 255);
	get_row(NULL, 0, row);
	assert_near(row[10], .5);
	assert_near(row[11], .25 / 255);
	assert_near(row[END], .25);
}

static void texts_have_escapes(void **state)
{
	struct vocab_arpa_report report;
	struct tok_error err = { 0 };
	double row[ROW];
	(void)state;
	if (read_text("\\data\\\nngram 1=4\n\\1-grams:\n-.60206\t%21\n-.60206\t%3cs>\n"
		      "-.60206\ta\n-.60206\t%#98\n\\end\\\n",
		      (struct vocab_arpa_options){ .texts = true }, &report, &err) == TOK_OK)
		fail_msg("'<s>' is no token of bytes");
	assert_int_equal(err.status, TOK_EARG);
	assert_non_null(strstr(err.message, "line 5"));
	if (read_text("\\data\\\nngram 1=4\n\\1-grams:\n-.60206\t%21\n-.60206\t%3c\n"
		      "-.60206\ta\n-.60206\t%#98\n\\end\\\n",
		      (struct vocab_arpa_options){ .texts = true }, &report, &err) != TOK_OK)
		fail_msg("%s", err.message);
	get_row(NULL, 0, row);
	assert_near(row[33], .25);
	assert_near(row['<'], .25);
	assert_near(row['a'], .25);
	assert_near(row['b'], .25);
}

static void what_is_no_arpa_is_told(void **state)
{
	static const struct {
		const char *text, *says;
		enum tok_status status;
	} rows[] = {
		{ "", "no \\data\\", TOK_EFORMAT },
		{ "\\data\\\n", "no counts", TOK_EFORMAT },
		{ "\\data\\\nngram 2=1\n", "line 2", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\n", "'\\1-grams:' was expected", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\n\\1-grams:\n-1\t10\n", "before \\end\\", TOK_EFORMAT },
		{ "\\data\\\nngram 1=2\n\\1-grams:\n-1\t10\n\\end\\\n", "2 were promised",
		  TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\n\\1-grams:\nx\t10\n\\end\\\n", "line 4", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\n\\1-grams:\nnan\t10\n\\end\\\n", "line 4", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\n\\1-grams:\n1\t10\n\\end\\\n", "not above 0", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\n\\1-grams:\n-1\n\\end\\\n", "fewer words", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\n\\1-grams:\n-1\t256\n\\end\\\n", "no id '256'", TOK_EARG },
		{ "\\data\\\nngram 1=1\n\\1-grams:\n-1\t10\t-1\n\\end\\\n", "no back-off",
		  TOK_EFORMAT },
		{ "\\data\\\nngram 1=2\n\\1-grams:\n-1\t10\n-1\t10\n\\end\\\n", "twice",
		  TOK_EFORMAT },
		{ "\\data\\\nngram 1=0\n\\1-grams:\n\\end\\\n", "sum to 0", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\nngram 2=1\n\\1-grams:\n-1\t10\n\\2-grams:\n-1\t10 <s>\n"
		  "\\end\\\n",
		  "<s> comes first", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\nngram 2=1\nngram 3=1\n\\1-grams:\n-1\t10\n\\2-grams:\n"
		  "-1\t10 10\n\\3-grams:\n-1\t11 10 10\n\\end\\\n",
		  "not listed", TOK_EFORMAT },
		{ "\\data\\\nngram 1=1\nngram 2=1\nngram 3=1\nngram 4=1\nngram 5=1\nngram 6=1\n",
		  "up to 5", TOK_ELIMIT },
	};
	struct vocab_arpa_report report;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tok_error err = { 0 };
		const enum tok_status status =
		    read_text(rows[i].text, (struct vocab_arpa_options){ 0 }, &report, &err);
		if (status != rows[i].status || !strstr(err.message, rows[i].says))
			fail_msg("row %zu: '%s'", i, err.message);
	}
}

/* Whatever comes, it is taken or told. */
static void damage_does_no_harm(void **state)
{
	static const char whole[] = HEAD ONES TWOS "\\end\\\n";
	char text[sizeof whole];
	struct vocab_arpa_report report;
	(void)state;
	for (size_t count = 0; count + 2 < sizeof whole; count++) {
		struct tok_error err = { 0 };
		memcpy(text, whole, count);
		text[count] = '\0';
		assert_int_not_equal(
		    read_text(text, (struct vocab_arpa_options){ 0 }, &report, &err), TOK_OK);
		assert_true(err.message[0] != '\0');
	}
	for (size_t at = 0; at + 1 < sizeof whole; at++)
		for (int byte = 1; byte < 256; byte += 42) {
			struct tok_error err = { 0 };
			memcpy(text, whole, sizeof whole);
			text[at] = (char)byte;
			if (read_text(text, (struct vocab_arpa_options){ 0 }, &report, &err) !=
			    TOK_OK)
				assert_true(err.message[0] != '\0');
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probabilities_are_those_of_the_file),
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(products_are_not_lost),
		cmocka_unit_test(unk_is_dropped_or_spread),
		cmocka_unit_test(texts_have_escapes),
		cmocka_unit_test(what_is_no_arpa_is_told),
		cmocka_unit_test(damage_does_no_harm),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
