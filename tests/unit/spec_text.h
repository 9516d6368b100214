/* spec_text.h - all that a struct tok_spec says, as one line of text, so that
 * two specs can be compared.  Scores are left out. */
#ifndef TESTS_UNIT_SPEC_TEXT_H
#define TESTS_UNIT_SPEC_TEXT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/pipe/spec.h"

static inline void say(struct tok_buffer *out, const char *fmt, ...) TOK_PRINTF(2, 3);
static inline void say(struct tok_buffer *out, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	const int count = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (count < 0 || (size_t)count >= sizeof text || !tok_buffer_add(out, text, (size_t)count))
		abort();
}

static inline void say_span(struct tok_buffer *out, struct tok_span span)
{
	if (!tok_buffer_add(out, span.bytes, span.count) || !tok_buffer_add_byte(out, '|'))
		abort();
}

static inline void say_normalizer(struct tok_buffer *out, const struct tok_norm_step *step)
{
	say(out, " norm%d:", step->kind);
	switch (step->kind) {
	case TOK_NORM_STRIP:
		say(out, "%d%d", step->as.strip.left, step->as.strip.right);
		break;
	case TOK_NORM_PREPEND:
		say_span(out, step->as.prepend);
		break;
	case TOK_NORM_REPLACE:
		say(out, "%d", step->as.replace.dialect);
		say_span(out, step->as.replace.pattern);
		say_span(out, step->as.replace.content);
		break;
	case TOK_NORM_BERT:
		say(out, "%d%d%d%d", step->as.bert.clean_text, step->as.bert.handle_chinese_chars,
		    step->as.bert.lowercase, step->as.bert.strip_accents);
		break;
	case TOK_NORM_PRECOMPILED:
		say_span(out, step->as.precompiled);
		break;
	case TOK_NORM_NFC:
	case TOK_NORM_NFD:
	case TOK_NORM_NFKC:
	case TOK_NORM_NFKD:
	case TOK_NORM_NMT:
	case TOK_NORM_LOWERCASE:
	case TOK_NORM_STRIP_ACCENTS:
	case TOK_NORM_BYTE_LEVEL:
	case TOK_NORM_SENTENCEPIECE:
		break;
	}
}

static inline void say_pretokenizer(struct tok_buffer *out, const struct tok_pretok_step *step)
{
	say(out, " pre%d:", step->kind);
	switch (step->kind) {
	case TOK_PRETOK_SPLIT:
		say(out, "%d%d%d", step->as.split.dialect, step->as.split.behavior,
		    step->as.split.invert);
		say_span(out, step->as.split.pattern);
		break;
	case TOK_PRETOK_BYTE_LEVEL:
		say(out, "%d%d", step->as.byte_level.add_prefix_space,
		    step->as.byte_level.use_regex);
		break;
	case TOK_PRETOK_METASPACE:
		say(out, "%u,%d%d", step->as.metaspace.replacement, step->as.metaspace.prepend,
		    step->as.metaspace.split);
		break;
	case TOK_PRETOK_PUNCTUATION:
		say(out, "%d", step->as.punctuation);
		break;
	case TOK_PRETOK_DIGITS:
		say(out, "%d", step->as.individual_digits);
		break;
	case TOK_PRETOK_CHAR_DELIMITER:
		say(out, "%u", step->as.delimiter);
		break;
	case TOK_PRETOK_FIXED_LENGTH:
		say(out, "%u", step->as.fixed_length);
		break;
	case TOK_PRETOK_WHITESPACE:
	case TOK_PRETOK_WHITESPACE_SPLIT:
	case TOK_PRETOK_BERT:
	case TOK_PRETOK_UNICODE_SCRIPTS:
	case TOK_PRETOK_SENTENCEPIECE_WORDS:
		break;
	}
}

static inline void say_post(struct tok_buffer *out, const struct tok_post_step *step)
{
	say(out, " post%d:%d", step->kind, step->add_prefix_space);
	for (size_t i = 0; i < step->item_count; i++) {
		say(out, ",%d/%u/%u/", step->items[i].kind, step->items[i].id, step->items[i].type);
		say_span(out, step->items[i].content);
	}
}

