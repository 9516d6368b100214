/* pipeline.h - a specification put to use: text to ids and back. */
#ifndef TESTS_UNIT_PIPELINE_H
#define TESTS_UNIT_PIPELINE_H

#include <stdio.h>
#include <stdlib.h>

#include "tok/pipe/decoder.h"
#include "tok/pipe/encoder.h"

struct pipeline {
	struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder;
	struct tok_decoder *decoder;
};

/* Takes what `spec` holds. */
static inline struct pipeline pipeline_new(struct tok_spec *spec)
{
	struct pipeline p = { 0 };
	struct tok_error err = { 0 };
	if (tok_tokenizer_new(spec, &p.tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(spec);
	p.encoder = tok_encoder_new(p.tokenizer);
	p.decoder = tok_decoder_new(p.tokenizer);
	assert_true(p.encoder && p.decoder);
	return p;
}

static inline void pipeline_release(struct pipeline *p)
{
	tok_encoder_free(p->encoder);
	tok_decoder_free(p->decoder);
	tok_tokenizer_free(p->tokenizer);
}

/* The ids of `text` are those that `ids` lists, and decode to `decoded`. */
static inline void pipeline_check(struct pipeline *p, const char *name, struct tok_span text,
				  const char *ids, struct tok_span decoded)
{
	struct tok_encoding r;
	struct tok_span back;
	struct tok_error err = { 0 };
	const struct tok_encode_options options = { 0 };
	const char *at = ids;
	size_t count = 0;
	if (tok_encode(p->encoder, text, &options, &r, &err) != TOK_OK)
		fail_msg("%s: '%.*s': %s", name, (int)text.count, text.bytes, err.message);
	while (*at) {
		char *end;
		const unsigned long id = strtoul(at, &end, 10);
		if (count >= r.count || r.ids[count] != id)
			fail_msg("%s: '%.*s': token %zu must be %lu, not %ld", name,
				 (int)text.count, text.bytes, count, id,
				 count < r.count ? (long)r.ids[count] : -1);
		count++;
		at = end + (*end == ' ');
	}
	if (count != r.count)
		fail_msg("%s: '%.*s': %zu tokens, not %zu", name, (int)text.count, text.bytes,
			 count, r.count);
	assert_int_equal(tok_decode(p->decoder, r.ids, r.count, false, &back, &err), TOK_OK);
	if (!tok_span_equal(back, decoded))
		fail_msg("%s: '%.*s' must be decoded to '%.*s', not '%.*s'", name, (int)text.count,
			 text.bytes, (int)decoded.count, decoded.bytes, (int)back.count,
			 back.bytes);
}

/* Whatever the specification is: nothing may crash, trouble has a sentence. */
static inline void pipeline_try(struct tok_spec *spec)
{
	static const char text[] = "The dog\xFF <s> x\xC3\xA9 [CLS] 12\xE2\x98\x83";
	const struct tok_encode_options options = { .special_text = TOK_SPECIAL_MATCH,
						    .add_special = true,
						    .offsets = true };
	struct pipeline p = { 0 };
	struct tok_error err = { 0 };
	struct tok_encoding r;
	struct tok_span back;
	if (tok_tokenizer_new(spec, &p.tokenizer, &err) != TOK_OK) {
		assert_true(err.message[0] != '\0');
		return;
	}
	p.encoder = tok_encoder_new(p.tokenizer);
	p.decoder = tok_decoder_new(p.tokenizer);
	assert_true(p.encoder && p.decoder);
	if (tok_encode(p.encoder, (struct tok_span){ (const uint8_t *)text, sizeof text - 1 },
		       &options, &r, &err) != TOK_OK ||
	    tok_decode(p.decoder, r.ids, r.count, false, &back, &err) != TOK_OK)
		assert_true(err.message[0] != '\0');
	pipeline_release(&p);
}

#endif
