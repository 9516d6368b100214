/*
 * A specification, less its vocabulary and merges, as bytes of an image.
 *
 * One walk over the struct serves both ways, so that writing and reading cannot
 * disagree: each step writes the value that is there, or reads one into it.
 */
#include "tok/pipe/spec_internal.h"

struct codec {
	bool reading, failed;
	bool no_memory; /* that is why it failed */
	struct tok_buffer *out;
	struct tok_span in; /* what is left to read */
	struct tok_arena *arena;
};

static void code_bytes(struct codec *c, void *bytes, size_t count)
{
	if (!c->reading) {
		c->failed |= !tok_buffer_add(c->out, bytes, count);
	} else if (c->in.count < count) {
		c->failed = true;
	} else if (count) {
		memcpy(bytes, c->in.bytes, count);
		c->in = tok_span_slice(c->in, count, c->in.count);
	}
}

static void code_u32(struct codec *c, uint32_t *value)
{
	code_bytes(c, value, sizeof *value);
}

static void code_size(struct codec *c, size_t *value)
{
	uint64_t wide = *value;
	code_bytes(c, &wide, sizeof wide);
	*value = (size_t)wide;
}

static void code_real(struct codec *c, double *value)
{
	code_bytes(c, value, sizeof *value);
}

static void code_bool(struct codec *c, bool *value)
{
	uint8_t byte = *value;
	code_bytes(c, &byte, 1);
	*value = byte != 0;
}

/* An enum of the members up to `last`. */
static uint32_t code_choice(struct codec *c, uint32_t value, uint32_t last)
{
	code_u32(c, &value);
	c->failed |= value > last;
	return c->failed && c->reading ? 0 : value; /* what is written stays what it is */
}
#define CODE_CHOICE(c, field, type, last)                                                          \
	((field) = (type)code_choice((c), (uint32_t)(field), (last)))

/* The bytes of a mapped image are used where they lie. */
static void code_span(struct codec *c, struct tok_span *span)
{
	size_t count = span->count;
	code_size(c, &count);
	if (!c->reading) {
		c->failed |= !tok_buffer_add(c->out, span->bytes, count);
	} else if (c->in.count < count) {
		c->failed = true;
	} else {
		*span = tok_span_slice(c->in, 0, count);
		c->in = tok_span_slice(c->in, count, c->in.count);
	}
}

/* How many elements follow; reading makes room for them.  Each takes at least a
 * byte, so that a wild number cannot ask for more memory than the image has. */
static void *code_array(struct codec *c, size_t *count, size_t size)
{
	code_size(c, count);
	if (!c->reading)
		return NULL;
	void *made = NULL;
	if (!c->failed && *count <= c->in.count) {
		made = tok_arena_array(c->arena, *count, size);
		c->no_memory = !made;
	}
	c->failed |= !made;
	if (c->failed)
		*count = 0;
	return made;
}

/* Walks an array of T at `items` with `code`, which takes a T * of its own. */
#define CODE_ARRAY(c, T, items, count, code)                                                       \
	do {                                                                                       \
		T *made_ = code_array((c), &(count), sizeof(T));                                   \
		for (size_t i_ = 0; i_ < (count); i_++) {                                          \
			T item_ = { 0 };                                                           \
			if (!(c)->reading)                                                         \
				item_ = (items)[i_];                                               \
			code((c), &item_);                                                         \
			if ((c)->reading)                                                          \
				made_[i_] = item_;                                                 \
		}                                                                                  \
		if ((c)->reading)                                                                  \
			(items) = made_;                                                           \
	} while (0)

/* ---- stages ----------------------------------------------------------------------- */

static void code_norm(struct codec *c, struct tok_norm_step *step)
{
	CODE_CHOICE(c, step->kind, enum tok_norm_kind, TOK_NORM_SENTENCEPIECE);
	switch (step->kind) {
	case TOK_NORM_STRIP:
		code_bool(c, &step->as.strip.left);
		code_bool(c, &step->as.strip.right);
		break;
	case TOK_NORM_PREPEND:
		code_span(c, &step->as.prepend);
		break;
	case TOK_NORM_REPLACE:
		code_span(c, &step->as.replace.pattern);
		code_span(c, &step->as.replace.content);
		CODE_CHOICE(c, step->as.replace.dialect, enum tok_regex_dialect, TOK_REGEX_LITERAL);
		break;
	case TOK_NORM_BERT:
		code_bool(c, &step->as.bert.clean_text);
		code_bool(c, &step->as.bert.handle_chinese_chars);
		code_bool(c, &step->as.bert.lowercase);
		code_bool(c, &step->as.bert.strip_accents);
		break;
	case TOK_NORM_PRECOMPILED:
		code_span(c, &step->as.precompiled);
		break;
	case TOK_NORM_SENTENCEPIECE:
		code_span(c, &step->as.sentencepiece.charsmap);
		code_bool(c, &step->as.sentencepiece.add_dummy_prefix);
		code_bool(c, &step->as.sentencepiece.remove_extra_whitespaces);
		code_bool(c, &step->as.sentencepiece.escape_whitespaces);
		code_bool(c, &step->as.sentencepiece.whitespace_as_suffix);
		CODE_ARRAY(c, struct tok_span, step->as.sentencepiece.protected_pieces,
			   step->as.sentencepiece.protected_count, code_span);
		break;
	case TOK_NORM_NFC:
	case TOK_NORM_NFD:
	case TOK_NORM_NFKC:
	case TOK_NORM_NFKD:
	case TOK_NORM_NMT:
	case TOK_NORM_LOWERCASE:
	case TOK_NORM_STRIP_ACCENTS:
	case TOK_NORM_BYTE_LEVEL:
		break;
	}
}

