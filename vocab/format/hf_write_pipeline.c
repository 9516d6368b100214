/* hf_write_pipeline.c - what stands around the model: a list of no step is null, of
 * one step that step, of more a Sequence. */
#include "vocab/format/hf_write_internal.h"

#include "tok/text/utf8.h"
#include "vocab/format/base64.h"
#include "tok/text/json.h"
#include "vocab/format/patterns_internal.h"

void hf_put_word(struct hf_writer *w, const char *key, const char *word)
{
	hf_put_text(w, key, tok_span_of(word));
}

void hf_put_text(struct hf_writer *w, const char *key, struct tok_span text)
{
	pretty_key(&w->json, key);
	pretty_text(&w->json, text);
}

void hf_put_bool(struct hf_writer *w, const char *key, bool value)
{
	pretty_key(&w->json, key);
	pretty_bool(&w->json, value);
}

static void put_whole(struct hf_writer *w, const char *key, uint64_t value)
{
	pretty_key(&w->json, key);
	pretty_whole(&w->json, value);
}

static void put_char(struct hf_writer *w, const char *key, uint32_t code)
{
	uint8_t bytes[4];
	hf_put_text(w, key, (struct tok_span){ bytes, tok_utf8_put(code, bytes) });
}

static void put_rust(struct hf_writer *w, struct tok_span pattern)
{
	const struct tok_span other = vocab_pattern_in_oniguruma(pattern);
	if (other.bytes)
		hf_put_text(w, "Regex", other);
	else
		hf_refuse(
		    w, "the expression '%s' is in Rust's dialect and may mean something else here",
		    tok_show(pattern).text);
}

static void put_pattern(struct hf_writer *w, struct tok_span pattern,
			enum tok_regex_dialect dialect)
{
	pretty_key(&w->json, "pattern");
	pretty_open(&w->json, '{');
	switch (dialect) {
	case TOK_REGEX_LITERAL:
		hf_put_text(w, "String", pattern);
		break;
	case TOK_REGEX_ONIGURUMA:
		hf_put_text(w, "Regex", pattern);
		break;
	case TOK_REGEX_RUST:
		put_rust(w, pattern);
		break;
	}
	pretty_close(&w->json, '}');
}

static void put_metaspace(struct hf_writer *w, uint32_t replacement, enum tok_prepend prepend,
			  bool split)
{
	static const char *const schemes[] = {
		[TOK_PREPEND_ALWAYS] = "always",
		[TOK_PREPEND_FIRST] = "first",
		[TOK_PREPEND_NEVER] = "never",
	};
	put_char(w, "replacement", replacement);
	hf_put_word(w, "prepend_scheme", schemes[prepend]);
	hf_put_bool(w, "split", split);
}

void hf_put_byte_level(struct hf_writer *w, bool prefix_space, bool use_regex)
{
	hf_put_bool(w, "add_prefix_space", prefix_space);
	hf_put_bool(w, "trim_offsets", true);
	hf_put_bool(w, "use_regex", use_regex);
}

typedef void write_step(struct hf_writer *w, size_t i);

static void write_sequence(struct hf_writer *w, const char *name, size_t count, write_step *write)
{
	if (count == 1) {
		write(w, 0);
		return;
	}
	pretty_open(&w->json, '{');
	hf_put_word(w, "type", "Sequence");
	pretty_key(&w->json, name);
	pretty_open(&w->json, '[');
	for (size_t i = 0; i < count; i++)
		write(w, i);
	pretty_close(&w->json, ']');
	pretty_close(&w->json, '}');
}

/* ---- normalizers ----------------------------------------------------------------- */

static void put_bert(struct hf_writer *w, const struct tok_norm_step *step)
{
	hf_put_bool(w, "clean_text", step->as.bert.clean_text);
	hf_put_bool(w, "handle_chinese_chars", step->as.bert.handle_chinese_chars);
	pretty_key(&w->json, "strip_accents");
	if (step->as.bert.strip_accents == step->as.bert.lowercase)
		pretty_null(&w->json); /* as lowercase says */
	else
		pretty_bool(&w->json, step->as.bert.strip_accents);
	hf_put_bool(w, "lowercase", step->as.bert.lowercase);
}

static void put_precompiled(struct hf_writer *w, struct tok_span charsmap)
{
	const size_t count = vocab_base64_length(charsmap.count);
	uint8_t *text = hf_scratch(w, count, 1);
	if (!text)
		return;
	vocab_base64_encode(charsmap, text);
	hf_put_text(w, "precompiled_charsmap", (struct tok_span){ text, count });
}

