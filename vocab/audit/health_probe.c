/* health_probe.c - which texts have a token. */
#include "vocab/audit/health_internal.h"

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/convert/growth.h"

/* Nothing comes first, so that only one side is tried before both are.  "«" joins with little
 * (magikarp); what English contracts is joined to a word by the patterns of most vocabularies. */
static const char *const befores[] = { "", "\xC2\xAB", "a", "0", ".", " ", "\n" };
static const char *const afters[] = { "",  "a", "0", ".",  " ",  "\n", "s",
				      "t", "m", "d", "re", "ve", "ll" };
enum { BEFORES = sizeof befores / sizeof *befores, AFTERS = sizeof afters / sizeof *afters };

static const struct tok_encode_options ordinary = { .special_text = TOK_SPECIAL_ORDINARY };

enum tok_status health_prober_init(struct health_prober *p, const struct health_facts *facts,
				   struct tok_error *err)
{
	*p = (struct health_prober){ .facts = facts,
				     .encoder = tok_encoder_new(facts->tokenizer),
				     .decoder = tok_decoder_new(facts->tokenizer),
				     .norm = tok_norm_scratch_new() };
	if (p->encoder && p->decoder && p->norm)
		return TOK_OK;
	health_prober_release(p);
	return tok_fail_memory(err);
}

void health_prober_release(struct health_prober *p)
{
	tok_encoder_free(p->encoder);
	tok_decoder_free(p->decoder);
	tok_norm_scratch_free(p->norm);
	tok_text_release(&p->normal);
	tok_buffer_release(&p->whole);
	tok_buffer_release(&p->text);
	*p = (struct health_prober){ 0 };
}

/* ---- one text ------------------------------------------------------------------------- */

/* Its ids; none where it cannot be encoded, which only p->failed tells. */
static enum tok_status encode(struct health_prober *p, struct tok_span text,
			      const struct tok_encode_options *options, struct tok_encoding *out,
			      struct tok_error *err)
{
	*out = (struct tok_encoding){ 0 };
	const enum tok_status status = tok_encode(p->encoder, text, options, out, err);
	p->failed = status != TOK_OK;
	if (status == TOK_ENOMEM)
		return status;
	if (p->failed)
		*out = (struct tok_encoding){ 0 };
	return TOK_OK;
}

static enum tok_status encodes_to(struct health_prober *p, tok_id id, bool special, bool *is,
				  struct tok_error *err)
{
	const struct tok_encode_options options = {
		.special_text = special ? TOK_SPECIAL_MATCH : TOK_SPECIAL_ORDINARY,
	};
	struct tok_encoding e;
	const enum tok_status status = encode(p, tok_buffer_span(&p->whole), &options, &e, err);
	*is = e.count == 1 && e.ids[0] == id;
	return status;
}

enum tok_status health_try(struct health_prober *p, tok_id id, bool *has, struct tok_error *err)
{
	struct tok_encoding e;
	const enum tok_status status = encode(p, tok_buffer_span(&p->text), &ordinary, &e, err);
	*has = false;
	for (size_t i = 0; i < e.count; i++)
		*has |= e.ids[i] == id;
	return status;
}

static bool put(struct tok_buffer *out, struct tok_span a, struct tok_span b, struct tok_span c)
{
	tok_buffer_clear(out);
	return tok_buffer_add(out, a.bytes, a.count) && tok_buffer_add(out, b.bytes, b.count) &&
	       tok_buffer_add(out, c.bytes, c.count);
}

static enum tok_status try_between(struct health_prober *p, tok_id id, struct tok_span before,
				   struct tok_span text, struct tok_span after, bool *has,
				   struct tok_error *err)
{
	return put(&p->text, before, text, after) ? health_try(p, id, has, err)
						  : tok_fail_memory(err);
}

/* ---- contexts --------------------------------------------------------------------------- */

