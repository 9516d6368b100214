#include "cmd/transplant_template.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cli_lm.h"
#include "tok/text/json_edit.h"

#define CONFIG "tokenizer_config.json"
#define JINJA  "chat_template.jinja"

struct template
{
	struct tok_buffer text;  /* what names tokens: of a list all that is in it */
	struct tok_buffer value; /* as tokenizer_config.json has it, where it is a list */
};

static void release(struct template *t)
{
	tok_buffer_release(&t->text);
	tok_buffer_release(&t->value);
}

static bool is_there(const struct template *t)
{
	return t->text.count || t->value.count;
}

enum tok_status transplant_note(struct transplant_files *f, struct tok_error *err, const char *fmt,
				...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	const int count = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	const size_t shown = count < 0                     ? 0
			     : (size_t)count < sizeof text ? (size_t)count
							   : sizeof text - 1;
	return tok_buffer_add(&f->notes, text, shown) && tok_buffer_add_byte(&f->notes, '\n')
		   ? TOK_OK
		   : tok_fail_memory(err);
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Several by name, in a list or an object. */
static bool take_list(struct template *t, struct tok_span written, const struct tok_json *value)
{
	const struct tok_json *end = tok_json_next(value);
	bool ok = tok_buffer_add(&t->value, written.bytes, written.count);
	for (; value < end && ok; value++)
		if (value->kind == TOK_JSON_STRING)
			ok = tok_buffer_add(&t->text, value->as.bytes, value->count) &&
			     tok_buffer_add_byte(&t->text, '\n');
	return ok;
}

/* "chat_template" of a tokenizer_config.json, added to `out`. */
static enum tok_status template_in(struct tok_span config, struct template *out,
				   struct tok_error *err)
{
	struct tok_json_edit edit = { 0 };
	enum tok_status status = tok_json_edit_open(&edit, config, err);
	if (status != TOK_OK)
		return status;
	const struct tok_json *value = tok_json_get(edit.doc.values, "chat_template");
	bool ok = true;
	if (value && value->kind == TOK_JSON_STRING)
		ok = tok_buffer_add(&out->text, value->as.bytes, value->count);
	else if (value && (value->kind == TOK_JSON_ARRAY || value->kind == TOK_JSON_OBJECT))
		ok = take_list(out, tok_json_edit_text(&edit, value), value);
	tok_json_edit_release(&edit);
	return ok ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status read_old(const char *folder, struct template *out, struct tok_error *err)
{
	struct tok_buffer config = { 0 };
	bool there;
	if (!folder)
		return TOK_OK;
	enum tok_status status = transplant_files_read(folder, JINJA, &out->text, &there, err);
	if (status == TOK_OK && out->text.count == 0)
		status = transplant_files_read(folder, CONFIG, &config, &there, err);
	if (status == TOK_OK && config.count) {
		status = template_in(tok_buffer_span(&config), out, err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "%s/" CONFIG, folder);
	}
	tok_buffer_release(&config);
	return status;
}

static enum tok_status read_new(const struct transplant_files *f, struct template *out,
				struct tok_error *err)
{
	const struct hyper_side_file *jinja = transplant_files_find(f, JINJA);
	const struct hyper_side_file *config = transplant_files_find(f, CONFIG);
	if (jinja)
		return tok_buffer_add(&out->text, jinja->bytes.bytes, jinja->bytes.count)
			   ? TOK_OK
			   : tok_fail_memory(err);
	return config ? template_in(config->bytes, out, err) : TOK_OK;
}

/* ---- writing ------------------------------------------------------------------------------ */

/* "chat_template" of the new tokenizer_config.json becomes `value`, or goes where that is empty. */
static enum tok_status set_value(struct transplant_files *f, struct tok_span value,
				 struct tok_error *err)
{
	const struct hyper_side_file *config = transplant_files_find(f, CONFIG);
	struct tok_json_edit edit = { 0 };
	struct tok_buffer text = { 0 };
	bool ok = true;
	if (!config && value.count == 0)
		return TOK_OK;
	enum tok_status status =
	    tok_json_edit_open(&edit, config ? config->bytes : tok_span_of("{}\n"), err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, CONFIG);
	const struct tok_json *old = tok_json_get(edit.doc.values, "chat_template");
	if (value.count && old)
		ok = tok_json_edit_replace(&edit, old, value);
	else if (value.count)
		ok = tok_json_edit_add(&edit, edit.doc.values, "chat_template", value);
	else if (old)
		tok_json_edit_remove(&edit, old - 1);
	ok = ok && tok_json_edit_write(&edit, &text);
	status = ok ? transplant_files_add(f, CONFIG, tok_buffer_span(&text), err)
		    : tok_fail_memory(err);
	tok_buffer_release(&text);
	tok_json_edit_release(&edit);
	return status;
}

static enum tok_status drop_new(struct transplant_files *f, struct tok_error *err)
{
	const enum tok_status status = set_value(f, (struct tok_span){ 0 }, err);
	return status == TOK_OK ? transplant_files_drop(f, JINJA, err) : status;
}

static enum tok_status keep_old(struct transplant_files *f, const struct template *old,
				struct tok_error *err)
{
	enum tok_status status = drop_new(f, err);
	if (status != TOK_OK || !is_there(old))
		return status;
	return old->value.count ? set_value(f, tok_buffer_span(&old->value), err)
				: transplant_files_add(f, JINJA, tok_buffer_span(&old->text), err);
}

/* ---- choosing ----------------------------------------------------------------------------- */

enum tok_status transplant_template_audit(struct tok_span text, const struct hyper_vocab *source,
					  const struct hyper_vocab *target,
					  char shown[TRANSPLANT_NAMES], struct tok_error *err)
{
	struct tok_buffer missing = { 0 };
	const enum tok_status status = hyper_template_audit(text, source, target, &missing, err);
	size_t count = 0;
	/* Names that are whole, in one line. */
	for (size_t i = 0; i < missing.count && i < TRANSPLANT_NAMES; i++)
		if (missing.bytes[i] == '\n') {
			missing.bytes[i] = ' ';
			count = i;
		}
	if (count)
		memcpy(shown, missing.bytes, count);
	else if (missing.count)
		count = (size_t)snprintf(shown, TRANSPLANT_NAMES, "a very long name");
	shown[count] = '\0';
	tok_buffer_release(&missing);
	return status;
}

enum tok_status transplant_template_gone(struct transplant_files *f,
					 const struct transplant_case *c, const char *missing,
					 struct tok_error *err)
{
	const char *kept = c->target.kind == CLI_NAMED_STORE
			       ? "; the store keeps no template: name a folder that has one"
			       : "";
	if (c->options->chat_template == TRANSPLANT_CHAT_NEW)
		return transplant_note(f, err,
				       "there is no chat template any more: the new tokenizer "
				       "brings none, and the old one was not wanted%s",
				       kept);
	return transplant_note(f, err,
			       "there is no chat template any more: the old one names what the "
			       "new tokenizer does not have: %s%s",
			       missing, kept);
}

enum tok_status transplant_template_refuse(const char *missing, struct tok_error *err)
{
	return tok_fail(err, TOK_EARG,
			"the old chat template names tokens that the new tokenizer does not have: "
			"%s",
			missing);
}

static enum tok_status choose_old(struct transplant_files *f, const struct transplant_case *c,
				  const struct template *old, struct tok_error *err)
{
	char missing[TRANSPLANT_NAMES];
	const int chat = c->options->chat_template;
	const enum tok_status status = transplant_template_audit(
	    tok_buffer_span(&old->text), &c->source.vocab, &c->target.vocab, missing, err);
	if (status != TOK_OK)
		return status;
	if (chat == TRANSPLANT_CHAT_KEEP && missing[0])
		return transplant_template_refuse(missing, err);
	if (chat != TRANSPLANT_CHAT_NEW && !missing[0])
		return keep_old(f, old, err);
	return is_there(old) ? transplant_template_gone(f, c, missing, err) : TOK_OK;
}

static enum tok_status look_at_new(struct transplant_files *f, const struct transplant_case *c,
				   const struct template *new, struct tok_error *err)
{
	char missing[TRANSPLANT_NAMES];
	const enum tok_status status = transplant_template_audit(tok_buffer_span(&new->text), NULL,
								 &c->target.vocab, missing, err);
	return status == TOK_OK && missing[0]
		   ? transplant_note(f, err,
				     "the new chat template names what is no special token: %s",
				     missing)
		   : status;
}

enum tok_status transplant_template(struct transplant_files *f, const struct transplant_case *c,
				    const char *folder, struct tok_error *err)
{
	struct template old = { 0 }, new = { 0 };
	enum tok_status status = read_old(folder, &old, err);
	if (status == TOK_OK)
		status = read_new(f, &new, err);
	if (status == TOK_OK && is_there(&new) && c->options->chat_template != TRANSPLANT_CHAT_KEEP)
		status = look_at_new(f, c, &new, err);
	else if (status == TOK_OK && (is_there(&old) || is_there(&new)))
		status = choose_old(f, c, &old, err);
	release(&old);
	release(&new);
	return status;
}
