#include "hypernet/net/surface.h"

#include <stdlib.h>

#include "tok/text/utf8.h"

/* What is being made, and what for. */
struct maker {
	const struct tok_tokenizer *tokenizer;
	const struct hyper_config *config;
	struct tok_model_scratch *scratch;
	bool raises; /* its model reads bytes as characters of the byte-level alphabet */
	struct tok_buffer raised;
	struct tok_tokens pieces;
	struct hyper_surfaces out;
};

/* ---- one token ------------------------------------------------------------------ */

/* BPE behind a ByteLevel step is compiled to read bytes as they are; other models are not. */
static bool reads_alphabet(const struct tok_tokenizer *tokenizer)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	bool found = false;
	for (size_t i = 0; i < spec->normalizer_count; i++)
		found = found || spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		found = found || spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL;
	return found && !tok_tokenizer_takes_bytes(tokenizer);
}

/* The token as the model reads it; .bytes NULL if memory is out. */
static struct tok_span raise(struct maker *m, struct tok_span token)
{
	tok_buffer_clear(&m->raised);
	if (!tok_buffer_reserve(&m->raised, 2 * token.count + 1)) /* no byte takes more */
		return (struct tok_span){ NULL, 0 };
	for (size_t i = 0; i < token.count; i++)
		m->raised.count += tok_utf8_put(tok_byte_to_char(token.bytes[i]),
						m->raised.bytes + m->raised.count);
	return tok_buffer_span(&m->raised);
}

/* Its pieces, all of them. */
static enum tok_status spell(struct maker *m, struct tok_span token, struct tok_error *err)
{
	const tok_id id = tok_tokenizer_find(m->tokenizer, token);
	m->pieces.count = 0;
	if (id != TOK_NO_ID && tok_tokenizer_is_special(m->tokenizer, id))
		return tok_tokens_add(&m->pieces, id, (struct tok_range){ 0 })
			   ? TOK_OK
			   : tok_fail_memory(err);
	if (token.count >= UINT32_MAX / 2)
		return tok_fail(err, TOK_ELIMIT, "it is longer than 2 GiB");
	if (m->raises)
		token = raise(m, token);
	if (m->raises && !token.bytes)
		return tok_fail_memory(err);
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
	struct maker m = { .tokenizer = tokenizer,
			   .config = config,
			   .raises = reads_alphabet(tokenizer) };
	const size_t ids = config->vocabulary + config->extra;
	if (tok_tokenizer_size(tokenizer) > ids)
		return tok_fail(err, TOK_EFORMAT,
				"the tokenizer has ids to %zu, the network only to %zu",
				tok_tokenizer_size(tokenizer) - 1, ids - 1);
	const enum tok_status status = make_all(&m, tokens, count, err);
	tok_model_scratch_free(m.scratch);
	tok_tokens_release(&m.pieces);
	tok_buffer_release(&m.raised);
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
