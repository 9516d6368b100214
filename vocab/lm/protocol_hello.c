/* protocol_hello.c - the first line of a provider: what it is and how it answers. */
#include "vocab/lm/protocol_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "tok/pipe/tokenizer.h"
#include "tok/text/json_write.h"

enum { IDS_MAX = TOK_ID_MAX + 1 };

static const struct {
	const char *name;
	uint64_t least, most;
	size_t offset;
} numbers[] = {
	{ "vocab_size", 1, IDS_MAX, offsetof(struct tok_lm_info, size) },
	{ "max_ctx", 0, UINT32_MAX, offsetof(struct tok_lm_info, max_context) },
	{ "markov_order", 0, UINT32_MAX, offsetof(struct tok_lm_info, markov_order) },
	{ "topk", 0, IDS_MAX, offsetof(struct tok_lm_info, top) },
	{ "batch", 1, LM_BATCH_MAX, offsetof(struct tok_lm_info, batch) },
};

static enum tok_status read_numbers(const struct tok_json_document *doc, struct tok_lm_info *info,
				    struct tok_error *err)
{
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		const struct tok_json *value = tok_json_get(doc->values, numbers[i].name);
		if (!value)
			continue;
		if (value->kind != TOK_JSON_UNSIGNED || value->as.whole < numbers[i].least ||
		    value->as.whole > numbers[i].most)
			return tok_json_fail(doc, value, err,
					     "this must be a whole number from %" PRIu64
					     " to %" PRIu64,
					     numbers[i].least, numbers[i].most);
		const size_t number = (size_t)value->as.whole;
		memcpy((char *)info + numbers[i].offset, &number, sizeof number);
	}
	if (info->size == 0)
		return tok_fail(err, TOK_EFORMAT, "there is no 'vocab_size'");
	if (info->top > info->size)
		return tok_fail(err, TOK_EFORMAT, "'topk' is more than 'vocab_size'");
	return TOK_OK;
}

static enum tok_status read_ids(const struct tok_json_document *doc, const char *name,
				struct lm_peer *peer, const tok_id **out, size_t *count,
				struct tok_error *err)
{
	const struct tok_json *array = tok_json_get(doc->values, name);
	if (!array)
		return TOK_OK;
	if (array->kind != TOK_JSON_ARRAY)
		return tok_json_expected(doc, array, name, "a list of ids", err);

	tok_id *ids = tok_arena_array(&peer->arena, array->count, sizeof *ids);
	if (!ids)
		return tok_fail_memory(err);
	const struct tok_json *item = array + 1;
	for (size_t i = 0; i < array->count; i++, item = tok_json_next(item)) {
		if (item->kind != TOK_JSON_UNSIGNED || item->as.whole >= peer->info.size)
			return tok_json_fail(doc, item, err,
					     "an id must be a whole number below 'vocab_size', %zu",
					     peer->info.size);
		ids[i] = (tok_id)item->as.whole;
	}
	*out = ids;
	*count = array->count;
	return TOK_OK;
}

/* Which of two words a member is; the first where it is not there. */
static enum tok_status read_word(const struct tok_json_document *doc, const char *name,
				 const char *first, const char *second, bool *is_second,
				 struct tok_error *err)
{
	*is_second = false;
	const struct tok_json *value = tok_json_get(doc->values, name);
	if (!value)
		return TOK_OK;
	if (value->kind == TOK_JSON_STRING) {
		*is_second = tok_span_equal(tok_json_text(value), tok_span_of(second));
		if (*is_second || tok_span_equal(tok_json_text(value), tok_span_of(first)))
			return TOK_OK;
	}
	return tok_json_fail(doc, value, err, "this must be '%s' or '%s'", first, second);
}

static enum tok_status read_name(const struct tok_json_document *doc, struct lm_peer *peer,
				 struct tok_error *err)
{
	const struct tok_json *name = tok_json_get(doc->values, "name");
	if (!name) {
		peer->info.name = "a model without a name";
		return TOK_OK;
	}
	if (name->kind != TOK_JSON_STRING)
		return tok_json_expected(doc, name, "name", "a string", err);

	/* As a message shows it: it will be in many, and may hold anything. */
	const struct tok_shown shown = tok_show(tok_json_text(name));
	peer->info.name = (const char *)tok_arena_copy(
			      &peer->arena, (struct tok_span){ (const uint8_t *)shown.text,
							       strlen(shown.text) + 1 })
			      .bytes;
	return peer->info.name ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status read_flag(const struct tok_json_document *doc, const char *name, bool *out,
				 struct tok_error *err)
{
	const struct tok_json *flag = tok_json_get(doc->values, name);
	if (flag && flag->kind != TOK_JSON_TRUE && flag->kind != TOK_JSON_FALSE)
		return tok_json_expected(doc, flag, name, "true or false", err);
	*out = flag && flag->kind == TOK_JSON_TRUE;
	return TOK_OK;
}

static enum tok_status read_members(const struct tok_json_document *doc, struct lm_peer *peer,
				    struct tok_error *err)
{
	const struct tok_json *version = tok_json_get(doc->values, "tokp");
	if (!version)
		return tok_fail(err, TOK_EFORMAT, "there is no 'tokp': this is no provider");
	if (version->kind != TOK_JSON_UNSIGNED || version->as.whole != 1)
		return tok_json_fail(doc, version, err, "this tok speaks version 1 only");

