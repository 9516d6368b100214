/*
 * fuzz_image.c - arbitrary bytes as the block of a compiled tokenizer, without the
 * header whose checksum would keep nearly all of them out.
 *
 * Whatever opens is asked everything that a tokenizer can be asked.  Answers may be
 * wrong; nothing may crash, hang, leak or read out of bounds, and a refusal must come
 * with a sentence.
 */
#include <assert.h>
#include <stdlib.h>

#include "tok/pipe/decoder.h"
#include "tok/pipe/encoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "Hello, w\xC3\xB6rld  <s> \xE2\x96\x81x\xFF\n123 don't\0end abababbaab [UNK] hellohello "
    "\xE4\xBD\xA0\xE5\xA5\xBD aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa USER he"
    "\xCC\x81 \xF0\x9F\x98\x80";

static void encode(const struct tok_tokenizer *t, struct tok_decoder *d)
{
	const struct tok_padding *padding = &tok_tokenizer_spec(t)->padding;
	const bool pads_little = padding->length < 4096 && padding->multiple < 4096;
	struct tok_encoder *e = tok_encoder_new(t);
	assert(e);
	for (unsigned i = 0; i < 8; i++) {
		const struct tok_encode_options options = {
			.special_text = i & 1 ? TOK_SPECIAL_MATCH : TOK_SPECIAL_ORDINARY,
			.add_special = i & 2,
			.truncate = i & 2 && pads_little, /* much of it only takes time */
			.offsets = i & 4,
			.tokens = i & 4,
		};
		struct tok_encoding r;
		struct tok_error err = { 0 };
		struct tok_span back;
		size_t token_bytes = 0;
		if (tok_encode(e, (struct tok_span){ (const uint8_t *)text, sizeof text - 1 },
			       &options, &r, &err) != TOK_OK) {
			assert(err.message[0]);
			continue;
		}
		for (size_t k = 0; k < r.count && r.ranges; k++) {
			assert(r.ranges[k].end <= sizeof text - 1);
			for (size_t n = 0; n < r.tokens[k].count; n++)
				token_bytes += r.tokens[k].bytes[n];
		}
		assert(token_bytes < SIZE_MAX);
		if (tok_decode(d, r.ids, r.count, false, &back, &err) != TOK_OK)
			assert(err.message[0]);
	}
	tok_encoder_free(e);
}

static void ask(const struct tok_tokenizer *t, struct tok_decoder *d)
{
	const size_t size = tok_tokenizer_size(t);
	struct tok_vocab_entry entry;
	struct tok_merge merge;
	size_t rank;
	for (tok_id id = 0; id < size && id < 400; id++) {
		const struct tok_span token = tok_tokenizer_token(t, id);
		struct tok_span back;
		struct tok_error err = { 0 };
		if (token.bytes && tok_tokenizer_find(t, token) != TOK_NO_ID)
			(void)tok_tokenizer_is_special(t, id);
		if (tok_tokenizer_entry(t, id, &entry) &&
		    tok_tokenizer_find(t, entry.text) != TOK_NO_ID)
			(void)tok_model_merge(tok_tokenizer_model(t), id, &merge, &rank);
		if (tok_decode(d, &id, 1, id & 1, &back, &err) != TOK_OK)
			assert(err.message[0]);
	}
	for (int match = 0; match < 2; match++)
		assert(tok_tokenizer_cut(
			   t, (struct tok_span){ (const uint8_t *)text, sizeof text - 1 }, match) <
		       sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	void *block = NULL;
	/* Exactly its size, so that one byte too far is seen. */
	if (posix_memalign(&block, TOK_IMAGE_ALIGN, size ? size : 1) != 0)
		return 0;
	if (size)
		memcpy(block, data, size);
	if (tok_tokenizer_open((struct tok_span){ block, size }, false, free, block, &t, &err) !=
	    TOK_OK) {
		assert(err.message[0]);
		free(block);
		return 0;
	}
	struct tok_decoder *d = tok_decoder_new(t);
	assert(d);
	encode(t, d);
	ask(t, d);
	tok_decoder_free(d);
	tok_tokenizer_free(t);
	return 0;
}