static void put_norm_fields(struct hf_writer *w, const struct tok_norm_step *step)
{
	switch (step->kind) {
	case TOK_NORM_STRIP:
		hf_put_bool(w, "strip_left", step->as.strip.left);
		hf_put_bool(w, "strip_right", step->as.strip.right);
		break;
	case TOK_NORM_PREPEND:
		hf_put_text(w, "prepend", step->as.prepend);
		break;
	case TOK_NORM_REPLACE:
		put_pattern(w, step->as.replace.pattern, step->as.replace.dialect);
		hf_put_text(w, "content", step->as.replace.content);
		break;
	case TOK_NORM_BERT:
		put_bert(w, step);
		break;
	case TOK_NORM_PRECOMPILED:
		put_precompiled(w, step->as.precompiled);
		break;
	case TOK_NORM_SENTENCEPIECE:
		hf_refuse(w, "there is none that does what SentencePiece's own does");
		break;
	case TOK_NORM_NFC:
	case TOK_NORM_NFD:
	case TOK_NORM_NFKC:
	case TOK_NORM_NFKD:
	case TOK_NORM_NMT:
	case TOK_NORM_LOWERCASE:
	case TOK_NORM_STRIP_ACCENTS:
	case TOK_NORM_BYTE_LEVEL:
		break;
	}
}

static void write_normalizer(struct hf_writer *w, size_t i)
{
	static const char *const names[] = {
		[TOK_NORM_NFC] = "NFC",
		[TOK_NORM_NFD] = "NFD",
		[TOK_NORM_NFKC] = "NFKC",
		[TOK_NORM_NFKD] = "NFKD",
		[TOK_NORM_NMT] = "Nmt",
		[TOK_NORM_LOWERCASE] = "Lowercase",
		[TOK_NORM_STRIP] = "Strip",
		[TOK_NORM_STRIP_ACCENTS] = "StripAccents",
		[TOK_NORM_PREPEND] = "Prepend",
		[TOK_NORM_REPLACE] = "Replace",
		[TOK_NORM_BERT] = "BertNormalizer",
		[TOK_NORM_PRECOMPILED] = "Precompiled",
		[TOK_NORM_BYTE_LEVEL] = "ByteLevel",
		[TOK_NORM_SENTENCEPIECE] = "",
	};
	const struct tok_norm_step *step = &w->spec->normalizers[i];
	pretty_open(&w->json, '{');
	hf_put_word(w, "type", names[step->kind]);
	put_norm_fields(w, step);
	pretty_close(&w->json, '}');
}

void hf_write_normalizers(struct hf_writer *w)
{
	if (w->spec->normalizer_count)
		write_sequence(w, "normalizers", w->spec->normalizer_count, write_normalizer);
	else
		pretty_null(&w->json);
}

/* ---- pre-tokenizers ---------------------------------------------------------------- */

static void put_behavior(struct hf_writer *w, enum tok_behavior behavior)
{
	static const char *const words[] = {
		[TOK_REMOVED] = "Removed",
		[TOK_ISOLATED] = "Isolated",
		[TOK_MERGED_WITH_PREVIOUS] = "MergedWithPrevious",
		[TOK_MERGED_WITH_NEXT] = "MergedWithNext",
		[TOK_CONTIGUOUS] = "Contiguous",
	};
	hf_put_word(w, "behavior", words[behavior]);
}

static void put_pretok_fields(struct hf_writer *w, const struct tok_pretok_step *step)
{
	switch (step->kind) {
	case TOK_PRETOK_SPLIT:
		put_pattern(w, step->as.split.pattern, step->as.split.dialect);
		put_behavior(w, step->as.split.behavior);
		hf_put_bool(w, "invert", step->as.split.invert);
		break;
	case TOK_PRETOK_BYTE_LEVEL:
		hf_put_byte_level(w, step->as.byte_level.add_prefix_space,
				  step->as.byte_level.use_regex);
		break;
	case TOK_PRETOK_METASPACE:
		put_metaspace(w, step->as.metaspace.replacement, step->as.metaspace.prepend,
			      step->as.metaspace.split);
		break;
	case TOK_PRETOK_PUNCTUATION:
		put_behavior(w, step->as.punctuation);
		break;
	case TOK_PRETOK_DIGITS:
		hf_put_bool(w, "individual_digits", step->as.individual_digits);
		break;
	case TOK_PRETOK_CHAR_DELIMITER:
		put_char(w, "delimiter", step->as.delimiter);
		break;
	case TOK_PRETOK_FIXED_LENGTH:
		put_whole(w, "length", step->as.fixed_length);
		break;
	case TOK_PRETOK_SENTENCEPIECE_WORDS:
		hf_refuse(w, "there is none that splits as SentencePiece's word models do");
		break;
	case TOK_PRETOK_WHITESPACE:
	case TOK_PRETOK_WHITESPACE_SPLIT:
	case TOK_PRETOK_BERT:
	case TOK_PRETOK_UNICODE_SCRIPTS:
		break;
	}
}

