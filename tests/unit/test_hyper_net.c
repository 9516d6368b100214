/*
 * The network against rows that a float64 implementation made (fixtures/hypernet), by every
 * instruction set that runs here and in every mode; and what must not change a bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/hyper_run.h"

static const char *const names[] = { "tiny_tied_lang", "tiny_untied" };
enum { NAMES = sizeof names / sizeof names[0] };

/* What the modes promise. */
static const struct {
	const char *name;
	double far_off, cosine;
} modes[HYPER_MODE_COUNT] = {
	[HYPER_MODE_F32] = { "f32", 1e-5, 0.999999 },
	[HYPER_MODE_BF16X3] = { "bf16x3", 5e-5, 0.999999 },
	[HYPER_MODE_BF16] = { "bf16", 2e-2, 0.9998 },
	[HYPER_MODE_INT8] = { "int8", 6e-2, 0.998 },
};

static void expect_rows(const float *got, const float *want, size_t rows, size_t width,
			enum hyper_mode mode, const char *where)
{
	const double off = far_off(got, want, rows * width);
	const double cosine = width > 1 ? least_cosine(got, want, rows, width) : 1;
	if (!(off <= modes[mode].far_off) || !(cosine >= modes[mode].cosine))
		fail_msg("%s, %s: off by %g, cosine %.7f", where, modes[mode].name, off, cosine);
}

static void expect_case(const struct hyper_case *c, const struct hyper_rows_made *made,
			enum hyper_mode mode, const char *where)
{
	const size_t rows = c->surfaces.count, width = c->config.embedding;
	expect_rows(made->in, c->want_in, rows, width, mode, where);
	expect_rows(made->bias, c->want_bias, rows, 1, mode, where);
	assert_int_equal(made->out != NULL, c->want_out != NULL);
	if (made->out)
		expect_rows(made->out, c->want_out, rows, width, mode, where);
}

static void try_kernel(const struct hyper_case *c, const struct hyper_kernel *kernel,
		       const char *name)
{
	for (enum hyper_mode mode = 0; mode < HYPER_MODE_COUNT; mode++) {
		for (int plain = 0; plain < 2; plain++) {
			char where[96];
			struct hyper_net *net =
			    open_net(c, (struct hyper_net_options){
					    .kernel = kernel, .mode = mode, .plain = plain });
			struct hyper_rows_made made =
			    run_net(net, c, (struct hyper_predict_job){ 0 });
			snprintf(where, sizeof where, "%s, %s, %s", name, hyper_kernel_name(kernel),
				 plain ? "plain" : "with savings");
			expect_case(c, &made, mode, where);
			assert_null(hyper_net_unused(net));
			made_free(&made);
			hyper_net_free(net);
		}
	}
}

static void every_kernel_and_mode(void **state)
{
	(void)state;
	for (size_t n = 0; n < NAMES; n++) {
		struct hyper_case c;
		case_open(&c, names[n]);
		for (size_t k = 0; k < hyper_kernel_count(); k++) {
			const struct hyper_kernel *kernel = hyper_kernel_at(k);
			if (hyper_kernel_runs(kernel))
				try_kernel(&c, kernel, names[n]);
			else
				print_message("SKIPPED: %s does not run here\n",
					      hyper_kernel_name(kernel));
		}
		case_close(&c);
	}
}

/* ---- what the savings must not change --------------------------------------------- */

/* Forms that hold the padding where it does not belong: first, in the middle, everywhere. */
static void make_holes(struct hyper_case *c)
{
	const size_t length = c->surfaces.length;
	for (size_t i = 0; i < c->surfaces.count; i++) {
		tok_id *row = c->surfaces.ids + i * length;
		for (size_t p = 0; p < length; p++)
			if ((i * 7 + p * 3) % 5 == 0 || i % 11 == 3)
				row[p] = c->config.pad;
	}
}

