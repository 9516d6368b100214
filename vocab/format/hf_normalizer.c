#include "vocab/format/hf_internal.h"

typedef void read_step(struct hf_reader *r, const struct tok_json *object,
		       struct tok_norm_step *step);

static void read_plain(struct hf_reader *r, const struct tok_json *object,
		       struct tok_norm_step *step)
{
	(void)r, (void)object, (void)step;
}

static void read_bert(struct hf_reader *r, const struct tok_json *object,
		      struct tok_norm_step *step)
{
	const struct tok_json *strip = hf_find(object, "strip_accents");
	step->as.bert.clean_text = hf_bool(r, hf_need(r, object, "clean_text"));
	step->as.bert.handle_chinese_chars = hf_bool(r, hf_need(r, object, "handle_chinese_chars"));
	step->as.bert.lowercase = hf_bool(r, hf_need(r, object, "lowercase"));
	step->as.bert.strip_accents = strip ? hf_bool(r, strip) : step->as.bert.lowercase;
}

static void read_strip(struct hf_reader *r, const struct tok_json *object,
		       struct tok_norm_step *step)
{
	step->as.strip.left = hf_bool(r, hf_need(r, object, "strip_left"));
	step->as.strip.right = hf_bool(r, hf_need(r, object, "strip_right"));
}

static void read_prepend(struct hf_reader *r, const struct tok_json *object,
			 struct tok_norm_step *step)
{
	step->as.prepend = hf_text(r, hf_need(r, object, "prepend"));
}

static void read_replace(struct hf_reader *r, const struct tok_json *object,
			 struct tok_norm_step *step)
{
	step->as.replace.pattern =
	    hf_pattern(r, hf_need(r, object, "pattern"), &step->as.replace.dialect);
	step->as.replace.content = hf_text(r, hf_need(r, object, "content"));
}

static void read_precompiled(struct hf_reader *r, const struct tok_json *object,
			     struct tok_norm_step *step)
{
	step->as.precompiled = hf_base64(r, hf_need(r, object, "precompiled_charsmap"));
}

static const struct {
	const char *name;
	enum tok_norm_kind kind;
	read_step *read;
} types[] = {
	{ "NFC", TOK_NORM_NFC, read_plain },
	{ "NFD", TOK_NORM_NFD, read_plain },
	{ "NFKC", TOK_NORM_NFKC, read_plain },
	{ "NFKD", TOK_NORM_NFKD, read_plain },
	{ "Nmt", TOK_NORM_NMT, read_plain },
	{ "Lowercase", TOK_NORM_LOWERCASE, read_plain },
	{ "Strip", TOK_NORM_STRIP, read_strip },
	{ "StripAccents", TOK_NORM_STRIP_ACCENTS, read_plain },
	{ "Prepend", TOK_NORM_PREPEND, read_prepend },
	{ "Replace", TOK_NORM_REPLACE, read_replace },
	{ "BertNormalizer", TOK_NORM_BERT, read_bert },
	{ "Bert", TOK_NORM_BERT, read_bert },
	{ "Precompiled", TOK_NORM_PRECOMPILED, read_precompiled },
	{ "ByteLevel", TOK_NORM_BYTE_LEVEL, read_plain },
};

static const struct hf_guess guesses[] = {
	{ "BertNormalizer", { "clean_text", "handle_chinese_chars", "lowercase" } },
	{ "Strip", { "strip_left", "strip_right" } },
	{ "Sequence", { "normalizers" } },
	{ "Replace", { "pattern", "content" } },
	{ "Prepend", { "prepend" } },
};

static void read_into(struct hf_reader *r, const struct tok_json *object, struct hf_list *list)
{
	const struct tok_span type =
	    hf_type(r, object, "a normalizer", guesses, sizeof guesses / sizeof guesses[0]);
	if (r->status != TOK_OK)
		return;
	if (tok_span_equal(type, tok_span_of("Sequence"))) {
		hf_each(r, hf_need(r, object, "normalizers"), read_into, list);
		return;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!tok_span_equal(type, tok_span_of(types[i].name)))
			continue;
		struct tok_norm_step *step = hf_list_add(r, list, sizeof *step);
		if (step) {
			step->kind = types[i].kind;
			types[i].read(r, object, step);
		}
		return;
	}
	r->status = tok_json_fail(r->doc, object, r->err, "there is no normalizer '%s'",
				  tok_show(type).text);
}

void hf_read_normalizer(struct hf_reader *r, const struct tok_json *value)
{
	struct hf_list list = { 0 };
	read_into(r, value, &list);
	r->out->normalizers = list.items;
	r->out->normalizer_count = list.count;
}
