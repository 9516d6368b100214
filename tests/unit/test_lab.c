/* The small language model: losses and gradients beside torch's, beside differences, by every
 * kernel, and for any number of threads. */
#include "hypernet/lab/lab_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/lab_table.inc"
#include "tok/base/random.h"

enum { CASES = sizeof cases / sizeof *cases };

/* ---- what lab_table.py has, too --------------------------------------------------- */

static float number(size_t i)
{
	const uint32_t mixed = (uint32_t)i * 2654435761u + 12345;
	return (float)(((double)mixed / 2147483648.0 - 1) * 0.6);
}

static tok_id token(size_t i)
{
	return (tok_id)((i * i * 7 + i * 3 + 1) % 11 % VOCABULARY);
}

/* ---- models ----------------------------------------------------------------------- */

static const struct hyper_kernel *best(void)
{
	const struct hyper_kernel *kernel;
	struct tok_error err;
	assert_int_equal(hyper_kernel_choose(NULL, &kernel, &err), TOK_OK);
	return kernel;
}

static struct hyper_lab_options small(enum hyper_lab_kind kind, bool tied)
{
	struct hyper_lab_options o = HYPER_LAB_DEFAULTS;
	o.kind = kind;
	o.tied = tied;
	o.width = WIDTH;
	o.hidden = HIDDEN;
	o.context = CONTEXT;
	o.batch = o.probe_batch = IDS;
	o.kernel = best();
	return o;
}

static struct hyper_lab *model_of(const struct hyper_lab_options *o, size_t vocabulary)
{
	struct hyper_lab *model;
	struct tok_error err;
	assert_int_equal(hyper_lab_new(vocabulary, o, &model, &err), TOK_OK);
	return model;
}

static struct hyper_lab *model_of_table(const struct lab_case *c, const struct hyper_kernel *kernel)
{
	struct hyper_lab_options o = small(c->kind, c->tied);
	o.kernel = kernel;
	struct hyper_lab *model = model_of(&o, VOCABULARY);
	assert_int_equal(model->at.count, c->count);
	for (size_t i = 0; i < c->count; i++)
		model->numbers[i] = number(i);
	return model;
}

/* All places of a stream. */
struct stream {
	tok_id *ids, *contexts;
	struct lab_batch batch;
};

static struct stream stream_of(size_t count, size_t context, tok_id (*id)(size_t))
{
	struct stream s = { calloc(count, sizeof(tok_id)),
			    calloc(count * context, sizeof(tok_id)),
			    { 0 } };
	assert_true(s.ids && s.contexts);
	for (size_t i = 0; i < count; i++)
		s.ids[i] = id(i);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < context; j++)
			s.contexts[i * context + j] =
			    i + j >= context ? s.ids[i + j - context] : TOK_NO_ID;
	s.batch = (struct lab_batch){ s.contexts, s.ids, count };
	return s;
}

static void stream_free(struct stream *s)
{
	free(s->ids);
	free(s->contexts);
}

/* To be freed. */
static float *gradient_of(const struct hyper_lab *model, const struct stream *s, bool rows_only)
{
	struct lab_work work;
	struct tok_error err;
	assert_int_equal(lab_work_init(&work, model, s->batch.count, true, &err), TOK_OK);
	assert_int_equal(lab_pack(&work, &err), TOK_OK);
	assert_int_equal(lab_gradient(&work, &s->batch, rows_only, &err), TOK_OK);
	float *gradient = work.gradient;
	work.gradient = NULL;
	lab_work_release(&work);
	return gradient;
}

static double bits_of(const struct hyper_lab *model, const tok_id *ids, size_t count)
{
	double bits;
	struct tok_error err;
	assert_int_equal(hyper_lab_bits(model, ids, count, NULL, &bits, NULL, &err), TOK_OK);
	return bits;
}

/* ---- torch ------------------------------------------------------------------------ */

static void near(const char *what, size_t i, double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%s: number %zu is %.9g, not %.9g", what, i, got, want);
}

static void agrees_with_torch(void **state)
{
	(void)state;
	struct stream s = stream_of(IDS, CONTEXT, token);
	for (size_t k = 0; k < hyper_kernel_count(); k++)
		for (size_t c = 0; c < CASES && hyper_kernel_runs(hyper_kernel_at(k)); c++) {
			struct hyper_lab *model = model_of_table(&cases[c], hyper_kernel_at(k));
			float *gradient = gradient_of(model, &s, false);
			near(cases[c].name, 0, bits_of(model, s.ids, IDS), cases[c].bits,
			     1e-5 * cases[c].bits);
			for (size_t i = 0; i < cases[c].count; i++)
				near(cases[c].name, i, gradient[i], cases[c].gradient[i], 3e-6);
			free(gradient);
			hyper_lab_free(model);
		}
	stream_free(&s);
}

