#include "vocab/format/format_internal.h"
#include "vocab/format/hf_internal.h"

/* ---- truncation and padding ------------------------------------------------- */

static const char *const sides[] = { "Left", "Right" };

static void read_truncation(struct hf_reader *r, const struct tok_json *object)
{
	static const char *const strategies[] = { "LongestFirst", "OnlyFirst", "OnlySecond" };
	if (!hf_is_object(r, object, "truncation"))
		return;
	const struct tok_json *direction = tok_json_get(object, "direction");
	/* In the order of enum tok_truncation_strategy. */
	const size_t strategy = hf_word(r, hf_need(r, object, "strategy"), strategies, 3);
	r->out->truncation = (struct tok_truncation){
		.enabled = true,
		.left = direction && hf_word(r, direction, sides, 2) == 0,
		.max_length = hf_whole(r, hf_need(r, object, "max_length"), SIZE_MAX),
		.stride = hf_whole(r, hf_need(r, object, "stride"), SIZE_MAX),
		.strategy = (enum tok_truncation_strategy)strategy,
	};
}

/* "BatchLongest" or {"Fixed": 128} */
static size_t read_strategy(struct hf_reader *r, const struct tok_json *value)
{
	static const char *const longest[] = { "BatchLongest" };
	if (r->status != TOK_OK)
		return 0;
	const struct tok_json *fixed = tok_json_get(value, "Fixed");
	if (fixed && value->count == 1)
		return hf_whole(r, fixed, UINT32_MAX);
	if (value->kind == TOK_JSON_STRING)
		hf_word(r, value, longest, 1);
	else
		hf_expected(r, value, "this", "'BatchLongest' or {\"Fixed\": length}");
	return 0;
}

static void read_padding(struct hf_reader *r, const struct tok_json *object)
{
	if (!hf_is_object(r, object, "padding"))
		return;
	const struct tok_json *multiple = hf_find(object, "pad_to_multiple_of");
	r->out->padding = (struct tok_padding){
		.enabled = true,
		.left = hf_word(r, hf_need(r, object, "direction"), sides, 2) == 0,
		.length = read_strategy(r, hf_need(r, object, "strategy")),
		.multiple = multiple ? hf_whole(r, multiple, UINT32_MAX) : 0,
		.id = hf_id(r, hf_need(r, object, "pad_id")),
		.token = hf_text(r, hf_need(r, object, "pad_token")),
		.type = (uint32_t)hf_whole(r, hf_need(r, object, "pad_type_id"), UINT32_MAX),
	};
}

/* ---- the whole file --------------------------------------------------------- */

/* In the order in which they need each other: added tokens look into the
 * vocabulary.  What is null is not there. */
static const struct {
	const char *name;
	void (*read)(struct hf_reader *r, const struct tok_json *value);
	bool may_be_null;
} parts[] = {
	{ "truncation", read_truncation, true },    { "padding", read_padding, true },
	{ "normalizer", hf_read_normalizer, true }, { "pre_tokenizer", hf_read_pretokenizer, true },
	{ "model", hf_read_model, false },          { "post_processor", hf_read_processor, true },
	{ "decoder", hf_read_decoder, true },       { "added_tokens", hf_read_added, false },
};

static void check_version(struct hf_reader *r, const struct tok_json *root)
{
	static const char *const versions[] = { "1.0" };
	const struct tok_json *version = tok_json_get(root, "version");
	if (version)
		hf_word(r, version, versions, 1);
}

static void read_parts(struct hf_reader *r)
{
	const struct tok_json *root = r->doc->values;
	if (!hf_is_object(r, root, "a tokenizer"))
		return;
	check_version(r, root);
	hf_need(r, root, "model");
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && r->status == TOK_OK; i++) {
		const struct tok_json *value = tok_json_get(root, parts[i].name);
		if (value && !(parts[i].may_be_null && value->kind == TOK_JSON_NULL))
			parts[i].read(r, value);
	}
}

enum tok_status vocab_read_hf(struct tok_span file, struct tok_spec *out, struct tok_error *err)
{
	struct tok_json_document doc = { 0 };
	struct hf_reader r = { .doc = &doc, .out = out, .err = err };

	out->format = tok_span_of(VOCAB_FORMAT_JSON);
	r.status = tok_json_read(&doc, file, err);
	if (r.status == TOK_OK)
		read_parts(&r);
	tok_arena_release(&r.scratch);
	tok_json_release(&doc);
	return r.status;
}
