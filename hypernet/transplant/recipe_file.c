/* recipe_file.c - recipes in a safetensors file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "hypernet/tensor/write.h"
#include "hypernet/transplant/recipe.h"

/* The arrays of a recipe; the largest numbers first, so that all are aligned in the file. */
enum part { ENDS, SOURCES, PLACES, WEIGHT_SOURCES, WEIGHTS, ORIGINS, PARTS };

static const struct {
	const char *name;
	enum hyper_dtype dtype;
} parts[PARTS] = {
	[ENDS] = { "ends", HYPER_U64 },       [SOURCES] = { "sources", HYPER_U32 },
	[PLACES] = { "places", HYPER_U32 },   [WEIGHT_SOURCES] = { "weights.sources", HYPER_U32 },
	[WEIGHTS] = { "weights", HYPER_F32 }, [ORIGINS] = { "origins", HYPER_U8 },
};

static const char *const side_names[] = { "in", "out" };
enum { SIDES = 2, NAME_BYTES = 32 };
static const char checksum_name[] = "checksum";

static void name_part(char name[NAME_BYTES], size_t side, enum part part)
{
	snprintf(name, NAME_BYTES, "%s.%s", side_names[side], parts[part].name);
}

static uint64_t hash_more(uint64_t hash, const void *bytes, size_t count)
{
	return XXH3_64bits_withSeed(&count, sizeof count, XXH3_64bits_withSeed(bytes, count, hash));
}

static uint64_t hash_texts(const struct hyper_text_pair *pairs, size_t count)
{
	uint64_t hash = 0;
	for (size_t i = 0; i < count; i++) {
		hash = hash_more(hash, pairs[i].key, strlen(pairs[i].key));
		hash = hash_more(hash, pairs[i].value, strlen(pairs[i].value));
	}
	return hash;
}

/* ---- writing ------------------------------------------------------------------------- */

struct column {
	const void *numbers;
	size_t count;
};

static struct column column_of(const struct hyper_recipe *recipe, enum part part)
{
	const struct hyper_weights *weights = &recipe->weights;
	const size_t entries = (size_t)hyper_weights_begin(weights, weights->rows);
	switch (part) {
	case ENDS:
		return (struct column){ weights->ends, weights->rows };
	case SOURCES:
		return (struct column){ recipe->sources, recipe->rows };
	case PLACES:
		return (struct column){ recipe->places, recipe->rows };
	case WEIGHT_SOURCES:
		return (struct column){ weights->sources, entries };
	case WEIGHTS:
		return (struct column){ weights->weights, entries };
	case ORIGINS:
		return (struct column){ recipe->origins, recipe->rows };
	case PARTS:
		break;
	}
	return (struct column){ 0 };
}

/* What the file holds. */
struct content {
	struct hyper_write_tensor list[1 + PARTS * SIDES];
	struct tok_span data[1 + PARTS * SIDES];
	char names[PARTS * SIDES][NAME_BYTES];
	size_t count;
	uint64_t checksum;
};

static void put_column(struct content *to, const char *name, enum hyper_dtype dtype,
		       struct column column)
{
	const size_t bytes = column.count * hyper_dtype_bytes(dtype);
	to->list[to->count] = (struct hyper_write_tensor){ name, dtype, 1, { column.count } };
	to->data[to->count++] = (struct tok_span){ column.numbers, bytes };
}

static void collect(struct content *to, const struct hyper_recipe *const *recipes, size_t sides,
		    uint64_t hash)
{
	put_column(to, checksum_name, HYPER_U64, (struct column){ &to->checksum, 1 });
	for (enum part part = 0; part < PARTS; part++)
		for (size_t side = 0; side < sides; side++) {
			char *name = to->names[to->count - 1];
			name_part(name, side, part);
			put_column(to, name, parts[part].dtype, column_of(recipes[side], part));
			const struct tok_span data = to->data[to->count - 1];
			hash = hash_more(hash, data.bytes, data.count);
		}
	to->checksum = hash;
}

static enum tok_status put_content(struct hyper_file *file, const struct hyper_layout *layout,
				   const struct content *content, struct tok_error *err)
{
	enum tok_status status =
	    hyper_file_put(file, 0, layout->header.bytes, layout->header.count, err);
	for (size_t i = 0; i < content->count && status == TOK_OK; i++)
		status = hyper_file_put(file, layout->offsets[i], content->data[i].bytes,
					content->data[i].count, err);
	return status;
}

