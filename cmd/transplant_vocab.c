#include "cmd/transplant_vocab.h"

#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_lm.h"
#include "cmd/cli_variable.h"
#include "tok/text/gguf.h"
#include "tok/text/json.h"
#include "vocab/format/read.h"

_Static_assert((int)HYPER_TOKEN_NONE == (int)VOCAB_TOKEN_NONE &&
		   (int)HYPER_TOKEN_TEXT == (int)VOCAB_TOKEN_TEXT &&
		   (int)HYPER_TOKEN_BYTE == (int)VOCAB_TOKEN_BYTE &&
		   (int)HYPER_TOKEN_SPECIAL == (int)VOCAB_TOKEN_SPECIAL,
	       "one list of kinds is the other");

/* Of HYPER_ROLE_BOS and so on. */
static const char *const gguf_names[HYPER_ROLE_COUNT][2] = {
	{ "bos" }, { "eos" },  { "padding" }, { "unknown" }, { "separator", "seperator" },
	{ "cls" }, { "mask" },
};
enum { USUAL = 5 };
static const char *const usual_names[HYPER_ROLE_COUNT][USUAL] = {
	{ "<s>", "<bos>", "<|begin_of_text|>", "[BOS]", "<|startoftext|>" },
	{ "</s>", "<eos>", "<|end_of_text|>", "<|endoftext|>", "[EOS]" },
	{ "<pad>", "[PAD]", "<|pad|>" },
	{ "<unk>", "[UNK]", "<|unk|>" },
	{ "[SEP]" },
	{ "[CLS]" },
	{ "[MASK]", "<mask>" },
};

/* ---- roles ------------------------------------------------------------------------- */

static void set_role(struct hyper_vocab *vocab, size_t role, uint64_t id)
{
	if (vocab->roles[role] == TOK_NO_ID && id < vocab->count &&
	    vocab->kinds[id] != HYPER_TOKEN_NONE)
		vocab->roles[role] = (tok_id)id;
}

static void set_role_named(struct hyper_vocab *vocab, size_t role, struct tok_span name)
{
	const tok_id id = tok_tokenizer_find(vocab->tokenizer, name);
	if (id != TOK_NO_ID)
		set_role(vocab, role, id);
}

/* "bos_token": "<s>", or {"content": "<s>"}. */
static void take_names(struct hyper_vocab *vocab, const struct tok_json *root)
{
	char key[32];
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++) {
		snprintf(key, sizeof key, "%s_token", hyper_role_name((enum hyper_role)role));
		const struct tok_json *value = tok_json_get(root, key);
		if (value && value->kind == TOK_JSON_OBJECT)
			value = tok_json_get(value, "content");
		if (value && value->kind == TOK_JSON_STRING)
			set_role_named(vocab, role, tok_json_text(value));
	}
}

/* "eos_token_id": 2, or [2, 7], of which the first counts. */
static void take_ids(struct hyper_vocab *vocab, const struct tok_json *root)
{
	char key[32];
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++) {
		snprintf(key, sizeof key, "%s_token_id", hyper_role_name((enum hyper_role)role));
		const struct tok_json *value = tok_json_get(root, key);
		if (value && value->kind == TOK_JSON_ARRAY && value->count)
			value++;
		if (value && value->kind == TOK_JSON_UNSIGNED)
			set_role(vocab, role, value->as.whole);
	}
}

static void take_config(struct hyper_vocab *vocab, const struct tok_json *root)
{
	take_ids(vocab, root);
	const struct tok_json *text = tok_json_get(root, "text_config");
	if (text)
		take_ids(vocab, text);
}

/* A file beside the tokenizer's, if there is one. */
static enum tok_status take_file(struct hyper_vocab *vocab, const char *file, const char *name,
				 void (*take)(struct hyper_vocab *, const struct tok_json *),
				 struct tok_error *err)
{
	const char *slash = strrchr(file, '/');
	struct tok_json_document doc = { 0 };
	struct tok_buffer text = { 0 };
	char *path;
	if (asprintf(&path, "%.*s%s", slash ? (int)(slash - file) + 1 : 0, file, name) < 0)
		return tok_fail_memory(err);
	enum tok_status status = TOK_OK;
	if (access(path, F_OK) == 0) {
		status = cli_lm_read(path, &text, err);
		if (status == TOK_OK) {
			status = tok_json_read(&doc, tok_buffer_span(&text), err);
			if (status == TOK_OK)
				take(vocab, doc.values);
			else
				status = tok_fail_in(err, status, "%s", path);
		}
	}
	tok_json_release(&doc);
	tok_buffer_release(&text);
	free(path);
	return status;
}

static void take_pair(struct hyper_vocab *vocab, const struct tok_gguf_pair *pair)
{
	char key[64];
	if (pair->value.type != TOK_GGUF_U32)
		return;
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++)
		for (size_t i = 0; i < 2 && gguf_names[role][i]; i++) {
			snprintf(key, sizeof key, "tokenizer.ggml.%s_token_id",
				 gguf_names[role][i]);
			uint32_t id;
			memcpy(&id, pair->value.bytes.bytes, sizeof id);
			if (tok_span_equal(pair->key, tok_span_of(key)))
				set_role(vocab, role, id);
		}
}

static enum tok_status take_pairs(struct hyper_vocab *vocab, struct tok_span file,
				  struct tok_error *err)
{
	struct tok_gguf gguf;
	struct tok_gguf_pair pair;
	enum tok_status status = tok_gguf_begin(file, &gguf, err);
	for (uint64_t i = 0; status == TOK_OK && i < gguf.pairs; i++) {
		status = tok_gguf_next(&gguf, &pair, err);
		if (status == TOK_OK)
			take_pair(vocab, &pair);
	}
	return status;
}

