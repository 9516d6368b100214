/* test_difference_pipeline.c - each field that decides ids or text makes its stage another, and no
 * other stage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vocab/audit/difference_pipeline.h"

#define TEXT(literal)                                                                              \
	{                                                                                          \
		(const uint8_t *)(literal), sizeof(literal) - 1                                    \
	}

static const char *const names[VOCAB_STAGES] = { "normalizer",     "pre_tokenizer", "model",
						 "post_processor", "decoder",       "truncation",
						 "padding" };

/* Both are the same to themselves; to each other in all stages but one. */
static void assert_only(enum vocab_stage stage, const struct tok_spec *a, const struct tok_spec *b,
			const char *what)
{
	for (int s = 0; s < VOCAB_STAGES; s++) {
		const enum vocab_stage at = (enum vocab_stage)s;
		if (!vocab_stage_is_same(at, a, a) || !vocab_stage_is_same(at, b, b))
			fail_msg("%s: the %s is not itself", what, names[s]);
		if (vocab_stage_is_same(at, a, b) != (at != stage) ||
		    vocab_stage_is_same(at, b, a) != (at != stage))
			fail_msg("%s: the %s", what, names[s]);
	}
}

/* `b` is a copy of `a` at other addresses, in which one thing is changed then. */
#define NORM(what, k, change, ...)                                                                 \
	do {                                                                                       \
		const struct tok_norm_step a_ = { .kind = (k), .as = { __VA_ARGS__ } };            \
		struct tok_norm_step b_ = a_;                                                      \
		b_.as.change;                                                                      \
		const struct tok_spec x_ = { .normalizers = &a_, .normalizer_count = 1 };          \
		const struct tok_spec y_ = { .normalizers = &b_, .normalizer_count = 1 };          \
		assert_only(VOCAB_STAGE_NORMALIZER, &x_, &y_, what);                               \
	} while (0)
#define PRETOK(what, k, change, ...)                                                               \
	do {                                                                                       \
		const struct tok_pretok_step a_ = { .kind = (k), .as = { __VA_ARGS__ } };          \
		struct tok_pretok_step b_ = a_;                                                    \
		b_.as.change;                                                                      \
		const struct tok_spec x_ = { .pretokenizers = &a_, .pretokenizer_count = 1 };      \
		const struct tok_spec y_ = { .pretokenizers = &b_, .pretokenizer_count = 1 };      \
		assert_only(VOCAB_STAGE_PRE_TOKENIZER, &x_, &y_, what);                            \
	} while (0)
#define DECODER(what, k, change, ...)                                                              \
	do {                                                                                       \
		const struct tok_decode_step a_ = { .kind = (k), .as = { __VA_ARGS__ } };          \
		struct tok_decode_step b_ = a_;                                                    \
		b_.as.change;                                                                      \
		const struct tok_spec x_ = { .decoders = &a_,                                      \
					     .decoder_count = 1,                                   \
					     .has_decoder = true };                                \
		const struct tok_spec y_ = { .decoders = &b_,                                      \
					     .decoder_count = 1,                                   \
					     .has_decoder = true };                                \
		assert_only(VOCAB_STAGE_DECODER, &x_, &y_, what);                                  \
	} while (0)
#define SPEC(what, stage, change, ...)                                                             \
	do {                                                                                       \
		const struct tok_spec x_ = { __VA_ARGS__ };                                        \
		struct tok_spec y_ = x_;                                                           \
		y_.change;                                                                         \
		assert_only(stage, &x_, &y_, what);                                                \
	} while (0)

static const struct tok_span other = TEXT("other"), last[2] = { TEXT("one"), TEXT("two") };

