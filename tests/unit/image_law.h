/* image_law.h - a tokenizer saved to an image and opened again answers every
 * question as the one that it was saved from. */
#ifndef TESTS_UNIT_IMAGE_LAW_H
#define TESTS_UNIT_IMAGE_LAW_H

#include <sys/mman.h>

#include "tests/unit/many.h"
#include "tests/unit/spec_text.h"
#include "tok/pipe/decoder.h"

/* ---- blocks ----------------------------------------------------------------- */

/* A tokenizer's block in pages that cannot be written: munmap them. */
static inline struct tok_span law_save(const char *name, const struct tok_tokenizer *t)
{
	struct tok_image_writer writer = { 0 };
	struct tok_span block;
	tok_tokenizer_save(t, &writer);
	if (!tok_image_finish(&writer, &block))
		fail_msg("%s: is not saved", name);
	void *pages =
	    mmap(NULL, block.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(pages != MAP_FAILED);
	memcpy(pages, block.bytes, block.count);
	assert_int_equal(mprotect(pages, block.count, PROT_READ), 0);
	tok_image_writer_release(&writer);
	return (struct tok_span){ pages, block.count };
}

static inline void law_unmap(void *owner)
{
	struct tok_span *block = owner;
	munmap((void *)(uintptr_t)block->bytes, block->count);
	*block = (struct tok_span){ NULL, 0 };
}

/* Where two blocks differ is told by the section. */
static inline void law_same_block(const char *name, struct tok_span a, struct tok_span b)
{
	size_t at = 0;
	if (tok_span_equal(a, b))
		return;
	while (at < a.count && at < b.count && a.bytes[at] == b.bytes[at])
		at++;
	struct tok_image image;
	struct tok_error err = { 0 };
	assert_int_equal(tok_image_open(a, &image, &err), TOK_OK);
	for (size_t i = 0; i < image.count; i++) {
		const struct tok_image_section *s = &image.sections[i];
		if (at >= s->at && at < s->at + s->count)
			fail_msg("%s: blocks differ at byte %zu of section '%.4s'", name,
				 at - (size_t)s->at, (const char *)&s->tag);
	}
	fail_msg("%s: blocks of %zu and %zu bytes differ at byte %zu", name, a.count, b.count, at);
}

/* ---- questions --------------------------------------------------------------- */

static inline void law_same_entry(const char *name, const struct tok_tokenizer *a,
				  const struct tok_tokenizer *b, tok_id id)
{
	struct tok_vocab_entry x = { 0 }, y = { 0 };
	struct tok_merge left = { 0 }, right = { 0 };
	size_t rank_left = 0, rank_right = 0;
	if (tok_tokenizer_entry(a, id, &x) != tok_tokenizer_entry(b, id, &y) || x.id != y.id ||
	    x.type != y.type || memcmp(&x.score, &y.score, sizeof x.score) != 0 ||
	    !tok_span_equal(x.text, y.text))
		fail_msg("%s: entry %u differs", name, id);
	const bool made = tok_model_merge(tok_tokenizer_model(a), id, &left, &rank_left);
	if (made != tok_model_merge(tok_tokenizer_model(b), id, &right, &rank_right) ||
	    (made && (rank_left != rank_right || memcmp(&left, &right, sizeof left) != 0)))
		fail_msg("%s: the merge of %u differs", name, id);
}

static inline void law_same_names(const char *name, const struct tok_tokenizer *a,
				  const struct tok_tokenizer *b)
{
	const size_t size = tok_tokenizer_size(a);
	assert_int_equal(size, tok_tokenizer_size(b));
	for (tok_id id = 0; id < size + 3; id++) {
		const struct tok_span token = tok_tokenizer_token(a, id);
		const struct tok_span other = tok_tokenizer_token(b, id);
		if (!token.bytes != !other.bytes || !tok_span_equal(token, other))
			fail_msg("%s: token %u differs", name, id);
		if (tok_tokenizer_is_special(a, id) != tok_tokenizer_is_special(b, id))
			fail_msg("%s: only one of both has %u special", name, id);
		if (token.bytes && tok_tokenizer_find(a, token) != tok_tokenizer_find(b, token))
			fail_msg("%s: '%.*s' is found elsewhere", name, (int)token.count,
				 (const char *)token.bytes);
		law_same_entry(name, a, b, id);
	}
	assert_int_equal(tok_tokenizer_find(b, tok_span_of("no such token")), TOK_NO_ID);
}

static inline void law_say_sentencepiece(struct tok_buffer *out, const struct tok_spec *spec)
{
	say(out, " raw%d spm%d", spec->raw_vocabulary, spec->sentencepiece);
	for (size_t i = 0; i < spec->normalizer_count; i++) {
		const struct tok_norm_step *step = &spec->normalizers[i];
		if (step->kind != TOK_NORM_SENTENCEPIECE)
			continue;
		say(out, " %d%d%d%d", step->as.sentencepiece.add_dummy_prefix,
		    step->as.sentencepiece.remove_extra_whitespaces,
		    step->as.sentencepiece.escape_whitespaces,
		    step->as.sentencepiece.whitespace_as_suffix);
		say_span(out, step->as.sentencepiece.charsmap);
		for (size_t k = 0; k < step->as.sentencepiece.protected_count; k++)
			say_span(out, step->as.sentencepiece.protected_pieces[k]);
	}
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_SENTENCEPIECE_WORDS)
			say(out, " %d", spec->pretokenizers[i].as.whitespace_as_suffix);
	for (size_t i = 0; i < spec->decoder_count; i++) {
		const struct tok_decode_step *step = &spec->decoders[i];
		if (step->kind == TOK_DECODE_CTC) {
			say(out, " %d", step->as.ctc.cleanup);
			say_span(out, step->as.ctc.pad);
			say_span(out, step->as.ctc.word_delimiter);
		} else if (step->kind == TOK_DECODE_SENTENCEPIECE) {
			say(out, " %d%d%d", step->as.sentencepiece.add_dummy_prefix,
			    step->as.sentencepiece.remove_extra_whitespaces,
			    step->as.sentencepiece.whitespace_as_suffix);
			say_span(out, step->as.sentencepiece.unk_surface);
		}
	}
}

