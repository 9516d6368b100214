#include "vocab/convert/fast_internal.h"

#include "tok/text/utf8.h"
#include "tok/text/json.h"

#define SPACE_MARK "\xE2\x96\x81"

struct fast {
	struct tok_spec *spec;
	struct vocab_losses *losses;
	struct tok_error *err;
	struct tok_norm_step rules;      /* SentencePiece's own */
	struct tok_vocab_entry *entries; /* of the spec, all of them ordinary */
	bool normalized;                 /* user-defined pieces are found in normalized text */
};

static struct tok_span space_of(const struct fast *f)
{
	return tok_span_of(f->rules.as.sentencepiece.escape_whitespaces ? SPACE_MARK : " ");
}

/* ---- what stands in the way -------------------------------------------------------- */

static size_t count_type(const struct fast *f, enum tok_piece_type type)
{
	size_t count = 0;
	for (size_t i = 0; i < f->spec->model.entry_count; i++)
		count += f->spec->model.entries[i].type == type;
	return count;
}

/* A piece that was set aside is still found by who has no types. Only what no text is made of
 * does no harm: a NUL, which converters write beside <0x00>, is no text either. */
static void tell_unused(struct fast *f)
{
	const struct tok_model_spec *model = &f->spec->model;
	size_t count = 0;
	for (size_t i = 0; i < model->entry_count; i++)
		count += model->entries[i].type == TOK_PIECE_UNUSED &&
			 !(model->entries[i].text.count == 1 && !model->entries[i].text.bytes[0]);
	if (count)
		vocab_losses_add(f->losses, "model: %zu pieces are not to be used: here they are",
				 count);
}

static bool is_one_character(struct tok_span text)
{
	return text.count && tok_utf8_at(text, 0).length == text.count;
}

/* A BPE starts from characters: one that is a control piece would be found in any text. */
static void tell_characters(struct fast *f)
{
	const struct tok_model_spec *model = &f->spec->model;
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct tok_vocab_entry *entry = &model->entries[i];
		if (model->kind == TOK_MODEL_BPE && is_one_character(entry->text) &&
		    (entry->type == TOK_PIECE_CONTROL || entry->type == TOK_PIECE_UNKNOWN))
			vocab_losses_add(f->losses,
					 "model: the control piece '%s' is found in ordinary text",
					 tok_show(entry->text).text);
	}
}

/* Added tokens are found in normalized text as user-defined pieces are, where normalizing a piece
 * by itself makes of it what it makes of it in a text: where it does no more than write spaces. */
static bool normalizes_spaces_only(const struct tok_norm_step *rules)
{
	return !rules->as.sentencepiece.charsmap.count &&
	       !rules->as.sentencepiece.add_dummy_prefix &&
	       !rules->as.sentencepiece.remove_extra_whitespaces;
}

/* Does SentencePiece's own rule for characters leave the user-defined pieces as they are? */
static enum tok_status find_changed(struct fast *f, bool *changed)
{
	struct tok_norm_step rules = f->rules;
	struct tok_normalizer *normalizer = NULL;
	struct tok_norm_scratch *scratch = tok_norm_scratch_new();
	struct tok_text text = { 0 };
	rules.as.sentencepiece.protected_count = 0;
	rules.as.sentencepiece.add_dummy_prefix = false;
	enum tok_status status =
	    scratch ? tok_normalizer_new(&rules, 1, &normalizer, f->err) : tok_fail_memory(f->err);
	*changed = false;
	for (size_t i = 0; i < f->rules.as.sentencepiece.protected_count && status == TOK_OK; i++) {
		const struct tok_span piece = f->rules.as.sentencepiece.protected_pieces[i];
		tok_text_clear(&text);
		status = tok_text_set(&text, piece, 0)
			     ? tok_normalize(normalizer, scratch, &text, f->err)
			     : tok_fail_memory(f->err);
		*changed |= status == TOK_OK &&
			    !tok_span_equal((struct tok_span){ text.bytes, text.count }, piece);
	}
	tok_text_release(&text);
	tok_normalizer_free(normalizer);
	tok_norm_scratch_free(scratch);
	return status;
}

