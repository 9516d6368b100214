/* A number of 8 bytes, a header of JSON that long, and the data.  Data before version 0.3 began
 * anywhere, so that no address is trusted to be aligned. */
#include "hypernet/tensor/tensors_internal.h"
#include "tok/text/json.h"

enum { LENGTH_BYTES = 8, HEADER_LIMIT_BYTES = 100000000 };

struct reader {
	struct tok_json_document doc;
	struct tok_span data;
	struct hyper_tensors *out;
	struct tok_error *err;
};

static enum tok_status find_header(struct tok_span file, struct tok_span *header,
				   struct tok_error *err)
{
	uint64_t length = 0;
	if (file.count < LENGTH_BYTES)
		return tok_fail(err, TOK_EFORMAT, "%zu bytes are no safetensors file", file.count);
	for (size_t i = LENGTH_BYTES; i > 0; i--)
		length = length << 8 | file.bytes[i - 1];
	if (length > HEADER_LIMIT_BYTES)
		return tok_fail(err, TOK_EFORMAT,
				"no safetensors file: its header would have %llu bytes, at most %d "
				"are allowed",
				(unsigned long long)length, HEADER_LIMIT_BYTES);
	if (length > file.count - LENGTH_BYTES)
		return tok_fail(err, TOK_EFORMAT,
				"the header has %llu bytes, but only %zu follow: the file is cut "
				"short",
				(unsigned long long)length, file.count - LENGTH_BYTES);
	if (length == 0 || file.bytes[LENGTH_BYTES] != '{')
		return tok_fail(err, TOK_EFORMAT, "the header must begin with '{'");
	*header = tok_span_slice(file, LENGTH_BYTES, LENGTH_BYTES + (size_t)length);
	return TOK_OK;
}

/* ---- one tensor ----------------------------------------------------------------------- */

static enum tok_status read_dtype(struct reader *r, const struct tok_json *value,
				  enum hyper_dtype *out)
{
	if (!value || value->kind != TOK_JSON_STRING)
		return tok_fail(r->err, TOK_EFORMAT, "'dtype' must be a string");
	/* ggml's blocks come behind those that have a name here. */
	if (!hyper_dtype_find(tok_json_text(value), out) || *out >= HYPER_Q8_0)
		return tok_fail(r->err, TOK_EFORMAT, "the type '%s' is not known",
				tok_show(tok_json_text(value)).text);
	return TOK_OK;
}

static bool read_size(const struct tok_json *value, size_t *out)
{
	if (value->kind != TOK_JSON_UNSIGNED || value->as.whole > SIZE_MAX)
		return false;
	*out = (size_t)value->as.whole;
	return true;
}

static enum tok_status read_shape(struct reader *r, const struct tok_json *value,
				  struct hyper_tensor *out)
{
	if (!value || value->kind != TOK_JSON_ARRAY)
		return tok_fail(r->err, TOK_EFORMAT, "'shape' must be an array");
	if (value->count > HYPER_RANK_MAX)
		return tok_fail(r->err, TOK_ELIMIT, "it has %u dimensions: at most %d are read",
				value->count, HYPER_RANK_MAX);
	out->rank = value->count;
	const struct tok_json *item = value + 1;
	for (size_t i = 0; i < out->rank; i++, item = tok_json_next(item))
		if (!read_size(item, &out->shape[i]))
			return tok_fail(r->err, TOK_EFORMAT,
					"every dimension must be a whole number");
	return TOK_OK;
}

