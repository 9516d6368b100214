#include "cmd/transplant_tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cli_hash.h"
#include "cmd/cli_lm.h"
#include "vocab/format/write.h"
#include "vocab/image/image.h"

/* What the files of tokenizers are called. */
static const char *const tokenizer_files[] = {
	"tokenizer.json",
	"tokenizer_config.json",
	"special_tokens_map.json",
	"added_tokens.json",
	"chat_template.jinja",
	"vocab.json",
	"merges.txt",
	"encoder.json",
	"vocab.bpe",
	"vocab.txt",
	"tokenizer.model",
	"spiece.model",
	"sentencepiece.bpe.model",
	"tekken.json",
	"tiktoken.model",
	"qwen.tiktoken",
};
enum { TOKENIZER_FILES = sizeof tokenizer_files / sizeof *tokenizer_files };

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool is_gguf_model(const struct transplant_case *c)
{
	struct tok_span values;
	uint64_t count;
	return hyper_gguf_values(hyper_folder_tensors(c->model), c->embeddings.input->file, &values,
				 &count);
}

/* ---- what goes ---------------------------------------------------------------------------- */

/* Also the file that the model's tokenizer was opened from, whatever it is called; weights that
 * have one inside stay. */
static enum tok_status drop_old(struct transplant_files *f, const struct transplant_case *c,
				struct tok_error *err)
{
	const struct tok_span format = tok_tokenizer_spec(c->source.tokenizer)->format;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < TOKENIZER_FILES && status == TOK_OK; i++)
		status = transplant_files_drop(f, tokenizer_files[i], err);
	if (status == TOK_OK && c->source.file && !c->options->source_tokenizer &&
	    !tok_span_equal(format, tok_span_of(VOCAB_FORMAT_GGUF)))
		status = transplant_files_drop(f, last_part(c->source.file), err);
	return status;
}

/* ---- what comes --------------------------------------------------------------------------- */

static enum tok_status take_folder(struct transplant_files *f, const char *folder,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < TOKENIZER_FILES && status == TOK_OK; i++) {
		struct tok_buffer bytes = { 0 };
		bool there;
		status = transplant_files_read(folder, tokenizer_files[i], &bytes, &there, err);
		if (status == TOK_OK && there)
			status = transplant_files_add(f, tokenizer_files[i],
						      tok_buffer_span(&bytes), err);
		tok_buffer_release(&bytes);
	}
	return status;
}

/* A tokenizer.json, or of SentencePiece, which that cannot say, its model. */
static enum tok_status take_written(struct transplant_files *f, const struct tok_spec *spec,
				    struct tok_error *err)
{
	struct tok_buffer bytes = { 0 };
	const bool pieces = spec->sentencepiece;
	enum tok_status status =
	    vocab_write(pieces ? VOCAB_SENTENCEPIECE : VOCAB_TOKENIZER_JSON, spec, &bytes, err);
	if (status == TOK_OK)
		status = transplant_files_add(f, pieces ? "tokenizer.model" : "tokenizer.json",
					      tok_buffer_span(&bytes), err);
	tok_buffer_release(&bytes);
	return status;
}

static enum tok_status take_converted(struct transplant_files *f, const struct transplant_case *c,
				      struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	enum tok_status status = cli_load_spec(c->target.name, c->options->pattern, &spec, err);
	if (status != TOK_OK)
		return status;
	status = take_written(f, &spec, err);
	if (status != TOK_OK)
		tok_fail_in(err, status, "%s: as a file of the new model", c->target_path);
	tok_spec_release(&spec);
	return status;
}

static enum tok_status refuse_image(const struct transplant_case *c, struct tok_error *err)
{
	struct cli_named_files files;
	enum tok_status status = transplant_vocab_files(&c->target, &files, err);
	if (status != TOK_OK)
		return status;
	if (vocab_image_is_one(files.source.files[0]))
		status = tok_fail(err, TOK_EARG,
				  "%s: this is a compiled image: name what it was made from",
				  files.source.path);
	cli_named_close(&files);
	return status;
}

static enum tok_status take_copy(struct transplant_files *f, const struct transplant_case *c,
				 const char *name, struct tok_error *err)
{
	struct cli_named_files files;
	enum tok_status status = transplant_vocab_files(&c->target, &files, err);
	if (status != TOK_OK)
		return status;
	status = transplant_files_add(f, name, files.source.files[0], err);
	cli_named_close(&files);
	return status;
}

/* What tok opened, in a form that it opens first. */
static enum tok_status take_opened(struct transplant_files *f, const struct transplant_case *c,
				   struct tok_error *err)
{
	const struct tok_span format = tok_tokenizer_spec(c->target.tokenizer)->format;
	const bool has_files = !cli_named_is_built_in(c->target.kind);
	if (has_files && tok_span_equal(format, tok_span_of(VOCAB_FORMAT_JSON)))
		return take_copy(f, c, "tokenizer.json", err);
	if (has_files && tok_span_equal(format, tok_span_of(VOCAB_FORMAT_SENTENCEPIECE)))
		return c->target.file && transplant_files_find(f, last_part(c->target.file))
			   ? TOK_OK
			   : take_copy(f, c, "tokenizer.model", err);
	return is_gguf_model(c) ? TOK_OK : take_converted(f, c, err);
}

enum tok_status transplant_tokenizer_take(struct transplant_files *f,
					  const struct transplant_case *c, struct tok_error *err)
{
	if (c->target.kind == CLI_NAMED_BYTES)
		return tok_fail(err, TOK_EARG,
				"%s: this tokenizer is built in, and no file can say it",
				c->target_path);
	enum tok_status status =
	    cli_named_is_built_in(c->target.kind) ? TOK_OK : refuse_image(c, err);
	if (status == TOK_OK)
		status = drop_old(f, c, err);
	if (status == TOK_OK && c->target.folder)
		status = take_folder(f, c->target.folder, err);
	return status == TOK_OK ? take_opened(f, c, err) : status;
}

enum tok_status transplant_tokenizer_try(const struct transplant_case *c, struct tok_error *err)
{
	struct transplant_files files = { 0 };
	const enum tok_status status = transplant_tokenizer_take(&files, c, err);
	transplant_files_release(&files);
	return status;
}

/* ---- what came of it ------------------------------------------------------------------------ */

enum tok_status transplant_tokenizer_check(const struct transplant_case *c,
					   const struct transplant_files *files, const char *folder,
					   struct tok_error *err)
{
	struct tok_tokenizer *made = NULL;
	struct cli_hash wanted, found;
	char *name;
	/* A GGUF model's own has a token for each row that is padding. */
	if (files->unchanged ||
	    (is_gguf_model(c) && !transplant_files_find(files, "tokenizer.json")))
		return TOK_OK;
	enum tok_status status = cli_named_of_path(folder, &name, err);
	if (status != TOK_OK)
		return status;
	status = cli_load_uncached(&(struct cli_load){ .tokenizer = name }, &made, err);
	free(name);
	if (status != TOK_OK)
		return status;
	status = cli_hash_tokenizer(c->target.tokenizer, &wanted, err);
	if (status == TOK_OK)
		status = cli_hash_tokenizer(made, &found, err);
	if (status == TOK_OK && strcmp(wanted.text, found.text) != 0)
		status = tok_fail(err, TOK_EFORMAT,
				  "%s: the new folder would open as another tokenizer: name a "
				  "folder with a tokenizer.json",
				  c->target_path);
	tok_tokenizer_free(made);
	return status;
}
