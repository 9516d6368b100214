/*
 * validity.c - guesses about borders: kept while they may be right.
 */
#include "tok/bytes/validity_internal.h"

#include <assert.h>
#include <stdlib.h>

_Static_assert(sizeof(struct valid_guesses) + sizeof(struct valid_cut) <=
		   sizeof(struct tok_valid_state),
	       "a state has room for all guesses");
_Static_assert(sizeof(struct valid_guess) ==
		   2 * sizeof(uint32_t) + sizeof(struct tok_follow_state) + 2,
	       "guesses have no holes: they are compared as bytes");

/* ---- states -------------------------------------------------------------------- */

static struct valid_guesses unpack(const struct tok_valid_state *state)
{
	struct valid_guesses guesses;
	memcpy(&guesses, state, sizeof guesses);
	return guesses;
}

static struct tok_valid_state pack(const struct valid_guesses *guesses)
{
	struct tok_valid_state state = { { 0 } };
	memcpy(&state, guesses,
	       offsetof(struct valid_guesses, at) + guesses->count * sizeof guesses->at[0]);
	return state;
}

/* Once: guesses that say the same have the same future.  There is always room: guesses
 * that differ have begun their piece at different places, of which all but those in the
 * last character, and the last blank of a run, are known to be wrong or right. */
static void add_guess(struct valid_guesses *guesses, const struct valid_guess *guess)
{
	for (uint32_t i = 0; i < guesses->count; i++)
		if (memcmp(&guesses->at[i], guess, sizeof *guess) == 0)
			return;
	assert(guesses->count < VALID_GUESSES);
	if (guesses->count < VALID_GUESSES)
		guesses->at[guesses->count++] = *guess;
}

static struct valid_guess begin_piece(struct tok_follow_state follow)
{
	return (struct valid_guess){ .last = VALID_NONE, .follow = follow };
}

static struct tok_valid_state start_guessing(const struct tok_validity *validity)
{
	const struct tok_follow_state follow = { 0 };
	const struct valid_guesses guesses = { .count = 1, .at = { begin_piece(follow) } };
	(void)validity;
	return pack(&guesses);
}

static bool guess_byte(const struct tok_validity *v, struct tok_valid_state *state, uint8_t byte)
{
	const struct valid_guesses before = unpack(state);
	struct valid_guesses after = { 0 };
	for (uint32_t i = 0; i < before.count; i++) {
		struct valid_guess guess = before.at[i];
		if (tok_follow_byte(v->follow, &guess.follow, byte) &&
		    v->rules->byte(v, &guess, byte))
			add_guess(&after, &guess);
	}
	*state = pack(&after);
	return after.count > 0;
}

/* ---- contractions --------------------------------------------------------------------- */

/* Can the piece go on with exactly these bytes, in some tokens? */
static bool can_spell(const struct tok_validity *v, const struct valid_guess *guess,
		      struct tok_span text)
{
	struct valid_guess at = *guess;
	uint32_t node = 0;
	for (size_t i = 0; i < text.count; i++) {
		const tok_id *ids;
		node = tok_byte_tokens_child(v->tokens, node, text.bytes[i]);
		if (node == 0 || !tok_follow_byte(v->follow, &at.follow, text.bytes[i]) ||
		    !v->rules->byte(v, &at, text.bytes[i]))
			return false;
		const size_t count = tok_byte_tokens_ends(v->tokens, node, &ids);
		for (size_t k = 0; k < count; k++) {
			struct valid_guess then = at;
			const bool known = ids[k] < v->size && v->facts[ids[k]] != 0;
			if (!known || !v->rules->token(v, &then, ids[k]))
				continue;
			if (i + 1 == text.count
				? v->rules->whole(v, &then)
				: v->rules->open(v, &then) &&
				      can_spell(v, &then, tok_span_slice(text, i + 1, text.count)))
				return true;
		}
	}
	return false;
}

/* Inside a contraction, of which the tokens so far must allow some end. */
static bool can_go_on(const struct tok_validity *v, const struct valid_guess *guess)
{
	const char *const *texts;
	const size_t count = tok_follow_forced(v->follow, &guess->follow, &texts);
	size_t i = 0;
	while (i < count && !can_spell(v, guess, tok_span_of(texts[i])))
		i++;
	return count == 0 || i < count;
}

