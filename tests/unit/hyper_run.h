/*
 * hyper_run.h - a hypernetwork's fixture, its predictions whole in memory, and how far off
 * they are.
 *
 *	struct hyper_case c;
 *	case_open(&c, "tiny_untied");      // fixtures/hypernet
 *	struct hyper_rows_made made = run_net(net, &c, (struct hyper_predict_job){ 0 });
 *	double off = far_off(made.in, c.expected_in, n);
 *	made_free(&made);
 *	case_close(&c);
 *
 * Included by one source file of a test, behind cmocka.h.
 */
#ifndef TESTS_UNIT_HYPER_RUN_H
#define TESTS_UNIT_HYPER_RUN_H

#include <math.h>

#include "hypernet/net/net.h"
#include "tests/unit/fixture.h"

struct hyper_case {
	struct hyper_config config;
	struct hyper_tensors *weights, *expected;
	struct hyper_surfaces surfaces;
	struct hyper_tensor in, out; /* of the source */
	float *halves[2];
	size_t language;
	float *want_in, *want_out, *want_bias; /* want_out NULL of a tied one */
};

static inline struct hyper_tensors *open_fixture(const char *name, const char *ending)
{
	char file[128];
	struct tok_error err = { 0 };
	struct hyper_tensors *tensors;
	snprintf(file, sizeof file, "%s%s", name, ending);
	char *path = fixture_path("hypernet", file);
	if (hyper_tensors_open(path, &tensors, &err) != TOK_OK)
		fail_msg("%s", err.message);
	free(path);
	return tensors;
}

static inline void read_config(const char *name, struct hyper_config *config)
{
	char file[128];
	struct tok_error err = { 0 };
	snprintf(file, sizeof file, "%s.config.json", name);
	const struct tok_span json = fixture_read("hypernet", file);
	if (hyper_config_read(json, config, &err) != TOK_OK)
		fail_msg("%s", err.message);
	free((void *)(uintptr_t)json.bytes);
}

