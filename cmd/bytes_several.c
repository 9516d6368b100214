/* bytes_several.c - several models at the beginning of one text. */
#include <stdlib.h>

#include "cmd/bytes_several_internal.h"

static enum cli_exit open_sides(const struct bytes_options *o, struct bytes_several *s)
{
	enum cli_exit result = CLI_OK;
	if (o->lm.count > TOK_MIX_MOST)
		return cli_usage("%zu models are too many: %d at most", o->lm.count, TOK_MIX_MOST);
	do { /* one at least, so that none is said to be missing */
		result = bytes_open(o, s->count, &s->sides[s->count]);
		s->sides[s->count].machine.history = 1; /* a mix takes back one byte at most */
		s->count += result == CLI_OK;
	} while (result == CLI_OK && s->count < o->lm.count);
	return result;
}

/* What the first model's tokenizer leaves has to be what this one's leaves. */
static enum tok_status check_text(const struct bytes_options *o, const struct bytes_several *s,
				  size_t which, struct tok_error *err)
{
	const struct tok_span text = { (const uint8_t *)s->text, s->length };
	struct tok_span span = text;
	struct bytes_normal *normal;
	enum tok_status status = bytes_normal_new(o, &s->sides[which], &normal, err);
	if (status != TOK_OK)
		return status;
	status = bytes_normal_text(normal, &span, false, true, err);
	if (status == TOK_OK && !tok_span_equal(span, text))
		status = tok_fail(err, TOK_EARG,
				  "its tokenizer makes another text of what the first one leaves");
	bytes_normal_free(normal);
	return status;
}

static enum tok_status get_text(const struct bytes_options *o, int argc, char **argv,
				struct bytes_several *s, struct tok_error *err)
{
	enum tok_status status = bytes_text(o, &s->sides[0], argc, argv, &s->text, &s->length, err);
	for (size_t i = 1; status == TOK_OK && i < s->count; i++) {
		status = check_text(o, s, i, err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "model %zu", i + 1);
	}
	for (size_t i = 0; status == TOK_OK && i < s->count; i++) {
		status = bytes_machine(&s->sides[i], &s->machines[i], err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "model %zu", i + 1);
	}
	return status;
}

enum cli_exit bytes_several_open(const struct bytes_options *options, int argc, char **argv,
				 struct bytes_several *out)
{
	struct tok_error err = { 0 };
	*out = (struct bytes_several){ 0 };
	enum cli_exit result = open_sides(options, out);
	if (result == CLI_OK) {
		const enum tok_status status = get_text(options, argc, argv, out, &err);
		if (status != TOK_OK)
			result = bytes_trouble(NULL, status, &err);
	}
	if (result != CLI_OK)
		bytes_several_close(out);
	return result;
}

void bytes_several_close(struct bytes_several *s)
{
	for (size_t i = 0; i < s->count; i++) {
		tok_machine_free(s->machines[i]);
		bytes_close(&s->sides[i]);
	}
	free(s->text);
	*s = (struct bytes_several){ 0 };
}

void bytes_several_put(const char *name, const double *numbers, size_t count)
{
	printf(",\"%s\":[", name);
	for (size_t i = 0; i < count; i++)
		bytes_put_number(NULL, numbers[i], i == 0);
	putchar(']');
}

void bytes_several_put_model(const struct bytes_several *s, size_t which)
{
	const struct bytes_side *side = &s->sides[which];
	bytes_put_bytes("lm", side->lm_name, strlen(side->lm_name), true);
	printf(",\"semantics\":\"%s\"", bytes_semantics_name(side));
}
