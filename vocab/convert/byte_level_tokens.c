/* byte_level_tokens.c - steps 1 to 5: all tokens as plain entries, their forms, the bytes and the
 * runs of white space that are missing. */
#include "vocab/convert/byte_level_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "tok/pipe/tokenizer.h"
#include "tok/text/json.h"

enum { BYTES = 256 };
#define MISSING_BYTE_SCORE (-100000.0)

/* ---- all of them, by id --------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	const struct level_token *x = a, *y = b;
	if (x->was != y->was)
		return (x->was > y->was) - (x->was < y->was);
	return (int)y->is_entry - (int)x->is_entry;
}

/* One token may be an entry and be added as well: it then comes twice, the entry first. */
static enum tok_status join_twins(struct level *l)
{
	size_t kept = 0;
	for (size_t i = 0; i < l->count; i++) {
		struct level_token *last = kept ? &l->tokens[kept - 1] : NULL;
		const struct level_token *next = &l->tokens[i];
		if (!last || last->was != next->was) {
			l->tokens[kept++] = *next;
			continue;
		}
		if (next->is_entry || !last->is_entry)
			return tok_fail(l->err, TOK_EFORMAT, "the id %u belongs to two tokens",
					next->was);
		last->added = next->added;
		last->special = next->special;
		if (next->special)
			last->text = next->text;
	}
	l->count = l->old_count = kept;
	return TOK_OK;
}

enum tok_status level_collect(struct level *l)
{
	const struct tok_spec *spec = l->spec;
	const struct tok_model_spec *model = &spec->model;
	const size_t matched = l->options->match ? l->options->match->added_count : 0;
	const size_t old = model->entry_count + spec->added_count;
	l->capacity = old + BYTES + LEVEL_WHITES * LEVEL_WHITES * LEVEL_RUN_LONGEST + matched;
	l->tokens = tok_arena_array(&l->scratch, l->capacity, sizeof *l->tokens);
	/* A token may have two forms on its way. */
	if (!l->tokens || !tok_strings_init(&l->forms, &l->scratch, l->capacity + old))
		return tok_fail_memory(l->err);
	for (size_t i = 0; i < model->entry_count; i++)
		l->tokens[l->count++] = (struct level_token){
			.text = model->entries[i].text,
			.was = model->entries[i].id,
			.score = model->entries[i].score,
			.is_entry = true,
			.special = model->entries[i].id == model->unk,
		};
	for (size_t i = 0; i < spec->added_count; i++)
		l->tokens[l->count++] = (struct level_token){
			.text = spec->added[i].content,
			.was = spec->added[i].id,
			.added = &spec->added[i],
			.special = spec->added[i].special || spec->added[i].id == model->unk,
		};
	if (l->count)
		qsort(l->tokens, l->count, sizeof *l->tokens, compare_ids);
	const enum tok_status status = join_twins(l);
	l->next_id = l->count ? l->tokens[l->count - 1].was + 1 : 0;
	l->report.tokens = l->count;
	return status;
}

/* ---- looking for them -------------------------------------------------------------------- */

uint32_t level_find(const struct level *l, struct tok_span form)
{
	const uint32_t at = tok_strings_find(&l->forms, form);
	/* It may have been renamed since, or have gone. */
	return at != LEVEL_NONE && l->tokens[at].id != TOK_NO_ID &&
		       tok_span_equal(l->tokens[at].form, form)
		   ? at
		   : LEVEL_NONE;
}

uint32_t level_find_id(const struct level *l, tok_id id)
{
	size_t low = 0, high = l->old_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (l->tokens[middle].was < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->old_count && l->tokens[low].was == id ? (uint32_t)low : LEVEL_NONE;
}

static void set_form(struct level *l, size_t at, struct tok_span form)
{
	l->tokens[at].form = form;
	tok_strings_put(&l->forms, form, (uint32_t)at);
}

enum tok_status level_append(struct level *l, struct tok_span form, double score)
{
	if (l->next_id > TOK_ID_MAX)
		return tok_fail(l->err, TOK_ELIMIT,
				"there is no id left for '%s': the largest is %u",
				tok_show(form).text, TOK_ID_MAX);
	l->tokens[l->count] =
	    (struct level_token){ .was = TOK_NO_ID, .id = l->next_id++, .score = score };
	set_form(l, l->count++, form);
	return TOK_OK;
}

/* ---- forms ---------------------------------------------------------------------------------- */

/* "<unused_whitespace__17>"; what was written of bytes is so no longer. */
static enum tok_status rename_token(struct level *l, size_t at, const char *why)
{
	char name[64];
	snprintf(name, sizeof name, "<unused_%s__%u>", why, l->tokens[at].was);
	const struct tok_span form = tok_arena_copy(&l->out->arena, tok_span_of(name));
	if (!form.bytes)
		return tok_fail_memory(l->err);
	if (level_find(l, form) != LEVEL_NONE)
		return tok_fail(l->err, TOK_EFORMAT,
				"the token '%s' is there already, and another is to be called so",
				name);
	l->tokens[at].written = false;
	set_form(l, at, form);
	return TOK_OK;
}

/* Is it <0xNN>?  It is written by that name until it is known whether the byte is free. */
static bool is_byte_name(const struct level *l, const struct vocab_spelling *script, size_t at)
{
	const struct tok_model_spec *model = &l->spec->model;
	if (!model->byte_fallback || script->plain || l->tokens[at].special)
		return false;
	for (size_t byte = 0; byte + 1 < BYTES; byte++) /* not <0xFF>: see byte_level.h */
		if (model->byte_ids[byte] == l->tokens[at].was)
			return true;
	return false;
}

static enum tok_status write_token(struct level *l, const struct vocab_spelling *script, size_t at)
{
	static const struct vocab_spelling as_text = { 0 };
	struct level_token *token = &l->tokens[at];
	const bool name = is_byte_name(l, script, at);
	struct tok_span form;
	bool done;
	token->id = token->was;
	token->written = !token->special && !script->plain && !name;
	if (token->special || (script->plain && token->is_entry)) {
		form = tok_arena_copy(&l->out->arena, token->text);
		done = form.bytes != NULL;
	} else {
		done =
		    level_write(l, script->plain || name ? &as_text : script, token->text, &form);
	}
	if (!done)
		return tok_fail_memory(l->err);
	if (level_find(l, form) == LEVEL_NONE) {
		set_form(l, at, form);
		return TOK_OK;
	}
	l->report.duplicates++;
	return rename_token(l, at, "duplicate");
}

/* Special tokens keep their names whatever others are written as. */
static enum tok_status write_tokens(struct level *l, const struct vocab_spelling *script)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < l->count; i++)
		l->tokens[i].id = TOK_NO_ID;
	for (int special = 1; special >= 0; special--)
		for (size_t i = 0; i < l->count && status == TOK_OK; i++)
			if (l->tokens[i].special == (special != 0))
				status = write_token(l, script, i);
	return status;
}

