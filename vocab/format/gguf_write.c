/* A specification as llama.cpp's key-value pairs: the other way of gguf_tokenizer.c and
 * gguf_bpe.c. */
#include "vocab/format/gguf_write_internal.h"

#include <stdio.h>

#include "tok/base/hash.h"
#include "tok/text/json.h"
#include "vocab/format/format_internal.h"
#include "vocab/format/gguf_internal.h"
#include "vocab/format/wordpiece_internal.h"
#include "vocab/format/write.h"

struct gguf_spec_writer {
	struct gguf_writer w;
	const struct tok_spec *spec;
	const struct vocab_gguf_options *options;
	struct tok_arena scratch;
	struct tok_vocab_entry *tokens; /* by id: as they are written */
	size_t count;
	const struct tok_template_item *first, *last; /* of the template; NULL: none */
	struct tok_error *err;
};

struct vocab_gguf_options vocab_gguf_defaults(void)
{
	struct vocab_gguf_options options = { 0 };
	memset(options.ids, 0xFF, sizeof options.ids);
	return options;
}

static enum tok_status refuse(struct gguf_spec_writer *s, const char *part, const char *wanted)
{
	return tok_fail(s->err, TOK_EARG, "%s: a GGUF file says it only of %s", part, wanted);
}

/* ---- tokens by id ------------------------------------------------------------------------ */

static size_t count_ids(const struct tok_spec *spec)
{
	size_t count = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id >= count)
			count = (size_t)spec->model.entries[i].id + 1;
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id >= count)
			count = (size_t)spec->added[i].id + 1;
	return count;
}

/* What no token has is unused, under a name as llama.cpp's converter gives it. */
static bool fill_holes(struct gguf_spec_writer *s)
{
	for (size_t i = 0; i < s->count; i++) {
		char name[32];
		if (s->tokens[i].text.bytes)
			continue;
		snprintf(name, sizeof name, "[PAD%zu]", i);
		s->tokens[i] = (struct tok_vocab_entry){ .text = tok_arena_copy(&s->scratch,
										tok_span_of(name)),
							 .id = (tok_id)i,
							 .type = TOK_PIECE_UNUSED };
		if (!s->tokens[i].text.bytes)
			return false;
	}
	return true;
}

static enum tok_status collect_tokens(struct gguf_spec_writer *s)
{
	const struct tok_model_spec *model = &s->spec->model;
	s->count = count_ids(s->spec);
	s->tokens = tok_arena_array(&s->scratch, s->count, sizeof *s->tokens);
	if (!s->tokens)
		return tok_fail_memory(s->err);
	for (size_t i = 0; i < model->entry_count; i++)
		s->tokens[model->entries[i].id] = model->entries[i];
	for (size_t i = 0; i < s->spec->added_count; i++) {
		const struct tok_added_token *added = &s->spec->added[i];
		struct tok_vocab_entry *token = &s->tokens[added->id];
		token->text = added->content;
		token->id = added->id;
		if (!s->spec->sentencepiece)
			token->type = added->special ? TOK_PIECE_CONTROL : TOK_PIECE_USER_DEFINED;
	}
	return fill_holes(s) ? TOK_OK : tok_fail_memory(s->err);
}

static void put_tokens(struct gguf_spec_writer *s)
{
	gguf_put_array(&s->w, "tokenizer.ggml.tokens", TOK_GGUF_STRING, s->count);
	for (size_t i = 0; i < s->count; i++)
		gguf_put_text(&s->w, s->tokens[i].text);
}

static void put_scores(struct gguf_spec_writer *s)
{
	gguf_put_array(&s->w, "tokenizer.ggml.scores", TOK_GGUF_F32, s->count);
	for (size_t i = 0; i < s->count; i++)
		gguf_put_float(&s->w, (float)s->tokens[i].score);
}

static void put_types(struct gguf_spec_writer *s)
{
	gguf_put_array(&s->w, "tokenizer.ggml.token_type", TOK_GGUF_I32, s->count);
	for (size_t i = 0; i < s->count; i++)
		gguf_put_number(&s->w, gguf_piece_type(s->tokens[i].type), 4);
}

