#include "hypernet/transplant/config.h"

#include "hypernet/transplant/config_internal.h"
#include "tok/text/json_edit.h"
#include "tok/text/json_write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct rewriter {
	struct tok_json_edit edit;
	const struct hyper_config_change *change;
	struct tok_buffer *notes;
	struct tok_buffer text; /* room for one value */
	bool has_size, has_tie; /* seen anywhere */
	struct tok_error *err;
};

/* ---- notes ------------------------------------------------------------------------------------
 */

static enum tok_status note(struct rewriter *r, const struct tok_json *key, const char *fmt, ...)
    TOK_PRINTF(3, 4);

static enum tok_status note(struct rewriter *r, const struct tok_json *key, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	const struct tok_span name = tok_json_text(key);
	return tok_buffer_add(r->notes, name.bytes, name.count) &&
		       tok_buffer_add(r->notes, ": ", 2) &&
		       tok_buffer_add(r->notes, text, strlen(text)) &&
		       tok_buffer_add_byte(r->notes, '\n')
		   ? TOK_OK
		   : tok_fail_memory(r->err);
}

static struct tok_shown name_of(const struct hyper_vocab *vocab, uint64_t id)
{
	return tok_show(id < vocab->count && vocab->kinds[id] != HYPER_TOKEN_NONE
			    ? vocab->bytes[id]
			    : tok_span_of("no token"));
}

/* ---- ids ---------------------------------------------------------------------------------------
 */

/* The new id of what is the same token, or plays its part; the first of several. */
static tok_id find_match(const struct hyper_config_change *c, uint64_t id)
{
	const struct hyper_matches *m = c->matches;
	tok_id found = TOK_NO_ID;
	for (size_t i = 0; i < m->count; i++) {
		if (m->source[i] != id || m->classes[i] > HYPER_MATCH_BYTE)
			continue;
		if (m->classes[i] == HYPER_MATCH_EXACT)
			return (tok_id)i;
		if (found == TOK_NO_ID)
			found = (tok_id)i;
	}
	return found;
}

static bool is_token(const struct hyper_vocab *vocab, uint64_t id)
{
	return id < vocab->count && vocab->kinds[id] != HYPER_TOKEN_NONE;
}

/* The role in a name: "eos_token_id", "forced_eos_token_id". */
static bool find_role(const struct tok_json *key, enum hyper_role *out)
{
	static const char *const prefixes[] = { "", "forced_" };
	char name[40];
	for (int role = 0; role < HYPER_ROLE_COUNT; role++) {
		for (size_t i = 0; i < 2; i++) {
			snprintf(name, sizeof name, "%s%s_token_id", prefixes[i],
				 hyper_role_name((enum hyper_role)role));
			if (config_is_called(key, name)) {
				*out = (enum hyper_role)role;
				return true;
			}
		}
	}
	return false;
}

tok_id hyper_config_role(const struct hyper_config_change *c, enum hyper_role role)
{
	const tok_id new = c->target->roles[role], old = c->source->roles[role];
	return new != TOK_NO_ID ? new : old != TOK_NO_ID ? find_match(c, old) : TOK_NO_ID;
}

/* Of an id that is said to have a role. */
static tok_id map_role(const struct rewriter *r, enum hyper_role role, uint64_t id)
{
	const struct hyper_config_change *c = r->change;
	const tok_id new = c->target->roles[role];
	if (new != TOK_NO_ID && id == c->source->roles[role])
		return new;
	const tok_id match = find_match(r->change, id);
	return match != TOK_NO_ID ? match : new;
}

/* Of an id that has one of all roles, or none. */
static tok_id map_any(const struct rewriter *r, uint64_t id)
{
	static const enum hyper_role order[] = { HYPER_ROLE_PAD, HYPER_ROLE_BOS, HYPER_ROLE_EOS,
						 HYPER_ROLE_CLS, HYPER_ROLE_SEP, HYPER_ROLE_MASK,
						 HYPER_ROLE_UNK };
	const struct hyper_config_change *c = r->change;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (id == c->source->roles[order[i]] && c->target->roles[order[i]] != TOK_NO_ID)
			return c->target->roles[order[i]];
	return find_match(r->change, id);
}

