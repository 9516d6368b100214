/*
 * The passes of BertNormalizer; its lower case and its NFD are those of the
 * other normalisers.  Its categories are those of Unicode 8.0 (the crate
 * unicode_categories), written here as the tables of unicode.h, the age of the
 * character, and the few characters whose category has changed since.
 */
#include "tok/text/normalize_internal.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

static bool is_removed(uint32_t code)
{
	if (code < 0x80)
		return code < 0x20 ? code != '\t' && code != '\n' && code != '\r' : code == 0x7F;
	return code == 0xFFFD ||
	       (tok_unicode_in(code, TOK_CATEGORY_BIT(TOK_CC) | TOK_CATEGORY_BIT(TOK_CF) |
					 TOK_CATEGORY_BIT(TOK_CO)) &&
		norm_unicode_has(code, 8));
}

struct tok_bytemap norm_clean_bytes(void)
{
	struct tok_bytemap map = tok_bytemap_identity();
	for (uint8_t byte = 0; byte < 0x80; byte++)
		if (is_removed(byte))
			tok_bytemap_set(&map, byte, tok_span_of(""));
		else if (tok_unicode_space(byte))
			tok_bytemap_set(&map, byte, tok_span_of(" "));
	return map;
}

static bool map_block(const uint8_t *in, uint8_t *out)
{
	uint8_t removes = 0;
	for (size_t i = 0; i < NORM_QUICK_BLOCK; i++) {
		const uint8_t byte = in[i];
		const uint8_t space = (byte == '\t') | (byte == '\n') | (byte == '\r');
		out[i] = space ? ' ' : byte;
		removes |= (uint8_t)(((byte < 0x20) ^ space) | (byte >= 0x7F));
	}
	return !removes;
}

enum tok_status norm_run_bert_clean(const struct norm_pass *pass, struct norm_edit *edit,
				    struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	const struct norm_quick quick = { pass->sure, pass->as.bytes, map_block };
	while (edit->at < text.count) {
		if (!edit->from->tracked) {
			norm_edit_quick(edit, &quick);
			if (edit->at == text.count)
				break;
		}
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (is_removed(c.code))
			norm_edit_drop(edit, edit->at + c.length);
		else
			norm_edit_char(edit, tok_unicode_space(c.code) ? ' ' : c.code, 0);
	}
	return TOK_OK;
}

/* The blocks the reference lists; that it begins one at U+2B920 is its own. */
static const struct {
	uint32_t first, last;
} chinese_blocks[] = {
	{ 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xF900, 0xFAFF },   { 0x20000, 0x2A6DF },
	{ 0x2A700, 0x2B73F }, { 0x2B740, 0x2B81F }, { 0x2B920, 0x2CEAF }, { 0x2F800, 0x2FA1F },
};
enum { CHINESE_BLOCKS = sizeof chinese_blocks / sizeof *chinese_blocks };

static bool is_chinese(uint32_t code)
{
	for (size_t i = 0; i < CHINESE_BLOCKS; i++)
		if (code >= chinese_blocks[i].first && code <= chinese_blocks[i].last)
			return true;
	return false;
}

void norm_mark_chinese(uint64_t words[NORM_SURE_LIMIT / NORM_SURE_BLOCK])
{
	/* A word at a time, for this is done whenever a tokenizer is opened. */
	for (size_t i = 0; i < CHINESE_BLOCKS; i++)
		for (uint32_t code = chinese_blocks[i].first; code <= chinese_blocks[i].last;) {
			const uint32_t skip = code % NORM_SURE_BLOCK, room = NORM_SURE_BLOCK - skip;
			const uint32_t left = chinese_blocks[i].last - code + 1;
			const uint32_t some = left < room ? left : room;
			words[code / NORM_SURE_BLOCK] |= (UINT64_MAX >> (NORM_SURE_BLOCK - some))
							 << skip;
			code += some;
		}
}

/* Spaces around the Chinese characters at `edit->at`, of which there is one. */
static void space_chinese(struct norm_edit *edit)
{
	enum { MANY = 64, MOST_BYTES = 6 };
	const struct tok_span text = tok_text_span(edit->from);
	norm_edit_flush(edit);
	uint8_t *out = edit->failed ? NULL : tok_text_room(edit->to, MANY * MOST_BYTES);
	if (!out) {
		edit->failed = true;
		norm_edit_keep(edit, text.count);
		return;
	}
	for (size_t i = 0; i < MANY && edit->at < text.count; i++) {
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (!is_chinese(c.code))
			break;
		out[0] = ' ';
		memcpy(out + 1, text.bytes + edit->at, c.length);
		out[1 + c.length] = ' ';
		out += c.length + 2;
		edit->run = edit->at += c.length;
	}
	edit->to->count = (size_t)(out - edit->to->bytes);
}

static void space_tracked_chinese(struct norm_edit *edit)
{
	const struct tok_span space = tok_span_of(" ");
	const size_t end = edit->at + tok_utf8_at(tok_text_span(edit->from), edit->at).length;
	const struct tok_range origin = tok_text_origin(edit->from, edit->at, end);
	norm_edit_put(edit, space, origin);
	norm_edit_keep(edit, end);
	norm_edit_put(edit, space, origin);
}

/* Not by the table where origins are tracked, so that the two can be compared. */
static void keep_sure(const struct norm_pass *pass, struct norm_edit *edit)
{
	const struct tok_span text = tok_text_span(edit->from);
	norm_edit_keep(edit, edit->from->tracked ? norm_skip_ascii(text, edit->at)
						 : norm_skip_sure(pass->sure, text, edit->at));
}

enum tok_status norm_run_bert_chinese(const struct norm_pass *pass, struct norm_edit *edit,
				      struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);

	while (edit->at < text.count) {
		keep_sure(pass, edit);
		if (edit->at == text.count)
			break;
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (!is_chinese(c.code))
			norm_edit_keep(edit, edit->at + c.length);
		else if (edit->from->tracked)
			space_tracked_chinese(edit);
		else
			space_chinese(edit);
	}
	return TOK_OK;
}

static bool is_accent(uint32_t code)
{
	switch (code) {
	case 0x1734: /* were Mn, are Mc */
	case 0x1171E:
		return true;
	case 0x1885: /* were Lo, Mc or Po, are Mn */
	case 0x1886:
	case 0xA9BD:
	case 0x111C9:
		return false;
	default:
		return code >= 0x300 && tok_unicode_category(code) == TOK_MN &&
		       norm_unicode_has(code, 8);
	}
}

enum tok_status norm_run_bert_accents(const struct norm_pass *pass, struct norm_edit *edit,
				      struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	while (edit->at < text.count) {
		keep_sure(pass, edit);
		if (edit->at == text.count)
			break;
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (is_accent(c.code))
			norm_edit_drop(edit, edit->at + c.length);
		else
			norm_edit_keep(edit, edit->at + c.length);
	}
	return TOK_OK;
}
