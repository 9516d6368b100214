/* transplant_check.c - tok transplant check: is a transplanted model whole? */
#include "cmd/transplant_check.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_lm.h"
#include "cmd/cli_pool.h"
#include "hypernet/transplant/config.h"
#include "tok/text/gguf.h"
#include "tok/text/json.h"

void transplant_check_tell(struct transplant_check *check, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	check->wrong++;
}

/* Lines of `text`, each behind `where`. */
static void tell_lines(struct transplant_check *c, const char *where, struct tok_span text)
{
	for (size_t at = 0; at < text.count;) {
		const uint8_t *newline = memchr(text.bytes + at, '\n', text.count - at);
		const size_t end = newline ? (size_t)(newline - text.bytes) : text.count;
		transplant_check_tell(c, "%s%.*s", where, (int)(end - at),
				      (const char *)text.bytes + at);
		at = end + 1;
	}
}

/* ---- rows and ids ------------------------------------------------------------------------ */

enum { SHOWN = 5 };

static void check_ids(struct transplant_check *c)
{
	const struct hyper_vocab *v = &c->vocab.vocab;
	const size_t rows = c->embeddings.input->shape[0];
	size_t beyond = 0;
	for (size_t id = rows; id < v->count; id++) {
		if (v->kinds[id] == HYPER_TOKEN_NONE || beyond++ >= SHOWN)
			continue;
		transplant_check_tell(c, "token %zu ('%s') has no row: there are %zu", id,
				      tok_show(v->bytes[id]).text, rows);
	}
	if (beyond > SHOWN)
		transplant_check_tell(c, "and %zu tokens more", beyond - SHOWN);
}

static void check_tie(struct transplant_check *c)
{
	const struct hyper_embeddings *e = &c->embeddings;
	if (e->tied && e->output &&
	    (e->output->dtype != e->input->dtype ||
	     !tok_span_equal(e->output->data, e->input->data)))
		transplant_check_tell(c, "'%s' and '%s' are said to be one matrix, and differ",
				      e->input->name, e->output->name);
}

static enum tok_status check_numbers(struct transplant_check *c, const struct hyper_tensor *t,
				     struct tok_error *err)
{
	enum { BLOCK = 256 };
	size_t bad = 0, first = 0;
	if (!t || !hyper_dtype_is_readable(t->dtype))
		return TOK_OK;
	const size_t width = hyper_tensor_width(t), rows = hyper_tensor_numbers(t) / width;
	float *floats = malloc(BLOCK * width * sizeof *floats);
	enum tok_status status = floats ? TOK_OK : tok_fail_memory(err);
	for (size_t at = 0; at < rows && status == TOK_OK; at += BLOCK) {
		const size_t count = rows - at < BLOCK ? rows - at : BLOCK;
		status = hyper_tensor_rows(t, at, count, floats, err);
		for (size_t i = 0; i < count && status == TOK_OK; i++) {
			bool finite = true;
			for (size_t d = 0; d < width; d++)
				finite &= isfinite(floats[i * width + d]) != 0;
			first = !finite && bad == 0 ? at + i : first;
			bad += !finite;
		}
	}
	free(floats);
	if (bad)
		transplant_check_tell(c, "'%s': %zu rows hold what is no finite number, %zu first",
				      t->name, bad, first);
	return status;
}

/* ---- files beside the weights -------------------------------------------------------------- */

static enum tok_status read_beside(const struct transplant_check *c, const char *name,
				   struct tok_buffer *out, struct tok_error *err)
{
	const char *folder = hyper_folder_path(c->model);
	char *path = NULL;
	if (!folder)
		return TOK_OK;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return tok_fail_memory(err);
	const enum tok_status status =
	    access(path, F_OK) == 0 ? cli_lm_read(path, out, err) : TOK_OK;
	free(path);
	return status;
}

static enum tok_status check_config(struct transplant_check *c, const char *name,
				    struct tok_error *err)
{
	struct tok_buffer config = { 0 }, found = { 0 };
	char where[64];
	enum tok_status status = read_beside(c, name, &config, err);
	if (status == TOK_OK && config.count)
		status = hyper_config_check(tok_buffer_span(&config), &c->vocab.vocab,
					    c->embeddings.input->shape[0], &found, err);
	snprintf(where, sizeof where, "%s: ", name);
	if (status == TOK_EFORMAT) {
		transplant_check_tell(c, "%s%s", where, err->message);
		status = TOK_OK;
	}
	tell_lines(c, where, tok_buffer_span(&found));
	tok_buffer_release(&config);
	tok_buffer_release(&found);
	return status;
}

/* Only beside the old model can be told what was a token and what always was plain text. */
static enum tok_status audit(struct transplant_check *c, const char *where, struct tok_span text,
			     struct tok_error *err)
{
	struct tok_buffer missing = { 0 };
	if (!c->old_vocab.tokenizer)
		return TOK_OK;
	const enum tok_status status =
	    hyper_template_audit(text, &c->old_vocab.vocab, &c->vocab.vocab, &missing, err);
	tell_lines(c, where, tok_buffer_span(&missing));
	tok_buffer_release(&missing);
	return status;
}

