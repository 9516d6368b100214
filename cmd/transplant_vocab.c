#include "cmd/transplant_vocab.h"

#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_lm.h"
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

/* Of a file that is one; the tokenizer was read from it before. */
static enum tok_status take_gguf(struct hyper_vocab *vocab, const char *file, struct tok_error *err)
{
	struct vocab_source source;
	enum tok_status status = vocab_source_open(file, &source, err);
	if (status != TOK_OK)
		return status;
	struct tok_gguf gguf;
	if (tok_span_starts(source.files[0], tok_span_of("GGUF"))) {
		struct tok_gguf_pair pair;
		status = tok_gguf_begin(source.files[0], &gguf, err);
		for (uint64_t i = 0; status == TOK_OK && i < gguf.pairs; i++) {
			status = tok_gguf_next(&gguf, &pair, err);
			if (status == TOK_OK)
				take_pair(vocab, &pair);
		}
		if (status != TOK_OK)
			status = tok_fail_in(err, status, "%s", file);
	}
	vocab_source_close(&source);
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

/* `beside`: are files in the same folder about this tokenizer? */
static enum tok_status find_roles(struct hyper_vocab *vocab, const char *file, bool beside,
				  struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++)
		vocab->roles[role] = TOK_NO_ID;
	if (file && beside) {
		status = take_file(vocab, file, "tokenizer_config.json", take_names, err);
		if (status == TOK_OK)
			status = take_file(vocab, file, "special_tokens_map.json", take_names, err);
		if (status == TOK_OK)
			status = take_file(vocab, file, "config.json", take_config, err);
	}
	if (status == TOK_OK && file)
		status = take_gguf(vocab, file, err);
	if (status == TOK_OK && !has_roles(vocab))
		take_usual(vocab);
	if (status == TOK_OK)
		set_role(vocab, HYPER_ROLE_UNK, tok_tokenizer_spec(vocab->tokenizer)->model.unk);
	return status;
}

/* ---- opening ------------------------------------------------------------------------- */

static bool is_builtin(const char *path)
{
	return strcmp(path, CLI_BUILTIN_NAME) == 0 || strcmp(path, "bytes") == 0;
}

enum tok_status transplant_vocab_open(struct transplant_vocab *out, const char *path,
				      const char *pattern, struct tok_error *err)
{
	const struct cli_load load = { .tokenizer = path, .pattern = pattern };
	struct transplant_vocab made = { 0 };
	struct vocab_file_stamp stamp;
	enum tok_status status = cli_load(&load, &made.tokenizer, err);
	if (status != TOK_OK)
		return status;
	if (!is_builtin(path))
		status = vocab_source_find(path, &made.file, &stamp, err);
	if (status == TOK_OK)
		status = vocab_token_bytes(made.tokenizer, &made.tokens, err);
	if (status == TOK_OK) {
		made.vocab = (struct hyper_vocab){
			.bytes = made.tokens.bytes,
			.kinds = made.tokens.kinds,
			.count = made.tokens.count,
			.tokenizer = made.tokenizer,
		};
		/* A GGUF file that is named says all of itself; others lie in its folder. */
		const struct tok_span format = tok_tokenizer_spec(made.tokenizer)->format;
		const bool alone = made.file && strcmp(made.file, path) == 0 &&
				   tok_span_equal(format, tok_span_of(VOCAB_FORMAT_GGUF));
		status = find_roles(&made.vocab, made.file, !alone, err);
	}
	if (status == TOK_OK)
		*out = made;
	else
		transplant_vocab_close(&made);
	return status;
}

void transplant_vocab_close(struct transplant_vocab *vocab)
{
	vocab_token_bytes_release(&vocab->tokens);
	tok_tokenizer_free(vocab->tokenizer);
	free(vocab->file);
	*vocab = (struct transplant_vocab){ 0 };
}
