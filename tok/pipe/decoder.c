#include "tok/pipe/decoder.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tok/pipe/decode_internal.h"

/* Does what a token reads as depend on nothing but whether it is the first?  That
 * is so where each step looks at one string at a time, until one joins them all
 * and only the ends of the whole are stripped.  The number of steps up to there. */
static bool is_piecewise(const struct tok_spec *spec, size_t *joined)
{
	const struct tok_decode_step *steps = spec->decoders;
	const size_t count = spec->decoder_count;
	size_t i = 0;
	while (i < count &&
	       (steps[i].kind == TOK_DECODE_REPLACE || steps[i].kind == TOK_DECODE_STRIP ||
		steps[i].kind == TOK_DECODE_METASPACE || steps[i].kind == TOK_DECODE_WORDPIECE))
		i++;
	/* It makes runs of bytes one string, which must not be looked at again. */
	const bool has_runs = i < count && steps[i].kind == TOK_DECODE_BYTE_FALLBACK;
	i += has_runs;
	if (i < count && (steps[i].kind == TOK_DECODE_FUSE ||
			  (steps[i].kind == TOK_DECODE_BYTE_LEVEL && !has_runs))) {
		*joined = ++i;
		while (i < count && steps[i].kind == TOK_DECODE_STRIP)
			i++;
	} else {
		*joined = i;
	}
	return i == count;
}

static enum tok_decode_way find_way(const struct tok_tokenizer *t, size_t *joined)
{
	const struct tok_spec *spec = &t->spec;
	if (!t->byte_decoder && is_piecewise(spec, joined))
		return TOK_DECODE_BY_PIECES;
	*joined = spec->decoder_count;
	if (t->byte_decoder)
		return TOK_DECODE_BY_BYTES;
	if (spec->decoder_count == 1 && spec->decoders[0].kind == TOK_DECODE_SENTENCEPIECE)
		return TOK_DECODE_BY_TYPES;
	return TOK_DECODE_BY_LIST;
}

struct tok_decoder *tok_decoder_new(const struct tok_tokenizer *tokenizer)
{
	struct tok_decoder *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->tokenizer = tokenizer;
	d->way = find_way(tokenizer, &d->joined);
	d->regex = tok_regex_scratch_new();
	if (!d->regex) {
		tok_decoder_free(d);
		return NULL;
	}
	tok_decode_begin(d);
	return d;
}

void tok_decoder_free(struct tok_decoder *d)
{
	if (!d)
		return;
	tok_regex_scratch_free(d->regex);
	tok_list_release(&d->list);
	tok_list_release(&d->next);
	tok_buffer_release(&d->scratch);
	tok_buffer_release(&d->text);
	tok_buffer_release(&d->piece);
	tok_buffer_release(&d->long_pieces);
	free(d->ends);
	free(d->pieces[0]);
	free(d->pieces[1]);
	free(d);
}

bool tok_decoder_adds_up(const struct tok_decoder *d)
{
	return d->way == TOK_DECODE_BY_BYTES;
}

enum tok_status tok_decode_refuse(const struct tok_decoder *d, tok_id id, size_t at,
				  struct tok_error *err)
{
	return tok_fail(err, TOK_ETEXT,
			"no token has id %u (number %" PRIu64 "): ids are below %zu", id,
			d->place.ids + at + 1, d->tokenizer->names.size);
}

enum tok_status tok_decode(struct tok_decoder *d, const tok_id *ids, size_t count,
			   bool skip_special, struct tok_span *out, struct tok_error *err)
{
	const struct tok_spec *spec = &d->tokenizer->spec;
	tok_decode_begin(d);
	const enum tok_status status = d->way == TOK_DECODE_BY_LIST
					   ? tok_decode_whole(d, ids, count, skip_special, err)
					   : tok_decode_pieces(d, ids, count, skip_special, err);
	if (status != TOK_OK)
		return status;
	*out = tok_buffer_span(&d->text);
	for (size_t i = d->joined; i < spec->decoder_count; i++)
		*out = tok_decode_strip(*out, &spec->decoders[i]);
	return TOK_OK;
}
