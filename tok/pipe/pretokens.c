#include "tok/pipe/pretokens.h"

#include <stdlib.h>

#include "tok/pipe/encoder.h"
#include "tok/pipe/tokenizer_internal.h"

struct tok_pretokens {
	const struct tok_tokenizer *tokenizer;
	struct tok_pretok_scratch *scratch;
	struct tok_text text;
	struct tok_pieces pieces;
};

struct tok_pretokens *tok_pretokens_new(const struct tok_tokenizer *tokenizer)
{
	struct tok_pretokens *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->tokenizer = tokenizer;
	p->scratch = tok_pretok_scratch_new();
	if (!p->scratch) {
		free(p);
		return NULL;
	}
	return p;
}

void tok_pretokens_free(struct tok_pretokens *p)
{
	if (!p)
		return;
	tok_pretok_scratch_free(p->scratch);
	tok_text_release(&p->text);
	tok_pieces_release(&p->pieces);
	free(p);
}

/* Pieces that tile the text: nothing is copied. */
static size_t count_ends(const struct tok_tokenizer *t, struct tok_span text)
{
	uint32_t ends[TOK_ENDS_LEAST];
	size_t count = 0;
	for (size_t from = 0; from < text.count;) {
		const size_t more = tok_pretokenizer_ends(t->pretokenizer, t->kernel, text, from,
							  ends, TOK_ENDS_LEAST);
		count += more;
		from = ends[more - 1];
	}
	return count;
}

enum tok_status tok_pretokens_count(struct tok_pretokens *p, struct tok_span text, size_t *out,
				    struct tok_error *err)
{
	const struct tok_tokenizer *t = p->tokenizer;
	if (text.count > TOK_DOCUMENT_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"a text of %zu bytes is too long: at most %zu are taken",
				text.count, TOK_DOCUMENT_MAX);
	if (t->tiles) {
		*out = count_ends(t, text);
		return TOK_OK;
	}
	/* Where it stands is not byte 0, lest something be put in front. */
	p->text.tracked = t->needs_origin;
	p->text.continues = true;
	if (!tok_text_set(&p->text, text, 1))
		return tok_fail_memory(err);
	const enum tok_status status = tok_pretokenize(t->pretokenizer, t->kernel, p->scratch,
						       &p->text, false, &p->pieces, err);
	if (status == TOK_OK)
		*out = p->pieces.count;
	return status;
}

uint32_t tok_pretokens_space(const struct tok_tokenizer *t)
{
	uint32_t space = tok_normalizer_cut(t->normalizer).space;
	for (size_t i = 0; i < t->spec.pretokenizer_count; i++)
		if (t->spec.pretokenizers[i].kind == TOK_PRETOK_METASPACE && space == ' ')
			space = t->spec.pretokenizers[i].as.metaspace.replacement;
	return space;
}
