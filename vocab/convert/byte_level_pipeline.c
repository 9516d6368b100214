/* byte_level_pipeline.c - step 7: what stands around the model. */
#include "vocab/convert/byte_level_internal.h"

#include "tok/text/utf8.h"

/* Words as GPT-2 has them, but that marks belong to the letter before them. */
static const char words[] = "'s|'t|'re|'ve|'m|'ll|'d| ?[\\p{L}\\p{M}]+| ?\\p{N}+"
			    "| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* ---- the normaliser ----------------------------------------------------------------------- */

/* Does a step do no more than write spaces otherwise, which the alphabet does? */
static bool writes_spaces(const struct level *l, const struct tok_norm_step *step)
{
	uint8_t bytes[4];
	const struct tok_span space = { bytes, tok_utf8_put(l->space, bytes) };
	if (step->kind == TOK_NORM_PREPEND)
		return tok_span_equal(step->as.prepend, space);
	return step->kind == TOK_NORM_REPLACE && step->as.replace.dialect == TOK_REGEX_LITERAL &&
	       tok_span_equal(step->as.replace.pattern, tok_span_of(" ")) &&
	       tok_span_equal(step->as.replace.content, space);
}

static bool copy_step(struct level *l, struct tok_norm_step *step)
{
	struct tok_arena *arena = &l->out->arena;
	if (step->kind == TOK_NORM_PREPEND) {
		step->as.prepend = tok_arena_copy(arena, step->as.prepend);
		return step->as.prepend.bytes != NULL;
	}
	if (step->kind == TOK_NORM_PRECOMPILED) {
		step->as.precompiled = tok_arena_copy(arena, step->as.precompiled);
		return step->as.precompiled.bytes != NULL;
	}
	if (step->kind == TOK_NORM_REPLACE) {
		step->as.replace.pattern = tok_arena_copy(arena, step->as.replace.pattern);
		step->as.replace.content = tok_arena_copy(arena, step->as.replace.content);
		return step->as.replace.pattern.bytes && step->as.replace.content.bytes;
	}
	return true;
}

static enum tok_status set_normalizers(struct level *l)
{
	const struct tok_spec *spec = l->spec;
	const size_t kept = l->options->keep_normalizer ? spec->normalizer_count : 0;
	const bool plain = l->report.was_byte_level;
	struct tok_norm_step *steps = tok_arena_array(&l->out->arena, kept + 1, sizeof *steps);
	size_t count = 0;
	if (!steps)
		return tok_fail_memory(l->err);
	for (size_t i = 0; i < kept; i++) {
		if (spec->normalizers[i].kind == TOK_NORM_SENTENCEPIECE ||
		    spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL)
			return tok_fail(l->err, TOK_EARG,
					"SentencePiece's normaliser, and one that makes bytes, "
					"cannot be kept");
		if (l->space && writes_spaces(l, &spec->normalizers[i]))
			continue;
		steps[count] = spec->normalizers[i];
		if (!copy_step(l, &steps[count++]))
			return tok_fail_memory(l->err);
	}
	if (!plain || !l->options->keep_normalizer)
		steps[count++] = (struct tok_norm_step){ .kind = TOK_NORM_PREPEND,
							 .as.prepend = tok_span_of(" ") };
	l->out->normalizers = steps;
	l->out->normalizer_count = count;
	return TOK_OK;
}

/* ---- the pre-tokenizer ---------------------------------------------------------------------- */

static bool makes_bytes(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL)
			return true;
	return false;
}

static enum tok_status set_pretokenizers(struct level *l)
{
	const struct tok_spec *spec = l->spec;
	const bool keep = l->options->keep_pretokenizer;
	const size_t count = keep ? spec->pretokenizer_count : 2;
	struct tok_pretok_step *steps = tok_arena_array(&l->out->arena, count, sizeof *steps);
	if (!steps)
		return tok_fail_memory(l->err);
	if (keep && !makes_bytes(spec))
		return tok_fail(l->err, TOK_EARG,
				"a pre-tokenizer that makes no bytes cannot be kept");
	for (size_t i = 0; keep && i < count; i++) {
		steps[i] = spec->pretokenizers[i];
		if (steps[i].kind != TOK_PRETOK_SPLIT)
			continue;
		steps[i].as.split.pattern =
		    tok_arena_copy(&l->out->arena, steps[i].as.split.pattern);
		if (!steps[i].as.split.pattern.bytes)
			return tok_fail_memory(l->err);
	}
	if (!keep) {
		steps[0] = (struct tok_pretok_step){
			.kind = TOK_PRETOK_SPLIT,
			.as.split = { tok_span_of(words), TOK_REGEX_ONIGURUMA, TOK_REMOVED, true },
		};
		steps[1] = (struct tok_pretok_step){ .kind = TOK_PRETOK_BYTE_LEVEL };
	}
	l->out->pretokenizers = steps;
	l->out->pretokenizer_count = count;
	return TOK_OK;
}

enum tok_status level_set_pipeline(struct level *l)
{
	struct tok_decode_step *decoder = tok_arena_array(&l->out->arena, 1, sizeof *decoder);
	if (!decoder)
		return tok_fail_memory(l->err);
	*decoder = (struct tok_decode_step){ .kind = TOK_DECODE_BYTE_LEVEL };
	l->out->decoders = decoder;
	l->out->decoder_count = 1;
	l->out->has_decoder = true;
	const enum tok_status status = set_normalizers(l);
	return status == TOK_OK ? set_pretokenizers(l) : status;
}
