/* tokens_read.c - the texts of ids from a tokenizer: what its decoder writes of each behind
 * others. */
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "tok/bytes/tokens_internal.h"
#include "tok/pipe/decoder.h"

static const struct tok_span space = { (const uint8_t *)" ", 1 };

/* What ids are, while they are found out. */
struct reading {
	const struct tok_tokenizer *tokenizer;
	struct tok_decoder *decoder;
	size_t size;
	struct tok_span *texts; /* into bytes, once all are there */
	size_t *ends;           /* of the texts in bytes */
	enum tok_byte_kind *kinds;
	struct tok_buffer bytes;
};

/* The step that writes a token otherwise among other neighbours; NULL: none does. */
static const char *find_dependence(const struct tok_spec *spec)
{
	if (!spec->has_decoder)
		return "of no kind: tokens are joined by spaces";
	for (size_t i = 0; i < spec->decoder_count; i++) {
		switch (spec->decoders[i].kind) {
		case TOK_DECODE_BPE:
			return "'BPEDecoder'";
		case TOK_DECODE_WORDPIECE:
			return "'WordPiece'";
		case TOK_DECODE_CTC:
			return "'CTC'";
		case TOK_DECODE_STRIP:
			if (spec->decoders[i].as.strip.stop > 0)
				return "'Strip' at the end";
			break;
		case TOK_DECODE_BYTE_LEVEL:
		case TOK_DECODE_METASPACE:
		case TOK_DECODE_REPLACE:
		case TOK_DECODE_FUSE:
		case TOK_DECODE_BYTE_FALLBACK:
		case TOK_DECODE_SENTENCEPIECE:
			break;
		}
	}
	return NULL;
}

/* Is a space taken away from the front of a text that encoding put there? */
static bool hides_space(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->decoder_count; i++) {
		const struct tok_decode_step *step = &spec->decoders[i];
		if ((step->kind == TOK_DECODE_SENTENCEPIECE &&
		     step->as.sentencepiece.add_dummy_prefix &&
		     !step->as.sentencepiece.whitespace_as_suffix) ||
		    (step->kind == TOK_DECODE_METASPACE &&
		     step->as.metaspace.prepend != TOK_PREPEND_NEVER) ||
		    (step->kind == TOK_DECODE_STRIP && step->as.strip.start > 0 &&
		     step->as.strip.content == ' '))
			return true;
	}
	return false;
}

static bool is_text(const struct reading *r, tok_id id)
{
	const struct tok_spec *spec = tok_tokenizer_spec(r->tokenizer);
	struct tok_vocab_entry entry;
	if (id >= tok_tokenizer_size(r->tokenizer) || r->kinds[id] == TOK_BYTE_END ||
	    !tok_tokenizer_token(r->tokenizer, id).bytes ||
	    tok_tokenizer_is_special(r->tokenizer, id) || id == spec->model.unk)
		return false;
	return !tok_tokenizer_entry(r->tokenizer, id, &entry) ||
	       (entry.type != TOK_PIECE_UNKNOWN && entry.type != TOK_PIECE_CONTROL);
}

/* Decode an id that writes something, so that whatever is special about the front of a text is
 * over.  Where none does, no id is text. */
static enum tok_status decode_front(struct reading *r, struct tok_error *err)
{
	struct tok_span text = { NULL, 0 };
	for (tok_id id = 0; id < r->size; id++) {
		if (!is_text(r, id))
			continue;
		tok_decode_begin(r->decoder);
		const enum tok_status status =
		    tok_decode_part(r->decoder, &id, 1, false, &text, err);
		if (status != TOK_OK)
			return status;
		if (text.count > 0)
			break;
	}
	return TOK_OK;
}

static enum tok_status read_texts(struct reading *r, struct tok_error *err)
{
	enum tok_status status = decode_front(r, err);
	for (tok_id id = 0; status == TOK_OK && id < r->size; id++) {
		struct tok_span text = { NULL, 0 };
		if (is_text(r, id)) {
			status = tok_decode_part(r->decoder, &id, 1, false, &text, err);
			if (status == TOK_OK && text.count > 0)
				r->kinds[id] = TOK_BYTE_TEXT;
		}
		if (status == TOK_OK && text.count > 0 &&
		    !tok_buffer_add(&r->bytes, text.bytes, text.count))
			status = tok_fail_memory(err);
		r->ends[id] = r->bytes.count;
	}
	for (tok_id id = 0; status == TOK_OK && id < r->size; id++)
		r->texts[id] = tok_span_slice(tok_buffer_span(&r->bytes), id ? r->ends[id - 1] : 0,
					      r->ends[id]);
	return status;
}

static enum tok_status read_kinds(struct reading *r, const struct tok_lm_info *info,
				  struct tok_error *err)
{
	for (size_t i = 0; i < info->size; i++)
		r->kinds[i] = TOK_BYTE_NONTEXT;
	for (size_t i = 0; i < info->eos_count; i++) {
		if (info->eos[i] >= info->size)
			return tok_fail(err, TOK_EARG,
					"the model ends texts with id %u, but has %zu ids",
					info->eos[i], info->size);
		r->kinds[info->eos[i]] = TOK_BYTE_END;
	}
	return TOK_OK;
}

enum tok_status tok_byte_tokens_new(const struct tok_tokenizer *tokenizer,
				    const struct tok_lm_info *info, struct tok_byte_tokens **out,
				    struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	const char *other = find_dependence(spec);
	if (other)
		return tok_fail(err, TOK_EARG,
				"the decoder is %s: tokens have no bytes of their own", other);
	if (info->size > (size_t)TOK_ID_MAX + 1)
		return tok_fail(err, TOK_ELIMIT, "rows of %zu numbers: at most %u are possible",
				info->size, TOK_ID_MAX + 1);

	struct reading r = { .tokenizer = tokenizer,
			     .decoder = tok_decoder_new(tokenizer),
			     .size = info->size,
			     .texts = calloc(info->size + 1, sizeof *r.texts),
			     .ends = calloc(info->size + 1, sizeof *r.ends),
			     .kinds = calloc(info->size + 1, sizeof *r.kinds) };
	enum tok_status status = TOK_OK;
	if (!r.decoder || !r.texts || !r.ends || !r.kinds)
		status = tok_fail_memory(err);
	else if (!tok_decoder_takes_parts(r.decoder))
		status = tok_fail(err, TOK_EARG,
				  "the decoder looks at the joined text: tokens "
				  "have no bytes of their own");
	if (status == TOK_OK)
		status = read_kinds(&r, info, err);
	if (status == TOK_OK)
		status = read_texts(&r, err);
	if (status == TOK_OK)
		status = tok_byte_tokens_of(r.texts, r.kinds, r.size,
					    hides_space(spec) ? space : (struct tok_span){ 0 }, out,
					    err);
	if (status == TOK_OK)
		(*out)->kernel = tok_tokenizer_kernels(tokenizer);
	tok_buffer_release(&r.bytes);
	free(r.kinds);
	free(r.ends);
	free(r.texts);
	tok_decoder_free(r.decoder);
	return status;
}
