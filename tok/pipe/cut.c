/*
 * cut.c - where a long text may be cut without changing any id.
 *
 * The second part is encoded as one that continues (encoder.h).  Three kinds of
 * places are known; for each of them normalising the parts is normalising the
 * whole (tok_normalizer_cut), no added token lies across the place or looks
 * across it, and:
 *
 * words   Between an ASCII letter or digit and a space that an ASCII letter
 *         follows.  Every published splitter ends a piece there and starts the
 *         next one without a look at what came before
 *         (tok_pretokenizer_breaks_words).  Where nothing is split, as in
 *         SentencePiece's kind of BPE, no token has what the space becomes behind
 *         a letter or digit (tok_model_breaks_before).
 * lines   Behind a newline between two characters that are no spaces, of which
 *         the second is a letter or digit: for texts that seldom have a space.
 *         Published splitters and those that remove white space end a piece there
 *         (tok_pretokenizer_breaks_lines).  Or the newline is itself an added
 *         token: what follows is then a text of its own.
 * chars   Between two characters, the second beyond ASCII, where nothing is split
 *         and no token has the second one behind another one: text in few
 *         spaces, in a vocabulary that has few words of its language.
 *
 * That an added token ends at a place makes what follows a text of its own.
 * Where something is put in front of every such text, it is no place to cut.
 */
#include "tok/pipe/tokenizer_internal.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

