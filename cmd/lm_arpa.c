/* lm_arpa.c - tok lm import-arpa and export-arpa. */
#include <inttypes.h>

#include "cmd/cli_output.h"
#include "cmd/lm_internal.h"

static struct vocab_arpa_options arpa_options(const struct lm_options *opts)
{
	return (struct vocab_arpa_options){ .texts = opts->words == LM_WORDS_TEXTS,
					    .spread_unk = opts->unk == LM_UNK_SPREAD };
}

static enum tok_status import(const struct lm_options *opts, const char *path,
			      const struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	const struct vocab_arpa_options options = arpa_options(opts);
	struct vocab_arpa_report report;
	struct tok_buffer text = { 0 };
	enum tok_status status = cli_lm_read(path, &text, err);
	if (status == TOK_OK) {
		status = vocab_arpa_read(tok_buffer_span(&text), &options, tokenizer, opts->output,
					 &report, err);
		if (status == TOK_EFORMAT || status == TOK_EARG || status == TOK_ELIMIT)
			status = tok_fail_in(err, status, "'%s'", path);
	}
	tok_buffer_release(&text);
	if (status == TOK_OK)
		cli_lm_tell(path, &report, options.spread_unk);
	return status;
}

enum cli_exit lm_import_arpa(const void *options, int argc, char **argv)
{
	const struct lm_options *opts = options;
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("import-arpa takes one file, not %d", argc);
	const enum cli_exit result = lm_check_name("import-arpa", opts->output);
	if (result != CLI_OK)
		return result;
	enum tok_status status = cli_load(&opts->load, &tokenizer, &err);
	if (status == TOK_OK)
		status = import(opts, argv[0], tokenizer, &err);
	tok_tokenizer_free(tokenizer);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}

static enum tok_status put(void *context, struct tok_span text, struct tok_error *err)
{
	return cli_output_add(context, text.bytes, text.count, err);
}

static enum tok_status export(const struct lm_options *opts, const char *path,
			      const struct tok_tokenizer *tokenizer, struct tok_error *err) {
	const struct vocab_arpa_options options = arpa_options(opts);
	struct cli_output out = { .fd = -1 };
	enum tok_status status = cli_output_open(&out, opts->output, err);
	if (status == TOK_OK) status = vocab_arpa_write(path, &options, tokenizer, put, &out, err);
	if (status == TOK_OK) status = cli_output_commit(&out, err);
	cli_output_abandon(&out);
	return status;
}

enum cli_exit lm_export_arpa(const void *options, int argc, char **argv)
{
	const struct lm_options *opts = options;
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("export-arpa takes one model, not %d", argc);
	enum tok_status status = cli_load(&opts->load, &tokenizer, &err);
	if (status == TOK_OK)
		status = export(opts, argv[0], tokenizer, &err);
	tok_tokenizer_free(tokenizer);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}