enum tok_status hyper_recipe_write(const struct hyper_recipe *in, const struct hyper_recipe *out,
				   const struct hyper_text_pair *metadata, size_t metadata_count,
				   const char *path, struct tok_error *err)
{
	const struct hyper_recipe *const recipes[SIDES] = { in, out };
	const size_t sides = out && out != in ? SIDES : 1;
	for (size_t side = 0; side < sides; side++)
		if (recipes[side]->given_count)
			return tok_fail(err, TOK_EARG,
					"%zu rows are numbers of one model's space and say nothing "
					"to another: only copies and sums can be kept in a file",
					recipes[side]->given_count);
	struct content content = { 0 };
	struct hyper_layout layout = { 0 };
	struct hyper_file *file = NULL;
	collect(&content, recipes, sides, hash_texts(metadata, metadata_count));
	enum tok_status status = hyper_layout_safetensors(content.list, content.count, metadata,
							  metadata_count, &layout, err);
	if (status == TOK_OK)
		status = hyper_file_create(path, &file, err);
	if (status == TOK_OK)
		status = put_content(file, &layout, &content, err);
	if (status == TOK_OK)
		status = hyper_file_commit(&file, err);
	hyper_file_abandon(&file);
	hyper_layout_release(&layout);
	return status;
}

/* ---- reading ------------------------------------------------------------------------- */

static enum tok_status find_part(const struct hyper_tensors *tensors, const char *name,
				 enum hyper_dtype dtype, const struct hyper_tensor **out,
				 struct tok_error *err)
{
	const struct hyper_tensor *tensor = hyper_tensors_find(tensors, name);
	if (!tensor || tensor->rank != 1 || tensor->dtype != dtype)
		return tok_fail(err, TOK_EFORMAT,
				"it holds no recipe of rows: there is no list '%s' of %s", name,
				hyper_dtype_name(dtype));
	*out = tensor;
	return TOK_OK;
}

static enum tok_status check_sum(const struct hyper_tensors *tensors, size_t sides,
				 struct tok_error *err)
{
	size_t count;
	const struct hyper_text_pair *texts = hyper_tensors_texts(tensors, &count);
	uint64_t hash = hash_texts(texts, count), wanted = 0;
	const struct hyper_tensor *tensor = NULL;
	enum tok_status status = find_part(tensors, checksum_name, HYPER_U64, &tensor, err);
	if (status == TOK_OK && tensor->data.count != sizeof wanted)
		status = tok_fail(err, TOK_EFORMAT, "it has %zu checksums", tensor->shape[0]);
	if (status == TOK_OK)
		memcpy(&wanted, tensor->data.bytes, sizeof wanted);
	for (enum part part = 0; part < PARTS && status == TOK_OK; part++)
		for (size_t side = 0; side < sides && status == TOK_OK; side++) {
			char name[NAME_BYTES];
			name_part(name, side, part);
			status = find_part(tensors, name, parts[part].dtype, &tensor, err);
			if (status == TOK_OK)
				hash = hash_more(hash, tensor->data.bytes, tensor->data.count);
		}
	if (status == TOK_OK && hash != wanted)
		status = tok_fail(err, TOK_EFORMAT, "it was changed: its checksum is another one");
	return status;
}

/* NULL: memory is out.  One byte more, so that a list of nothing is no lack of it. */
static void *copy(const struct hyper_tensor *tensor)
{
	void *to = malloc(tensor->data.count + 1);
	if (to)
		memcpy(to, tensor->data.bytes, tensor->data.count);
	return to;
}

static enum tok_status copy_side(const struct hyper_tensors *tensors, size_t side,
				 struct hyper_recipe *to, struct tok_error *err)
{
	const struct hyper_tensor *list[PARTS];
	for (enum part part = 0; part < PARTS; part++) {
		char name[NAME_BYTES];
		name_part(name, side, part);
		const enum tok_status status =
		    find_part(tensors, name, parts[part].dtype, &list[part], err);
		if (status != TOK_OK)
			return status;
	}
	const size_t rows = list[ORIGINS]->shape[0], entries = list[WEIGHTS]->shape[0];
	if (list[SOURCES]->shape[0] != rows || list[PLACES]->shape[0] != rows ||
	    list[WEIGHT_SOURCES]->shape[0] != entries)
		return tok_fail(err, TOK_EFORMAT, "its lists are of different lengths");
	*to = (struct hyper_recipe){
		.origins = copy(list[ORIGINS]),
		.sources = copy(list[SOURCES]),
		.places = copy(list[PLACES]),
		.rows = rows,
		.weights = {
			.ends = copy(list[ENDS]),
			.sources = copy(list[WEIGHT_SOURCES]),
			.weights = copy(list[WEIGHTS]),
			.rows = list[ENDS]->shape[0],
			.row_room = list[ENDS]->shape[0],
			.entry_room = { entries, entries },
		},
	};
	if (!to->origins || !to->sources || !to->places || !to->weights.ends ||
	    !to->weights.sources || !to->weights.weights)
		return tok_fail_memory(err);
	return TOK_OK;
}

