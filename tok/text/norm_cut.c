/*
 * Where a text may be cut so that its two parts, the second one said to go on
 * behind the first (tok_text.continues), normalise to what the whole does.
 *
 * The proofs look at one pass at a time.  A pass that works character by
 * character is local anywhere; normalisation forms are where the character
 * behind the cut starts anew (no letter composes with a space or newline);
 * rules of several bytes are where none of them can reach over the cut.
 */
#include "tok/text/normalize_internal.h"
#include "tok/text/unicode.h"

static bool is_letter_or_digit(uint8_t byte)
{
	return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || (byte >= '0' && byte <= '9');
}

static void forbid(struct tok_norm_cut *cut)
{
	*cut = (struct tok_norm_cut){ .space = cut->space, .newline = cut->newline };
}

/* A byte for others: characters do not look at each other. */
static void see_replace(const struct norm_pass *pass, struct tok_norm_cut *cut)
{
	const struct tok_span content = pass->as.replace.content;
	const uint8_t byte = pass->as.replace.byte;
	if (!pass->as.replace.map || byte != ' ' || content.count == 0 ||
	    tok_utf8_at(content, 0).length != content.count) {
		forbid(cut);
		return;
	}
	if (cut->space == ' ')
		cut->space = tok_utf8_at(content, 0).code;
}

/* Clusters end on both sides of a space between letters and of a newline, and a
 * cluster of one byte is asked for by itself. */
static void see_precompiled(const struct norm_charsmap *map, struct tok_norm_cut *cut)
{
	struct tok_span result;
	for (uint8_t byte = 0; byte < 0x80; byte++)
		if ((byte == ' ' || is_letter_or_digit(byte)) &&
		    norm_charsmap_shortest(map, (struct tok_span){ &byte, 1 }, &result))
			forbid(cut);
	const uint8_t newline = '\n';
	if (norm_charsmap_shortest(map, (struct tok_span){ &newline, 1 }, &result) &&
	    !tok_span_equal(result, tok_span_of(" ")))
		forbid(cut);
	cut->newline = ' '; /* and what is beside it may be anything */
	cut->chars = false;
}

/* Letters and digits must become letters and digits whatever ASCII is beside
 * them, spaces must be spaces, and nothing may reach over a space. */
static void see_sentencepiece(const struct norm_sentencepiece *self, struct tok_norm_cut *cut)
{
	bool words = !self->whitespace_as_suffix && self->quick.kinds[' '] == NORM_BYTE_SPACE &&
		     !norm_charsmap_has_inner(&self->map, ' ');
	for (size_t byte = 0; byte < 0x80; byte++) {
		const struct tok_bytemap_entry *to = &self->quick.map.entries[byte];
		if (is_letter_or_digit((uint8_t)byte) &&
		    (self->quick.kinds[byte] != NORM_BYTE_TEXT || to->count != 1 ||
		     !is_letter_or_digit(to->bytes[0])))
			words = false;
	}
	for (size_t i = 0; i < self->protected.count; i++) {
		const struct tok_span piece = self->protected.pieces[i];
		if (memchr(piece.bytes, ' ', piece.count))
			words = false;
	}
	cut->words = cut->words && words;
	cut->lines = false;
	cut->chars = cut->chars && self->quick.identity && !self->whitespace_as_suffix;
	cut->fronts = true;
	if (cut->space == ' ' && self->escape_whitespaces)
		cut->space = 0x2581;
}

static void see_pass(const struct norm_pass *pass, struct tok_norm_cut *cut)
{
	if (pass->run == norm_run_prepend) {
		cut->fronts = true;
		return;
	}
	if (pass->run == norm_run_replace) {
		see_replace(pass, cut);
		return;
	}
	if (pass->run == norm_run_sentencepiece) {
		see_sentencepiece(pass->as.sentencepiece, cut);
		return;
	}
	if (pass->stands_for)
		return; /* those that it stands for are seen */
	cut->chars = false;
	if (pass->run == norm_run_precompiled) {
		see_precompiled(&pass->as.charsmap, cut);
	} else if (pass->run == norm_run_strip) {
		cut->fronts = true;
		cut->lines = cut->lines && !pass->as.strip.right;
	} else if (pass->run == norm_run_nmt) {
		if (cut->space != ' ')
			forbid(cut);
		cut->newline = ' ';
	} else if (pass->run == norm_run_bert_clean || pass->run == norm_run_bert_chinese) {
		cut->newline = ' ';
	} else if (pass->run != norm_run_form && pass->run != norm_run_lowercase &&
		   pass->run != norm_run_strip_accents && pass->run != norm_run_bert_accents) {
		forbid(cut);
	}
}

struct tok_norm_cut tok_normalizer_cut(const struct tok_normalizer *normalizer)
{
	struct tok_norm_cut cut = {
		.words = true, .lines = true, .chars = true, .space = ' ', .newline = '\n'
	};
	for (size_t i = 0; i < normalizer->pass_count; i++)
		see_pass(&normalizer->passes[i], &cut);
	return cut;
}

/* What no form, no stripping of accents and no lower case turns into a space, a
 * mark or nothing. */
static bool is_steady(uint32_t code)
{
	return norm_is_sure(&norm_sure_nfkd, code) || (code >= 0xAC00 && code <= 0xD7A3) ||
	       (code > 0xFF00 && code < 0xFF5F);
}

bool tok_norm_line_ends(uint32_t code)
{
	return code < TOK_BAD_BYTE && is_steady(code) &&
	       tok_unicode_in(code, TOK_LETTERS | TOK_NUMBERS | TOK_PUNCTUATION | TOK_SYMBOLS);
}

bool tok_norm_line_begins(uint32_t code)
{
	if (code < 0x80)
		return is_letter_or_digit((uint8_t)code);
	return code < TOK_BAD_BYTE && is_steady(code) && tok_unicode_in(code, TOK_LETTERS);
}
