/*
 * regex_fold.c - the flag i: characters that are the same but for their case.
 *
 * Both references fold one character to one other by Unicode's simple folding.
 * Oniguruma also lets "ss" stand for U+00DF and back, so its literals are kept
 * until the end of a run is known and then folded together.
 */
#include "tok/text/regex_internal.h"

#include "tok/text/unicode_internal.h"

enum { TILES_MOST = 12 }; /* characters that several ways to fold may reach over */

static uint32_t fold_simple(uint32_t code)
{
	for (size_t i = 0; i < tok_unicode_folds_count; i++)
		if (tok_unicode_folds[i].code == code)
			return tok_unicode_folds[i].to;
	return code;
}

void tok_set_add_variants(struct tok_set *set, uint32_t code)
{
	const uint32_t to = fold_simple(code);
	tok_set_add(set, to, to);
	for (size_t i = 0; i < tok_unicode_folds_count; i++)
		if (tok_unicode_folds[i].to == to)
			tok_set_add(set, tok_unicode_folds[i].code, tok_unicode_folds[i].code);
}

void tok_set_fold(struct tok_set *set)
{
	const struct tok_unicode_fold *folds = tok_unicode_folds;
	struct tok_set more = { 0 };
	tok_set_tidy(set);
	for (size_t begin = 0, end; begin < tok_unicode_folds_count; begin = end) {
		const uint32_t to = folds[begin].to;
		bool any = tok_set_covers(set, to, to + 1);
		for (end = begin; end < tok_unicode_folds_count && folds[end].to == to; end++)
			any = any || tok_set_covers(set, folds[end].code, folds[end].code + 1);
		if (!any)
			continue;
		tok_set_add(&more, to, to);
		for (size_t i = begin; i < end; i++)
			tok_set_add(&more, folds[i].code, folds[i].code);
	}
	tok_set_unite(set, &more);
	tok_set_tidy(set);
	tok_set_release(&more);
}

/* ---- one character as several --------------------------------------------- */

static const struct tok_unicode_full_fold *find_full(uint32_t code)
{
	for (size_t i = 0; i < tok_unicode_full_folds_count; i++)
		if (tok_unicode_full_folds[i].code == code)
			return &tok_unicode_full_folds[i];
	return NULL;
}

static bool starts_with(const uint32_t *codes, size_t count,
			const struct tok_unicode_full_fold *full)
{
	return full->count <= count &&
	       memcmp(codes, full->to, full->count * sizeof full->to[0]) == 0;
}

static enum tok_status put_variants(struct tok_pattern *p, uint32_t code)
{
	struct tok_set set = { 0 };
	tok_set_add_variants(&set, code);
	enum tok_status status = set.count > 1 || set.failed ? tok_pattern_put_set(p, &set)
							     : tok_pattern_put_code(p, code);
	tok_set_release(&set);
	return status;
}

/* All characters that fold to the first `length` of `codes`; *found if any. */
static enum tok_status put_multiple(struct tok_pattern *p, const uint32_t *codes, size_t length,
				    bool *found)
{
	struct tok_set set = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < tok_unicode_full_folds_count; i++) {
		const struct tok_unicode_full_fold *full = &tok_unicode_full_folds[i];
		if (full->count == length && starts_with(codes, length, full))
			tok_set_add(&set, full->code, full->code);
	}
	*found = set.count > 0 || set.failed;
	if (*found)
		status = tok_pattern_put_set(p, &set);
	tok_set_release(&set);
	return status;
}

/* Every way to cover `codes` with single and multiple foldings.  They differ in
 * the text they match, so their order does not matter. */
static enum tok_status put_tiles(struct tok_pattern *p, const uint32_t *codes, size_t count)
{
	if (count == 0)
		return TOK_OK;
	enum tok_status status = tok_pattern_put(p, "(?:");
	if (status == TOK_OK)
		status = put_variants(p, codes[0]);
	if (status == TOK_OK)
		status = put_tiles(p, codes + 1, count - 1);
	for (size_t length = 2; status == TOK_OK && length <= 3 && length <= count; length++) {
		const size_t undo = p->out.count;
		bool found;
		status = tok_pattern_put(p, "|");
		if (status == TOK_OK)
			status = put_multiple(p, codes, length, &found);
		if (status != TOK_OK)
			break;
		if (found)
			status = put_tiles(p, codes + length, count - length);
		else
			p->out.count = undo;
	}
	return status == TOK_OK ? tok_pattern_put(p, ")") : status;
}

