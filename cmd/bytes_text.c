/* bytes_text.c - the bytes that a question is about. */
#include <stdlib.h>

#include "cmd/bytes_internal.h"
#include "cmd/cli_hex.h"
#include "cmd/cli_input.h"

enum tok_status bytes_read_hex(const char *option, const char *text, struct tok_buffer *out,
			       struct tok_error *err)
{
	const size_t count = strlen(text);
	for (size_t i = 0; i < count; i += 2) {
		const int byte = cli_hex_byte((uint8_t)text[i], (uint8_t)text[i + 1]);
		if (byte < 0)
			return tok_fail(err, TOK_EARG,
					"--%s needs two digits of hex a byte, not '%s'", option,
					text);
		if (!tok_buffer_add_byte(out, (uint8_t)byte))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

/* All of a file, whatever it holds. */
static enum tok_status read_file(const char *path, struct tok_buffer *out, struct tok_error *err)
{
	struct cli_input in = { 0 };
	enum tok_status status = cli_input_open(&in, path, CLI_INPUT_RAW, err);
	if (status != TOK_OK)
		return status;
	while (status == TOK_OK && !in.ended) {
		status = cli_input_fill(&in, 0, err);
		const struct tok_span rest = cli_input_rest(&in);
		if (status == TOK_OK && !tok_buffer_add(out, rest.bytes, rest.count))
			status = tok_fail_memory(err);
		cli_input_drop(&in, rest.count);
	}
	cli_input_close(&in);
	cli_input_release(&in);
	return status;
}

enum tok_status bytes_prefix(const struct bytes_options *o, struct tok_buffer *out,
			     struct tok_error *err)
{
	if (o->prefix && o->prefix_hex)
		return tok_fail(err, TOK_EARG, "--prefix and --prefix-hex are one too many");
	if (o->prefix_hex)
		return bytes_read_hex("prefix-hex", o->prefix_hex, out, err);
	const struct tok_span prefix = tok_span_of(o->prefix);
	return tok_buffer_add(out, prefix.bytes, prefix.count) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status read_text(const struct bytes_options *o, int argc, char **argv,
				 struct tok_buffer *out, struct tok_error *err)
{
	const bool given = o->prefix || o->prefix_hex;
	if (argc > 1 || (argc == 1 && given))
		return tok_fail(err, TOK_EARG, "'%s' is too much: one text is asked about",
				argv[given ? 0 : 1]);
	if (given)
		return bytes_prefix(o, out, err);
	return read_file(argc == 1 ? argv[0] : "-", out, err);
}

static enum tok_status normalize(const struct bytes_options *o, const struct bytes_side *side,
				 struct tok_buffer *text, struct tok_error *err)
{
	struct bytes_normal *normal;
	enum tok_status status = bytes_normal_new(o, side, &normal, err);
	if (status != TOK_OK)
		return status;
	struct tok_span span = tok_buffer_span(text);
	status = bytes_normal_text(normal, &span, false, true, err);
	if (status == TOK_OK && span.bytes != text->bytes) {
		tok_buffer_clear(text);
		if (!tok_buffer_add(text, span.bytes, span.count))
			status = tok_fail_memory(err);
	}
	bytes_normal_free(normal);
	return status;
}

enum tok_status bytes_text(const struct bytes_options *options, const struct bytes_side *side,
			   int argc, char **argv, char **out, size_t *length, struct tok_error *err)
{
	struct tok_buffer text = { 0 };
	enum tok_status status = read_text(options, argc, argv, &text, err);
	if (status == TOK_OK)
		status = normalize(options, side, &text, err);
	if (status == TOK_OK && !tok_buffer_reserve(&text, 1))
		status = tok_fail_memory(err);
	if (status == TOK_OK) {
		text.bytes[text.count] = '\0';
		*out = (char *)text.bytes;
		*length = text.count;
		return TOK_OK;
	}
	tok_buffer_release(&text);
	return status == TOK_ENOMEM ? status : TOK_EARG;
}

/* ---- a model behind a text -------------------------------------------------------- */

static enum tok_status push_text(const struct bytes_options *o, int argc, char **argv,
				 struct bytes_prompt *p, struct tok_error *err)
{
	enum tok_status status = bytes_text(o, &p->side, argc, argv, &p->text, &p->length, err);
	if (status == TOK_OK)
		status = bytes_machine(&p->side, &p->machine, err);
	if (status != TOK_OK)
		return status;
	const struct tok_span text = { (const uint8_t *)p->text, p->length };
	return tok_machine_push(p->machine, text, err);
}

enum cli_exit bytes_prompt_open(const struct bytes_options *options, int argc, char **argv,
				size_t history, struct bytes_prompt *out)
{
	struct tok_error err = { 0 };
	struct bytes_prompt p = { 0 };
	enum cli_exit result = bytes_open_only(options, &p.side);
	if (result != CLI_OK)
		return result;
	p.side.machine.history = history;
	const enum tok_status status = push_text(options, argc, argv, &p, &err);
	if (status != TOK_OK) {
		result = bytes_trouble(NULL, status, &err);
		bytes_prompt_close(&p);
		return result;
	}
	*out = p;
	return CLI_OK;
}

void bytes_prompt_close(struct bytes_prompt *p)
{
	tok_machine_free(p->machine);
	free(p->text);
	bytes_close(&p->side);
}

void bytes_prompt_put(const char *type, const struct bytes_prompt *p)
{
	printf("{\"type\":\"%s\"", type);
	bytes_put_bytes("prefix", p->text, p->length, false);
	bytes_put_count("n", p->length, false);
	printf(",\"semantics\":\"%s\"", bytes_semantics_name(&p->side));
}