static bool guess_token(const struct tok_validity *v, const struct tok_valid_state *state,
			tok_id id, struct tok_valid_state *next)
{
	const struct valid_guesses before = unpack(state);
	struct valid_guesses after = { 0 };
	for (uint32_t i = 0; i < before.count; i++) {
		struct valid_guess guess = before.at[i];
		if (!v->rules->token(v, &guess, id))
			continue;
		const bool whole = v->rules->whole(v, &guess);
		if ((v->rules->open(v, &guess) && tok_follow_may_go_on(v->follow, &guess.follow) &&
		     can_go_on(v, &guess)) ||
		    (whole && tok_follow_may_end(v->follow, &guess.follow)))
			add_guess(&after, &guess);
		if (whole && tok_follow_close(v->follow, &guess.follow)) {
			const struct valid_guess closed = begin_piece(guess.follow);
			add_guess(&after, &closed);
		}
	}
	*next = pack(&after);
	return after.count > 0;
}

static bool guess_end(const struct tok_validity *v, const struct tok_valid_state *state)
{
	const struct valid_guesses guesses = unpack(state);
	for (uint32_t i = 0; i < guesses.count; i++)
		if (tok_follow_may_end(v->follow, &guesses.at[i].follow) &&
		    v->rules->whole(v, &guesses.at[i]))
			return true;
	return false;
}

static const struct valid_kind guessing = { start_guessing, guess_byte, guess_token, guess_end };

/* ---- the interface --------------------------------------------------------------- */

struct tok_valid_state tok_validity_start(const struct tok_validity *v)
{
	return v->kind->start(v);
}

bool tok_validity_byte(const struct tok_validity *v, struct tok_valid_state *state, uint8_t byte)
{
	return v->added ? valid_added_byte(v, state, byte) : v->kind->byte(v, state, byte);
}

bool tok_validity_token(const struct tok_validity *v, const struct tok_valid_state *state,
			tok_id id, struct tok_valid_state *next)
{
	if (id >= v->size || v->facts[id] == 0)
		return false;
	return v->added ? valid_added_token(v, state, id, next)
			: v->kind->token(v, state, id, next);
}

bool tok_validity_end(const struct tok_validity *v, const struct tok_valid_state *state)
{
	return v->added ? valid_added_end(v, state) : v->kind->end(v, state);
}

/* ---- what is supported ------------------------------------------------------------ */

static bool is_literal(const struct tok_span pattern, enum tok_regex_dialect dialect,
		       const char *text)
{
	return dialect == TOK_REGEX_LITERAL && tok_span_equal(pattern, tok_span_of(text));
}

/* Does the normaliser write spaces as SentencePiece's mark, and no more than that? */
static bool marks_spaces(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->normalizer_count; i++) {
		const struct tok_norm_step *step = &spec->normalizers[i];
		if (step->kind == TOK_NORM_SENTENCEPIECE &&
		    step->as.sentencepiece.escape_whitespaces)
			return true;
		if (step->kind == TOK_NORM_REPLACE &&
		    is_literal(step->as.replace.pattern, step->as.replace.dialect, " ") &&
		    tok_span_equal(step->as.replace.content, tok_span_of("\xE2\x96\x81")))
			return true;
	}
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_METASPACE)
			return true;
	return false;
}

/* The name of a step that does something else than make normal text of any text; NULL: none.
 * Text is asked about as the model sees it: what no normaliser writes is not told apart. */
static const char *find_other_step(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->normalizer_count; i++) {
		const struct tok_norm_step *step = &spec->normalizers[i];
		switch (step->kind) {
		case TOK_NORM_NFC:
		case TOK_NORM_NFD:
		case TOK_NORM_NFKC:
		case TOK_NORM_NFKD:
		case TOK_NORM_NMT:
		case TOK_NORM_LOWERCASE:
		case TOK_NORM_STRIP_ACCENTS:
		case TOK_NORM_PREPEND:
		case TOK_NORM_PRECOMPILED:
			break;
		case TOK_NORM_REPLACE:
			if (!is_literal(step->as.replace.pattern, step->as.replace.dialect, " "))
				return "Replace";
			break;
		case TOK_NORM_SENTENCEPIECE:
			if (step->as.sentencepiece.whitespace_as_suffix)
				return "treat_whitespace_as_suffix";
			break;
		case TOK_NORM_STRIP:
			return "Strip";
		case TOK_NORM_BERT:
			return "BertNormalizer";
		case TOK_NORM_BYTE_LEVEL:
			return "ByteLevel";
		}
	}
	return NULL;
}

