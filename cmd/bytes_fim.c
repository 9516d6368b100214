/* bytes_fim.c - prompts as ids, also those whose middle is missing. */
#include <stdlib.h>

#include "cmd/bytes_fim_internal.h"
#include "cmd/cli_eod.h"

/* What published models call the tokens before prefix, suffix and middle. */
static const char *const known[][3] = {
	{ "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>" },
	{ "<fim_prefix>", "<fim_suffix>", "<fim_middle>" },
	{ "<fim-prefix>", "<fim-suffix>", "<fim-middle>" },
	{ "\342\226\201<PRE>", "\342\226\201<SUF>", "\342\226\201<MID>" },
	{ "<PRE>", "<SUF>", "<MID>" },
	{ "<\357\275\234fim\342\226\201begin\357\275\234>",
	  "<\357\275\234fim\342\226\201hole\357\275\234>",
	  "<\357\275\234fim\342\226\201end\357\275\234>" },
	{ "[PREFIX]", "[SUFFIX]", "[MIDDLE]" },
};

/* ---- a model that begins elsewhere --------------------------------------------------- */

static struct bytes_fim *fim_of(struct tok_lm *lm)
{
	return (struct bytes_fim *)((char *)lm - offsetof(struct bytes_fim, lm));
}

static enum tok_status forward_rows(struct tok_lm *lm, const struct tok_lm_request *requests,
				    size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	struct tok_lm *inner = fim_of(lm)->side.lm;
	return inner->rows(inner, requests, count, out, err);
}

static enum tok_status forward_parts(struct tok_lm *lm, const struct tok_lm_request *request,
				     struct tok_lm_parts *out, struct tok_error *err)
{
	struct tok_lm *inner = fim_of(lm)->side.lm;
	return inner->parts(inner, request, out, err);
}

static void begin_behind_fixed(struct bytes_fim *fim)
{
	fim->info = *fim->side.lm->info;
	fim->info.start = (const tok_id *)(const void *)fim->ids.bytes;
	fim->info.start_count = fim->fixed;
	fim->lm = (struct tok_lm){ .info = &fim->info,
				   .rows = forward_rows,
				   .parts = fim->side.lm->parts ? forward_parts : NULL };
}

/* ---- ids --------------------------------------------------------------------------------- */

static enum tok_status add_ids(struct bytes_fim *fim, const tok_id *ids, size_t count,
			       struct tok_error *err)
{
	return tok_buffer_add(&fim->ids, ids, count * sizeof *ids) ? TOK_OK : tok_fail_memory(err);
}

/* A tokenizer that cannot encode a text is not the model's fault. */
static enum tok_status add_text(struct bytes_fim *fim, struct tok_span text, struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY };
	struct tok_encoding encoding;
	struct tok_encoder *encoder = tok_encoder_new(fim->side.tokenizer);
	if (!encoder)
		return tok_fail_memory(err);
	enum tok_status status = tok_encode(encoder, text, &how, &encoding, err);
	if (status == TOK_OK)
		status = add_ids(fim, encoding.ids, encoding.count, err);
	else if (status != TOK_ENOMEM)
		status = TOK_EARG;
	tok_encoder_free(encoder);
	return status;
}

/* ---- special tokens ------------------------------------------------------------------------ */

/* Three tokens or ids with commas. */
static enum tok_status read_tokens(const struct tok_tokenizer *t, const char *text, tok_id out[3],
				   struct tok_error *err)
{
	const char *at = text;
	for (size_t i = 0; i < 3; i++) {
		const size_t length = i < 2 ? strcspn(at, ",") : strlen(at);
		if (length == 0 || (i < 2 && at[length] != ','))
			return tok_fail(err, TOK_EARG,
					"--fim-tokens needs three tokens or ids with commas, of "
					"prefix, suffix and middle, not '%s'",
					text);
		out[i] = cli_token_find(t, (struct tok_span){ (const uint8_t *)at, length });
		if (out[i] == TOK_NO_ID)
			return tok_fail(err, TOK_EARG,
					"--fim-tokens: this tokenizer has no token '%.*s'",
					(int)length, at);
		at += length + 1;
	}
	return TOK_OK;
}

static enum tok_status find_tokens(const struct bytes_options *o, const struct tok_tokenizer *t,
				   tok_id out[3], struct tok_error *err)
{
	if (o->fim_tokens)
		return read_tokens(t, o->fim_tokens, out, err);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		size_t found = 0;
		for (size_t k = 0; k < 3; k++) {
			out[k] = tok_tokenizer_find(t, tok_span_of(known[i][k]));
			found += out[k] != TOK_NO_ID;
		}
		if (found == 3)
			return TOK_OK;
	}
	return tok_fail(err, TOK_EARG,
			"this tokenizer has no tokens that are known to fill in the middle: name "
			"three with --fim-tokens");
}

/* ---- prompts --------------------------------------------------------------------------------- */

