#include "vocab/format/hf_internal.h"

typedef void read_step(struct hf_reader *r, const struct tok_json *object,
		       struct tok_decode_step *step);

static void read_plain(struct hf_reader *r, const struct tok_json *object,
		       struct tok_decode_step *step)
{
	(void)r, (void)object, (void)step;
}

static void read_bpe(struct hf_reader *r, const struct tok_json *object,
		     struct tok_decode_step *step)
{
	step->as.bpe_suffix = hf_text(r, hf_need(r, object, "suffix"));
}

/* Its fields say nothing about decoding, but must be right all the same. */
static void read_byte_level(struct hf_reader *r, const struct tok_json *object,
			    struct tok_decode_step *step)
{
	(void)step;
	hf_bool(r, hf_need(r, object, "add_prefix_space"));
	hf_bool(r, hf_need(r, object, "trim_offsets"));
}

static void read_wordpiece(struct hf_reader *r, const struct tok_json *object,
			   struct tok_decode_step *step)
{
	step->as.wordpiece.prefix = hf_text(r, hf_need(r, object, "prefix"));
	step->as.wordpiece.cleanup = hf_bool(r, hf_need(r, object, "cleanup"));
}

static void read_metaspace(struct hf_reader *r, const struct tok_json *object,
			   struct tok_decode_step *step)
{
	const struct tok_json *split = hf_find(object, "split");
	hf_metaspace(r, object, &step->as.metaspace.replacement, &step->as.metaspace.prepend);
	if (split)
		hf_bool(r, split);
}

static void read_ctc(struct hf_reader *r, const struct tok_json *object,
		     struct tok_decode_step *step)
{
	step->as.ctc.pad = hf_text(r, hf_need(r, object, "pad_token"));
	step->as.ctc.word_delimiter = hf_text(r, hf_need(r, object, "word_delimiter_token"));
	step->as.ctc.cleanup = hf_bool(r, hf_need(r, object, "cleanup"));
}

static void read_replace(struct hf_reader *r, const struct tok_json *object,
			 struct tok_decode_step *step)
{
	step->as.replace.pattern =
	    hf_pattern(r, hf_need(r, object, "pattern"), &step->as.replace.dialect);
	step->as.replace.content = hf_text(r, hf_need(r, object, "content"));
}

static void read_strip(struct hf_reader *r, const struct tok_json *object,
		       struct tok_decode_step *step)
{
	step->as.strip.content = hf_char(r, hf_need(r, object, "content"));
	step->as.strip.start = hf_whole(r, hf_need(r, object, "start"), SIZE_MAX);
	step->as.strip.stop = hf_whole(r, hf_need(r, object, "stop"), SIZE_MAX);
}

static const struct {
	const char *name;
	enum tok_decode_kind kind;
	read_step *read;
} types[] = {
	{ "BPEDecoder", TOK_DECODE_BPE, read_bpe },
	{ "ByteLevel", TOK_DECODE_BYTE_LEVEL, read_byte_level },
	{ "WordPiece", TOK_DECODE_WORDPIECE, read_wordpiece },
	{ "Metaspace", TOK_DECODE_METASPACE, read_metaspace },
	{ "CTC", TOK_DECODE_CTC, read_ctc },
	{ "Replace", TOK_DECODE_REPLACE, read_replace },
	{ "Fuse", TOK_DECODE_FUSE, read_plain },
	{ "Strip", TOK_DECODE_STRIP, read_strip },
	{ "ByteFallback", TOK_DECODE_BYTE_FALLBACK, read_plain },
};

static const struct hf_guess guesses[] = {
	{ "BPEDecoder", { "suffix" } },
	{ "WordPiece", { "prefix", "cleanup" } },
	{ "CTC", { "pad_token", "word_delimiter_token", "cleanup" } },
	{ "Replace", { "pattern", "content" } },
	{ "Strip", { "content", "start", "stop" } },
};

static void read_into(struct hf_reader *r, const struct tok_json *object, struct hf_list *list)
{
	const struct tok_span type =
	    hf_type(r, object, "a decoder", guesses, sizeof guesses / sizeof guesses[0]);
	if (r->status != TOK_OK)
		return;
	if (tok_span_equal(type, tok_span_of("Sequence"))) {
		hf_each(r, hf_need(r, object, "decoders"), read_into, list);
		return;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!tok_span_equal(type, tok_span_of(types[i].name)))
			continue;
		struct tok_decode_step *step = hf_list_add(r, list, sizeof *step);
		if (step) {
			step->kind = types[i].kind;
			types[i].read(r, object, step);
		}
		return;
	}
	r->status =
	    tok_json_fail(r->doc, object, r->err, "there is no decoder '%s'", tok_show(type).text);
}

void hf_read_decoder(struct hf_reader *r, const struct tok_json *value)
{
	struct hf_list list = { 0 };
	read_into(r, value, &list);
	r->out->decoders = list.items;
	r->out->decoder_count = list.count;
	r->out->has_decoder = true;
}
