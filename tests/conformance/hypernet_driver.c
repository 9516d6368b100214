/*
 * hypernet_driver.c - what the network predicts, and how its tokenizer spells, for scripts that
 * compare it.
 *
 *	hypernet_driver predict CONFIG WEIGHTS CASE KERNEL MODE THREADS BLOCK LANGUAGE [plain]
 *	hypernet_driver surfaces TOKENIZER CONFIG < TOKENS
 *	hypernet_driver kernels              the names of those that run here
 *
 * CASE is a file of tensors "surface_forms" (I32), "source_in" and, of an untied model,
 * "source_out".  The rows come as float32: input and output (if there is one) token by token,
 * then biases (if there are any).  KERNEL "best" is the best one.
 *
 * TOKENS are lines of hexadecimal digits.  Each becomes a line of L ids; the last line has the
 * numbers of tokens that were cut, have extra pieces, have none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hypernet/net/net.h"
#include "vocab/format/read.h"

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "hypernet_driver: %s\n", message);
	exit(2);
}

static void need(enum tok_status status, const struct tok_error *err)
{
	if (status != TOK_OK)
		fail(err->message);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct hyper_config read_config(const char *path)
{
	static char json[1 << 20];
	struct hyper_config config = { 0 };
	struct tok_error err = { 0 };
	FILE *file = fopen(path, "rb");
	if (!file)
		fail(path);
	const size_t count = fread(json, 1, sizeof json, file);
	fclose(file);
	need(hyper_config_read((struct tok_span){ (const uint8_t *)json, count }, &config, &err),
	     &err);
	return config;
}

/* ---- predictions ------------------------------------------------------------------ */

struct output {
	size_t width;
	float *biases;
	size_t bias_count;
};

static enum tok_status put_block(void *context, const struct hyper_predicted *block,
				 struct tok_error *err)
{
	struct output *o = context;
	(void)err;
	for (size_t i = 0; i < block->count; i++) {
		fwrite(block->in + i * o->width, sizeof(float), o->width, stdout);
		if (block->out)
			fwrite(block->out + i * o->width, sizeof(float), o->width, stdout);
	}
	if (block->bias) {
		memcpy(o->biases + o->bias_count, block->bias, block->count * sizeof(float));
		o->bias_count += block->count;
	}
	return TOK_OK;
}

static enum hyper_mode mode_of(const char *name)
{
	static const char *const names[HYPER_MODE_COUNT] = { "f32", "bf16x3", "bf16", "int8" };
	for (enum hyper_mode m = 0; m < HYPER_MODE_COUNT; m++)
		if (strcmp(names[m], name) == 0)
			return m;
	fail("the mode is none");
}

static const struct hyper_kernel *kernel_of(const char *name)
{
	const struct hyper_kernel *kernel;
	struct tok_error err = { 0 };
	need(hyper_kernel_choose(strcmp(name, "best") == 0 ? NULL : name, &kernel, &err), &err);
	return kernel;
}

/* Tells on stderr how long opening and predicting took, in seconds, the bytes of the weights, and
 * the processors' time of predicting. */
