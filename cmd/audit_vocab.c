/* audit_vocab.c - tok audit --vocab: whether every token of a vocabulary is of use. */
#include "cmd/audit_vocab.h"

#include <stdlib.h>

#include "cmd/audit_db.h"
#include "cmd/cli_page.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_visible.h"

void audit_vocab_put_token(struct cli_put *p, const struct tok_tokenizer *tokenizer, tok_id id)
{
	p->lost |= !cli_visible_token(tokenizer, id, p->out);
}

void audit_vocab_put_what(struct cli_put *p, const struct vocab_health_finding *f)
{
	const char *between = "";
	if (!f->defects || vocab_health_category_level(f->category) != VOCAB_HEALTH_FINE) {
		cli_put(p, "%s", vocab_health_category_name(f->category));
		between = ", ";
	}
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++) {
		if (!(f->defects >> i & 1))
			continue;
		cli_put(p, "%s%s", between, vocab_health_defect_name(i));
		between = ", ";
	}
}

/* ---- what is found --------------------------------------------------------------------------- */

unsigned audit_vocab_group(const struct vocab_health_finding *f)
{
	unsigned first = 0;
	if (vocab_health_category_level(f->category) != VOCAB_HEALTH_FINE)
		return f->category;
	while (!(f->defects >> first & 1))
		first++;
	return VOCAB_HEALTH_CATEGORIES + first;
}

static int by_level(const void *a, const void *b)
{
	const struct vocab_health_finding *const *x = a, *const *y = b;
	const enum vocab_health_level left = vocab_health_finding_level(*x),
				      right = vocab_health_finding_level(*y);
	if (left != right)
		return left < right ? 1 : -1;
	if (audit_vocab_group(*x) != audit_vocab_group(*y))
		return audit_vocab_group(*x) < audit_vocab_group(*y) ? -1 : 1;
	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static enum tok_status sort_findings(struct audit_vocab *v, struct tok_error *err)
{
	const size_t count = v->health.finding_count;
	v->findings = calloc(count + 1, sizeof *v->findings);
	if (!v->findings)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		v->findings[i] = &v->health.findings[i];
	qsort(v->findings, count, sizeof *v->findings, by_level);
	return TOK_OK;
}

static enum tok_status find(const struct audit_options *o, struct audit_rows *rows,
			    struct audit_vocab *v, struct tok_error *err)
{
	const struct vocab_health_options options = { .threads = cli_threads_for(o->threads),
						      .rows = rows ? rows->count : 0 };
	enum tok_status status = cli_hash_tokenizer(v->tokenizer, &v->hash, err);
	if (status == TOK_OK)
		status = vocab_health_check(v->tokenizer, &options, &v->health, err);
	if (status == TOK_OK)
		status = sort_findings(v, err);
	if (status == TOK_OK && rows) {
		v->rows = rows;
		status = audit_rows_suspect(rows, &v->health, err);
	}
	return status;
}

/* ---- what is told ---------------------------------------------------------------------------- */

/* Matrices are filled up to round numbers; of more rows than that, or of fewer, its suspects are
 * hardly those of this vocabulary. */
static void tell_size(const struct audit_vocab *v)
{
	const size_t rows = v->rows->count, ids = v->health.size;
	if (rows < ids || rows - ids > 1024 + ids / 8)
		cli_tell("%s: %zu rows, and %zu ids of the vocabulary: these may be the embeddings "
			 "of another tokenizer",
			 v->rows->path, rows, ids);
}

static enum tok_status write_page(const struct audit_options *o, const struct audit_vocab *vocabs,
				  size_t count, struct tok_error *err)
{
	struct tok_buffer buffer = { 0 };
	struct cli_put p = { .out = &buffer };
	audit_vocab_page(&p, vocabs, count);
	if (!p.lost)
		return cli_page_write(&buffer, o->html, err);
	tok_buffer_release(&buffer);
	return tok_fail_memory(err);
}

static enum tok_status add_to_db(const struct audit_options *o, const struct audit_vocab *vocabs,
				 size_t count, struct tok_error *err)
{
	struct audit_db_health *items = calloc(count + 1, sizeof *items);
	if (!items)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		items[i] =
		    (struct audit_db_health){ .name = vocabs[i].name,
					      .hash = vocabs[i].hash,
					      .vocabulary = vocabs[i].health.tokens,
					      .health = &vocabs[i].health,
					      .suspects =
						  vocabs[i].rows ? &vocabs[i].rows->found : NULL };
	const enum tok_status status = audit_db_add_health(o, items, count, err);
	free(items);
	return status;
}

static enum tok_status tell(const struct audit_options *o, const struct audit_vocab *vocabs,
			    size_t count, struct tok_error *err)
{
	struct tok_buffer out = { 0 };
	struct cli_put p = { .out = &out };
	for (size_t i = 0; i < count; i++)
		if (vocabs[i].rows)
			tell_size(&vocabs[i]);
	if (o->json)
		audit_vocab_json(&p, vocabs, count);
	for (size_t i = 0; !o->json && i < count; i++)
		audit_vocab_tell(&p, &vocabs[i]);
	enum tok_status status = p.lost ? tok_fail_memory(err) : TOK_OK;
	if (status == TOK_OK)
		fwrite(out.bytes, 1, out.count, stdout);
	tok_buffer_release(&out);
	if (status == TOK_OK && o->html)
		status = write_page(o, vocabs, count, err);
	if (status == TOK_OK && o->db)
		status = add_to_db(o, vocabs, count, err);
	return status;
}

static bool fails(const struct audit_options *o, const struct vocab_health *health)
{
	static const enum vocab_health_level least[] = {
		[AUDIT_FAIL_FAIL] = VOCAB_HEALTH_FAIL, [AUDIT_FAIL_WARN] = VOCAB_HEALTH_WARN
	};
	return o->fail_on != AUDIT_FAIL_NEVER && vocab_health_verdict(health) >= least[o->fail_on];
}

enum cli_exit audit_vocab(const struct audit_options *options,
			  struct tok_tokenizer *const *tokenizers, const char *const *names,
			  size_t count)
{
	struct audit_vocab *vocabs = calloc(count + 1, sizeof *vocabs);
	struct audit_rows rows = { 0 };
	struct tok_error err = { 0 };
	enum tok_status status = vocabs ? TOK_OK : tok_fail_memory(&err);
	enum cli_exit result = CLI_OK;
	if (status == TOK_OK && options->embeddings)
		status = audit_rows_open(options->embeddings, options->tensor, &rows, &err);
	for (size_t i = 0; status == TOK_OK && i < count; i++) {
		vocabs[i].name = names[i];
		vocabs[i].tokenizer = tokenizers[i];
		status = find(options, options->embeddings ? &rows : NULL, &vocabs[i], &err);
	}
	if (status == TOK_OK)
		status = tell(options, vocabs, count, &err);
	for (size_t i = 0; vocabs && i < count; i++) {
		if (status == TOK_OK && fails(options, &vocabs[i].health))
			result = CLI_NO;
		free(vocabs[i].findings);
		vocab_health_release(&vocabs[i].health);
	}
	free(vocabs);
	audit_rows_close(&rows);
	return status == TOK_OK ? result : cli_error("%s", err.message);
}