static const char letters_and_digits[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static bool is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_letter_or_digit(uint8_t byte)
{
	return is_letter(byte) || (byte >= '0' && byte <= '9');
}

/* ---- what the specification allows ---------------------------------------- */

/* The model alone, on single bytes that never join. */
static bool is_bytes_only(const struct tok_tokenizer *t)
{
	const struct tok_model_spec *model = &t->spec.model;
	if (!t->spec.raw_vocabulary || t->spec.normalizer_count || t->spec.pretokenizer_count ||
	    t->added.count || t->added_normalized.count)
		return false;
	for (size_t i = 0; i < model->entry_count; i++)
		if (model->entries[i].text.count > 1)
			return false;
	return true;
}

/* Steps that look at one character at a time, so that a piece which lies across
 * a place falls into two there if the text does. */
static bool splits_by_characters(const struct tok_tokenizer *t, uint32_t *space)
{
	for (size_t i = 0; i < t->spec.pretokenizer_count; i++) {
		const struct tok_pretok_step *step = &t->spec.pretokenizers[i];
		if (step->kind == TOK_PRETOK_METASPACE) {
			if (*space == ' ')
				*space = step->as.metaspace.replacement;
		} else if (step->kind != TOK_PRETOK_SPLIT ||
			   step->as.split.dialect != TOK_REGEX_LITERAL ||
			   step->as.split.pattern.count != 1 ||
			   step->as.split.pattern.bytes[0] >= 0x80) {
			return false;
		}
	}
	return true;
}

static bool fronts_pieces(const struct tok_tokenizer *t)
{
	for (size_t i = 0; i < t->spec.pretokenizer_count; i++) {
		const struct tok_pretok_step *step = &t->spec.pretokenizers[i];
		if (step->kind == TOK_PRETOK_METASPACE ||
		    (step->kind == TOK_PRETOK_BYTE_LEVEL && step->as.byte_level.add_prefix_space))
			return true;
	}
	return false;
}

static bool model_breaks_words(const struct tok_model *model, uint32_t space)
{
	for (const char *p = letters_and_digits; *p; p++)
		if (!tok_model_breaks_before(model, (uint8_t)*p, space))
			return false;
	return true;
}

struct tok_cuts tok_find_cuts(const struct tok_tokenizer *t)
{
	const struct tok_norm_cut norm = tok_normalizer_cut(t->normalizer);
	struct tok_cuts cuts = { .anywhere = is_bytes_only(t),
				 .norm_fronts = norm.fronts,
				 .pretok_fronts = fronts_pieces(t),
				 .space = norm.space };
	const bool by_characters = splits_by_characters(t, &cuts.space);

	if (norm.space == ' ' && tok_pretokenizer_breaks_words(t->pretokenizer))
		cuts.words = norm.words;
	else if (by_characters)
		cuts.words = norm.words && model_breaks_words(t->model, cuts.space);
	cuts.lines = norm.lines && tok_pretokenizer_breaks_lines(t->pretokenizer, norm.newline);
	cuts.chars = norm.chars && by_characters;
	cuts.fresh_lines = norm.lines && !norm.fronts && !cuts.pretok_fronts;
	return cuts;
}

/* ---- what the added tokens allow ------------------------------------------ */

struct search {
	const struct tok_tokenizer *tokenizer;
	struct tok_span text;
	struct tok_cuts cuts;
	struct tok_added_reach reach; /* of the tokens in the text as it came */
};

/* Is a newline a token that nothing else competes with? */
static bool has_newline_token(const struct tok_tokenizer *t, bool match_special)
{
	const struct tok_added_match match =
	    tok_added_find(&t->added, tok_span_of("\n"), 0, 0, !match_special);
	return match.token && match.token->content.count == 1;
}

/* A token that is looked for in normalised text is seen there only, and texts
 * that hold it are rare: what it might do is asked of all places at once. */
static void heed_normalized(struct search *s, bool match_special)
{
	struct tok_added_reach reach = { 0 };
	const struct tok_added_set *set = &s->tokenizer->added_normalized;
	uint8_t space[4];
	if (set->count == 0)
		return;
	tok_added_note_reach(set, !match_special, &reach);
	(void)tok_utf8_put(s->cuts.space, space);
	for (const char *p = letters_and_digits; *p; p++)
		if (tok_added_reaches(&reach, (uint8_t)*p, space[0]) ||
		    tok_added_reaches(&reach, (uint8_t)*p, ' '))
			s->cuts.words = false;
	s->cuts.words = s->cuts.words && !reach.single_word && !reach.rstrip;
	/* What lies in front of a token, or across a newline, is not worth a proof. */
	s->cuts.lines = s->cuts.fresh_lines = s->cuts.chars = false;
}

static void heed_added(struct search *s, bool match_special)
{
	const struct tok_tokenizer *t = s->tokenizer;
	tok_added_note_reach(&t->added, !match_special, &s->reach);
	heed_normalized(s, match_special);
	if (s->reach.single_word) {
		s->cuts = (struct tok_cuts){ 0 };
		return;
	}
	/* The space behind a word belongs to a token that takes what follows it; a
	 * newline also to one that takes what comes before. */
	s->cuts.words = s->cuts.words && !s->reach.rstrip;
	if (s->reach.rstrip || s->reach.lstrip)
		s->cuts.lines = s->cuts.fresh_lines = false;
	s->cuts.fresh_lines = s->cuts.fresh_lines && has_newline_token(t, match_special);
	if (has_newline_token(t, match_special))
		s->cuts.lines = s->cuts.fresh_lines;
	s->cuts.lines = s->cuts.lines || s->cuts.fresh_lines;
}

/* ---- the search ----------------------------------------------------------- */

/* `at` is where the second part would begin; text is in front of it. */
static bool is_apart(const struct search *s, size_t at, bool fronts)
{
	const uint8_t before = s->text.bytes[at - 1];
	return !tok_added_reaches(&s->reach, before, s->text.bytes[at]) &&
	       !(fronts && s->reach.ends[before]);
}

static bool is_word_place(const struct search *s, size_t at)
{
	const uint8_t *p = s->text.bytes + at;
	return p[0] == ' ' && at + 1 < s->text.count && is_letter(p[1]) &&
	       is_letter_or_digit(p[-1]) && is_apart(s, at, s->cuts.norm_fronts);
}

static bool is_line_place(const struct search *s, size_t at)
{
	const struct tok_span text = s->text;
	return text.bytes[at - 1] == '\n' && at >= 2 &&
	       tok_norm_line_begins(tok_utf8_at(text, at).code) &&
	       tok_norm_line_ends(tok_utf8_before(text, at - 1).code) &&
	       !tok_added_reaches(&s->reach, text.bytes[at - 2], '\n') &&
	       is_apart(s, at, s->cuts.norm_fronts || s->cuts.pretok_fronts);
}

static bool is_char_place(const struct search *s, size_t at)
{
	const struct tok_span text = s->text;
	if (text.bytes[at] < 0xC2)
		return false;
	const uint32_t before = tok_utf8_before(text, at).code, code = tok_utf8_at(text, at).code;
	return before != ' ' && before != '\n' && before != s->cuts.space &&
	       code != s->cuts.space &&
	       tok_model_breaks_before(s->tokenizer->model, before, code) &&
	       is_apart(s, at, s->cuts.norm_fronts || s->cuts.pretok_fronts);
}

size_t tok_tokenizer_cut(const struct tok_tokenizer *t, struct tok_span text, bool match_special)
{
	struct search s = { .tokenizer = t, .text = text, .cuts = t->cuts };
	if (s.cuts.anywhere)
		return text.count;
	if (!s.cuts.words && !s.cuts.lines && !s.cuts.chars && !s.cuts.fresh_lines)
		return 0;
	heed_added(&s, match_special);
	for (size_t at = text.count; at-- > 1;)
		if ((s.cuts.words && is_word_place(&s, at)) ||
		    (s.cuts.lines && is_line_place(&s, at)) ||
		    (s.cuts.chars && is_char_place(&s, at)))
			return at;
	return 0;
}