/* A Unigram prefers them, others take them whole. */
static enum tok_status tell_user_defined(struct fast *f)
{
	const size_t user = count_type(f, TOK_PIECE_USER_DEFINED);
	bool changed = false;
	if (!user)
		return TOK_OK;
	const enum tok_status status = find_changed(f, &changed);
	if (status != TOK_OK)
		return status;
	f->normalized = normalizes_spaces_only(&f->rules);
	if (changed)
		vocab_losses_add(f->losses,
				 "normalizer: user-defined pieces are normalized as other text is");
	if (f->spec->model.kind != TOK_MODEL_UNIGRAM && !f->normalized)
		vocab_losses_add(f->losses,
				 "model: %zu user-defined pieces part a text before it is "
				 "normalized, not after",
				 user);
	return TOK_OK;
}

static void tell_pieces(struct fast *f)
{
	tell_unused(f);
	tell_characters(f);
	if (f->spec->model.kind == TOK_MODEL_UNIGRAM && count_type(f, TOK_PIECE_BYTE))
		vocab_losses_add(f->losses,
				 "model: the names of byte pieces (<0x41>) are found in text");
	if (f->spec->model.kind == TOK_MODEL_WORDLEVEL)
		vocab_losses_add(f->losses,
				 "model: unknown words side by side are a token each, not one");
	if (f->rules.as.sentencepiece.whitespace_as_suffix)
		vocab_losses_add(f->losses,
				 "normalizer: white space goes in front of words, not behind them");
}

/* ---- normalizer ------------------------------------------------------------------------ */

static struct tok_norm_step replacement(const char *pattern, enum tok_regex_dialect dialect,
					struct tok_span content)
{
	struct tok_norm_step step = { .kind = TOK_NORM_REPLACE };
	step.as.replace.pattern = tok_span_of(pattern);
	step.as.replace.dialect = dialect;
	step.as.replace.content = content;
	return step;
}

/* Extra white space is what stands in front of a text and behind it, and a space behind another.
 * Behind a text SentencePiece looks when spaces are marks already, so those that were marks in
 * the text go as well. */
static void put_trimming(const struct fast *f, struct tok_norm_step *steps, size_t *count)
{
	const char *pattern = f->rules.as.sentencepiece.escape_whitespaces
				  ? "\\A +|(?<= ) +|[ " SPACE_MARK "]+\\z"
				  : "\\A +|(?<= ) +| +\\z";
	steps[(*count)++] = replacement(pattern, TOK_REGEX_ONIGURUMA, tok_span_of(""));
}

static bool set_normalizer(struct fast *f)
{
	enum { MOST = 4 };
	struct tok_norm_step *steps = tok_arena_array(&f->spec->arena, MOST, sizeof *steps);
	size_t count = 0;
	if (!steps)
		return false;
	if (f->rules.as.sentencepiece.charsmap.count) {
		steps[count].kind = TOK_NORM_PRECOMPILED;
		steps[count++].as.precompiled = f->rules.as.sentencepiece.charsmap;
	}
	if (f->rules.as.sentencepiece.remove_extra_whitespaces)
		put_trimming(f, steps, &count);
	if (f->rules.as.sentencepiece.add_dummy_prefix) {
		steps[count].kind = TOK_NORM_PREPEND;
		steps[count++].as.prepend = space_of(f);
	}
	if (f->rules.as.sentencepiece.escape_whitespaces)
		steps[count++] = replacement(" ", TOK_REGEX_LITERAL, tok_span_of(SPACE_MARK));
	f->spec->normalizers = steps;
	f->spec->normalizer_count = count;
	return true;
}

/* ---- decoder ----------------------------------------------------------------------------- */

static bool set_decoder(struct fast *f)
{
	enum { MOST = 4 };
	struct tok_decode_step *steps = tok_arena_array(&f->spec->arena, MOST, sizeof *steps);
	size_t count = 0;
	if (!steps)
		return false;
	steps[count].kind = TOK_DECODE_REPLACE;
	steps[count].as.replace.pattern = tok_span_of(SPACE_MARK);
	steps[count].as.replace.dialect = TOK_REGEX_LITERAL;
	steps[count++].as.replace.content = tok_span_of(" ");
	if (f->spec->model.byte_fallback)
		steps[count++].kind = TOK_DECODE_BYTE_FALLBACK;
	steps[count++].kind = TOK_DECODE_FUSE;
	if (f->rules.as.sentencepiece.add_dummy_prefix) {
		steps[count].kind = TOK_DECODE_STRIP;
		steps[count].as.strip.content = ' ';
		steps[count++].as.strip.start = 1;
	}
	f->spec->decoders = steps;
	f->spec->decoder_count = count;
	f->spec->has_decoder = true;
	return true;
}