static void savings_change_nothing(void **state)
{
	(void)state;
	for (size_t n = 0; n < 2 * NAMES; n++) {
		struct hyper_case c;
		case_open(&c, names[n % NAMES]);
		make_holes(&c);
		if (n >= NAMES) /* the first layer is the last */
			c.config.layers = 1;
		struct hyper_net *fast = open_net(&c, (struct hyper_net_options){ 0 });
		struct hyper_net *slow = open_net(&c, (struct hyper_net_options){ .plain = true });
		struct hyper_rows_made a = run_net(fast, &c, (struct hyper_predict_job){ 0 });
		struct hyper_rows_made b = run_net(slow, &c, (struct hyper_predict_job){ 0 });
		assert_true(far_off(a.in, b.in, a.count * a.width) < 1e-6);
		assert_true(far_off(a.bias, b.bias, a.count) < 1e-6);
		if (a.out)
			assert_true(far_off(a.out, b.out, a.count * a.width) < 1e-6);
		/* the masks do something */
		assert_true(far_off(a.in, c.want_in, a.count * a.width) > 1e-2);
		made_free(&a);
		made_free(&b);
		hyper_net_free(fast);
		hyper_net_free(slow);
		case_close(&c);
	}
}

/* ---- what must not change a bit --------------------------------------------------- */

/* All tokens `times` over, and the second half of them backwards. */
static void repeat(struct hyper_case *c, size_t times)
{
	struct hyper_surfaces *s = &c->surfaces;
	const size_t row = s->length * sizeof *s->ids, once = s->count;
	s->ids = realloc(s->ids, times * once * row);
	assert_non_null(s->ids);
	s->count = times * once;
	for (size_t i = once; i < s->count; i++) {
		const size_t from = i % 2 ? i % once : once - 1 - i % once;
		memcpy(s->ids + i * s->length, s->ids + from * s->length, row);
	}
}

static void expect_same(const struct hyper_rows_made *part, const struct hyper_rows_made *all)
{
	const size_t at = part->begin - all->begin, width = all->width;
	assert_memory_equal(part->in, all->in + at * width, part->count * width * sizeof(float));
	assert_memory_equal(part->bias, all->bias + at, part->count * sizeof(float));
	if (all->out)
		assert_memory_equal(part->out, all->out + at * width,
				    part->count * width * sizeof(float));
}

