/*
 * fuzz_reader.c - one reader of tokenizer files on arbitrary bytes.
 *
 * Built once per reader, with READER naming it.  Whatever a reader accepts is
 * then used: written as each kind of file, compiled, asked to encode and to decode.
 * Nothing may crash, leak or read out of bounds; a refusal must come with a sentence;
 * what is written is read, and written again the same.
 */
#include <assert.h>
#include <stdlib.h>

#include "tok/pipe/decoder.h"
#include "tok/pipe/encoder.h"
#include "vocab/format/format_internal.h"
#include "vocab/format/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum tok_status read_with_tiktoken(struct tok_span file, struct tok_spec *out,
					  struct tok_error *err)
{
	return vocab_read_tiktoken(file, "gpt2", out, err);
}

/* The first half of the bytes is vocab.json, what follows a NUL merges.txt. */
static enum tok_status read_vocab_and_merges(struct tok_span file, struct tok_spec *out,
					     struct tok_error *err)
{
	const uint8_t *nul = file.count ? memchr(file.bytes, 0, file.count) : NULL;
	const size_t cut = nul ? (size_t)(nul - file.bytes) : file.count;
	return vocab_read_vocab_merges(tok_span_slice(file, 0, cut),
				       tok_span_slice(file, nul ? cut + 1 : cut, file.count), out,
				       err);
}

static enum tok_status read_any(struct tok_span file, struct tok_spec *out, struct tok_error *err)
{
	return vocab_read_bytes(file, NULL, out, err);
}

static enum tok_status (*const readers[])(struct tok_span, struct tok_spec *,
					  struct tok_error *) = {
	vocab_read_hf,        vocab_read_tekken,     vocab_read_packed_ranks,
	read_with_tiktoken,   read_vocab_and_merges, vocab_read_sentencepiece,
	vocab_read_wordpiece, vocab_read_gguf,       read_any,
};

static void write_again(const struct tok_spec *spec, enum vocab_file_kind kind, bool settled)
{
	static enum tok_status (*const reads[])(struct tok_span, struct tok_spec *,
						struct tok_error *) = {
		[VOCAB_TOKENIZER_JSON] = vocab_read_hf,
		[VOCAB_TIKTOKEN] = read_with_tiktoken,
		[VOCAB_SENTENCEPIECE] = vocab_read_sentencepiece,
		[VOCAB_WORDPIECE_TXT] = vocab_read_wordpiece,
		[VOCAB_TEKKEN] = vocab_read_tekken,
		[VOCAB_GGUF] = vocab_read_gguf,
	};
	struct tok_buffer file = { 0 }, again = { 0 };
	struct tok_spec other = { 0 };
	struct tok_error err = { 0 };
	const enum tok_status status = vocab_write(kind, spec, &file, &err);
	assert(status == TOK_OK || (status == TOK_EARG && err.message[0] && file.count == 0));
	if (status == TOK_OK) {
		/* serde_json reads some scores a last bit off, and so do we. */
		const bool exact = spec->model.kind != TOK_MODEL_UNIGRAM;
		if (reads[kind](tok_buffer_span(&file), &other, &err) != TOK_OK ||
		    vocab_write(kind, &other, &again, &err) != TOK_OK)
			abort();
		const bool same = tok_span_equal(tok_buffer_span(&again), tok_buffer_span(&file));
		/* BERT's special tokens are known by their names in a GGUF: from the second
		 * time on they are written as what they are. */
		if (!same && kind == VOCAB_GGUF && !settled)
			write_again(&other, kind, true);
		else if (exact && !same)
			abort();
	}
	tok_spec_release(&other);
	tok_buffer_release(&file);
	tok_buffer_release(&again);
}

static void use(struct tok_tokenizer *t)
{
	static const char text[] = "Hello, w\xC3\xB6rld  <s> \xE2\x96\x81x\xFF\n123 don't\0end";
	const struct tok_encode_options all = {
		.special_text = TOK_SPECIAL_MATCH,
		.add_special = true,
		.truncate = true,
		.offsets = true,
		.tokens = true,
	};
	struct tok_encoder *e = tok_encoder_new(t);
	struct tok_decoder *d = tok_decoder_new(t);
	struct tok_encoding r;
	struct tok_span back;
	struct tok_error err = { 0 };
	assert(e && d);
	if (tok_encode(e, (struct tok_span){ (const uint8_t *)text, sizeof text - 1 }, &all, &r,
		       &err) == TOK_OK) {
		for (size_t i = 0; i < r.count; i++) {
			assert(r.ranges[i].begin <= r.ranges[i].end);
			assert(r.ranges[i].end <= sizeof text - 1);
		}
		if (tok_decode(d, r.ids, r.count, false, &back, &err) != TOK_OK)
			assert(err.message[0]);
	} else {
		assert(err.message[0]);
	}
	tok_encoder_free(e);
	tok_decoder_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *t = NULL;

	if (readers[READER]((struct tok_span){ data, size }, &spec, &err) == TOK_OK) {
		for (int kind = VOCAB_TOKENIZER_JSON; kind <= VOCAB_GGUF; kind++)
			write_again(&spec, (enum vocab_file_kind)kind, false);
		if (tok_tokenizer_new(&spec, &t, &err) == TOK_OK)
			use(t);
		else
			assert(err.message[0]);
	} else {
		assert(err.message[0]);
	}
	tok_tokenizer_free(t);
	tok_spec_release(&spec);
	return 0;
}