static bool is_run(struct tok_span text)
{
	const struct tok_char first = tok_utf8_at(text, 0);
	for (size_t at = first.length; at < text.count; at += first.length)
		if (tok_utf8_at(text, at).code != first.code)
			return false;
	return true;
}

/* Text in contexts until one has the token. */
static enum tok_status try_contexts(struct health_prober *p, tok_id id, struct tok_span text,
				    bool *has, struct tok_error *err)
{
	static const struct tok_span nothing = { (const uint8_t *)"", 0 };
	const struct tok_span rare = { p->facts->rare, p->facts->rare_count };
	enum tok_status status = TOK_OK;
	*has = false;
	if (text.count == 0 || text.count > VOCAB_HEALTH_PROBE_MAX)
		return TOK_OK;
	if (rare.count)
		status = try_between(p, id, rare, text, nothing, has, err);
	for (size_t after = 0; after < AFTERS; after++)
		for (size_t before = 0; status == TOK_OK && !*has && before < BEFORES; before++)
			status = try_between(p, id, tok_span_of(befores[before]), text,
					     tok_span_of(afters[after]), has, err);
	if (status == TOK_OK && !*has && is_run(text))
		status = try_between(p, id, text, text, nothing, has, err);
	return status;
}

/* ---- the categories --------------------------------------------------------------------- */

static bool looks_special(struct tok_span text)
{
	return text.count > 2 && ((text.bytes[0] == '<' && text.bytes[text.count - 1] == '>') ||
				  (text.bytes[0] == '[' && text.bytes[text.count - 1] == ']'));
}

/* Is it spelled as what cannot stand by itself? */
static bool goes_on(const struct health_facts *f, tok_id id, struct tok_span whole)
{
	const struct vocab_spelling *s = &f->spelling;
	const struct tok_span bytes = f->tokens->bytes[id];
	struct tok_vocab_entry entry;
	if (!tok_tokenizer_entry(f->tokenizer, id, &entry))
		return false;
	if (whole.count == 0 || (f->front && bytes.count && bytes.bytes[0] != ' '))
		return true;
	if (health_is_continuing(f, id))
		return true;
	return s->suffix.count &&
	       (entry.text.count < s->suffix.count ||
		!tok_span_equal(tok_span_slice(entry.text, entry.text.count - s->suffix.count,
					       entry.text.count),
				s->suffix));
}

static bool is_declared_dead(const struct health_facts *f, tok_id id)
{
	struct tok_vocab_entry entry;
	return id == f->spec->model.unk ||
	       (tok_tokenizer_entry(f->tokenizer, id, &entry) &&
		(entry.type == TOK_PIECE_CONTROL || entry.type == TOK_PIECE_UNKNOWN ||
		 entry.type == TOK_PIECE_UNUSED));
}

static enum tok_status probe_special(struct health_prober *p, tok_id id,
				     enum vocab_health_category *category, struct tok_error *err)
{
	bool is = false;
	const enum tok_status status = encodes_to(p, id, true, &is, err);
	*category = is                               ? VOCAB_HEALTH_OK_SPECIAL
		    : is_declared_dead(p->facts, id) ? VOCAB_HEALTH_CONTROL
						     : VOCAB_HEALTH_SPECIAL_DEAD;
	return status;
}

static enum tok_status probe_partial(struct health_prober *p, tok_id id,
				     enum vocab_health_category *category, bool *witnessed,
				     struct tok_error *err)
{
	const enum tok_status status =
	    health_complete(p, id, p->facts->tokens->bytes[id], witnessed, err);
	*category = *witnessed ? VOCAB_HEALTH_PARTIAL : VOCAB_HEALTH_PARTIAL_DEAD;
	return status;
}

