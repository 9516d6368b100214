/* embed_convert.c - tok embed convert-tokenizer: a tokenizer in the alphabet of bytes. */
#include "cmd/cli_vocab_output.h"
#include "cmd/embed_internal.h"
#include "vocab/convert/byte_level.h"

static size_t count_tokens(const struct vocab_byte_level_report *report)
{
	return report->bytes_added + report->runs_added + report->tokens_made;
}

static void print_text(const struct vocab_byte_level_report *report, size_t tokens)
{
	fprintf(stderr, "tokens            %zu, of %zu%s\n", tokens, report->tokens,
		report->was_byte_level ? " in the alphabet already" : "");
	fprintf(stderr,
		"extra tokens      %zu: %zu bytes, %zu runs of white space, %zu on the way\n",
		count_tokens(report), report->bytes_added, report->runs_added, report->tokens_made);
	fprintf(stderr, "renamed           %zu of white space, %zu written like others\n",
		report->renamed, report->duplicates);
	fprintf(stderr, "special tokens    %zu of the other tokenizer, %zu dropped\n",
		report->specials_put, report->specials_dropped);
	fprintf(stderr, "merges            %zu added, %zu dropped\n", report->merges_added,
		report->merges_dropped);
}

static void print_json(const struct vocab_byte_level_report *report, size_t tokens)
{
	fprintf(stderr,
		"{\"schema\":\"tok.embed.convert.1\",\"was_byte_level\":%s,\"tokens_before\":%zu,"
		"\"tokens\":%zu,\"extra_tokens\":%zu,\"bytes_added\":%zu,\"runs_added\":%zu,"
		"\"tokens_made\":%zu,\"renamed\":%zu,\"duplicates\":%zu,\"specials_put\":%zu,"
		"\"specials_dropped\":%zu,\"merges_added\":%zu,\"merges_dropped\":%zu}\n",
		report->was_byte_level ? "true" : "false", report->tokens, tokens,
		count_tokens(report), report->bytes_added, report->runs_added, report->tokens_made,
		report->renamed, report->duplicates, report->specials_put, report->specials_dropped,
		report->merges_added, report->merges_dropped);
}

static enum tok_status convert(const struct embed_options *opts, const char *path,
			       struct tok_spec *out, struct vocab_byte_level_report *report,
			       struct tok_error *err)
{
	struct tok_spec spec = { 0 }, like = { 0 };
	enum tok_status status = cli_load_spec(path, opts->load.pattern, &spec, err);
	if (status == TOK_OK && opts->like)
		status = cli_load_spec(opts->like, NULL, &like, err);
	if (status == TOK_OK) {
		const struct vocab_byte_level_options how = {
			.keep_normalizer = opts->keep_normalizer,
			.keep_pretokenizer = opts->keep_pretokenizer,
			.whitespace = opts->whitespace,
			.match = opts->like ? &like : NULL,
		};
		status = vocab_byte_level(&spec, &how, out, report, err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "%s", path);
	}
	tok_spec_release(&like);
	tok_spec_release(&spec);
	return status;
}

enum cli_exit embed_convert(const void *options, int argc, char **argv)
{
	const struct embed_options *opts = options;
	struct vocab_byte_level_report report;
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("convert-tokenizer takes one tokenizer, not %d", argc);
	if (!opts->output)
		return cli_usage("convert-tokenizer needs --output FILE, or - for standard output");
	if (convert(opts, argv[0], &spec, &report, &err) != TOK_OK)
		return cli_error("%s", err.message);
	const size_t tokens = spec.model.entry_count;
	const enum cli_exit status = cli_vocab_output(&spec, CLI_VOCAB_JSON, opts->output);
	tok_spec_release(&spec);
	if (status == CLI_OK)
		(opts->json ? print_json : print_text)(&report, tokens);
	return status;
}
