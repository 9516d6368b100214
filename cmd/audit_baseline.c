/*
 * audit_baseline.c - what became worse since an earlier audit.
 *
 * Numbers are compared of tokenizers of the same name - or of the only one of both - and of
 * languages of the same name and the same lines.  What there is in one audit only, or is of other
 * texts, is told and compared with nothing: it is no reason to fail, unless that is all.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "cmd/audit_internal.h"
#include "cmd/audit_measures.h"
#include "cmd/audit_morphology.h"
#include "cmd/cli_lm.h"
#include "tok/text/json.h"
#include "tok/text/utf8.h"

static const char schema[] = "tok.audit.1";

struct comparison {
	const struct audit_report *report;
	const struct tok_json *root;
	bool words_differ, pivot_differs, languages_differ; /* from those of the baseline */
	bool *same_lines;                                   /* languages of the report */
	size_t worse, compared; /* numbers; compared: those of texts and words, not of a tokenizer
				 * by itself */
};

/* ---- the earlier audit ----------------------------------------------------------------- */

/* Items of the array called `name`; none where there is no array. */
static size_t list_of(const struct tok_json *root, const char *name, const struct tok_json **first)
{
	const struct tok_json *list = tok_json_get(root, name);
	*first = list ? list + 1 : NULL;
	return list && list->kind == TOK_JSON_ARRAY ? list->count : 0;
}

/* Is `written` what JSON has for `name`?  A byte that is not UTF-8 is U+FFFD there. */
static bool is_written(struct tok_span written, const char *name)
{
	static const char replacement[] = "\xEF\xBF\xBD";
	const struct tok_span text = tok_span_of(name);
	size_t at = 0;
	for (size_t from = 0; from < text.count;) {
		const struct tok_char c = tok_utf8_at(text, from);
		const bool is_bad = c.code >= TOK_BAD_BYTE;
		const void *bytes = is_bad ? (const void *)replacement : text.bytes + from;
		const size_t count = is_bad ? sizeof replacement - 1 : c.length;
		if (written.count - at < count || memcmp(written.bytes + at, bytes, count) != 0)
			return false;
		at += count;
		from += c.length;
	}
	return at == written.count;
}

static bool has_text(const struct tok_json *object, const char *key, const char *wanted)
{
	const struct tok_json *value = tok_json_get(object, key);
	if (!value || value->kind != TOK_JSON_STRING)
		return !wanted;
	return wanted && is_written(tok_json_text(value), wanted);
}

static struct tok_span text_of(const struct tok_json *object, const char *key)
{
	const struct tok_json *value = tok_json_get(object, key);
	return value && value->kind == TOK_JSON_STRING ? tok_json_text(value) : tok_span_of("");
}

/* The first of `list` whose `key` is `wanted`; NULL if there is none. */
static const struct tok_json *find_item(const struct tok_json *root, const char *list,
					const char *key, const char *wanted)
{
	const struct tok_json *item;
	for (size_t left = list_of(root, list, &item); left; left--, item = tok_json_next(item))
		if (has_text(item, key, wanted))
			return item;
	return NULL;
}

/* NAN: undefined.  False: the object does not tell it. */
static bool number_of(const struct tok_json *object, const char *name, double *out)
{
	const struct tok_json *value = tok_json_get(object, name);
	if (!value)
		return false;
	switch ((enum tok_json_kind)value->kind) {
	case TOK_JSON_UNSIGNED:
		*out = (double)value->as.whole;
		return true;
	case TOK_JSON_NEGATIVE:
		*out = (double)value->as.negative;
		return true;
	case TOK_JSON_DOUBLE:
		*out = value->as.real;
		return true;
	case TOK_JSON_NULL:
		*out = NAN;
		return true;
	case TOK_JSON_FALSE:
	case TOK_JSON_TRUE:
	case TOK_JSON_STRING:
	case TOK_JSON_ARRAY:
	case TOK_JSON_OBJECT:
		return false;
	}
	return false;
}

/* ---- what is comparable ---------------------------------------------------------------- */

static void compare_languages(struct comparison *c)
{
	const struct audit_report *r = c->report;
	const struct tok_json *item;
	for (size_t i = 0; i < r->language_count; i++) {
		const struct audit_language *l = &r->languages[i];
		const struct tok_json *old = find_item(c->root, "languages", "name", l->name);
		c->same_lines[i] = old && has_text(old, "hash", l->hash.text);
		c->languages_differ |= !c->same_lines[i];
		if (!old)
			cli_tell("the baseline has no language '%s'", l->shown);
		else if (!c->same_lines[i])
			cli_tell("'%s' has other lines than in the baseline: it is not compared",
				 l->shown);
	}
	for (size_t left = list_of(c->root, "languages", &item); left;
	     left--, item = tok_json_next(item)) {
		size_t i = 0;
		while (i < r->language_count && !has_text(item, "name", r->languages[i].name))
			i++;
		if (i < r->language_count)
			continue;
		c->languages_differ = true;
		cli_tell("language '%s' of the baseline is missing",
			 tok_show(text_of(item, "name")).text);
	}
}

