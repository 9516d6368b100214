#include "vocab/audit/describe.h"

#include <stdarg.h>
#include <stdio.h>

#include "tok/text/utf8.h"

enum { SHOWN_TEXT = 200 };

/* Add to the line; what does not fit is left out. */
TOK_PRINTF(2, 3) static void say(char out[VOCAB_LINE], const char *fmt, ...)
{
	const size_t used = strlen(out);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(out + used, VOCAB_LINE - used, fmt, ap);
	va_end(ap);
}

void vocab_describe_text(struct tok_span text, char out[VOCAB_LINE])
{
	size_t used = 0, at = 0;
	out[used++] = '\'';
	while (at < text.count && used < SHOWN_TEXT) {
		const struct tok_char c = tok_utf8_at(text, at);
		if (c.code < ' ' || (c.code >= 0x7f && c.code < 0xa0) || c.code >= TOK_BAD_BYTE) {
			for (size_t i = 0; i < c.length; i++)
				used +=
				    (size_t)snprintf(out + used, 5, "\\x%02x", text.bytes[at + i]);
		} else {
			memcpy(out + used, text.bytes + at, c.length);
			used += c.length;
		}
		at += c.length;
	}
	memcpy(out + used, at < text.count ? "'..." : "'", at < text.count ? 5 : 2);
}

static void say_text(char out[VOCAB_LINE], struct tok_span text)
{
	char quoted[VOCAB_LINE];
	vocab_describe_text(text, quoted);
	say(out, "%s", quoted);
}

static void say_char(char out[VOCAB_LINE], uint32_t code)
{
	uint8_t bytes[4];
	say_text(out, (struct tok_span){ bytes, tok_utf8_put(code, bytes) });
}

static void say_pattern(char out[VOCAB_LINE], struct tok_span pattern,
			enum tok_regex_dialect dialect)
{
	say(out, dialect == TOK_REGEX_LITERAL ? "the text " : "the expression ");
	say_text(out, pattern);
}

static const char *if_set(bool set, const char *words)
{
	return set ? words : "";
}

/* ---- normalisers ---------------------------------------------------------- */

static void say_sentencepiece(const struct tok_norm_step *step, char out[VOCAB_LINE])
{
	say(out, "SentencePiece: characters %s%s%s%s",
	    step->as.sentencepiece.charsmap.count ? "replaced by the file's map" : "kept",
	    if_set(step->as.sentencepiece.remove_extra_whitespaces, ", spaces in excess removed"),
	    if_set(step->as.sentencepiece.escape_whitespaces, ", spaces written U+2581"),
	    if_set(step->as.sentencepiece.add_dummy_prefix,
		   step->as.sentencepiece.whitespace_as_suffix ? ", one space added at the end"
							       : ", one space added in front"));
}

static void say_bert(const struct tok_norm_step *step, char out[VOCAB_LINE])
{
	say(out, "BERT:%s%s%s%s", if_set(step->as.bert.clean_text, " control characters removed,"),
	    if_set(step->as.bert.handle_chinese_chars, " spaces around Chinese characters,"),
	    if_set(step->as.bert.strip_accents, " accents removed,"),
	    step->as.bert.lowercase ? " lower case" : " case kept");
}

void vocab_describe_normalizer(const struct tok_norm_step *step, char out[VOCAB_LINE])
{
	out[0] = '\0';
	switch (step->kind) {
	case TOK_NORM_NFC:
		say(out, "Unicode form NFC");
		break;
	case TOK_NORM_NFD:
		say(out, "Unicode form NFD");
		break;
	case TOK_NORM_NFKC:
		say(out, "Unicode form NFKC");
		break;
	case TOK_NORM_NFKD:
		say(out, "Unicode form NFKD");
		break;
	case TOK_NORM_NMT:
		say(out, "control characters removed, odd spaces made plain (NMT)");
		break;
	case TOK_NORM_LOWERCASE:
		say(out, "lower case");
		break;
	case TOK_NORM_STRIP:
		say(out, "white space removed at %s",
		    step->as.strip.left && step->as.strip.right ? "both ends"
		    : step->as.strip.left                       ? "the front"
		    : step->as.strip.right                      ? "the end"
								: "no end");
		break;
	case TOK_NORM_STRIP_ACCENTS:
		say(out, "accents removed");
		break;
	case TOK_NORM_PREPEND:
		say_text(out, step->as.prepend);
		say(out, " put in front");
		break;
	case TOK_NORM_REPLACE:
		say_pattern(out, step->as.replace.pattern, step->as.replace.dialect);
		say(out, " replaced by ");
		say_text(out, step->as.replace.content);
		break;
	case TOK_NORM_BERT:
		say_bert(step, out);
		break;
	case TOK_NORM_PRECOMPILED:
		say(out, "characters replaced by a map of %zu bytes", step->as.precompiled.count);
		break;
	case TOK_NORM_BYTE_LEVEL:
		say(out, "bytes written in the byte-level alphabet");
		break;
	case TOK_NORM_SENTENCEPIECE:
		say_sentencepiece(step, out);
		break;
	}
}

