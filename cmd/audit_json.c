/* audit_json.c - an audit as one JSON object. */
#include <inttypes.h>
#include <math.h>

#include "cmd/audit_internal.h"
#include "cmd/audit_measures.h"
#include "cmd/audit_morphology.h"
#include "cmd/cli_put.h"
#include "tok/text/json_write.h"

/* ---- pieces ------------------------------------------------------------------------------ */

static void put_string(struct cli_put *p, const char *text)
{
	p->lost |= !tok_json_put_string(p->out, tok_span_of(text));
}

/* ,"name":"text" or null */
static void put_text_field(struct cli_put *p, const char *name, const char *text)
{
	cli_put(p, ",\"%s\":", name);
	if (text)
		put_string(p, text);
	else
		cli_put(p, "null");
}

static void put_number(struct cli_put *p, double number)
{
	if (isfinite(number))
		cli_put(p, "%.17g", number);
	else
		cli_put(p, "null");
}

static void put_measure(struct cli_put *p, const struct audit_measure *m, const void *of)
{
	cli_put(p, ",\"%s\":", m->name);
	if (m->whole)
		cli_put(p, "%" PRIu64,
			*(const uint64_t *)(const void *)((const char *)of + m->offset));
	else
		put_number(p, audit_measure_value(m, of));
}

/* ---- why a number is not there ------------------------------------------------------------- */

static const char *reason_of_premium(const struct audit_report *r, const struct audit_cell *cell)
{
	const size_t row = (size_t)(cell - r->cells) / r->language_count;
	const struct audit_cell *pivot = &r->cells[row * r->language_count + r->pivot];
	if (cell->measures.tokens == 0)
		return "the text has no tokens";
	if (pivot->refused)
		return "the tokenizer refuses the pivot's text";
	if (pivot->measures.tokens == 0)
		return "the pivot's text has no tokens";
	return "more than a tenth of the tokens are unknown, here or in the pivot";
}

/* `cell` may be NULL: the number is none of a cell's. */
static const char *reason_of(const struct audit_report *r, const char *name,
			     const struct audit_cell *cell)
{
	static const struct {
		const char *name, *reason;
	} reasons[] = {
		{ "split_characters", "the text has no character of more than one byte" },
		{ "efficiency", "the text has fewer than two types" },
		{ "renyi_efficiency_2", "the text has fewer than two types" },
		{ "renyi_efficiency_2_5", "the text has fewer than two types" },
		{ "renyi_efficiency_3", "the text has fewer than two types" },
		{ "script_tokens", "the text has no character that has a script" },
		{ "script_vocabulary", "the text has no character that has a script" },
		{ "script_share", "the text has no character that has a script" },
		{ "spaces_kept", "the sample has no white space" },
		{ "nfc_stable", "NFC changes no line of the sample" },
		{ "nfd_stable", "NFD changes no line of the sample" },
		{ "gini", "no language is left to compare" },
		{ "gini_bytes", "no language is left to compare" },
		{ "utilization_variation", "there are fewer than two languages" },
		{ "premium_median", "no language beside the pivot has a premium" },
		{ "premium_max", "no language beside the pivot has a premium" },
		{ "same_id", "no token is in both" },
	};
	static const char *const parallel[] = { "premium",        "gini",
						"gini_bytes",     "utilization_variation",
						"premium_median", "premium_max" };
	if (cell && cell->refused)
		return cell->refused;
	for (size_t i = 0; i < sizeof parallel / sizeof *parallel && r->pivot == SIZE_MAX; i++)
		if (strcmp(parallel[i], name) == 0)
			return "there is no pivot: texts are not said to be parallel";
	if (cell && strcmp(name, "premium") == 0)
		return reason_of_premium(r, cell);
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (strcmp(reasons[i].name, name) == 0)
			return reasons[i].reason;
	if (strncmp(name, "digits_", 7) == 0)
		return "the tokenizer refuses a number or a sign that it would be of";
	return "there is nothing that it could be of";
}

static void put_measures(struct cli_put *p, const struct audit_report *r,
			 const struct audit_measure *measures, const void *of,
			 const struct audit_cell *cell)
{
	bool begun = false;
	for (const struct audit_measure *m = measures; m->name; m++)
		put_measure(p, m, of);
	for (const struct audit_measure *m = measures; m->name; m++) {
		if (isfinite(audit_measure_value(m, of)))
			continue;
		cli_put(p, "%s\"%s\":", begun ? "," : ",\"reasons\":{", m->name);
		put_string(p, reason_of(r, m->name, cell));
		begun = true;
	}
	cli_put(p, begun ? "}}" : "}");
}

/* ---- the parts ----------------------------------------------------------------------------- */

void audit_put_options(struct cli_put *p, const struct audit_options *o)
{
	static const char *const words[] = { "whitespace", "uax29", "codepoint" };
	cli_put(p, "{\"words\":\"%s\"", words[o->words]);
	put_text_field(p, "pattern", o->pattern);
	put_text_field(p, "flores", o->flores);
	put_text_field(p, "udhr", o->udhr);
	put_text_field(p, "pivot", o->pivot);
	put_text_field(p, "morphology", o->morphology);
	cli_put(p, ",\"corpora\":[");
	for (size_t i = 0; i < o->corpora.count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_string(p, o->corpora.items[i]);
	}
	cli_put(p, "]}");
}