/* ---- what is put around a text ------------------------------------------------------------- */

/* A token before, one behind, or both. */
static enum tok_status read_template(struct gguf_spec_writer *s)
{
	const struct tok_post_step *found = NULL;
	for (size_t i = 0; i < s->spec->post_count; i++) {
		const struct tok_post_step *step = &s->spec->posts[i];
		if (step->kind != TOK_POST_TEMPLATE)
			continue;
		if (found)
			return refuse(s, "post_processor", "one template");
		found = step;
	}
	size_t texts = 0;
	for (size_t i = 0; found && i < found->item_count; i++) {
		const struct tok_template_item *item = &found->items[i];
		const struct tok_template_item **place = texts ? &s->last : &s->first;
		texts += item->kind == TOK_TEMPLATE_TEXT;
		if (item->kind == TOK_TEMPLATE_TEXT)
			continue;
		if (*place)
			return refuse(s, "post_processor",
				      "one token before a text and one behind it");
		*place = item;
	}
	return found && texts != 1 ? refuse(s, "post_processor", "a template with one text")
				   : TOK_OK;
}

static void put_id(struct gguf_spec_writer *s, const char *key, tok_id id)
{
	if (id < s->count)
		gguf_put_u32(&s->w, key, id);
}

static void put_ids(struct gguf_spec_writer *s)
{
	static const char *const keys[VOCAB_GGUF_IDS] = {
		[VOCAB_GGUF_BOS] = "tokenizer.ggml.bos_token_id",
		[VOCAB_GGUF_EOS] = "tokenizer.ggml.eos_token_id",
		[VOCAB_GGUF_EOT] = "tokenizer.ggml.eot_token_id",
		[VOCAB_GGUF_UNK] = "tokenizer.ggml.unknown_token_id",
		[VOCAB_GGUF_SEP] = "tokenizer.ggml.seperator_token_id", /* as it is spelled there */
		[VOCAB_GGUF_PAD] = "tokenizer.ggml.padding_token_id",
		[VOCAB_GGUF_CLS] = "tokenizer.ggml.cls_token_id",
		[VOCAB_GGUF_MASK] = "tokenizer.ggml.mask_token_id",
	};
	tok_id ids[VOCAB_GGUF_IDS];
	memcpy(ids, s->options->ids, sizeof ids);
	if (s->first)
		ids[VOCAB_GGUF_BOS] = s->first->id;
	if (s->last)
		ids[s->spec->model.kind == TOK_MODEL_WORDPIECE ? VOCAB_GGUF_SEP : VOCAB_GGUF_EOS] =
		    s->last->id;
	if (s->spec->model.kind == TOK_MODEL_WORDPIECE)
		gguf_find_bert_ids(s->tokens, s->count, ids);
	if (s->spec->model.unk != TOK_NO_ID)
		ids[VOCAB_GGUF_UNK] = s->spec->model.unk;
	for (size_t i = 0; i < VOCAB_GGUF_IDS; i++)
		put_id(s, keys[i], ids[i]);
	gguf_put_flag(&s->w, "tokenizer.ggml.add_bos_token", s->first != NULL);
	gguf_put_flag(&s->w, "tokenizer.ggml.add_eos_token", s->last != NULL);
}

static void put_chat_template(struct gguf_spec_writer *s)
{
	if (s->options->chat_template.count)
		gguf_put_string(&s->w, "tokenizer.chat_template", s->options->chat_template);
}

/* ---- byte-level BPE: "gpt2" --------------------------------------------------------------- */

