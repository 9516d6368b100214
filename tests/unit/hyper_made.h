/*
 * hyper_made.h - a network of any shape, with weights that hold no secret: each number is a
 * function of its tensor's name and its place, the same as in tests/oracles/hypernet_ref.py.
 *
 *	struct hyper_tensors *t = make_tensors(&config, true);   // through a file that is gone
 *	struct hyper_tensor in = make_source(&config, ids, count, &held);
 *
 * Included by one source file of a test, behind cmocka.h.
 */
#ifndef TESTS_UNIT_HYPER_MADE_H
#define TESTS_UNIT_HYPER_MADE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hypernet/net/net.h"
#include "hypernet/tensor/write.h"

/* ---- numbers ---------------------------------------------------------------------- */

static inline uint64_t name_seed(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3U;
	return hash;
}

/* The i-th number of [-1, 1) from a seed, i from 1. */
static inline double unit_number(uint64_t seed, uint64_t i)
{
	uint64_t z = seed + i * 0x9E3779B97F4A7C15U; /* splitmix64 */
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
	z = (z ^ z >> 27) * 0x94D049BB133111EBU;
	z ^= z >> 31;
	return ((double)(z >> 40) - 8388608.0) / 8388608.0;
}

static inline bool ends_with(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);
	return n >= m && strcmp(name + n - m, end) == 0;
}

/* What is added to and multiplied with a tensor's numbers. */
static inline void number_range(const char *name, size_t fan_in, double *offset, double *scale)
{
	const bool norm = strstr(name, "LayerNorm") || strstr(name, ".ln.");
	*offset = 0;
	if (norm && ends_with(name, ".weight")) {
		*offset = 1;
		*scale = 1.0 / 8;
	} else if (norm || ends_with(name, ".bias") || ends_with(name, "scaler.b")) {
		*scale = 1.0 / 16;
	} else if (ends_with(name, "scaler.w")) {
		*offset = 1;
		*scale = 1.0 / 4;
	} else if (strstr(name, "embeddings")) {
		*scale = 1.0 / 2;
	} else {
		*scale = exp2(floor(0.5 * log2(3.0 / (double)fan_in) + 0.5));
	}
}

static inline float *make_numbers(const struct hyper_write_tensor *t)
{
	size_t count = 1;
	double offset, scale;
	for (size_t i = 0; i < t->rank; i++)
		count *= t->shape[i];
	number_range(t->name, t->shape[t->rank - 1], &offset, &scale);
	float *numbers = malloc(count * sizeof *numbers);
	assert_non_null(numbers);
	const uint64_t seed = name_seed(t->name);
	for (size_t i = 0; i < count; i++)
		numbers[i] = (float)(offset + scale * unit_number(seed, i + 1));
	return numbers;
}

/* ---- files ------------------------------------------------------------------------ */

/* Tensors as they are read from a file that has these numbers; the file is removed. */
static inline struct hyper_tensors *through_file(const struct hyper_write_tensor *list,
						 float *const *numbers, size_t count)
{
	char path[] = "/tmp/hyper_made_XXXXXX.safetensors";
	struct hyper_layout layout = { 0 };
	struct hyper_tensors *tensors;
	struct tok_error err = { 0 };
	if (hyper_layout_safetensors(list, count, NULL, 0, &layout, &err) != TOK_OK)
		fail_msg("%s", err.message);
	const int fd = mkstemps(path, 12);
	assert_true(fd >= 0 && ftruncate(fd, (off_t)layout.size) == 0);
	assert_int_equal(pwrite(fd, layout.header.bytes, layout.header.count, 0),
			 layout.header.count);
	for (size_t i = 0; i < count; i++) {
		size_t n = 1;
		for (size_t d = 0; d < list[i].rank; d++)
			n *= list[i].shape[d];
		const size_t bytes = n * hyper_dtype_bytes(list[i].dtype);
		void *data = malloc(bytes);
		assert_non_null(data);
		if (hyper_dtype_is_writable(list[i].dtype))
			hyper_from_f32(list[i].dtype, numbers[i], n, data);
		else
			memset(data, 0, bytes);
		assert_int_equal(pwrite(fd, data, bytes, (off_t)layout.offsets[i]), bytes);
		free(data);
	}
	close(fd);
	if (hyper_tensors_open(path, &tensors, &err) != TOK_OK)
		fail_msg("%s", err.message);
	unlink(path);
	hyper_layout_release(&layout);
	return tensors;
}

/* ---- the network's ---------------------------------------------------------------- */

struct hyper_list {
	struct hyper_write_tensor items[256];
	char names[256][96];
	size_t count;
};

static inline void list_one(struct hyper_list *l, const char *module, const char *leaf, size_t rows,
			    size_t width)
{
	char *name = l->names[l->count];
	snprintf(name, sizeof l->names[0], "%s.%s", module, leaf);
	l->items[l->count++] = (struct hyper_write_tensor){
		name, HYPER_F32, rows ? 2 : 1, { rows ? rows : width, rows ? width : 0 }
	};
}

static inline void list_dense(struct hyper_list *l, const char *module, size_t out, size_t in)
{
	list_one(l, module, "weight", out, in);
	list_one(l, module, "bias", 0, out);
}

static inline void list_norm(struct hyper_list *l, const char *module, size_t width)
{
	list_one(l, module, "weight", 0, width);
	list_one(l, module, "bias", 0, width);
}

