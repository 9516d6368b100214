#include "vocab/audit/difference_pipeline.h"

/* ---- normalisers ----------------------------------------------------------------------------- */

static bool is_same_sentencepiece(const struct tok_norm_step *a, const struct tok_norm_step *b)
{
	bool same =
	    tok_span_equal(a->as.sentencepiece.charsmap, b->as.sentencepiece.charsmap) &&
	    a->as.sentencepiece.add_dummy_prefix == b->as.sentencepiece.add_dummy_prefix &&
	    a->as.sentencepiece.remove_extra_whitespaces ==
		b->as.sentencepiece.remove_extra_whitespaces &&
	    a->as.sentencepiece.escape_whitespaces == b->as.sentencepiece.escape_whitespaces &&
	    a->as.sentencepiece.whitespace_as_suffix == b->as.sentencepiece.whitespace_as_suffix &&
	    a->as.sentencepiece.protected_count == b->as.sentencepiece.protected_count;
	for (size_t i = 0; same && i < a->as.sentencepiece.protected_count; i++)
		same = tok_span_equal(a->as.sentencepiece.protected_pieces[i],
				      b->as.sentencepiece.protected_pieces[i]);
	return same;
}

static bool is_same_normalizer(const struct tok_norm_step *a, const struct tok_norm_step *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TOK_NORM_STRIP:
		return a->as.strip.left == b->as.strip.left &&
		       a->as.strip.right == b->as.strip.right;
	case TOK_NORM_PREPEND:
		return tok_span_equal(a->as.prepend, b->as.prepend);
	case TOK_NORM_REPLACE:
		return a->as.replace.dialect == b->as.replace.dialect &&
		       tok_span_equal(a->as.replace.pattern, b->as.replace.pattern) &&
		       tok_span_equal(a->as.replace.content, b->as.replace.content);
	case TOK_NORM_BERT:
		return a->as.bert.clean_text == b->as.bert.clean_text &&
		       a->as.bert.handle_chinese_chars == b->as.bert.handle_chinese_chars &&
		       a->as.bert.lowercase == b->as.bert.lowercase &&
		       a->as.bert.strip_accents == b->as.bert.strip_accents;
	case TOK_NORM_PRECOMPILED:
		return tok_span_equal(a->as.precompiled, b->as.precompiled);
	case TOK_NORM_SENTENCEPIECE:
		return is_same_sentencepiece(a, b);
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
	return true;
}

static bool are_same_normalizers(const struct tok_spec *a, const struct tok_spec *b)
{
	bool same = a->normalizer_count == b->normalizer_count;
	for (size_t i = 0; same && i < a->normalizer_count; i++)
		same = is_same_normalizer(&a->normalizers[i], &b->normalizers[i]);
	return same;
}

/* ---- pre-tokenizers -------------------------------------------------------------------------- */

static bool is_same_pretokenizer(const struct tok_pretok_step *a, const struct tok_pretok_step *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TOK_PRETOK_SPLIT:
		return a->as.split.dialect == b->as.split.dialect &&
		       a->as.split.behavior == b->as.split.behavior &&
		       a->as.split.invert == b->as.split.invert &&
		       tok_span_equal(a->as.split.pattern, b->as.split.pattern);
	case TOK_PRETOK_BYTE_LEVEL: /* raw is no reader's */
		return a->as.byte_level.add_prefix_space == b->as.byte_level.add_prefix_space &&
		       a->as.byte_level.use_regex == b->as.byte_level.use_regex;
	case TOK_PRETOK_METASPACE:
		return a->as.metaspace.replacement == b->as.metaspace.replacement &&
		       a->as.metaspace.prepend == b->as.metaspace.prepend &&
		       a->as.metaspace.split == b->as.metaspace.split;
	case TOK_PRETOK_PUNCTUATION:
		return a->as.punctuation == b->as.punctuation;
	case TOK_PRETOK_DIGITS:
		return a->as.individual_digits == b->as.individual_digits;
	case TOK_PRETOK_CHAR_DELIMITER:
		return a->as.delimiter == b->as.delimiter;
	case TOK_PRETOK_FIXED_LENGTH:
		return a->as.fixed_length == b->as.fixed_length;
	case TOK_PRETOK_SENTENCEPIECE_WORDS:
		return a->as.whitespace_as_suffix == b->as.whitespace_as_suffix;
	case TOK_PRETOK_WHITESPACE:
	case TOK_PRETOK_WHITESPACE_SPLIT:
	case TOK_PRETOK_BERT:
	case TOK_PRETOK_UNICODE_SCRIPTS:
		break;
	}
	return true;
}

