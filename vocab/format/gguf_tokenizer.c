/* gguf_tokenizer.c - the tokenizer inside a GGUF file, as llama.cpp writes it. */
#include "vocab/format/format_internal.h"
#include "vocab/format/gguf_internal.h"

#include <stdio.h>

#include "tok/text/utf8.h"
#include "tok/text/json.h"
#include "vocab/format/sentencepiece_internal.h"
#include "vocab/format/wordpiece_internal.h"

/* ---- tokens ------------------------------------------------------------------- */

struct tokens {
	struct tok_vocab_entry *entries;
	size_t count;
};

/* llama.cpp's name for a token without one. */
static struct tok_span name_empty(struct tok_arena *arena, size_t id)
{
	char name[32];
	snprintf(name, sizeof name, "[EMPTY_%zu]", id);
	return tok_arena_copy(arena, tok_span_of(name));
}

static enum tok_status read_texts(const struct tok_gguf_value *value, struct tok_spec *out,
				  struct tokens *tokens, struct tok_error *err)
{
	const struct tok_span all = tok_arena_copy(&out->arena, value->bytes);
	struct tok_bytes_reader r = { .bytes = all };
	tokens->count = (size_t)value->count;
	tokens->entries = tok_arena_array(&out->arena, tokens->count, sizeof *tokens->entries);
	if (!all.bytes || !tokens->entries)
		return tok_fail_memory(err);
	for (size_t i = 0; i < tokens->count; i++) {
		struct tok_vocab_entry *entry = &tokens->entries[i];
		entry->id = (tok_id)i;
		entry->text = tok_bytes_take(&r, tok_bytes_u64(&r));
		if (entry->text.count == 0)
			entry->text = name_empty(&out->arena, i);
		if (!entry->text.bytes)
			return tok_fail_memory(err);
		if (!tok_utf8_valid(entry->text))
			return tok_fail(err, TOK_EFORMAT, "token %zu is not UTF-8: '%s'", i,
					tok_show(entry->text).text);
	}
	return TOK_OK;
}

static enum tok_status check_count(const struct gguf_metadata *meta, enum gguf_key key,
				   const struct tokens *tokens, struct tok_error *err)
{
	const struct tok_gguf_value *value = &meta->values[key];
	if (!value->there || value->count >= tokens->count)
		return TOK_OK;
	return tok_fail(err, TOK_EFORMAT, "'%s' has %llu items for %zu tokens", gguf_key_name(key),
			(unsigned long long)value->count, tokens->count);
}

static void read_scores(const struct tok_gguf_value *value, struct tokens *tokens)
{
	for (size_t i = 0; value->there && i < tokens->count; i++) {
		float score;
		memcpy(&score, value->bytes.bytes + 4 * i, sizeof score);
		tokens->entries[i].score = (double)score;
	}
}

/* llama.cpp counts types as SentencePiece does; anything else is normal. */
static void read_types(const struct tok_gguf_value *value, struct tokens *tokens)
{
	static const enum tok_piece_type types[] = {
		[0] = TOK_PIECE_NORMAL,  [1] = TOK_PIECE_NORMAL,       [2] = TOK_PIECE_UNKNOWN,
		[3] = TOK_PIECE_CONTROL, [4] = TOK_PIECE_USER_DEFINED, [5] = TOK_PIECE_UNUSED,
		[6] = TOK_PIECE_BYTE,
	};
	for (size_t i = 0; i < tokens->count; i++) {
		const uint64_t type =
		    tok_bytes_number(tok_span_slice(value->bytes, 4 * i, 4 * i + 4));
		tokens->entries[i].type = types[type < 7 ? type : 0];
	}
}