static enum tok_status put_number(struct rewriter *r, const struct tok_json *value, uint64_t number)
{
	char text[32];
	if (value->kind == TOK_JSON_UNSIGNED && value->as.whole == number)
		return TOK_OK;
	snprintf(text, sizeof text, "%" PRIu64, number);
	return tok_json_edit_replace(&r->edit, value, tok_span_of(text)) ? TOK_OK
									 : tok_fail_memory(r->err);
}

/* ---- ids by role
 * --------------------------------------------------------------------------------- */

static enum tok_status rewrite_role(struct rewriter *r, const struct tok_json *key,
				    enum hyper_role role)
{
	const struct tok_json *value = key + 1;
	const tok_id new = map_role(r, role, value->as.whole);
	if (new != TOK_NO_ID)
		return put_number(r, value, new);
	if (!tok_json_edit_replace(&r->edit, value, tok_span_of("null")))
		return tok_fail_memory(r->err);
	return note(r, key,
		    "null now: the new tokenizer has no token in the place of %" PRIu64 " (%s)",
		    value->as.whole, name_of(r->change->source, value->as.whole).text);
}

/* Each new id once, in the order of the old ones. */
static enum tok_status rewrite_roles(struct rewriter *r, const struct tok_json *key,
				     enum hyper_role role)
{
	const struct tok_json *list = key + 1, *item = list + 1;
	struct tok_buffer *text = &r->text;
	enum tok_status status = TOK_OK;
	tok_id seen[64];
	size_t count = 0;
	bool same = true, ok = true;
	tok_buffer_clear(text);
	for (size_t i = 0; i < list->count && status == TOK_OK; i++, item = tok_json_next(item)) {
		char number[16];
		const bool is_id = item->kind == TOK_JSON_UNSIGNED;
		const tok_id new = is_id ? map_role(r, role, item->as.whole) : TOK_NO_ID;
		size_t at = 0;
		while (at < count && seen[at] != new)
			at++;
		same &= is_id && new == item->as.whole &&at == count;
		if (new == TOK_NO_ID)
			status = note(r, key, "%s is left out: the new tokenizer has no such token",
				      tok_show(tok_json_edit_text(&r->edit, item)).text);
		if (new == TOK_NO_ID || at < count || count == sizeof seen / sizeof seen[0])
			continue;
		seen[count++] = new;
		snprintf(number, sizeof number, "%s%u", count > 1 ? ", " : "", new);
		ok = ok && tok_buffer_add(text, number, strlen(number));
	}
	if (same || status != TOK_OK)
		return status;
	struct tok_buffer whole = { 0 };
	ok = ok && tok_buffer_add(&whole, "[", 1) &&
	     tok_buffer_add(&whole, text->bytes, text->count) && tok_buffer_add(&whole, "]", 1) &&
	     tok_json_edit_replace(&r->edit, list,
				   count ? tok_buffer_span(&whole) : tok_span_of("null"));
	tok_buffer_release(&whole);
	return ok ? TOK_OK : tok_fail_memory(r->err);
}

/* ---- other ids by name
 * ------------------------------------------------------------------------------ */

/* A number that is no token in either vocabulary is no id of one. */
static enum tok_status rewrite_other(struct rewriter *r, const struct tok_json *key,
				     const struct tok_json *value)
{
	const struct hyper_config_change *c = r->change;
	if (value->kind != TOK_JSON_UNSIGNED)
		return TOK_OK;
	const uint64_t id = value->as.whole;
	const tok_id new = map_any(r, id);
	if (new != TOK_NO_ID)
		return put_number(r, value, new);
	if (!is_token(c->source, id) && !is_token(c->target, id))
		return TOK_OK;
	return tok_fail(r->err, TOK_EARG,
			"'%s' is %" PRIu64 " (%s), which is no token of the new tokenizer",
			tok_show(tok_json_text(key)).text, id, name_of(c->source, id).text);
}

static enum tok_status rewrite_others(struct rewriter *r, const struct tok_json *key)
{
	const struct tok_json *value = key + 1, *item = value + 1;
	enum tok_status status = TOK_OK;
	if (value->kind != TOK_JSON_ARRAY)
		return rewrite_other(r, key, value);
	for (size_t i = 0; i < value->count && status == TOK_OK; i++, item = tok_json_next(item))
		status = rewrite_other(r, key, item);
	return status;
}

/* ---- lists of ids
 * ------------------------------------------------------------------------------------- */

