/* Ensembles of models: their laws, and what happens where a model finds a text impossible. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_laws.h"

/* The product of what bayes gives to the bytes of a text, and to its end, is the mixture of what
 * the models give to the whole of it. */
static void bayes_is_a_mixture_of_texts(void **state)
{
	(void)state;
	static const char *const long_texts[] = { "A", "B", "AB", "BA", "AAB" };
	static const double weights[] = { 1, 3 };
	for (unsigned bits = 0; bits < 64; bits++) {
		struct toy_machine toys[2];
		uint8_t text[7];
		double p = 1.0;
		toy_machine_bigram(&toys[0], (struct tok_machine_options){ 0 });
		toys[1] = (struct toy_machine){ .vocab = toy_vocab(long_texts, 5),
						.lm = plain_random(5, 6, 2) };
		toy_machine_make(&toys[1], (struct tok_machine_options){ 0 });
		struct tok_machine *const machines[] = { toys[0].m, toys[1].m };
		struct tok_mix *mix =
		    mix_of(machines, 2,
			   (struct tok_mix_options){ .kind = TOK_MIX_BAYES, .weights = weights });
		for (size_t i = 0; i < 6; i++) {
			struct tok_error err = { 0 };
			text[i] = bits >> i & 1 ? 'B' : 'A';
			p *= mix_next_of(mix).p[text[i]];
			assert_int_equal(tok_mix_push(mix, (struct tok_span){ text + i, 1 }, &err),
					 TOK_OK);
		}
		const struct tok_span all = { text, 6 };
		const struct plain_sums a = plain_sum(&toys[0].vocab, &toys[0].lm, TOK_BYTES_ALL,
						      all),
					b = plain_sum(&toys[1].vocab, &toys[1].lm, TOK_BYTES_ALL,
						      all);
		const struct tok_mix_next next = mix_next_of(mix);
		assert_near(p, .25 * a.p + .75 * b.p, 1e-13, "bytes");
		assert_near(exp(tok_mix_log_p(mix).log_p), p, 1e-13, "P");
		assert_near(p * next.p[TOK_MIX_END], .25 * a.end + .75 * b.end, 1e-13, "end");
		assert_near(next.weights[0], .25 * a.p / (.25 * a.p + .75 * b.p), 1e-12, "weight");
		assert_near(next.weights[0] + next.weights[1], 1.0, 1e-14, "weights");
		tok_mix_free(mix);
		toy_machine_release(&toys[0]);
		toy_machine_release(&toys[1]);
	}
}

/* ---- laws ----------------------------------------------------------------------------------- */

static void with_itself_it_is_itself(void **state)
{
	(void)state;
	static const double weights[] = { 5, 0.5, 2 };
	for (int kind = TOK_MIX_LINEAR; kind <= TOK_MIX_PROXY; kind++) {
		struct toy_machine toys[3];
		struct tok_machine *machines[3];
		for (size_t i = 0; i < 3; i++) {
			toy_machine_bigram(&toys[i], (struct tok_machine_options){ 0 });
			machines[i] = toys[i].m;
		}
		struct tok_mix *mix = mix_of(
		    machines, 3,
		    (struct tok_mix_options){ .kind = (enum tok_mix_kind)kind,
					      .weights = kind == TOK_MIX_PROXY ? NULL : weights,
					      .alpha = 2.5 });
		for (size_t n = 0; n < 30; n++) {
			double alone[TOK_MIX_SYMBOLS];
			const struct tok_next_bytes next = next_of(machines[0]);
			assert_near(tok_mix_whole(&next, alone), 1.0, 1e-14, "whole");
			assert_same_law(mix_next_of(mix).p, alone, 1e-13, mix_names[kind]);
			mix_push_text(mix, n % 3 ? "A" : "BA");
		}
		tok_mix_free(mix);
		for (size_t i = 0; i < 3; i++)
			toy_machine_release(&toys[i]);
	}
}

