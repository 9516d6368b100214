#include "vocab/format/gguf_internal.h"

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

static bool is_array_of(const struct tok_gguf_value *value, enum tok_gguf_type a,
			enum tok_gguf_type b)
{
	return value->type == TOK_GGUF_ARRAY && (value->element == a || value->element == b);
}

static bool is_wanted(const struct tok_gguf_value *value, enum wanted wanted)
{
	switch (wanted) {
	case WANT_STRING:
		return value->type == TOK_GGUF_STRING;
	case WANT_FLAG:
		return value->type == TOK_GGUF_BOOL;
	case WANT_WHOLE:
		return value->type != TOK_GGUF_F32 && value->type != TOK_GGUF_F64 &&
		       value->type != TOK_GGUF_BOOL && value->type != TOK_GGUF_STRING &&
		       value->type != TOK_GGUF_ARRAY;
	case WANT_STRINGS:
		return is_array_of(value, TOK_GGUF_STRING, TOK_GGUF_STRING);
	case WANT_INTS:
		return is_array_of(value, TOK_GGUF_I32, TOK_GGUF_U32);
	case WANT_FLOATS:
		return is_array_of(value, TOK_GGUF_F32, TOK_GGUF_F32);
	case WANT_BYTES:
		return is_array_of(value, TOK_GGUF_U8, TOK_GGUF_I8);
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

static enum tok_status keep_value(struct gguf_metadata *out, const struct tok_gguf_pair *pair,
				  struct tok_error *err)
{
	const size_t key = find_key(pair->key);
	if (key == GGUF_KEYS)
		return TOK_OK;
	if (out->values[key].there)
		return tok_fail(err, TOK_EFORMAT, "'%s' is there twice", keys[key].name);
	if (!is_wanted(&pair->value, keys[key].wanted))
		return tok_fail(err, TOK_EFORMAT, "'%s' must be %s", keys[key].name,
				wanted_names[keys[key].wanted]);
	out->values[key] = pair->value;
	return TOK_OK;
}

/* ---- the file ---------------------------------------------------------------------- */

enum tok_status gguf_parse(struct tok_span file, struct gguf_metadata *out, struct tok_error *err)
{
	struct tok_gguf reader;
	struct tok_gguf_pair pair;
	*out = (struct gguf_metadata){ 0 };
	enum tok_status status = tok_gguf_begin(file, &reader, err);
	for (uint64_t i = 0; i < reader.pairs && status == TOK_OK; i++) {
		status = tok_gguf_next(&reader, &pair, err);
		if (status == TOK_OK)
			status = keep_value(out, &pair, err);
	}
	return status;
}

bool gguf_flag(const struct gguf_metadata *meta, enum gguf_key key, bool otherwise)
{
	const struct tok_gguf_value *value = &meta->values[key];
	return value->there ? value->bytes.bytes[0] != 0 : otherwise;
}

tok_id gguf_id(const struct gguf_metadata *meta, enum gguf_key key, tok_id otherwise)
{
	const struct tok_gguf_value *value = &meta->values[key];
	const uint64_t number = value->there ? tok_bytes_number(value->bytes) : UINT64_MAX;
	return number < meta->values[GGUF_TOKENS].count ? (tok_id)number : otherwise;
}
