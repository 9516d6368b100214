/* audit_vocab_tell.c - what tok audit --vocab found, for people. */
#include <math.h>

#include "cmd/audit_vocab.h"
#include "cmd/cli_visible.h"

enum { TOKEN_COLUMNS = 28, SCRIPTS_LISTED = 8 };

/* ---- counts ------------------------------------------------------------------------------- */

static void put_count(struct cli_put *p, const char *name, size_t count,
		      enum vocab_health_level level, const char *text)
{
	if (count)
		cli_put(p, "  %-14s %8zu  %-12s %s\n", name, count,
			level == VOCAB_HEALTH_FINE ? "" : vocab_health_level_name(level), text);
}

static void put_counts(struct cli_put *p, const struct vocab_health *h)
{
	for (unsigned i = 0; i < VOCAB_HEALTH_CATEGORIES; i++)
		put_count(p, vocab_health_category_name(i), h->categories[i],
			  vocab_health_category_level(i), vocab_health_category_text(i));
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++)
		put_count(p, vocab_health_defect_name(i), h->defects[i],
			  vocab_health_defect_level(i), vocab_health_defect_text(i));
	put_count(p, "dead merges", h->dead_merge_count, VOCAB_HEALTH_NOTE,
		  "on the text of what they make, others come first");
}

static void put_bytes(struct cli_put *p, const struct vocab_health *h)
{
	cli_put(p, "  bytes          %8zu  are a token; ", h->bytes_alone);
	if (h->bytes_missing)
		cli_put(p, "%zu of the 243 that UTF-8 has do not come back\n", h->bytes_missing);
	else
		cli_put(p, "all that UTF-8 has come back\n");
}

static void put_shape(struct cli_put *p, const struct vocab_health *h)
{
	if (h->blanks)
		cli_put(p,
			"  blanks         %8zu  are white space, the longest of %zu characters\n",
			h->blanks, h->longest_blank);
	cli_put(p, "  digits        ");
	for (unsigned i = 1; i < VOCAB_HEALTH_DIGITS; i++)
		cli_put(p, " %zu", h->digits[i]);
	cli_put(p, "  of 1 to %d digits, and more\n  scripts       ", VOCAB_HEALTH_DIGITS - 2);
	for (size_t i = 0; i < h->script_count && i < SCRIPTS_LISTED; i++)
		cli_put(p, " %s %zu", h->scripts[i].name, h->scripts[i].tokens);
	if (h->script_count > SCRIPTS_LISTED)
		cli_put(p, " and %zu more", h->script_count - SCRIPTS_LISTED);
	cli_put(p, "\n");
}

/* ---- tokens -------------------------------------------------------------------------------- */

/* What was written from `begin` on, cut short and filled up to so many columns. */
static void fit(struct cli_put *p, size_t begin, size_t columns)
{
	struct tok_span text = tok_span_slice(tok_buffer_span(p->out), begin, p->out->count);
	if (cli_visible_width(text) > columns) {
		while (cli_visible_width(text) > columns - 3) {
			do
				text.count--;
			while ((text.bytes[text.count] & 0xC0) == 0x80);
		}
		p->out->count = begin + text.count;
		cli_put(p, "...");
		text = tok_span_slice(tok_buffer_span(p->out), begin, p->out->count);
	}
	cli_put(p, "%*s", (int)(columns - cli_visible_width(text)), "");
}

static void put_token(struct cli_put *p, const struct tok_tokenizer *t, tok_id id)
{
	const size_t begin = p->out->count;
	audit_vocab_put_token(p, t, id);
	if (!p->lost)
		fit(p, begin, TOKEN_COLUMNS);
}

static void put_finding(struct cli_put *p, const struct audit_vocab *v,
			const struct vocab_health_finding *f)
{
	cli_put(p, "  %8u  ", f->id);
	if (f->run > 1) {
		const size_t begin = p->out->count;
		cli_put(p, "to %u", f->id + f->run - 1);
		fit(p, begin, TOKEN_COLUMNS);
	} else {
		put_token(p, v->tokenizer, f->id);
	}
	cli_put(p, "  %-4s  ", vocab_health_level_name(vocab_health_finding_level(f)));
	audit_vocab_put_what(p, f);
	if (f->witness.bytes) {
		cli_put(p, ": ");
		p->lost |= !cli_visible_text(f->witness, p->out);
	}
	cli_put(p, "\n");
}

static bool is_alike(const struct vocab_health_finding *a, const struct vocab_health_finding *b)
{
	return audit_vocab_group(a) == audit_vocab_group(b) &&
	       vocab_health_finding_level(a) == vocab_health_finding_level(b);
}

/* The first few of each group. */
static void put_findings(struct cli_put *p, const struct audit_vocab *v)
{
	const size_t count = v->health.finding_count;
	if (count)
		cli_put(
		    p,
		    "\n        id  token                         what, and a text that has it\n");
	for (size_t begin = 0, end; begin < count; begin = end) {
		for (end = begin; end < count && is_alike(v->findings[begin], v->findings[end]);
		     end++)
			if (end - begin < AUDIT_VOCAB_LISTED)
				put_finding(p, v, v->findings[end]);
		if (end - begin > AUDIT_VOCAB_LISTED)
			cli_put(p, "            and %zu more such\n",
				end - begin - AUDIT_VOCAB_LISTED);
	}
}

/* ---- embeddings ------------------------------------------------------------------------------ */

static void put_number(struct cli_put *p, double number)
{
	if (isnan(number))
		cli_put(p, " %10s", "-");
	else
		cli_put(p, " %10.4f", number);
}

static void put_suspects(struct cli_put *p, const struct audit_vocab *v)
{
	const struct vocab_suspects *s = &v->rows->found;
	cli_put(p,
		"\n  suspects       %8zu  of %zu tokens, beside %zu rows that are known unused\n",
		s->suspect_count, s->token_count, s->unused_count);
	cli_put(p, "        id  token                              norm     cosine\n");
	cli_put(p, "            %-*s", TOKEN_COLUMNS, "(of half the tokens)");
	put_number(p, s->norm_median);
	put_number(p, s->cosine_median);
	cli_put(p, "\n            %-*s", TOKEN_COLUMNS, "(threshold)");
	put_number(p, s->norm_threshold);
	put_number(p, s->cosine_threshold);
	cli_put(p, "\n");
	for (size_t i = 0; i < s->suspect_count && i < AUDIT_VOCAB_LISTED; i++) {
		const struct vocab_suspect *one = &s->suspects[i];
		cli_put(p, "  %8u  ", one->id);
		put_token(p, v->tokenizer, one->id);
		put_number(p, one->norm);
		put_number(p, one->cosine);
		cli_put(p, " %s%s\n", one->is_short ? " short" : "", one->is_alike ? " alike" : "");
	}
	if (s->suspect_count > AUDIT_VOCAB_LISTED)
		cli_put(p, "            and %zu more such\n",
			s->suspect_count - AUDIT_VOCAB_LISTED);
}

void audit_vocab_tell(struct cli_put *p, const struct audit_vocab *v)
{
	const struct vocab_health *h = &v->health;
	p->lost |= !cli_visible_text(tok_span_of(v->name), p->out);
	cli_put(p, ": %s, %zu tokens, ids below %zu\n",
		vocab_health_level_name(vocab_health_verdict(h)), h->tokens, h->size);
	put_counts(p, h);
	put_bytes(p, h);
	put_shape(p, h);
	put_findings(p, v);
	if (v->rows)
		put_suspects(p, v);
	cli_put(p, "\n");
}