/* Without types, bytes are known by their names and the others by their ids. */
static void guess_types(const struct gguf_metadata *meta, struct tokens *tokens)
{
	const tok_id bos = gguf_id(meta, GGUF_BOS_ID, TOK_NO_ID);
	const tok_id eos = gguf_id(meta, GGUF_EOS_ID, TOK_NO_ID);
	for (size_t i = 0; i < tokens->count; i++) {
		struct tok_vocab_entry *entry = &tokens->entries[i];
		if (spm_byte_of_name(entry->text) >= 0)
			entry->type = TOK_PIECE_BYTE;
		if (i == bos || i == eos)
			entry->type = TOK_PIECE_CONTROL;
	}
}

static enum tok_status read_tokens(const struct gguf_metadata *meta, struct tok_spec *out,
				   struct tokens *tokens, struct tok_error *err)
{
	if (!meta->values[GGUF_TOKENS].there)
		return tok_fail(err, TOK_EFORMAT, "'%s' is missing", gguf_key_name(GGUF_TOKENS));
	enum tok_status status = read_texts(&meta->values[GGUF_TOKENS], out, tokens, err);
	if (status == TOK_OK)
		status = check_count(meta, GGUF_SCORES, tokens, err);
	if (status == TOK_OK)
		status = check_count(meta, GGUF_TYPES, tokens, err);
	if (status != TOK_OK)
		return status;
	read_scores(&meta->values[GGUF_SCORES], tokens);
	if (meta->values[GGUF_TYPES].there)
		read_types(&meta->values[GGUF_TYPES], tokens);
	else
		guess_types(meta, tokens);
	out->model.entries = tokens->entries;
	out->model.entry_count = tokens->count;
	return TOK_OK;
}

/* ---- SentencePiece: "llama" and "t5" --------------------------------------------- */

struct spm_habits {
	enum spm_kind kind;
	bool add_space_prefix, add_bos, add_eos;
	tok_id bos, eos, unk;
};

static const struct spm_habits llama_habits = { SPM_BPE, true, true, false, 1, 2, 0 };
static const struct spm_habits t5_habits = { SPM_UNIGRAM, false, false, true, TOK_NO_ID, 1, 2 };

static size_t count_type(const struct tokens *tokens, enum tok_piece_type type)
{
	size_t count = 0;
	for (size_t i = 0; i < tokens->count; i++)
		count += tokens->entries[i].type == type;
	return count;
}

static enum tok_status build_spm(const struct gguf_metadata *meta, const struct spm_habits *habits,
				 const struct tokens *tokens, struct tok_spec *out,
				 struct tok_error *err)
{
	struct spm_model model = spm_defaults();
	const tok_id unk = gguf_id(meta, GGUF_UNK_ID, habits->unk);
	if (count_type(tokens, TOK_PIECE_UNKNOWN) == 0 && unk < tokens->count)
		tokens->entries[unk].type = TOK_PIECE_UNKNOWN;
	model.kind = habits->kind;
	model.entries = tokens->entries;
	model.count = tokens->count;
	model.byte_fallback = count_type(tokens, TOK_PIECE_BYTE) > 0;
	model.characters_serve = true;
	model.charsmap = meta->values[GGUF_CHARSMAP].bytes;
	model.add_dummy_prefix = gguf_flag(meta, GGUF_ADD_SPACE_PREFIX, habits->add_space_prefix);
	model.remove_extra_whitespaces = gguf_flag(meta, GGUF_REMOVE_EXTRA_WHITESPACES, false);

	enum tok_status status = spm_check(&model, err);
	if (status == TOK_OK)
		status = spm_build(&model, out, err);
	if (status != TOK_OK)
		return status;
	const bool bos = gguf_flag(meta, GGUF_ADD_BOS, habits->add_bos);
	const bool eos = gguf_flag(meta, GGUF_ADD_EOS, habits->add_eos);
	return spm_add_template(out, bos ? gguf_id(meta, GGUF_BOS_ID, habits->bos) : TOK_NO_ID,
				eos ? gguf_id(meta, GGUF_EOS_ID, habits->eos) : TOK_NO_ID, err);
}

static enum tok_status build_llama(const struct gguf_metadata *meta, struct tokens *tokens,
				   struct tok_spec *out, struct tok_error *err)
{
	return build_spm(meta, &llama_habits, tokens, out, err);
}

