#include "hypernet/tensor/folder.h"

#include "hypernet/tensor/tensors_internal.h"
#include "tok/text/gguf.h"
#include "tok/text/json.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct hyper_folder {
	struct hyper_tensors *tensors;
	char *path;                 /* of a folder */
	struct tensors_file config; /* mapped, or nothing */
	struct tok_json_document doc;
};

/* ---- opening ------------------------------------------------------------------------- */

static enum tok_status read_config(struct hyper_folder *folder, const char *path,
				   struct tok_error *err)
{
	enum tok_status status = tensors_map(path, &folder->config, err);
	if (status == TOK_OK)
		status = tok_json_read(&folder->doc, folder->config.bytes, err);
	if (status == TOK_OK && folder->doc.values->kind != TOK_JSON_OBJECT)
		status = tok_fail(err, TOK_EFORMAT, "it must be a JSON object");
	return status == TOK_OK || status == TOK_ENOMEM ? status
							: tok_fail_in(err, status, "%s", path);
}

static char *copy_path(const char *path)
{
	const size_t room = strlen(path) + 1;
	char *copy = malloc(room);
	return copy ? memcpy(copy, path, room) : NULL;
}

static enum tok_status find_config(struct hyper_folder *folder, const char *path,
				   struct tok_error *err)
{
	struct stat info;
	const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
	char *config = tensors_beside(path, tok_span_of("config.json"), is_folder);
	folder->path = is_folder ? copy_path(path) : NULL;
	if (!config || (is_folder && !folder->path)) {
		free(config);
		return tok_fail_memory(err);
	}
	const enum tok_status status =
	    access(config, F_OK) == 0 ? read_config(folder, config, err) : TOK_OK;
	free(config);
	return status;
}

enum tok_status hyper_folder_open(const char *path, struct hyper_folder **out,
				  struct tok_error *err)
{
	struct hyper_folder *folder = calloc(1, sizeof *folder);
	if (!folder)
		return tok_fail_memory(err);
	enum tok_status status = hyper_tensors_open(path, &folder->tensors, err);
	if (status == TOK_OK)
		status = find_config(folder, path, err);
	if (status == TOK_OK)
		*out = folder;
	else
		hyper_folder_close(folder);
	return status;
}

void hyper_folder_close(struct hyper_folder *folder)
{
	if (!folder)
		return;
	hyper_tensors_close(folder->tensors);
	tok_json_release(&folder->doc);
	tensors_unmap(&folder->config);
	free(folder->path);
	free(folder);
}

const struct hyper_tensors *hyper_folder_tensors(const struct hyper_folder *folder)
{
	return folder->tensors;
}

const char *hyper_folder_path(const struct hyper_folder *folder)
{
	return folder->path;
}

struct tok_span hyper_folder_config(const struct hyper_folder *folder)
{
	return folder->config.bytes;
}

/* ---- what the model says of itself ------------------------------------------------------ */

/* Models that also see pictures keep what is about text in an object of its own. */
static const struct tok_json *find_setting(const struct hyper_folder *folder, const char *key)
{
	static const char *const inner[] = { "text_config", "llm_config", "language_config" };
	const struct tok_json *root = folder->doc.values;
	const struct tok_json *found = root ? tok_json_get(root, key) : NULL;
	for (size_t i = 0; root && !found && i < sizeof inner / sizeof inner[0]; i++) {
		const struct tok_json *object = tok_json_get(root, inner[i]);
		if (object && object->kind == TOK_JSON_OBJECT)
			found = tok_json_get(object, key);
	}
	return found;
}

/* The tokens of a GGUF file's tokenizer. */
static uint64_t count_gguf_tokens(const struct hyper_folder *folder)
{
	struct tok_gguf file = { 0 };
	struct tok_gguf_pair pair;
	if (!hyper_gguf_values(folder->tensors, 0, &file.rest.bytes, &file.pairs))
		return 0;
	for (uint64_t i = 0; i < file.pairs; i++)
		if (tok_gguf_next(&file, &pair, NULL) == TOK_OK &&
		    tok_span_equal(pair.key, tok_span_of("tokenizer.ggml.tokens")))
			return pair.value.count;
	return 0;
}

static size_t find_vocab_size(const struct hyper_folder *folder, size_t rows)
{
	const struct tok_json *said = find_setting(folder, "vocab_size");
	uint64_t size = count_gguf_tokens(folder);
	if (size == 0 && said && said->kind == TOK_JSON_UNSIGNED)
		size = said->as.whole;
	return size > 0 && size < rows ? (size_t)size : rows;
}

/* ---- names ---------------------------------------------------------------------------- */

