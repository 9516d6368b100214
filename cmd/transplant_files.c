#include "cmd/transplant_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_hash.h"
#include "cmd/cli_lm.h"
#include "cmd/transplant_template.h"
#include "tok/text/json_edit.h"
#include "tok/text/json_write.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"

/* What the files of tokenizers are called. */
static const char *const tokenizer_files[] = {
	"tokenizer.json",
	"tokenizer_config.json",
	"special_tokens_map.json",
	"added_tokens.json",
	"chat_template.jinja",
	"vocab.json",
	"merges.txt",
	"vocab.txt",
	"tokenizer.model",
	"spiece.model",
	"sentencepiece.bpe.model",
	"tekken.json",
	"tiktoken.model",
	"qwen.tiktoken",
};
enum { TOKENIZER_FILES = sizeof tokenizer_files / sizeof *tokenizer_files };

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

/* ---- reading what lies beside ------------------------------------------------------------- */

/* The folder of a model or tokenizer that is named by its folder or by a file in it; the caller
 * frees it. */
static char *folder_of(const char *path)
{
	struct stat info;
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return strdup(path);
	const char *slash = strrchr(path, '/');
	return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
}

static bool is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Bytes of FOLDER/NAME, added to `out`; *there is false where there is no such file. */
static enum tok_status read_beside(const char *folder, const char *name, struct tok_buffer *out,
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

/* ---- the new tokenizer's files -------------------------------------------------------------- */

static enum tok_status take_folder(struct transplant_files *f, const char *folder,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < TOKENIZER_FILES && status == TOK_OK; i++) {
		struct tok_buffer bytes = { 0 };
		bool there;
		status = read_beside(folder, tokenizer_files[i], &bytes, &there, err);
		if (status == TOK_OK && there)
			status = transplant_files_add(f, tokenizer_files[i],
						      tok_buffer_span(&bytes), err);
		tok_buffer_release(&bytes);
	}
	return status;
}

/* A file of any other kind, as the tokenizer.json that it amounts to. */
static enum tok_status take_converted(struct transplant_files *f, const struct transplant_case *c,
				      struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	struct tok_buffer bytes = { 0 };
	enum tok_status status = cli_load_spec(c->target_path, c->options->pattern, &spec, err);
	if (status == TOK_OK)
		status = vocab_write(VOCAB_TOKENIZER_JSON, &spec, &bytes, err);
	if (status == TOK_OK)
		status = transplant_files_add(f, "tokenizer.json", tok_buffer_span(&bytes), err);
	else
		tok_fail_in(err, status, "%s: as a tokenizer.json", c->target_path);
	tok_buffer_release(&bytes);
	tok_spec_release(&spec);
	return status;
}

static bool is_gguf_model(const struct transplant_case *c)
{
	struct tok_span values;
	uint64_t count;
	return hyper_gguf_values(hyper_folder_tensors(c->model), c->embeddings.input->file, &values,
				 &count);
}

static bool ends_in(const char *path, const char *end)
{
	const size_t count = strlen(path), tail = strlen(end);
	return count >= tail && strcmp(path + count - tail, end) == 0;
}

/* A SentencePiece model says more than a tokenizer.json can: it stays what it is. */
static enum tok_status take_file(struct transplant_files *f, const struct transplant_case *c,
				 struct tok_error *err)
{
	const bool model = ends_in(c->target_path, ".model");
	const bool json = ends_in(c->target_path, ".json");
	struct tok_buffer bytes = { 0 };
	/* What a GGUF model says of its tokenizer lies in its own file. */
	if (!model && !json && is_gguf_model(c))
		return TOK_OK;
	if (!model && !json)
		return take_converted(f, c, err);
	enum tok_status status = cli_lm_read(c->target_path, &bytes, err);
	if (status == TOK_OK)
		status = transplant_files_add(f, model ? "tokenizer.model" : "tokenizer.json",
					      tok_buffer_span(&bytes), err);
	tok_buffer_release(&bytes);
	return status;
}

