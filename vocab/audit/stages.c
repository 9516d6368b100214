#include "vocab/audit/stages.h"

#include <stdio.h>

static size_t count_normalizers(const struct tok_spec *spec)
{
	return spec->normalizer_count;
}

static void describe_normalizer(const struct tok_spec *spec, size_t i, char out[VOCAB_LINE])
{
	vocab_describe_normalizer(&spec->normalizers[i], out);
}

static size_t count_pretokenizers(const struct tok_spec *spec)
{
	return spec->pretokenizer_count;
}

static void describe_pretokenizer(const struct tok_spec *spec, size_t i, char out[VOCAB_LINE])
{
	vocab_describe_pretokenizer(&spec->pretokenizers[i], out);
}

static size_t count_model(const struct tok_spec *spec)
{
	(void)spec;
	return 1;
}

static void describe_model(const struct tok_spec *spec, size_t i, char out[VOCAB_LINE])
{
	(void)i;
	vocab_describe_model(&spec->model, out);
}

static size_t count_posts(const struct tok_spec *spec)
{
	return spec->post_count;
}

static void describe_post(const struct tok_spec *spec, size_t i, char out[VOCAB_LINE])
{
	vocab_describe_post(&spec->posts[i], out);
}

static size_t count_decoders(const struct tok_spec *spec)
{
	return spec->has_decoder ? spec->decoder_count : 1;
}

static void describe_decoder(const struct tok_spec *spec, size_t i, char out[VOCAB_LINE])
{
	if (spec->has_decoder)
		vocab_describe_decoder(&spec->decoders[i], out);
	else
		snprintf(out, VOCAB_LINE, "tokens joined by spaces");
}

const struct vocab_step_stage vocab_step_stages[VOCAB_STEP_STAGES] = {
	{ "normalizer", "normaliser", count_normalizers, describe_normalizer },
	{ "pre_tokenizer", "pre-tokenizer", count_pretokenizers, describe_pretokenizer },
	{ "model", "model", count_model, describe_model },
	{ "post_processor", "post-processing", count_posts, describe_post },
	{ "decoder", "decoder", count_decoders, describe_decoder },
};