static void write_pretok_step(struct hf_writer *w, const struct tok_pretok_step *step)
{
	static const char *const names[] = {
		[TOK_PRETOK_SPLIT] = "Split",
		[TOK_PRETOK_BYTE_LEVEL] = "ByteLevel",
		[TOK_PRETOK_WHITESPACE] = "Whitespace",
		[TOK_PRETOK_WHITESPACE_SPLIT] = "WhitespaceSplit",
		[TOK_PRETOK_BERT] = "BertPreTokenizer",
		[TOK_PRETOK_METASPACE] = "Metaspace",
		[TOK_PRETOK_PUNCTUATION] = "Punctuation",
		[TOK_PRETOK_DIGITS] = "Digits",
		[TOK_PRETOK_CHAR_DELIMITER] = "CharDelimiterSplit",
		[TOK_PRETOK_UNICODE_SCRIPTS] = "UnicodeScripts",
		[TOK_PRETOK_FIXED_LENGTH] = "FixedLength",
		[TOK_PRETOK_SENTENCEPIECE_WORDS] = "",
	};
	pretty_open(&w->json, '{');
	hf_put_word(w, "type", names[step->kind]);
	put_pretok_fields(w, step);
	pretty_close(&w->json, '}');
}

/* A vocabulary of raw bytes is written in the byte-level alphabet, so the last step
 * must write the text in it too. */
static void write_pretokenizer(struct hf_writer *w, size_t i)
{
	static const struct tok_pretok_step to_alphabet = { .kind = TOK_PRETOK_BYTE_LEVEL };
	write_pretok_step(w, i < w->spec->pretokenizer_count ? &w->spec->pretokenizers[i]
							     : &to_alphabet);
}

void hf_write_pretokenizers(struct hf_writer *w)
{
	const struct tok_spec *spec = w->spec;
	const size_t last = spec->pretokenizer_count;
	const bool in_alphabet =
	    !spec->raw_vocabulary ||
	    (last && spec->pretokenizers[last - 1].kind == TOK_PRETOK_BYTE_LEVEL);
	const size_t count = last + !in_alphabet;
	if (count)
		write_sequence(w, "pretokenizers", count, write_pretokenizer);
	else
		pretty_null(&w->json);
}

/* ---- decoders ---------------------------------------------------------------------- */

static void put_decode_fields(struct hf_writer *w, const struct tok_decode_step *step)
{
	switch (step->kind) {
	case TOK_DECODE_BPE:
		hf_put_text(w, "suffix", step->as.bpe_suffix);
		break;
	case TOK_DECODE_BYTE_LEVEL:
		hf_put_byte_level(w, true, true);
		break;
	case TOK_DECODE_WORDPIECE:
		hf_put_text(w, "prefix", step->as.wordpiece.prefix);
		hf_put_bool(w, "cleanup", step->as.wordpiece.cleanup);
		break;
	case TOK_DECODE_METASPACE:
		put_metaspace(w, step->as.metaspace.replacement, step->as.metaspace.prepend, true);
		break;
	case TOK_DECODE_CTC:
		hf_put_text(w, "pad_token", step->as.ctc.pad);
		hf_put_text(w, "word_delimiter_token", step->as.ctc.word_delimiter);
		hf_put_bool(w, "cleanup", step->as.ctc.cleanup);
		break;
	case TOK_DECODE_REPLACE:
		put_pattern(w, step->as.replace.pattern, step->as.replace.dialect);
		hf_put_text(w, "content", step->as.replace.content);
		break;
	case TOK_DECODE_STRIP:
		put_char(w, "content", step->as.strip.content);
		put_whole(w, "start", step->as.strip.start);
		put_whole(w, "stop", step->as.strip.stop);
		break;
	case TOK_DECODE_SENTENCEPIECE:
		hf_refuse(w, "there is none that does what SentencePiece's own does");
		break;
	case TOK_DECODE_FUSE:
	case TOK_DECODE_BYTE_FALLBACK:
		break;
	}
}

static void write_decoder(struct hf_writer *w, size_t i)
{
	static const char *const names[] = {
		[TOK_DECODE_BPE] = "BPEDecoder",
		[TOK_DECODE_BYTE_LEVEL] = "ByteLevel",
		[TOK_DECODE_WORDPIECE] = "WordPiece",
		[TOK_DECODE_METASPACE] = "Metaspace",
		[TOK_DECODE_CTC] = "CTC",
		[TOK_DECODE_REPLACE] = "Replace",
		[TOK_DECODE_FUSE] = "Fuse",
		[TOK_DECODE_STRIP] = "Strip",
		[TOK_DECODE_BYTE_FALLBACK] = "ByteFallback",
		[TOK_DECODE_SENTENCEPIECE] = "",
	};
	const struct tok_decode_step *step = &w->spec->decoders[i];
	pretty_open(&w->json, '{');
	hf_put_word(w, "type", names[step->kind]);
	put_decode_fields(w, step);
	pretty_close(&w->json, '}');
}

/* No decoder puts spaces between tokens, one of no steps does not. */
void hf_write_decoders(struct hf_writer *w)
{
	if (w->spec->has_decoder)
		write_sequence(w, "decoders", w->spec->decoder_count, write_decoder);
	else
		pretty_null(&w->json);
}