static void same_bits(const struct hyper_case *c, struct hyper_net_options options,
		      const struct hyper_rows_made *want)
{
	static const struct {
		size_t threads, block, begin, end, memo_bytes;
	} rows[] = {
		{ 1, 1, 0, 60, 0 },   { 1, 7, 0, 0, 1 },     { 2, 0, 0, 0, 0 },
		{ 3, 64, 5, 111, 0 }, { 8, 50, 0, 0, 3000 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		options.threads = rows[i].threads;
		options.memo_bytes = rows[i].memo_bytes;
		struct hyper_net *net = open_net(c, options);
		struct hyper_rows_made made = run_net(
		    net, c,
		    (struct hyper_predict_job){
			.block = rows[i].block, .begin = rows[i].begin, .end = rows[i].end });
		const size_t block = rows[i].block ? rows[i].block : HYPER_BLOCK;
		assert_int_equal(made.blocks, (made.count + block - 1) / block);
		expect_same(&made, want);
		made_free(&made);
		hyper_net_free(net);
	}
}

static void blocks_threads_and_neighbours_change_nothing(void **state)
{
	(void)state;
	for (size_t n = 0; n < NAMES; n++) {
		struct hyper_case c;
		case_open(&c, names[n]);
		const size_t once = c.surfaces.count;
		repeat(&c, 3);
		for (size_t k = 0; k < hyper_kernel_count(); k++) {
			struct hyper_net_options o = { .kernel = hyper_kernel_at(k) };
			if (!hyper_kernel_runs(o.kernel))
				continue;
			for (o.mode = 0; o.mode < HYPER_MODE_COUNT; o.mode++) {
				struct hyper_net *net = open_net(&c, o);
				struct hyper_rows_made all =
				    run_net(net, &c, (struct hyper_predict_job){ 0 });
				same_bits(&c, o, &all);
				/* row 1 again: its twin is the last but one of the second time */
				assert_memory_equal(all.in + all.width,
						    all.in + (2 * once - 2) * all.width,
						    all.width * sizeof(float));
				made_free(&all);
				hyper_net_free(net);
			}
		}
		case_close(&c);
	}
}

/* ---- runs that end ---------------------------------------------------------------- */

static enum tok_status stop_at_second(void *context, const struct hyper_predicted *block,
				      struct tok_error *err)
{
	size_t *calls = context;
	++*calls;
	return block->first ? tok_fail(err, TOK_EIO, "no room at %zu", block->first) : TOK_OK;
}

static void the_sink_ends_a_run(void **state)
{
	struct hyper_case c;
	struct tok_error err = { 0 };
	size_t calls = 0;
	(void)state;
	case_open(&c, names[0]);
	struct hyper_net *net = open_net(&c, (struct hyper_net_options){ .threads = 2 });
	const struct hyper_source source = { .in = &c.in };
	struct hyper_predict_job job = {
		.end = c.surfaces.count, .block = 8, .sink = stop_at_second, .context = &calls
	};
	assert_int_equal(hyper_predict(net, &source, &c.surfaces, &job, &err), TOK_EIO);
	assert_string_equal(err.message, "no room at 8");
	assert_int_equal(calls, 2);
	job.begin = job.end; /* nothing to do */
	assert_int_equal(hyper_predict(net, &source, &c.surfaces, &job, &err), TOK_OK);
	assert_int_equal(calls, 2);
	hyper_net_free(net);
	case_close(&c);
}

/* ---- what is refused --------------------------------------------------------------- */

static void expect_refused(const struct hyper_net *net, const struct hyper_source *source,
			   const struct hyper_surfaces *surfaces, struct hyper_predict_job job,
			   const char *message)
{
	struct tok_error err = { 0 };
	assert_int_equal(hyper_predict(net, source, surfaces, &job, &err), TOK_EARG);
	assert_string_equal(err.message, message);
}

static void other_models_are_refused(void **state)
{
	struct hyper_case tied, untied;
	(void)state;
	case_open(&tied, names[0]);
	case_open(&untied, names[1]);
	struct hyper_net *net = open_net(&tied, (struct hyper_net_options){ 0 });
	struct hyper_net *net2 = open_net(&untied, (struct hyper_net_options){ 0 });
	const struct hyper_source source = { .in = &tied.in };
	struct hyper_predict_job job = { .end = 40, .language = 1 };
	struct hyper_tensor in = tied.in;
	const struct hyper_source other = { .in = &in };

	in.shape[0] = 96;
	expect_refused(net, &other, &tied.surfaces, job,
		       "source has 96 rows: the network was made for a model of 97 or more");
	in = tied.in;
	in.dtype = HYPER_I64;
	expect_refused(net, &other, &tied.surfaces, job,
		       "source is of type I64, which cannot be read");
	in = tied.in;
	in.shape[1] = 25;
	expect_refused(net, &other, &tied.surfaces, job,
		       "source must have rows of 24 numbers, as the network's");
	in.rank = 1;
	expect_refused(net, &other, &tied.surfaces, job,
		       "source must have rows of 24 numbers, as the network's");
	expect_refused(net2, &(struct hyper_source){ .in = &untied.in }, &untied.surfaces, job,
		       "the network wants output embeddings too");
	job.language = 3;
	expect_refused(net, &source, &tied.surfaces, job, "there is no language 3 of 3");
	job.language = 0;
	job.end = 41;
	expect_refused(net, &source, &tied.surfaces, job, "there are no tokens 0 to 41 of 40");
	job.end = 40;
	tied.surfaces.ids[7 * 3 + 2] = 97 + 5;
	expect_refused(net, &source, &tied.surfaces, job,
		       "token 3 has piece 102: the network knows pieces below 102");
	tied.surfaces.length = 17;
	expect_refused(net, &source, &tied.surfaces, job,
		       "17 pieces a token: the network has 16 positions");
	hyper_net_free(net);
	hyper_net_free(net2);
	case_close(&tied);
	case_close(&untied);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kernel_and_mode),
		cmocka_unit_test(savings_change_nothing),
		cmocka_unit_test(blocks_threads_and_neighbours_change_nothing),
		cmocka_unit_test(the_sink_ends_a_run),
		cmocka_unit_test(other_models_are_refused),
	};
	return cmocka_run_group_tests_name("hyper_net", tests, NULL, NULL);
}