static inline float *read_floats(const struct hyper_tensors *tensors, const char *name)
{
	const struct hyper_tensor *t = hyper_tensors_find(tensors, name);
	struct tok_error err = { 0 };
	if (!t)
		return NULL;
	float *numbers = malloc(hyper_tensor_numbers(t) * sizeof *numbers);
	if (!numbers || hyper_tensor_rows(t, 0, t->shape[0], numbers, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return numbers;
}

/* Columns [from, from + width) of the source as a tensor of its own. */
static inline struct hyper_tensor take_half(const float *all, size_t rows, size_t stride,
					    size_t from, size_t width, float **held)
{
	float *half = malloc(rows * width * sizeof *half);
	assert_non_null(half);
	for (size_t r = 0; r < rows; r++)
		memcpy(half + r * width, all + r * stride + from, width * sizeof *half);
	*held = half;
	return (struct hyper_tensor){
		.name = "source",
		.dtype = HYPER_F32,
		.rank = 2,
		.shape = { rows, width },
		.data = { (const uint8_t *)half, rows * width * sizeof *half },
	};
}

static inline void case_open(struct hyper_case *c, const char *name)
{
	*c = (struct hyper_case){ 0 };
	read_config(name, &c->config);
	c->weights = open_fixture(name, ".safetensors");
	c->expected = open_fixture(name, ".expected.safetensors");
	const struct hyper_tensor *forms = hyper_tensors_find(c->expected, "surface_forms");
	assert_non_null(forms);
	c->surfaces.count = forms->shape[0];
	c->surfaces.length = forms->shape[1];
	c->surfaces.ids = malloc(forms->data.count);
	assert_non_null(c->surfaces.ids);
	memcpy(c->surfaces.ids, forms->data.bytes, forms->data.count);
	const size_t width = c->config.embedding, rows = c->config.vocabulary;
	const size_t stride = hyper_config_source_width(&c->config);
	float *source = read_floats(c->expected, "source_embeddings");
	c->in = take_half(source, rows, stride, 0, width, &c->halves[0]);
	if (c->config.untied)
		c->out = take_half(source, rows, stride, width, width, &c->halves[1]);
	free(source);
	c->language = c->config.takes_language;
	c->want_in = read_floats(c->expected, "expect_in");
	c->want_out = read_floats(c->expected, "expect_out");
	c->want_bias = read_floats(c->expected, "expect_bias");
}

static inline void case_close(struct hyper_case *c)
{
	hyper_config_release(&c->config);
	hyper_surfaces_release(&c->surfaces);
	hyper_tensors_close(c->weights);
	hyper_tensors_close(c->expected);
	free(c->halves[0]);
	free(c->halves[1]);
	free(c->want_in);
	free(c->want_out);
	free(c->want_bias);
}

/* ---- predictions ----------------------------------------------------------------- */

struct hyper_rows_made {
	size_t width, begin, count, blocks;
	float *in, *out, *bias; /* NULL where the network has none */
};

static inline void made_free(struct hyper_rows_made *made)
{
	free(made->in);
	free(made->out);
	free(made->bias);
}

static inline void keep_rows(float **to, const float *from, size_t had, size_t count, size_t width)
{
	if (!from)
		return;
	*to = realloc(*to, (had + count) * width * sizeof **to);
	assert_non_null(*to);
	memcpy(*to + had * width, from, count * width * sizeof **to);
}

static inline enum tok_status keep_block(void *context, const struct hyper_predicted *block,
					 struct tok_error *err)
{
	struct hyper_rows_made *made = context;
	(void)err;
	assert_int_equal(block->first, made->begin + made->count);
	keep_rows(&made->in, block->in, made->count, block->count, made->width);
	keep_rows(&made->out, block->out, made->count, block->count, made->width);
	keep_rows(&made->bias, block->bias, made->count, block->count, 1);
	made->count += block->count;
	made->blocks++;
	return TOK_OK;
}

/* Tokens job.begin to job.end, or where that is 0 all; of the case's language. */
static inline struct hyper_rows_made
run_net(const struct hyper_net *net, const struct hyper_case *c, struct hyper_predict_job job)
{
	struct hyper_rows_made made = { .width = c->config.embedding, .begin = job.begin };
	const struct hyper_source source = { &c->in, c->config.untied ? &c->out : NULL };
	struct tok_error err = { 0 };
	job.end = job.end ? job.end : c->surfaces.count;
	job.language = c->language;
	job.sink = keep_block;
	job.context = &made;
	if (hyper_predict(net, &source, &c->surfaces, &job, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(made.count, job.end - job.begin);
	return made;
}

static inline struct hyper_net *open_net(const struct hyper_case *c,
					 struct hyper_net_options options)
{
	struct tok_error err = { 0 };
	struct hyper_net *net;
	if (!options.kernel)
		options.kernel = hyper_kernel_at(hyper_kernel_count() - 1);
	options.threads = options.threads ? options.threads : 1;
	if (hyper_net_open(c->weights, &c->config, &options, &net, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return net;
}

/* ---- how far off ----------------------------------------------------------------- */

/* The largest difference, in parts of the largest number; 1 where one is no number. */
static inline double far_off(const float *got, const float *want, size_t count)
{
	double most = 0, largest = 0;
	for (size_t i = 0; i < count; i++) {
		const double off = fabs((double)got[i] - (double)want[i]);
		if (!(off <= most))
			most = isnan(off) ? INFINITY : off;
		if (fabs((double)want[i]) > largest)
			largest = fabs((double)want[i]);
	}
	return most / largest;
}

/* The smallest cosine of two rows. */
static inline double least_cosine(const float *got, const float *want, size_t rows, size_t width)
{
	double least = 1;
	for (size_t r = 0; r < rows; r++) {
		double gg = 0, ww = 0, gw = 0;
		for (size_t i = r * width; i < (r + 1) * width; i++) {
			gg += (double)got[i] * (double)got[i];
			ww += (double)want[i] * (double)want[i];
			gw += (double)got[i] * (double)want[i];
		}
		if (!(gw / sqrt(gg * ww) >= least))
			least = gw / sqrt(gg * ww);
	}
	return least;
}

#endif
