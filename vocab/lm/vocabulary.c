#include "vocab/lm/vocabulary_internal.h"

#include <stdio.h>

enum tok_status lm_vocabulary_init(struct lm_vocabulary *out, const struct tok_tokenizer *tokenizer,
				   const struct tok_lm_info *info, struct tok_error *err)
{
	struct lm_vocabulary v = { .tokenizer = tokenizer };
	if (tokenizer) {
		const enum tok_status status = tok_byte_tokens_new(tokenizer, info, &v.tokens, err);
		/* Whoever asks for bytes of this tokenizer is told why there are none. */
		if (status != TOK_OK && status != TOK_EARG)
			return status;
	}
	*out = v;
	return TOK_OK;
}

void lm_vocabulary_release(struct lm_vocabulary *v)
{
	tok_byte_tokens_free(v->tokens);
	v->tokens = NULL;
}

static bool agrees(const struct lm_vocabulary *v, tok_id id, struct tok_span text)
{
	switch (tok_byte_tokens_kind(v->tokens, id)) {
	case TOK_BYTE_TEXT:
		return tok_span_equal(text, tok_byte_tokens_text(v->tokens, id));
	case TOK_BYTE_END:
		return true;
	case TOK_BYTE_NONTEXT:
		return text.count == 0 ||
		       (id < tok_tokenizer_size(v->tokenizer) &&
			tok_span_equal(text, tok_tokenizer_token(v->tokenizer, id)));
	}
	return false;
}

enum { LETTERS_MOST = 24, BYTES_MOST = 12 };

static bool is_letters(struct tok_span text)
{
	for (size_t i = 0; i < text.count; i++)
		if (text.bytes[i] < ' ' || text.bytes[i] >= 0x7F)
			return false;
	return true;
}

static struct lm_shown show(struct tok_span text)
{
	struct lm_shown shown = { "nothing" };
	const bool letters = is_letters(text);
	const size_t most = letters ? LETTERS_MOST : BYTES_MOST;
	const int count = (int)(text.count < most ? text.count : most);
	const char *more = text.count > most ? "..." : "";
	char digits[2 * BYTES_MOST + 1];
	for (int i = 0; !letters && i < count; i++)
		snprintf(digits + 2 * i, 3, "%02x", text.bytes[i]);
	if (count > 0 && letters)
		snprintf(shown.text, sizeof shown.text, "'%.*s'%s", count, (const char *)text.bytes,
			 more);
	else if (count > 0)
		snprintf(shown.text, sizeof shown.text, "0x%s%s", digits, more);
	return shown;
}

void lm_vocabulary_compare(struct lm_vocabulary *v, tok_id id, struct tok_span text)
{
	v->compared++;
	if (agrees(v, id, text))
		return;
	if (v->differ < LM_DIFFERENCES_SHOWN) {
		v->first[v->differ].id = id;
		v->first[v->differ].there = show(text);
		v->first[v->differ].here = show(tok_byte_tokens_text(v->tokens, id));
	}
	v->differ++;
}

enum tok_status lm_vocabulary_verdict(const struct lm_vocabulary *v, struct tok_error *err)
{
	if (v->differ == 0)
		return TOK_OK;
	char list[LM_DIFFERENCES_SHOWN * (2 * sizeof v->first[0].here.text + 32)];
	size_t used = 0;
	for (size_t i = 0; i < v->differ && i < LM_DIFFERENCES_SHOWN; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%u adds %s, here %s",
					 i > 0 ? "; " : "", v->first[i].id, v->first[i].there.text,
					 v->first[i].here.text);
	return tok_fail(err, TOK_EARG,
			"its tokens are not those of the tokenizer; %zu of %zu ids differ: %s",
			v->differ, v->compared, list);
}