static enum tok_status check_weights(const struct hyper_weights *weights, size_t entries,
				     size_t source_rows, struct tok_error *err)
{
	uint64_t end = 0;
	for (size_t row = 0; row < weights->rows; row++) {
		if (weights->ends[row] < end || weights->ends[row] > entries)
			return tok_fail(err, TOK_EFORMAT, "sum %zu ends where none does", row);
		end = weights->ends[row];
	}
	if (end != entries)
		return tok_fail(err, TOK_EFORMAT, "it has numbers behind its last sum");
	for (size_t e = 0; e < entries; e++) {
		if (weights->sources[e] >= source_rows)
			return tok_fail(err, TOK_EFORMAT,
					"a sum takes row %u, and the model has %zu rows",
					weights->sources[e], source_rows);
		if (!isfinite(weights->weights[e]))
			return tok_fail(err, TOK_EFORMAT, "a weight of row %u is not finite",
					weights->sources[e]);
	}
	return TOK_OK;
}

static enum tok_status check_rows(const struct hyper_recipe *recipe, size_t source_rows,
				  struct tok_error *err)
{
	for (size_t row = 0; row < recipe->rows; row++) {
		const uint8_t origin = recipe->origins[row];
		if (origin == HYPER_ROW_COPY && recipe->sources[row] >= source_rows)
			return tok_fail(err, TOK_EFORMAT,
					"row %zu is copied from row %u, and the model has %zu rows",
					row, recipe->sources[row], source_rows);
		if (origin == HYPER_ROW_SUM && recipe->places[row] >= recipe->weights.rows)
			return tok_fail(err, TOK_EFORMAT, "row %zu is sum %u of %zu", row,
					recipe->places[row], recipe->weights.rows);
		if (origin != HYPER_ROW_COPY && origin != HYPER_ROW_SUM && origin != HYPER_ROW_ZERO)
			return tok_fail(err, TOK_EFORMAT, "row %zu is of unknown origin %u", row,
					origin);
	}
	return TOK_OK;
}

static enum tok_status read_side(const struct hyper_tensors *tensors, size_t side,
				 size_t source_rows, struct hyper_recipe *to, struct tok_error *err)
{
	enum tok_status status = copy_side(tensors, side, to, err);
	if (status == TOK_OK)
		status = check_weights(&to->weights, to->weights.entry_room[0], source_rows, err);
	if (status == TOK_OK)
		status = check_rows(to, source_rows, err);
	if (status != TOK_OK && status != TOK_ENOMEM)
		status = tok_fail_in(err, status, "%s", side_names[side]);
	return status;
}

enum tok_status hyper_recipe_read(const char *path, size_t source_rows, struct hyper_recipe *in,
				  struct hyper_recipe *out, struct tok_error *err)
{
	struct hyper_recipe recipes[SIDES] = { 0 };
	struct hyper_tensors *tensors;
	enum tok_status status = hyper_tensors_open(path, &tensors, err);
	if (status != TOK_OK)
		return status;
	const size_t sides = hyper_tensors_count(tensors) > 1 + PARTS ? SIDES : 1;
	status = check_sum(tensors, sides, err);
	if (status == TOK_OK && hyper_tensors_count(tensors) != 1 + sides * PARTS)
		status = tok_fail(err, TOK_EFORMAT, "it holds more than a recipe of rows");
	for (size_t side = 0; side < sides && status == TOK_OK; side++)
		status = read_side(tensors, side, source_rows, &recipes[side], err);
	hyper_tensors_close(tensors);
	if (status == TOK_OK) {
		*in = recipes[0];
		*out = recipes[1];
		return TOK_OK;
	}
	for (size_t side = 0; side < SIDES; side++)
		hyper_recipe_release(&recipes[side]);
	return status == TOK_ENOMEM ? status : tok_fail_in(err, status, "%s", path);
}