	struct tok_lm_info *info = &peer->info;
	bool lines, wide;
	enum tok_status status = read_numbers(doc, info, err);
	if (status == TOK_OK)
		status = read_name(doc, peer, err);
	if (status == TOK_OK)
		status = read_ids(doc, "start", peer, &info->start, &info->start_count, err);
	if (status == TOK_OK)
		status = read_ids(doc, "eos", peer, &info->eos, &info->eos_count, err);
	if (status == TOK_OK)
		status = read_word(doc, "form", "frames", "json", &lines, err);
	if (status == TOK_OK)
		status = read_word(doc, "rows", "f32", "f64", &wide, err);
	if (status == TOK_OK)
		status = read_flag(doc, "deterministic", &info->deterministic, err);
	if (status == TOK_OK)
		status = read_flag(doc, "tokens", &peer->tells_tokens, err);
	if (status != TOK_OK)
		return status;
	peer->form = lines ? LM_LINES : LM_FRAMES;
	peer->number_bytes = wide ? 8 : 4;
	return TOK_OK;
}

/* What a batch answers must fit into a frame. */
static void limit_batch(struct tok_lm_info *info)
{
	const size_t fit = LM_ANSWER_BYTES_MAX / (info->size * 16);
	if (info->batch > fit)
		info->batch = fit ? fit : 1;
}

enum tok_status lm_peer_read(struct tok_span line, struct lm_peer *out, struct tok_error *err)
{
	struct lm_peer peer = { .info = { .batch = 1 } };
	struct tok_json_document doc = { 0 };
	enum tok_status status = tok_json_read(&doc, line, err);
	if (status == TOK_OK && doc.values->kind != TOK_JSON_OBJECT)
		status = tok_fail(err, TOK_EFORMAT, "this must be a JSON object");
	if (status == TOK_OK)
		status = tok_json_unique(&doc, doc.values, err);
	if (status == TOK_OK)
		status = read_members(&doc, &peer, err);
	if (status == TOK_OK && peer.info.top > 0) {
		peer.seen = tok_arena_array(&peer.arena, peer.info.size / 8 + 1, 1);
		if (!peer.seen)
			status = tok_fail_memory(err);
	}
	tok_json_release(&doc);
	if (status != TOK_OK) {
		lm_peer_release(&peer);
		return tok_fail_in(err, status, "its first line");
	}
	limit_batch(&peer.info);
	*out = peer;
	return TOK_OK;
}

void lm_peer_release(struct lm_peer *peer)
{
	tok_arena_release(&peer->arena);
}

enum tok_status lm_peer_start(struct lm_peer *peer, const tok_id *ids, size_t count,
			      struct tok_error *err)
{
	tok_id *start = tok_arena_array(&peer->arena, count, sizeof *start);
	if (!start)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (ids[i] >= peer->info.size)
			return tok_fail(err, TOK_EARG, "the model has no id %u: it has %zu", ids[i],
					peer->info.size);
		start[i] = ids[i];
	}
	peer->info.start = start;
	peer->info.start_count = count;
	return TOK_OK;
}

static bool put_ids(struct tok_buffer *out, const char *name, const tok_id *ids, size_t count)
{
	char text[64];
	int n = snprintf(text, sizeof text, ",\"%s\":[", name);
	bool ok = tok_buffer_add(out, text, (size_t)n);
	for (size_t i = 0; ok && i < count; i++) {
		n = snprintf(text, sizeof text, "%s%u", i > 0 ? "," : "", ids[i]);
		ok = tok_buffer_add(out, text, (size_t)n);
	}
	return ok && tok_buffer_add_byte(out, ']');
}

bool lm_peer_put(struct tok_buffer *out, const struct tok_lm_info *info, bool tokens)
{
	static const char head[] = "{\"tokp\":1,\"name\":", tail[] =
								",\"form\":\"frames\",\"rows\":"
								"\"f64\"}\n";
	bool ok = tok_buffer_add(out, head, sizeof head - 1) &&
		  tok_json_put_string(out, tok_span_of(info->name));
	for (size_t i = 0; ok && i < sizeof numbers / sizeof numbers[0]; i++) {
		char text[64];
		size_t number;
		memcpy(&number, (const char *)info + numbers[i].offset, sizeof number);
		if (number < numbers[i].least)
			number = (size_t)numbers[i].least;
		if (number > numbers[i].most)
			number = (size_t)numbers[i].most;
		const int n = snprintf(text, sizeof text, ",\"%s\":%zu", numbers[i].name, number);
		ok = tok_buffer_add(out, text, (size_t)n);
	}
	const char *same = info->deterministic ? ",\"deterministic\":true" : "";
	const char *tells = tokens ? ",\"tokens\":true" : "";
	return ok && put_ids(out, "start", info->start, info->start_count) &&
	       put_ids(out, "eos", info->eos, info->eos_count) &&
	       tok_buffer_add(out, same, strlen(same)) &&
	       tok_buffer_add(out, tells, strlen(tells)) &&
	       tok_buffer_add(out, tail, sizeof tail - 1);
}
