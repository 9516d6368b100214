/*
 * cut.c - where a long text may be cut without changing any id.
 *
 * Between an ASCII letter or digit and a space that an ASCII letter follows,
 * every recognised splitter ends a piece and starts the next one without a look
 * at what came before (tok_pretokenizer_breaks_words).  That carries over to
 * the whole tokenizer if normalisation works character by character there, and
 * if no added token can lie across the place or look across it.
 */
#include "tok/pipe/tokenizer_internal.h"

static bool is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_letter_or_digit(uint8_t byte)
{
	return is_letter(byte) || (byte >= '0' && byte <= '9');
}

/* Do both sides of such a place normalise as they do together? */
static bool is_local(const struct tok_norm_step *step)
{
	switch (step->kind) {
	case TOK_NORM_NFC:
	case TOK_NORM_NFD:
	case TOK_NORM_NFKC:
	case TOK_NORM_NFKD:
	case TOK_NORM_NMT:
	case TOK_NORM_LOWERCASE:
	case TOK_NORM_STRIP_ACCENTS:
	case TOK_NORM_BERT:
		return true;
	case TOK_NORM_STRIP:   /* takes the space away at the new beginning */
	case TOK_NORM_PREPEND: /* puts something at every beginning */
	case TOK_NORM_REPLACE:
	case TOK_NORM_PRECOMPILED:
	case TOK_NORM_BYTE_LEVEL:
	case TOK_NORM_SENTENCEPIECE:
		return false;
	}
	return false;
}

/* The model alone, on single bytes that never join. */
static bool is_bytes_only(const struct tok_tokenizer *t)
{
	const struct tok_model_spec *model = &t->spec.model;
	if (!t->spec.raw_vocabulary || t->spec.normalizer_count || t->spec.pretokenizer_count ||
	    t->added.count || t->added_normalized.count)
		return false;
	for (size_t i = 0; i < model->entry_count; i++)
		if (model->entries[i].text.count > 1)
			return false;
	return true;
}

enum tok_cut tok_cut_rule(const struct tok_tokenizer *t)
{
	if (is_bytes_only(t))
		return TOK_CUT_ANYWHERE;
	if (!tok_pretokenizer_breaks_words(t->pretokenizer))
		return TOK_CUT_NOWHERE;
	for (size_t i = 0; i < t->spec.normalizer_count; i++)
		if (!is_local(&t->spec.normalizers[i]))
			return TOK_CUT_NOWHERE;
	return TOK_CUT_AT_WORDS;
}

size_t tok_tokenizer_cut(const struct tok_tokenizer *t, struct tok_span text, bool match_special)
{
	switch (t->cut) {
	case TOK_CUT_NOWHERE:
		return 0;
	case TOK_CUT_ANYWHERE:
		return text.count;
	case TOK_CUT_AT_WORDS:
		break;
	}
	if (tok_added_spans_words(&t->added, !match_special) ||
	    tok_added_spans_words(&t->added_normalized, !match_special))
		return 0;
	for (size_t at = text.count; at-- > 2;)
		if (is_letter(text.bytes[at]) && text.bytes[at - 1] == ' ' &&
		    is_letter_or_digit(text.bytes[at - 2]))
			return at - 1;
	return 0;
}
