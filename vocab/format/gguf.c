#include "vocab/format/gguf_internal.h"

#include "vocab/format/bytes_reader_internal.h"
#include "tok/text/json.h"

/* ---- what each key must be ----------------------------------------------------- */

enum wanted {
	WANT_STRING,
	WANT_FLAG,
	WANT_WHOLE,
	WANT_STRINGS,
	WANT_INTS,
	WANT_FLOATS,
	WANT_BYTES
};

static const char *const wanted_names[] = {
	[WANT_STRING] = "a string",
	[WANT_FLAG] = "true or false",
	[WANT_WHOLE] = "a whole number",
	[WANT_STRINGS] = "an array of strings",
	[WANT_INTS] = "an array of 32-bit integers",
	[WANT_FLOATS] = "an array of 32-bit floats",
	[WANT_BYTES] = "an array of bytes",
};

static const struct {
	const char *name;
	enum wanted wanted;
} keys[GGUF_KEYS] = {
	[GGUF_MODEL] = { "tokenizer.ggml.model", WANT_STRING },
	[GGUF_PRE] = { "tokenizer.ggml.pre", WANT_STRING },
	[GGUF_TOKENS] = { "tokenizer.ggml.tokens", WANT_STRINGS },
	[GGUF_TYPES] = { "tokenizer.ggml.token_type", WANT_INTS },
	[GGUF_SCORES] = { "tokenizer.ggml.scores", WANT_FLOATS },
	[GGUF_MERGES] = { "tokenizer.ggml.merges", WANT_STRINGS },
	[GGUF_BOS_ID] = { "tokenizer.ggml.bos_token_id", WANT_WHOLE },
	[GGUF_EOS_ID] = { "tokenizer.ggml.eos_token_id", WANT_WHOLE },
	[GGUF_UNK_ID] = { "tokenizer.ggml.unknown_token_id", WANT_WHOLE },
	[GGUF_ADD_BOS] = { "tokenizer.ggml.add_bos_token", WANT_FLAG },
	[GGUF_ADD_EOS] = { "tokenizer.ggml.add_eos_token", WANT_FLAG },
	[GGUF_ADD_SPACE_PREFIX] = { "tokenizer.ggml.add_space_prefix", WANT_FLAG },
	[GGUF_REMOVE_EXTRA_WHITESPACES] = { "tokenizer.ggml.remove_extra_whitespaces", WANT_FLAG },
	[GGUF_CHARSMAP] = { "tokenizer.ggml.precompiled_charsmap", WANT_BYTES },
	[GGUF_LOWERCASE] = { "tokenizer.ggml.normalizer.lowercase", WANT_FLAG },
	[GGUF_STRIP_ACCENTS] = { "tokenizer.ggml.normalizer.strip_accents", WANT_FLAG },
	[GGUF_HF_JSON] = { "tokenizer.huggingface.json", WANT_STRING },
};

const char *gguf_key_name(enum gguf_key key)
{
	return keys[key].name;
}

static bool is_array_of(const struct gguf_value *value, enum gguf_type a, enum gguf_type b)
{
	return value->type == GGUF_ARRAY && (value->element == a || value->element == b);
}

static bool is_wanted(const struct gguf_value *value, enum wanted wanted)
{
	switch (wanted) {
	case WANT_STRING:
		return value->type == GGUF_STRING;
	case WANT_FLAG:
		return value->type == GGUF_BOOL;
	case WANT_WHOLE:
		return value->type != GGUF_F32 && value->type != GGUF_F64 &&
		       value->type != GGUF_BOOL && value->type != GGUF_STRING &&
		       value->type != GGUF_ARRAY;
	case WANT_STRINGS:
		return is_array_of(value, GGUF_STRING, GGUF_STRING);
	case WANT_INTS:
		return is_array_of(value, GGUF_I32, GGUF_U32);
	case WANT_FLOATS:
		return is_array_of(value, GGUF_F32, GGUF_F32);
	case WANT_BYTES:
		return is_array_of(value, GGUF_U8, GGUF_I8);
	}
	return false;
}

static size_t find_key(struct tok_span name)
{
	size_t key = 0;
	while (key < GGUF_KEYS && !tok_span_equal(name, tok_span_of(keys[key].name)))
		key++;
	return key;
}

/* ---- values ---------------------------------------------------------------------- */

