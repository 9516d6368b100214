#include "vocab/format/detect_internal.h"

#include "tok/text/utf8.h"

static size_t skip_blanks(struct tok_span file, size_t at)
{
	while (at < file.count && (file.bytes[at] == ' ' || file.bytes[at] == '\t' ||
				   file.bytes[at] == '\n' || file.bytes[at] == '\r'))
		at++;
	return at;
}

/* ---- JSON: by the keys of the outermost object ---------------------------- */

/* The end of the string whose opening quote is at `at`, behind the closing one. */
static size_t skip_string(struct tok_span file, size_t at)
{
	for (at++; at < file.count && file.bytes[at] != '"'; at++)
		at += file.bytes[at] == '\\';
	return at + 1;
}

struct keys {
	bool model, config, vocab, bpe_ranks, numbers;
};

/* Walk the outermost object without reading what lies inside its values. */
static struct keys outer_keys(struct tok_span file, size_t at)
{
	struct keys keys = { 0 };
	size_t depth = 0;
	for (; at < file.count; at++) {
		const uint8_t c = file.bytes[at];
		if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (depth-- <= 1)
				break;
		} else if (c == '"') {
			const size_t end = skip_string(file, at);
			const size_t colon = skip_blanks(file, end < file.count ? end : file.count);
			const bool is_key =
			    depth == 1 && colon < file.count && file.bytes[colon] == ':';
			if (is_key) {
				const struct tok_span key = tok_span_slice(file, at + 1, end - 1);
				const size_t value = skip_blanks(file, colon + 1);
				keys.model |= tok_span_equal(key, tok_span_of("model"));
				keys.config |= tok_span_equal(key, tok_span_of("config"));
				keys.vocab |= tok_span_equal(key, tok_span_of("vocab"));
				keys.bpe_ranks |= tok_span_equal(key, tok_span_of("bpe_ranks"));
				keys.numbers |= value < file.count && file.bytes[value] >= '0' &&
						file.bytes[value] <= '9';
			}
			at = end - 1;
		}
	}
	return keys;
}

static enum vocab_kind detect_json(struct tok_span file, size_t at)
{
	const struct keys keys = outer_keys(file, at);
	if (keys.bpe_ranks && !keys.config)
		return VOCAB_PACKED_RANKS;
	if (keys.config && (keys.vocab || keys.bpe_ranks))
		return VOCAB_TEKKEN;
	if (keys.model || !keys.numbers)
		return VOCAB_HF; /* its reader says best what is missing */
	return VOCAB_JSON_VOCAB;
}

/* ---- lines ---------------------------------------------------------------- */

static bool is_base64(uint8_t c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
	       c == '/' || c == '=';
}

/* "base64 digits" on the first line. */
static bool starts_with_rank(struct tok_span file)
{
	size_t at = 0, digits = 0;
	while (at < file.count && is_base64(file.bytes[at]))
		at++;
	if (at < 4 || at % 4 != 0 || at == file.count || file.bytes[at] != ' ')
		return false;
	for (at++; at < file.count && file.bytes[at] >= '0' && file.bytes[at] <= '9'; at++)
		digits++;
	return digits > 0 && (at == file.count || file.bytes[at] == '\n' || file.bytes[at] == '\r');
}

static bool has_line(struct tok_span file, const char *line)
{
	const size_t length = strlen(line);
	const uint8_t *at = file.bytes;
	size_t left = file.count;
	while (left >= length && (at = memmem(at, left, line, length)) != NULL) {
		const uint8_t *end = at + length;
		left = (size_t)(file.bytes + file.count - end);
		if ((at == file.bytes || at[-1] == '\n') &&
		    (left == 0 || *end == '\n' || *end == '\r'))
			return true;
		at = end;
	}
	return false;
}

/* ---- SentencePiece -------------------------------------------------------- */

/* A ModelProto begins with its pieces: field 1, a message that holds a string
 * of its own length at most. */
static bool starts_with_piece(struct tok_span file)
{
	return file.count > 4 && file.bytes[0] == 0x0A && file.bytes[1] < 0x80 &&
	       file.bytes[2] == 0x0A && file.bytes[3] < file.bytes[1];
}

enum vocab_kind vocab_detect(struct tok_span file)
{
	const size_t start = skip_blanks(file, 0);
	if (tok_span_starts(file, tok_span_of("GGUF")))
		return VOCAB_GGUF;
	if (starts_with_piece(file))
		return VOCAB_SENTENCEPIECE;
	if (start < file.count && file.bytes[start] == '{')
		return detect_json(file, start);
	if (starts_with_rank(file))
		return VOCAB_TIKTOKEN;
	if (has_line(file, "[UNK]") || has_line(file, "[CLS]"))
		return VOCAB_WORDPIECE;
	return VOCAB_UNKNOWN;
}
