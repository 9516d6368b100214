/* gguf_scores.c - a BPE of merges, its spaces as U+2581, by scores.
 *
 * llama.cpp's "llama" joins any two neighbours whose text is a token, the highest score first,
 * where a tokenizer.json lists the pairs.  Inside of the text of a token that comes to be, pairs
 * are joined in the order in which they are joined when that text stands alone, so whatever is
 * around it the last pair is always the same.  Therefore both make the same of every text if a
 * token's score is the place of that pair, and if no token that merges do not make has a text of
 * which they make two tokens: by scores these would be joined.  The second is looked at for each
 * token.
 *
 * (convert_hf_to_gguf.py gives all tokens of a tokenizer.json the score -1000, and its ids are
 * others.) */
#include "vocab/format/gguf_write_internal.h"

#include "tok/text/json.h"
#include "tok/text/utf8.h"
#include "vocab/format/sentencepiece_internal.h"

static const struct tok_span mark = { (const uint8_t *)"\xE2\x96\x81", 3 };
static const struct tok_span space = { (const uint8_t *)" ", 1 };

/* Whole numbers are floats up to here. */
enum { SCORES_MAX = 1 << 24 };

struct scorer {
	const struct tok_spec *spec;
	struct tok_vocab_entry *tokens; /* by id */
	size_t count;
	bool prefix; /* a space is put in front of a text */

	struct tok_arena scratch;
	struct tok_model *model;
	struct tok_model_scratch *encoding;
	struct tok_merge *last; /* by id: how it is made; its result is TOK_NO_ID: it is not */
	bool *scored;
	size_t next; /* place among scores */
	struct tok_error *err;
};

static enum tok_status refuse(struct scorer *s, const char *part, const char *wanted)
{
	return tok_fail(s->err, TOK_EARG,
			"%s: of a BPE of characters a GGUF file says it only of %s", part, wanted);
}

static enum tok_status refuse_token(struct scorer *s, const char *part, struct tok_span text,
				    const char *why)
{
	return tok_fail(s->err, TOK_EARG, "%s: '%s' %s", part, tok_show(text).text, why);
}

bool gguf_is_scored(const struct tok_spec *spec)
{
	const struct tok_model_spec *model = &spec->model;
	const struct tok_pretok_step *steps = spec->pretokenizers;
	return model->kind == TOK_MODEL_BPE && model->as.bpe.order == TOK_BPE_MERGES &&
	       model->byte_fallback &&
	       (spec->pretokenizer_count == 0 ||
		steps[spec->pretokenizer_count - 1].kind != TOK_PRETOK_BYTE_LEVEL);
}

/* ---- spaces ------------------------------------------------------------------------------ */

static bool marks_spaces(const struct tok_norm_step *step)
{
	return step->kind == TOK_NORM_REPLACE && step->as.replace.dialect == TOK_REGEX_LITERAL &&
	       tok_span_equal(step->as.replace.pattern, space) &&
	       tok_span_equal(step->as.replace.content, mark);
}

/* Of text without spaces a split at spaces leaves one piece. */
static bool cuts_at_spaces(const struct tok_pretok_step *step)
{
	return step->kind == TOK_PRETOK_SPLIT && !step->as.split.invert &&
	       step->as.split.dialect == TOK_REGEX_LITERAL &&
	       tok_span_equal(step->as.split.pattern, space);
}

static bool is_metaspace(const struct tok_pretok_step *step)
{
	const uint32_t code = 0x2581;
	return step->kind == TOK_PRETOK_METASPACE && step->as.metaspace.replacement == code &&
	       !step->as.metaspace.split;
}

