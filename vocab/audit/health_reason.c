/*
 * health_reason.c - why no text has a token: what becomes of its own on the way to the model.
 *
 * What the model would need is looked for in the words that it is asked for, else in the text as
 * the normaliser leaves it.
 */
#include "vocab/audit/health_internal.h"

static const struct tok_encode_options ordinary = { .special_text = TOK_SPECIAL_ORDINARY };

struct sought {
	struct tok_span needle;
	size_t from; /* bytes of a word that must stand in front of it */
	bool in_word;
};

static bool contains(struct tok_span text, struct tok_span needle)
{
	for (size_t at = 0; needle.count && at + needle.count <= text.count; at++) {
		const uint8_t *next =
		    memchr(text.bytes + at, needle.bytes[0], text.count - needle.count - at + 1);
		if (!next)
			return false;
		at = (size_t)(next - text.bytes);
		if (memcmp(next, needle.bytes, needle.count) == 0)
			return true;
	}
	return false;
}

static bool look(void *context, struct tok_span text, const struct tok_range *words, size_t count)
{
	struct sought *s = context;
	for (size_t i = 0; i < count; i++)
		if (words[i].end - words[i].begin >= s->from)
			s->in_word |=
			    contains(tok_span_slice(text, words[i].begin + s->from, words[i].end),
				     s->needle);
	return true;
}

bool health_is_continuing(const struct health_facts *f, tok_id id)
{
	const struct tok_span prefix = f->spelling.prefix;
	struct tok_vocab_entry entry;
	return prefix.count && tok_tokenizer_entry(f->tokenizer, id, &entry) &&
	       entry.text.count > prefix.count && tok_span_starts(entry.text, prefix);
}

/* What the model would have to be given so that it could make the token. */
static struct tok_span needle_of(const struct health_facts *f, tok_id id)
{
	struct tok_vocab_entry entry;
	struct tok_span text = f->tokens->bytes[id];
	if (!tok_tokenizer_takes_bytes(f->tokenizer) &&
	    tok_tokenizer_entry(f->tokenizer, id, &entry)) {
		text = entry.text;
		if (health_is_continuing(f, id))
			text = tok_span_slice(text, f->spelling.prefix.count, text.count);
	}
	const struct tok_span suffix = f->spelling.suffix;
	if (suffix.count && text.count > suffix.count &&
	    tok_span_equal(tok_span_slice(text, text.count - suffix.count, text.count), suffix))
		text.count -= suffix.count;
	return text;
}

/* Does the normaliser leave what is sought, or what it stands for, in p->text? */
static enum tok_status stays(struct health_prober *p, struct tok_span needle, struct tok_span bytes,
			     bool *out, struct tok_error *err)
{
	if (!tok_text_set(&p->normal, tok_buffer_span(&p->text), 0))
		return tok_fail_memory(err);
	const enum tok_status status =
	    tok_normalize(p->facts->normalizer, p->norm, &p->normal, err);
	const struct tok_span normal = tok_text_span(&p->normal);
	*out = status == TOK_OK && (contains(normal, needle) || contains(normal, bytes));
	return status == TOK_ENOMEM ? status : TOK_OK;
}

enum tok_status health_find_reason(struct health_prober *p, tok_id id, struct tok_span text,
				   enum vocab_health_category *category, struct tok_error *err)
{
	static const struct tok_span a = { (const uint8_t *)"a", 1 }, nothing = { NULL, 0 };
	const struct health_facts *f = p->facts;
	const struct tok_span rare =
				  f->rare_count ? (struct tok_span){ f->rare, f->rare_count } : a,
			      front = health_is_continuing(f, id) ? rare : nothing;
	struct sought s = { .needle = needle_of(f, id), .from = front.count };
	bool there = false;
	tok_buffer_clear(&p->text);
	if (!tok_buffer_add(&p->text, front.bytes, front.count) ||
	    !tok_buffer_add(&p->text, text.bytes, text.count))
		return tok_fail_memory(err);
	enum tok_status status =
	    tok_encode_words(p->encoder, tok_buffer_span(&p->text), &ordinary, look, &s, err);
	if (status != TOK_ENOMEM)
		status = stays(p, s.needle, health_spelled(f, id), &there, err);
	*category = s.in_word ? VOCAB_HEALTH_UNREACHABLE
		    : there   ? VOCAB_HEALTH_SPLIT
			      : VOCAB_HEALTH_NORMALIZED;
	return status;
}