/* Who asks what comes next knows P of the text; who does not, of bayes only. */
static void p_of_the_text(void **state)
{
	(void)state;
	for (int kind = TOK_MIX_LINEAR; kind <= TOK_MIX_GEOMETRIC; kind++) {
		struct toy_machine toys[2];
		struct tok_machine *machines[2], *forks[2];
		struct tok_mix *fork = NULL;
		struct tok_error err = { 0 };
		for (size_t i = 0; i < 2; i++) {
			toy_machine_bigram(&toys[i], (struct tok_machine_options){ 0 });
			machines[i] = toys[i].m;
		}
		struct tok_mix *mix = mix_of(
		    machines, 2, (struct tok_mix_options){ .kind = (enum tok_mix_kind)kind });
		assert_near(tok_mix_log_p(mix).log_p, 0.0, 0.0, "of nothing");
		mix_push_text(mix, "A");
		const struct tok_text_p text = tok_mix_log_p(mix);
		if (kind == TOK_MIX_BAYES) {
			assert_near(text.log_p, log(.6), 1e-14, "A");
			assert_true(text.exact);
		} else {
			assert_true(isnan(text.log_p) && text.low == -INFINITY && !text.exact);
			assert_near(text.high, 0.0, 0.0, "high");
		}
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(tok_machine_fork(machines[i], &forks[i], &err), TOK_OK);
		assert_int_equal(tok_mix_fork(mix, forks, &fork, &err), TOK_OK);
		mix_next_of(fork);
		mix_push_text(fork, "A"); /* P(AA) / P(A) */
		assert_near(tok_mix_log_p(fork).log_p, log(.36 / .6), 1e-14, "AA");
		assert_true(tok_mix_log_p(fork).exact);
		assert_int_equal(tok_machine_length(machines[0]), 1);
		tok_mix_free(fork);
		tok_mix_free(mix);
		for (size_t i = 0; i < 2; i++) {
			tok_machine_free(forks[i]);
			toy_machine_release(&toys[i]);
		}
	}
}

/* A model in which each symbol of A, B and end is as probable whatever comes before. */
static void make_unigram(struct toy_machine *toy, double a, double b, double *rows)
{
	static const char *const texts[] = { "A", "B" };
	for (size_t i = 0; i < 4; i++) {
		rows[3 * i] = a;
		rows[3 * i + 1] = b;
		rows[3 * i + 2] = 1.0 - a - b;
	}
	*toy = (struct toy_machine){ .vocab = toy_vocab(texts, 2), .lm = plain_table(3, rows) };
	toy->lm.eos[0] = 2;
	toy->lm.info.eos_count = 1;
	toy_machine_make(toy, (struct tok_machine_options){ 0 });
}

/* Weights have their digits also where each model gives the text some e^-34000. */
static void long_texts_keep_weights(void **state)
{
	(void)state;
	static const double weights[] = { 1, 7 };
	double rows[2][12];
	struct toy_machine toys[2];
	make_unigram(&toys[0], .6, .3, rows[0]);
	make_unigram(&toys[1], .4, .45, rows[1]);
	struct tok_machine *const machines[] = { toys[0].m, toys[1].m };
	struct tok_mix *mix = mix_of(
	    machines, 2, (struct tok_mix_options){ .kind = TOK_MIX_BAYES, .weights = weights });
	for (size_t i = 0; i < 20000; i++)
		mix_push_text(mix, "AB");
	struct tok_text_p p;
	struct tok_error err = { 0 };
	assert_int_equal(tok_machine_log_p(toys[0].m, &p, &err), TOK_OK);
	assert_true(p.log_p < -34000.0);
	assert_near(mix_next_of(mix).weights[0], 1.0 / 8.0, 1e-12, "weight");
	tok_mix_free(mix);
	toy_machine_release(&toys[0]);
	toy_machine_release(&toys[1]);
}