static enum tok_status read_spaces(struct scorer *s)
{
	const struct tok_spec *spec = s->spec;
	const struct tok_norm_step *norm = spec->normalizers;
	const struct tok_pretok_step *pretok = spec->pretokenizers;
	size_t norms = spec->normalizer_count;
	const size_t pretoks = spec->pretokenizer_count;
	if (norms == 0 && pretoks == 1 && is_metaspace(pretok))
		return pretok->as.metaspace.prepend == TOK_PREPEND_NEVER
			   ? TOK_OK
			   : refuse(s, "pre_tokenizer",
				    "a Prepend: Metaspace puts nothing before a text that begins "
				    "with a space");
	s->prefix =
	    norms == 2 && norm->kind == TOK_NORM_PREPEND && tok_span_equal(norm->as.prepend, mark);
	if (norms != (s->prefix ? 2 : 1) || !marks_spaces(&norm[norms - 1]))
		return refuse(s, "normalizer",
			      "one that makes spaces U+2581, and puts one in front");
	if (pretoks > 1 || (pretoks == 1 && !cuts_at_spaces(pretok)))
		return refuse(s, "pre_tokenizer", "none");
	return TOK_OK;
}

static enum tok_status check_model(struct scorer *s)
{
	const struct tok_model_spec *model = &s->spec->model;
	if (model->as.bpe.prefix.count || model->as.bpe.suffix.count)
		return refuse(s, "model", "one without marks of words");
	if (model->unk == TOK_NO_ID)
		return refuse(s, "model", "one with an unknown token");
	if (s->count > SCORES_MAX)
		return tok_fail(s->err, TOK_EARG, "model: a GGUF file has scores for %d tokens",
				SCORES_MAX);
	return TOK_OK;
}

/* ---- types -------------------------------------------------------------------------------- */

static bool has(struct tok_span text, struct tok_span part)
{
	for (size_t i = 0; i + part.count <= text.count; i++)
		if (memcmp(text.bytes + i, part.bytes, part.count) == 0)
			return true;
	return false;
}

static bool is_made(const struct scorer *s, size_t id)
{
	return s->last[id].result == (tok_id)id;
}

/* Added tokens that are not special are taken out of text as it is, before spaces are marked; those
 * of spaces are so made by merges only. */
static enum tok_status type_user_defined(struct scorer *s, struct tok_vocab_entry *token)
{
	if (has(token->text, mark) && is_made(s, token->id)) {
		token->type = TOK_PIECE_NORMAL;
		return TOK_OK;
	}
	if (s->prefix)
		return refuse_token(s, "added_tokens", token->text,
				    "is not special: a GGUF file does not say that text behind it "
				    "has a space put in front");
	return has(token->text, mark)
		   ? refuse_token(s, "added_tokens", token->text,
				  "is not special and has U+2581 in it, which a GGUF file takes "
				  "for a space")
		   : TOK_OK;
}

static enum tok_status set_types(struct scorer *s)
{
	enum tok_status status = TOK_OK;
	for (size_t id = 0; id < s->count && status == TOK_OK; id++) {
		struct tok_vocab_entry *token = &s->tokens[id];
		if (id == s->spec->model.unk)
			token->type = TOK_PIECE_UNKNOWN;
		else if (token->type == TOK_PIECE_NORMAL && spm_byte_of_name(token->text) >= 0)
			token->type = TOK_PIECE_BYTE;
		else if (token->type == TOK_PIECE_USER_DEFINED)
			status = type_user_defined(s, token);
	}
	return status;
}

/* What SentencePiece, and so our reader, refuses. */
static enum tok_status check_pieces(struct scorer *s)
{
	struct spm_model model = spm_defaults();
	model.kind = SPM_BPE;
	model.byte_fallback = model.characters_serve = true;
	model.entries = s->tokens;
	model.count = s->count;
	const enum tok_status status = spm_check(&model, s->err);
	if (status != TOK_EFORMAT)
		return status;
	tok_fail_in(s->err, status, "model");
	if (s->err)
		s->err->status = TOK_EARG;
	return TOK_EARG;
}

/* ---- scores ------------------------------------------------------------------------------- */