/* Bytes of one value of a fixed size; 0 for strings and arrays. */
static size_t type_size(uint32_t type)
{
	static const uint8_t sizes[] = {
		[GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2,
		[GGUF_U32] = 4, [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_BOOL] = 1,
		[GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
	};
	return type < sizeof sizes ? sizes[type] : 0;
}

static void skip_items(struct bytes_reader *r, const struct gguf_value *value)
{
	const size_t size = type_size(value->element);
	/* Every string has at least its length: no count can keep us here longer
	 * than the file is. */
	if (value->count > bytes_left(r) / (size ? size : 8)) {
		r->failed = true;
		return;
	}
	if (size)
		bytes_take(r, value->count * size);
	for (uint64_t i = 0; size == 0 && i < value->count && !r->failed; i++)
		bytes_take(r, bytes_u64(r));
}

static enum tok_status read_value(struct bytes_reader *r, struct gguf_value *out,
				  struct tok_error *err)
{
	const uint32_t type = bytes_u32(r);
	if (type > GGUF_F64)
		return tok_fail(err, TOK_EFORMAT, "type %u is none: types go up to %u", type,
				GGUF_F64);
	*out = (struct gguf_value){ .there = true, .type = (enum gguf_type)type };
	if (type == GGUF_STRING) {
		out->bytes = bytes_take(r, bytes_u64(r));
		return TOK_OK;
	}
	if (type != GGUF_ARRAY) {
		out->bytes = bytes_take(r, type_size(type));
		return TOK_OK;
	}
	const uint32_t element = bytes_u32(r);
	out->count = bytes_u64(r);
	if (element > GGUF_F64 || element == GGUF_ARRAY)
		return tok_fail(err, TOK_EFORMAT, "an array of type %u is not supported", element);
	out->element = (enum gguf_type)element;
	const size_t begin = r->at;
	skip_items(r, out);
	out->bytes = tok_span_slice(r->bytes, begin, r->failed ? begin : r->at);
	return TOK_OK;
}

static enum tok_status keep_value(struct gguf_metadata *out, struct tok_span name,
				  const struct gguf_value *value, struct tok_error *err)
{
	const size_t key = find_key(name);
	if (key == GGUF_KEYS)
		return TOK_OK;
	if (out->values[key].there)
		return tok_fail(err, TOK_EFORMAT, "'%s' is there twice", keys[key].name);
	if (!is_wanted(value, keys[key].wanted))
		return tok_fail(err, TOK_EFORMAT, "'%s' must be %s", keys[key].name,
				wanted_names[keys[key].wanted]);
	out->values[key] = *value;
	return TOK_OK;
}

/* ---- the file ---------------------------------------------------------------------- */

static enum tok_status check_version(uint32_t version, struct tok_error *err)
{
	if (version == 2 || version == 3)
		return TOK_OK;
	if (version != 0 && (version & 0xFFFF) == 0)
		return tok_fail(err, TOK_EFORMAT,
				"the file is big-endian: only little-endian GGUF is read");
	return tok_fail(err, TOK_EFORMAT, "version %u of GGUF is not read, only 2 and 3", version);
}

enum tok_status gguf_parse(struct tok_span file, struct gguf_metadata *out, struct tok_error *err)
{
	struct bytes_reader r = { .bytes = file };
	*out = (struct gguf_metadata){ 0 };
	bytes_take(&r, 4); /* "GGUF" */
	const uint32_t version = bytes_u32(&r);
	bytes_u64(&r); /* tensors */
	const uint64_t count = bytes_u64(&r);
	enum tok_status status = r.failed ? TOK_OK : check_version(version, err);

	for (uint64_t i = 0; i < count && status == TOK_OK && !r.failed; i++) {
		struct gguf_value value;
		const size_t begin = r.at;
		const struct tok_span name = bytes_take(&r, bytes_u64(&r));
		status = read_value(&r, &value, err);
		if (status != TOK_OK && !r.failed)
			return tok_fail_in(err, status, "byte %zu: '%s'", begin,
					   tok_show(name).text);
		if (!r.failed)
			status = keep_value(out, name, &value, err);
	}
	if (r.failed)
		return tok_fail(err, TOK_EFORMAT,
				"byte %zu: the file ends within its metadata of %llu keys", r.at,
				(unsigned long long)count);
	return status;
}

bool gguf_flag(const struct gguf_metadata *meta, enum gguf_key key, bool otherwise)
{
	const struct gguf_value *value = &meta->values[key];
	return value->there ? value->bytes.bytes[0] != 0 : otherwise;
}

tok_id gguf_id(const struct gguf_metadata *meta, enum gguf_key key, tok_id otherwise)
{
	const struct gguf_value *value = &meta->values[key];
	const uint64_t number = value->there ? bytes_number(value->bytes) : UINT64_MAX;
	return number < meta->values[GGUF_TOKENS].count ? (tok_id)number : otherwise;
}
