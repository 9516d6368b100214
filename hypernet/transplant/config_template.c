/* What a chat template says that only special tokens are called. */
#include "hypernet/transplant/config.h"

#include "tok/base/hash.h"

struct auditor {
	struct tok_arena arena;
	struct tok_strings tokens, told; /* of the target; names that were written */
	struct tok_strings special;      /* of the source */
	bool has_source;
	struct tok_buffer *out;
};

/* ---- what looks like one ------------------------------------------------------------------ */

static bool is_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.' || c == ':' || c >= 0x80;
}

/* <|...|>, also with the wide bar of DeepSeek; without white space and quotes. */
static size_t match_bars(struct tok_span text)
{
	static const char wide[] = "\xEF\xBD\x9C"; /* U+FF5C */
	const char *bar = tok_span_starts(text, tok_span_of("<|")) ? "|" : wide;
	const size_t width = strlen(bar);
	if (text.count < 2 ||
	    !tok_span_starts(tok_span_slice(text, 1, text.count), tok_span_of(bar)))
		return 0;
	size_t at = 1 + width;
	while (at < text.count && (is_name(text.bytes[at]) || text.bytes[at] == '/') &&
	       !tok_span_starts(tok_span_slice(text, at, text.count), tok_span_of(wide)))
		at++;
	const struct tok_span rest = tok_span_slice(text, at, text.count);
	if (at == 1 + width || !tok_span_starts(rest, tok_span_of(bar)) || rest.count <= width ||
	    rest.bytes[width] != '>')
		return 0;
	return at + width + 1;
}

/* [INST], [/INST], [AVAILABLE_TOOLS] */
static size_t match_brackets(struct tok_span text)
{
	size_t at = 1, letters = 0;
	if (text.count < 2 || text.bytes[0] != '[')
		return 0;
	at += text.bytes[1] == '/';
	for (; at < text.count &&
	       ((text.bytes[at] >= 'A' && text.bytes[at] <= 'Z') || text.bytes[at] == '_');
	     at++)
		letters++;
	return letters > 1 && at < text.count && text.bytes[at] == ']' ? at + 1 : 0;
}

/* <s>, <bos>, <start_of_turn>: but no tags as text has them. */
static size_t match_tag(struct tok_span text)
{
	static const char *const names[] = { "s",   "/s",  "bos", "eos", "pad",
					     "unk", "sep", "cls", "mask" };
	static const char *const begins[] = { "start_of_", "end_of_", "begin_of_" };
	size_t at = 1;
	if (text.count < 2 || text.bytes[0] != '<')
		return 0;
	while (at < text.count && (is_name(text.bytes[at]) || (at == 1 && text.bytes[at] == '/')))
		at++;
	if (at == text.count || text.bytes[at] != '>')
		return 0;
	const struct tok_span name = tok_span_slice(text, 1, at);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (tok_span_equal(name, tok_span_of(names[i])))
			return at + 1;
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (tok_span_starts(name, tok_span_of(begins[i])))
			return at + 1;
	return 0;
}

static size_t match(struct tok_span text)
{
	const size_t bars = match_bars(text);
	const size_t brackets = bars ? 0 : match_brackets(text);
	return bars ? bars : brackets ? brackets : match_tag(text);
}

/* ---- which are none -------------------------------------------------------------------------- */

static size_t count_matches(struct tok_span text)
{
	size_t count = 0;
	for (size_t at = 0; at < text.count; at++)
		count += match(tok_span_slice(text, at, text.count)) > 0;
	return count;
}

static bool open_source(struct auditor *a, const struct hyper_vocab *source)
{
	a->has_source = source != NULL;
	if (!source)
		return true;
	size_t count = 0;
	for (size_t i = 0; i < source->count; i++)
		count += source->kinds[i] == HYPER_TOKEN_SPECIAL;
	if (!tok_strings_init(&a->special, &a->arena, count))
		return false;
	for (size_t i = 0; i < source->count; i++)
		if (source->kinds[i] == HYPER_TOKEN_SPECIAL && source->bytes[i].bytes)
			tok_strings_put(&a->special, source->bytes[i], (uint32_t)i);
	return true;
}

static bool open_auditor(struct auditor *a, struct tok_span text, const struct hyper_vocab *source,
			 const struct hyper_vocab *target)
{
	if (!tok_strings_init(&a->tokens, &a->arena, target->count) ||
	    !tok_strings_init(&a->told, &a->arena, count_matches(text)) || !open_source(a, source))
		return false;
	for (size_t i = 0; i < target->count; i++)
		if (target->kinds[i] != HYPER_TOKEN_NONE && target->bytes[i].bytes)
			tok_strings_put(&a->tokens, target->bytes[i], (uint32_t)i);
	return true;
}

static bool tell(struct auditor *a, struct tok_span name)
{
	if ((a->has_source && tok_strings_find(&a->special, name) == TOK_NO_ID) ||
	    tok_strings_find(&a->tokens, name) != TOK_NO_ID || !tok_strings_add(&a->told, name, 0))
		return true;
	return tok_buffer_add(a->out, name.bytes, name.count) && tok_buffer_add_byte(a->out, '\n');
}

enum tok_status hyper_template_audit(struct tok_span template, const struct hyper_vocab *source,
				     const struct hyper_vocab *target, struct tok_buffer *out,
				     struct tok_error *err)
{
	struct auditor a = { .out = out };
	const size_t before = out->count;
	bool ok = open_auditor(&a, template, source, target);
	for (size_t at = 0; at < template.count && ok;) {
		const size_t found = match(tok_span_slice(template, at, template.count));
		if (found)
			ok = tell(&a, tok_span_slice(template, at, at + found));
		at += found ? found : 1;
	}
	tok_arena_release(&a.arena);
	if (!ok)
		out->count = before;
	return ok ? TOK_OK : tok_fail_memory(err);
}