static bool make_byte(struct level *l, size_t byte, struct tok_span *out)
{
	const uint8_t value = (uint8_t)byte;
	struct tok_buffer form = { 0 };
	const bool done = tok_put_alphabet(&form, (struct tok_span){ &value, 1 });
	*out =
	    done ? tok_arena_copy(&l->out->arena, tok_buffer_span(&form)) : (struct tok_span){ 0 };
	tok_buffer_release(&form);
	return out->bytes != NULL;
}

static enum tok_status add_byte(struct level *l, const struct vocab_spelling *script, size_t byte,
				bool append)
{
	struct tok_span form;
	if (!make_byte(l, byte, &form))
		return tok_fail_memory(l->err);
	if (level_find(l, form) != LEVEL_NONE)
		return TOK_OK;
	if (append) {
		l->report.bytes_added++;
		return level_append(l, form, MISSING_BYTE_SCORE);
	}
	const uint32_t at = level_find_id(l, l->spec->model.byte_ids[byte]);
	if (at != LEVEL_NONE && is_byte_name(l, script, at))
		set_form(l, at, form);
	return TOK_OK;
}

static enum tok_status add_bytes(struct level *l, const struct vocab_spelling *script)
{
	enum tok_status status = TOK_OK;
	for (int append = 0; append <= 1; append++)
		for (size_t byte = 0; byte < BYTES && status == TOK_OK; byte++)
			if (append || l->spec->model.byte_fallback)
				status = add_byte(l, script, byte, append != 0);
	return status;
}

/* ---- white space --------------------------------------------------------------------------------
 */

static bool is_run(struct tok_span form)
{
	if (form.count < 4 || form.count > 2 + 2 * (size_t)LEVEL_RUN_LONGEST ||
	    level_spaces(form) * 2 != form.count)
		return false;
	for (size_t i = 4; i < form.count; i += 2)
		if (memcmp(form.bytes + i, form.bytes + 2, 2) != 0)
			return false;
	return true;
}

static enum tok_status rename_spaces(struct level *l)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < l->count && status == TOK_OK; i++) {
		struct level_token *token = &l->tokens[i];
		if (token->special)
			continue;
		if (is_run(token->form)) {
			token->written = false; /* level_chain makes all of them */
			token->score = 0;
		} else if (level_spaces(token->form) > 1 || token->form.count == 0) {
			token->score = 0;
			l->report.renamed++;
			status = rename_token(l, i, "whitespace");
		}
	}
	return status;
}

static enum tok_status add_runs(struct level *l)
{
	struct tok_span form;
	for (unsigned first = 0; first < LEVEL_WHITES; first++)
		for (unsigned second = 0; second < LEVEL_WHITES; second++)
			for (unsigned many = 1; many <= LEVEL_RUN_LONGEST; many++) {
				if (!level_run(l, first, second, many, &form))
					return tok_fail_memory(l->err);
				if (level_find(l, form) != LEVEL_NONE)
					continue;
				const enum tok_status status = level_append(l, form, 0);
				if (status != TOK_OK)
					return status;
				l->report.runs_added++;
			}
	return TOK_OK;
}

enum tok_status level_write_all(struct level *l)
{
	struct vocab_spelling script;
	enum tok_status status = level_find_script(l, &script);
	if (status != TOK_OK)
		return status;
	l->space = script.space;
	status = write_tokens(l, &script);
	if (status == TOK_OK)
		status = add_bytes(l, &script);
	if (status == TOK_OK && l->options->whitespace)
		status = rename_spaces(l);
	if (status == TOK_OK && l->options->whitespace)
		status = add_runs(l);
	return status;
}
