/*
 * text_spell.c - how many tokens words have, each by itself, many at a time.
 *
 * A call for each word would wait for memory at every merge.  Where text reaches the model as bytes
 * and every token adds the bytes that it is, the pieces of many words are laid one behind the
 * other and given to the model as one run, which works on several at once; lengths then say which
 * tokens are whose.  It is the encoder's own model that is asked: most pieces came in the lines,
 * and it remembers what they were.  All else is encoded word by word.
 */
#include <stdlib.h>

#include "vocab/audit/text_internal.h"

enum { RUN_WORDS = 512 };

struct vocab_audit_speller {
	const uint32_t *lengths;     /* of tokens; borrowed */
	bool fronted;                /* the tokenizer puts a blank in front of a text */
	struct tok_encoder *encoder; /* borrowed */
	bool many;
	struct tok_buffer pieces; /* their bytes */
	uint32_t *ends;           /* in `pieces` */
	size_t end_count, end_capacity;
	size_t words[RUN_WORDS]; /* where the pieces of each end */
	struct tok_tokens tokens;
};

/* Are tokens of words those of their pieces, and is each the bytes that it adds? */
static bool takes_many(const struct tok_tokenizer *tokenizer)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	for (size_t i = 0; i < spec->added_count; i++)
		if (!spec->added[i].special)
			return false;
	return tok_tokenizer_takes_bytes(tokenizer);
}

enum tok_status vocab_audit_speller_new(const struct tok_tokenizer *tokenizer,
					const uint32_t *lengths, bool fronted,
					struct tok_encoder *encoder,
					struct vocab_audit_speller **out, struct tok_error *err)
{
	struct vocab_audit_speller *s = calloc(1, sizeof *s);
	if (!s)
		return tok_fail_memory(err);
	s->lengths = lengths;
	s->fronted = fronted;
	s->encoder = encoder;
	s->many = takes_many(tokenizer);
	*out = s;
	return TOK_OK;
}

void vocab_audit_speller_free(struct vocab_audit_speller *speller)
{
	if (!speller)
		return;
	tok_buffer_release(&speller->pieces);
	tok_tokens_release(&speller->tokens);
	free(speller->ends);
	free(speller);
}

static const struct tok_encode_options ordinary = { .special_text = TOK_SPECIAL_ORDINARY };

/* The blank in front is a token of its own, where the word has others. */
static bool stands_apart(const struct vocab_audit_speller *s, const tok_id *ids, size_t count)
{
	return s->fronted && count > 1 && s->lengths[ids[0]] == 1;
}

static enum tok_status spell_each(struct vocab_audit_speller *s, const struct tok_span *words,
				  size_t count, struct vocab_audit_spelling *out,
				  struct tok_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct tok_encoding encoded;
		const enum tok_status status =
		    tok_encode(s->encoder, words[i], &ordinary, &encoded, err);
		if (status != TOK_OK)
			return status;
		out[i] =
		    (struct vocab_audit_spelling){ encoded.count,
						   stands_apart(s, encoded.ids, encoded.count) };
	}
	return TOK_OK;
}

static bool keep_pieces(void *context, struct tok_span text, const struct tok_range *pieces,
			size_t count)
{
	struct vocab_audit_speller *s = context;
	if (!tok_grow(&s->ends, &s->end_capacity, s->end_count + count, sizeof *s->ends))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!tok_buffer_add(&s->pieces, text.bytes + pieces[i].begin,
				    pieces[i].end - pieces[i].begin))
			return false;
		s->ends[s->end_count++] = (uint32_t)s->pieces.count;
	}
	return true;
}

static enum tok_status lay_out(struct vocab_audit_speller *s, const struct tok_span *words,
			       size_t count, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	tok_buffer_clear(&s->pieces);
	s->end_count = 0;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		status = tok_encode_words(s->encoder, words[i], &ordinary, keep_pieces, s, err);
		s->words[i] = s->pieces.count;
	}
	return status;
}

/* False: tokens do not end where words do. */
static bool share_out(const struct vocab_audit_speller *s, size_t count,
		      struct vocab_audit_spelling *out)
{
	size_t at = 0, token = 0;
	for (size_t i = 0; i < count; i++) {
		const size_t first = token;
		while (at < s->words[i] && token < s->tokens.count)
			at += s->lengths[s->tokens.ids[token++]];
		if (at != s->words[i])
			return false;
		out[i] = (struct vocab_audit_spelling){
			token - first, stands_apart(s, s->tokens.ids + first, token - first)
		};
	}
	return token == s->tokens.count;
}

static enum tok_status spell_run(struct vocab_audit_speller *s, const struct tok_span *words,
				 size_t count, struct vocab_audit_spelling *out,
				 struct tok_error *err)
{
	enum tok_status status = lay_out(s, words, count, err);
	s->tokens.count = 0;
	if (status == TOK_OK && s->end_count)
		status = tok_encoder_run(s->encoder, tok_buffer_span(&s->pieces), s->ends,
					 s->end_count, &s->tokens, err);
	if (status != TOK_OK || share_out(s, count, out))
		return status;
	return spell_each(s, words, count, out, err);
}

/* Runs stay small beside what an encoder may be given at once. */
static size_t run_of(const struct tok_span *words, size_t count)
{
	size_t bytes = 0, i = 0;
	while (i < count && i < RUN_WORDS && (i == 0 || bytes + words[i].count < (1 << 16)))
		bytes += words[i++].count;
	return i;
}

enum tok_status vocab_audit_spell(struct vocab_audit_speller *speller, const struct tok_span *words,
				  size_t count, struct vocab_audit_spelling *out,
				  struct tok_error *err)
{
	if (!speller->many)
		return spell_each(speller, words, count, out, err);
	for (size_t at = 0; at < count;) {
		const size_t run = run_of(words + at, count - at);
		const enum tok_status status = spell_run(speller, words + at, run, out + at, err);
		if (status != TOK_OK)
			return status;
		at += run;
	}
	return TOK_OK;
}