static void compare_options(struct comparison *c)
{
	static const char *const words[] = { "whitespace", "uax29", "codepoint" };
	const struct audit_report *r = c->report;
	const struct tok_json *options = tok_json_get(c->root, "options");
	c->words_differ = !has_text(options ? options : c->root, "words", words[r->options->words]);
	c->pivot_differs =
	    !has_text(c->root, "pivot", r->pivot == SIZE_MAX ? NULL : r->languages[r->pivot].name);
	if (c->words_differ)
		cli_tell("words are others than in the baseline: what is of words is not compared");
	if (c->pivot_differs)
		cli_tell("the pivot is another than in the baseline: premiums and Gini are not "
			 "compared");
	else if (c->languages_differ)
		cli_tell(
		    "languages are others than in the baseline: Gini, median and maximum are not "
		    "compared");
}

/* Measures that are of words; of the pivot; of all languages together. */
static bool is_one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static bool is_comparable(const struct comparison *c, const char *name)
{
	static const char *const of_words[] = { "fertility",    "continued",  "single",
						"single_types", "continuing", NULL };
	static const char *const of_pivot[] = { "premium",     "premium_median",
						"premium_max", "gini",
						"gini_bytes",  "utilization_variation",
						NULL };
	static const char *const of_all[] = { "premium_median", "premium_max",           "gini",
					      "gini_bytes",     "utilization_variation", NULL };
	return !(c->words_differ && is_one_of(name, of_words)) &&
	       !(c->pivot_differs && is_one_of(name, of_pivot)) &&
	       !(c->languages_differ && is_one_of(name, of_all));
}

/* A premium is comparable if the pivot's lines are the same, too. */
static bool is_comparable_cell(const struct comparison *c, const char *name)
{
	const size_t pivot = c->report->pivot;
	return is_comparable(c, name) &&
	       (strcmp(name, "premium") != 0 || pivot == SIZE_MAX || c->same_lines[pivot]);
}

/* ---- numbers --------------------------------------------------------------------------- */

/* `where`: "'gpt2' on 'deu'".  False: there are no two numbers. */
static bool compare_measure(struct comparison *c, const struct audit_measure *m, const void *now,
			    const struct tok_json *old, const char *where)
{
	const double after = audit_measure_value(m, now);
	double before;
	if (m->better == 0 || isinf(m->tolerance) || !number_of(old, m->name, &before) ||
	    isnan(before))
		return false;
	if (isnan(after)) {
		cli_tell("%s of %s was %.6g and is undefined: it is not compared", m->name, where,
			 before);
		return false;
	}
	const double loss = m->better > 0 ? before - after : after - before;
	const double allowed = m->share ? m->tolerance : m->tolerance * fabs(before);
	if (loss > allowed + 1e-12) {
		c->worse++;
		cli_tell("%s of %s was %.6g and is %.6g: worse by more than %.6g", m->name, where,
			 before, after, allowed);
	}
	return true;
}

static enum tok_status compare_cell(struct comparison *c, size_t tokenizer, size_t language,
				    const struct tok_json *old, struct tok_error *err)
{
	const struct audit_report *r = c->report;
	const struct audit_cell *cell = &r->cells[tokenizer * r->language_count + language];
	char *where;
	double before;
	if (asprintf(&where, "'%s' on '%s'", r->tokenizers[tokenizer].shown,
		     r->languages[language].shown) < 0)
		return tok_fail_memory(err);
	if (cell->refused && number_of(old, "entropy", &before) && !isnan(before)) {
		c->worse++;
		cli_tell("%s was encoded and is refused: %s", where, cell->refused);
	}
	for (const struct audit_measure *m = audit_cell_measures; m->name && !cell->refused; m++)
		if (is_comparable_cell(c, m->name))
			c->compared += compare_measure(c, m, cell, old, where);
	free(where);
	return TOK_OK;
}

static enum tok_status compare_cells(struct comparison *c, size_t tokenizer, struct tok_span name,
				     struct tok_error *err)
{
	const struct audit_report *r = c->report;
	const struct tok_json *item;
	enum tok_status status = TOK_OK;
	for (size_t left = list_of(c->root, "cells", &item); left && status == TOK_OK;
	     left--, item = tok_json_next(item)) {
		size_t i = 0;
		if (!tok_span_equal(text_of(item, "tokenizer"), name))
			continue;
		while (i < r->language_count && !has_text(item, "language", r->languages[i].name))
			i++;
		if (i < r->language_count && c->same_lines[i])
			status = compare_cell(c, tokenizer, i, item, err);
	}
	return status;
}

