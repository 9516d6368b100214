/* hf_write.c - tokenizer.json as Hugging Face tokenizers 0.23 saves it: the order of
 * keys, the numbers and the white space are its own, so that a file that it wrote is
 * written again byte for byte as far as a specification keeps what it says. */
#include "vocab/format/hf_write_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "vocab/format/write_internal.h"

void hf_refuse(struct hf_writer *w, const char *fmt, ...)
{
	char message[400];
	va_list args;
	if (w->json.status != TOK_OK)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof message, fmt, args);
	va_end(args);
	w->json.status = tok_fail(w->json.err, TOK_EARG, "%s", message);
}

void *hf_scratch(struct hf_writer *w, size_t count, size_t size)
{
	void *items = w->json.status == TOK_OK ? tok_arena_array(&w->scratch, count, size) : NULL;
	if (!items && w->json.status == TOK_OK)
		w->json.status = tok_fail_memory(w->json.err);
	return items;
}

/* ---- truncation and padding ---------------------------------------------------- */

static const char *side_name(bool left)
{
	return left ? "Left" : "Right";
}

static void put_whole(struct hf_writer *w, const char *key, uint64_t value)
{
	pretty_key(&w->json, key);
	pretty_whole(&w->json, value);
}

static void write_truncation(struct hf_writer *w)
{
	static const char *const strategies[] = {
		[TOK_TRUNCATE_LONGEST_FIRST] = "LongestFirst",
		[TOK_TRUNCATE_FIRST] = "OnlyFirst",
		[TOK_TRUNCATE_SECOND] = "OnlySecond",
	};
	const struct tok_truncation *truncation = &w->spec->truncation;
	if (!truncation->enabled) {
		pretty_null(&w->json);
		return;
	}
	pretty_open(&w->json, '{');
	hf_put_word(w, "direction", side_name(truncation->left));
	put_whole(w, "max_length", truncation->max_length);
	hf_put_word(w, "strategy", strategies[truncation->strategy]);
	put_whole(w, "stride", truncation->stride);
	pretty_close(&w->json, '}');
}

static void write_strategy(struct hf_writer *w, size_t length)
{
	if (length == 0) {
		pretty_text(&w->json, tok_span_of("BatchLongest"));
		return;
	}
	pretty_open(&w->json, '{');
	put_whole(w, "Fixed", length);
	pretty_close(&w->json, '}');
}

static void write_padding(struct hf_writer *w)
{
	const struct tok_padding *padding = &w->spec->padding;
	if (!padding->enabled) {
		pretty_null(&w->json);
		return;
	}
	pretty_open(&w->json, '{');
	pretty_key(&w->json, "strategy");
	write_strategy(w, padding->length);
	hf_put_word(w, "direction", side_name(padding->left));
	pretty_key(&w->json, "pad_to_multiple_of");
	if (padding->multiple)
		pretty_whole(&w->json, padding->multiple);
	else
		pretty_null(&w->json);
	put_whole(w, "pad_id", padding->id);
	put_whole(w, "pad_type_id", padding->type);
	hf_put_text(w, "pad_token", padding->token);
	pretty_close(&w->json, '}');
}

/* ---- the whole file ------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*write)(struct hf_writer *w);
} parts[] = {
	{ "truncation", write_truncation },
	{ "padding", write_padding },
	{ "added_tokens", hf_write_added },
	{ "normalizer", hf_write_normalizers },
	{ "pre_tokenizer", hf_write_pretokenizers },
	{ "post_processor", hf_write_posts },
	{ "decoder", hf_write_decoders },
	{ "model", hf_write_model },
};

static void write_parts(struct hf_writer *w)
{
	pretty_open(&w->json, '{');
	hf_put_word(w, "version", "1.0");
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && w->json.status == TOK_OK; i++) {
		pretty_key(&w->json, parts[i].name);
		parts[i].write(w);
		if (w->json.status == TOK_EARG)
			tok_fail_in(w->json.err, TOK_EARG, "%s", parts[i].name);
	}
	pretty_close(&w->json, '}');
}

enum tok_status vocab_write_hf(const struct tok_spec *spec, struct tok_buffer *out,
			       struct tok_error *err)
{
	struct hf_writer w = { .json = { .out = out, .err = err }, .spec = spec };
	if (spec->sentencepiece)
		return tok_fail(err, TOK_EARG,
				"a tokenizer.json cannot say what SentencePiece does with spaces, "
				"unknown text and its own pieces");
	hf_collect_merges(&w);
	hf_collect_tokens(&w);
	write_parts(&w);
	tok_arena_release(&w.scratch);
	return w.json.status;
}
