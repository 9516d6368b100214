/* audit_db.c - reports as rows; tok-formats(5) has the tables. */
#include "cmd/audit_db.h"

#include <stdlib.h>

#include "cmd/audit_db_internal.h"
#include "cmd/audit_measures.h"
#include "cmd/audit_morphology.h"

/* Of tokenizers and languages, as the report numbers them. */
struct ids {
	int64_t *tokenizers, *languages;
};

static enum tok_status find_ids(struct audit_db *db, const struct audit_report *r, struct ids *ids,
				struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < r->tokenizer_count && status == TOK_OK; i++) {
		const struct audit_tokenizer *t = &r->tokenizers[i];
		status = audit_db_find(db, AUDIT_DB_TOKENIZER, &ids->tokenizers[i], err,
				       t->hash.text, t->name, (int64_t)t->vocabulary);
	}
	for (size_t i = 0; i < r->language_count && status == TOK_OK; i++) {
		const struct audit_language *l = &r->languages[i];
		status = audit_db_find(db, AUDIT_DB_LANGUAGE, &ids->languages[i], err, l->hash.text,
				       l->name, (int64_t)l->aligned, (int64_t)l->abridged);
	}
	return status;
}

/* What was refused has no numbers, and a sentence instead. */
static enum tok_status put_cell(struct audit_db *db, const struct audit_cell *cell,
				int64_t tokenizer, int64_t language, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (cell->refused)
		return audit_db_put(db, AUDIT_DB_FINDING, err, tokenizer, language, (int64_t)-1,
				    (int64_t)1, "refused", "fail", tok_span_of(cell->refused));
	for (const struct audit_measure *m = audit_cell_measures; m->name && status == TOK_OK; m++)
		status = audit_db_put(db, AUDIT_DB_CELL, err, tokenizer, language, m->name,
				      audit_measure_value(m, cell));
	return status;
}

static enum tok_status put_cells(struct audit_db *db, const struct audit_report *r,
				 const struct ids *ids, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < r->tokenizer_count * r->language_count && status == TOK_OK; i++)
		status = put_cell(db, &r->cells[i], ids->tokenizers[i / r->language_count],
				  ids->languages[i % r->language_count], err);
	return status;
}

static enum tok_status put_totals(struct audit_db *db, const struct audit_report *r,
				  const struct ids *ids, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < r->tokenizer_count; i++)
		for (const struct audit_measure *m = audit_tokenizer_measures;
		     m->name && status == TOK_OK; m++)
			status = audit_db_put(db, AUDIT_DB_TOTAL, err, ids->tokenizers[i], m->name,
					      audit_measure_value(m, &r->tokenizers[i]));
	return status;
}

static enum tok_status put_pairs(struct audit_db *db, const struct audit_report *r,
				 const struct ids *ids, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct audit_pair *pair = &r->pairs[i];
		for (const struct audit_measure *m = audit_pair_measures;
		     m->name && status == TOK_OK; m++)
			status = audit_db_put(db, AUDIT_DB_PAIR, err, ids->tokenizers[pair->a],
					      ids->tokenizers[pair->b], m->name,
					      audit_measure_value(m, &pair->similarity));
	}
	return status;
}

static enum tok_status put_morphology(struct audit_db *db, const struct audit_report *r,
				      const struct ids *ids, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < r->tokenizer_count * r->morphology_count; i++) {
		const struct audit_morphology *item = &r->morphology[i];
		for (const struct audit_measure *m = audit_morphology_measures;
		     m->name && status == TOK_OK; m++)
			status = audit_db_put(db, AUDIT_DB_MORPHOLOGY, err,
					      ids->tokenizers[i / r->morphology_count], item->name,
					      item->hash.text, m->name,
					      audit_measure_value(m, &item->measures));
	}
	return status;
}

static enum tok_status put_report(struct audit_db *db, const struct audit_report *r,
				  struct tok_error *err)
{
	struct ids ids = { malloc((r->tokenizer_count + 1) * sizeof *ids.tokenizers),
			   malloc((r->language_count + 1) * sizeof *ids.languages) };
	enum tok_status status = ids.tokenizers && ids.languages ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = find_ids(db, r, &ids, err);
	if (status == TOK_OK)
		status = put_cells(db, r, &ids, err);
	if (status == TOK_OK)
		status = put_totals(db, r, &ids, err);
	if (status == TOK_OK)
		status = put_pairs(db, r, &ids, err);
	if (status == TOK_OK)
		status = put_morphology(db, r, &ids, err);
	free(ids.tokenizers);
	free(ids.languages);
	return status;
}

enum tok_status audit_db_add(const struct audit_report *report, struct tok_error *err)
{
	struct audit_db db = { 0 };
	enum tok_status status = audit_db_begin(&db, report->options, "texts", err);
	if (status == TOK_OK)
		status = put_report(&db, report, err);
	return audit_db_end(&db, status, err);
}

/* ---- vocabularies ---------------------------------------------------------------------- */

