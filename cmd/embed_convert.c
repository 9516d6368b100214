/* embed_convert.c - tok embed convert-tokenizer: a tokenizer in the alphabet of bytes. */
#include "cmd/cli_vocab_output.h"
#include "cmd/embed_internal.h"
#include "vocab/convert/byte_level.h"

static void print_text(const struct vocab_byte_level_report *report)
{
	fprintf(stderr,
		"tok embed: %s; %zu bytes and %zu tokens on the way to others added, %zu "
		"renamed, %zu merges dropped, %zu special tokens moved\n",
		report->was_byte_level ? "was in the alphabet of bytes" : "written anew",
		report->bytes_added, report->tokens_made, report->renamed, report->merges_dropped,
		report->specials_moved);
}

static void print_json(const struct vocab_byte_level_report *report)
{
	fprintf(stderr,
		"{\"schema\":\"tok.embed.convert.1\",\"was_byte_level\":%s,\"bytes_added\":%zu,"
		"\"tokens_made\":%zu,\"renamed\":%zu,\"merges_dropped\":%zu,"
		"\"specials_moved\":%zu}\n",
		report->was_byte_level ? "true" : "false", report->bytes_added, report->tokens_made,
		report->renamed, report->merges_dropped, report->specials_moved);
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
	const enum cli_exit status = cli_vocab_output(&spec, CLI_VOCAB_JSON, opts->output);
	tok_spec_release(&spec);
	if (status == CLI_OK)
		(opts->json ? print_json : print_text)(&report);
	return status;
}
