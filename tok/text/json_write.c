#include "tok/text/json_write.h"

#include <stdio.h>

#include "tok/text/utf8.h"

static bool put_escaped(struct tok_buffer *out, uint32_t code)
{
	static const char names[] = "btn?fr"; /* U+0008 to U+000D */
	char text[8];
	int count;
	if (code == '"' || code == '\\')
		count = snprintf(text, sizeof text, "\\%c", (char)code);
	else if (code >= 8 && code <= 13 && code != 11)
		count = snprintf(text, sizeof text, "\\%c", names[code - 8]);
	else if (code >= TOK_BAD_BYTE)
		count = snprintf(text, sizeof text, "\xEF\xBF\xBD");
	else
		count = snprintf(text, sizeof text, "\\u%04x", (unsigned)code);
	return tok_buffer_add(out, text, (size_t)count);
}

static bool is_plain(uint32_t code)
{
	return code >= 0x20 && code != '"' && code != '\\' && code != 0x7F && code < TOK_BAD_BYTE;
}

bool tok_json_put_text(struct tok_buffer *out, struct tok_span text)
{
	size_t kept = 0, at = 0; /* [kept, at) is plain and not yet copied */
	while (at < text.count) {
		const struct tok_char c = tok_utf8_at(text, at);
		if (!is_plain(c.code)) {
			if (!tok_buffer_add(out, text.bytes + kept, at - kept) ||
			    !put_escaped(out, c.code))
				return false;
			kept = at + c.length;
		}
		at += c.length;
	}
	return kept == at || tok_buffer_add(out, text.bytes + kept, at - kept);
}

bool tok_json_put_string(struct tok_buffer *out, struct tok_span text)
{
	return tok_buffer_add_byte(out, '"') && tok_json_put_text(out, text) &&
	       tok_buffer_add_byte(out, '"');
}
