/* bytes_open.c - the models that the options name, each with its tokenizer. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/bytes_internal.h"
#include "cmd/cli_input.h"
#include "cmd/cli_lm.h"
#include "tok/bytes/window.h"

static const char *const semantics_words[] = { "all", "valid", "valid-renorm" };

const char *bytes_semantics_name(const struct bytes_side *side)
{
	return semantics_words[side->machine.semantics];
}

enum cli_exit bytes_trouble(const char *where, enum tok_status status, const struct tok_error *err)
{
	if (where)
		cli_error("'%s': %s", where, err->message);
	else
		cli_error("%s", err->message);
	switch (status) {
	case TOK_ETEXT:
		return (enum cli_exit)BYTES_ZERO;
	case TOK_EIO:
	case TOK_EFORMAT:
		return (enum cli_exit)BYTES_PROVIDER;
	case TOK_OK:
	case TOK_ENOMEM:
	case TOK_ELIMIT:
	case TOK_EARG:
		break;
	}
	return CLI_TROUBLE;
}

/* ---- what is asked for --------------------------------------------------------- */

/* The `which`-th of several, or the only one for all; NULL: none was given. */
static const char *choose(const struct cli_texts *texts, size_t which)
{
	if (texts->count == 0)
		return NULL;
	return texts->items[texts->count == 1 ? 0 : which];
}

static enum cli_exit check_models(const struct bytes_options *o, size_t which)
{
	if (o->lm.count == 0)
		return cli_usage("a model is needed: --lm FILE.tlm, or one of the other kinds");
	if (which >= o->lm.count)
		return cli_usage("%zu models are needed: --lm was given %zu times", which + 1,
				 o->lm.count);
	if (o->tokenizer.count > 1 && o->tokenizer.count != o->lm.count)
		return cli_usage("there are %zu tokenizers for %zu models", o->tokenizer.count,
				 o->lm.count);
	if (o->record && o->lm.count > 1)
		return cli_usage("--record is for one model, not for %zu", o->lm.count);
	if (o->bos && o->lm.count > 1 && strcmp(o->bos, "none") != 0)
		return cli_usage("--bos has ids of one model, not of %zu", o->lm.count);
	if (o->stride && !o->window)
		return cli_usage("--stride is that of a --window: how many tokens has it?");
	if (o->prune >= 1)
		return cli_usage("--prune needs a share below 1, not %g", o->prune);
	return CLI_OK;
}

/* "none", or "1,2": the ids are the caller's to free(). */
static enum tok_status read_bos(const char *text, tok_id **out, size_t *count,
				struct tok_error *err)
{
	tok_id *ids = NULL;
	size_t capacity = 0;
	*count = 0;
	for (const char *at = text; strcmp(text, "none") != 0;) {
		char *end;
		const uint64_t id = *at >= '0' && *at <= '9' ? strtoumax(at, &end, 10) : UINT64_MAX;
		if (id > TOK_ID_MAX || (*end != ',' && *end != '\0')) {
			free(ids);
			return tok_fail(err, TOK_EARG,
					"--bos must be none or ids with commas, not '%s'", text);
		}
		if (!tok_grow(&ids, &capacity, *count + 1, sizeof *ids)) {
			free(ids);
			return tok_fail_memory(err);
		}
		ids[(*count)++] = (tok_id)id;
		if (*end == '\0')
			break;
		at = end + 1;
	}
	*out = ids;
	return TOK_OK;
}

/* The first line of a file. */
static enum tok_status read_key(const char *path, char **out, struct tok_error *err)
{
	struct cli_input in = { 0 };
	enum tok_status status = cli_input_open(&in, path, CLI_INPUT_RAW, err);
	if (status != TOK_OK)
		return status;
	while (status == TOK_OK && !in.ended && in.buffer.count < 1 << 16)
		status = cli_input_fill(&in, 0, err);
	const struct tok_span text = cli_input_rest(&in);
	size_t length = 0;
	while (length < text.count && text.bytes[length] != '\n' && text.bytes[length] != '\r')
		length++;
	if (status == TOK_OK && (length == 0 || memchr(text.bytes, 0, length)))
		status = tok_fail(err, TOK_EARG, "'%s' has no key in its first line", path);
	if (status == TOK_OK) {
		*out = strndup((const char *)text.bytes, length);
		status = *out ? TOK_OK : tok_fail_memory(err);
	}
	cli_input_close(&in);
	cli_input_release(&in);
	return status;
}