static bool are_same_pretokenizers(const struct tok_spec *a, const struct tok_spec *b)
{
	bool same = a->pretokenizer_count == b->pretokenizer_count;
	for (size_t i = 0; same && i < a->pretokenizer_count; i++)
		same = is_same_pretokenizer(&a->pretokenizers[i], &b->pretokenizers[i]);
	return same;
}

/* ---- model ----------------------------------------------------------------------------------- */

static bool is_same_kind(const struct tok_model_spec *a, const struct tok_model_spec *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TOK_MODEL_BPE:
		return a->as.bpe.order == b->as.bpe.order &&
		       a->as.bpe.raw_bytes == b->as.bpe.raw_bytes &&
		       a->as.bpe.ignore_merges == b->as.bpe.ignore_merges &&
		       a->as.bpe.fuse_unk == b->as.bpe.fuse_unk &&
		       a->as.bpe.unk_missing == b->as.bpe.unk_missing &&
		       a->as.bpe.dropout == b->as.bpe.dropout &&
		       tok_span_equal(a->as.bpe.prefix, b->as.bpe.prefix) &&
		       tok_span_equal(a->as.bpe.suffix, b->as.bpe.suffix);
	case TOK_MODEL_UNIGRAM:
		return a->as.unigram.single_precision == b->as.unigram.single_precision &&
		       a->as.unigram.fuse_unk == b->as.unigram.fuse_unk;
	case TOK_MODEL_WORDPIECE:
		return a->as.wordpiece.max_chars == b->as.wordpiece.max_chars &&
		       tok_span_equal(a->as.wordpiece.prefix, b->as.wordpiece.prefix);
	case TOK_MODEL_WORDLEVEL:
		break;
	}
	return true;
}

static bool is_same_model(const struct tok_spec *a, const struct tok_spec *b)
{
	const struct tok_model_spec *x = &a->model, *y = &b->model;
	return is_same_kind(x, y) && x->unk == y->unk && x->byte_fallback == y->byte_fallback &&
	       (!x->byte_fallback || memcmp(x->byte_ids, y->byte_ids, sizeof x->byte_ids) == 0) &&
	       a->raw_vocabulary == b->raw_vocabulary && a->sentencepiece == b->sentencepiece;
}

/* ---- post-processing ------------------------------------------------------------------------- */

static bool is_same_item(const struct tok_template_item *a, const struct tok_template_item *b)
{
	return a->kind == b->kind && a->type == b->type &&
	       (a->kind != TOK_TEMPLATE_TOKEN ||
		(a->id == b->id && tok_span_equal(a->content, b->content)));
}

static bool is_same_post(const struct tok_post_step *a, const struct tok_post_step *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == TOK_POST_TRIM_OFFSETS)
		return a->add_prefix_space == b->add_prefix_space;
	bool same = a->item_count == b->item_count;
	for (size_t i = 0; same && i < a->item_count; i++)
		same = is_same_item(&a->items[i], &b->items[i]);
	return same;
}

static bool are_same_posts(const struct tok_spec *a, const struct tok_spec *b)
{
	bool same = a->post_count == b->post_count;
	for (size_t i = 0; same && i < a->post_count; i++)
		same = is_same_post(&a->posts[i], &b->posts[i]);
	return same;
}

/* ---- decoders -------------------------------------------------------------------------------- */