static bool is_list_name(const struct tok_json *key)
{
	static const char *const names[] = { "suppress_tokens", "begin_suppress_tokens",
					     "bad_words_ids", "forced_decoder_ids",
					     "sequence_bias" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (config_is_called(key, names[i]))
			return true;
	return false;
}

/* Is every number in it the same token in both vocabularies? */
static bool is_unmoved(const struct rewriter *r, const struct tok_json *value)
{
	const struct tok_json *end = tok_json_next(value);
	for (; value < end; value++)
		if (value->kind == TOK_JSON_UNSIGNED &&
		    find_match(r->change, value->as.whole) != value->as.whole)
			return false;
	return true;
}

static enum tok_status drop_list(struct rewriter *r, const struct tok_json *key)
{
	if (key[1].kind == TOK_JSON_NULL || is_unmoved(r, key + 1))
		return TOK_OK;
	tok_json_edit_remove(&r->edit, key);
	return note(r, key, "left out: its ids are those of the old tokenizer");
}

/* ---- sizes
 * -----------------------------------------------------------------------------------------------
 */

static enum tok_status rewrite_size(struct rewriter *r, const struct tok_json *value)
{
	r->has_size = true;
	return value->kind == TOK_JSON_UNSIGNED ? put_number(r, value, r->change->rows) : TOK_OK;
}

static enum tok_status rewrite_tie(struct rewriter *r, const struct tok_json *value)
{
	const int tied = r->change->tied;
	r->has_tie = true;
	if (tied < 0 || value->kind == (tied ? TOK_JSON_TRUE : TOK_JSON_FALSE))
		return TOK_OK;
	return tok_json_edit_replace(&r->edit, value, tok_span_of(tied ? "true" : "false"))
		   ? TOK_OK
		   : tok_fail_memory(r->err);
}

/* ---- the object
 * ---------------------------------------------------------------------------------------------- */

static enum tok_status rewrite_member(void *context, const struct tok_json *key)
{
	struct rewriter *r = context;
	const struct tok_json *value = key + 1;
	enum hyper_role role;
	if (config_is_size(key))
		return rewrite_size(r, value);
	if (config_is_called(key, "tie_word_embeddings"))
		return rewrite_tie(r, value);
	if (is_list_name(key))
		return drop_list(r, key);
	if (find_role(key, &role) && value->kind == TOK_JSON_UNSIGNED)
		return rewrite_role(r, key, role);
	if (find_role(key, &role) && value->kind == TOK_JSON_ARRAY)
		return rewrite_roles(r, key, role);
	if (config_is_id(key) && !find_role(key, &role))
		return rewrite_others(r, key);
	return TOK_OK;
}

/* Its class has defaults, which are the old ones. */
static enum tok_status add_missing(struct rewriter *r)
{
	const struct hyper_config_change *c = r->change;
	const struct tok_json *root = r->edit.doc.values;
	const struct tok_json *text = tok_json_get(root, "text_config");
	const bool is_config =
	    tok_json_get(root, "model_type") || tok_json_get(root, "architectures");
	char number[32];
	bool ok = true;
	snprintf(number, sizeof number, "%zu", c->rows);
	if (is_config && !r->has_size && c->rows != c->source_rows)
		ok =
		    tok_json_edit_add(&r->edit, text && text->kind == TOK_JSON_OBJECT ? text : root,
				      "vocab_size", tok_span_of(number));
	if (ok && is_config && !r->has_tie && c->tied >= 0)
		ok = tok_json_edit_add(&r->edit, root, "tie_word_embeddings",
				       tok_span_of(c->tied ? "true" : "false"));
	return ok ? TOK_OK : tok_fail_memory(r->err);
}

enum tok_status hyper_config_rewrite(struct tok_span config,
				     const struct hyper_config_change *change,
				     struct tok_buffer *out, struct tok_buffer *notes,
				     struct tok_error *err)
{
	struct rewriter r = { .change = change, .notes = notes, .err = err };
	const size_t before = out->count, notes_before = notes->count;
	enum tok_status status = tok_json_edit_open(&r.edit, config, err);
	if (status != TOK_OK)
		return status;
	status = config_walk(r.edit.doc.values, rewrite_member, &r);
	if (status == TOK_OK)
		status = add_missing(&r);
	if (status == TOK_OK && !tok_json_edit_write(&r.edit, out))
		status = tok_fail_memory(err);
	if (status != TOK_OK) {
		out->count = before;
		notes->count = notes_before;
	}
	tok_json_edit_release(&r.edit);
	tok_buffer_release(&r.text);
	return status;
}