static void put_conventions(struct cli_put *p)
{
	cli_put(p, ",\"conventions\":{");
	for (const struct audit_convention *c = audit_conventions; c->name; c++) {
		cli_put(p, "%s\"%s\":", c == audit_conventions ? "" : ",", c->name);
		put_string(p, c->text);
	}
	cli_put(p, "}");
}

static void put_language(struct cli_put *p, const struct audit_report *r,
			 const struct audit_language *l)
{
	const struct vocab_audit_facts *f = &l->facts;
	cli_put(p, "{\"name\":");
	put_string(p, l->name);
	cli_put(p, ",\"hash\":\"%s\",\"lines\":%" PRIu64 ",\"bytes\":%" PRIu64, l->hash.text,
		f->lines, f->bytes);
	cli_put(p, ",\"characters\":%" PRIu64 ",\"multibyte\":%" PRIu64 ",\"words\":%" PRIu64,
		f->characters, f->multibyte, f->words);
	cli_put(p, ",\"distinct_words\":%" PRIu64 ",\"script\":\"%s\",\"script_share\":",
		f->distinct_words, f->script);
	put_number(p, f->script_share);
	cli_put(p, ",\"aligned\":%s,\"abridged\":%s", l->aligned ? "true" : "false",
		l->abridged ? "true" : "false");
	if (!isfinite(f->script_share)) {
		cli_put(p, ",\"reasons\":{\"script_share\":");
		put_string(p, reason_of(r, "script_share", NULL));
		cli_put(p, "}");
	}
	cli_put(p, "}");
}

static void put_tokenizer(struct cli_put *p, const struct audit_report *r,
			  const struct audit_tokenizer *t)
{
	cli_put(p, "{\"name\":");
	put_string(p, t->name);
	cli_put(p, ",\"hash\":\"%s\",\"vocabulary\":%zu", t->hash.text, t->vocabulary);
	put_text_field(p, "premium_worst",
		       t->premium_worst < r->language_count ? r->languages[t->premium_worst].name
							    : NULL);
	put_measures(p, r, audit_tokenizer_measures, t, NULL);
}

static void put_cell(struct cli_put *p, const struct audit_report *r, size_t i)
{
	cli_put(p, "{\"tokenizer\":");
	put_string(p, r->tokenizers[i / r->language_count].name);
	put_text_field(p, "language", r->languages[i % r->language_count].name);
	put_measures(p, r, audit_cell_measures, &r->cells[i], &r->cells[i]);
}

static void put_pair(struct cli_put *p, const struct audit_report *r, const struct audit_pair *pair)
{
	cli_put(p, "{\"tokenizer\":");
	put_string(p, r->tokenizers[pair->a].name);
	put_text_field(p, "other", r->tokenizers[pair->b].name);
	put_measures(p, r, audit_pair_measures, &pair->similarity, NULL);
}

static void put_morphology(struct cli_put *p, const struct audit_report *r, size_t i)
{
	const struct audit_morphology *m = &r->morphology[i];
	cli_put(p, "{\"tokenizer\":");
	put_string(p, r->tokenizers[i / r->morphology_count].name);
	put_text_field(p, "file", m->name);
	put_text_field(p, "hash", m->hash.text);
	put_measures(p, r, audit_morphology_measures, &m->measures, NULL);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void begin_list(struct cli_put *p, const char *name)
{
	cli_put(p, ",\"%s\":[", name);
}

static void put_report(struct cli_put *p, const struct audit_report *r)
{
	cli_put(p, "{\"schema\":\"tok.audit.1\",\"tok\":\"%s\",\"options\":", TOK_VERSION);
	audit_put_options(p, r->options);
	put_conventions(p);
	put_text_field(p, "pivot", r->pivot == SIZE_MAX ? NULL : r->languages[r->pivot].name);
	begin_list(p, "languages");
	for (size_t i = 0; i < r->language_count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_language(p, r, &r->languages[i]);
	}
	cli_put(p, "]");
	begin_list(p, "tokenizers");
	for (size_t i = 0; i < r->tokenizer_count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_tokenizer(p, r, &r->tokenizers[i]);
	}
	cli_put(p, "]");
	begin_list(p, "cells");
	for (size_t i = 0; i < r->tokenizer_count * r->language_count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_cell(p, r, i);
	}
	cli_put(p, "]");
	begin_list(p, "pairs");
	for (size_t i = 0; i < r->pair_count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_pair(p, r, &r->pairs[i]);
	}
	cli_put(p, "]");
	begin_list(p, "morphology");
	for (size_t i = 0; i < r->tokenizer_count * r->morphology_count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_morphology(p, r, i);
	}
	cli_put(p, "]}\n");
}

enum tok_status audit_tell_json(const struct audit_report *report, struct tok_error *err)
{
	struct tok_buffer buffer = { 0 };
	struct cli_put p = { .out = &buffer };
	put_report(&p, report);
	if (!p.lost)
		fwrite(buffer.bytes, 1, buffer.count, stdout);
	tok_buffer_release(&buffer);
	return p.lost ? tok_fail_memory(err) : TOK_OK;
}
