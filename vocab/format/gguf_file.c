/* gguf_file.c - a GGUF file of a tokenizer alone, as llama.cpp's files of vocabularies are: the
 * architecture that its pairs are usual for, the pairs, and no tensors. */
#include "vocab/format/gguf_write_internal.h"
#include "vocab/format/write_internal.h"

static const char *architecture(const struct tok_spec *spec)
{
	switch (spec->model.kind) {
	case TOK_MODEL_UNIGRAM:
		return "t5";
	case TOK_MODEL_WORDPIECE:
		return "bert";
	case TOK_MODEL_BPE:
	case TOK_MODEL_WORDLEVEL:
		break;
	}
	return "llama";
}

/* What there is no key for. */
static void tell_parts(const struct tok_spec *spec, struct vocab_losses *losses)
{
	size_t count = 0;
	for (size_t i = 0; i < spec->added_count; i++)
		count +=
		    spec->added[i].lstrip || spec->added[i].rstrip || spec->added[i].single_word;
	if (count)
		vocab_losses_add(
		    losses, "added_tokens: %zu take white space along, or are whole words", count);
	if (spec->normalizer_count && spec->normalizers->kind == TOK_NORM_NFC)
		vocab_losses_add(losses, "normalizer: NFC has no key");
}

static bool put_file(const struct tok_spec *spec, struct tok_span pairs, uint64_t count,
		     struct tok_buffer *out)
{
	enum { VERSION = 3 };
	struct gguf_writer w = { .out = out };
	w.full = !tok_buffer_add(out, "GGUF", 4);
	gguf_put_number(&w, VERSION, 4);
	gguf_put_number(&w, 0, 8); /* tensors */
	gguf_put_number(&w, count + 1, 8);
	gguf_put_string(&w, "general.architecture", tok_span_of(architecture(spec)));
	return !w.full && tok_buffer_add(out, pairs.bytes, pairs.count);
}

enum tok_status vocab_write_gguf(const struct tok_spec *spec, struct tok_buffer *out,
				 struct vocab_losses *losses, struct tok_error *err)
{
	const struct vocab_gguf_options options = vocab_gguf_defaults();
	struct tok_buffer pairs = { 0 };
	uint64_t count = 0;
	enum tok_status status = vocab_gguf_write(spec, &options, &pairs, &count, err);
	if (status == TOK_OK && !put_file(spec, tok_buffer_span(&pairs), count, out))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		tell_parts(spec, losses);
	tok_buffer_release(&pairs);
	return status;
}