static void divergence(void **state)
{
	(void)state;
	double a[TOK_MIX_SYMBOLS] = { 0 }, b[TOK_MIX_SYMBOLS] = { 0 };
	a['A'] = 1.0;
	b['A'] = 1.0;
	assert_near(tok_mix_divergence(a, b), 0.0, 0.0, "same");
	b['A'] = 0.0;
	b[TOK_MIX_END] = 1.0;
	assert_near(tok_mix_divergence(a, b), 1.0, 1e-15, "apart");
	b['A'] = b[TOK_MIX_END] = 0.5;
	/* .5 log2(4/3) + .25 log2(2/3) + .25 log2(2) */
	assert_near(tok_mix_divergence(a, b), 0.31127812445913283, 1e-15, "half");
	assert_near(tok_mix_divergence(b, a), 0.31127812445913283, 1e-15, "half");
}

/* ---- what cannot be ----------------------------------------------------------------------------
 */

/* Two models, of which the second has no B. */
static void make_without_b(struct toy_machine *toys)
{
	static const double rows[] = { .6, .4, .5, .5, 0, 0 };
	static const char *const texts[] = { "A" };
	toy_machine_bigram(&toys[0], (struct tok_machine_options){ 0 });
	toys[1] = (struct toy_machine){ .vocab = toy_vocab(texts, 1), .lm = plain_table(2, rows) };
	toys[1].lm.eos[0] = 1;
	toys[1].lm.info.eos_count = 1;
	toy_machine_make(&toys[1], (struct tok_machine_options){ 0 });
}

static void who_cannot_is_left_out(void **state)
{
	(void)state;
	for (int kind = TOK_MIX_LINEAR; kind <= TOK_MIX_GEOMETRIC; kind++) {
		struct toy_machine toys[2];
		struct tok_error err = { 0 };
		make_without_b(toys);
		struct tok_machine *const machines[] = { toys[0].m, toys[1].m };
		struct tok_mix *mix = mix_of(
		    machines, 2, (struct tok_mix_options){ .kind = (enum tok_mix_kind)kind });
		mix_push_text(mix, "AA");
		struct tok_mix_next next = mix_next_of(mix);
		assert_false(next.left_out[0] || next.left_out[1]);
		assert_true(next.weights[1] > 0.0);
		if (kind == TOK_MIX_GEOMETRIC) {
			assert_near(next.p['B'], 0.0, 0.0, "B");
			assert_int_equal(tok_mix_push(mix, tok_span_of("B"), &err), TOK_ETEXT);
			assert_non_null(strstr(err.message, "model 2: byte 2, 0x42"));
			for (size_t i = 0; i < 2; i++)
				assert_int_equal(tok_machine_length(machines[i]), 2);
			assert_same_law(mix_next_of(mix).p, next.p, 0.0, "as before");
		} else {
			mix_push_text(mix, "B");
			next = mix_next_of(mix);
			assert_true(next.left_out[1] && !next.left_out[0]);
			assert_near(next.weights[0], 1.0, 0.0, "weight");
			assert_near(next.weights[1], 0.0, 0.0, "weight");
			double alone[TOK_MIX_SYMBOLS];
			const struct tok_next_bytes one = next_of(toys[0].m);
			tok_mix_whole(&one, alone);
			assert_same_law(next.p, alone, 1e-15, "alone");
			assert_int_equal(tok_mix_push(mix, tok_span_of("AC"), &err), TOK_ETEXT);
			assert_non_null(strstr(err.message, "byte 4, 0x43"));
			assert_int_equal(tok_machine_length(toys[0].m), 4);
			assert_int_equal(tok_machine_length(toys[1].m), 2);
			assert_near(mix_next_of(mix).weights[0], 1.0, 0.0, "goes on");
		}
		tok_mix_free(mix);
		toy_machine_release(&toys[0]);
		toy_machine_release(&toys[1]);
	}
}

