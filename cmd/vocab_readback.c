#include "cmd/vocab_readback.h"

#include <stdlib.h>

#include "cmd/vocab_same.h"

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

/* ---- both -------------------------------------------------------------------------------------
 */

struct comparison {
	const struct tok_tokenizer *source;
	const struct vocab_options *opts;
	const struct vocab_asked *asked; /* NULL: of convert */
	struct vocab_same same;
};

static enum tok_status compare(struct comparison *c, const struct tok_tokenizer *written,
			       size_t *lost, struct tok_error *err)
{
	struct vocab_asked_names names = { 0 };
	enum tok_status status = TOK_OK;
	if (c->asked)
		status = vocab_asked_names(c->asked, c->source, &names, err);
	c->same.left_out = names.made;
	c->same.left_out_count = names.made_count;
	c->same.more = names.probes;
	c->same.more_count = names.probe_count;
	if (status == TOK_OK)
		status = vocab_same_compare(c->source, written, &c->same, err);
	if (status == TOK_OK && c->asked)
		status = vocab_asked_check(c->asked, written, c->opts->output, lost, err);
	vocab_asked_names_release(&names);
	return status;
}

/* That they are equal is told when the file is there. */
static enum cli_exit judge(void *data, const struct tok_tokenizer *written)
{
	struct comparison *c = data;
	struct tok_error err = { 0 };
	size_t lost = 0;
	if (compare(c, written, &lost, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (c->same.different)
		return vocab_same_tell(&c->same, c->opts->output);
	return lost ? CLI_NO : CLI_OK;
}

enum cli_exit vocab_write_compared(struct tok_spec *spec, const struct tok_tokenizer *source,
				   const struct vocab_options *opts, enum cli_vocab_kind kind,
				   const struct vocab_asked *asked)
{
	struct comparison c = {
		.source = source,
		.opts = opts,
		.asked = asked,
		.same = { .files = opts->texts.items, .file_count = opts->texts.count },
	};
	const struct tok_spec *read = tok_tokenizer_spec(source);
	char *pattern = kind == CLI_VOCAB_TIKTOKEN ? copy_pattern(read) : NULL;
	const struct cli_vocab_careful how = {
		.fast = !asked,
		.lossy = opts->lossy,
		.pattern = pattern,
		.judge = strcmp(opts->output, "-") == 0 ? NULL : judge,
		.data = &c,
	};
	if (kind == CLI_VOCAB_TIKTOKEN && !pattern)
		return cli_error("out of memory");
	expect(read, kind, asked != NULL, &c.same);
	const enum cli_exit result = cli_vocab_output_careful(spec, kind, opts->output, &how);
	const bool is_there = result == CLI_OK || (result == CLI_NO && opts->lossy);
	if (is_there && how.judge && !c.same.different)
		vocab_same_tell(&c.same, opts->output);
	vocab_same_release(&c.same);
	free(pattern);
	return result;
}
