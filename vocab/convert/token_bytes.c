#include "vocab/convert/token_bytes.h"

#include <stdlib.h>

#include "tok/pipe/byte_level.h"
#include "tok/text/utf8.h"
#include "vocab/convert/growth.h"

/* ---- what stands for a space --------------------------------------------------------- */

static const char probe[] = " test";

/* The first piece that the pipeline cuts the probe into; empty if there is none. */
static enum tok_status first_piece(const struct tok_spec *spec, struct tok_text *text,
				   struct tok_span *out, struct tok_error *err)
{
	struct tok_normalizer *normalizer = NULL;
	struct tok_pretokenizer *pretokenizer = NULL;
	struct tok_norm_scratch *norm = tok_norm_scratch_new();
	struct tok_pretok_scratch *pretok = tok_pretok_scratch_new();
	struct tok_pieces pieces = { 0 };
	enum tok_status status =
	    tok_normalizer_new(spec->normalizers, spec->normalizer_count, &normalizer, err);
	if (status == TOK_OK)
		status = tok_pretokenizer_new(spec->pretokenizers, spec->pretokenizer_count,
					      &pretokenizer, err);
	if (status == TOK_OK && (!norm || !pretok || !tok_text_set(text, tok_span_of(probe), 0)))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = tok_normalize(normalizer, norm, text, err);
	if (status == TOK_OK)
		status = tok_pretokenize(pretokenizer, TOK_KERNEL_SCALAR, pretok, text, true,
					 &pieces, err);
	if (status == TOK_OK)
		*out = pieces.count ? tok_span_slice(tok_text_span(text), pieces.ranges[0].begin,
						     pieces.ranges[0].end)
				    : (struct tok_span){ 0 };
	tok_pieces_release(&pieces);
	tok_pretok_scratch_free(pretok);
	tok_norm_scratch_free(norm);
	tok_pretokenizer_free(pretokenizer);
	tok_normalizer_free(normalizer);
	return status;
}

/* "test" itself may come out in other letters. */
static bool is_letter(uint32_t code)
{
	return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
}

static enum tok_status find_space(const struct tok_spec *spec, uint32_t *out, struct tok_error *err)
{
	struct tok_text text = { .tracked = true };
	struct tok_span piece;
	if (!vocab_encodes_small(spec, tok_span_of(probe)))
		return TOK_OK; /* a hostile file: nothing stands for a space */
	const enum tok_status status = first_piece(spec, &text, &piece, err);
	if (status == TOK_OK) {
		const uint32_t code = piece.count ? tok_utf8_at(piece, 0).code : ' ';
		*out = code == ' ' || is_letter(code) ? 0 : code;
	}
	tok_text_release(&text);
	return status;
}

static bool is_in_alphabet(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL)
			return true;
	for (size_t i = 0; i < spec->normalizer_count; i++)
		if (spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL)
			return true;
	return false;
}

/* ---- spellings ----------------------------------------------------------------------- */

enum tok_status vocab_spelling_find(const struct tok_spec *spec, struct vocab_spelling *out,
				    struct tok_error *err)
{
	const struct tok_model_spec *model = &spec->model;
	*out = (struct vocab_spelling){ .plain = spec->raw_vocabulary || is_in_alphabet(spec) };
	if (model->kind == TOK_MODEL_WORDPIECE)
		out->prefix = model->as.wordpiece.prefix;
	if (model->kind == TOK_MODEL_BPE) {
		out->prefix = model->as.bpe.prefix;
		out->suffix = model->as.bpe.suffix;
	}
	out->starts = out->prefix.count > 0;
	return out->plain ? TOK_OK : find_space(spec, &out->space, err);
}

/* Takes the suffix off; is there one? */
static bool ends_word(const struct vocab_spelling *spelling, struct tok_span *text)
{
	const size_t count = spelling->suffix.count;
	if (count == 0 || text->count < count)
		return false;
	const struct tok_span tail = tok_span_slice(*text, text->count - count, text->count);
	if (!tok_span_equal(tail, spelling->suffix))
		return false;
	text->count -= count;
	return true;
}

bool vocab_spelling_read(const struct vocab_spelling *spelling, struct tok_span text,
			 struct tok_buffer *out)
{
	const bool ends = ends_word(spelling, &text);
	bool done = true;
	if (spelling->starts) {
		const struct tok_span prefix = spelling->prefix;
		if (text.count > prefix.count && tok_span_starts(text, prefix))
			text = tok_span_slice(text, prefix.count, text.count);
		else
			done = tok_buffer_add_byte(out, ' ');
	}
	for (size_t at = 0; done && at < text.count;) {
		const struct tok_char next = tok_utf8_at(text, at);
		done = spelling->space && next.code == spelling->space
			   ? tok_buffer_add_byte(out, ' ')
			   : tok_buffer_add(out, text.bytes + at, next.length);
		at += next.length;
	}
	return done && (!ends || tok_buffer_add_byte(out, ' '));
}

