/* inspect.c - tok inspect: what a tokenizer is. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli.h"
#include "vocab/audit/describe.h"
#include "cmd/cli_load.h"
#include "vocab/audit/stages.h"
#include "cmd/inspect_internal.h"
#include "tok/text/json_write.h"

struct inspect_options {
	struct cli_load load;
	const char *token;
	uint64_t id;
	bool json;
};

static const struct inspect_options defaults = { .id = UINT64_MAX };

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct inspect_options, load),
	{ CLI_GROUP, .name = "What to show" },
	{ CLI_TEXT, 0, "token", "TEXT", "only the token with this text, as its file writes it",
	  CLI_FIELD(struct inspect_options, token, const char *) },
	{ CLI_SIZE, 0, "id", "N", "only the token with this id",
	  CLI_FIELD(struct inspect_options, id, uint64_t) },
	{ CLI_FLAG, 'j', "json", NULL,
	  "write one JSON object, of schema tok.inspect.1 or tok.token.1",
	  CLI_FIELD(struct inspect_options, json, bool) },
	{ CLI_END }
};

/* ---- the whole ------------------------------------------------------------ */

struct totals {
	size_t tokens, special;
};

static struct totals count_tokens(const struct tok_tokenizer *tokenizer)
{
	struct totals t = { 0 };
	for (size_t id = 0; id < tok_tokenizer_size(tokenizer); id++) {
		t.tokens += tok_tokenizer_token(tokenizer, (tok_id)id).bytes != NULL;
		t.special += tok_tokenizer_is_special(tokenizer, (tok_id)id);
	}
	return t;
}

static void print_whole(const struct tok_tokenizer *tokenizer)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	const struct totals totals = count_tokens(tokenizer);
	char line[VOCAB_LINE];

	printf("%-16s %.*s\n", "format", (int)spec->format.count, (const char *)spec->format.bytes);
	printf("%-16s %zu tokens, ids up to %zu\n", "vocabulary", totals.tokens,
	       tok_tokenizer_size(tokenizer) - (tok_tokenizer_size(tokenizer) > 0));
	for (size_t s = 0; s < VOCAB_STEP_STAGES; s++)
		for (size_t i = 0; i < vocab_step_stages[s].count(spec); i++) {
			vocab_step_stages[s].describe(spec, i, line);
			printf("%-16s %s\n", i == 0 ? vocab_step_stages[s].title : "", line);
		}
	printf("%-16s %s\n", "splitter", tok_tokenizer_path(tokenizer));
	if (tok_tokenizer_kernel(tokenizer))
		printf("%-16s %s\n", "kernel", tok_tokenizer_kernel(tokenizer));
	if (spec->truncation.enabled)
		printf("%-16s to %zu tokens, at the %s, with --hf\n", "truncation",
		       spec->truncation.max_length, spec->truncation.left ? "front" : "end");
	if (spec->padding.enabled && spec->padding.length)
		printf("%-16s to %zu tokens, at the %s, with --hf\n", "padding",
		       spec->padding.length, spec->padding.left ? "front" : "end");
	printf("%-16s %zu\n%-16s %zu\n", "added tokens", spec->added_count, "special tokens",
	       totals.special);
	for (size_t id = 0; id < tok_tokenizer_size(tokenizer); id++) {
		if (!tok_tokenizer_is_special(tokenizer, (tok_id)id))
			continue;
		vocab_describe_text(tok_tokenizer_token(tokenizer, (tok_id)id), line);
		printf("%-16s %zu %s\n", "", id, line);
	}
}

static bool add_stage(struct tok_buffer *out, const struct tok_spec *spec, size_t s)
{
	char line[VOCAB_LINE];
	bool ok = tok_buffer_add_byte(out, ',') &&
		  tok_json_put_string(out, tok_span_of(vocab_step_stages[s].name)) &&
		  tok_buffer_add(out, ":[", 2);
	for (size_t i = 0; ok && i < vocab_step_stages[s].count(spec); i++) {
		vocab_step_stages[s].describe(spec, i, line);
		ok = (i == 0 || tok_buffer_add_byte(out, ',')) &&
		     tok_json_put_string(out, tok_span_of(line));
	}
	return ok && tok_buffer_add_byte(out, ']');
}

static bool add_added(struct tok_buffer *out, const struct tok_added_token *token)
{
	char text[160];
	const int n = snprintf(text, sizeof text,
			       ",\"special\":%s,\"normalized\":%s,\"single_word\":%s,\"lstrip\":%s,"
			       "\"rstrip\":%s}",
			       cli_bool(token->special), cli_bool(token->normalized),
			       cli_bool(token->single_word), cli_bool(token->lstrip),
			       cli_bool(token->rstrip));
	return cli_add_format(out, "{\"id\":%u,\"text\":", token->id) &&
	       tok_json_put_string(out, token->content) && tok_buffer_add(out, text, (size_t)n);
}