static enum tok_status build_t5(const struct gguf_metadata *meta, struct tokens *tokens,
				struct tok_spec *out, struct tok_error *err)
{
	return build_spm(meta, &t5_habits, tokens, out, err);
}

/* ---- WordPiece: "bert" -------------------------------------------------------------- */

/* Here words begin with U+2581 and other pieces are bare; [BRACKETS] stay. */
static struct tok_span respell(struct tok_arena *arena, struct tok_span text)
{
	static const struct tok_span mark = { (const uint8_t *)"\xE2\x96\x81", 3 };
	if (tok_span_starts(text, mark))
		return tok_span_slice(text, mark.count, text.count);
	if (text.bytes[0] == '[' && text.bytes[text.count - 1] == ']')
		return text;
	uint8_t *bytes = tok_arena_array(arena, text.count + 2, 1);
	if (bytes) {
		memcpy(bytes, "##", 2);
		memcpy(bytes + 2, text.bytes, text.count);
	}
	return (struct tok_span){ bytes, text.count + 2 };
}

static enum tok_status build_bert(const struct gguf_metadata *meta, struct tokens *tokens,
				  struct tok_spec *out, struct tok_error *err)
{
	for (size_t i = 0; i < tokens->count; i++) {
		struct tok_vocab_entry *entry = &tokens->entries[i];
		entry->text = respell(&out->arena, entry->text);
		entry->type = TOK_PIECE_NORMAL;
		if (!entry->text.bytes)
			return tok_fail_memory(err);
	}
	const bool lowercase = gguf_flag(meta, GGUF_LOWERCASE, wordpiece_is_uncased(&out->model));
	return wordpiece_finish(out, lowercase, gguf_flag(meta, GGUF_STRIP_ACCENTS, lowercase),
				err);
}

/* ---- which it is ---------------------------------------------------------------------- */

static enum tok_status build_gpt2(const struct gguf_metadata *meta, struct tokens *tokens,
				  struct tok_spec *out, struct tok_error *err)
{
	return gguf_build_bpe(meta, out, tokens->entries, err);
}

static const struct {
	const char *name;
	enum tok_status (*build)(const struct gguf_metadata *meta, struct tokens *tokens,
				 struct tok_spec *out, struct tok_error *err);
} models[] = {
	{ "gpt2", build_gpt2 },
	{ "llama", build_llama },
	{ "t5", build_t5 },
	{ "bert", build_bert },
};

static enum tok_status build(const struct gguf_metadata *meta, struct tok_spec *out,
			     struct tok_error *err)
{
	const struct tok_gguf_value *name = &meta->values[GGUF_MODEL];
	struct tokens tokens = { 0 };
	if (!name->there)
		return tok_fail(err, TOK_EFORMAT, "there is no tokenizer in it: '%s' is missing",
				gguf_key_name(GGUF_MODEL));
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		if (!tok_span_equal(name->bytes, tok_span_of(models[i].name)))
			continue;
		const enum tok_status status = read_tokens(meta, out, &tokens, err);
		return status == TOK_OK ? models[i].build(meta, &tokens, out, err) : status;
	}
	return tok_fail(err, TOK_EFORMAT,
			"the tokenizer model '%s' is not supported: gpt2, llama, t5 and bert are",
			tok_show(name->bytes).text);
}

enum tok_status vocab_read_gguf(struct tok_span file, struct tok_spec *out, struct tok_error *err)
{
	struct gguf_metadata meta;
	enum tok_status status = gguf_parse(file, &meta, err);
	if (status != TOK_OK)
		return status;
	/* The original file, where there is one, knows best. */
	if (meta.values[GGUF_HF_JSON].there) {
		status = vocab_read_hf(meta.values[GGUF_HF_JSON].bytes, out, err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "%s", gguf_key_name(GGUF_HF_JSON));
	} else {
		status = build(&meta, out, err);
	}
	out->format = tok_span_of(VOCAB_FORMAT_GGUF);
	return status;
}
