#include "cmd/transplant_template.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cli_lm.h"
#include "tok/text/json_edit.h"

static const struct hyper_side_file *find(const struct transplant_files *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].name, name) == 0 && f->items[i].bytes.bytes)
			return &f->items[i];
	return NULL;
}

static TOK_PRINTF(3, 4) enum tok_status
    note(struct transplant_files *f, struct tok_error *err, const char *fmt, ...)
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

/* "chat_template" of a tokenizer_config.json, added to `out`; lists of several are left alone. */
static enum tok_status template_in(struct tok_span config, struct tok_buffer *out,
				   struct tok_error *err)
{
	struct tok_json_document doc = { 0 };
	enum tok_status status = tok_json_read(&doc, config, err);
	if (status == TOK_OK) {
		const struct tok_json *value = tok_json_get(doc.values, "chat_template");
		if (value && value->kind == TOK_JSON_STRING &&
		    !tok_buffer_add(out, value->as.bytes, value->count))
			status = tok_fail_memory(err);
	}
	tok_json_release(&doc);
	return status;
}

static enum tok_status read_if_there(const char *folder, const char *name, struct tok_buffer *out,
				     struct tok_error *err)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return tok_fail_memory(err);
	const enum tok_status status =
	    access(path, F_OK) == 0 ? cli_lm_read(path, out, err) : TOK_OK;
	free(path);
	return status;
}

static enum tok_status read_old(const char *folder, struct tok_buffer *out, struct tok_error *err)
{
	struct tok_buffer config = { 0 };
	enum tok_status status = read_if_there(folder, "chat_template.jinja", out, err);
	if (status == TOK_OK && out->count == 0)
		status = read_if_there(folder, "tokenizer_config.json", &config, err);
	if (status == TOK_OK && config.count) {
		status = template_in(tok_buffer_span(&config), out, err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "%s/tokenizer_config.json", folder);
	}
	tok_buffer_release(&config);
	return status;
}

static enum tok_status read_new(const struct transplant_files *f, struct tok_buffer *out,
				struct tok_error *err)
{
	const struct hyper_side_file *jinja = find(f, "chat_template.jinja");
	const struct hyper_side_file *config = find(f, "tokenizer_config.json");
	if (jinja)
		return tok_buffer_add(out, jinja->bytes.bytes, jinja->bytes.count)
			   ? TOK_OK
			   : tok_fail_memory(err);
	return config ? template_in(config->bytes, out, err) : TOK_OK;
}

/* The new tokenizer's template goes out of its tokenizer_config.json. */
static enum tok_status drop_new(struct transplant_files *f, struct tok_error *err)
{
	const struct hyper_side_file *config = find(f, "tokenizer_config.json");
	struct tok_json_edit edit = { 0 };
	struct tok_buffer text = { 0 };
	if (!config)
		return TOK_OK;
	enum tok_status status = tok_json_edit_open(&edit, config->bytes, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "tokenizer_config.json");
	const struct tok_json *value = tok_json_get(edit.doc.values, "chat_template");
	if (value) {
		tok_json_edit_remove(&edit, value - 1);
		status = tok_json_edit_write(&edit, &text)
			     ? transplant_files_add(f, "tokenizer_config.json",
						    tok_buffer_span(&text), err)
			     : tok_fail_memory(err);
	}
	tok_buffer_release(&text);
	tok_json_edit_release(&edit);
	return status;
}

static enum tok_status keep_old(struct transplant_files *f, struct tok_span old,
				struct tok_error *err)
{
	enum tok_status status = drop_new(f, err);
	if (status == TOK_OK)
		status = transplant_files_add(f, "chat_template.jinja", old, err);
	return status;
}

/* Names that are missing, in one line. */
static void join_lines(struct tok_buffer *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (lines->bytes[i] == '\n')
			lines->bytes[i] = ' ';
}

static enum tok_status choose(struct transplant_files *f, const struct transplant_case *c,
			      struct tok_span old, struct tok_span new, struct tok_error *err)
{
	const enum transplant_chat chat = (enum transplant_chat)c->options->chat_template;
	const struct tok_span audited = chat == TRANSPLANT_CHAT_KEEP || !new.count ? old : new;
	struct tok_buffer missing = { 0 };
	enum tok_status status = hyper_template_audit(audited, &c->target.vocab, &missing, err);
	join_lines(&missing);
	const int shown = (int)(missing.count < 400 ? missing.count : 400);
	const char *names = (const char *)missing.bytes;
	if (status != TOK_OK)
		;
	else if (chat == TRANSPLANT_CHAT_KEEP && missing.count)
		status = tok_fail(err, TOK_EARG,
				  "the old chat template names tokens that the new tokenizer does "
				  "not have: %.*s",
				  shown, names);
	else if (chat == TRANSPLANT_CHAT_KEEP)
		status = old.count ? keep_old(f, old, err) : drop_new(f, err);
	else if (new.count && missing.count)
		status = note(f, err, "the new chat template names what is no special token: %.*s",
			      shown, names);
	else if (chat == TRANSPLANT_CHAT_AUDIT && !new.count && old.count && !missing.count)
		status = keep_old(f, old, err);
	else if (!new.count && old.count)
		status = note(f, err,
			      "there is no chat template any more: the old one names what the new "
			      "tokenizer does not have%s%.*s",
			      missing.count ? ": " : "", shown, missing.count ? names : "");
	tok_buffer_release(&missing);
	return status;
}

enum tok_status transplant_template(struct transplant_files *f, const struct transplant_case *c,
				    const char *folder, struct tok_error *err)
{
	struct tok_buffer old = { 0 }, new = { 0 };
	enum tok_status status = read_old(folder, &old, err);
	if (status == TOK_OK)
		status = read_new(f, &new, err);
	if (status == TOK_OK && (old.count || new.count))
		status = choose(f, c, tok_buffer_span(&old), tok_buffer_span(&new), err);
	tok_buffer_release(&old);
	tok_buffer_release(&new);
	return status;
}