static inline void list_module(struct hyper_list *l, const char *prefix, size_t in, size_t out,
			       const struct hyper_config *c, bool first)
{
	char name[80];
	snprintf(name, sizeof name, "%s.%d", prefix, first ? 0 : 1);
	list_dense(l, name, out, in);
	snprintf(name, sizeof name, "%s.%d.dense1", prefix, first ? 1 : 0);
	list_dense(l, name, c->intermediate, c->hidden);
	snprintf(name, sizeof name, "%s.%d.dense2", prefix, first ? 1 : 0);
	list_dense(l, name, c->hidden, c->intermediate);
	snprintf(name, sizeof name, "%s.%d.ln", prefix, first ? 1 : 0);
	list_norm(l, name, c->hidden);
}

static inline void list_layer(struct hyper_list *l, size_t index, const struct hyper_config *c)
{
	static const struct {
		const char *name;
		bool from_middle, to_middle, norm;
	} parts[] = {
		{ "attention.self.query", 0, 0, 0 },
		{ "attention.self.key", 0, 0, 0 },
		{ "attention.self.value", 0, 0, 0 },
		{ "attention.output.dense", 0, 0, 0 },
		{ "attention.output.LayerNorm", 0, 0, 1 },
		{ "intermediate.dense", 0, 1, 0 },
		{ "output.dense", 1, 0, 0 },
		{ "output.LayerNorm", 0, 0, 1 },
	};
	char name[80];
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		snprintf(name, sizeof name, "model.encoder.layer.%zu.%s", index, parts[i].name);
		if (parts[i].norm)
			list_norm(l, name, c->hidden);
		else
			list_dense(l, name, parts[i].to_middle ? c->intermediate : c->hidden,
				   parts[i].from_middle ? c->intermediate : c->hidden);
	}
}

static inline void list_scaler(struct hyper_list *l, const char *name, size_t width)
{
	list_one(l, name, "w", 1, width);
	list_one(l, name, "b", 1, width);
}

static inline void list_net(struct hyper_list *l, const struct hyper_config *c, size_t positions)
{
	const size_t source = hyper_config_source_width(c);
	l->count = 0;
	list_one(l, "fallback_embeddings", "weight", c->extra ? c->extra : 1, source);
	if (c->takes_language)
		list_one(l, "lang_embeddings", "weight", c->language_count, c->hidden);
	list_scaler(l, "in_scaler", source);
	list_scaler(l, "scaler", c->embedding);
	if (c->untied)
		list_scaler(l, "out_scaler", c->embedding);
	list_module(l, "input_projection", source, c->hidden, c, true);
	list_module(l, "output_projection", c->hidden, c->single_head ? source : c->embedding, c,
		    false);
	if (c->untied && !c->single_head)
		list_module(l, "output_projection_out", c->hidden, c->embedding, c, false);
	if (c->predicts_bias)
		list_dense(l, "bias_projection", 1, c->hidden);
	list_one(l, "model.embeddings.position_embeddings", "weight", positions, c->hidden);
	list_one(l, "model.embeddings.token_type_embeddings", "weight", 1, c->hidden);
	list_norm(l, "model.embeddings.LayerNorm", c->hidden);
	for (size_t i = 0; i < c->layers; i++)
		list_layer(l, i, c);
}

/* Through a file with all tensors of the list, in their dtypes. */
static inline struct hyper_tensors *make_list(const struct hyper_list *l)
{
	float *numbers[256];
	for (size_t i = 0; i < l->count; i++)
		numbers[i] = make_numbers(&l->items[i]);
	struct hyper_tensors *tensors = through_file(l->items, numbers, l->count);
	for (size_t i = 0; i < l->count; i++)
		free(numbers[i]);
	return tensors;
}

/* ---- the source's rows ------------------------------------------------------------ */

/* Columns [from, from + E) of the source: memory for all rows, of which only those of `ids`
 * are there; munmap it (V x E floats). */
static inline struct hyper_tensor make_source(const struct hyper_config *c, size_t from,
					      const tok_id *ids, size_t count)
{
	const uint64_t seed = name_seed("source_embeddings");
	const size_t width = c->embedding, stride = hyper_config_source_width(c);
	const size_t bytes = c->vocabulary * width * sizeof(float);
	float *rows = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(rows != MAP_FAILED);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; ids[i] < c->vocabulary && k < width; k++)
			rows[ids[i] * width + k] =
			    (float)(unit_number(seed, ids[i] * stride + from + k + 1) / 8);
	return (struct hyper_tensor){
		"source", HYPER_F32, 2, { c->vocabulary, width }, { (uint8_t *)rows, bytes }, 0
	};
}

static inline void unmake_source(struct hyper_tensor *source)
{
	munmap((void *)(uintptr_t)source->data.bytes, source->data.count);
}

/* `count` tokens as hypernet_ref.py makes them: the first all padding, the second one extra
 * piece, the others of 1 to `length` pieces. */
static inline tok_id *make_forms(const struct hyper_config *c, size_t count)
{
	const uint64_t seed = name_seed("surface");
	const size_t length = c->surface, ids = c->vocabulary + c->extra;
	tok_id *forms = malloc(count * length * sizeof *forms);
	assert_non_null(forms);
	for (size_t r = 0; r < count; r++) {
		uint64_t drawn[HYPER_SURFACE_MAX + 1];
		for (size_t i = 0; i <= length; i++)
			drawn[i] =
			    (uint64_t)((unit_number(seed, r * (length + 1) + i + 1) + 1) * 8388608);
		for (size_t p = 0; p < length; p++) {
			const tok_id id = (tok_id)(drawn[1 + p] % ids);
			const bool there = r > 1 ? p <= drawn[0] % length : false;
			forms[r * length + p] = !there ? c->pad : id == c->pad ? id + 1 : id;
		}
	}
	if (count > 1)
		forms[length] = (tok_id)c->vocabulary;
	return forms;
}

#endif