/* ---- pre-tokenizers ------------------------------------------------------- */

static const char *behavior_words(enum tok_behavior behavior)
{
	switch (behavior) {
	case TOK_REMOVED:
		return "removed";
	case TOK_ISOLATED:
		return "pieces of their own";
	case TOK_MERGED_WITH_PREVIOUS:
		return "part of the piece before";
	case TOK_MERGED_WITH_NEXT:
		return "part of the piece after";
	case TOK_CONTIGUOUS:
		return "pieces of their own, neighbours joined";
	}
	return "";
}

static const char *prepend_words(enum tok_prepend prepend)
{
	switch (prepend) {
	case TOK_PREPEND_ALWAYS:
		return ", one put in front of each piece";
	case TOK_PREPEND_FIRST:
		return ", one put in front of the text";
	case TOK_PREPEND_NEVER:
		return "";
	}
	return "";
}

void vocab_describe_pretokenizer(const struct tok_pretok_step *step, char out[VOCAB_LINE])
{
	out[0] = '\0';
	switch (step->kind) {
	case TOK_PRETOK_SPLIT:
		say(out, "split at %s", if_set(step->as.split.invert, "what is not "));
		say_pattern(out, step->as.split.pattern, step->as.split.dialect);
		say(out, "; matches are %s", behavior_words(step->as.split.behavior));
		break;
	case TOK_PRETOK_BYTE_LEVEL:
		say(out, "%s%sbytes in the byte-level alphabet",
		    if_set(step->as.byte_level.add_prefix_space, "a space put in front, "),
		    if_set(step->as.byte_level.use_regex, "split by GPT-2's expression, "));
		break;
	case TOK_PRETOK_WHITESPACE:
		say(out, "split into words and runs of other signs, white space removed");
		break;
	case TOK_PRETOK_WHITESPACE_SPLIT:
		say(out, "split at white space, which is removed");
		break;
	case TOK_PRETOK_BERT:
		say(out, "split at white space, which is removed, and around punctuation (BERT)");
		break;
	case TOK_PRETOK_METASPACE:
		say(out, "spaces written ");
		say_char(out, step->as.metaspace.replacement);
		say(out, "%s%s", prepend_words(step->as.metaspace.prepend),
		    if_set(step->as.metaspace.split, ", split in front of each"));
		break;
	case TOK_PRETOK_PUNCTUATION:
		say(out, "split at punctuation; its signs are %s",
		    behavior_words(step->as.punctuation));
		break;
	case TOK_PRETOK_DIGITS:
		say(out, "split around %s",
		    step->as.individual_digits ? "each digit" : "runs of digits");
		break;
	case TOK_PRETOK_CHAR_DELIMITER:
		say(out, "split at ");
		say_char(out, step->as.delimiter);
		say(out, ", which is removed");
		break;
	case TOK_PRETOK_UNICODE_SCRIPTS:
		say(out, "split where the script changes");
		break;
	case TOK_PRETOK_FIXED_LENGTH:
		say(out, "split every %u characters", step->as.fixed_length);
		break;
	case TOK_PRETOK_SENTENCEPIECE_WORDS:
		say(out, "split %s each U+2581 (SentencePiece)",
		    step->as.whitespace_as_suffix ? "after" : "in front of");
		break;
	}
}

/* ---- model ---------------------------------------------------------------- */

const char *vocab_model_name(enum tok_model_kind kind)
{
	switch (kind) {
	case TOK_MODEL_BPE:
		return "BPE";
	case TOK_MODEL_UNIGRAM:
		return "Unigram";
	case TOK_MODEL_WORDPIECE:
		return "WordPiece";
	case TOK_MODEL_WORDLEVEL:
		return "WordLevel";
	}
	return "";
}