static void code_pretok(struct codec *c, struct tok_pretok_step *step)
{
	CODE_CHOICE(c, step->kind, enum tok_pretok_kind, TOK_PRETOK_SENTENCEPIECE_WORDS);
	switch (step->kind) {
	case TOK_PRETOK_SPLIT:
		code_span(c, &step->as.split.pattern);
		CODE_CHOICE(c, step->as.split.dialect, enum tok_regex_dialect, TOK_REGEX_LITERAL);
		CODE_CHOICE(c, step->as.split.behavior, enum tok_behavior, TOK_CONTIGUOUS);
		code_bool(c, &step->as.split.invert);
		break;
	case TOK_PRETOK_BYTE_LEVEL:
		code_bool(c, &step->as.byte_level.add_prefix_space);
		code_bool(c, &step->as.byte_level.use_regex);
		code_bool(c, &step->as.byte_level.raw);
		break;
	case TOK_PRETOK_METASPACE:
		code_u32(c, &step->as.metaspace.replacement);
		CODE_CHOICE(c, step->as.metaspace.prepend, enum tok_prepend, TOK_PREPEND_NEVER);
		code_bool(c, &step->as.metaspace.split);
		break;
	case TOK_PRETOK_PUNCTUATION:
		CODE_CHOICE(c, step->as.punctuation, enum tok_behavior, TOK_CONTIGUOUS);
		break;
	case TOK_PRETOK_DIGITS:
		code_bool(c, &step->as.individual_digits);
		break;
	case TOK_PRETOK_CHAR_DELIMITER:
		code_u32(c, &step->as.delimiter);
		break;
	case TOK_PRETOK_FIXED_LENGTH:
		code_u32(c, &step->as.fixed_length);
		break;
	case TOK_PRETOK_SENTENCEPIECE_WORDS:
		code_bool(c, &step->as.whitespace_as_suffix);
		break;
	case TOK_PRETOK_WHITESPACE:
	case TOK_PRETOK_WHITESPACE_SPLIT:
	case TOK_PRETOK_BERT:
	case TOK_PRETOK_UNICODE_SCRIPTS:
		break;
	}
}

static void code_item(struct codec *c, struct tok_template_item *item)
{
	CODE_CHOICE(c, item->kind, enum tok_template_kind, TOK_TEMPLATE_TOKEN);
	code_u32(c, &item->id);
	code_span(c, &item->content);
	code_u32(c, &item->type);
}

static void code_post(struct codec *c, struct tok_post_step *step)
{
	CODE_CHOICE(c, step->kind, enum tok_post_kind, TOK_POST_TRIM_OFFSETS);
	code_bool(c, &step->add_prefix_space);
	CODE_ARRAY(c, struct tok_template_item, step->items, step->item_count, code_item);
}

static void code_decoder(struct codec *c, struct tok_decode_step *step)
{
	CODE_CHOICE(c, step->kind, enum tok_decode_kind, TOK_DECODE_SENTENCEPIECE);
	switch (step->kind) {
	case TOK_DECODE_BPE:
		code_span(c, &step->as.bpe_suffix);
		break;
	case TOK_DECODE_WORDPIECE:
		code_span(c, &step->as.wordpiece.prefix);
		code_bool(c, &step->as.wordpiece.cleanup);
		break;
	case TOK_DECODE_METASPACE:
		code_u32(c, &step->as.metaspace.replacement);
		CODE_CHOICE(c, step->as.metaspace.prepend, enum tok_prepend, TOK_PREPEND_NEVER);
		break;
	case TOK_DECODE_CTC:
		code_span(c, &step->as.ctc.pad);
		code_span(c, &step->as.ctc.word_delimiter);
		code_bool(c, &step->as.ctc.cleanup);
		break;
	case TOK_DECODE_REPLACE:
		code_span(c, &step->as.replace.pattern);
		code_span(c, &step->as.replace.content);
		CODE_CHOICE(c, step->as.replace.dialect, enum tok_regex_dialect, TOK_REGEX_LITERAL);
		break;
	case TOK_DECODE_STRIP:
		code_u32(c, &step->as.strip.content);
		code_size(c, &step->as.strip.start);
		code_size(c, &step->as.strip.stop);
		break;
	case TOK_DECODE_SENTENCEPIECE:
		code_bool(c, &step->as.sentencepiece.add_dummy_prefix);
		code_bool(c, &step->as.sentencepiece.remove_extra_whitespaces);
		code_bool(c, &step->as.sentencepiece.whitespace_as_suffix);
		code_span(c, &step->as.sentencepiece.unk_surface);
		break;
	case TOK_DECODE_BYTE_LEVEL:
	case TOK_DECODE_FUSE:
	case TOK_DECODE_BYTE_FALLBACK:
		break;
	}
}