static enum tok_status put_count(struct audit_db *db, int64_t tokenizer, const char *kind,
				 const char *name, size_t count, struct tok_error *err)
{
	char measure[64];
	snprintf(measure, sizeof measure, "%s%s", kind, name);
	return audit_db_put(db, AUDIT_DB_TOTAL, err, tokenizer, measure, (double)count);
}

static enum tok_status put_counts(struct audit_db *db, int64_t tokenizer,
				  const struct vocab_health *h, struct tok_error *err)
{
	enum tok_status status = put_count(db, tokenizer, "tokens", "", h->tokens, err);
	for (size_t i = 0; i < VOCAB_HEALTH_CATEGORIES && status == TOK_OK; i++)
		status = put_count(db, tokenizer, "category ",
				   vocab_health_category_name((enum vocab_health_category)i),
				   h->categories[i], err);
	for (size_t i = 0; i < VOCAB_HEALTH_DEFECTS && status == TOK_OK; i++)
		status = put_count(db, tokenizer, "defect ",
				   vocab_health_defect_name((enum vocab_health_defect)i),
				   h->defects[i], err);
	if (status == TOK_OK)
		status = put_count(db, tokenizer, "merges", "", h->merge_count, err);
	if (status == TOK_OK)
		status = put_count(db, tokenizer, "dead merges", "", h->dead_merge_count, err);
	if (status == TOK_OK)
		status = put_count(db, tokenizer, "bytes missing", "", h->bytes_missing, err);
	if (status == TOK_OK)
		status = put_count(db, tokenizer, "bytes alone", "", h->bytes_alone, err);
	return status;
}

/* A row for the category and one for each defect. */
static enum tok_status put_finding(struct audit_db *db, int64_t tokenizer,
				   const struct vocab_health_finding *f, struct tok_error *err)
{
	const enum vocab_health_category category = (enum vocab_health_category)f->category;
	enum tok_status status = TOK_OK;
	if (vocab_health_category_level(category) != VOCAB_HEALTH_FINE)
		status = audit_db_put(
		    db, AUDIT_DB_FINDING, err, tokenizer, (int64_t)0, (int64_t)f->id,
		    (int64_t)f->run, vocab_health_category_name(category),
		    vocab_health_level_name(vocab_health_category_level(category)), f->witness);
	for (size_t i = 0; i < VOCAB_HEALTH_DEFECTS && status == TOK_OK; i++) {
		const enum vocab_health_defect defect = (enum vocab_health_defect)i;
		if (f->defects >> i & 1)
			status = audit_db_put(
			    db, AUDIT_DB_FINDING, err, tokenizer, (int64_t)0, (int64_t)f->id,
			    (int64_t)f->run, vocab_health_defect_name(defect),
			    vocab_health_level_name(vocab_health_defect_level(defect)),
			    (struct tok_span){ 0 });
	}
	return status;
}

/* With the number that makes it one. */
static enum tok_status put_suspicion(struct audit_db *db, int64_t tokenizer, tok_id id,
				     const char *finding, double number, struct tok_error *err)
{
	char text[32];
	snprintf(text, sizeof text, "%.9g", number);
	return audit_db_put(db, AUDIT_DB_FINDING, err, tokenizer, (int64_t)0, (int64_t)id,
			    (int64_t)1, finding, "note", tok_span_of(text));
}

static enum tok_status put_suspects(struct audit_db *db, int64_t tokenizer,
				    const struct vocab_suspects *s, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < s->suspect_count && status == TOK_OK; i++) {
		const struct vocab_suspect *one = &s->suspects[i];
		if (one->is_short)
			status = put_suspicion(db, tokenizer, one->id, "short row", one->norm, err);
		if (status == TOK_OK && one->is_alike)
			status = put_suspicion(db, tokenizer, one->id, "row like unused ones",
					       one->cosine, err);
	}
	return status;
}

static enum tok_status put_health(struct audit_db *db, const struct audit_db_health *item,
				  struct tok_error *err)
{
	int64_t tokenizer = 0;
	enum tok_status status =
	    audit_db_find(db, AUDIT_DB_TOKENIZER, &tokenizer, err, item->hash.text, item->name,
			  (int64_t)item->vocabulary);
	if (status == TOK_OK)
		status = put_counts(db, tokenizer, item->health, err);
	for (size_t i = 0; i < item->health->finding_count && status == TOK_OK; i++)
		status = put_finding(db, tokenizer, &item->health->findings[i], err);
	if (status == TOK_OK && item->suspects)
		status = put_suspects(db, tokenizer, item->suspects, err);
	return status;
}

enum tok_status audit_db_add_health(const struct audit_options *options,
				    const struct audit_db_health *items, size_t count,
				    struct tok_error *err)
{
	struct audit_db db = { 0 };
	enum tok_status status = audit_db_begin(&db, options, "vocabulary", err);
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = put_health(&db, &items[i], err);
	return audit_db_end(&db, status, err);
}