/* ---- opening ------------------------------------------------------------------- */

static enum cli_exit open_lm(const struct bytes_options *o, struct bytes_side *side)
{
	struct tok_error err = { 0 };
	char *key = NULL;
	tok_id *bos = NULL;
	struct vocab_lm_options options = {
		.timeout_ms = o->timeout < UINT64_MAX / 1000 ? o->timeout * 1000 : UINT64_MAX,
		.record = o->record,
		.bos_given = o->bos != NULL,
	};
	enum tok_status status = o->bos ? read_bos(o->bos, &bos, &options.bos_count, &err) : TOK_OK;
	if (status == TOK_OK && o->key_file)
		status = read_key(o->key_file, &key, &err);
	bool asked = false;
	if (status == TOK_OK) {
		options.bos = bos;
		options.key = key;
		asked = true;
		status = cli_lm_open(side->lm_name, side->tokenizer, &options, &side->lm, &err);
	}
	free(bos);
	free(key);
	if (status == TOK_OK)
		return CLI_OK;
	if (asked && cli_lm_is_foreign(side->lm_name))
		return bytes_trouble(NULL, status, &err);
	return cli_error("%s", err.message);
}

/* What is not asked for is as exact as tokenizer and model allow. */
static enum tok_status choose_semantics(const struct bytes_options *o, struct bytes_side *side,
					struct tok_error *err)
{
	side->machine.semantics = TOK_BYTES_ALL;
	if (o->semantics == TOK_BYTES_ALL)
		return TOK_OK;
	const enum tok_status status =
	    tok_validity_new(side->tokenizer, side->tokens, &side->validity, err);
	if (o->semantics >= 0) {
		side->machine.semantics = (enum tok_bytes_semantics)o->semantics;
		return status;
	}
	if (status == TOK_EARG) {
		*err = (struct tok_error){ 0 };
		return TOK_OK;
	}
	if (status == TOK_OK)
		side->machine.semantics =
		    side->lm->info->top ? TOK_BYTES_VALID : TOK_BYTES_VALID_RENORM;
	return status;
}

static enum tok_status make_tokens(const struct bytes_options *o, struct bytes_side *side,
				   struct tok_error *err)
{
	const enum tok_status status =
	    tok_byte_tokens_new(side->tokenizer, side->lm->info, &side->tokens, err);
	return status == TOK_OK ? choose_semantics(o, side, err) : status;
}

enum cli_exit bytes_open(const struct bytes_options *o, size_t which, struct bytes_side *out)
{
	struct tok_error err = { 0 };
	enum cli_exit result = check_models(o, which);
	if (result != CLI_OK)
		return result;
	struct bytes_side side = {
		.lm_name = o->lm.items[which],
		.tokenizer_name = choose(&o->tokenizer, which),
		.machine = { .max_heads = (size_t)o->max_heads,
			     .beam = (size_t)o->beam,
			     .prune = o->prune },
	};
	const struct cli_load load = { side.tokenizer_name, o->pattern };
	if (cli_load(&load, &side.tokenizer, &err) != TOK_OK)
		return cli_error("%s", err.message);
	result = open_lm(o, &side);
	if (result == CLI_OK && o->window &&
	    tok_lm_window(side.lm, (size_t)o->window, (size_t)o->stride, &side.lm, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	if (result == CLI_OK && make_tokens(o, &side, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	if (result == CLI_OK)
		*out = side;
	else
		bytes_close(&side);
	return result;
}

enum cli_exit bytes_open_only(const struct bytes_options *o, struct bytes_side *out)
{
	if (o->lm.count > 1)
		return cli_usage("this word asks one model, not %zu", o->lm.count);
	return bytes_open(o, 0, out);
}

void bytes_close(struct bytes_side *side)
{
	tok_validity_free(side->validity);
	tok_byte_tokens_free(side->tokens);
	if (side->lm)
		side->lm->free(side->lm);
	tok_tokenizer_free(side->tokenizer);
	*side = (struct bytes_side){ 0 };
}

enum tok_status bytes_machine(const struct bytes_side *side, struct tok_machine **out,
			      struct tok_error *err)
{
	return tok_machine_new(side->tokens, side->validity, side->lm, &side->machine, out, err);
}