static void normalizers(void **state)
{
	(void)state;
	NORM("left", TOK_NORM_STRIP, strip.left = true, .strip = { false, false });
	NORM("right", TOK_NORM_STRIP, strip.right = true, .strip = { false, false });
	NORM("prepend", TOK_NORM_PREPEND, prepend = other, .prepend = TEXT("othe\0"));
	NORM("pattern", TOK_NORM_REPLACE, replace.pattern = other,
	     .replace = { .pattern = TEXT("a") });
	NORM("content", TOK_NORM_REPLACE, replace.content = other,
	     .replace = { .content = TEXT("a") });
	NORM("dialect", TOK_NORM_REPLACE, replace.dialect = TOK_REGEX_LITERAL,
	     .replace = { .pattern = TEXT("\n") });
	NORM("clean_text", TOK_NORM_BERT, bert.clean_text = true, .bert = { .lowercase = true });
	NORM("chinese", TOK_NORM_BERT, bert.handle_chinese_chars = true,
	     .bert = { .lowercase = true });
	NORM("lowercase", TOK_NORM_BERT, bert.lowercase = false, .bert = { .lowercase = true });
	NORM("accents", TOK_NORM_BERT, bert.strip_accents = true, .bert = { .lowercase = true });
	NORM("precompiled", TOK_NORM_PRECOMPILED, precompiled = other,
	     .precompiled = TEXT("otheR"));
	NORM("charsmap", TOK_NORM_SENTENCEPIECE, sentencepiece.charsmap = other,
	     .sentencepiece = { .charsmap = TEXT("otheR") });
	NORM("prefix", TOK_NORM_SENTENCEPIECE, sentencepiece.add_dummy_prefix = true,
	     .sentencepiece = { .charsmap = TEXT("x") });
	NORM("extra", TOK_NORM_SENTENCEPIECE, sentencepiece.remove_extra_whitespaces = true,
	     .sentencepiece = { .charsmap = TEXT("x") });
	NORM("escape", TOK_NORM_SENTENCEPIECE, sentencepiece.escape_whitespaces = true,
	     .sentencepiece = { .charsmap = TEXT("x") });
	NORM("suffix", TOK_NORM_SENTENCEPIECE, sentencepiece.whitespace_as_suffix = true,
	     .sentencepiece = { .charsmap = TEXT("x") });
	NORM("fewer pieces", TOK_NORM_SENTENCEPIECE, sentencepiece.protected_count = 1,
	     .sentencepiece = { .protected_pieces = last, .protected_count = 2 });
	NORM("other pieces", TOK_NORM_SENTENCEPIECE, sentencepiece.protected_pieces = last + 1,
	     .sentencepiece = { .protected_pieces = last, .protected_count = 1 });
	const struct tok_norm_step forms[] = { { .kind = TOK_NORM_NFC },
					       { .kind = TOK_NORM_NFKC } };
	SPEC("kind", VOCAB_STAGE_NORMALIZER, normalizers = &forms[1], .normalizers = forms,
	     .normalizer_count = 1);
	SPEC("count", VOCAB_STAGE_NORMALIZER, normalizer_count = 1, .normalizers = forms,
	     .normalizer_count = 2);
}

static void pretokenizers(void **state)
{
	(void)state;
	PRETOK("pattern", TOK_PRETOK_SPLIT, split.pattern = other,
	       .split = { .pattern = TEXT("otheR") });
	PRETOK("dialect", TOK_PRETOK_SPLIT, split.dialect = TOK_REGEX_RUST,
	       .split = { .pattern = TEXT("a") });
	PRETOK("behavior", TOK_PRETOK_SPLIT, split.behavior = TOK_ISOLATED,
	       .split = { .pattern = TEXT("a") });
	PRETOK("invert", TOK_PRETOK_SPLIT, split.invert = true, .split = { .pattern = TEXT("a") });
	PRETOK("space", TOK_PRETOK_BYTE_LEVEL, byte_level.add_prefix_space = true,
	       .byte_level = { .raw = false });
	PRETOK("regex", TOK_PRETOK_BYTE_LEVEL, byte_level.use_regex = true,
	       .byte_level = { .raw = false });
	PRETOK("replacement", TOK_PRETOK_METASPACE, metaspace.replacement = '-',
	       .metaspace = { .replacement = '_' });
	PRETOK("prepend", TOK_PRETOK_METASPACE, metaspace.prepend = TOK_PREPEND_FIRST,
	       .metaspace = { .replacement = '_' });
	PRETOK("split", TOK_PRETOK_METASPACE, metaspace.split = true,
	       .metaspace = { .replacement = '_' });
	PRETOK("punctuation", TOK_PRETOK_PUNCTUATION, punctuation = TOK_ISOLATED,
	       .punctuation = TOK_REMOVED);
	PRETOK("digits", TOK_PRETOK_DIGITS, individual_digits = true, .individual_digits = false);
	PRETOK("delimiter", TOK_PRETOK_CHAR_DELIMITER, delimiter = 'b', .delimiter = 'a');
	PRETOK("length", TOK_PRETOK_FIXED_LENGTH, fixed_length = 6, .fixed_length = 5);
	PRETOK("words", TOK_PRETOK_SENTENCEPIECE_WORDS, whitespace_as_suffix = true,
	       .whitespace_as_suffix = false);
	const struct tok_pretok_step kinds[] = { { .kind = TOK_PRETOK_BERT },
						 { .kind = TOK_PRETOK_WHITESPACE } };
	SPEC("kind", VOCAB_STAGE_PRE_TOKENIZER, pretokenizers = &kinds[1], .pretokenizers = kinds,
	     .pretokenizer_count = 1);
	SPEC("count", VOCAB_STAGE_PRE_TOKENIZER, pretokenizer_count = 1, .pretokenizers = kinds,
	     .pretokenizer_count = 2);
}

