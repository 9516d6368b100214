#include "tok/text/gguf.h"

#include "tok/text/json.h"

/* Bytes of one value of a fixed size; 0 for strings and arrays. */
static size_t type_size(uint32_t type)
{
	static const uint8_t sizes[] = {
		[TOK_GGUF_U8] = 1,  [TOK_GGUF_I8] = 1,  [TOK_GGUF_U16] = 2, [TOK_GGUF_I16] = 2,
		[TOK_GGUF_U32] = 4, [TOK_GGUF_I32] = 4, [TOK_GGUF_F32] = 4, [TOK_GGUF_BOOL] = 1,
		[TOK_GGUF_U64] = 8, [TOK_GGUF_I64] = 8, [TOK_GGUF_F64] = 8,
	};
	return type < sizeof sizes ? sizes[type] : 0;
}

static void skip_items(struct tok_bytes_reader *r, const struct tok_gguf_value *value)
{
	const size_t size = type_size(value->element);
	/* Every string has at least its length: no count can keep us here longer
	 * than the file is. */
	if (value->count > tok_bytes_left(r) / (size ? size : 8)) {
		r->failed = true;
		return;
	}
	if (size)
		tok_bytes_take(r, value->count * size);
	for (uint64_t i = 0; size == 0 && i < value->count && !r->failed; i++)
		tok_bytes_take(r, tok_bytes_u64(r));
}

static enum tok_status read_value(struct tok_bytes_reader *r, struct tok_gguf_value *out,
				  struct tok_error *err)
{
	const uint32_t type = tok_bytes_u32(r);
	if (type > TOK_GGUF_F64)
		return tok_fail(err, TOK_EFORMAT, "type %u is none: types go up to %u", type,
				TOK_GGUF_F64);
	*out = (struct tok_gguf_value){ .there = true, .type = (enum tok_gguf_type)type };
	if (type == TOK_GGUF_STRING) {
		out->bytes = tok_bytes_take(r, tok_bytes_u64(r));
		return TOK_OK;
	}
	if (type != TOK_GGUF_ARRAY) {
		out->bytes = tok_bytes_take(r, type_size(type));
		return TOK_OK;
	}
	const uint32_t element = tok_bytes_u32(r);
	out->count = tok_bytes_u64(r);
	if (element > TOK_GGUF_F64 || element == TOK_GGUF_ARRAY)
		return tok_fail(err, TOK_EFORMAT, "an array of type %u is not supported", element);
	out->element = (enum tok_gguf_type)element;
	const size_t begin = r->at;
	skip_items(r, out);
	out->bytes = tok_span_slice(r->bytes, begin, r->failed ? begin : r->at);
	return TOK_OK;
}

static enum tok_status check_version(uint32_t version, struct tok_error *err)
{
	if (version == 2 || version == 3)
		return TOK_OK;
	if (version != 0 && (version & 0xFFFF) == 0)
		return tok_fail(err, TOK_EFORMAT,
				"the file is big-endian: only little-endian GGUF is read");
	return tok_fail(err, TOK_EFORMAT, "version %u of GGUF is not read, only 2 and 3", version);
}

static enum tok_status refuse_short(const struct tok_gguf *file, struct tok_error *err)
{
	return tok_fail(err, TOK_EFORMAT,
			"byte %zu: the file ends within its metadata of %llu keys", file->rest.at,
			(unsigned long long)file->pairs);
}

enum tok_status tok_gguf_begin(struct tok_span file, struct tok_gguf *out, struct tok_error *err)
{
	*out = (struct tok_gguf){ .rest = { .bytes = file } };
	if (!tok_span_equal(tok_bytes_take(&out->rest, 4), tok_span_of("GGUF")))
		return tok_fail(err, TOK_EFORMAT, "a GGUF file begins with 'GGUF'");
	const uint32_t version = tok_bytes_u32(&out->rest);
	out->tensors = tok_bytes_u64(&out->rest);
	out->pairs = tok_bytes_u64(&out->rest);
	return out->rest.failed ? refuse_short(out, err) : check_version(version, err);
}

enum tok_status tok_gguf_next(struct tok_gguf *file, struct tok_gguf_pair *out,
			      struct tok_error *err)
{
	struct tok_bytes_reader *r = &file->rest;
	const size_t begin = r->at;
	struct tok_gguf_pair pair = { .key = tok_bytes_take(r, tok_bytes_u64(r)) };
	const enum tok_status status = read_value(r, &pair.value, err);
	if (r->failed)
		return refuse_short(file, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "byte %zu: '%s'", begin, tok_show(pair.key).text);
	*out = pair;
	return TOK_OK;
}