/* All but entries and merges, which a tokenizer answers by id. */
static inline struct tok_buffer law_say_spec(const struct tok_tokenizer *t)
{
	struct tok_buffer said = { 0 };
	struct tok_spec spec = *tok_tokenizer_spec(t);
	say(&said, "%zu entries", spec.model.entry_count);
	if (spec.model.kind == TOK_MODEL_BPE)
		say(&said, ", %zu merges, %d", spec.model.as.bpe.merge_count,
		    spec.model.as.bpe.unk_missing);
	if (spec.model.kind == TOK_MODEL_BPE)
		spec.model.as.bpe.merge_count = 0;
	spec.model.entry_count = 0;
	say_span(&said, spec.format);
	say_pipeline(&said, &spec);
	say_tokens(&said, &spec);
	law_say_sentencepiece(&said, &spec);
	for (size_t i = 0; i < 256; i++)
		say(&said, " %u", spec.model.byte_ids[i]);
	return said;
}

static inline void law_same_spec(const char *name, const struct tok_tokenizer *a,
				 const struct tok_tokenizer *b)
{
	struct tok_buffer x = law_say_spec(a), y = law_say_spec(b);
	if (!tok_span_equal(tok_buffer_span(&x), tok_buffer_span(&y)))
		fail_msg("%s: the description is\n%.*s\nnot\n%.*s", name, (int)y.count,
			 (const char *)y.bytes, (int)x.count, (const char *)x.bytes);
	tok_buffer_release(&x);
	tok_buffer_release(&y);
}

/* ---- text --------------------------------------------------------------------- */

struct law_side {
	struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder;
	struct tok_decoder *decoder;
};

static inline struct law_side law_side_new(struct tok_tokenizer *tokenizer)
{
	const struct law_side side = { tokenizer, tok_encoder_new(tokenizer),
				       tok_decoder_new(tokenizer) };
	assert_true(side.encoder && side.decoder);
	return side;
}

static inline void law_side_release(struct law_side *side)
{
	tok_encoder_free(side->encoder);
	tok_decoder_free(side->decoder);
}

static inline void law_same_decoding(const char *name, struct law_side *a, struct law_side *b,
				     const tok_id *ids, size_t count)
{
	for (int skip = 0; skip < 2; skip++) {
		struct tok_error err = { 0 }, other_err = { 0 };
		struct tok_span text = { NULL, 0 }, other = { NULL, 0 };
		const enum tok_status s = tok_decode(a->decoder, ids, count, skip, &text, &err);
		if (s != tok_decode(b->decoder, ids, count, skip, &other, &other_err) ||
		    strcmp(err.message, other_err.message) != 0 || !tok_span_equal(text, other))
			fail_msg("%s: %zu ids become '%.*s' %s, not '%.*s' %s", name, count,
				 (int)other.count, (const char *)other.bytes, other_err.message,
				 (int)text.count, (const char *)text.bytes, err.message);
	}
}

