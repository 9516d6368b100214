/* Counts, key-value pairs, one record a tensor, and the data, which begin at a multiple of the
 * alignment, as does every tensor in them. */
#include "hypernet/tensor/gguf_internal.h"

#include "tok/text/json.h"

/* ---- types ------------------------------------------------------------------------- */

static const enum hyper_dtype types[] = {
	[0] = HYPER_F32,      [1] = HYPER_F16,     [2] = HYPER_Q4_0,     [3] = HYPER_Q4_1,
	[6] = HYPER_Q5_0,     [7] = HYPER_Q5_1,    [8] = HYPER_Q8_0,     [10] = HYPER_Q2_K,
	[11] = HYPER_Q3_K,    [12] = HYPER_Q4_K,   [13] = HYPER_Q5_K,    [14] = HYPER_Q6_K,
	[16] = HYPER_IQ2_XXS, [17] = HYPER_IQ2_XS, [18] = HYPER_IQ3_XXS, [19] = HYPER_IQ1_S,
	[20] = HYPER_IQ4_NL,  [21] = HYPER_IQ3_S,  [22] = HYPER_IQ2_S,   [23] = HYPER_IQ4_XS,
	[24] = HYPER_I8,      [25] = HYPER_I16,    [26] = HYPER_I32,     [27] = HYPER_I64,
	[28] = HYPER_F64,     [29] = HYPER_IQ1_M,  [30] = HYPER_BF16,    [34] = HYPER_TQ1_0,
	[35] = HYPER_TQ2_0,   [39] = HYPER_MXFP4,
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

bool gguf_type_of(enum hyper_dtype dtype, uint32_t *out)
{
	for (uint32_t i = 0; i < TYPE_COUNT; i++) {
		if (types[i] == dtype && (i == 0 || types[i] != HYPER_F32)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool find_type(uint32_t type, enum hyper_dtype *out)
{
	/* What the table leaves out is zero there, and F32 is type 0. */
	if (type >= TYPE_COUNT || (type != 0 && types[type] == HYPER_F32))
		return false;
	*out = types[type];
	return true;
}

bool gguf_read_alignment(const struct tok_gguf_value *value, size_t *out)
{
	const uint64_t align = tok_bytes_number(value->bytes);
	if (value->type != TOK_GGUF_U32 || align == 0 || (align & (align - 1)) != 0 ||
	    align > GGUF_ALIGNMENT_MAX)
		return false;
	*out = (size_t)align;
	return true;
}

/* ---- pairs -------------------------------------------------------------------------- */

enum {
	PAIR_BYTES_LEAST = 8 + 4 + 1,
	TENSOR_BYTES_LEAST = 8 + 4 + 4 + 8,
};

struct reader {
	struct tok_gguf file;
	size_t align;
	struct hyper_tensors *out;
	struct tok_error *err;
};

static enum tok_status read_pair(struct reader *r, struct tok_strings *keys)
{
	struct tok_gguf_pair pair;
	const enum tok_status status = tok_gguf_next(&r->file, &pair, r->err);
	if (status != TOK_OK)
		return status;
	if (!tok_strings_add(keys, pair.key, 0))
		return tok_fail(r->err, TOK_EFORMAT, "'%s' is there twice",
				tok_show(pair.key).text);
	if (tok_span_equal(pair.key, tok_span_of("general.alignment")))
		return gguf_read_alignment(&pair.value, &r->align)
			   ? TOK_OK
			   : tok_fail(r->err, TOK_EFORMAT, GGUF_ALIGNMENT_WANTED);
	return pair.value.type == TOK_GGUF_STRING
		   ? tensors_append_text(r->out, pair.key, pair.value.bytes, r->err)
		   : TOK_OK;
}

static enum tok_status read_pairs(struct reader *r)
{
	struct tok_arena arena = { 0 };
	struct tok_strings keys;
	struct tensors_file *file = &r->out->files[r->out->file_count - 1];
	const size_t begin = r->file.rest.at;
	enum tok_status status = TOK_OK;
	if (r->file.pairs > tok_bytes_left(&r->file.rest) / PAIR_BYTES_LEAST)
		return tok_fail(r->err, TOK_EFORMAT, "the file is too short for its %llu keys",
				(unsigned long long)r->file.pairs);
	if (!tok_strings_init(&keys, &arena, (size_t)r->file.pairs))
		return tok_fail_memory(r->err);
	for (uint64_t i = 0; i < r->file.pairs && status == TOK_OK; i++)
		status = read_pair(r, &keys);
	tok_arena_release(&arena);
	file->is_gguf = true;
	file->value_count = r->file.pairs;
	file->values = tok_span_slice(file->bytes, begin, r->file.rest.at);
	return status;
}

/* ---- tensors ------------------------------------------------------------------------- */

static enum tok_status read_shape(struct reader *r, struct hyper_tensor *out)
{
	struct tok_bytes_reader *rest = &r->file.rest;
	const uint32_t rank = tok_bytes_u32(rest);
	if (rank > GGUF_RANK_MAX)
		return tok_fail(r->err, TOK_EFORMAT, "it has %u dimensions: at most %d are allowed",
				rank, GGUF_RANK_MAX);
	out->rank = rank;
	for (size_t i = rank; i > 0; i--) {
		const uint64_t size = tok_bytes_u64(rest);
		if (!rest->failed && (size == 0 || size > SIZE_MAX))
			return tok_fail(r->err, TOK_EFORMAT, "a dimension of it is %llu",
					(unsigned long long)size);
		out->shape[i - 1] = (size_t)size;
	}
	return TOK_OK;
}

/* Up to the place, which is left in data.count: where the data begin is not yet known. */
static enum tok_status read_record(struct reader *r, struct hyper_tensor *out)
{
	struct tok_bytes_reader *rest = &r->file.rest;
	const enum tok_status status = read_shape(r, out);
	if (status != TOK_OK)
		return status;
	const uint32_t type = tok_bytes_u32(rest);
	const uint64_t place = tok_bytes_u64(rest);
	if (rest->failed)
		return tok_fail(r->err, TOK_EFORMAT, "byte %zu: the file ends within it", rest->at);
	if (!find_type(type, &out->dtype))
		return tok_fail(r->err, TOK_EFORMAT, "its type %u is not known", type);
	const size_t block = hyper_dtype_block(out->dtype);
	if (block > 1 && (out->rank == 0 || out->shape[out->rank - 1] % block != 0))
		return tok_fail(
		    r->err, TOK_EFORMAT, "a row of %zu numbers is no whole number of blocks of %s",
		    out->rank ? out->shape[out->rank - 1] : 1, hyper_dtype_name(out->dtype));
	if (place % r->align != 0 || place > rest->bytes.count)
		return tok_fail(r->err, TOK_EFORMAT,
				"its data would begin at byte %llu: that must be a multiple of %zu "
				"within the file",
				(unsigned long long)place, r->align);
	out->data.count = (size_t)place;
	return TOK_OK;
}

static enum tok_status read_tensor(struct reader *r)
{
	struct tok_bytes_reader *rest = &r->file.rest;
	struct hyper_tensor tensor = { 0 };
	const struct tok_span name = tok_bytes_take(rest, tok_bytes_u64(rest));
	enum tok_status status = read_record(r, &tensor);
	if (status != TOK_OK)
		return tok_fail_in(r->err, status, "tensor '%s'", tok_show(name).text);
	return tensors_append(r->out, name, &tensor, r->err);
}

static enum tok_status take_place(struct hyper_tensor *tensor, struct tok_span data,
				  struct tok_error *err)
{
	size_t size;
	const size_t begin = tensor->data.count;
	const enum tok_status status = tensors_size(tensor, &size, err);
	if (status == TOK_OK && (begin > data.count || size > data.count - begin))
		return tok_fail(err, TOK_EFORMAT,
				"its %zu bytes would begin at byte %zu of %zu of the data", size,
				begin, data.count);
	if (status == TOK_OK)
		tensor->data = tok_span_slice(data, begin, begin + size);
	return status;
}

static enum tok_status read_tensors(struct reader *r)
{
	const struct tok_bytes_reader *rest = &r->file.rest;
	const size_t first = r->out->count;
	enum tok_status status = TOK_OK;
	if (r->file.tensors > tok_bytes_left(rest) / TENSOR_BYTES_LEAST)
		return tok_fail(r->err, TOK_EFORMAT, "the file is too short for its %llu tensors",
				(unsigned long long)r->file.tensors);
	for (uint64_t i = 0; i < r->file.tensors && status == TOK_OK; i++)
		status = read_tensor(r);
	/* A file without tensors may end before the data would begin. */
	const size_t past = rest->at & (r->align - 1), left = rest->bytes.count - rest->at;
	const size_t padding = past && r->align - past < left ? r->align - past : past ? left : 0;
	const struct tok_span data =
	    tok_span_slice(rest->bytes, rest->at + padding, rest->bytes.count);
	for (size_t i = first; i < r->out->count && status == TOK_OK; i++) {
		status = take_place(&r->out->list[i], data, r->err);
		if (status != TOK_OK)
			tok_fail_in(r->err, status, "tensor '%s'",
				    tok_show(tok_span_of(r->out->list[i].name)).text);
	}
	return status == TOK_OK ? tensors_place(r->out, first, data, r->align, r->err) : status;
}

enum tok_status tensors_read_gguf(struct tok_span file, struct hyper_tensors *out,
				  struct tok_error *err)
{
	struct reader r = { .align = GGUF_ALIGNMENT, .out = out, .err = err };
	enum tok_status status = tok_gguf_begin(file, &r.file, err);
	if (status == TOK_OK)
		status = read_pairs(&r);
	return status == TOK_OK ? read_tensors(&r) : status;
}

bool hyper_gguf_values(const struct hyper_tensors *tensors, size_t file, struct tok_span *values,
		       uint64_t *count)
{
	if (!tensors->files[file].is_gguf)
		return false;
	*values = tensors->files[file].values;
	*count = tensors->files[file].value_count;
	return true;
}
