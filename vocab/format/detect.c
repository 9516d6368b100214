#include "vocab/format/detect_internal.h"

#include "vocab/format/sentencepiece_internal.h"
#include "vocab/format/tiktoken_internal.h"

/* ---- JSON: which keys stand at the top ---------------------------------------- */

/* Finds its way around JSON that may be broken, without judging it. */
struct skimmer {
	struct tok_span text;
	size_t at;
};

static void skip_space(struct skimmer *s)
{
	while (s->at < s->text.count && memchr(" \t\r\n", s->text.bytes[s->at], 4))
		s->at++;
}

static bool take(struct skimmer *s, uint8_t byte)
{
	skip_space(s);
	if (s->at == s->text.count || s->text.bytes[s->at] != byte)
		return false;
	s->at++;
	return true;
}

/* A string and its quotes; what is between them, escapes and all. */
static bool take_string(struct skimmer *s, struct tok_span *out)
{
	if (!take(s, '"'))
		return false;
	const size_t begin = s->at;
	while (s->at < s->text.count && s->text.bytes[s->at] != '"')
		s->at += s->text.bytes[s->at] == '\\' ? 2 : 1;
	if (s->at >= s->text.count)
		return false;
	*out = tok_span_slice(s->text, begin, s->at++);
	return true;
}

/* To the ',' or '}' behind a value: brackets are counted, not matched. */
static bool skip_value(struct skimmer *s)
{
	size_t depth = 0;
	struct tok_span string;
	for (; s->at < s->text.count; s->at++) {
		switch (s->text.bytes[s->at]) {
		case '"':
			if (!take_string(s, &string))
				return false;
			s->at--;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return true;
			depth--;
			break;
		case ',':
			if (depth == 0)
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

/* The first of these keys whose value begins so decides.  A vocab.json may have
 * tokens of these names, but their values are numbers. */
static const struct {
	const char *key;
	uint8_t begins;
	enum file_kind kind;
} telling[] = {
	{ "model", '{', FILE_HF },
	{ "config", '{', FILE_TEKKEN },
	{ "vocab", '[', FILE_TEKKEN },
	{ "bpe_ranks", '"', FILE_PACKED_RANKS },
	{ "pat_str", '"', FILE_PACKED_RANKS },
};

static enum file_kind find_telling(struct tok_span key, uint8_t begins)
{
	for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
		if (telling[i].begins == begins && tok_span_equal(key, tok_span_of(telling[i].key)))
			return telling[i].kind;
	return FILE_UNKNOWN;
}

static enum file_kind detect_json(struct tok_span file)
{
	struct skimmer s = { file, 0 };
	struct tok_span key;
	bool first = true, numbers = false;

	if (!take(&s, '{'))
		return FILE_UNKNOWN;
	while (take_string(&s, &key) && take(&s, ':')) {
		skip_space(&s);
		const uint8_t begins = s.at < file.count ? file.bytes[s.at] : 0;
		const enum file_kind kind = find_telling(key, begins);
		if (kind != FILE_UNKNOWN)
			return kind;
		if (first)
			numbers = begins >= '0' && begins <= '9';
		first = false;
		if (!skip_value(&s) || !take(&s, ','))
			break;
	}
	return numbers ? FILE_VOCAB_JSON : FILE_JSON;
}

/* ---- lines of text -------------------------------------------------------------- */

static bool has_line(struct tok_span text, const char *line)
{
	const size_t count = strlen(line);
	size_t at = 0;
	while (at < text.count) {
		const uint8_t *newline = memchr(text.bytes + at, '\n', text.count - at);
		size_t end = newline ? (size_t)(newline - text.bytes) : text.count;
		const size_t next = end + 1;
		end -= end > at && text.bytes[end - 1] == '\r';
		if (end - at == count && memcmp(text.bytes + at, line, count) == 0)
			return true;
		at = next;
	}
	return false;
}

enum file_kind vocab_file_detect(struct tok_span file)
{
	if (tok_span_starts(file, tok_span_of("GGUF")))
		return FILE_GGUF;
	const enum file_kind json = detect_json(file);
	if (json != FILE_UNKNOWN)
		return json;
	if (tok_span_starts(file, tok_span_of("#version")))
		return FILE_MERGES;
	if (tiktoken_detect(file))
		return FILE_TIKTOKEN;
	if (spm_detect(file))
		return FILE_SENTENCEPIECE;
	if (has_line(file, "[UNK]") || has_line(file, "[CLS]"))
		return FILE_WORDPIECE;
	return FILE_UNKNOWN;
}