static void predict(char **arguments, bool plain)
{
	struct hyper_config config = read_config(arguments[0]);
	const struct hyper_net_options options = {
		.kernel = kernel_of(arguments[3]),
		.mode = mode_of(arguments[4]),
		.threads = (size_t)atoi(arguments[5]),
		.plain = plain,
	};
	struct hyper_tensors *weights, *given;
	struct hyper_net *net;
	struct tok_error err = { 0 };
	const double began = now();
	need(hyper_tensors_open(arguments[1], &weights, &err), &err);
	need(hyper_net_open(weights, &config, &options, &net, &err), &err);
	hyper_tensors_close(weights);
	const double opened = now();
	need(hyper_tensors_open(arguments[2], &given, &err), &err);
	const struct hyper_tensor *forms = hyper_tensors_find(given, "surface_forms");
	if (!forms || forms->rank != 2 || forms->dtype != HYPER_I32)
		fail("there are no surface forms");
	struct hyper_surfaces surfaces = { .ids = malloc(forms->data.count + 1),
					   .count = forms->shape[0],
					   .length = forms->shape[1] };
	struct output output = { .width = config.embedding,
				 .biases = calloc(forms->shape[0] + 1, sizeof(float)) };
	if (!surfaces.ids || !output.biases)
		fail("out of memory");
	memcpy(surfaces.ids, forms->data.bytes, forms->data.count);
	const struct hyper_source source = { hyper_tensors_find(given, "source_in"),
					     hyper_tensors_find(given, "source_out") };
	const struct hyper_predict_job job = {
		.end = surfaces.count,
		.block = (size_t)atoi(arguments[6]),
		.language = (size_t)atoi(arguments[7]),
		.sink = put_block,
		.context = &output,
	};
	const double found = now();
	const clock_t worked = clock();
	need(hyper_predict(net, &source, &surfaces, &job, &err), &err);
	const double took = now() - found;
	const double processor = (double)(clock() - worked) / CLOCKS_PER_SEC;
	fwrite(output.biases, sizeof(float), output.bias_count, stdout);
	fprintf(stderr, "%s %.6f %.6f %zu %.6f\n", hyper_kernel_name(options.kernel),
		opened - began, took, hyper_net_bytes(net), processor);
	free(output.biases);
	hyper_surfaces_release(&surfaces);
	hyper_tensors_close(given);
	hyper_net_free(net);
	hyper_config_release(&config);
}

/* ---- spelling --------------------------------------------------------------------- */

static struct tok_span take_token(char *line, struct tok_arena *arena)
{
	const size_t count = strcspn(line, "\n") / 2;
	uint8_t *bytes = tok_arena_array(arena, count, 1);
	if (!bytes)
		fail("out of memory");
	for (size_t i = 0; i < count; i++) {
		char digits[3] = { line[2 * i], line[2 * i + 1], '\0' };
		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return (struct tok_span){ bytes, count };
}

static void spell(char **arguments)
{
	struct hyper_config config = read_config(arguments[1]);
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer;
	struct hyper_surfaces s = { 0 };
	struct tok_arena arena = { 0 };
	struct tok_error err = { 0 };
	struct tok_span *tokens = NULL;
	size_t count = 0, capacity = 0, room = 0;
	char *line = NULL;
	need(vocab_read_path(arguments[0], NULL, &spec, &err), &err);
	need(tok_tokenizer_new(&spec, &tokenizer, &err), &err);
	tok_spec_release(&spec);
	while (getline(&line, &room, stdin) >= 0) {
		if (!tok_grow(&tokens, &capacity, count + 1, sizeof *tokens))
			fail("out of memory");
		tokens[count++] = take_token(line, &arena);
	}
	need(hyper_surfaces_make(tokenizer, &config, tokens, count, &s, &err), &err);
	for (size_t i = 0; i < s.count; i++)
		for (size_t p = 0; p < s.length; p++)
			printf("%u%c", s.ids[i * s.length + p], p + 1 < s.length ? ' ' : '\n');
	printf("%zu %zu %zu\n", s.truncated, s.fallback, s.unknown);
	hyper_surfaces_release(&s);
	tok_arena_release(&arena);
	free(tokens);
	free(line);
	tok_tokenizer_free(tokenizer);
	hyper_config_release(&config);
}

static void list_kernels(void)
{
	for (size_t i = 0; i < hyper_kernel_count(); i++)
		if (hyper_kernel_runs(hyper_kernel_at(i)))
			puts(hyper_kernel_name(hyper_kernel_at(i)));
}

int main(int argc, char **argv)
{
	if (argc >= 10 && strcmp(argv[1], "predict") == 0)
		predict(argv + 2, argc > 10);
	else if (argc == 4 && strcmp(argv[1], "surfaces") == 0)
		spell(argv + 2);
	else if (argc == 2 && strcmp(argv[1], "kernels") == 0)
		list_kernels();
	else
		fail("predict, surfaces or kernels, and what they take");
	if (fclose(stdout) != 0)
		fail("a failed write");
	return 0;
}
