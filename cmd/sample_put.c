/* sample_put.c - what is told of segmentations, put together as text. */
#include "cmd/cli_visible.h"
#include "cmd/sample_internal.h"

void sample_put_tokens(struct cli_put *out, const struct tok_tokenizer *tokenizer,
		       const tok_id *ids, size_t count)
{
	for (size_t i = 0; i < count && !out->lost; i++)
		out->lost = (i > 0 && !tok_buffer_add_byte(out->out, ' ')) ||
			    !cli_visible_token(tokenizer, ids[i], out->out);
}

void sample_put_visible(struct cli_put *out, struct tok_span text, size_t columns)
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
	cli_put_span(out, shown);
	if (!whole)
		cli_put(out, "…");
	if (text.count == 0)
		cli_put(out, "(empty)");
	tok_buffer_release(&visible);
}

void sample_put_json_ids(struct cli_put *out, const struct tok_tokenizer *tokenizer,
			 const tok_id *ids, size_t count)
{
	cli_put(out, "\"ids\":[");
	for (size_t i = 0; i < count; i++)
		cli_put(out, "%s%u", i ? "," : "", (unsigned)ids[i]);
	cli_put(out, "],\"tokens\":[");
	for (size_t i = 0; i < count; i++) {
		cli_put(out, i ? "," : "");
		cli_put_json(out, tok_tokenizer_token(tokenizer, ids[i]));
	}
	cli_put(out, "]");
}