static enum tok_status open_model(struct scorer *s)
{
	enum tok_status status = tok_model_new(&s->spec->model, &s->model, s->err);
	if (status != TOK_OK)
		return status;
	s->encoding = tok_model_scratch_new();
	s->last = tok_arena_array(&s->scratch, s->count, sizeof *s->last);
	s->scored = tok_arena_array(&s->scratch, s->count, sizeof *s->scored);
	if (!s->encoding || !s->last || !s->scored)
		return tok_fail_memory(s->err);
	return tok_model_last_merges(s->model, s->last, s->count, s->err);
}

static void score(struct scorer *s, size_t id)
{
	s->tokens[id].score = -(double)s->next++;
	s->scored[id] = true;
}

static bool is_byte(const struct scorer *s, tok_id id)
{
	return s->tokens[id].type == TOK_PIECE_BYTE;
}

/* By rising rank; the pair that makes a token may stand among others that never do. */
static enum tok_status score_made(struct scorer *s)
{
	const struct tok_model_spec *model = &s->spec->model;
	for (size_t i = 0; i < model->as.bpe.merge_count; i++) {
		const struct tok_merge merge = model->as.bpe.merges[i];
		const struct tok_merge last = s->last[merge.result];
		const struct tok_vocab_entry *token = &s->tokens[merge.result];
		if (is_byte(s, merge.left) || is_byte(s, merge.right))
			return refuse_token(s, "model", token->text,
					    "is made of bytes, which a GGUF file does not say");
		if (!is_made(s, merge.result) || last.left != merge.left ||
		    last.right != merge.right || s->scored[merge.result] ||
		    token->type == TOK_PIECE_USER_DEFINED)
			continue;
		if (token->type != TOK_PIECE_NORMAL)
			return refuse_token(s, "model", token->text,
					    "is made by merges, and a GGUF file says it only of "
					    "tokens that are neither special nor bytes");
		score(s, merge.result);
	}
	return TOK_OK;
}

/* Of two characters or more, and not made: no two neighbours may have its text. */
static enum tok_status check_unmade(struct scorer *s, const struct tok_vocab_entry *token,
				    struct tok_tokens *found)
{
	found->count = 0;
	const enum tok_status status =
	    tok_model_encode(s->model, s->encoding, token->text,
			     (struct tok_range){ 0, (uint32_t)token->text.count }, found, s->err);
	if (status != TOK_OK)
		return status;
	bool joins = found->count == 2 || s->spec->model.as.bpe.ignore_merges;
	for (size_t i = 0; i < found->count; i++)
		joins |= is_byte(s, found->ids[i]);
	return joins ? refuse_token(s, "model", token->text,
				    "is not made by merges, but would be by a GGUF file's scores")
		     : TOK_OK;
}

static enum tok_status score_others(struct scorer *s)
{
	struct tok_tokens found = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t id = 0; id < s->count && status == TOK_OK; id++) {
		const struct tok_vocab_entry *token = &s->tokens[id];
		if (token->type != TOK_PIECE_NORMAL || s->scored[id])
			continue;
		if (tok_utf8_count(token->text) > 1)
			status = check_unmade(s, token, &found);
		score(s, id);
	}
	tok_tokens_release(&found);
	return status;
}

enum tok_status gguf_score(const struct tok_spec *spec, struct tok_vocab_entry *tokens,
			   size_t count, bool *prefix, struct tok_error *err)
{
	struct scorer s = { .spec = spec, .tokens = tokens, .count = count, .err = err };
	enum tok_status status = check_model(&s);
	if (status == TOK_OK)
		status = read_spaces(&s);
	if (status == TOK_OK)
		status = open_model(&s);
	if (status == TOK_OK)
		status = set_types(&s);
	if (status == TOK_OK)
		status = check_pieces(&s); /* so none is long */
	if (status == TOK_OK)
		status = score_made(&s);
	if (status == TOK_OK)
		status = score_others(&s);
	if (status == TOK_OK)
		*prefix = s.prefix;
	tok_model_scratch_free(s.encoding);
	tok_model_free(s.model);
	tok_arena_release(&s.scratch);
	return status;
}
