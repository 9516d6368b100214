#include "hypernet/net/surface.h"

#include <stdlib.h>

/* What is being made, and what for. */
struct maker {
	const struct tok_tokenizer *tokenizer;
	const struct hyper_config *config;
	struct tok_model_scratch *scratch;
	struct tok_tokens pieces;
	struct hyper_surfaces out;
};

/* ---- one token ------------------------------------------------------------------ */

/* Its pieces, all of them. */
static enum tok_status spell(struct maker *m, struct tok_span token, struct tok_error *err)
{
	const tok_id id = tok_tokenizer_find(m->tokenizer, token);
	m->pieces.count = 0;
	if (id != TOK_NO_ID && tok_tokenizer_is_special(m->tokenizer, id))
		return tok_tokens_add(&m->pieces, id, (struct tok_range){ 0 })
			   ? TOK_OK
			   : tok_fail_memory(err);
	if (token.count >= UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "a token of 4 GiB");
	const struct tok_range all = { 0, (uint32_t)token.count };
	const enum tok_status status = tok_model_encode(tok_tokenizer_model(m->tokenizer),
							m->scratch, token, all, &m->pieces, err);
	return status == TOK_ETEXT ? TOK_OK : status; /* no piece, then */
}

static void put(struct maker *m, size_t token)
{
	const size_t length = m->out.length, count = m->pieces.count;
	const size_t kept = count < length ? count : length;
	tok_id *row = m->out.ids + token * length;
	bool falls_back = false;
	for (size_t i = 0; i < length; i++) {
		row[i] = i < kept ? m->pieces.ids[i] : m->config->pad;
		falls_back = falls_back || (i < kept && row[i] >= m->config->vocabulary);
	}
	m->out.counts[token] = (uint8_t)kept;
	m->out.truncated += count > length;
	m->out.fallback += falls_back;
	m->out.unknown += count == 0;
}

/* ---- all of them ---------------------------------------------------------------- */

static enum tok_status make_all(struct maker *m, const struct tok_span *tokens, size_t count,
				struct tok_error *err)
{
	const size_t length = m->config->surface;
	if (count > SIZE_MAX / (length * sizeof(tok_id)))
		return tok_fail_memory(err);
	m->out.count = count;
	m->out.length = length;
	m->out.ids = malloc(count ? count * length * sizeof *m->out.ids : 1);
	m->out.counts = malloc(count ? count : 1);
	m->scratch = tok_model_scratch_new();
	if (!m->out.ids || !m->out.counts || !m->scratch)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		const enum tok_status status = spell(m, tokens[i], err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "token %zu", i);
		put(m, i);
	}
	return TOK_OK;
}

enum tok_status hyper_surfaces_make(const struct tok_tokenizer *tokenizer,
				    const struct hyper_config *config,
				    const struct tok_span *tokens, size_t count,
				    struct hyper_surfaces *out, struct tok_error *err)
{
	struct maker m = { .tokenizer = tokenizer, .config = config };
	const size_t ids = config->vocabulary + config->extra;
	if (tok_tokenizer_size(tokenizer) > ids)
		return tok_fail(err, TOK_EFORMAT,
				"the tokenizer has ids to %zu, the network only to %zu",
				tok_tokenizer_size(tokenizer) - 1, ids - 1);
	const enum tok_status status = make_all(&m, tokens, count, err);
	tok_model_scratch_free(m.scratch);
	tok_tokens_release(&m.pieces);
	if (status == TOK_OK)
		*out = m.out;
	else
		hyper_surfaces_release(&m.out);
	return status;
}

void hyper_surfaces_release(struct hyper_surfaces *surfaces)
{
	free(surfaces->ids);
	free(surfaces->counts);
	*surfaces = (struct hyper_surfaces){ 0 };
}