static void say_bpe(const struct tok_model_spec *model, char out[VOCAB_LINE])
{
	switch (model->as.bpe.order) {
	case TOK_BPE_MERGES:
		say(out, ", %zu merges", model->as.bpe.merge_count);
		break;
	case TOK_BPE_RANKS:
		say(out, ", joined by the rank of the result");
		break;
	case TOK_BPE_SCORES:
		say(out, ", joined by the score of the result");
		break;
	}
	say(out, "%s%s%s", if_set(model->as.bpe.raw_bytes, ", from bytes"),
	    if_set(model->as.bpe.ignore_merges, ", whole tokens first"),
	    if_set(model->as.bpe.fuse_unk, ", unknown runs are one token"));
	if (model->as.bpe.prefix.count) {
		say(out, ", inner parts begin ");
		say_text(out, model->as.bpe.prefix);
	}
	if (model->as.bpe.suffix.count) {
		say(out, ", words end ");
		say_text(out, model->as.bpe.suffix);
	}
}

void vocab_describe_model(const struct tok_model_spec *model, char out[VOCAB_LINE])
{
	out[0] = '\0';
	say(out, "%s of %zu entries", vocab_model_name(model->kind), model->entry_count);
	switch (model->kind) {
	case TOK_MODEL_BPE:
		say_bpe(model, out);
		break;
	case TOK_MODEL_UNIGRAM:
		say(out, "%s", if_set(model->as.unigram.fuse_unk, ", unknown runs are one token"));
		break;
	case TOK_MODEL_WORDPIECE:
		say(out, ", inner parts begin ");
		say_text(out, model->as.wordpiece.prefix);
		say(out, ", words of up to %zu characters", model->as.wordpiece.max_chars);
		break;
	case TOK_MODEL_WORDLEVEL:
		break;
	}
	say(out, "%s", if_set(model->byte_fallback, ", unknown characters become bytes"));
	if (model->unk != TOK_NO_ID)
		say(out, ", unknown is %u", model->unk);
}

/* ---- post-processing and decoding ----------------------------------------- */

void vocab_describe_post(const struct tok_post_step *step, char out[VOCAB_LINE])
{
	out[0] = '\0';
	switch (step->kind) {
	case TOK_POST_TEMPLATE:
		say(out, "template:");
		for (size_t i = 0; i < step->item_count; i++) {
			say(out, " ");
			if (step->items[i].kind == TOK_TEMPLATE_TEXT)
				say(out, "TEXT");
			else
				say_text(out, step->items[i].content);
		}
		break;
	case TOK_POST_TRIM_OFFSETS:
		say(out, "offsets leave white space out");
		break;
	}
}

void vocab_describe_decoder(const struct tok_decode_step *step, char out[VOCAB_LINE])
{
	out[0] = '\0';
	switch (step->kind) {
	case TOK_DECODE_BPE:
		say_text(out, step->as.bpe_suffix);
		say(out, " at the end of a word becomes a space");
		break;
	case TOK_DECODE_BYTE_LEVEL:
		say(out, "byte-level alphabet back to bytes");
		break;
	case TOK_DECODE_WORDPIECE:
		say(out, "joined by spaces, but where a part begins ");
		say_text(out, step->as.wordpiece.prefix);
		say(out, "%s", if_set(step->as.wordpiece.cleanup, ", spaces around signs tidied"));
		break;
	case TOK_DECODE_METASPACE:
		say_char(out, step->as.metaspace.replacement);
		say(out, " becomes a space%s",
		    if_set(step->as.metaspace.prepend != TOK_PREPEND_NEVER,
			   ", the first one goes"));
		break;
	case TOK_DECODE_CTC:
		say(out, "CTC: repeats joined, ");
		say_text(out, step->as.ctc.pad);
		say(out, " removed, ");
		say_text(out, step->as.ctc.word_delimiter);
		say(out, " becomes a space%s",
		    if_set(step->as.ctc.cleanup, ", spaces around signs tidied"));
		break;
	case TOK_DECODE_REPLACE:
		say_pattern(out, step->as.replace.pattern, step->as.replace.dialect);
		say(out, " replaced by ");
		say_text(out, step->as.replace.content);
		break;
	case TOK_DECODE_FUSE:
		say(out, "tokens joined into one text");
		break;
	case TOK_DECODE_STRIP:
		say(out, "up to %zu ", step->as.strip.start);
		say_char(out, step->as.strip.content);
		say(out, " removed in front, %zu at the end", step->as.strip.stop);
		break;
	case TOK_DECODE_BYTE_FALLBACK:
		say(out, "<0xNN> back to bytes");
		break;
	case TOK_DECODE_SENTENCEPIECE:
		say(out, "U+2581 becomes a space%s (SentencePiece)",
		    if_set(step->as.sentencepiece.add_dummy_prefix, ", the added one goes"));
		break;
	}
}
