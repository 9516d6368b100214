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
 *         (tok_pretokenizer_breaks_lines).  Or newlines are themselves added
 *         tokens: what follows a run of them is then a text of its own.
 * chars   Between two characters, the second beyond ASCII, where nothing is split
 *         and no token has the second one behind another one: text in few
 *         spaces, in a vocabulary that has few words of its language.
 *
 * A cut for words (tok_encode_words) is one of those that the splitter proves: what the
 * model would make of a word in halves does not count.
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
	return t->single_bytes && !t->spec.normalizer_count && !t->spec.pretokenizer_count &&
	       !t->added.count && !t->added_normalized.count;
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

/* ---- what the added tokens allow ------------------------------------------ */

/* Does a run of newlines always become tokens that end where it ends, unless
 * they reach over one of its ends? */
static bool has_newline_tokens(const struct tok_added_set *set, bool match_special)
{
	bool alone = false;
	for (size_t i = 0; i < set->count; i++) {
		const struct tok_span content = set->entries[i].content;
		if (!memchr(content.bytes, '\n', content.count))
			continue;
		if (set->entries[i].token->special && !match_special)
			return false;
		alone |= content.count == 1;
	}
	return alone;
}

/* Tokens that are looked for in normalised text are rarely there at all: what one
 * might do is asked of all places at once, and of words only. */
static void heed_normalized(struct tok_cuts *cuts, const struct tok_added_set *set,
			    bool match_special)
{
	struct tok_added_reach reach = { 0 };
	uint8_t space[4];
	if (set->count == 0)
		return;
	tok_added_note_reach(set, !match_special, &reach);
	(void)tok_utf8_put(cuts->space, space);
	for (const char *p = letters_and_digits; *p; p++)
		if (tok_added_reaches(&reach, (uint8_t)*p, space[0]) ||
		    tok_added_reaches(&reach, (uint8_t)*p, ' '))
			cuts->words = false;
	cuts->words = cuts->words && !reach.single_word && !reach.rstrip;
	cuts->lines = cuts->chars = false;
}

/* The space behind a word belongs to a token that takes what follows it; a
 * newline also to one that takes what comes before. */
static void heed_added(struct tok_cuts *cuts)
{
	cuts->words = cuts->words && !cuts->reach.single_word && !cuts->reach.rstrip;
	cuts->lines =
	    cuts->lines && !cuts->reach.single_word && !cuts->reach.rstrip && !cuts->reach.lstrip;
	cuts->chars = cuts->chars && !cuts->reach.single_word;
}

/* `words`: no word may change, whatever the model would make of its halves.  `added`: what is known
 * of added tokens, newline_tokens and reach. */
static struct tok_cuts find_cuts(const struct tok_tokenizer *t, bool match_special, bool words,
				 const struct tok_cuts *added)
{
	const struct tok_norm_cut norm = tok_normalizer_cut(t->normalizer);
	struct tok_cuts cuts = *added;
	cuts.anywhere = !words && is_bytes_only(t);
	cuts.norm_fronts = norm.fronts;
	cuts.pretok_fronts = fronts_pieces(t);
	cuts.space = norm.space;
	const bool by_characters = !words && splits_by_characters(t, &cuts.space);

	if (norm.space == ' ' && tok_pretokenizer_breaks_words(t->pretokenizer))
		cuts.words = norm.words;
	else if (by_characters)
		cuts.words = norm.words && model_breaks_words(t->model, cuts.space);
	cuts.lines = norm.lines && (cuts.newline_tokens ||
				    tok_pretokenizer_breaks_lines(t->pretokenizer, norm.newline));
	cuts.chars = norm.chars && by_characters;
	heed_added(&cuts);
	heed_normalized(&cuts, &t->added_normalized, match_special);
	return cuts;
}

void tok_cuts_init(struct tok_tokenizer *t)
{
	struct tok_cuts added = { 0 };
	for (int match_special = 0; match_special < 2; match_special++) {
		/* There may be thousands, and the second time it is mostly the same. */
		if (!match_special || !t->added.has_ordinary) {
			added.reach = (struct tok_added_reach){ 0 };
			tok_added_note_reach(&t->added, !match_special, &added.reach);
		}
		added.newline_tokens = has_newline_tokens(&t->added, match_special);
		t->cuts[match_special] = find_cuts(t, match_special, false, &added);
		t->word_cuts[match_special] = find_cuts(t, match_special, true, &added);
	}
}

/* ---- the search ----------------------------------------------------------- */

/* `at` is where the second part would begin; text is in front of it. */
static bool is_apart(const struct tok_cuts *cuts, struct tok_span text, size_t at, bool fronts)
{
	const uint8_t before = text.bytes[at - 1];
	return !tok_added_reaches(&cuts->reach, before, text.bytes[at]) &&
	       !(fronts && cuts->reach.ends[before]);
}

static bool is_word_place(const struct tok_cuts *cuts, struct tok_span text, size_t at)
{
	const uint8_t *p = text.bytes + at;
	return p[0] == ' ' && at + 1 < text.count && is_letter(p[1]) && is_letter_or_digit(p[-1]) &&
	       is_apart(cuts, text, at, cuts->norm_fronts);
}

static bool is_line_place(const struct tok_cuts *cuts, struct tok_span text, size_t at)
{
	size_t run = at - 1;
	if (text.bytes[run] != '\n' || !tok_norm_line_begins(tok_utf8_at(text, at).code) ||
	    !is_apart(cuts, text, at, cuts->norm_fronts || cuts->pretok_fronts))
		return false;
	while (cuts->newline_tokens && run > 0 && text.bytes[run - 1] == '\n')
		run--;
	if (run == 0 || tok_added_reaches(&cuts->reach, text.bytes[run - 1], '\n'))
		return false;
	return cuts->newline_tokens || tok_norm_line_ends(tok_utf8_before(text, run).code);
}

static bool is_char_place(const struct tok_cuts *cuts, const struct tok_model *model,
			  struct tok_span text, size_t at)
{
	if (text.bytes[at] < 0xC2)
		return false;
	const uint32_t before = tok_utf8_before(text, at).code, code = tok_utf8_at(text, at).code;
	return before != ' ' && before != '\n' && before != cuts->space && code != cuts->space &&
	       tok_model_breaks_before(model, before, code) &&
	       is_apart(cuts, text, at, cuts->norm_fronts || cuts->pretok_fronts);
}

static size_t find_cut(const struct tok_tokenizer *t, const struct tok_cuts *cuts,
		       struct tok_span text)
{
	if (cuts->anywhere)
		return text.count;
	if (!cuts->words && !cuts->lines && !cuts->chars)
		return 0;
	for (size_t at = text.count; at-- > 1;)
		if ((cuts->words && is_word_place(cuts, text, at)) ||
		    (cuts->lines && is_line_place(cuts, text, at)) ||
		    (cuts->chars && is_char_place(cuts, t->model, text, at)))
			return at;
	return 0;
}

size_t tok_tokenizer_cut(const struct tok_tokenizer *t, struct tok_span text, bool match_special)
{
	return find_cut(t, &t->cuts[match_special], text);
}

size_t tok_tokenizer_cut_words(const struct tok_tokenizer *t, struct tok_span text,
			       bool match_special)
{
	return find_cut(t, &t->word_cuts[match_special], text);
}
