/* audit_vocab_json.c - what tok audit --vocab found, for programs. */
#include <math.h>

#include "cmd/audit_vocab.h"
#include "cmd/cli_visible.h"
#include "tok/text/json_write.h"

static void put_string(struct cli_put *p, struct tok_span text)
{
	p->lost |= !tok_json_put_string(p->out, text);
}

static void put_number(struct cli_put *p, const char *name, double number)
{
	if (isfinite(number))
		cli_put(p, ",\"%s\":%.9g", name, number);
	else
		cli_put(p, ",\"%s\":null", name);
}

static void put_counts(struct cli_put *p, const char *name, const size_t *counts, size_t n)
{
	cli_put(p, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++)
		cli_put(p, "%s%zu", i ? "," : "", counts[i]);
	cli_put(p, "]");
}

static void put_names(struct cli_put *p, const struct vocab_health *h)
{
	cli_put(p, ",\"categories\":{");
	for (unsigned i = 0; i < VOCAB_HEALTH_CATEGORIES; i++)
		cli_put(p, "%s\"%s\":%zu", i ? "," : "", vocab_health_category_name(i),
			h->categories[i]);
	cli_put(p, "},\"defects\":{");
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++)
		cli_put(p, "%s\"%s\":%zu", i ? "," : "", vocab_health_defect_name(i),
			h->defects[i]);
	cli_put(p, "}");
}

static void put_merges(struct cli_put *p, const struct vocab_health *h)
{
	cli_put(p, ",\"merges\":{\"listed\":%zu,\"dead\":%zu,\"first_dead\":[", h->merge_count,
		h->dead_merge_count);
	for (size_t i = 0; i < h->dead_merge_count && i < AUDIT_VOCAB_PAGE; i++) {
		const struct vocab_health_merge *m = &h->dead_merges[i];
		cli_put(p, "%s[%u,%u,%u,%u]", i ? "," : "", m->rank, m->left, m->right, m->result);
	}
	cli_put(p, "]}");
}

/* Bytes that no UTF-8 has are not told. */
static void put_bytes(struct cli_put *p, const struct vocab_health *h)
{
	const char *between = "";
	cli_put(p, ",\"bytes\":{\"alone\":%zu,\"missing\":[", h->bytes_alone);
	for (unsigned i = 0; i < 0xF5; i++) {
		if (h->byte_returns[i] || i == 0xC0 || i == 0xC1)
			continue;
		cli_put(p, "%s%u", between, i);
		between = ",";
	}
	cli_put(p, "]}");
}

static void put_shape(struct cli_put *p, const struct vocab_health *h)
{
	put_counts(p, "lengths", h->lengths, VOCAB_HEALTH_LENGTHS);
	put_counts(p, "digits", h->digits, VOCAB_HEALTH_DIGITS);
	cli_put(p, ",\"blanks\":%zu,\"longest_blank\":%zu,\"scripts\":{", h->blanks,
		h->longest_blank);
	for (size_t i = 0; i < h->script_count; i++)
		cli_put(p, "%s\"%s\":%zu", i ? "," : "", h->scripts[i].name, h->scripts[i].tokens);
	cli_put(p, "}");
}

/* ,"text":...,"bytes":"hex" */
static void put_token(struct cli_put *p, const struct tok_tokenizer *t, tok_id id)
{
	const struct tok_span text = tok_tokenizer_token(t, id);
	struct tok_buffer bytes = { 0 };
	if (!text.bytes) {
		cli_put(p, ",\"text\":null,\"bytes\":null");
		return;
	}
	cli_put(p, ",\"text\":");
	put_string(p, text);
	cli_put(p, ",\"bytes\":\"");
	p->lost |= !cli_token_bytes(t, id, &bytes);
	for (size_t i = 0; i < bytes.count; i++)
		cli_put(p, "%02x", bytes.bytes[i]);
	cli_put(p, "\"");
	tok_buffer_release(&bytes);
}

static void put_finding(struct cli_put *p, const struct audit_vocab *v,
			const struct vocab_health_finding *f)
{
	const char *between = "";
	cli_put(p, "{\"id\":%u,\"run\":%u", f->id, f->run);
	put_token(p, v->tokenizer, f->id);
	cli_put(p, ",\"category\":\"%s\",\"defects\":[", vocab_health_category_name(f->category));
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++) {
		if (!(f->defects >> i & 1))
			continue;
		cli_put(p, "%s\"%s\"", between, vocab_health_defect_name(i));
		between = ",";
	}
	cli_put(p, "],\"level\":\"%s\",\"witness\":",
		vocab_health_level_name(vocab_health_finding_level(f)));
	if (f->witness.bytes)
		put_string(p, f->witness);
	else
		cli_put(p, "null");
	cli_put(p, "}");
}

static void put_rows(struct cli_put *p, const struct audit_vocab *v)
{
	const struct audit_rows *r = v->rows;
	const struct vocab_suspects *s = &r->found;
	cli_put(p, "{\"file\":");
	put_string(p, tok_span_of(r->path));
	cli_put(p, ",\"tensor\":");
	if (r->tensor)
		put_string(p, tok_span_of(r->tensor));
	else
		cli_put(p, "null");
	cli_put(p, ",\"rows\":%zu,\"width\":%zu,\"tokens\":%zu,\"unused\":%zu", r->count, r->width,
		s->token_count, s->unused_count);
	put_number(p, "part", AUDIT_SUSPECT_PART);
	put_number(p, "norm_median", s->norm_median);
	put_number(p, "norm_threshold", s->norm_threshold);
	put_number(p, "cosine_median", s->cosine_median);
	put_number(p, "cosine_threshold", s->cosine_threshold);
	cli_put(p, ",\"suspects\":[");
	for (size_t i = 0; i < s->suspect_count; i++) {
		const struct vocab_suspect *one = &s->suspects[i];
		cli_put(p, "%s{\"id\":%u", i ? "," : "", one->id);
		put_token(p, v->tokenizer, one->id);
		put_number(p, "norm", one->norm);
		put_number(p, "cosine", one->cosine);
		cli_put(p, ",\"short\":%s,\"alike\":%s}", one->is_short ? "true" : "false",
			one->is_alike ? "true" : "false");
	}
	cli_put(p, "]}");
}

static void put_vocab(struct cli_put *p, const struct audit_vocab *v)
{
	const struct vocab_health *h = &v->health;
	cli_put(p, "{\"name\":");
	put_string(p, tok_span_of(v->name));
	cli_put(p, ",\"hash\":\"%s\",\"size\":%zu,\"tokens\":%zu,\"verdict\":\"%s\"", v->hash.text,
		h->size, h->tokens, vocab_health_level_name(vocab_health_verdict(h)));
	put_names(p, h);
	put_merges(p, h);
	put_bytes(p, h);
	put_shape(p, h);
	cli_put(p, ",\"findings\":[");
	for (size_t i = 0; i < h->finding_count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_finding(p, v, &h->findings[i]);
	}
	cli_put(p, "],\"embeddings\":");
	if (v->rows)
		put_rows(p, v);
	else
		cli_put(p, "null");
	cli_put(p, "}");
}

void audit_vocab_json(struct cli_put *p, const struct audit_vocab *vocabs, size_t count)
{
	cli_put(p, "{\"schema\":\"tok.audit.vocab.1\",\"tok\":\"%s\",\"vocabularies\":[",
		TOK_VERSION);
	for (size_t i = 0; i < count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_vocab(p, &vocabs[i]);
	}
	cli_put(p, "]}\n");
}
