#include "cmd/vocab_readback.h"

#include <stdlib.h>

#include "cmd/cli_load.h"
#include "cmd/cli_named.h"
#include "cmd/cli_variable.h"
#include "cmd/vocab_same.h"

/* ---- opening both ------------------------------------------------------------------------------
 */

/* Ranks do not say the expression that they are for; NULL if memory is out. */
static char *copy_pattern(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->pretokenizer_count; i++) {
		const struct tok_pretok_step *step = &spec->pretokenizers[i];
		const struct tok_span p = step->as.split.pattern;
		if (step->kind == TOK_PRETOK_SPLIT)
			return strndup((const char *)p.bytes, p.count);
		if (step->kind == TOK_PRETOK_BYTE_LEVEL && step->as.byte_level.use_regex)
			return strdup("gpt2");
	}
	return strdup("[\\s\\S]+"); /* all of a text is one piece */
}

/* A folder may hold other tokenizers, which would be found first. */
static enum tok_status name_written(const char *output, enum cli_vocab_kind kind, char **out,
				    struct tok_error *err)
{
	return kind == CLI_VOCAB_MERGES ? cli_join(output, "/vocab.json", out, err)
					: cli_named_of_path(output, out, err);
}

static enum tok_status open_written(const struct tok_spec *source, const char *output,
				    enum cli_vocab_kind kind, struct tok_tokenizer **out,
				    struct tok_error *err)
{
	const bool ranks = kind == CLI_VOCAB_TIKTOKEN;
	char *name;
	enum tok_status status = name_written(output, kind, &name, err);
	if (status != TOK_OK)
		return status;
	char *pattern = ranks ? copy_pattern(source) : NULL;
	const struct cli_load written = { .tokenizer = name, .pattern = pattern };
	status = pattern || !ranks ? cli_load_uncached(&written, out, err) : tok_fail_memory(err);
	free(name);
	free(pattern);
	return status;
}

/* ---- what must be the same ---------------------------------------------------------------------
 */

/* What matches no expression is left out beside ranks, and kept in the alphabet of bytes: of text
 * that is UTF-8 nothing is. */
static bool is_of_text(const struct tok_spec *source, enum cli_vocab_kind kind)
{
	const bool ranks = kind == CLI_VOCAB_TIKTOKEN || kind == CLI_VOCAB_TEKKEN;
	return kind == CLI_VOCAB_GGUF || (ranks && !source->raw_vocabulary);
}

/* What no file of the kind says (write.h, fast.h). */
static void expect(const struct tok_spec *source, enum cli_vocab_kind kind, bool edited,
		   struct vocab_same *same)
{
	same->specials = !edited && kind != CLI_VOCAB_TIKTOKEN;
	same->ids_only = edited || kind == CLI_VOCAB_GGUF; /* it has no decoder */
	same->utf8_only = is_of_text(source, kind);
	if (source->sentencepiece && kind == CLI_VOCAB_JSON) {
		same->utf8_only = true;
		same->ids_only = true;
		same->matched_only = source->model.kind == TOK_MODEL_UNIGRAM;
	}
}

enum cli_exit vocab_readback(const char *path, const struct vocab_options *opts,
			     enum cli_vocab_kind kind, const struct vocab_asked *asked)
{
	const struct cli_load source = { .tokenizer = path, .pattern = opts->words.pattern };
	struct vocab_same same = { .files = opts->texts.items, .file_count = opts->texts.count };
	struct tok_tokenizer *a = NULL, *b = NULL;
	struct tok_error err = { 0 };
	size_t lost = 0;
	enum tok_status status = cli_load(&source, &a, &err);
	if (status == TOK_OK)
		status = open_written(tok_tokenizer_spec(a), opts->output, kind, &b, &err);
	if (status == TOK_OK) {
		expect(tok_tokenizer_spec(a), kind, asked != NULL, &same);
		status = vocab_same_compare(a, b, &same, &err);
	}
	if (status == TOK_OK && asked)
		status = vocab_asked_check(asked, b, opts->output, &lost, &err);
	enum cli_exit result =
	    status == TOK_OK ? vocab_same_tell(&same, opts->output) : cli_error("%s", err.message);
	if (result == CLI_OK && lost)
		result = CLI_NO;
	vocab_same_release(&same);
	tok_tokenizer_free(a);
	tok_tokenizer_free(b);
	return result;
}