static inline void say_decoder(struct tok_buffer *out, const struct tok_decode_step *step)
{
	say(out, " dec%d:", step->kind);
	switch (step->kind) {
	case TOK_DECODE_BPE:
		say_span(out, step->as.bpe_suffix);
		break;
	case TOK_DECODE_WORDPIECE:
		say_span(out, step->as.wordpiece.prefix);
		say(out, "%d", step->as.wordpiece.cleanup);
		break;
	case TOK_DECODE_METASPACE:
		say(out, "%u,%d", step->as.metaspace.replacement, step->as.metaspace.prepend);
		break;
	case TOK_DECODE_CTC:
		say_span(out, step->as.ctc.pad);
		say_span(out, step->as.ctc.word_delimiter);
		say(out, "%d", step->as.ctc.cleanup);
		break;
	case TOK_DECODE_REPLACE:
		say(out, "%d", step->as.replace.dialect);
		say_span(out, step->as.replace.pattern);
		say_span(out, step->as.replace.content);
		break;
	case TOK_DECODE_STRIP:
		say(out, "%u,%zu,%zu", step->as.strip.content, step->as.strip.start,
		    step->as.strip.stop);
		break;
	case TOK_DECODE_BYTE_LEVEL:
	case TOK_DECODE_FUSE:
	case TOK_DECODE_BYTE_FALLBACK:
	case TOK_DECODE_SENTENCEPIECE:
		break;
	}
}

static inline void say_model(struct tok_buffer *out, const struct tok_model_spec *model)
{
	say(out, "model%d unk%u bytes%d,%u,%u", model->kind, model->unk, model->byte_fallback,
	    model->byte_ids[10], model->byte_ids[255]);
	if (model->kind == TOK_MODEL_WORDPIECE) {
		say_span(out, model->as.wordpiece.prefix);
		say(out, "%zu", model->as.wordpiece.max_chars);
	} else if (model->kind == TOK_MODEL_UNIGRAM) {
		say(out, "%d%d", model->as.unigram.fuse_unk, model->as.unigram.single_precision);
	} else if (model->kind == TOK_MODEL_BPE) {
		say(out, "%d%d%d%d", model->as.bpe.order, model->as.bpe.raw_bytes,
		    model->as.bpe.ignore_merges, model->as.bpe.fuse_unk);
		say_span(out, model->as.bpe.prefix);
		say_span(out, model->as.bpe.suffix);
		say(out, "%g ", model->as.bpe.dropout);
		for (size_t i = 0; i < model->as.bpe.merge_count; i++)
			say(out, "%u+%u=%u ", model->as.bpe.merges[i].left,
			    model->as.bpe.merges[i].right, model->as.bpe.merges[i].result);
	}
}

/* Everything but the tokens. */
static inline void say_pipeline(struct tok_buffer *out, const struct tok_spec *spec)
{
	say_model(out, &spec->model);
	for (size_t i = 0; i < spec->normalizer_count; i++)
		say_normalizer(out, &spec->normalizers[i]);
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		say_pretokenizer(out, &spec->pretokenizers[i]);
	for (size_t i = 0; i < spec->post_count; i++)
		say_post(out, &spec->posts[i]);
	for (size_t i = 0; i < spec->decoder_count; i++)
		say_decoder(out, &spec->decoders[i]);
	say(out, " %d truncation%d%d,%zu,%zu,%d padding%d%d,%zu,%zu,%u,%u", spec->has_decoder,
	    spec->truncation.enabled, spec->truncation.left, spec->truncation.max_length,
	    spec->truncation.stride, spec->truncation.strategy, spec->padding.enabled,
	    spec->padding.left, spec->padding.length, spec->padding.multiple, spec->padding.id,
	    spec->padding.type);
	say_span(out, spec->padding.token);
}

static inline int compare_ids(const void *a, const void *b)
{
	const tok_id *left = a, *right = b; /* ids come first in both */
	return (*left > *right) - (*left < *right);
}

struct named_id {
	tok_id id;
	struct tok_span text;
	const struct tok_added_token *added;
};

static inline void say_named(struct tok_buffer *out, const struct named_id *named)
{
	if (out->count)
		say(out, " ");
	say(out, "%s%u=", named->added ? "+" : "", named->id);
	if (!tok_buffer_add(out, named->text.bytes, named->text.count))
		abort();
	if (named->added)
		say(out, "/%s%s%s%s%s", named->added->single_word ? "w" : "",
		    named->added->lstrip ? "l" : "", named->added->rstrip ? "r" : "",
		    named->added->normalized ? "n" : "", named->added->special ? "s" : "");
}

/* The tokens by id: "0=a 1=b +2=x/s". */
static inline void say_tokens(struct tok_buffer *out, const struct tok_spec *spec)
{
	const size_t entries = spec->model.entry_count, added = spec->added_count;
	struct named_id *named = calloc(entries + added + 1, sizeof *named);
	if (!named)
		abort();
	for (size_t i = 0; i < entries; i++)
		named[i] = (struct named_id){ spec->model.entries[i].id,
					      spec->model.entries[i].text, NULL };
	for (size_t i = 0; i < added; i++)
		named[entries + i] =
		    (struct named_id){ spec->added[i].id, spec->added[i].content, &spec->added[i] };
	qsort(named, entries, sizeof *named, compare_ids);
	qsort(named + entries, added, sizeof *named, compare_ids);
	for (size_t i = 0; i < entries + added; i++)
		say_named(out, &named[i]);
	free(named);
}

#endif
