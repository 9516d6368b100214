/* vocab_edit.c - tok vocab edit: special tokens, names, templates; ordinary text keeps its ids. */
#include <stdlib.h>

#include "cmd/vocab_asked.h"
#include "cmd/vocab_internal.h"
#include "cmd/vocab_readback.h"
#include "vocab/convert/edit.h"

/* "TEXT=ID" where what is behind the last = is a number, else "TEXT". */
static enum tok_status add_special(struct tok_spec *spec, const char *asked,
				   struct vocab_asked *all, struct tok_error *err)
{
	const char *equals = strrchr(asked, '=');
	struct tok_span text = tok_span_of(asked);
	unsigned long id = TOK_NO_ID;
	char *end = NULL;
	if (equals && equals[1] >= '0' && equals[1] <= '9') {
		id = strtoul(equals + 1, &end, 10);
		if (*end)
			id = TOK_NO_ID;
		else if (id > TOK_ID_MAX)
			return tok_fail(err, TOK_EARG, "--add-special '%s': ids are at most %u",
					asked, (unsigned)TOK_ID_MAX);
		else
			text.count = (size_t)(equals - asked);
	}
	const enum tok_status status = vocab_edit_add_special(spec, text, (tok_id)id, err);
	return status == TOK_OK
		   ? vocab_asked_token(all, spec, text, (struct tok_span){ 0 }, true, err)
		   : tok_fail_in(err, status, "--add-special");
}

/* "OLD=NEW"; of several =, the first that leaves an added token in front of it. */
static enum tok_status rename_token(struct tok_spec *spec, const char *asked,
				    struct vocab_asked *all, struct tok_error *err)
{
	enum tok_status status = tok_fail(err, TOK_EARG, "'%s' is no OLD=NEW", asked);
	struct tok_span from = { 0 }, to = { 0 };
	for (const char *at = strchr(asked, '='); at && status != TOK_OK;
	     at = strchr(at + 1, '=')) {
		from = (struct tok_span){ (const uint8_t *)asked, (size_t)(at - asked) };
		to = tok_span_of(at + 1);
		status = vocab_edit_rename(spec, from, to, err);
	}
	return status == TOK_OK ? vocab_asked_token(all, spec, to, from, false, err)
				: tok_fail_in(err, status, "--rename");
}

static enum tok_status edit(struct tok_spec *spec, const struct vocab_options *opts,
			    struct vocab_asked *asked, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < opts->renamed.count && status == TOK_OK; i++)
		status = rename_token(spec, opts->renamed.items[i], asked, err);
	for (size_t i = 0; i < opts->specials.count && status == TOK_OK; i++)
		status = add_special(spec, opts->specials.items[i], asked, err);
	if (status == TOK_OK && opts->set_template) {
		status = vocab_edit_set_template(spec, tok_span_of(opts->set_template), err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "--set-template");
	}
	return status == TOK_OK ? vocab_asked_finish(asked, spec, opts->set_template, err) : status;
}

enum cli_exit cli_vocab_edit(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	struct vocab_asked asked = { 0 };
	struct tok_tokenizer *source = NULL;
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	enum cli_vocab_kind kind;
	if (argc != 1)
		return cli_usage("edit takes one tokenizer, not %d", argc);
	if (!opts->output || strcmp(opts->output, "-") == 0)
		return cli_usage("edit needs --output FILE: it writes nowhere else");
	if (!opts->specials.count && !opts->renamed.count && !opts->set_template)
		return cli_usage("edit has nothing to do: --add-special, --rename, --set-template");
	if (!cli_vocab_kind(opts->output, opts->to, "to", &kind))
		return CLI_TROUBLE;
	enum cli_exit result;
	if (vocab_read_tokenizer(argv[0], opts, kind, &source, &spec, &err) != TOK_OK ||
	    edit(&spec, opts, &asked, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else
		result = vocab_write_compared(&spec, source, opts, kind, &asked);
	tok_spec_release(&spec);
	tok_tokenizer_free(source);
	vocab_asked_release(&asked);
	return result;
}