/* Whether the words of a file are cut where their parts meet. */
static enum tok_status compare_file(struct comparison *c, size_t tokenizer, struct tok_span name,
				    const struct audit_morphology *now, struct tok_error *err)
{
	const struct tok_json *item;
	size_t left = list_of(c->root, "morphology", &item);
	char *where;
	while (left && (!tok_span_equal(text_of(item, "tokenizer"), name) ||
			!has_text(item, "file", now->name))) {
		left--;
		item = tok_json_next(item);
	}
	if (left == 0 || !has_text(item, "hash", now->hash.text)) {
		cli_tell(left ? "'%s' has other words than in the baseline: it is not compared"
			      : "the baseline has no words of '%s'",
			 now->shown);
		return TOK_OK;
	}
	if (asprintf(&where, "'%s' on the words of '%s'", c->report->tokenizers[tokenizer].shown,
		     now->shown) < 0)
		return tok_fail_memory(err);
	for (const struct audit_measure *m = audit_morphology_measures; m->name; m++)
		c->compared += compare_measure(c, m, &now->measures, item, where);
	free(where);
	return TOK_OK;
}

/* ---- tokenizers ------------------------------------------------------------------------ */

static enum tok_status compare_tokenizer(struct comparison *c, size_t i, const struct tok_json *old,
					 struct tok_error *err)
{
	const struct audit_report *r = c->report;
	const struct audit_tokenizer *now = &r->tokenizers[i];
	const struct tok_span name = text_of(old, "name");
	char *where;
	if (asprintf(&where, "'%s'", now->shown) < 0)
		return tok_fail_memory(err);
	for (const struct audit_measure *m = audit_tokenizer_measures; m->name; m++)
		if (is_comparable(c, m->name))
			compare_measure(c, m, now, old, where);
	free(where);
	enum tok_status status = compare_cells(c, i, name, err);
	for (size_t file = 0; file < r->morphology_count && status == TOK_OK; file++)
		status =
		    compare_file(c, i, name, &r->morphology[i * r->morphology_count + file], err);
	return status;
}

/* Where both audits have one tokenizer only, it is that one, whatever its name. */
static enum tok_status compare_tokenizers(struct comparison *c, struct tok_error *err)
{
	const struct audit_report *r = c->report;
	const struct tok_json *item;
	const size_t olds = list_of(c->root, "tokenizers", &item);
	enum tok_status status = TOK_OK;
	if (olds == 1 && r->tokenizer_count == 1)
		return compare_tokenizer(c, 0, item, err);
	for (size_t i = 0; i < r->tokenizer_count && status == TOK_OK; i++) {
		const char *name = r->tokenizers[i].name;
		const struct tok_json *old = find_item(c->root, "tokenizers", "name", name);
		if (old)
			status = compare_tokenizer(c, i, old, err);
		else
			cli_tell("the baseline has no tokenizer '%s'", r->tokenizers[i].shown);
	}
	for (size_t left = olds; left; left--, item = tok_json_next(item)) {
		size_t i = 0;
		while (i < r->tokenizer_count && !has_text(item, "name", r->tokenizers[i].name))
			i++;
		if (i == r->tokenizer_count)
			cli_tell("tokenizer '%s' of the baseline is missing",
				 tok_show(text_of(item, "name")).text);
	}
	return status;
}

/* ---- all of it ------------------------------------------------------------------------- */

static enum tok_status compare(struct comparison *c, struct tok_error *err)
{
	c->same_lines = calloc(c->report->language_count + 1, sizeof *c->same_lines);
	if (!c->same_lines)
		return tok_fail_memory(err);
	compare_languages(c);
	compare_options(c);
	const enum tok_status status = compare_tokenizers(c, err);
	free(c->same_lines);
	return status;
}

enum tok_status audit_baseline_read(const char *path, struct audit_baseline *out,
				    struct tok_error *err)
{
	enum tok_status status = cli_lm_read(path, &out->text, err);
	if (status != TOK_OK)
		return status;
	status = tok_json_read(&out->document, tok_buffer_span(&out->text), err);
	if (status == TOK_OK && !has_text(out->document.values, "schema", schema))
		status = tok_fail(err, TOK_EFORMAT,
				  "it is no audit: 'tok audit --json' writes one, of schema '%s'",
				  schema);
	return status == TOK_OK || status == TOK_ENOMEM ? status
							: tok_fail_in(err, status, "%s", path);
}

void audit_baseline_release(struct audit_baseline *baseline)
{
	tok_json_release(&baseline->document);
	tok_buffer_release(&baseline->text);
}

enum tok_status audit_baseline_compare(const struct audit_report *report,
				       const struct audit_baseline *baseline, bool *passed,
				       struct tok_error *err)
{
	struct comparison c = { .report = report, .root = baseline->document.values };
	const enum tok_status status = compare(&c, err);
	if (status != TOK_OK)
		return status;
	if (c.compared == 0 && c.worse == 0)
		cli_tell("nothing of the texts could be compared with '%s'",
			 report->options->baseline);
	*passed = c.compared > 0 && c.worse == 0;
	return TOK_OK;
}