/* ---- tokens ---------------------------------------------------------------------------- */

struct reading {
	const struct tok_tokenizer *tokenizer;
	const struct tok_spec *spec;
	struct vocab_spelling spelling;
	struct tok_buffer room;
	struct vocab_token_bytes *out;
};

static bool is_special(const struct reading *r, tok_id id, const struct tok_vocab_entry *entry)
{
	return tok_tokenizer_is_special(r->tokenizer, id) || id == r->spec->model.unk ||
	       (entry && (entry->type == TOK_PIECE_CONTROL || entry->type == TOK_PIECE_UNKNOWN));
}

/* The byte that falls back to this token, which is then called <0xNN>; or -1. */
static int find_byte(const struct tok_model_spec *model, const struct tok_vocab_entry *entry)
{
	static const char front[] = "<0x";
	if (!model->byte_fallback || entry->text.count != 6 ||
	    memcmp(entry->text.bytes, front, sizeof front - 1) != 0)
		return -1;
	for (int byte = 0; byte < 256; byte++)
		if (model->byte_ids[byte] == entry->id)
			return byte;
	return -1;
}

static bool set(struct reading *r, tok_id id, enum vocab_token_kind kind, struct tok_span bytes)
{
	r->out->kinds[id] = (uint8_t)kind;
	r->out->bytes[id] = tok_arena_copy(&r->out->arena, bytes);
	return r->out->bytes[id].bytes != NULL;
}

/* In the alphabet, or raw. */
static bool read_plain(struct reading *r, struct tok_span text)
{
	const bool ends = ends_word(&r->spelling, &text);
	bool all = true;
	if (!r->spec->raw_vocabulary) {
		const struct tok_span bytes = tok_lower_text(text, &r->out->arena, &all);
		if (!bytes.bytes)
			return false;
		text = all ? bytes : text;
	}
	return tok_buffer_add(&r->room, text.bytes, text.count) &&
	       (!ends || tok_buffer_add_byte(&r->room, ' '));
}

static bool set_text(struct reading *r, tok_id id, struct tok_span text)
{
	tok_buffer_clear(&r->room);
	const bool ok = r->spelling.plain ? read_plain(r, text)
					  : vocab_spelling_read(&r->spelling, text, &r->room);
	return ok && set(r, id, VOCAB_TOKEN_TEXT, tok_buffer_span(&r->room));
}

static bool read_token(struct reading *r, tok_id id)
{
	const struct tok_span name = tok_tokenizer_token(r->tokenizer, id);
	struct tok_vocab_entry entry;
	const bool is_entry = tok_tokenizer_entry(r->tokenizer, id, &entry);
	const int byte = is_entry ? find_byte(&r->spec->model, &entry) : -1;
	if (!name.bytes)
		return true;
	if (is_special(r, id, is_entry ? &entry : NULL))
		return set(r, id, VOCAB_TOKEN_SPECIAL, name);
	if (byte >= 0) {
		const uint8_t text = (uint8_t)byte;
		return set(r, id, VOCAB_TOKEN_BYTE, (struct tok_span){ &text, 1 });
	}
	return is_entry ? set_text(r, id, entry.text) : set(r, id, VOCAB_TOKEN_TEXT, name);
}

enum tok_status vocab_token_bytes(const struct tok_tokenizer *tokenizer,
				  struct vocab_token_bytes *out, struct tok_error *err)
{
	const size_t count = tok_tokenizer_size(tokenizer);
	struct vocab_token_bytes tokens = {
		.bytes = calloc(count + 1, sizeof *tokens.bytes),
		.kinds = calloc(count + 1, sizeof *tokens.kinds),
		.count = count,
	};
	struct reading r = {
		.tokenizer = tokenizer,
		.spec = tok_tokenizer_spec(tokenizer),
		.out = &tokens,
	};
	enum tok_status status = vocab_spelling_find(r.spec, &r.spelling, err);
	bool ok = tokens.bytes && tokens.kinds;
	for (size_t id = 0; status == TOK_OK && ok && id < count; id++)
		ok = read_token(&r, (tok_id)id);
	if (status == TOK_OK && !ok)
		status = tok_fail_memory(err);
	tok_buffer_release(&r.room);
	if (status == TOK_OK)
		*out = tokens;
	else
		vocab_token_bytes_release(&tokens);
	return status;
}

void vocab_token_bytes_release(struct vocab_token_bytes *tokens)
{
	free(tokens->bytes);
	free(tokens->kinds);
	tok_arena_release(&tokens->arena);
	*tokens = (struct vocab_token_bytes){ 0 };
}