/* Behind A the second model has only what is no text; behind AA the text is impossible for it. */
static void who_has_nothing_to_say_is_not_heard(void **state)
{
	(void)state;
	static const double rows[] = { .5, .5, 0, 0, 0, 1, 0, 0, 0 };
	static const char *const texts[] = { "A" };
	for (int kind = TOK_MIX_LINEAR; kind <= TOK_MIX_GEOMETRIC; kind++) {
		struct toy_machine toys[2];
		struct tok_mix_next next;
		struct tok_error err = { 0 };
		toy_machine_bigram(&toys[0], (struct tok_machine_options){ 0 });
		toys[1] = (struct toy_machine){ .vocab = toy_vocab(texts, 1),
						.lm = plain_table(3, rows) };
		plain_add(&toys[1].vocab, tok_span_of(""), TOK_BYTE_NONTEXT);
		toy_machine_make(&toys[1], (struct tok_machine_options){ 0 });
		struct tok_machine *const machines[] = { toys[0].m, toys[1].m };
		struct tok_mix *mix = mix_of(
		    machines, 2, (struct tok_mix_options){ .kind = (enum tok_mix_kind)kind });
		mix_push_text(mix, "A");
		const enum tok_status status = tok_mix_next(mix, &next, &err);
		assert_int_equal(status, kind == TOK_MIX_GEOMETRIC ? TOK_ETEXT : TOK_OK);
		if (status == TOK_OK) {
			double alone[TOK_MIX_SYMBOLS];
			const struct tok_next_bytes one = next_of(toys[0].m);
			tok_mix_whole(&one, alone);
			assert_same_law(next.p, alone, 1e-15, "alone");
			assert_near(next.weights[0], 1.0, 0.0, "weight");
			assert_near(next.special[1], 1.0, 0.0, "special");
			assert_false(next.left_out[1]);
		}
		tok_mix_free(mix);
		toy_machine_release(&toys[0]);
		toy_machine_release(&toys[1]);
	}
}

/* Weight 0 is as if a model was not there: nobody asks it, and it may find the text impossible. */
static void weight_zero_is_not_there(void **state)
{
	(void)state;
	static const double weights[] = { 2, 0 };
	for (int kind = TOK_MIX_LINEAR; kind <= TOK_MIX_GEOMETRIC; kind++) {
		struct toy_machine toys[2];
		make_without_b(toys);
		struct tok_machine *const machines[] = { toys[0].m, toys[1].m };
		struct tok_mix *mix =
		    mix_of(machines, 2,
			   (struct tok_mix_options){ .kind = (enum tok_mix_kind)kind,
						     .weights = weights });
		mix_push_text(mix, "AB");
		const struct tok_mix_next next = mix_next_of(mix);
		assert_false(next.left_out[1]);
		assert_near(next.weights[0], 1.0, 0.0, "weight");
		double alone[TOK_MIX_SYMBOLS];
		const struct tok_next_bytes one = next_of(toys[0].m);
		tok_mix_whole(&one, alone);
		assert_same_law(next.p, alone, 1e-15, "alone");
		assert_int_equal(toys[1].lm.calls, 0);
		tok_mix_free(mix);
		toy_machine_release(&toys[0]);
		toy_machine_release(&toys[1]);
	}
}

