#include "hypernet/tensor/write.h"

#include "hypernet/tensor/gguf_internal.h"
#include "hypernet/tensor/layout_internal.h"
#include "tok/text/gguf.h"
#include "tok/text/json.h"

enum { VERSION = 3, NAME_LIMIT_BYTES = 64 }; /* ggml's own names end with a 0 within these */

/* general.alignment of the values, which must be whole pairs. */
static enum tok_status find_alignment(struct tok_span values, uint64_t count, size_t *out,
				      struct tok_error *err)
{
	struct tok_gguf file = { .rest = { .bytes = values }, .pairs = count };
	struct tok_gguf_pair pair;
	*out = GGUF_ALIGNMENT;
	for (uint64_t i = 0; i < count; i++) {
		const enum tok_status status = tok_gguf_next(&file, &pair, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "values");
		if (tok_span_equal(pair.key, tok_span_of("general.alignment")) &&
		    !gguf_read_alignment(&pair.value, out))
			return tok_fail(err, TOK_EARG, GGUF_ALIGNMENT_WANTED);
	}
	if (file.rest.at != values.count)
		return tok_fail(err, TOK_EARG, "there are %zu bytes behind the %llu values",
				values.count - file.rest.at, (unsigned long long)count);
	return TOK_OK;
}

static enum tok_status check(const struct hyper_write_tensor *tensor, struct tok_error *err)
{
	uint32_t type;
	if (strlen(tensor->name) >= NAME_LIMIT_BYTES)
		return tok_fail(err, TOK_EARG, "a name must be shorter than %d bytes",
				NAME_LIMIT_BYTES);
	if (!gguf_type_of(tensor->dtype, &type))
		return tok_fail(err, TOK_EARG, "a GGUF file holds no numbers of type %s",
				hyper_dtype_name(tensor->dtype));
	if (tensor->rank > GGUF_RANK_MAX)
		return tok_fail(err, TOK_EARG, "it has %zu dimensions: at most %d are allowed",
				tensor->rank, GGUF_RANK_MAX);
	for (size_t i = 0; i < tensor->rank; i++)
		if (tensor->shape[i] == 0)
			return tok_fail(err, TOK_EARG, "no dimension of it may be 0");
	return TOK_OK;
}

static bool put_number(struct tok_buffer *to, uint64_t number, size_t bytes)
{
	bool ok = true;
	for (size_t i = 0; i < bytes && ok; i++)
		ok = tok_buffer_add_byte(to, (uint8_t)(number >> 8 * i));
	return ok;
}

static bool put_tensor(struct tok_buffer *to, const struct hyper_write_tensor *tensor,
		       uint64_t place)
{
	uint32_t type;
	const size_t count = strlen(tensor->name);
	bool ok = put_number(to, count, 8) && tok_buffer_add(to, tensor->name, count) &&
		  put_number(to, tensor->rank, 4);
	for (size_t i = tensor->rank; i > 0 && ok; i--)
		ok = put_number(to, tensor->shape[i - 1], 8);
	return ok && gguf_type_of(tensor->dtype, &type) && put_number(to, type, 4) &&
	       put_number(to, place, 8);
}

static bool put_header(struct hyper_layout *layout, const struct hyper_write_tensor *list,
		       struct tok_span values, uint64_t value_count, size_t align)
{
	struct tok_buffer *to = &layout->header;
	bool ok = tok_buffer_add(to, "GGUF", 4) && put_number(to, VERSION, 4) &&
		  put_number(to, layout->count, 8) && put_number(to, value_count, 8) &&
		  tok_buffer_add(to, values.bytes, values.count);
	for (size_t i = 0; i < layout->count && ok; i++)
		ok = put_tensor(to, &list[i], layout->offsets[i]);
	return ok && layout_pad(to, 0, align);
}

enum tok_status hyper_layout_gguf(const struct hyper_write_tensor *list, size_t count,
				  struct tok_span values, uint64_t value_count,
				  struct hyper_layout *out, struct tok_error *err)
{
	struct hyper_layout layout = { 0 };
	size_t align;
	enum tok_status status = find_alignment(values, value_count, &align, err);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		status = check(&list[i], err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "tensor '%s'",
				    tok_show(tok_span_of(list[i].name)).text);
	}
	if (status == TOK_OK)
		status = layout_begin(list, count, align, &layout, err);
	if (status == TOK_OK)
		status = layout_end(&layout, put_header(&layout, list, values, value_count, align),
				    align, err);
	if (status == TOK_OK)
		*out = layout;
	else
		hyper_layout_release(&layout);
	return status;
}