/* Of a file that is one; the tokenizer was read from it before. */
static enum tok_status take_gguf(struct transplant_vocab *v, struct tok_error *err)
{
	struct cli_named_files files;
	enum tok_status status = transplant_vocab_files(v, &files, err);
	if (status != TOK_OK)
		return status;
	if (tok_span_starts(files.source.files[0], tok_span_of("GGUF")))
		status = take_pairs(&v->vocab, files.source.files[0], err);
	if (status != TOK_OK)
		tok_fail_in(err, status, "%s", files.source.path);
	cli_named_close(&files);
	return status;
}

static bool has_roles(const struct hyper_vocab *vocab)
{
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++)
		if (vocab->roles[role] != TOK_NO_ID)
			return true;
	return false;
}

/* Some vocabularies have learned "<s>" as they have learned "<b>". */
static void take_usual(struct hyper_vocab *vocab)
{
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++)
		for (size_t i = 0; i < USUAL && usual_names[role][i]; i++) {
			const tok_id id =
			    tok_tokenizer_find(vocab->tokenizer, tok_span_of(usual_names[role][i]));
			if (id < vocab->count && vocab->kinds[id] == HYPER_TOKEN_SPECIAL)
				set_role(vocab, role, id);
		}
}

/* A GGUF file that is named says all of itself; others lie in its folder. */
static bool is_alone(const struct transplant_vocab *v)
{
	return !v->file || (!v->folder && tok_span_equal(tok_tokenizer_spec(v->tokenizer)->format,
							 tok_span_of(VOCAB_FORMAT_GGUF)));
}

static enum tok_status find_roles(struct transplant_vocab *v, struct tok_error *err)
{
	struct hyper_vocab *vocab = &v->vocab;
	enum tok_status status = TOK_OK;
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++)
		vocab->roles[role] = TOK_NO_ID;
	if (!is_alone(v)) {
		status = take_file(vocab, v->file, "tokenizer_config.json", take_names, err);
		if (status == TOK_OK)
			status =
			    take_file(vocab, v->file, "special_tokens_map.json", take_names, err);
		if (status == TOK_OK)
			status = take_file(vocab, v->file, "config.json", take_config, err);
	}
	if (status == TOK_OK && !cli_named_is_built_in(v->kind))
		status = take_gguf(v, err);
	if (status == TOK_OK && !has_roles(vocab))
		take_usual(vocab);
	if (status == TOK_OK)
		set_role(vocab, HYPER_ROLE_UNK, tok_tokenizer_spec(vocab->tokenizer)->model.unk);
	return status;
}

/* ---- opening ------------------------------------------------------------------------- */

/* The model's file as it was named, or the best of a folder. */
static enum tok_status find_file(struct transplant_vocab *v, const char *path,
				 struct tok_error *err)
{
	struct vocab_file_stamp stamp;
	const enum tok_status status = vocab_source_find(path, &v->file, &stamp, err);
	return status == TOK_OK && strcmp(v->file, path) != 0 ? cli_join(path, "", &v->folder, err)
							      : status;
}

/* Also what finds it again. */
static enum tok_status find_place(struct transplant_vocab *v, const char *name,
				  struct tok_error *err)
{
	struct cli_named named;
	enum tok_status status = cli_named_find(name, &named, err);
	if (status != TOK_OK)
		return status;
	v->kind = named.kind;
	status = cli_join(named.path ? named.path : name, "", &v->name, err);
	if (status == TOK_OK && named.path)
		status = find_file(v, named.path, err);
	cli_named_release(&named);
	return status;
}

static enum tok_status open_vocab(struct transplant_vocab *v, const char *name, const char *pattern,
				  struct tok_error *err)
{
	const struct cli_load load = { .tokenizer = name, .pattern = pattern };
	enum tok_status status = cli_load(&load, &v->tokenizer, err);
	if (status == TOK_OK)
		status = find_place(v, name, err);
	if (status == TOK_OK)
		status = vocab_token_bytes(v->tokenizer, &v->tokens, err);
	if (status != TOK_OK)
		return status;
	v->vocab = (struct hyper_vocab){
		.bytes = v->tokens.bytes,
		.kinds = v->tokens.kinds,
		.count = v->tokens.count,
		.tokenizer = v->tokenizer,
	};
	return find_roles(v, err);
}

enum tok_status transplant_vocab_open(struct transplant_vocab *out, const char *name,
				      const char *pattern, struct tok_error *err)
{
	struct transplant_vocab made = { 0 };
	const enum tok_status status = open_vocab(&made, name, pattern, err);
	if (status == TOK_OK)
		*out = made;
	else
		transplant_vocab_close(&made);
	return status;
}

enum tok_status transplant_vocab_open_own(struct transplant_vocab *out, const char *path,
					  const char *pattern, struct tok_error *err)
{
	char *name;
	enum tok_status status = cli_named_of_path(path, &name, err);
	if (status != TOK_OK)
		return status;
	status = transplant_vocab_open(out, name, pattern, err);
	free(name);
	return status;
}

void transplant_vocab_close(struct transplant_vocab *vocab)
{
	vocab_token_bytes_release(&vocab->tokens);
	tok_tokenizer_free(vocab->tokenizer);
	free(vocab->name);
	free(vocab->folder);
	free(vocab->file);
	*vocab = (struct transplant_vocab){ 0 };
}

enum tok_status transplant_vocab_files(const struct transplant_vocab *vocab,
				       struct cli_named_files *out, struct tok_error *err)
{
	struct cli_named named;
	enum tok_status status = cli_named_find(vocab->name, &named, err);
	if (status != TOK_OK)
		return status;
	status = cli_named_open(&named, NULL, out, err);
	cli_named_release(&named);
	return status;
}
