/* byte_level_specials.c - step 6 and the template: special tokens as another tokenizer has them. */
#include "vocab/convert/byte_level_internal.h"

#include <stdlib.h>

#include "tok/text/json.h"
#include "tok/text/utf8.h"

/* ---- ids ------------------------------------------------------------------------------- */

static int compare_added(const void *a, const void *b)
{
	const struct tok_added_token *const *x = a, *const *y = b;
	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* The special tokens of the other tokenizer, by rising id. */
static const struct tok_added_token **list_specials(struct level *l, size_t *count)
{
	const struct tok_spec *other = l->options->match;
	const struct tok_added_token **list =
	    tok_arena_array(&l->scratch, other->added_count, sizeof *list);
	*count = 0;
	for (size_t i = 0; list && i < other->added_count; i++)
		if (other->added[i].special)
			list[(*count)++] = &other->added[i];
	if (list && *count)
		qsort(list, *count, sizeof *list, compare_added);
	return list;
}

/* The place of a token with that name, which is special from now on. */
static enum tok_status put_special(struct level *l, const struct tok_added_token *added,
				   uint32_t *out)
{
	uint32_t at = level_find(l, added->content);
	if (at == LEVEL_NONE) {
		const struct tok_span form = tok_arena_copy(&l->out->arena, added->content);
		if (!form.bytes)
			return tok_fail_memory(l->err);
		at = (uint32_t)l->count;
		const enum tok_status status = level_append(l, form, 0);
		if (status != TOK_OK)
			return status;
	}
	l->tokens[at].added = added;
	l->tokens[at].special = true;
	l->tokens[at].written = false;
	*out = at;
	return TOK_OK;
}

/* Each at its id, or behind all others where there are not so many. */
static void number_tokens(struct level *l, const uint32_t *specials, size_t count)
{
	tok_id next = 0;
	size_t put = 0;
	for (size_t i = 0; i < l->count; i++) {
		if (l->tokens[i].special)
			continue;
		while (put < count && l->tokens[specials[put]].added->id <= next)
			l->tokens[specials[put++]].id = next++;
		l->tokens[i].id = next++;
	}
	while (put < count)
		l->tokens[specials[put++]].id = next++;
	l->next_id = next;
}

/* A byte that was special is needed as a byte. */
static bool is_byte(struct tok_span form)
{
	return form.count && tok_utf8_at(form, 0).length == form.count &&
	       tok_char_to_byte(tok_utf8_at(form, 0).code) >= 0;
}

static enum tok_status match_specials(struct level *l)
{
	size_t count;
	const struct tok_added_token **list = list_specials(l, &count);
	uint32_t *places = tok_arena_array(&l->scratch, count, sizeof *places);
	enum tok_status status = list && places ? TOK_OK : tok_fail_memory(l->err);
	const size_t before = l->count;
	size_t owned = 0, kept = 0;
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < before; i++) {
		l->tokens[i].special = l->tokens[i].special && !is_byte(l->tokens[i].form);
		owned += l->tokens[i].special;
	}
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		const uint32_t at = level_find(l, list[i]->content);
		kept += at != LEVEL_NONE && l->tokens[at].special;
		status = put_special(l, list[i], &places[i]);
	}
	for (size_t i = 0; i < l->count; i++)
		if (l->tokens[i].special)
			l->tokens[i].id = TOK_NO_ID;
	l->report.specials_put = count;
	l->report.specials_dropped = owned - kept;
	if (status == TOK_OK)
		number_tokens(l, places, count);
	return status;
}

enum tok_status level_set_ids(struct level *l)
{
	return l->options->match ? match_specials(l) : TOK_OK;
}

/* ---- added tokens -------------------------------------------------------------------------- */