static const char gpt2_splits[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* Carriage returns and newlines that stand for themselves, spelled. */
static struct tok_span spell_newlines(struct gguf_spec_writer *s, struct tok_span pattern)
{
	uint8_t *to = tok_arena_array(&s->scratch, 2 * pattern.count + 1, 1);
	size_t count = 0;
	for (size_t i = 0; to && i < pattern.count; i++) {
		const uint8_t c = pattern.bytes[i];
		if (c == '\r' || c == '\n') {
			to[count++] = '\\';
			to[count++] = c == '\r' ? 'r' : 'n';
		} else {
			to[count++] = c;
		}
	}
	return (struct tok_span){ to, count };
}

/* Published patterns of whole tokenizers end so, and leave nothing between two matches. */
static bool matches_all(struct tok_span pattern)
{
	static const char end[] = "|\\s+";
	return pattern.count >= 4 && memcmp(pattern.bytes + pattern.count - 4, end, 4) == 0;
}

/* The pattern of a step; false where it has none. */
static bool read_split(struct gguf_spec_writer *s, const struct tok_pretok_step *step,
		       struct tok_span *out)
{
	if (step->kind == TOK_PRETOK_DIGITS && step->as.individual_digits) {
		*out = tok_span_of("\\p{N}");
		return true;
	}
	if (step->kind != TOK_PRETOK_SPLIT || step->as.split.dialect == TOK_REGEX_LITERAL)
		return false;
	const bool keeps_matches = step->as.split.invert &&
				   step->as.split.behavior == TOK_REMOVED &&
				   matches_all(step->as.split.pattern);
	if (!keeps_matches && (step->as.split.invert || step->as.split.behavior != TOK_ISOLATED))
		return false;
	*out = spell_newlines(s, step->as.split.pattern);
	return out->bytes != NULL;
}

static const struct gguf_pre *match_pre(struct gguf_spec_writer *s)
{
	const struct tok_pretok_step *steps = s->spec->pretokenizers;
	const size_t count = s->spec->pretokenizer_count;
	struct tok_span splits[GGUF_SPLITS + 1];
	size_t found = 0;
	if (count == 0 || count > GGUF_SPLITS || steps[count - 1].kind != TOK_PRETOK_BYTE_LEVEL)
		return NULL;
	for (; found + 1 < count; found++)
		if (!read_split(s, &steps[found], &splits[found]))
			return NULL;
	if (steps[count - 1].as.byte_level.use_regex)
		splits[found++] = tok_span_of(gpt2_splits);
	return gguf_match_pre(splits, found, s->spec->model.as.bpe.ignore_merges,
			      s->options->usual_pre);
}

static enum tok_status find_pre(struct gguf_spec_writer *s, const char **out)
{
	const struct gguf_pre *pre = s->options->pre ? NULL : match_pre(s);
	*out = s->options->pre ? s->options->pre : pre ? pre->name : NULL;
	return *out ? TOK_OK
		    : tok_fail(s->err, TOK_EARG,
			       "pre_tokenizer: llama.cpp has no name that is known here for the "
			       "patterns that split text");
}

static enum tok_status check_bpe(struct gguf_spec_writer *s)
{
	const struct tok_spec *spec = s->spec;
	const size_t steps = spec->pretokenizer_count;
	const struct tok_pretok_step *last = steps ? &spec->pretokenizers[steps - 1] : NULL;
	if (spec->normalizer_count > 1 ||
	    (spec->normalizer_count == 1 && spec->normalizers->kind != TOK_NORM_NFC))
		return refuse(s, "normalizer", "a byte-level BPE without one, or with NFC");
	if (!last || last->kind != TOK_PRETOK_BYTE_LEVEL)
		return refuse(s, "model",
			      "a BPE in the alphabet of bytes, or one of characters that falls "
			      "back on bytes");
	if (last->as.byte_level.add_prefix_space)
		return refuse(s, "pre_tokenizer", "one that puts no space in front");
	if (spec->model.as.bpe.prefix.count || spec->model.as.bpe.suffix.count)
		return refuse(s, "model", "a BPE without marks of words");
	return TOK_OK;
}

static enum tok_status put_merges(struct gguf_spec_writer *s)
{
	const struct tok_model_spec *model = &s->spec->model;
	gguf_put_array(&s->w, "tokenizer.ggml.merges", TOK_GGUF_STRING, model->as.bpe.merge_count);
	for (size_t i = 0; i < model->as.bpe.merge_count; i++) {
		const struct tok_merge *merge = &model->as.bpe.merges[i];
		const struct tok_span left = s->tokens[merge->left].text;
		const struct tok_span right = s->tokens[merge->right].text;
		if (memchr(left.bytes, ' ', left.count) || memchr(right.bytes, ' ', right.count))
			return tok_fail(s->err, TOK_EARG,
					"model: merge %zu is of '%s', which holds a space", i,
					tok_show(left).text);
		gguf_put_number(&s->w, left.count + 1 + right.count, 8);
		s->w.full |= !tok_buffer_add(s->w.out, left.bytes, left.count) ||
			     !tok_buffer_add_byte(s->w.out, ' ') ||
			     !tok_buffer_add(s->w.out, right.bytes, right.count);
	}
	return TOK_OK;
}

static enum tok_status write_bpe(struct gguf_spec_writer *s)
{
	const char *pre = NULL;
	enum tok_status status = check_bpe(s);
	if (status == TOK_OK)
		status = find_pre(s, &pre);
	if (status != TOK_OK)
		return status;
	gguf_put_string(&s->w, "tokenizer.ggml.model", tok_span_of("gpt2"));
	gguf_put_string(&s->w, "tokenizer.ggml.pre", tok_span_of(pre));
	put_tokens(s);
	put_types(s);
	return put_merges(s);
}

/* ---- SentencePiece: "llama" and "t5" --------------------------------------------------------- */

static void put_spm(struct gguf_spec_writer *s, const char *model, bool prefix, bool trims,
		    struct tok_span charsmap)
{
	gguf_put_string(&s->w, "tokenizer.ggml.model", tok_span_of(model));
	gguf_put_string(&s->w, "tokenizer.ggml.pre", tok_span_of("default"));
	put_tokens(s);
	put_scores(s);
	put_types(s);
	gguf_put_flag(&s->w, "tokenizer.ggml.add_space_prefix", prefix);
	gguf_put_flag(&s->w, "tokenizer.ggml.remove_extra_whitespaces", trims);
	if (charsmap.count) {
		gguf_put_array(&s->w, "tokenizer.ggml.precompiled_charsmap", TOK_GGUF_U8,
			       charsmap.count);
		s->w.full |= !tok_buffer_add(s->w.out, charsmap.bytes, charsmap.count);
	}
}

static enum tok_status write_spm(struct gguf_spec_writer *s, const char *model)
{
	const struct tok_spec *spec = s->spec;
	const struct tok_norm_step *norm = spec->normalizers;
	if (!spec->sentencepiece)
		return refuse(s, "model",
			      "a byte-level BPE or a WordPiece, and else of what SentencePiece's "
			      "own .model file says");
	if (spec->normalizer_count != 1 || norm->kind != TOK_NORM_SENTENCEPIECE ||
	    !norm->as.sentencepiece.escape_whitespaces ||
	    norm->as.sentencepiece.whitespace_as_suffix)
		return refuse(s, "normalizer",
			      "SentencePiece's own, with spaces as U+2581 in front");
	put_spm(s, model, norm->as.sentencepiece.add_dummy_prefix,
		norm->as.sentencepiece.remove_extra_whitespaces, norm->as.sentencepiece.charsmap);
	return TOK_OK;
}

/* The same from a tokenizer.json. */
static enum tok_status write_scored(struct gguf_spec_writer *s)
{
	bool prefix = false;
	const enum tok_status status = gguf_score(s->spec, s->tokens, s->count, &prefix, s->err);
	if (status == TOK_OK)
		put_spm(s, "llama", prefix, false, (struct tok_span){ 0 });
	return status;
}

/* ---- WordPiece: "bert" --------------------------------------------------------------------------
 */

static enum tok_status write_bert(struct gguf_spec_writer *s)
{
	struct tok_buffer lines = { 0 };
	const struct tok_norm_step *norm = s->spec->normalizers;
	struct tok_spec plain = *s->spec;
	struct tok_norm_step told;
	enum tok_status status = TOK_OK;
	if (s->spec->normalizer_count == 1 && norm->kind == TOK_NORM_BERT) {
		/* What a vocab.txt is asked to tell by its letters has keys of its own here. */
		told = *norm;
		told.as.bert.lowercase = told.as.bert.strip_accents =
		    wordpiece_is_uncased(&plain.model);
		plain.normalizers = &told;
	}
	status = vocab_write(VOCAB_WORDPIECE_TXT, &plain, &lines, s->err);
	tok_buffer_release(&lines);
	for (size_t i = 0; i < s->count && status == TOK_OK; i++)
		status = gguf_respell(&s->tokens[i], &s->scratch, s->err);
	if (status != TOK_OK)
		return status;
	gguf_put_string(&s->w, "tokenizer.ggml.model", tok_span_of("bert"));
	gguf_put_string(&s->w, "tokenizer.ggml.pre", tok_span_of("default"));
	put_tokens(s);
	put_types(s);
	gguf_put_flag(&s->w, "tokenizer.ggml.normalizer.lowercase", norm->as.bert.lowercase);
	gguf_put_flag(&s->w, "tokenizer.ggml.normalizer.strip_accents",
		      norm->as.bert.strip_accents);
	return TOK_OK;
}

/* ---- which it is
 * --------------------------------------------------------------------------------- */

static enum tok_status write_model(struct gguf_spec_writer *s)
{
	switch (s->spec->model.kind) {
	case TOK_MODEL_BPE:
		if (gguf_is_scored(s->spec))
			return write_scored(s);
		return s->spec->model.as.bpe.order == TOK_BPE_SCORES ? write_spm(s, "llama")
								     : write_bpe(s);
	case TOK_MODEL_UNIGRAM:
		return write_spm(s, "t5");
	case TOK_MODEL_WORDPIECE:
		return write_bert(s);
	case TOK_MODEL_WORDLEVEL:
		break;
	}
	return refuse(s, "model", "BPE, unigram and WordPiece");
}

static enum tok_status write_spec(const struct tok_spec *spec,
				  const struct vocab_gguf_options *options, struct tok_buffer *out,
				  uint64_t *count, struct tok_error *err)
{
	struct gguf_spec_writer s = {
		.w = { .out = out }, .spec = spec, .options = options, .err = err
	};
	enum tok_status status = collect_tokens(&s);
	if (status == TOK_OK)
		status = read_template(&s);
	if (status == TOK_OK)
		status = write_model(&s);
	if (status == TOK_OK) {
		put_ids(&s);
		put_chat_template(&s);
		status = s.w.full ? tok_fail_memory(err) : TOK_OK;
	}
	if (status == TOK_OK)
		*count = s.w.count;
	tok_arena_release(&s.scratch);
	return status;
}

/* Bytes in the byte-level alphabet, ranks as merges: what a tokenizer.json says of them. */
static enum tok_status write_by_json(const struct tok_spec *spec,
				     const struct vocab_gguf_options *options,
				     struct tok_buffer *out, uint64_t *count, struct tok_error *err)
{
	struct tok_buffer json = { 0 };
	struct tok_spec read = { 0 };
	enum tok_status status = vocab_write(VOCAB_TOKENIZER_JSON, spec, &json, err);
	if (status == TOK_OK)
		status = vocab_read_hf(tok_buffer_span(&json), &read, err);
	if (status == TOK_OK)
		status = write_spec(&read, options, out, count, err);
	tok_spec_release(&read);
	tok_buffer_release(&json);
	return status;
}

enum tok_status vocab_gguf_write(const struct tok_spec *spec,
				 const struct vocab_gguf_options *options, struct tok_buffer *out,
				 uint64_t *count, struct tok_error *err)
{
	const struct tok_model_spec *model = &spec->model;
	const size_t before = out->count;
	const bool is_ranks = spec->raw_vocabulary || (model->kind == TOK_MODEL_BPE &&
						       model->as.bpe.order == TOK_BPE_RANKS);
	const enum tok_status status = is_ranks ? write_by_json(spec, options, out, count, err)
						: write_spec(spec, options, out, count, err);
	if (status != TOK_OK)
		out->count = before;
	return status;
}