static void models(void **state)
{
	const enum vocab_stage stage = VOCAB_STAGE_MODEL;
	(void)state;
	SPEC("kind", stage, model.kind = TOK_MODEL_WORDLEVEL, .model.kind = TOK_MODEL_UNIGRAM);
	SPEC("unk", stage, model.unk = 3, .model.unk = TOK_NO_ID);
	SPEC("fallback", stage, model.byte_fallback = true, .model.unk = 0);
	SPEC("bytes", stage, model.byte_ids[255] = 3, .model.byte_fallback = true);
	SPEC("raw", stage, raw_vocabulary = true, .model.unk = 0);
	SPEC("sentencepiece", stage, sentencepiece = true, .model.unk = 0);
	SPEC("order", stage, model.as.bpe.order = TOK_BPE_RANKS, .model.kind = TOK_MODEL_BPE);
	SPEC("raw bytes", stage, model.as.bpe.raw_bytes = true, .model.kind = TOK_MODEL_BPE);
	SPEC("whole", stage, model.as.bpe.ignore_merges = true, .model.kind = TOK_MODEL_BPE);
	SPEC("fuse", stage, model.as.bpe.fuse_unk = true, .model.kind = TOK_MODEL_BPE);
	SPEC("missing", stage, model.as.bpe.unk_missing = true, .model.kind = TOK_MODEL_BPE);
	SPEC("dropout", stage, model.as.bpe.dropout = 0.5, .model.kind = TOK_MODEL_BPE);
	SPEC("prefix", stage, model.as.bpe.prefix = other, .model.kind = TOK_MODEL_BPE);
	SPEC("suffix", stage, model.as.bpe.suffix = other, .model.kind = TOK_MODEL_BPE);
	SPEC("float", stage, model.as.unigram.single_precision = true,
	     .model.kind = TOK_MODEL_UNIGRAM);
	SPEC("fuse", stage, model.as.unigram.fuse_unk = true, .model.kind = TOK_MODEL_UNIGRAM);
	SPEC("inner", stage, model.as.wordpiece.prefix = other, .model.kind = TOK_MODEL_WORDPIECE);
	SPEC("longest", stage, model.as.wordpiece.max_chars = 9, .model.kind = TOK_MODEL_WORDPIECE);
	/* Counts are the vocabulary's; ids of bytes that nothing falls back to are not asked. */
	SPEC("entries", VOCAB_STAGES, model.entry_count = 9, .model.kind = TOK_MODEL_UNIGRAM);
	SPEC("merges", VOCAB_STAGES, model.as.bpe.merge_count = 9, .model.kind = TOK_MODEL_BPE);
	SPEC("bytes", VOCAB_STAGES, model.byte_ids[255] = 3, .model.unk = 0);
}

static void posts(void **state)
{
	const struct tok_template_item a[] = {
		{ TOK_TEMPLATE_TOKEN, 1, TEXT("<s>") },
		{ .kind = TOK_TEMPLATE_TEXT },
		{ TOK_TEMPLATE_TOKEN, 2, TEXT("</s>") },
	};
	static const struct tok_template_item changed[] = {
		{ TOK_TEMPLATE_TOKEN, 3, TEXT("</s>") },
		{ TOK_TEMPLATE_TOKEN, 2, TEXT("<e>") },
		{ TOK_TEMPLATE_TOKEN, 2, TEXT("</s>"), 1 },
		{ .kind = TOK_TEMPLATE_TEXT },
	};
	(void)state;
	for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
		const struct tok_template_item b[] = { a[0], a[1], changed[i] };
		const struct tok_post_step x = { TOK_POST_TEMPLATE, a, 3, false };
		const struct tok_post_step y = { TOK_POST_TEMPLATE, b, 3, false };
		SPEC("item", VOCAB_STAGE_POST_PROCESSOR, posts = &y, .posts = &x, .post_count = 1);
	}
	const struct tok_post_step x = { TOK_POST_TEMPLATE, a, 3, false };
	const struct tok_post_step shorter = { TOK_POST_TEMPLATE, a, 2, false };
	const struct tok_post_step trim = { .kind = TOK_POST_TRIM_OFFSETS };
	const struct tok_post_step space = { .kind = TOK_POST_TRIM_OFFSETS,
					     .add_prefix_space = true };
	SPEC("shorter", VOCAB_STAGE_POST_PROCESSOR, posts = &shorter, .posts = &x, .post_count = 1);
	SPEC("kind", VOCAB_STAGE_POST_PROCESSOR, posts = &trim, .posts = &x, .post_count = 1);
	SPEC("space", VOCAB_STAGE_POST_PROCESSOR, posts = &space, .posts = &trim, .post_count = 1);
	SPEC("none", VOCAB_STAGE_POST_PROCESSOR, post_count = 0, .posts = &x, .post_count = 1);
}