/* How far the foldings that begin in codes[0] and overlap reach. */
static size_t reach(const uint32_t *codes, size_t count)
{
	size_t end = 1;
	for (size_t at = 0; at < end; at++)
		for (size_t i = 0; i < tok_unicode_full_folds_count; i++) {
			const struct tok_unicode_full_fold *full = &tok_unicode_full_folds[i];
			if (at + full->count > end && starts_with(codes + at, count - at, full))
				end = at + full->count;
		}
	return end;
}

/* ---- runs of literals ----------------------------------------------------- */

static enum tok_status put_run(struct tok_pattern *p, const uint32_t *run, size_t count)
{
	struct tok_buffer folded = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count; i++) {
		const struct tok_unicode_full_fold *full = find_full(run[i]);
		const uint32_t simple = fold_simple(run[i]);
		if (!tok_buffer_add(&folded, full ? full->to : &simple,
				    (full ? full->count : 1) * sizeof simple))
			status = tok_fail_memory(p->err);
	}
	const uint32_t *codes = (const void *)folded.bytes;
	const size_t total = folded.count / sizeof *codes;
	const bool group = count == 1 && total > 1; /* a quantifier may follow */
	if (status == TOK_OK && group)
		status = tok_pattern_put(p, "(?:");
	for (size_t at = 0, length; status == TOK_OK && at < total; at += length) {
		length = reach(codes + at, total - at);
		if (length > TILES_MOST)
			status = tok_pattern_fail(p, "too many ways to fold these letters");
		else if (length > 1)
			status = put_tiles(p, codes + at, length);
		else
			status = put_variants(p, codes[at]);
	}
	if (status == TOK_OK && group)
		status = tok_pattern_put(p, ")");
	tok_buffer_release(&folded);
	return status;
}

enum tok_status tok_pattern_literal(struct tok_pattern *p, uint32_t code)
{
	p->front = TOK_FRONT_ATOM;
	if (p->flags.fold && tok_pattern_is_ruby(p) && !p->behind)
		return tok_buffer_add(&p->run, &code, sizeof code) ? TOK_OK
								   : tok_fail_memory(p->err);
	p->atom = p->out.count;
	return p->flags.fold ? put_variants(p, code) : tok_pattern_put_code(p, code);
}

enum tok_status tok_pattern_flush(struct tok_pattern *p)
{
	const size_t count = p->run.count / sizeof(uint32_t);
	if (count == 0)
		return TOK_OK;
	const enum tok_status status = put_run(p, (const void *)p->run.bytes, count);
	tok_buffer_clear(&p->run);
	return status;
}

enum tok_status tok_pattern_flush_atom(struct tok_pattern *p)
{
	const size_t count = p->run.count / sizeof(uint32_t);
	if (count == 0)
		return TOK_OK;
	const uint32_t *run = (const void *)p->run.bytes;
	enum tok_status status = put_run(p, run, count - 1);
	p->atom = p->out.count;
	if (status == TOK_OK)
		status = put_run(p, run + count - 1, 1);
	tok_buffer_clear(&p->run);
	return status;
}

enum tok_status tok_pattern_put_multiples(struct tok_pattern *p, const struct tok_set *set)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; status == TOK_OK && i < tok_unicode_full_folds_count; i++) {
		const struct tok_unicode_full_fold *full = &tok_unicode_full_folds[i];
		if (!tok_set_covers(set, full->code, full->code + 1))
			continue;
		status = tok_pattern_put(p, "|");
		for (size_t k = 0; status == TOK_OK && k < full->count; k++)
			status = put_variants(p, full->to[k]);
	}
	return status;
}