static bool is_same_unescape(const struct tok_decode_step *a, const struct tok_decode_step *b)
{
	return a->as.sentencepiece.add_dummy_prefix == b->as.sentencepiece.add_dummy_prefix &&
	       a->as.sentencepiece.remove_extra_whitespaces ==
		   b->as.sentencepiece.remove_extra_whitespaces &&
	       a->as.sentencepiece.whitespace_as_suffix ==
		   b->as.sentencepiece.whitespace_as_suffix &&
	       tok_span_equal(a->as.sentencepiece.unk_surface, b->as.sentencepiece.unk_surface);
}

static bool is_same_decoder(const struct tok_decode_step *a, const struct tok_decode_step *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TOK_DECODE_BPE:
		return tok_span_equal(a->as.bpe_suffix, b->as.bpe_suffix);
	case TOK_DECODE_WORDPIECE:
		return a->as.wordpiece.cleanup == b->as.wordpiece.cleanup &&
		       tok_span_equal(a->as.wordpiece.prefix, b->as.wordpiece.prefix);
	case TOK_DECODE_METASPACE:
		return a->as.metaspace.replacement == b->as.metaspace.replacement &&
		       a->as.metaspace.prepend == b->as.metaspace.prepend;
	case TOK_DECODE_CTC:
		return a->as.ctc.cleanup == b->as.ctc.cleanup &&
		       tok_span_equal(a->as.ctc.pad, b->as.ctc.pad) &&
		       tok_span_equal(a->as.ctc.word_delimiter, b->as.ctc.word_delimiter);
	case TOK_DECODE_REPLACE:
		return a->as.replace.dialect == b->as.replace.dialect &&
		       tok_span_equal(a->as.replace.pattern, b->as.replace.pattern) &&
		       tok_span_equal(a->as.replace.content, b->as.replace.content);
	case TOK_DECODE_STRIP:
		return a->as.strip.content == b->as.strip.content &&
		       a->as.strip.start == b->as.strip.start &&
		       a->as.strip.stop == b->as.strip.stop;
	case TOK_DECODE_SENTENCEPIECE:
		return is_same_unescape(a, b);
	case TOK_DECODE_BYTE_LEVEL:
	case TOK_DECODE_FUSE:
	case TOK_DECODE_BYTE_FALLBACK:
		break;
	}
	return true;
}

static bool are_same_decoders(const struct tok_spec *a, const struct tok_spec *b)
{
	bool same = a->has_decoder == b->has_decoder &&
		    (!a->has_decoder || a->decoder_count == b->decoder_count);
	for (size_t i = 0; same && a->has_decoder && i < a->decoder_count; i++)
		same = is_same_decoder(&a->decoders[i], &b->decoders[i]);
	return same;
}

/* ---- lengths --------------------------------------------------------------------------------- */

static bool is_same_truncation(const struct tok_spec *a, const struct tok_spec *b)
{
	const struct tok_truncation *x = &a->truncation, *y = &b->truncation;
	return x->enabled == y->enabled &&
	       (!x->enabled || (x->left == y->left && x->max_length == y->max_length &&
				x->stride == y->stride && x->strategy == y->strategy));
}

static bool is_same_padding(const struct tok_spec *a, const struct tok_spec *b)
{
	const struct tok_padding *x = &a->padding, *y = &b->padding;
	return x->enabled == y->enabled &&
	       (!x->enabled ||
		(x->left == y->left && x->length == y->length && x->multiple == y->multiple &&
		 x->id == y->id && x->type == y->type && tok_span_equal(x->token, y->token)));
}

bool vocab_stage_is_same(enum vocab_stage stage, const struct tok_spec *a, const struct tok_spec *b)
{
	static bool (*const compare[VOCAB_STAGES])(const struct tok_spec *,
						   const struct tok_spec *) = {
		[VOCAB_STAGE_NORMALIZER] = are_same_normalizers,
		[VOCAB_STAGE_PRE_TOKENIZER] = are_same_pretokenizers,
		[VOCAB_STAGE_MODEL] = is_same_model,
		[VOCAB_STAGE_POST_PROCESSOR] = are_same_posts,
		[VOCAB_STAGE_DECODER] = are_same_decoders,
		[VOCAB_STAGE_TRUNCATION] = is_same_truncation,
		[VOCAB_STAGE_PADDING] = is_same_padding,
	};
	return compare[stage](a, b);
}