static bool add_specials(struct tok_buffer *out, const struct tok_tokenizer *tokenizer)
{
	bool ok = true, first = true;
	for (size_t id = 0; ok && id < tok_tokenizer_size(tokenizer); id++) {
		if (!tok_tokenizer_is_special(tokenizer, (tok_id)id))
			continue;
		ok = cli_add_format(out, "%s{\"id\":%zu,\"text\":", first ? "" : ",", id) &&
		     tok_json_put_string(out, tok_tokenizer_token(tokenizer, (tok_id)id)) &&
		     tok_buffer_add_byte(out, '}');
		first = false;
	}
	return ok;
}

static bool add_whole(struct tok_buffer *out, const struct tok_tokenizer *tokenizer)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	bool ok =
	    cli_add_format(out, "{\"schema\":\"tok.inspect.1\",\"format\":") &&
	    tok_json_put_string(out, spec->format) &&
	    cli_add_format(out, ",\"kind\":\"%s\",\"size\":%zu,\"tokens\":%zu,\"merges\":%zu",
			   vocab_model_name(spec->model.kind), tok_tokenizer_size(tokenizer),
			   count_tokens(tokenizer).tokens,
			   spec->model.kind == TOK_MODEL_BPE ? spec->model.as.bpe.merge_count : 0);
	for (size_t s = 0; ok && s < VOCAB_STEP_STAGES; s++)
		ok = add_stage(out, spec, s);
	const char *kernel = tok_tokenizer_kernel(tokenizer);
	ok = ok && cli_add_format(out, ",\"splitter\":\"%s\"", tok_tokenizer_path(tokenizer)) &&
	     (kernel ? cli_add_format(out, ",\"kernel\":\"%s\"", kernel)
		     : cli_add_format(out, ",\"kernel\":null")) &&
	     cli_add_format(out, ",\"special_tokens\":[") && add_specials(out, tokenizer) &&
	     cli_add_format(out, "],\"added_tokens\":[");
	for (size_t i = 0; ok && i < spec->added_count; i++)
		ok = (i == 0 || tok_buffer_add_byte(out, ',')) && add_added(out, &spec->added[i]);
	return ok && tok_buffer_add(out, "]}\n", 3);
}

static enum cli_exit print_json(const struct tok_tokenizer *tokenizer)
{
	struct tok_buffer out = { 0 };
	enum cli_exit result = CLI_OK;
	if (add_whole(&out, tokenizer))
		fwrite(out.bytes, 1, out.count, stdout);
	else
		result = cli_error("out of memory");
	tok_buffer_release(&out);
	return result;
}

/* ---- the tool ------------------------------------------------------------- */

static enum cli_exit show_token(const struct inspect_options *opts,
				const struct tok_tokenizer *tokenizer)
{
	tok_id id;
	if (opts->token) {
		id = tok_tokenizer_find(tokenizer, tok_span_of(opts->token));
		if (id == TOK_NO_ID) {
			cli_error("no token has the text '%s'", opts->token);
			return CLI_NO;
		}
	} else {
		id = opts->id < TOK_NO_ID ? (tok_id)opts->id : TOK_NO_ID;
		if (!tok_tokenizer_token(tokenizer, id).bytes) {
			cli_error("no token has the id %" PRIu64, opts->id);
			return CLI_NO;
		}
	}
	return cli_inspect_token(tokenizer, id, opts->json);
}

static enum cli_exit run_inspect(const void *options, int argc, char **argv)
{
	const struct inspect_options *opts = options;
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	(void)argc;
	(void)argv;

	if (opts->token && opts->id != UINT64_MAX)
		return cli_usage("--token and --id exclude each other");
	if (cli_load(&opts->load, &tokenizer, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (opts->token || opts->id != UINT64_MAX)
		result = show_token(opts, tokenizer);
	else if (opts->json)
		result = print_json(tokenizer);
	else
		print_whole(tokenizer);
	tok_tokenizer_free(tokenizer);
	return result;
}

const struct cli_tool tool_inspect = {
	.name = "inspect",
	.summary = "tell what a tokenizer is",
	.operands = "",
	.description =
	    "Tells what file a tokenizer came from, how large it is, what each of its steps does,\n"
	    "how the pieces of a text are found and which special tokens it has; or, with --token\n"
	    "or --id, one token: its text as the file writes it, the bytes that it stands for, "
	    "its\n"
	    "score or its merge. Exit status 1 says that there is no such token.\n"
	    "\n"
	    "The line 'splitter' names the block scanner of a published pattern, which looks at "
	    "64\n"
	    "bytes at a time and is the fastest way; a plain scanner; PCRE2, for any other "
	    "pattern;\n"
	    "or steps that go character by character. 'none' leaves the text in one piece, as\n"
	    "SentencePiece does. The line 'kernel' names the instructions that a block scanner\n"
	    "runs on: those that TOK_KERNELS asks for, or the best that this machine has.",
	.examples = "  tok inspect\n"
		    "  tok inspect --id 72\n"
		    "  tok inspect --token A --json\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_inspect,
};