static enum tok_status take_tokenizer(struct transplant_files *f, const struct transplant_case *c,
				      struct tok_error *err)
{
	static const struct tok_span gone;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < TOKENIZER_FILES && status == TOK_OK; i++)
		status = put_item(f, tokenizer_files[i], gone, err);
	if (status != TOK_OK)
		return status;
	return is_folder(c->target_path) ? take_folder(f, c->target_path, err)
					 : take_file(f, c, err);
}

/* ---- tokenizer_config.json ------------------------------------------------------------------- */

static const struct hyper_side_file *find(const struct transplant_files *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].name, name) == 0 && f->items[i].bytes.bytes)
			return &f->items[i];
	return NULL;
}

/* `"bos_token": "<s>"`, of each role that a token has. */
static bool put_roles(const struct hyper_vocab *vocab, struct tok_buffer *out)
{
	bool ok = true;
	for (int role = 0; role < HYPER_ROLE_COUNT && ok; role++) {
		char key[32];
		if (vocab->roles[role] >= vocab->count)
			continue;
		const int n = snprintf(
		    key, sizeof key, ",\n  \"%s_token\": ", hyper_role_name((enum hyper_role)role));
		ok = tok_buffer_add(out, key, (size_t)n) &&
		     tok_json_put_string(out, vocab->bytes[vocab->roles[role]]);
	}
	return ok;
}

static enum tok_status make_config(struct transplant_files *f, const struct transplant_case *c,
				   struct tok_error *err)
{
	static const char head[] = "{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\"";
	struct tok_buffer text = { 0 };
	const bool ok = tok_buffer_add(&text, head, sizeof head - 1) &&
			put_roles(&c->target.vocab, &text) && tok_buffer_add(&text, "\n}\n", 3);
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
	const struct hyper_side_file *config = find(f, "tokenizer_config.json");
	if (!find(f, "tokenizer.json"))
		return TOK_OK;
	return config ? edit_config(f, config->bytes, err) : make_config(f, c, err);
}

/* ---- the model's own ----------------------------------------------------------------------------
 */

static enum tok_status rewrite(struct transplant_files *f, const char *name, struct tok_span text,
			       const struct hyper_config_change *change, struct tok_error *err)
{
	struct tok_buffer out = { 0 };
	enum tok_status status = hyper_config_rewrite(text, change, &out, &f->notes, err);
	if (status == TOK_OK)
		status = transplant_files_add(f, name, tok_buffer_span(&out), err);
	else
		tok_fail_in(err, status, "%s", name);
	tok_buffer_release(&out);
	return status;
}

static enum tok_status rewrite_configs(struct transplant_files *f, const struct transplant_case *c,
				       size_t rows, const char *folder, struct tok_error *err)
{
	const struct hyper_config_change change = {
		.rows = rows,
		.source_rows = c->embeddings.input->shape[0],
		.source = &c->source.vocab,
		.target = &c->target.vocab,
		.matches = &c->matches,
		.tied = c->options->tie == HYPER_TIE_KEEP ? -1 : c->options->tie == HYPER_TIE_FORCE,
	};
	const struct tok_span config = hyper_folder_config(c->model);
	struct tok_buffer text = { 0 };
	bool there = false;
	enum tok_status status =
	    config.count ? rewrite(f, "config.json", config, &change, err) : TOK_OK;
	if (status == TOK_OK)
		status = read_beside(folder, "generation_config.json", &text, &there, err);
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
		       c->options->tie == HYPER_TIE_KEEP;
	return status;
}

enum tok_status transplant_files_make(struct transplant_files *out, const struct transplant_case *c,
				      size_t rows, struct tok_error *err)
{
	struct transplant_files f = { 0 };
	char *folder = folder_of(c->path);
	enum tok_status status = folder ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = is_unchanged(c, rows, &f.unchanged, err);
	if (status == TOK_OK && !f.unchanged) {
		status = take_tokenizer(&f, c, err);
		if (status == TOK_OK)
			status = fix_class(&f, c, err);
		if (status == TOK_OK)
			status = transplant_template(&f, c, folder, err);
		if (status == TOK_OK)
			status = rewrite_configs(&f, c, rows, folder, err);
	}
	free(folder);
	if (status == TOK_OK)
		*out = f;
	else
		transplant_files_release(&f);
	return status;
}