static void steps_as_torch_adam(void **state)
{
	(void)state;
	enum { COUNT = 7, STEPS = 6 };
	float numbers[COUNT], gradient[COUNT], first[COUNT] = { 0 }, second[COUNT] = { 0 };
	struct lab_adam adam = { first, second, 0 };
	for (size_t i = 0; i < COUNT; i++)
		numbers[i] = number(i);
	for (; adam.step < STEPS; adam.step++) {
		for (size_t i = 0; i < COUNT; i++)
			gradient[i] = i == 3 ? 0 : number(100 * adam.step + i);
		const double rate = 0.01 * (double)(adam.step + 1);
		lab_adam_step(&adam, rate, gradient, numbers, 0, 2);
		lab_adam_step(&adam, rate, gradient, numbers, 2, COUNT);
	}
	for (size_t i = 0; i < COUNT; i++)
		near("adam", i, numbers[i], adam_numbers[i], 1e-6);
}

/* ---- differences ------------------------------------------------------------------- */

/* More than a strip of samples, more than a strip of outputs, nothing a multiple of anything. */
enum { LARGE = 261, MANY = 2 * LAB_STRIP + 5 };

static tok_id token_of_many(size_t i)
{
	return (tok_id)((i * i * 31 + i * 17 + 3) % 1009 % LARGE);
}

static struct hyper_lab_options odd(enum hyper_lab_kind kind, bool tied)
{
	struct hyper_lab_options o = small(kind, tied);
	o.width = 12;
	o.hidden = LAB_OUTPUTS + 5;
	o.context = 5;
	o.batch = o.probe_batch = MANY;
	return o;
}

static void enlarge(struct hyper_lab *model)
{
	for (size_t i = 0; i < model->at.count; i++)
		model->numbers[i] += number(i) * 0.7F;
}

static double mean_loss(const struct hyper_lab *model, const struct stream *s)
{
	return bits_of(model, s->ids, s->batch.count) * log(2) / (double)s->batch.count;
}

static void check_difference(struct hyper_lab *model, const struct stream *s, const float *gradient,
			     size_t at)
{
	const float was = model->numbers[at], step = 0.01F;
	model->numbers[at] = was + step;
	const double above = mean_loss(model, s);
	model->numbers[at] = was - step;
	const double below = mean_loss(model, s);
	model->numbers[at] = was;
	near("differences", at, gradient[at], (above - below) / (2 * (double)step),
	     2e-4 + 0.02 * fabs((double)gradient[at]));
}

/* Four numbers in each of twelve parts of the parameters, then of the body; and the ends of every
 * bias. */
static void agrees_with_differences(void **state)
{
	(void)state;
	struct stream s = stream_of(MANY, 5, token_of_many);
	for (int c = 0; c < 4; c++) {
		const struct hyper_lab_options o = odd((enum hyper_lab_kind)(c / 2), c % 2);
		struct hyper_lab *model = model_of(&o, LARGE);
		enlarge(model);
		float *gradient = gradient_of(model, &s, false);
		struct tok_random random = tok_random_of(5, (uint64_t)c);
		for (size_t i = 0; i < 96; i++) {
			const size_t from = i < 48 ? 0 : model->at.body;
			const size_t part = (model->at.count - from) / 12;
			check_difference(model, &s, gradient,
					 from + i % 48 / 4 * part +
					     tok_random_below(&random, part));
		}
		for (size_t l = LAB_OUTPUT + 1; l < model->linear_count; l++) {
			const struct lab_linear *linear = &model->linears[l];
			check_difference(model, &s, gradient, linear->bias);
			check_difference(model, &s, gradient, linear->bias + linear->out - 1);
		}
		free(gradient);
		hyper_lab_free(model);
	}
	stream_free(&s);
}

static void kernels_agree(void **state)
{
	(void)state;
	struct stream s = stream_of(MANY, 5, token_of_many);
	for (int c = 0; c < 4; c++) {
		struct hyper_lab_options o = odd((enum hyper_lab_kind)(c / 2), c % 2);
		float *want = NULL;
		for (size_t k = hyper_kernel_count(); k-- > 0;) { /* scalar first */
			o.kernel = hyper_kernel_at(k);
			if (!hyper_kernel_runs(o.kernel))
				continue;
			struct hyper_lab *model = model_of(&o, LARGE);
			enlarge(model);
			float *got = gradient_of(model, &s, false);
			for (size_t i = 0; want && i < model->at.count; i++)
				near(hyper_kernel_name(o.kernel), i, got[i], want[i], 2e-6);
			free(want);
			want = got;
			hyper_lab_free(model);
		}
		free(want);
	}
	stream_free(&s);
}

