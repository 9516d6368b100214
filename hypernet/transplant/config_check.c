/* Does a configuration fit a vocabulary and the rows of its embeddings? */
#include "hypernet/transplant/config_internal.h"

#include <inttypes.h>
#include <stdio.h>

struct checker {
	const struct hyper_vocab *vocab;
	size_t rows;
	struct tok_buffer *out;
	bool lost; /* memory was out */
};

static void tell(struct checker *c, const struct tok_json *key, uint64_t number, const char *what)
{
	char text[128];
	const struct tok_span name = tok_json_text(key);
	const int count = snprintf(text, sizeof text, " is %" PRIu64 ", %s\n", number, what);
	c->lost |= !tok_buffer_add(c->out, name.bytes, name.count) ||
		   !tok_buffer_add(c->out, text, (size_t)count);
}

static void check_id(struct checker *c, const struct tok_json *key, const struct tok_json *value)
{
	char what[64];
	if (value->kind != TOK_JSON_UNSIGNED)
		return;
	const uint64_t id = value->as.whole;
	snprintf(what, sizeof what, "and there are %zu rows", c->rows);
	if (id >= c->rows)
		tell(c, key, id, what);
	else if (id >= c->vocab->count || c->vocab->kinds[id] == HYPER_TOKEN_NONE)
		tell(c, key, id, "which is no token");
}

static enum tok_status check_member(void *context, const struct tok_json *key)
{
	struct checker *c = context;
	const struct tok_json *value = key + 1, *item = value + 1;
	char what[64];
	snprintf(what, sizeof what, "and there are %zu rows", c->rows);
	if (config_is_size(key) && value->kind == TOK_JSON_UNSIGNED && value->as.whole != c->rows)
		tell(c, key, value->as.whole, what);
	if (config_is_id(key) && value->kind == TOK_JSON_ARRAY)
		for (size_t i = 0; i < value->count; i++, item = tok_json_next(item))
			check_id(c, key, item);
	else if (config_is_id(key))
		check_id(c, key, value);
	return TOK_OK;
}

enum tok_status hyper_config_check(struct tok_span config, const struct hyper_vocab *vocab,
				   size_t rows, struct tok_buffer *out, struct tok_error *err)
{
	struct tok_json_document doc = { 0 };
	struct checker c = { .vocab = vocab, .rows = rows, .out = out };
	enum tok_status status = tok_json_read(&doc, config, err);
	if (status == TOK_OK && doc.values->kind != TOK_JSON_OBJECT)
		status = tok_fail(err, TOK_EFORMAT, "it must be a JSON object");
	if (status == TOK_OK)
		status = config_walk(doc.values, check_member, &c);
	tok_json_release(&doc);
	return status == TOK_OK && c.lost ? tok_fail_memory(err) : status;
}