/* ---- model ---------------------------------------------------------------------------------- */

/* The worst score of pieces that text is made of: what is unknown costs 10 more. */
static double find_least(const struct fast *f)
{
	double least = 0;
	bool any = false;
	for (size_t i = 0; i < f->spec->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &f->spec->model.entries[i];
		if (entry->type == TOK_PIECE_NORMAL && (!any || entry->score < least)) {
			least = entry->score;
			any = true;
		}
	}
	return least;
}

/* What SentencePiece 0.2 counts a user-defined piece for. */
static double bonus(struct tok_span text)
{
	return (double)(float)(0.1 * ((double)text.count - 1));
}

static void make_ordinary(struct fast *f)
{
	const double least = find_least(f);
	for (size_t i = 0; i < f->spec->model.entry_count; i++) {
		f->entries[i] = f->spec->model.entries[i];
		if (f->entries[i].type == TOK_PIECE_USER_DEFINED)
			f->entries[i].score = bonus(f->entries[i].text);
		f->entries[i].type = TOK_PIECE_NORMAL;
		if (!(f->entries[i].score >= least))
			f->entries[i].score = least;
	}
	f->spec->model.entries = f->entries;
}

static bool set_pretokenizer(struct fast *f)
{
	if (f->spec->model.kind != TOK_MODEL_WORDLEVEL)
		return true;
	struct tok_pretok_step *words = tok_arena_array(&f->spec->arena, 1, sizeof *words);
	if (!words)
		return false;
	words->kind = TOK_PRETOK_SPLIT;
	words->as.split.pattern = tok_span_of(SPACE_MARK);
	words->as.split.dialect = TOK_REGEX_LITERAL;
	words->as.split.behavior = TOK_MERGED_WITH_NEXT;
	f->spec->pretokenizers = words;
	return true;
}

/* User-defined pieces of other models than a Unigram become added tokens, behind those that there
 * are. */
static bool set_added(struct fast *f)
{
	struct tok_spec *spec = f->spec;
	const size_t user =
	    spec->model.kind != TOK_MODEL_UNIGRAM ? count_type(f, TOK_PIECE_USER_DEFINED) : 0;
	struct tok_added_token *added =
	    tok_arena_array(&spec->arena, spec->added_count + user, sizeof *added);
	if (!added)
		return false;
	if (spec->added_count)
		memcpy(added, spec->added, spec->added_count * sizeof *added);
	for (size_t i = 0; user && i < spec->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &spec->model.entries[i];
		if (entry->type == TOK_PIECE_USER_DEFINED)
			added[spec->added_count++] = (struct tok_added_token){
				.content = entry->text, .id = entry->id, .normalized = f->normalized
			};
	}
	spec->added = added;
	return true;
}

static enum tok_status set_model(struct fast *f)
{
	struct tok_model_spec *model = &f->spec->model;
	enum tok_status status = TOK_OK;
	f->entries = tok_arena_array(&f->spec->arena, model->entry_count, sizeof *f->entries);
	if (!f->entries)
		return tok_fail_memory(f->err);
	if (model->kind == TOK_MODEL_BPE)
		status = fast_merges(f->spec, f->losses, f->err);
	if (model->kind == TOK_MODEL_UNIGRAM)
		model->as.unigram.single_precision = false;
	make_ordinary(f);
	return status;
}

enum tok_status vocab_fast(struct tok_spec *spec, struct vocab_losses *losses,
			   struct tok_error *err)
{
	struct fast f = { .spec = spec, .losses = losses, .err = err };
	if (!spec->sentencepiece || spec->normalizer_count != 1 ||
	    spec->normalizers->kind != TOK_NORM_SENTENCEPIECE)
		return tok_fail(err, TOK_EARG, "the tokenizer is none of SentencePiece");
	f.rules = spec->normalizers[0];
	enum tok_status status = tell_user_defined(&f);
	if (status != TOK_OK)
		return status;
	tell_pieces(&f);
	if (!set_normalizer(&f) || !set_pretokenizer(&f) || !set_decoder(&f) || !set_added(&f))
		return tok_fail_memory(err);
	spec->sentencepiece = false;
	status = set_model(&f);
	return status == TOK_OK && losses->out_of_memory ? tok_fail_memory(err) : status;
}