/* One that does not come back from its own text, and is UTF-8. */
static enum tok_status probe_more(struct health_prober *p, tok_id id,
				  enum vocab_health_category *category, bool *witnessed,
				  struct tok_error *err)
{
	const struct tok_span whole = tok_buffer_span(&p->whole),
			      bytes = p->facts->tokens->bytes[id];
	const bool inside = goes_on(p->facts, id, whole), failed = p->failed;
	/* Some decoders drop blanks inside a first token (Metaspace): its spelling has them. */
	const struct tok_span spelled = health_spelled(p->facts, id);
	struct tok_span text = inside ? bytes : whole;
	enum tok_status status = try_contexts(p, id, text, witnessed, err);
	if (status == TOK_OK && !*witnessed && !inside && !tok_span_equal(spelled, whole)) {
		text = spelled;
		status = try_contexts(p, id, text, witnessed, err);
	}
	if (status != TOK_OK)
		return status;
	if (*witnessed)
		*category = inside ? VOCAB_HEALTH_INSIDE : VOCAB_HEALTH_CONTEXT_ONLY;
	else if (is_declared_dead(p->facts, id))
		*category = VOCAB_HEALTH_CONTROL;
	else if (p->facts->tokens->kinds[id] == VOCAB_TOKEN_BYTE)
		*category = VOCAB_HEALTH_BYTE_SPARE;
	else if (looks_special(tok_tokenizer_token(p->facts->tokenizer, id)))
		*category = VOCAB_HEALTH_SPECIAL_DEAD;
	else if (failed)
		*category = VOCAB_HEALTH_FAILED;
	else
		status = health_find_reason(p, id, text, category, err);
	return status;
}

struct tok_span health_spelled(const struct health_facts *f, tok_id id)
{
	const struct tok_span text = f->tokens->bytes[id];
	const bool has_blank = f->front && text.count && text.bytes[0] == ' ';
	return has_blank ? tok_span_slice(text, 1, text.count) : text;
}

/* p->whole: what the token reads as when it is all there is; empty where that is refused.  Without
 * a decoder tokens read as the file writes them, which is no text. */
static enum tok_status decode_alone(struct health_prober *p, tok_id id, struct tok_error *err)
{
	struct tok_span text = { NULL, 0 };
	if (!p->facts->spec->has_decoder)
		text = health_spelled(p->facts, id);
	else if (tok_decode(p->decoder, &id, 1, false, &text, err) == TOK_ENOMEM)
		return TOK_ENOMEM;
	tok_buffer_clear(&p->whole);
	return tok_buffer_add(&p->whole, text.bytes, text.count) ? TOK_OK : tok_fail_memory(err);
}

enum tok_status health_probe(struct health_prober *p, tok_id id,
			     enum vocab_health_category *category, bool *witnessed,
			     struct tok_error *err)
{
	bool is = false;
	*witnessed = false;
	enum tok_status status = decode_alone(p, id, err);
	if (status != TOK_OK)
		return status;
	if (p->facts->tokens->kinds[id] == VOCAB_TOKEN_SPECIAL)
		return probe_special(p, id, category, err);
	if (!tok_utf8_valid(p->facts->tokens->bytes[id]))
		return probe_partial(p, id, category, witnessed, err);
	status = encodes_to(p, id, false, &is, err);
	*category = VOCAB_HEALTH_OK;
	return status != TOK_OK || is ? status : probe_more(p, id, category, witnessed, err);
}

/* ---- how words begin --------------------------------------------------------------------- */

static bool take_first(void *context, struct tok_span text, const struct tok_range *words,
		       size_t count)
{
	uint32_t *first = context;
	if (count && *first == 0)
		*first = tok_utf8_at(text, words[0].begin).code;
	return true;
}

/* One bit a code point: a token that begins a word with it is longer. */
static void mark_longer(const struct health_facts *f, uint8_t *longer)
{
	struct tok_vocab_entry entry;
	for (tok_id id = 0; id < f->tokens->count; id++) {
		if (!tok_tokenizer_entry(f->tokenizer, id, &entry) || entry.text.count == 0)
			continue;
		const struct tok_char c = tok_utf8_at(entry.text, 0);
		if (entry.text.count > c.length)
			longer[c.code >> 3] |= (uint8_t)(1u << (c.code & 7));
	}
}