static const struct family {
	const char *input, *outputs[2], *biases[2];
} families[] = {
	{ "token_embd.weight", { "output.weight" } }, /* GGUF */
	/* Llama, Mistral, Qwen, Gemma, Phi, OLMo, ... */
	{ "model.embed_tokens.weight", { "lm_head.weight" }, { "lm_head.bias" } },
	{ "model.language_model.embed_tokens.weight", { "lm_head.weight" } },
	{ "language_model.model.embed_tokens.weight",
	  { "language_model.lm_head.weight", "lm_head.weight" } },
	/* GPT-2 and its kin */
	{ "transformer.wte.weight", { "lm_head.weight" }, { "lm_head.bias" } },
	{ "wte.weight", { "lm_head.weight" } },
	{ "gpt_neox.embed_in.weight", { "embed_out.weight" } },
	{ "transformer.word_embeddings.weight", { "lm_head.weight" } }, /* BLOOM, Falcon */
	{ "word_embeddings.weight", { "lm_head.weight" } },
	{ "transformer.embedding.word_embeddings.weight", { "transformer.output_layer.weight" } },
	{ "model.tok_embeddings.weight", { "output.weight" } },
	{ "backbone.embeddings.weight", { "lm_head.weight" } }, /* Mamba */
	/* Encoders, with and without a head */
	{ "roberta.embeddings.word_embeddings.weight",
	  { "lm_head.decoder.weight", "lm_head.weight" },
	  { "lm_head.bias", "lm_head.decoder.bias" } },
	{ "bert.embeddings.word_embeddings.weight",
	  { "cls.predictions.decoder.weight" },
	  { "cls.predictions.bias", "cls.predictions.decoder.bias" } },
	{ "distilbert.embeddings.word_embeddings.weight",
	  { "vocab_projector.weight" },
	  { "vocab_projector.bias" } },
	{ "embeddings.word_embeddings.weight" },
	{ "shared.weight", { "lm_head.weight" } }, /* T5 */
	{ HYPER_PREDICTED_INPUT, { HYPER_PREDICTED_OUTPUT }, { HYPER_PREDICTED_BIAS } },
};

const char *hyper_output_name(const char *input)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strcmp(families[i].input, input) == 0)
			return families[i].outputs[0];
	return NULL;
}

/* The first of two names that there is. */
static const struct hyper_tensor *find_one(const struct hyper_folder *folder,
					   const char *const names[2])
{
	const struct hyper_tensor *found = NULL;
	for (size_t i = 0; i < 2 && names[i] && !found; i++)
		found = hyper_tensors_find(folder->tensors, names[i]);
	return found;
}

static bool find_by_family(const struct hyper_folder *folder, struct hyper_embeddings *out)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		out->input = hyper_tensors_find(folder->tensors, families[i].input);
		if (out->input) {
			out->output = find_one(folder, families[i].outputs);
			out->bias = find_one(folder, families[i].biases);
			return true;
		}
	}
	return false;
}

static enum tok_status find_named(const struct hyper_folder *folder, const char *name,
				  const struct hyper_tensor **out, struct tok_error *err)
{
	if (!name)
		return TOK_OK;
	*out = hyper_tensors_find(folder->tensors, name);
	return *out ? TOK_OK
		    : tok_fail(err, TOK_EARG, "there is no tensor '%s'",
			       tok_show(tok_span_of(name)).text);
}

/* ---- embeddings ------------------------------------------------------------------------ */

static bool find_tied(const struct hyper_folder *folder, const struct hyper_embeddings *e)
{
	const struct tok_json *said = find_setting(folder, "tie_word_embeddings");
	if (said && (said->kind == TOK_JSON_TRUE || said->kind == TOK_JSON_FALSE))
		return said->kind == TOK_JSON_TRUE;
	return !e->output || (e->output->dtype == e->input->dtype &&
			      tok_span_equal(e->output->data, e->input->data));
}

static enum tok_status check_shapes(const struct hyper_embeddings *e, struct tok_error *err)
{
	const struct hyper_tensor *in = e->input, *out = e->output;
	if (in->rank != 2)
		return tok_fail(err, TOK_EFORMAT, "tensor '%s' is no matrix", in->name);
	if (out &&
	    (out->rank != 2 || out->shape[0] != in->shape[0] || out->shape[1] != in->shape[1]))
		return tok_fail(err, TOK_EFORMAT, "tensors '%s' and '%s' differ in shape", in->name,
				out->name);
	if (e->bias && hyper_tensor_numbers(e->bias) != in->shape[0])
		return tok_fail(err, TOK_EFORMAT, "tensor '%s' has %zu numbers for %zu tokens",
				e->bias->name, hyper_tensor_numbers(e->bias), in->shape[0]);
	return TOK_OK;
}

enum tok_status hyper_folder_embeddings(const struct hyper_folder *folder, const char *input,
					const char *output, struct hyper_embeddings *out,
					struct tok_error *err)
{
	struct hyper_embeddings e = { 0 };
	if (!find_by_family(folder, &e) && !input)
		return tok_fail(err, TOK_EFORMAT,
				"no tensor is called as input embeddings are ('%s', '%s', ...), "
				"and none was named",
				families[1].input, families[0].input);
	enum tok_status status = find_named(folder, input, &e.input, err);
	if (status == TOK_OK)
		status = find_named(folder, output, &e.output, err);
	if (status == TOK_OK)
		status = check_shapes(&e, err);
	if (status != TOK_OK)
		return status;
	e.tied = find_tied(folder, &e);
	e.vocab_size = find_vocab_size(folder, e.input->shape[0]);
	*out = e;
	return TOK_OK;
}
