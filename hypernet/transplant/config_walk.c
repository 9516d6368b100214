#include "hypernet/transplant/config_internal.h"

bool config_is_called(const struct tok_json *key, const char *name)
{
	return tok_span_equal(tok_json_text(key), tok_span_of(name));
}

static bool ends_with(struct tok_span text, const char *end)
{
	const size_t count = strlen(end);
	return text.count >= count && memcmp(text.bytes + text.count - count, end, count) == 0;
}

static bool contains(struct tok_span text, const char *part)
{
	return memmem(text.bytes, text.count, part, strlen(part)) != NULL;
}

bool config_is_size(const struct tok_json *key)
{
	return config_is_called(key, "vocab_size") || config_is_called(key, "padded_vocab_size");
}

bool config_is_id(const struct tok_json *key)
{
	const struct tok_span name = tok_json_text(key);
	return ends_with(name, "_token_id") || ends_with(name, "_token_ids") ||
	       ends_with(name, "_token_index");
}

/* What is about text. */
static bool is_inner(const struct tok_json *key)
{
	static const char *const others[] = { "vision", "visual", "image", "audio",
					      "quantization" };
	const struct tok_span name = tok_json_text(key);
	if (key[1].kind != TOK_JSON_OBJECT || !ends_with(name, "_config"))
		return false;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (contains(name, others[i]))
			return false;
	return true;
}

/* Values lie in the order of the text: an object within ends where its last value does. */
enum tok_status config_walk(const struct tok_json *root,
			    enum tok_status (*member)(void *context, const struct tok_json *key),
			    void *context)
{
	const struct tok_json *ends[TOK_JSON_DEPTH + 1]; /* of the objects that we are in */
	const struct tok_json *at = root + 1;
	size_t depth = 0;
	enum tok_status status = TOK_OK;
	ends[depth] = tok_json_next(root);
	while (status == TOK_OK) {
		while (depth && at == ends[depth])
			depth--;
		if (at == ends[0])
			break;
		if (is_inner(at)) {
			ends[++depth] = tok_json_next(at + 1);
			at += 2;
			continue;
		}
		status = member(context, at);
		at = tok_json_next(at + 1);
	}
	return status;
}
