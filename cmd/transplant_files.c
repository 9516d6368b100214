#include "cmd/transplant_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cli_hash.h"
#include "cmd/cli_lm.h"
#include "cmd/transplant_template.h"
#include "cmd/transplant_tokenizer.h"
#include "tok/text/json_edit.h"
#include "tok/text/json_write.h"

void transplant_files_release(struct transplant_files *f)
{
	free(f->items);
	tok_arena_release(&f->arena);
	tok_buffer_release(&f->notes);
	*f = (struct transplant_files){ 0 };
}

static enum tok_status put_item(struct transplant_files *f, const char *name, struct tok_span bytes,
				struct tok_error *err)
{
	const struct tok_span copy =
	    tok_arena_copy(&f->arena, (struct tok_span){ (const uint8_t *)name, strlen(name) + 1 });
	if (!copy.bytes || !tok_grow(&f->items, &f->capacity, f->count + 1, sizeof *f->items))
		return tok_fail_memory(err);
	/* The last one of a name counts. */
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].name, name) == 0) {
			f->items[i].bytes = bytes;
			return TOK_OK;
		}
	f->items[f->count++] =
	    (struct hyper_side_file){ .name = (const char *)copy.bytes, .bytes = bytes };
	return TOK_OK;
}

enum tok_status transplant_files_add(struct transplant_files *f, const char *name,
				     struct tok_span bytes, struct tok_error *err)
{
	static const uint8_t nothing[1];
	struct tok_span copy = tok_arena_copy(&f->arena, bytes);
	if (bytes.count == 0)
		copy = (struct tok_span){ nothing, 0 };
	return copy.bytes ? put_item(f, name, copy, err) : tok_fail_memory(err);
}

enum tok_status transplant_files_drop(struct transplant_files *f, const char *name,
				      struct tok_error *err)
{
	return put_item(f, name, (struct tok_span){ 0 }, err);
}

const struct hyper_side_file *transplant_files_find(const struct transplant_files *f,
						    const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].name, name) == 0 && f->items[i].bytes.bytes)
			return &f->items[i];
	return NULL;
}

/* ---- reading what lies beside ------------------------------------------------------------- */

enum tok_status transplant_files_read(const char *folder, const char *name, struct tok_buffer *out,
				      bool *there, struct tok_error *err)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return tok_fail_memory(err);
	*there = access(path, F_OK) == 0;
	const enum tok_status status = *there ? cli_lm_read(path, out, err) : TOK_OK;
	free(path);
	return status;
}

struct hyper_config_change transplant_change(const struct transplant_case *c)
{
	return (struct hyper_config_change){
		.source_rows = c->embeddings.input->shape[0],
		.source = &c->source.vocab,
		.target = &c->target.vocab,
		.matches = &c->matches,
		.tied = c->options->tie == HYPER_TIE_KEEP ? -1 : c->options->tie == HYPER_TIE_FORCE,
	};
}

/* ---- tokenizer_config.json ------------------------------------------------------------------- */

/* `"bos_token": "<s>"`, of each role that a token has. */
static bool put_roles(const struct transplant_case *c, struct tok_buffer *out)
{
	const struct hyper_config_change change = transplant_change(c);
	const struct hyper_vocab *vocab = &c->target.vocab;
	bool ok = true;
	for (int role = 0; role < HYPER_ROLE_COUNT && ok; role++) {
		const tok_id id = hyper_config_role(&change, (enum hyper_role)role);
		char key[32];
		if (id >= vocab->count)
			continue;
		const int n = snprintf(
		    key, sizeof key, ",\n  \"%s_token\": ", hyper_role_name((enum hyper_role)role));
		ok = tok_buffer_add(out, key, (size_t)n) &&
		     tok_json_put_string(out, vocab->bytes[id]);
	}
	return ok;
}

static enum tok_status make_config(struct transplant_files *f, const struct transplant_case *c,
				   struct tok_error *err)
{
	static const char head[] = "{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\"";
	struct tok_buffer text = { 0 };
	const bool ok = tok_buffer_add(&text, head, sizeof head - 1) && put_roles(c, &text) &&
			tok_buffer_add(&text, "\n}\n", 3);
	const enum tok_status status =
	    ok ? transplant_files_add(f, "tokenizer_config.json", tok_buffer_span(&text), err)
	       : tok_fail_memory(err);
	tok_buffer_release(&text);
	return status;
}