static enum tok_status set_added(struct level *l)
{
	struct tok_added_token *added = tok_arena_array(&l->out->arena, l->count, sizeof *added);
	size_t count = 0;
	if (!added)
		return tok_fail_memory(l->err);
	for (size_t i = 0; i < l->count; i++) {
		const struct level_token *token = &l->tokens[i];
		if (token->id == TOK_NO_ID || !token->special || !token->added)
			continue;
		added[count] = *token->added;
		added[count].content = token->form;
		added[count++].id = token->id;
	}
	l->out->added = added;
	l->out->added_count = count;
	return TOK_OK;
}

/* ---- unknown, padding, template ---------------------------------------------------------------
 */

/* The id now of what the tokenizer that special tokens are taken from calls `id` and `name`;
 * TOK_NO_ID if there is none. */
static tok_id find_special(const struct level *l, tok_id id, struct tok_span name)
{
	const uint32_t at = l->options->match ? level_find(l, name) : level_find_id(l, id);
	return at == LEVEL_NONE ? TOK_NO_ID : l->tokens[at].id;
}

static const struct tok_spec *source_of_specials(const struct level *l)
{
	return l->options->match ? l->options->match : l->spec;
}

static tok_id find_unknown(const struct level *l)
{
	const struct tok_spec *from = source_of_specials(l);
	const struct tok_model_spec *model = &from->model;
	for (size_t i = 0; i < from->added_count; i++)
		if (from->added[i].id == model->unk)
			return find_special(l, model->unk, from->added[i].content);
	for (size_t i = 0; i < model->entry_count; i++)
		if (model->entries[i].id == model->unk)
			return find_special(l, model->unk, model->entries[i].text);
	return TOK_NO_ID;
}

static enum tok_status copy_padding(struct level *l)
{
	const struct tok_padding *from = &source_of_specials(l)->padding;
	const tok_id id = find_special(l, from->id, from->token);
	l->out->truncation = source_of_specials(l)->truncation;
	if (!from->enabled || id == TOK_NO_ID)
		return TOK_OK;
	l->out->padding = *from;
	l->out->padding.id = id;
	l->out->padding.token = tok_arena_copy(&l->out->arena, from->token);
	return l->out->padding.token.bytes ? TOK_OK : tok_fail_memory(l->err);
}

static enum tok_status copy_item(struct level *l, struct tok_template_item *item)
{
	if (item->kind != TOK_TEMPLATE_TOKEN)
		return TOK_OK;
	const tok_id id = find_special(l, item->id, item->content);
	if (id == TOK_NO_ID)
		return tok_fail(l->err, TOK_EFORMAT,
				"the template's token '%s' is no special token",
				tok_show(item->content).text);
	item->id = id;
	item->content = tok_arena_copy(&l->out->arena, item->content);
	return item->content.bytes ? TOK_OK : tok_fail_memory(l->err);
}

static enum tok_status copy_template(struct level *l)
{
	const struct tok_spec *from = source_of_specials(l);
	struct tok_arena *arena = &l->out->arena;
	struct tok_post_step *posts = tok_arena_array(arena, from->post_count, sizeof *posts);
	enum tok_status status = posts ? TOK_OK : tok_fail_memory(l->err);
	for (size_t i = 0; i < from->post_count && status == TOK_OK; i++) {
		posts[i] = from->posts[i];
		const size_t count = posts[i].kind == TOK_POST_TEMPLATE ? posts[i].item_count : 0;
		struct tok_template_item *items = tok_arena_array(arena, count, sizeof *items);
		if (!items)
			return tok_fail_memory(l->err);
		posts[i].items = items;
		for (size_t k = 0; k < count && status == TOK_OK; k++) {
			items[k] = from->posts[i].items[k];
			status = copy_item(l, &items[k]);
		}
	}
	l->out->posts = posts;
	l->out->post_count = from->post_count;
	return status;
}

enum tok_status level_set_specials(struct level *l)
{
	enum tok_status status = set_added(l);
	l->out->model.unk = find_unknown(l);
	if (status == TOK_OK)
		status = copy_padding(l);
	return status == TOK_OK ? copy_template(l) : status;
}