static void decoders(void **state)
{
	(void)state;
	DECODER("suffix", TOK_DECODE_BPE, bpe_suffix = other, .bpe_suffix = TEXT("otheR"));
	DECODER("prefix", TOK_DECODE_WORDPIECE, wordpiece.prefix = other,
		.wordpiece = { .cleanup = true });
	DECODER("tidied", TOK_DECODE_WORDPIECE, wordpiece.cleanup = false,
		.wordpiece = { .cleanup = true });
	DECODER("replacement", TOK_DECODE_METASPACE, metaspace.replacement = '-',
		.metaspace = { .replacement = '_' });
	DECODER("prepend", TOK_DECODE_METASPACE, metaspace.prepend = TOK_PREPEND_FIRST,
		.metaspace = { .replacement = '_' });
	DECODER("pad", TOK_DECODE_CTC, ctc.pad = other, .ctc = { .pad = TEXT("a") });
	DECODER("delimiter", TOK_DECODE_CTC, ctc.word_delimiter = other,
		.ctc = { .pad = TEXT("a") });
	DECODER("tidied", TOK_DECODE_CTC, ctc.cleanup = true, .ctc = { .pad = TEXT("a") });
	DECODER("pattern", TOK_DECODE_REPLACE, replace.pattern = other,
		.replace = { .content = TEXT("a") });
	DECODER("content", TOK_DECODE_REPLACE, replace.content = other,
		.replace = { .content = TEXT("a") });
	DECODER("dialect", TOK_DECODE_REPLACE, replace.dialect = TOK_REGEX_LITERAL,
		.replace = { .content = TEXT("a") });
	DECODER("strip", TOK_DECODE_STRIP, strip.content = 'b', .strip = { .content = 'a' });
	DECODER("start", TOK_DECODE_STRIP, strip.start = 2, .strip = { .start = 1 });
	DECODER("stop", TOK_DECODE_STRIP, strip.stop = 2, .strip = { .start = 1 });
	DECODER("prefix", TOK_DECODE_SENTENCEPIECE, sentencepiece.add_dummy_prefix = true,
		.sentencepiece = { .unk_surface = TEXT("?") });
	DECODER("extra", TOK_DECODE_SENTENCEPIECE, sentencepiece.remove_extra_whitespaces = true,
		.sentencepiece = { .unk_surface = TEXT("?") });
	DECODER("suffix", TOK_DECODE_SENTENCEPIECE, sentencepiece.whitespace_as_suffix = true,
		.sentencepiece = { .unk_surface = TEXT("?") });
	DECODER("unknown", TOK_DECODE_SENTENCEPIECE, sentencepiece.unk_surface = other,
		.sentencepiece = { .unk_surface = TEXT("?") });
	const struct tok_decode_step kinds[] = { { .kind = TOK_DECODE_FUSE },
						 { .kind = TOK_DECODE_BYTE_LEVEL } };
	SPEC("kind", VOCAB_STAGE_DECODER, decoders = &kinds[1], .decoders = kinds,
	     .decoder_count = 1, .has_decoder = true);
	SPEC("count", VOCAB_STAGE_DECODER, decoder_count = 1, .decoders = kinds, .decoder_count = 2,
	     .has_decoder = true);
	SPEC("none", VOCAB_STAGE_DECODER, has_decoder = true, .decoder_count = 0);
}

static void lengths(void **state)
{
	const enum vocab_stage truncation = VOCAB_STAGE_TRUNCATION, padding = VOCAB_STAGE_PADDING;
	(void)state;
	SPEC("enabled", truncation, truncation.enabled = true, .truncation.max_length = 8);
	SPEC("left", truncation, truncation.left = true, .truncation.enabled = true);
	SPEC("length", truncation, truncation.max_length = 9, .truncation.enabled = true);
	SPEC("stride", truncation, truncation.stride = 9, .truncation.enabled = true);
	SPEC("strategy", truncation, truncation.strategy = TOK_TRUNCATE_FIRST,
	     .truncation.enabled = true);
	SPEC("not enabled", VOCAB_STAGES, truncation.max_length = 9, .model.unk = 0);
	SPEC("enabled", padding, padding.enabled = true, .padding.length = 8);
	SPEC("left", padding, padding.left = true, .padding.enabled = true);
	SPEC("length", padding, padding.length = 9, .padding.enabled = true);
	SPEC("multiple", padding, padding.multiple = 9, .padding.enabled = true);
	SPEC("id", padding, padding.id = 9, .padding.enabled = true);
	SPEC("type", padding, padding.type = 9, .padding.enabled = true);
	SPEC("token", padding, padding.token = other, .padding.enabled = true);
	SPEC("not enabled", VOCAB_STAGES, padding.id = 9, .model.unk = 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalizers), cmocka_unit_test(pretokenizers),
		cmocka_unit_test(models),      cmocka_unit_test(posts),
		cmocka_unit_test(decoders),    cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
