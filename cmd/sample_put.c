/* sample_put.c - what is told of segmentations, put together as text. */
#include <stdarg.h>
#include <stdio.h>

#include "cmd/cli_visible.h"
#include "cmd/sample_internal.h"
#include "tok/text/json_write.h"

void sample_put_span(struct sample_out *out, struct tok_span text)
{
	if (!out->lost)
		out->lost = !tok_buffer_add(&out->bytes, text.bytes, text.count);
}

void sample_put(struct sample_out *out, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	const int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	sample_put_span(out,
			(struct tok_span){ (const uint8_t *)text,
					   (size_t)n < sizeof text ? (size_t)n : sizeof text - 1 });
}

void sample_put_tokens(struct sample_out *out, const struct tok_tokenizer *tokenizer,
		       const tok_id *ids, size_t count)
{
	for (size_t i = 0; i < count && !out->lost; i++)
		out->lost = (i > 0 && !tok_buffer_add_byte(&out->bytes, ' ')) ||
			    !cli_visible_token(tokenizer, ids[i], &out->bytes);
}

void sample_put_visible(struct sample_out *out, struct tok_span text, size_t columns)
{
	struct tok_buffer visible = { 0 };
	/* A character shown takes a column or more, except for marks; few bytes will do. */
	const struct tok_span head = { text.bytes,
				       text.count < columns * 4 ? text.count : columns * 4 };
	out->lost |= !cli_visible_text(head, &visible);
	struct tok_span shown = tok_buffer_span(&visible);
	const bool whole = head.count == text.count && cli_visible_width(shown) <= columns;
	while (!whole && shown.count > 0 && cli_visible_width(shown) >= columns) {
		do
			shown.count--;
		while (shown.count > 0 && (shown.bytes[shown.count] & 0xC0) == 0x80);
	}
	sample_put_span(out, shown);
	if (!whole)
		sample_put(out, "…");
	if (text.count == 0)
		sample_put(out, "(empty)");
	tok_buffer_release(&visible);
}

void sample_put_json_text(struct sample_out *out, struct tok_span text)
{
	if (!out->lost)
		out->lost = !tok_json_put_string(&out->bytes, text);
}

void sample_put_json_ids(struct sample_out *out, const struct tok_tokenizer *tokenizer,
			 const tok_id *ids, size_t count)
{
	sample_put(out, "\"ids\":[");
	for (size_t i = 0; i < count; i++)
		sample_put(out, "%s%u", i ? "," : "", (unsigned)ids[i]);
	sample_put(out, "],\"tokens\":[");
	for (size_t i = 0; i < count; i++) {
		sample_put(out, i ? "," : "");
		sample_put_json_text(out, tok_tokenizer_token(tokenizer, ids[i]));
	}
	sample_put(out, "]");
}