static enum tok_status read_place(struct reader *r, const struct tok_json *value,
				  struct hyper_tensor *out)
{
	size_t begin, end, wanted;
	if (!value || value->kind != TOK_JSON_ARRAY || value->count != 2 ||
	    !read_size(value + 1, &begin) || !read_size(tok_json_next(value + 1), &end))
		return tok_fail(r->err, TOK_EFORMAT, "'data_offsets' must be two whole numbers");
	if (begin > end || end > r->data.count)
		return tok_fail(r->err, TOK_EFORMAT,
				"its data would lie at bytes %zu to %zu of %zu", begin, end,
				r->data.count);
	out->data = tok_span_slice(r->data, begin, end);
	const enum tok_status status = tensors_size(out, &wanted, r->err);
	if (status == TOK_OK && wanted != out->data.count)
		return tok_fail(r->err, TOK_EFORMAT,
				"its data has %zu bytes, its type and shape make %zu",
				out->data.count, wanted);
	return status;
}

static enum tok_status read_tensor(struct reader *r, struct tok_span name,
				   const struct tok_json *value)
{
	struct hyper_tensor tensor = { 0 };
	if (value->kind != TOK_JSON_OBJECT)
		return tok_fail(r->err, TOK_EFORMAT, "it must be an object");
	enum tok_status status = tok_json_unique(&r->doc, value, r->err);
	if (status == TOK_OK)
		status = read_dtype(r, tok_json_get(value, "dtype"), &tensor.dtype);
	if (status == TOK_OK)
		status = read_shape(r, tok_json_get(value, "shape"), &tensor);
	if (status == TOK_OK)
		status = read_place(r, tok_json_get(value, "data_offsets"), &tensor);
	if (status == TOK_OK && value->count != 3)
		status = tok_fail(r->err, TOK_EFORMAT,
				  "it must have 'dtype', 'shape' and 'data_offsets' only");
	return status == TOK_OK ? tensors_append(r->out, name, &tensor, r->err) : status;
}

/* ---- the header ------------------------------------------------------------------------- */

static enum tok_status read_texts(struct reader *r, const struct tok_json *value)
{
	if (value->kind != TOK_JSON_OBJECT)
		return tok_fail(r->err, TOK_EFORMAT, "it must be an object");
	enum tok_status status = tok_json_unique(&r->doc, value, r->err);
	const struct tok_json *key = value + 1;
	for (size_t i = 0; status == TOK_OK && i < value->count; i++) {
		const struct tok_json *text = tok_json_next(key);
		if (text->kind != TOK_JSON_STRING)
			return tok_fail(r->err, TOK_EFORMAT, "'%s' must be a string",
					tok_show(tok_json_text(key)).text);
		status =
		    tensors_append_text(r->out, tok_json_text(key), tok_json_text(text), r->err);
		key = tok_json_next(text);
	}
	return status;
}

static enum tok_status read_members(struct reader *r)
{
	const struct tok_json *root = r->doc.values; /* it began with '{' */
	enum tok_status status = tok_json_unique(&r->doc, root, r->err);
	const struct tok_json *key = root + 1;
	for (size_t i = 0; status == TOK_OK && i < root->count; i++) {
		const struct tok_json *value = tok_json_next(key);
		const struct tok_span name = tok_json_text(key);
		status = tok_span_equal(name, tok_span_of("__metadata__"))
			     ? read_texts(r, value)
			     : read_tensor(r, name, value);
		if (status != TOK_OK && status != TOK_ENOMEM)
			return tok_fail_in(r->err, status, "tensor '%s'", tok_show(name).text);
		key = tok_json_next(value);
	}
	return status;
}

enum tok_status tensors_read_safetensors(struct tok_span file, struct hyper_tensors *out,
					 struct tok_error *err)
{
	struct reader r = { .out = out, .err = err };
	struct tok_span header;
	const size_t first = out->count;
	enum tok_status status = find_header(file, &header, err);
	if (status != TOK_OK)
		return status;
	r.data = tok_span_slice(file, LENGTH_BYTES + header.count, file.count);
	status = tok_json_read(&r.doc, header, err);
	if (status != TOK_OK && status != TOK_ENOMEM)
		status = tok_fail_in(err, status, "header");
	if (status == TOK_OK)
		status = read_members(&r);
	if (status == TOK_OK)
		status = tensors_place(out, first, r.data, 1, err);
	tok_json_release(&r.doc);
	return status;
}
