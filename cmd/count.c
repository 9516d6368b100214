/* count.c - tok count: how many tokens texts have. */
#include <inttypes.h>

#include "cmd/cli.h"
#include "cmd/cli_documents.h"
#include "cmd/cli_load.h"
#include "vocab/format/json_write.h"

struct count_options {
	struct cli_load load;
	struct cli_split split;
	struct cli_specials specials;
	bool json;
};

static const struct count_options defaults = { .split = { .limit_bytes = CLI_SPLIT_LIMIT } };

static const struct cli_option option_table[] = { CLI_LOAD_ROWS(struct count_options, load),
						  CLI_SPLIT_ROWS(struct count_options, split),
						  CLI_SPECIAL_ROWS(struct count_options, specials),
						  { CLI_GROUP, .name = "Output" },
						  { CLI_FLAG, 'j', "json", NULL,
						    "write one JSON object, of schema tok.count.1",
						    CLI_FIELD(struct count_options, json, bool) },
						  { CLI_END } };

struct counts {
	uint64_t documents, tokens, bytes;
};

struct count_run {
	const struct count_options *opts;
	struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder;
	struct tok_encode_options how;
	struct cli_cut cut;
	struct counts total;
	int shown; /* files whose counts are written */
};

static enum tok_status count_documents(struct count_run *run, struct cli_documents *documents,
				       struct counts *counts, struct tok_error *err)
{
	struct cli_part part;
	enum tok_status status;
	while ((status = cli_documents_next(documents, &part, err)) == TOK_OK && part.text.bytes) {
		struct tok_encoding encoding = { 0 };
		run->how.continues = !part.first;
		if (part.first || part.text.count)
			status = tok_encode(run->encoder, part.text, &run->how, &encoding, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "'%s': document %" PRIu64,
					   documents->input.name, part.number);
		counts->documents += part.last;
		counts->tokens += encoding.count;
		counts->bytes += part.text.count;
	}
	return status;
}

static enum tok_status count_file(struct count_run *run, const char *path, struct counts *counts,
				  struct tok_error *err)
{
	struct cli_documents documents;
	enum tok_status status =
	    cli_documents_open(&documents, path, &run->opts->split, &run->cut, err);
	if (status != TOK_OK)
		return status;
	status = count_documents(run, &documents, counts, err);
	cli_documents_close(&documents);
	return status;
}

/* ---- showing -------------------------------------------------------------- */

static void print_row(const struct count_run *run, const struct counts *c, const char *name)
{
	if (!cli_split_is_whole(&run->opts->split))
		printf("%12" PRIu64 " ", c->documents);
	printf("%12" PRIu64 " %12" PRIu64 " ", c->tokens, c->bytes);
	if (c->tokens)
		printf("%12.3f", (double)c->bytes / (double)c->tokens);
	else
		printf("%12s", "-");
	printf(" %s\n", name);
}

static void print_head(const struct count_run *run)
{
	if (!cli_split_is_whole(&run->opts->split))
		printf("%12s ", "documents");
	printf("%12s %12s %12s %s\n", "tokens", "bytes", "bytes/token", "file");
}

static void print_json_counts(const struct counts *c)
{
	printf("\"documents\":%" PRIu64 ",\"tokens\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"bytes_per_token\":",
	       c->documents, c->tokens, c->bytes);
	if (c->tokens)
		printf("%.6f}", (double)c->bytes / (double)c->tokens);
	else
		printf("null}");
}

static enum cli_exit print_json_file(const struct count_run *run, const struct counts *c,
				     const char *path)
{
	struct tok_buffer name = { 0 };
	enum cli_exit result = CLI_OK;
	if (vocab_json_put_string(&name, tok_span_of(path))) {
		printf("%s{\"file\":", run->shown ? "," : "");
		fwrite(name.bytes, 1, name.count, stdout);
		putchar(',');
		print_json_counts(c);
	} else {
		result = cli_error("out of memory");
	}
	tok_buffer_release(&name);
	return result;
}

static enum cli_exit show_file(struct count_run *run, const struct counts *counts, const char *path)
{
	enum cli_exit result = CLI_OK;
	if (run->opts->json)
		result = print_json_file(run, counts, path);
	else
		print_row(run, counts, path);
	run->total.documents += counts->documents;
	run->total.tokens += counts->tokens;
	run->total.bytes += counts->bytes;
	run->shown++;
	return result;
}

static enum cli_exit count_files(struct count_run *run, int argc, char **argv)
{
	enum cli_exit result = CLI_OK;
	if (run->opts->json)
		printf("{\"schema\":\"tok.count.1\",\"files\":[");
	else
		print_head(run);
	for (int i = 0; i < argc; i++) {
		struct tok_error err = { 0 };
		struct counts counts = { 0 };
		enum cli_exit one;
		if (count_file(run, argv[i], &counts, &err) == TOK_OK)
			one = show_file(run, &counts, argv[i]);
		else
			one = cli_error("%s", err.message);
		if (one != CLI_OK)
			result = one;
	}
	if (run->opts->json) {
		printf("],\"total\":{");
		print_json_counts(&run->total);
		printf("}\n");
	} else if (argc > 1) {
		print_row(run, &run->total, "total");
	}
	return result;
}

static enum cli_exit run_count(const void *options, int argc, char **argv)
{
	struct count_run run = { .opts = options };
	struct tok_error err = { 0 };
	enum cli_exit result = cli_split_check(&run.opts->split);
	if (result != CLI_OK)
		return result;

	run.how = cli_specials_options(&run.opts->specials);
	enum tok_status status = cli_load(&run.opts->load, &run.tokenizer, &err);
	if (status == TOK_OK) {
		run.cut = cli_cut_for(run.tokenizer, &run.how);
		run.encoder = tok_encoder_new(run.tokenizer);
		if (!run.encoder)
			status = tok_fail_memory(&err);
	}
	result = status == TOK_OK ? count_files(&run, argc, argv) : cli_error("%s", err.message);
	tok_encoder_free(run.encoder);
	tok_tokenizer_free(run.tokenizer);
	return result;
}

const struct cli_tool tool_count = {
	.name = "count",
	.summary = "count the tokens of texts",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes for each FILE, or for standard input where there is none or it is -, how\n"
	    "many tokens and bytes it has and how many bytes there are to a token; below more\n"
	    "than one FILE their total. A whole FILE is one document unless --lines, --null or\n"
	    "--jsonl says otherwise; their number is then shown too. The bytes are those of the\n"
	    "documents, without what stands between them. A FILE that could not be read to its\n"
	    "end is not shown.",
	.examples = "  printf 'Hello, world' | tok count\n"
		    "  printf 'one\\ntwo\\n' | tok count --lines --json\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_count,
};