/* Where pieces of characters end; NULL: it cannot be told.  Gemma's Split at spaces finds none
 * behind a normaliser that writes them as marks; Unigram sees to words itself. */
static const struct tok_follow *follow_characters(const struct tok_spec *spec)
{
	const struct tok_follow *follow = tok_follow_whole_text();
	for (size_t i = 0; i < spec->pretokenizer_count; i++) {
		const struct tok_pretok_step *step = &spec->pretokenizers[i];
		const bool at_spaces =
		    step->kind == TOK_PRETOK_SPLIT &&
		    is_literal(step->as.split.pattern, step->as.split.dialect, " ");
		if (step->kind != TOK_PRETOK_METASPACE && !(at_spaces && marks_spaces(spec)))
			return NULL;
		if (step->kind == TOK_PRETOK_METASPACE && step->as.metaspace.split &&
		    spec->model.kind != TOK_MODEL_UNIGRAM)
			follow = tok_follow_spaces();
	}
	return follow;
}

static enum tok_status choose_follow(struct tok_validity *v, struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(v->tokenizer);
	if (tok_tokenizer_takes_bytes(v->tokenizer))
		v->follow = tok_pretokenizer_follow(tok_tokenizer_pretokenizer(v->tokenizer));
	else
		v->follow = follow_characters(spec);
	if (!v->follow)
		return tok_fail(err, TOK_EARG,
				"where pieces end cannot be told before the text is known (%s)",
				tok_tokenizer_path(v->tokenizer));
	return TOK_OK;
}

static enum tok_status choose_rules(struct tok_validity *v, struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(v->tokenizer);
	switch (spec->model.kind) {
	case TOK_MODEL_BPE:
		return valid_bpe_init(v, err);
	case TOK_MODEL_UNIGRAM:
		return valid_unigram_init(v, err);
	case TOK_MODEL_WORDPIECE:
		return valid_longest_init(v, err);
	case TOK_MODEL_WORDLEVEL:
		return tok_fail(err, TOK_EARG, "a WordLevel model");
	}
	return TOK_OK;
}

static enum tok_status init(struct tok_validity *v, struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(v->tokenizer);
	const char *step = find_other_step(spec);
	v->marks = marks_spaces(spec);
	if (step)
		return tok_fail(err, TOK_EARG,
				"what the normalizer '%s' does depends on where text stands", step);
	v->facts = calloc(v->size ? v->size : 1, 1);
	if (!v->facts)
		return tok_fail_memory(err);
	enum tok_status status = choose_follow(v, err);
	if (status == TOK_OK)
		status = choose_rules(v, err);
	return status == TOK_OK ? valid_added_init(v, err) : status;
}

enum tok_status tok_validity_new(const struct tok_tokenizer *tokenizer,
				 const struct tok_byte_tokens *tokens, struct tok_validity **out,
				 struct tok_error *err)
{
	struct tok_validity *v = calloc(1, sizeof *v);
	if (!v)
		return tok_fail_memory(err);
	v->kind = &guessing;
	v->tokenizer = tokenizer;
	v->tokens = tokens;
	v->model = tok_tokenizer_model(tokenizer);
	v->size = tok_tokenizer_size(tokenizer);
	enum tok_status status = init(v, err);
	if (status != TOK_OK) {
		tok_validity_free(v);
		return tok_fail_in(err, status, "valid rows of tokens cannot be told");
	}
	*out = v;
	return TOK_OK;
}

void tok_validity_free(struct tok_validity *v)
{
	if (!v)
		return;
	valid_added_free(v->added);
	free(v->facts);
	free(v->pairs);
	if (v->path)
		tok_tokens_release(v->path);
	free(v->path);
	free(v->owners);
	free(v->depths);
	tok_model_scratch_free(v->scratch);
	free(v);
}