static enum tok_status check_template(struct transplant_check *c, struct tok_error *err)
{
	struct tok_buffer jinja = { 0 }, config = { 0 };
	struct tok_json_document doc = { 0 };
	enum tok_status status = read_beside(c, "chat_template.jinja", &jinja, err);
	if (status == TOK_OK)
		status = audit(c, "chat_template.jinja names what is no token: ",
			       tok_buffer_span(&jinja), err);
	if (status == TOK_OK)
		status = read_beside(c, "tokenizer_config.json", &config, err);
	if (status == TOK_OK && config.count)
		status = tok_json_read(&doc, tok_buffer_span(&config), err);
	const struct tok_json *text =
	    status == TOK_OK && config.count ? tok_json_get(doc.values, "chat_template") : NULL;
	if (text && text->kind == TOK_JSON_STRING)
		status =
		    audit(c, "tokenizer_config.json: the chat template names what is no token: ",
			  tok_json_text(text), err);
	if (status == TOK_EFORMAT) {
		transplant_check_tell(c, "tokenizer_config.json: %s", err->message);
		status = TOK_OK;
	}
	tok_json_release(&doc);
	tok_buffer_release(&jinja);
	tok_buffer_release(&config);
	return status;
}

/* ---- a GGUF file ------------------------------------------------------------------------------
 */

static enum tok_status check_pair(struct transplant_check *c, const struct tok_gguf_pair *pair,
				  struct tok_error *err)
{
	static const char tokens[] = "tokenizer.ggml.tokens", end[] = "_token_id";
	const struct tok_span key = pair->key;
	const size_t rows = c->embeddings.input->shape[0];
	if (tok_span_equal(key, tok_span_of(tokens)) && pair->value.count != rows)
		transplant_check_tell(c, "%s has %llu items for %zu rows", tokens,
				      (unsigned long long)pair->value.count, rows);
	if (tok_span_equal(key, tok_span_of("tokenizer.chat_template")) &&
	    pair->value.type == TOK_GGUF_STRING)
		return audit(
		    c, "tokenizer.chat_template names what is no token: ", pair->value.bytes, err);
	if (tok_span_starts(key, tok_span_of("tokenizer.ggml.")) && key.count > sizeof end &&
	    memcmp(key.bytes + key.count - (sizeof end - 1), end, sizeof end - 1) == 0 &&
	    pair->value.bytes.count <= 8 && tok_bytes_number(pair->value.bytes) >= rows)
		transplant_check_tell(c, "%.*s is %llu, and there are %zu rows", (int)key.count,
				      (const char *)key.bytes,
				      (unsigned long long)tok_bytes_number(pair->value.bytes),
				      rows);
	return TOK_OK;
}

static enum tok_status check_gguf(struct transplant_check *c, struct tok_error *err)
{
	struct tok_gguf file = { 0 };
	struct tok_gguf_pair pair;
	enum tok_status status = TOK_OK;
	if (!hyper_gguf_values(hyper_folder_tensors(c->model), c->embeddings.input->file,
			       &file.rest.bytes, &file.pairs))
		return TOK_OK;
	for (uint64_t i = 0; i < file.pairs && status == TOK_OK; i++) {
		status = tok_gguf_next(&file, &pair, err);
		if (status == TOK_OK)
			status = check_pair(c, &pair, err);
	}
	return status;
}

/* ---- all of it
 * ----------------------------------------------------------------------------------- */

static enum tok_status check_self(struct transplant_check *c, struct tok_error *err)
{
	const struct hyper_embeddings *e = &c->embeddings;
	check_ids(c);
	check_tie(c);
	enum tok_status status = check_numbers(c, e->input, err);
	if (status == TOK_OK && !e->tied)
		status = check_numbers(c, e->output, err);
	if (status == TOK_OK)
		status = check_numbers(c, e->bias, err);
	if (status == TOK_OK)
		status = check_config(c, "config.json", err);
	if (status == TOK_OK)
		status = check_config(c, "generation_config.json", err);
	if (status == TOK_OK)
		status = check_template(c, err);
	return status == TOK_OK ? check_gguf(c, err) : status;
}

static enum tok_status check_all(struct transplant_check *c, const struct transplant_options *o,
				 struct tok_error *err)
{
	enum tok_status status = cli_model_open(c->path, &o->names, &c->model, &c->embeddings, err);
	if (status == TOK_OK)
		status = transplant_vocab_open_own(&c->vocab, c->path, o->pattern, err);
	if (status == TOK_OK && o->against)
		status = cli_model_open(o->against, &o->names, &c->old, &c->old_embeddings, err);
	/* It may have none of its own. */
	struct tok_error none = { 0 };
	if (status == TOK_OK && o->against &&
	    transplant_vocab_open_own(&c->old_vocab, o->against, NULL, &none) != TOK_OK)
		c->old_vocab = (struct transplant_vocab){ 0 };
	if (status == TOK_OK)
		status = check_self(c, err);
	if (status == TOK_OK && o->against)
		status = transplant_check_against(c, err);
	return status;
}

static void tell_result(const struct transplant_check *c, bool beside)
{
	if (c->wrong)
		return;
	printf("%zu rows for %zu ids, all as it should be\n", c->embeddings.input->shape[0],
	       c->vocab.vocab.count);
	if (beside)
		printf(
		    "%zu tensors are the same, %zu rows are copies bit for bit, %zu are what the "
		    "mapping says\n",
		    c->same_tensors, c->copied, c->made);
}

enum cli_exit transplant_check(const void *options, int argc, char **argv)
{
	const struct transplant_options *o = options;
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("check takes one folder, not %d operands", argc);
	const enum cli_exit checked = transplant_check_options(o);
	if (checked != CLI_OK)
		return checked;
	struct transplant_check c = { .path = argv[0], .threads = cli_threads_for(o->threads) };
	const enum tok_status status = check_all(&c, o, &err);
	if (status == TOK_OK)
		tell_result(&c, o->against != NULL);
	transplant_vocab_close(&c.old_vocab);
	transplant_vocab_close(&c.vocab);
	hyper_folder_close(c.old);
	hyper_folder_close(c.model);
	if (status != TOK_OK)
		return cli_error("%s: %s", argv[0], err.message);
	return c.wrong ? CLI_NO : CLI_OK;
}