static void code_added(struct codec *c, struct tok_added_token *token)
{
	code_span(c, &token->content);
	code_u32(c, &token->id);
	code_bool(c, &token->single_word);
	code_bool(c, &token->lstrip);
	code_bool(c, &token->rstrip);
	code_bool(c, &token->normalized);
	code_bool(c, &token->special);
}

/* ---- the whole -------------------------------------------------------------------- */

static void code_model(struct codec *c, struct tok_model_spec *model)
{
	CODE_CHOICE(c, model->kind, enum tok_model_kind, TOK_MODEL_WORDLEVEL);
	code_size(c, &model->entry_count);
	code_u32(c, &model->unk);
	code_bool(c, &model->byte_fallback);
	code_bytes(c, model->byte_ids, sizeof model->byte_ids);
	switch (model->kind) {
	case TOK_MODEL_BPE:
		CODE_CHOICE(c, model->as.bpe.order, enum tok_bpe_order, TOK_BPE_SCORES);
		code_size(c, &model->as.bpe.merge_count);
		code_bool(c, &model->as.bpe.raw_bytes);
		code_bool(c, &model->as.bpe.ignore_merges);
		code_bool(c, &model->as.bpe.fuse_unk);
		code_bool(c, &model->as.bpe.unk_missing);
		code_span(c, &model->as.bpe.prefix);
		code_span(c, &model->as.bpe.suffix);
		code_real(c, &model->as.bpe.dropout);
		break;
	case TOK_MODEL_UNIGRAM:
		code_bool(c, &model->as.unigram.single_precision);
		code_bool(c, &model->as.unigram.fuse_unk);
		break;
	case TOK_MODEL_WORDPIECE:
		code_span(c, &model->as.wordpiece.prefix);
		code_size(c, &model->as.wordpiece.max_chars);
		break;
	case TOK_MODEL_WORDLEVEL:
		break;
	}
}

static void code_spec(struct codec *c, struct tok_spec *spec)
{
	code_span(c, &spec->format);
	code_model(c, &spec->model);
	code_bool(c, &spec->raw_vocabulary);
	code_bool(c, &spec->has_decoder);
	code_bool(c, &spec->sentencepiece);
	CODE_ARRAY(c, struct tok_norm_step, spec->normalizers, spec->normalizer_count, code_norm);
	CODE_ARRAY(c, struct tok_pretok_step, spec->pretokenizers, spec->pretokenizer_count,
		   code_pretok);
	CODE_ARRAY(c, struct tok_post_step, spec->posts, spec->post_count, code_post);
	CODE_ARRAY(c, struct tok_decode_step, spec->decoders, spec->decoder_count, code_decoder);
	CODE_ARRAY(c, struct tok_added_token, spec->added, spec->added_count, code_added);
	code_bool(c, &spec->truncation.enabled);
	code_bool(c, &spec->truncation.left);
	code_size(c, &spec->truncation.max_length);
	code_size(c, &spec->truncation.stride);
	CODE_CHOICE(c, spec->truncation.strategy, enum tok_truncation_strategy,
		    TOK_TRUNCATE_SECOND);
	code_bool(c, &spec->padding.enabled);
	code_bool(c, &spec->padding.left);
	code_size(c, &spec->padding.length);
	code_size(c, &spec->padding.multiple);
	code_u32(c, &spec->padding.id);
	code_span(c, &spec->padding.token);
	code_u32(c, &spec->padding.type);
	code_span(c, &spec->bos_name);
	code_span(c, &spec->eos_name);
	code_span(c, &spec->pad_name);
}

bool tok_spec_save(const struct tok_spec *spec, struct tok_buffer *out)
{
	struct codec c = { .out = out };
	struct tok_spec copy = *spec;
	code_spec(&c, &copy);
	return !c.failed;
}

enum tok_status tok_spec_open(struct tok_spec *spec, struct tok_span from, struct tok_error *err)
{
	struct tok_spec made = { 0 };
	struct codec c = { .reading = true, .in = from, .arena = &made.arena };
	code_spec(&c, &made);
	if (c.failed || c.in.count) {
		tok_spec_release(&made);
		if (c.no_memory)
			return tok_fail_memory(err);
		return tok_fail(err, TOK_EFORMAT, "the image's description does not fit");
	}
	*spec = made;
	return TOK_OK;
}