/* ---- training --------------------------------------------------------------------- */

enum { TEXT = 3000, SAMPLES = CHECKED ? 3 * MANY + 7 : 30 * MANY + 7 };

/* Each token tells the next but one of seven times. */
static tok_id text_token(size_t i)
{
	return (tok_id)(i % 7 ? i * 5 % 40 : i * i % LARGE);
}

static struct hyper_lab *trained(struct hyper_lab_options o, const struct stream *s, size_t threads)
{
	struct tok_error err;
	o.threads = threads;
	struct hyper_lab *model = model_of(&o, LARGE);
	assert_int_equal(hyper_lab_train(model, s->ids, TEXT, SAMPLES, false, NULL, NULL, &err),
			 TOK_OK);
	return model;
}

static void threads_change_nothing(void **state)
{
	(void)state;
	struct stream s = stream_of(TEXT, 5, text_token);
	for (int c = 0; c < 4; c++) {
		struct hyper_lab_options o = odd((enum hyper_lab_kind)(c / 2), c % 2);
		struct hyper_lab *new = model_of(&o, LARGE), *one = trained(o, &s, 1);
		const double before = bits_of(new, s.ids, TEXT), after = bits_of(one, s.ids, TEXT);
		assert_true(CHECKED ? after < before : after < 0.95 * before);
		for (size_t threads = 2; threads < 6; threads += 3) {
			struct hyper_lab *many = trained(o, &s, threads);
			assert_memory_equal(one->numbers, many->numbers,
					    one->at.count * sizeof(float));
			assert_true(after == bits_of(many, s.ids, TEXT));
			hyper_lab_free(many);
		}
		o.seed++;
		struct hyper_lab *other = trained(o, &s, 1);
		assert_memory_not_equal(one->numbers, other->numbers, sizeof(float) * 8);
		hyper_lab_free(other);
		hyper_lab_free(one);
		hyper_lab_free(new);
	}
	stream_free(&s);
}