static enum tok_status edit_config(struct transplant_files *f, struct tok_span old,
				   struct tok_error *err)
{
	static const char class[] = "\"PreTrainedTokenizerFast\"";
	struct tok_json_edit edit = { 0 };
	struct tok_buffer text = { 0 };
	enum tok_status status = tok_json_edit_open(&edit, old, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "tokenizer_config.json");
	const struct tok_json *now = tok_json_get(edit.doc.values, "tokenizer_class");
	const struct tok_span value = tok_span_of(class);
	bool ok = now ? tok_json_edit_replace(&edit, now, value)
		      : tok_json_edit_add(&edit, edit.doc.values, "tokenizer_class", value);
	ok = ok && tok_json_edit_write(&edit, &text);
	status = ok ? transplant_files_add(f, "tokenizer_config.json", tok_buffer_span(&text), err)
		    : tok_fail_memory(err);
	tok_buffer_release(&text);
	tok_json_edit_release(&edit);
	return status;
}

/* Classes that are made for one family's files read a tokenizer.json otherwise. */
static enum tok_status fix_class(struct transplant_files *f, const struct transplant_case *c,
				 struct tok_error *err)
{
	const struct hyper_side_file *config = transplant_files_find(f, "tokenizer_config.json");
	if (!transplant_files_find(f, "tokenizer.json"))
		return TOK_OK;
	return config ? edit_config(f, config->bytes, err) : make_config(f, c, err);
}

/* ---- the model's own ----------------------------------------------------------------------------
 */

/* The line at `at`, with what ends it. */
static struct tok_span line_at(struct tok_span text, size_t at)
{
	const uint8_t *end = memchr(text.bytes + at, '\n', text.count - at);
	return tok_span_slice(text, at, end ? (size_t)(end - text.bytes) + 1 : text.count);
}

static bool has_line(struct tok_span text, struct tok_span line)
{
	bool found = false;
	for (size_t at = 0; at < text.count && !found; at += line_at(text, at).count)
		found = tok_span_equal(line_at(text, at), line);
	return found;
}

/* What holds of two files is told once. */
static bool add_notes(struct tok_buffer *notes, struct tok_span more)
{
	bool ok = true;
	for (size_t at = 0; at < more.count && ok; at += line_at(more, at).count) {
		const struct tok_span line = line_at(more, at);
		if (!has_line(tok_buffer_span(notes), line))
			ok = tok_buffer_add(notes, line.bytes, line.count);
	}
	return ok;
}

static enum tok_status rewrite(struct transplant_files *f, const char *name, struct tok_span text,
			       const struct hyper_config_change *change, struct tok_error *err)
{
	struct tok_buffer out = { 0 }, notes = { 0 };
	enum tok_status status = hyper_config_rewrite(text, change, &out, &notes, err);
	if (status == TOK_OK && !add_notes(&f->notes, tok_buffer_span(&notes)))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = transplant_files_add(f, name, tok_buffer_span(&out), err);
	else
		tok_fail_in(err, status, "%s", name);
	tok_buffer_release(&out);
	tok_buffer_release(&notes);
	return status;
}

static enum tok_status rewrite_configs(struct transplant_files *f, const struct transplant_case *c,
				       size_t rows, const char *folder, struct tok_error *err)
{
	struct hyper_config_change change = transplant_change(c);
	change.rows = rows;
	const struct tok_span config = hyper_folder_config(c->model);
	struct tok_buffer text = { 0 };
	bool there = false;
	enum tok_status status =
	    config.count ? rewrite(f, "config.json", config, &change, err) : TOK_OK;
	if (status == TOK_OK && folder)
		status =
		    transplant_files_read(folder, "generation_config.json", &text, &there, err);
	if (status == TOK_OK && there)
		status = rewrite(f, "generation_config.json", tok_buffer_span(&text), &change, err);
	tok_buffer_release(&text);
	return status;
}

static enum tok_status is_unchanged(const struct transplant_case *c, size_t rows, bool *out,
				    struct tok_error *err)
{
	struct cli_hash old, new;
	enum tok_status status = cli_hash_tokenizer(c->source.tokenizer, &old, err);
	if (status == TOK_OK)
		status = cli_hash_tokenizer(c->target.tokenizer, &new, err);
	if (status == TOK_OK)
		*out = strcmp(old.text, new.text) == 0 && rows == c->embeddings.input->shape[0] &&
		       c->options->tie == HYPER_TIE_KEEP && !c->options->source_tokenizer;
	return status;
}

enum tok_status transplant_files_make(struct transplant_files *out, const struct transplant_case *c,
				      size_t rows, struct tok_error *err)
{
	struct transplant_files f = { 0 };
	/* What lies beside a file that was named is not of the model. */
	const char *folder = hyper_folder_path(c->model);
	enum tok_status status = is_unchanged(c, rows, &f.unchanged, err);
	if (status == TOK_OK && !f.unchanged) {
		status = transplant_tokenizer_take(&f, c, err);
		if (status == TOK_OK)
			status = fix_class(&f, c, err);
		if (status == TOK_OK)
			status = transplant_template(&f, c, folder, err);
		if (status == TOK_OK)
			status = rewrite_configs(&f, c, rows, folder, err);
	}
	if (status == TOK_OK)
		*out = f;
	else
		transplant_files_release(&f);
	return status;
}