static inline bool law_same_encoding(const struct tok_encoding *a, const struct tok_encoding *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->ids[i] != b->ids[i] ||
		    (a->ranges && memcmp(&a->ranges[i], &b->ranges[i], sizeof *a->ranges) != 0) ||
		    (a->tokens && !tok_span_equal(a->tokens[i], b->tokens[i])))
			return false;
	return true;
}

/* Twice, so that what an encoder remembers answers too. */
static inline void law_same_text(const char *name, struct law_side *a, struct law_side *b,
				 struct tok_span text)
{
	for (unsigned i = 0; i < 12; i++) {
		const struct tok_encode_options options = {
			.special_text = i % 3 == 0   ? TOK_SPECIAL_MATCH
					: i % 3 == 1 ? TOK_SPECIAL_ORDINARY
						     : TOK_SPECIAL_ERROR,
			.add_special = i & 1,
			.truncate = i & 2,
			.offsets = i & 4,
			.tokens = i & 4,
		};
		struct tok_encoding x = { 0 }, y = { 0 };
		struct tok_error err = { 0 }, other = { 0 };
		const enum tok_status s = tok_encode(a->encoder, text, &options, &x, &err);
		if (s != tok_encode(b->encoder, text, &options, &y, &other) ||
		    strcmp(err.message, other.message) != 0 ||
		    (s == TOK_OK && !law_same_encoding(&x, &y)))
			fail_msg("%s: '%.*s' is encoded in another way (%s, %s)", name,
				 (int)text.count, (const char *)text.bytes, err.message,
				 other.message);
		if (s == TOK_OK)
			law_same_decoding(name, a, b, x.ids, x.count);
	}
	for (int match = 0; match < 2; match++)
		assert_int_equal(tok_tokenizer_cut(a->tokenizer, text, match),
				 tok_tokenizer_cut(b->tokenizer, text, match));
}

/* Tokens of the vocabulary, one behind the other. */
static inline size_t law_token_text(const struct tok_tokenizer *t, uint64_t *state, uint8_t *out,
				    size_t most)
{
	const size_t size = tok_tokenizer_size(t);
	size_t n = 0;
	for (int i = 0; i < 60 && size; i++) {
		struct tok_vocab_entry entry;
		const tok_id id = many_draw(state, (uint32_t)size);
		const struct tok_span text =
		    tok_tokenizer_entry(t, id, &entry) ? entry.text : tok_tokenizer_token(t, id);
		if (!text.bytes || text.count > most - n)
			continue;
		memcpy(out + n, text.bytes, text.count);
		n += text.count;
		if (n < most && many_draw(state, 4) == 0)
			out[n++] = ' ';
	}
	return n;
}

static inline void law_same_texts(const char *name, struct law_side *a, struct law_side *b,
				  int rounds)
{
	uint64_t state = 7;
	uint8_t text[600];
	tok_id ids[64];
	const uint32_t size = (uint32_t)tok_tokenizer_size(a->tokenizer);
	law_same_text(name, a, b, tok_span_of(""));
	for (int i = 0; i < rounds; i++) {
		size_t count = many_text(&state, text, (size_t)20 + many_draw(&state, 300));
		law_same_text(name, a, b, (struct tok_span){ text, count });
		count = law_token_text(a->tokenizer, &state, text, sizeof text);
		law_same_text(name, a, b, (struct tok_span){ text, count });
		for (size_t k = 0; k < 64; k++)
			ids[k] = many_draw(&state, size ? size + (i == 0) : 1);
		law_same_decoding(name, a, b, ids, 1 + many_draw(&state, 64));
	}
}

/* ---- the law ------------------------------------------------------------------ */

static inline void law_check(const char *name, struct tok_tokenizer *t, int rounds)
{
	struct tok_span block = law_save(name, t);
	struct tok_tokenizer *opened = NULL;
	struct tok_error err = { 0 };
	if (tok_tokenizer_open(block, false, law_unmap, &block, &opened, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	law_same_names(name, t, opened);
	law_same_spec(name, t, opened);
	struct law_side a = law_side_new(t), b = law_side_new(opened);
	law_same_texts(name, &a, &b, rounds);
	law_side_release(&a);
	law_side_release(&b);

	struct tok_span again = law_save(name, opened);
	law_same_block(name, block, again);
	law_unmap(&again);
	tok_tokenizer_free(opened);
	assert_null(block.bytes); /* released, and only now */
}

#endif
