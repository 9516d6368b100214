#include "vocab/format/hf_internal.h"

typedef void read_step(struct hf_reader *r, const struct tok_json *object,
		       struct tok_pretok_step *step);

static void read_plain(struct hf_reader *r, const struct tok_json *object,
		       struct tok_pretok_step *step)
{
	(void)r, (void)object, (void)step;
}

static enum tok_behavior read_behavior(struct hf_reader *r, const struct tok_json *value)
{
	static const char *const words[] = {
		[TOK_REMOVED] = "Removed",
		[TOK_ISOLATED] = "Isolated",
		[TOK_MERGED_WITH_PREVIOUS] = "MergedWithPrevious",
		[TOK_MERGED_WITH_NEXT] = "MergedWithNext",
		[TOK_CONTIGUOUS] = "Contiguous",
	};
	return (enum tok_behavior)hf_word(r, value, words, sizeof words / sizeof words[0]);
}

static void read_split(struct hf_reader *r, const struct tok_json *object,
		       struct tok_pretok_step *step)
{
	step->as.split.pattern =
	    hf_pattern(r, hf_need(r, object, "pattern"), &step->as.split.dialect);
	step->as.split.behavior = read_behavior(r, hf_need(r, object, "behavior"));
	step->as.split.invert = hf_bool(r, hf_need(r, object, "invert"));
}

static void read_byte_level(struct hf_reader *r, const struct tok_json *object,
			    struct tok_pretok_step *step)
{
	const struct tok_json *use_regex = tok_json_get(object, "use_regex");
	step->as.byte_level.add_prefix_space = hf_bool(r, hf_need(r, object, "add_prefix_space"));
	hf_bool(r, hf_need(r, object, "trim_offsets"));
	step->as.byte_level.use_regex = !use_regex || hf_bool(r, use_regex);
}

static void read_metaspace(struct hf_reader *r, const struct tok_json *object,
			   struct tok_pretok_step *step)
{
	const struct tok_json *split = hf_find(object, "split");
	hf_metaspace(r, object, &step->as.metaspace.replacement, &step->as.metaspace.prepend);
	step->as.metaspace.split = !split || hf_bool(r, split);
}

static void read_punctuation(struct hf_reader *r, const struct tok_json *object,
			     struct tok_pretok_step *step)
{
	const struct tok_json *behavior = tok_json_get(object, "behavior");
	step->as.punctuation = behavior ? read_behavior(r, behavior) : TOK_ISOLATED;
}

static void read_digits(struct hf_reader *r, const struct tok_json *object,
			struct tok_pretok_step *step)
{
	step->as.individual_digits = hf_bool(r, hf_need(r, object, "individual_digits"));
}

static void read_delimiter(struct hf_reader *r, const struct tok_json *object,
			   struct tok_pretok_step *step)
{
	step->as.delimiter = hf_char(r, hf_need(r, object, "delimiter"));
}

static void read_fixed_length(struct hf_reader *r, const struct tok_json *object,
			      struct tok_pretok_step *step)
{
	const struct tok_json *length = tok_json_get(object, "length");
	const uint64_t value = length ? hf_whole(r, length, UINT64_MAX) : 5;
	if (r->status == TOK_OK && value == 0)
		r->status = tok_json_fail(r->doc, length, r->err, "a length must be at least 1");
	/* No document has more characters than fit in 32 bits. */
	step->as.fixed_length = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static const struct {
	const char *name;
	enum tok_pretok_kind kind;
	read_step *read;
} types[] = {
	{ "Split", TOK_PRETOK_SPLIT, read_split },
	{ "ByteLevel", TOK_PRETOK_BYTE_LEVEL, read_byte_level },
	{ "Whitespace", TOK_PRETOK_WHITESPACE, read_plain },
	{ "WhitespaceSplit", TOK_PRETOK_WHITESPACE_SPLIT, read_plain },
	{ "BertPreTokenizer", TOK_PRETOK_BERT, read_plain },
	{ "Metaspace", TOK_PRETOK_METASPACE, read_metaspace },
	{ "Punctuation", TOK_PRETOK_PUNCTUATION, read_punctuation },
	{ "Digits", TOK_PRETOK_DIGITS, read_digits },
	{ "CharDelimiterSplit", TOK_PRETOK_CHAR_DELIMITER, read_delimiter },
	{ "UnicodeScripts", TOK_PRETOK_UNICODE_SCRIPTS, read_plain },
	{ "FixedLength", TOK_PRETOK_FIXED_LENGTH, read_fixed_length },
};

static void read_into(struct hf_reader *r, const struct tok_json *object, struct hf_list *list)
{
	const struct tok_span type = hf_type(r, object, "a pre-tokenizer", NULL, 0);
	if (r->status != TOK_OK)
		return;
	if (tok_span_equal(type, tok_span_of("Sequence"))) {
		hf_each(r, hf_need(r, object, "pretokenizers"), read_into, list);
		return;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!tok_span_equal(type, tok_span_of(types[i].name)))
			continue;
		struct tok_pretok_step *step = hf_list_add(r, list, sizeof *step);
		if (step) {
			step->kind = types[i].kind;
			types[i].read(r, object, step);
		}
		return;
	}
	r->status = tok_json_fail(r->doc, object, r->err, "there is no pre-tokenizer '%s'",
				  tok_show(type).text);
}

void hf_read_pretokenizer(struct hf_reader *r, const struct tok_json *value)
{
	struct hf_list list = { 0 };
	read_into(r, value, &list);
	r->out->pretokenizers = list.items;
	r->out->pretokenizer_count = list.count;
}
