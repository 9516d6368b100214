/* sentencepiece_check.c - what SentencePiece 0.2 refuses when it loads a model
 * (ModelInterface::InitializePieces, SentencePieceProcessor::Load). */
#include "vocab/format/sentencepiece_internal.h"

#include <math.h>

#include "tok/base/hash.h"
#include "tok/text/utf8.h"
#include "tok/text/json.h"

enum { PIECE_LIMIT_BYTES = 8000 };

static bool is_nul(struct tok_span piece)
{
	return piece.count == 1 && piece.bytes[0] == 0;
}

int spm_byte_of_name(struct tok_span name)
{
	static const char digits[] = "0123456789ABCDEF";
	if (name.count != 6 || memcmp(name.bytes, "<0x", 3) != 0 || name.bytes[5] != '>')
		return -1;
	const char *high = memchr(digits, name.bytes[3], 16);
	const char *low = memchr(digits, name.bytes[4], 16);
	return high && low ? (int)((high - digits) * 16 + (low - digits)) : -1;
}

/* Control, unknown and byte pieces have names of their own, except in BPE. */
static bool is_reserved(const struct spm_model *model, const struct tok_vocab_entry *entry)
{
	return model->kind != SPM_BPE &&
	       (entry->type == TOK_PIECE_CONTROL || entry->type == TOK_PIECE_UNKNOWN ||
		entry->type == TOK_PIECE_BYTE);
}

static enum tok_status check_piece_alone(const struct spm_model *model,
					 const struct tok_vocab_entry *entry, struct tok_error *err)
{
	const struct tok_span text = entry->text;
	if (text.count == 0)
		return tok_fail(err, TOK_EFORMAT, "piece %u is empty", entry->id);
	if (text.count >= PIECE_LIMIT_BYTES)
		return tok_fail(err, TOK_EFORMAT, "piece %u has %zu bytes: it must have below %d",
				entry->id, text.count, PIECE_LIMIT_BYTES);
	if (!tok_utf8_valid(text))
		return tok_fail(err, TOK_EFORMAT, "piece %u is not UTF-8: '%s'", entry->id,
				tok_show(text).text);
	if (memchr(text.bytes, 0, text.count))
		return tok_fail(err, TOK_EFORMAT, "piece %u has a NUL in it", entry->id);
	if (model->kind == SPM_UNIGRAM && !isfinite(entry->score))
		return tok_fail(err, TOK_EFORMAT,
				"the score of piece %u is %f: a log probability is finite",
				entry->id, entry->score);
	const struct tok_char first = tok_utf8_at(text, 0);
	if (model->kind == SPM_CHAR && entry->type == TOK_PIECE_NORMAL && first.length < text.count)
		return tok_fail(err, TOK_EFORMAT,
				"piece %u is '%s', more than the one character that pieces of a "
				"character model have",
				entry->id, tok_show(text).text);
	return TOK_OK;
}

static enum tok_status check_byte(const struct spm_model *model,
				  const struct tok_vocab_entry *entry, bool found[256],
				  struct tok_error *err)
{
	const int byte = spm_byte_of_name(entry->text);
	if (!model->byte_fallback)
		return tok_fail(err, TOK_EFORMAT,
				"piece %u is the byte '%s', but byte_fallback is off", entry->id,
				tok_show(entry->text).text);
	if (byte < 0)
		return tok_fail(err, TOK_EFORMAT,
				"byte piece %u must be called <0x00> to <0xFF>, not '%s'",
				entry->id, tok_show(entry->text).text);
	found[byte] = true;
	return TOK_OK;
}

struct seen {
	struct tok_strings matched, reserved;
	bool bytes[256];
	tok_id unknown;
};

static enum tok_status check_piece(const struct spm_model *model, struct tok_vocab_entry *entry,
				   struct seen *seen, struct tok_error *err)
{
	/* Converters write a NUL beside <0x00>; the library sets it aside. */
	if (is_nul(entry->text) && model->byte_fallback)
		entry->type = TOK_PIECE_UNUSED;
	if (is_nul(entry->text) && entry->type == TOK_PIECE_UNUSED)
		return TOK_OK;
	enum tok_status status = check_piece_alone(model, entry, err);
	if (status != TOK_OK)
		return status;
	struct tok_strings *names = is_reserved(model, entry) ? &seen->reserved : &seen->matched;
	if (!tok_strings_add(names, entry->text, entry->id))
		return tok_fail(err, TOK_EFORMAT, "pieces %u and %u are both '%s'",
				tok_strings_find(names, entry->text), entry->id,
				tok_show(entry->text).text);
	if (entry->type == TOK_PIECE_BYTE)
		return check_byte(model, entry, seen->bytes, err);
	if (entry->type == TOK_PIECE_UNKNOWN && seen->unknown != TOK_NO_ID)
		return tok_fail(err, TOK_EFORMAT,
				"pieces %u and %u are both the unknown piece: there must be one",
				seen->unknown, entry->id);
	if (entry->type == TOK_PIECE_UNKNOWN)
		seen->unknown = entry->id;
	return TOK_OK;
}

/* Is there no text of which this byte is left? */
static bool is_served(const struct spm_model *model, const struct seen *seen, unsigned byte)
{
	const uint8_t text = (uint8_t)byte;
	if (!model->characters_serve || byte > 127)
		return false;
	const tok_id id = tok_strings_find(&seen->matched, (struct tok_span){ &text, 1 });
	return id != TOK_NO_ID && (model->entries[id].type == TOK_PIECE_NORMAL ||
				   model->entries[id].type == TOK_PIECE_USER_DEFINED);
}

static enum tok_status check_model(const struct spm_model *model, const struct seen *seen,
				   struct tok_error *err)
{
	if (model->denormalizer_charsmap.count)
		return tok_fail(err, TOK_EFORMAT,
				"the model has rules for decoding (denormalizer_spec), which are "
				"not supported");
	if (!model->byte_fallback && seen->unknown == TOK_NO_ID)
		return tok_fail(err, TOK_EFORMAT, "there is no unknown piece");
	for (unsigned byte = 0; model->byte_fallback && byte < 256; byte++)
		if (!seen->bytes[byte] && !is_served(model, seen, byte))
			return tok_fail(err, TOK_EFORMAT,
					"byte_fallback is on, but there is no piece <0x%02X>",
					byte);
	return TOK_OK;
}

enum tok_status spm_check(struct spm_model *model, struct tok_error *err)
{
	struct tok_arena scratch = { 0 };
	struct seen seen = { .unknown = TOK_NO_ID };
	enum tok_status status = TOK_OK;

	if (!tok_strings_init(&seen.matched, &scratch, model->count) ||
	    !tok_strings_init(&seen.reserved, &scratch, model->count))
		status = tok_fail_memory(err);
	for (size_t i = 0; i < model->count && status == TOK_OK; i++)
		status = check_piece(model, &model->entries[i], &seen, err);
	if (status == TOK_OK)
		status = check_model(model, &seen, err);
	tok_arena_release(&scratch);
	return status;
}