static void rates_go_up_and_down(void **state)
{
	(void)state;
	static const struct {
		size_t step, steps;
		double want;
	} rows[] = { { 0, 1, 2 },   { 0, 100, 0.4 }, { 3, 100, 1.6 }, { 4, 100, 2 },
		     { 5, 100, 2 }, { 62, 118, 1 },  { 0, 21, 1 },    { 1, 21, 2 },
		     { 2, 21, 2 },  { 117, 118, 0 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		near("rate", i, lab_rate(2, rows[i].step, rows[i].steps), rows[i].want, 0.001);
}

/* Adam's first step is as long as the rate, whatever the gradient. */
static void a_step_is_the_rate(void **state)
{
	(void)state;
	struct stream s = stream_of(IDS, CONTEXT, token);
	struct hyper_lab *model = model_of_table(&cases[0], best());
	struct tok_error err;
	assert_int_equal(hyper_lab_train(model, s.ids, IDS, IDS, false, NULL, NULL, &err), TOK_OK);
	for (size_t i = model->at.output; i < model->at.body; i++)
		near("step", i, fabs((double)(model->numbers[i] - number(i))), 3e-3, 1e-6);
	hyper_lab_free(model);
	stream_free(&s);
}

/* What is left over makes a step of its own: so many samples, and no more. */
static void a_step_of_what_is_left(void **state)
{
	(void)state;
	struct stream s = stream_of(TEXT, 5, text_token);
	struct hyper_lab_options o = odd(HYPER_LAB_FEED_FORWARD, false);
	struct hyper_lab *models[2];
	struct tok_error err;
	for (size_t i = 0; i < 2; i++) {
		o.batch = i ? MANY : 11;
		models[i] = model_of(&o, LARGE);
		assert_int_equal(
		    hyper_lab_train(models[i], s.ids, TEXT, 11, false, NULL, NULL, &err), TOK_OK);
	}
	assert_memory_equal(models[0]->numbers, models[1]->numbers,
			    models[0]->at.count * sizeof(float));
	hyper_lab_free(models[0]);
	hyper_lab_free(models[1]);
	stream_free(&s);
}

static bool stop_at(void *context, size_t step, size_t steps, double loss)
{
	size_t *left = context;
	assert_int_equal(steps, 4);
	assert_true(step ? loss > 0 : loss == 0);
	return (*left)-- > 0;
}

static void rows_alone(void **state)
{
	(void)state;
	struct stream s = stream_of(TEXT, 5, text_token);
	for (int c = 0; c < 4; c++) {
		const struct hyper_lab_options o = odd((enum hyper_lab_kind)(c / 2), c % 2);
		struct hyper_lab *from = model_of(&o, 77), *model;
		struct tok_error err;
		size_t left = 9;
		lab_draw(from->numbers, from->at.count, 0.3, 2, 2);
		assert_int_equal(hyper_lab_graft(from, LARGE, &model, &err), TOK_OK);
		assert_int_equal(hyper_lab_vocabulary(model), LARGE);
		for (size_t i = 0; i < model->at.body; i++)
			assert_true(model->numbers[i] == 0);
		near("no rows", 0, bits_of(model, s.ids, TEXT), TEXT * log2(LARGE), 0.1);
		assert_memory_equal(model->numbers + model->at.body, from->numbers + from->at.body,
				    (from->at.count - from->at.body) * sizeof(float));
		lab_draw(model->numbers, model->at.body, 0.2, 3, 3);
		const double before = bits_of(model, s.ids, TEXT);
		assert_int_equal(
		    hyper_lab_train(model, s.ids, TEXT, 3 * MANY + 7, true, stop_at, &left, &err),
		    TOK_OK);
		assert_int_equal(left, 5);
		assert_true(bits_of(model, s.ids, TEXT) < before);
		assert_memory_equal(model->numbers + model->at.body, from->numbers + from->at.body,
				    (from->at.count - from->at.body) * sizeof(float));
		hyper_lab_free(model);
		hyper_lab_free(from);
	}
	stream_free(&s);
}

static void can_be_stopped(void **state)
{
	(void)state;
	struct stream s = stream_of(TEXT, 5, text_token);
	const struct hyper_lab_options o = odd(HYPER_LAB_FEED_FORWARD, false);
	struct hyper_lab *model = model_of(&o, LARGE), *same = model_of(&o, LARGE);
	struct tok_error err;
	size_t left = 0;
	assert_int_equal(hyper_lab_train(model, s.ids, TEXT, 4 * MANY, false, stop_at, &left, &err),
			 TOK_OK);
	assert_memory_equal(model->numbers, same->numbers, model->at.count * sizeof(float));
	hyper_lab_free(model);
	hyper_lab_free(same);
	stream_free(&s);
}

/* ---- bits ------------------------------------------------------------------------- */

/* The probability of each token behind a text is told by the bits of the text with it. */
static double probability_behind(const struct hyper_lab *model, tok_id *ids, size_t count,
				 tok_id next)
{
	const double without = bits_of(model, ids, count);
	ids[count] = next;
	return exp2(without - bits_of(model, ids, count + 1));
}

static void shares_are_probabilities(void **state)
{
	(void)state;
	enum { LONG = 3 };
	for (int c = 0; c < 4; c++) {
		const struct hyper_lab_options o = odd((enum hyper_lab_kind)(c / 2), c % 2);
		struct hyper_lab *model = model_of(&o, 7);
		struct tok_error err;
		tok_id ids[LONG + 1] = { 5, 2, 2 };
		uint8_t marked[7] = { 0, 1, 0, 0, 255, 1, 0 }, none[7] = { 0 };
		double want = 0, got = 77, bits, all = 0;
		enlarge(model);
		for (size_t count = 0; count < LONG; count++) {
			const tok_id was = ids[count];
			for (tok_id t = 0; t < 7; t++) {
				const double p = probability_behind(model, ids, count, t);
				want += marked[t] ? p / LONG : 0;
				all += p;
			}
			ids[count] = was;
		}
		near("sums to one", 0, all, LONG, 1e-5);
		assert_int_equal(hyper_lab_bits(model, ids, LONG, marked, &bits, &got, &err),
				 TOK_OK);
		near("share", (size_t)c, got, want, 1e-6);
		assert_true(bits == bits_of(model, ids, LONG));
		assert_int_equal(hyper_lab_bits(model, ids, LONG, none, &bits, &got, &err), TOK_OK);
		assert_true(got == 0);
		hyper_lab_free(model);
	}
}

/* A text of more than one batch, by a model for which all tokens are alike. */
static void shares_of_long_texts(void **state)
{
	(void)state;
	struct stream s = stream_of(TEXT, 5, text_token);
	const struct hyper_lab_options o = odd(HYPER_LAB_FEED_FORWARD, false);
	struct hyper_lab *from = model_of(&o, 7), *model;
	struct tok_error err;
	uint8_t marked[LARGE] = { [3] = 1, [40] = 1, [LARGE - 1] = 1 };
	double bits, share;
	assert_int_equal(hyper_lab_graft(from, LARGE, &model, &err), TOK_OK);
	assert_int_equal(hyper_lab_bits(model, s.ids, TEXT, marked, &bits, &share, &err), TOK_OK);
	near("alike", 0, share, 3.0 / LARGE, 1e-7);
	hyper_lab_free(model);
	hyper_lab_free(from);
	stream_free(&s);
}

/* A probe's steps have a size of their own. */
static void a_probe_has_its_batch(void **state)
{
	(void)state;
	struct stream s = stream_of(TEXT, 5, text_token);
	struct hyper_lab_options o = odd(HYPER_LAB_FEED_FORWARD, false);
	o.batch = 7;
	struct hyper_lab *model = model_of(&o, LARGE);
	struct tok_error err;
	size_t left = 9; /* stop_at wants four steps */
	assert_int_equal(
	    hyper_lab_train(model, s.ids, TEXT, 3 * MANY + 1, true, stop_at, &left, &err), TOK_OK);
	assert_int_equal(left, 5);
	left = 9;
	assert_int_equal(
	    hyper_lab_train(model, s.ids, TEXT, 3 * 7 + 1, false, stop_at, &left, &err), TOK_OK);
	assert_int_equal(left, 5);
	hyper_lab_free(model);
	stream_free(&s);
}

/* ---- what is refused --------------------------------------------------------------- */

static void refuses(struct hyper_lab_options o, size_t vocabulary, const char *what)
{
	struct hyper_lab *model = NULL;
	struct tok_error err = { 0 };
	assert_int_equal(hyper_lab_new(vocabulary, &o, &model, &err), TOK_EARG);
	assert_null(model);
	assert_non_null(strstr(err.message, what));
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	const struct hyper_lab_options good = small(HYPER_LAB_FEED_FORWARD, false);
	struct hyper_lab_options o = good;
	refuses(o, 0, "vocabulary");
	refuses(o, (size_t)HYPER_LAB_ROWS + 1, "vocabulary");
	o.width = 0, refuses(o, 5, "layers"), o = good;
	o.hidden = HYPER_LAB_WIDEST + 1, refuses(o, 5, "layers"), o = good;
	o.context = HYPER_LAB_LONGEST + 1, refuses(o, 5, "context"), o = good;
	o.batch = 0, refuses(o, 5, "samples"), o = good;
	o.probe_batch = HYPER_LAB_BATCH + 1, refuses(o, 5, "samples"), o = good;
	o.rate = NAN, refuses(o, 5, "rate"), o = good;
	o.rate = 1e30;
	struct hyper_lab *model = model_of(&o, 5);
	struct tok_error err = { 0 };
	const tok_id ids[] = { 0, 1, 5 };
	double bits = 77;
	assert_int_equal(hyper_lab_bits(model, ids, 3, NULL, &bits, NULL, &err), TOK_EARG);
	assert_true(bits == 77);
	assert_non_null(strstr(err.message, "id 5"));
	const uint8_t marked[5] = { 1, 1, 1, 1, 1 };
	double share = 77;
	assert_int_equal(hyper_lab_bits(model, ids, 0, marked, &bits, &share, &err), TOK_OK);
	assert_true(bits == 0 && share == 0);
	assert_int_equal(hyper_lab_train(model, ids, 3, 9, false, NULL, NULL, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "id 5"));
	assert_int_equal(hyper_lab_train(model, ids, 0, 9, false, NULL, NULL, &err), TOK_EARG);
	assert_int_equal(hyper_lab_train(model, ids, 2, 900, false, NULL, NULL, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "lower rate"));
	hyper_lab_free(model);
	hyper_lab_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_torch),
		cmocka_unit_test(steps_as_torch_adam),
		cmocka_unit_test(agrees_with_differences),
		cmocka_unit_test(kernels_agree),
		cmocka_unit_test(threads_change_nothing),
		cmocka_unit_test(rates_go_up_and_down),
		cmocka_unit_test(a_step_is_the_rate),
		cmocka_unit_test(a_step_of_what_is_left),
		cmocka_unit_test(rows_alone),
		cmocka_unit_test(can_be_stopped),
		cmocka_unit_test(shares_are_probabilities),
		cmocka_unit_test(shares_of_long_texts),
		cmocka_unit_test(a_probe_has_its_batch),
		cmocka_unit_test(says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