/* Both machines are before the byte, whoever failed, and the mix goes on. */
static void failures_of_a_model(void **state)
{
	(void)state;
	for (int kind = TOK_MIX_LINEAR; kind <= TOK_MIX_GEOMETRIC; kind++) {
		struct toy_machine toys[2], whole[2];
		struct tok_error err = { 0 };
		for (size_t i = 0; i < 2; i++) {
			toy_machine_bigram(&toys[i], (struct tok_machine_options){ 0 });
			toy_machine_bigram(&whole[i], (struct tok_machine_options){ 0 });
		}
		struct tok_machine *const machines[] = { toys[0].m, toys[1].m }, *const others[] = {
			whole[0].m, whole[1].m
		};
		const struct tok_mix_options options = { .kind = (enum tok_mix_kind)kind };
		struct tok_mix *mix = mix_of(machines, 2, options),
			       *wanted = mix_of(others, 2, options);
		size_t failures = 0;
		static const char text[] = "ABAABAAB";
		for (size_t i = 0; i < sizeof text - 1; i++) {
			const struct tok_span one = { (const uint8_t *)text + i, 1 };
			for (size_t which = 0; which < 2; which++) {
				toys[which].lm.fails_at = toys[which].lm.calls + 1;
				const enum tok_status status = tok_mix_push(mix, one, &err);
				toys[which].lm.fails_at = 0;
				assert_true(status == TOK_OK || status == TOK_EIO);
				const size_t at = i + (status == TOK_OK);
				assert_int_equal(tok_machine_length(machines[0]), at);
				assert_int_equal(tok_machine_length(machines[1]), at);
				if (status == TOK_OK)
					break;
				failures++;
				assert_non_null(strstr(err.message, which ? "model 2: the model"
									  : "model 1: the model"));
			}
			if (tok_machine_length(machines[0]) == i)
				assert_int_equal(tok_mix_push(mix, one, &err), TOK_OK);
			assert_int_equal(tok_mix_push(wanted, one, &err), TOK_OK);
		}
		assert_true(failures >= 2);
		assert_same_law(mix_next_of(mix).p, mix_next_of(wanted).p, 1e-15, "goes on");
		tok_mix_free(mix);
		tok_mix_free(wanted);
		for (size_t i = 0; i < 2; i++) {
			toy_machine_release(&toys[i]);
			toy_machine_release(&whole[i]);
		}
	}
}

static void refusals(void **state)
{
	(void)state;
	static const double negative[] = { 1, -1 }, none[] = { 0, 0 }, no_number[] = { NAN, 1 },
			    endless[] = { INFINITY, 1 };
	static const struct {
		struct tok_mix_options options;
		size_t count;
		const char *said;
	} rows[] = {
		{ { .kind = TOK_MIX_LINEAR }, 0, "0 models" },
		{ { .kind = TOK_MIX_LINEAR }, TOK_MIX_MOST + 1, "17 models" },
		{ { .kind = TOK_MIX_PROXY, .alpha = 1 }, 2, "base, expert and anti-expert" },
		{ { .kind = TOK_MIX_PROXY, .alpha = -1 }, 3, "an alpha of -1" },
		{ { .kind = TOK_MIX_PROXY, .alpha = NAN }, 3, "an alpha of" },
		{ { .kind = TOK_MIX_PROXY, .weights = none }, 3, "a proxy has no weights" },
		{ { .kind = TOK_MIX_BAYES, .weights = negative }, 2, "a weight of -1" },
		{ { .kind = TOK_MIX_BAYES, .weights = none }, 2, "sum to 0" },
		{ { .kind = TOK_MIX_LINEAR, .weights = no_number }, 2, "a weight of" },
		{ { .kind = TOK_MIX_LINEAR, .weights = endless }, 2, "a weight of inf" },
	};
	struct tok_machine *machines[TOK_MIX_MOST + 1] = { NULL };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_mix *mix = NULL;
		struct tok_error err = { 0 };
		assert_int_equal(tok_mix_new(machines, rows[i].count, &rows[i].options, &mix, &err),
				 TOK_EARG);
		if (!strstr(err.message, rows[i].said))
			fail_msg("%s: %s", rows[i].said, err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bayes_is_a_mixture_of_texts),
		cmocka_unit_test(with_itself_it_is_itself),
		cmocka_unit_test(p_of_the_text),
		cmocka_unit_test(long_texts_keep_weights),
		cmocka_unit_test(divergence),
		cmocka_unit_test(who_cannot_is_left_out),
		cmocka_unit_test(who_has_nothing_to_say_is_not_heard),
		cmocka_unit_test(weight_zero_is_not_there),
		cmocka_unit_test(failures_of_a_model),
		cmocka_unit_test(refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