static enum tok_status read_file(const struct bytes_options *o, const struct bytes_side *side,
				 const char *path, char **out, size_t *length,
				 struct tok_error *err)
{
	struct bytes_options alone = *o;
	char *operand = strdup(path);
	if (!operand)
		return tok_fail_memory(err);
	alone.prefix = alone.prefix_hex = NULL;
	const enum tok_status status = bytes_text(&alone, side, 1, &operand, out, length, err);
	free(operand);
	return status;
}

static enum tok_status put_around(struct bytes_fim *fim, struct tok_span prefix,
				  struct tok_span suffix, const tok_id tokens[3],
				  struct tok_error *err)
{
	enum tok_status status = add_ids(fim, &tokens[0], 1, err);
	if (status == TOK_OK && !fim->open)
		status = add_text(fim, prefix, err);
	if (status == TOK_OK)
		status = add_ids(fim, &tokens[1], 1, err);
	if (status == TOK_OK)
		status = add_text(fim, suffix, err);
	return status == TOK_OK ? add_ids(fim, &tokens[2], 1, err) : status;
}

static enum tok_status fill_in(const struct bytes_options *o, struct bytes_fim *fim,
			       struct tok_error *err)
{
	const struct tok_span prefix = { (const uint8_t *)fim->text, fim->length };
	tok_id tokens[3];
	char *text = NULL;
	size_t length = 0;
	enum tok_status status = find_tokens(o, fim->side.tokenizer, tokens, err);
	if (status == TOK_OK)
		status = read_file(o, &fim->side, o->fim_suffix, &text, &length, err);
	if (status == TOK_OK)
		status = put_around(fim, prefix, (struct tok_span){ (const uint8_t *)text, length },
				    tokens, err);
	free(text);
	return status;
}

static enum tok_status make_ids(const struct bytes_options *o, int argc, char **argv,
				struct bytes_fim *fim, struct tok_error *err)
{
	const struct tok_lm_info *info = fim->side.lm->info;
	enum tok_status status =
	    o->fim_prefix ? read_file(o, &fim->side, o->fim_prefix, &fim->text, &fim->length, err)
			  : bytes_text(o, &fim->side, argc, argv, &fim->text, &fim->length, err);
	if (status == TOK_OK)
		status = add_ids(fim, info->start, info->start_count, err);
	if (status == TOK_OK && o->fim_suffix)
		status = fill_in(o, fim, err);
	if (status != TOK_OK)
		return status;
	fim->fixed = fim->ids.count / sizeof(tok_id);
	if (fim->open)
		status = add_text(fim, (struct tok_span){ (const uint8_t *)fim->text, fim->length },
				  err);
	begin_behind_fixed(fim);
	return status;
}

static enum cli_exit check(const struct bytes_options *o, int argc)
{
	if (o->fim_suffix && o->window)
		return cli_usage("--fim-suffix needs all of the prompt: --window would cut it");
	if (o->fim_prefix && !o->fim_suffix)
		return cli_usage("--fim-prefix needs --fim-suffix: what comes behind the middle");
	if (o->fim_prefix && (argc > 0 || o->prefix || o->prefix_hex))
		return cli_usage("--fim-prefix is the text: another one is too much");
	return CLI_OK;
}

enum cli_exit bytes_fim_open(const struct bytes_options *o, int argc, char **argv,
			     struct bytes_fim *out)
{
	static const char *const formats[] = { "spm", "psm" };
	struct tok_error err = { 0 };
	*out = (struct bytes_fim){ .open = !o->fim_suffix || o->fim_format == 0,
				   .format = o->fim_suffix ? formats[o->fim_format] : NULL };
	enum cli_exit result = check(o, argc);
	if (result == CLI_OK)
		result = bytes_open_only(o, &out->side);
	if (result != CLI_OK)
		return result;
	out->side.machine.history = 1; /* a mix takes back one byte at most */
	const enum tok_status status = make_ids(o, argc, argv, out, &err);
	if (status == TOK_OK)
		return CLI_OK;
	result = bytes_trouble(NULL, status, &err);
	bytes_fim_close(out);
	return result;
}

void bytes_fim_close(struct bytes_fim *fim)
{
	tok_buffer_release(&fim->ids);
	free(fim->text);
	bytes_close(&fim->side);
}

enum tok_status bytes_fim_machine(struct bytes_fim *fim, struct tok_machine **out,
				  struct tok_error *err)
{
	const struct tok_span text = { (const uint8_t *)fim->text, fim->open ? fim->length : 0 };
	struct tok_machine *machine = NULL;
	enum tok_status status = tok_machine_new(fim->side.tokens, fim->side.validity, &fim->lm,
						 &fim->side.machine, &machine, err);
	if (status == TOK_OK)
		status = tok_machine_push(machine, text, err);
	if (status == TOK_OK)
		*out = machine;
	else
		tok_machine_free(machine);
	return status;
}

void bytes_fim_put(const struct bytes_fim *fim)
{
	bytes_put_bytes("prefix", fim->text, fim->length, false);
	bytes_put_count("n", fim->length, false);
	if (fim->format)
		printf(",\"fim\":\"%s\"", fim->format);
	else
		fputs(",\"fim\":null", stdout);
	bytes_put_flag("open", fim->open, false);
}