/* A letter that the tokenizer leaves as it is, of which no longer token is made. */
static enum tok_status find_rare(struct health_facts *f, struct health_prober *p,
				 const uint8_t *longer, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	struct tok_vocab_entry entry;
	for (tok_id id = 0; status == TOK_OK && !f->rare_count && id < f->tokens->count; id++) {
		if (!tok_tokenizer_entry(f->tokenizer, id, &entry) || entry.text.count == 0 ||
		    entry.text.count > sizeof f->rare)
			continue;
		const struct tok_char c = tok_utf8_at(entry.text, 0);
		if (c.length != entry.text.count || longer[c.code >> 3] >> (c.code & 7) & 1 ||
		    !tok_unicode_in(c.code, TOK_LETTERS & ~TOK_CATEGORY_BIT(TOK_LO)))
			continue;
		bool is;
		tok_buffer_clear(&p->whole);
		if (!tok_buffer_add(&p->whole, entry.text.bytes, entry.text.count))
			return tok_fail_memory(err);
		status = encodes_to(p, id, false, &is, err);
		if (is) {
			memcpy(f->rare, entry.text.bytes, entry.text.count);
			f->rare_count = entry.text.count;
		}
	}
	return status;
}

enum tok_status health_find_front(struct health_facts *facts, struct tok_error *err)
{
	struct tok_arena room = { 0 };
	struct health_prober p;
	uint32_t first = 0;
	enum tok_status status = health_prober_init(&p, facts, err);
	if (status != TOK_OK)
		return status;
	status = tok_encode_words(p.encoder, tok_span_of("a"), &ordinary, take_first, &first, err);
	facts->front = first == ' ' || (first != 0 && first == facts->spelling.space);
	if (status != TOK_ENOMEM)
		status = TOK_OK; /* a text that cannot be encoded has no blank in front */
	if (status == TOK_OK && facts->spelling.starts) {
		uint8_t *longer = tok_arena_array(&room, (TOK_BAD_BYTE + 256) / 8, 1);
		if (longer)
			mark_longer(facts, longer);
		status = longer ? find_rare(facts, &p, longer, err) : tok_fail_memory(err);
	}
	tok_arena_release(&room);
	health_prober_release(&p);
	return status;
}

/* ---- bytes ------------------------------------------------------------------------------- */

static enum tok_status comes_back(struct health_prober *p, struct tok_span text, bool *out,
				  struct tok_error *err)
{
	struct tok_encoding e;
	struct tok_span back;
	*out = false;
	if (!vocab_encodes_small(p->facts->spec, text))
		return TOK_OK;
	enum tok_status status = encode(p, text, &ordinary, &e, err);
	if (status != TOK_OK || p->failed ||
	    !vocab_decodes_small(p->facts->tokenizer, e.ids, e.count))
		return status;
	status = tok_decode(p->decoder, e.ids, e.count, false, &back, err);
	*out = status == TOK_OK && tok_span_equal(back, text);
	return status == TOK_ENOMEM ? status : TOK_OK;
}

enum tok_status health_probe_bytes(struct health_prober *p, bool returns[256],
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (unsigned i = 0; status == TOK_OK && i < 256; i++) {
		const uint8_t text[3] = { 'a', (uint8_t)i, 'a' };
		const struct tok_span byte = { text + 1, 1 };
		status = comes_back(p, byte, &returns[i], err);
		if (status == TOK_OK && !returns[i])
			status = comes_back(p, (struct tok_span){ text, 3 }, &returns[i], err);
		if (status != TOK_OK || returns[i] || !health_is_in_utf8((uint8_t)i))
			continue;
		status = health_complete_first(byte, &p->whole)
			     ? comes_back(p, tok_buffer_span(&p->whole), &returns[i], err)
			     : tok_fail_memory(err);
	}
	return status;
}
