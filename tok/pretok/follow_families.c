/*
 * follow_families.c - the published patterns of scan_words.c as automata: what a piece is
 * with one more character, and what it promises when it ends.
 *
 * White space, where no newline claims it: all of a run but its last one, which goes with
 * the word behind, if one follows; all of it where the text ends.
 */
#include "tok/pretok/follow_internal.h"

#include "tok/text/utf8.h"

static bool owe(struct tok_follow_state *debt, uint32_t forbidden, uint32_t debts)
{
	debt->forbidden |= (uint16_t)forbidden;
	debt->debts |= (uint16_t)debts;
	return true;
}

/* ---- GPT-2 ---------------------------------------------------------------------- */

static unsigned begin_gpt2(struct follow_char c)
{
	if (c.kind & SCAN_LETTER)
		return PIECE_LETTERS;
	if (c.kind & SCAN_NUMBER)
		return PIECE_NUMBER;
	if (c.kind & SCAN_REST)
		return PIECE_REST;
	return PIECE_DEAD;
}

/* 's 't 'm 'd end here, 're 've 'll need one more; another piece otherwise. */
static unsigned begin_contraction(const struct tok_follow *follow, struct follow_char c,
				  unsigned rv, unsigned l, unsigned other)
{
	const uint32_t letter = follow_letter(follow, c.code);
	if (letter == 's' || letter == 't' || letter == 'm' || letter == 'd')
		return PIECE_DONE;
	if (letter == 'r' || letter == 'v')
		return rv;
	return letter == 'l' ? l : other;
}

static unsigned step_gpt2(const struct tok_follow *follow, unsigned piece, struct follow_char c)
{
	const bool space = (c.kind & SCAN_SPACE) != 0;
	switch (piece) {
	case PIECE_EMPTY:
		if (space)
			return c.code == ' ' ? PIECE_SPACE1 : PIECE_BLANK1;
		return c.code == '\'' ? PIECE_APOS : begin_gpt2(c);
	case PIECE_SPACE1:
		return space ? PIECE_BLANKS : begin_gpt2(c);
	case PIECE_BLANK1:
	case PIECE_BLANKS:
		return space ? PIECE_BLANKS : PIECE_DEAD;
	case PIECE_LETTERS:
		return c.kind & SCAN_LETTER ? piece : PIECE_DEAD;
	case PIECE_NUMBER:
		return c.kind & SCAN_NUMBER ? piece : PIECE_DEAD;
	case PIECE_REST:
		return c.kind & SCAN_REST ? piece : PIECE_DEAD;
	case PIECE_APOS:
		return begin_contraction(follow, c, PIECE_APOS_RV, PIECE_APOS_L,
					 c.kind & SCAN_REST ? PIECE_REST : PIECE_DEAD);
	case PIECE_APOS_RV:
		return c.code == 'e' ? PIECE_DONE : PIECE_DEAD;
	case PIECE_APOS_L:
		return c.code == 'l' ? PIECE_DONE : PIECE_DEAD;
	default:
		return PIECE_DEAD;
	}
}

static bool close_gpt2(const struct tok_follow *follow, unsigned piece,
		       struct tok_follow_state *debt)
{
	(void)follow;
	switch (piece) {
	case PIECE_SPACE1:
	case PIECE_BLANKS:
		return owe(debt, FOLLOW_ANY_KIND & ~SCAN_SPACE, DEBT_RUN);
	case PIECE_BLANK1:
		return owe(debt, 0, DEBT_RUN);
	case PIECE_LETTERS:
		return owe(debt, SCAN_LETTER, 0);
	case PIECE_NUMBER:
		return owe(debt, SCAN_NUMBER, 0);
	case PIECE_REST:
		return owe(debt, SCAN_REST, 0);
	case PIECE_APOS:
		return owe(debt, SCAN_REST, DEBT_APOS);
	case PIECE_DONE:
		return true;
	default:
		return false;
	}
}

/* ---- what cl100k and o200k share -------------------------------------------------- */

static unsigned step_common(const struct tok_follow *follow, unsigned piece, struct follow_char c)
{
	const bool newline = c.kind == SCAN_NEWLINE, blank = c.kind == SCAN_BLANK;
	switch (piece) {
	case PIECE_EMPTY:
		if (c.kind == SCAN_NUMBER)
			return follow->digits == 1 ? PIECE_NUMBER_FULL : PIECE_NUMBER;
		if (newline)
			return PIECE_NEWLINES;
		if (blank)
			return c.code == ' ' ? PIECE_SPACE1 : PIECE_BLANK1;
		return PIECE_REST1;
	case PIECE_SPACE1:
	case PIECE_BLANK1:
	case PIECE_BLANKS:
		if (piece == PIECE_SPACE1 && (c.kind & SCAN_REST))
			return PIECE_REST;
		return newline ? PIECE_NEWLINES : blank ? PIECE_BLANKS : PIECE_DEAD;
	case PIECE_NEWLINES:
	case PIECE_NEWLINES_UP:
		return newline ? PIECE_NEWLINES : blank ? PIECE_NEWLINES_UP : PIECE_DEAD;
	case PIECE_NUMBER:
		return c.kind == SCAN_NUMBER ? PIECE_NUMBER2 : PIECE_DEAD;
	case PIECE_NUMBER2:
		return c.kind == SCAN_NUMBER ? PIECE_NUMBER_FULL : PIECE_DEAD;
	case PIECE_REST1:
	case PIECE_APOS:
	case PIECE_MARK:
	case PIECE_REST:
		if (c.kind & SCAN_REST)
			return PIECE_REST;
		return newline ? PIECE_REST_TAIL : PIECE_DEAD;
	case PIECE_REST_TAIL:
		return newline || (follow->slashes && c.code == '/') ? piece : PIECE_DEAD;
	default:
		return PIECE_DEAD;
	}
}

/* `words`: kinds that a word may begin with. */
static bool close_common(const struct tok_follow *follow, unsigned piece, uint32_t words,
			 struct tok_follow_state *debt)
{
	switch (piece) {
	case PIECE_SPACE1:
		return owe(debt, FOLLOW_ANY_KIND & ~(SCAN_BLANK | SCAN_NUMBER), DEBT_RUN);
	case PIECE_BLANK1:
		return owe(debt, words | SCAN_NEWLINE, DEBT_RUN);
	case PIECE_BLANKS:
		return owe(debt, FOLLOW_ANY_KIND & ~SCAN_BLANK, DEBT_RUN);
	case PIECE_NEWLINES:
		return owe(debt, 0, DEBT_NO_NEWLINE);
	case PIECE_NUMBER:
	case PIECE_NUMBER2:
		return owe(debt, SCAN_NUMBER, 0);
	case PIECE_REST1:
		return owe(debt, words | SCAN_REST | SCAN_NEWLINE, 0);
	case PIECE_REST:
		return owe(debt, SCAN_REST | SCAN_NEWLINE, 0);
	case PIECE_REST_TAIL:
		return owe(debt, SCAN_NEWLINE, follow->slashes ? DEBT_NOT_SLASH : 0);
	case PIECE_NUMBER_FULL:
	case PIECE_DONE:
		return true;
	case PIECE_NEWLINES_UP:
		/* Only where the text ends, which is then one that must not go on. */
		return follow->trailing && owe(debt, FOLLOW_ANY_KIND, 0);
	default:
		return false;
	}
}

/* ---- cl100k, Qwen ------------------------------------------------------------------- */

static unsigned step_letters(const struct tok_follow *follow, unsigned piece, struct follow_char c)
{
	const bool letter = (c.kind & SCAN_LETTER) != 0;
	switch (piece) {
	case PIECE_EMPTY:
		if (c.code == '\'')
			return PIECE_APOS;
		return letter ? PIECE_LETTERS : step_common(follow, piece, c);
	case PIECE_SPACE1:
	case PIECE_BLANK1:
	case PIECE_REST1:
		return letter ? PIECE_LETTERS : step_common(follow, piece, c);
	case PIECE_APOS:
		return letter ? begin_contraction(follow, c, PIECE_APOS_RV, PIECE_APOS_L,
						  PIECE_LETTERS)
			      : step_common(follow, piece, c);
	case PIECE_APOS_RV:
	case PIECE_APOS_L:
		if (follow_letter(follow, c.code) == (piece == PIECE_APOS_L ? 'l' : 'e'))
			return PIECE_DONE;
		return letter ? PIECE_LETTERS : PIECE_DEAD;
	case PIECE_LETTERS:
		return letter ? piece : PIECE_DEAD;
	default:
		return step_common(follow, piece, c);
	}
}

static bool close_letters(const struct tok_follow *follow, unsigned piece,
			  struct tok_follow_state *debt)
{
	switch (piece) {
	case PIECE_LETTERS:
	case PIECE_APOS_RV:
	case PIECE_APOS_L:
		return owe(debt, SCAN_LETTER, 0);
	case PIECE_APOS:
		return owe(debt, SCAN_LETTER | SCAN_REST | SCAN_NEWLINE, 0);
	default:
		return close_common(follow, piece, SCAN_LETTER, debt);
	}
}

/* ---- o200k, Tekken: see scan_cased ---------------------------------------------------- */

/* A word begins, or its capitals go on. */
static unsigned begin_cased(struct follow_char c, unsigned upper)
{
	if (c.kind == SCAN_UPPER)
		return upper;
	if (c.kind == SCAN_LOWER)
		return PIECE_LOWER;
	return c.kind & (SCAN_UNCASED | SCAN_MARK) ? PIECE_BOTH : PIECE_DEAD;
}

/* May a contraction stand behind? */
static bool ends_word(unsigned piece)
{
	return piece == PIECE_UPPER || piece == PIECE_LOWER || piece == PIECE_BOTH ||
	       piece == PIECE_MARK;
}

static unsigned step_cased(const struct tok_follow *follow, unsigned piece, struct follow_char c)
{
	const bool cased = (c.kind & (SCAN_LETTER | SCAN_MARK)) != 0;
	if (follow->behind && ends_word(piece) && c.code == '\'')
		return PIECE_ADDED_APOS;
	switch (piece) {
	case PIECE_EMPTY:
		if (c.kind == SCAN_MARK)
			return PIECE_MARK;
		return cased ? begin_cased(c, PIECE_UPPER) : step_common(follow, piece, c);
	case PIECE_SPACE1:
	case PIECE_BLANK1:
	case PIECE_REST1:
		return cased ? begin_cased(c, PIECE_UPPER) : step_common(follow, piece, c);
	case PIECE_MARK:
	case PIECE_MARK_UPPER:
		return begin_cased(c, PIECE_MARK_UPPER);
	case PIECE_UPPER:
		return begin_cased(c, PIECE_UPPER);
	case PIECE_BOTH:
	case PIECE_BOTH_UPPER:
		return begin_cased(c, PIECE_BOTH_UPPER);
	case PIECE_LOWER:
		return cased && c.kind != SCAN_UPPER ? piece : PIECE_DEAD;
	case PIECE_ADDED_APOS:
		return begin_contraction(follow, c, PIECE_ADDED_RV, PIECE_ADDED_L, PIECE_DEAD);
	case PIECE_ADDED_RV:
		return follow_letter(follow, c.code) == 'e' ? PIECE_DONE : PIECE_DEAD;
	case PIECE_ADDED_L:
		return follow_letter(follow, c.code) == 'l' ? PIECE_DONE : PIECE_DEAD;
	default:
		return step_common(follow, piece, c);
	}
}

static bool close_cased(const struct tok_follow *follow, unsigned piece,
			struct tok_follow_state *debt)
{
	const uint32_t behind = follow->behind ? DEBT_BEHIND : 0;
	switch (piece) {
	case PIECE_UPPER:
		return owe(debt, SCAN_LETTER | SCAN_MARK, behind);
	case PIECE_LOWER:
		return owe(debt, SCAN_LOWER | SCAN_UNCASED | SCAN_MARK, behind);
	case PIECE_BOTH:
	case PIECE_MARK:
		return owe(debt, 0, DEBT_CAPS | behind);
	default:
		return close_common(follow, piece, SCAN_LETTER | SCAN_MARK, debt);
	}
}

/* ---- DeepSeek: see scan_deepseek -------------------------------------------------------- */

/* Numbers are texts by themselves, and to the pattern nothing. */

enum { SIGN = SCAN_PUNCTUATION | SCAN_SYMBOL, WORD = SCAN_LETTER | SCAN_MARK };

/* What no pattern takes, unless a word is behind it. */
enum { GAP = SCAN_OTHER | SCAN_NUMBER };

static unsigned begin_deepseek(const struct tok_follow *follow, struct follow_char c)
{
	if (c.kind & SIGN)
		return c.code < 0x80 ? PIECE_SIGN1 : PIECE_REST;
	if (c.kind & WORD)
		return PIECE_LETTERS;
	return c.kind & GAP ? PIECE_GAP1 : step_common(follow, PIECE_EMPTY, c);
}

static unsigned step_deepseek(const struct tok_follow *follow, unsigned piece, struct follow_char c)
{
	const bool word = (c.kind & WORD) != 0, sign = (c.kind & SIGN) != 0;
	switch (piece) {
	case PIECE_EMPTY:
		return begin_deepseek(follow, c);
	case PIECE_SPACE1:
	case PIECE_BLANK1:
		if (word)
			return PIECE_LETTERS;
		if (sign && piece == PIECE_SPACE1)
			return PIECE_REST;
		return c.kind & SCAN_SPACE ? step_common(follow, piece, c) : PIECE_DEAD;
	case PIECE_LETTERS:
		return word ? piece : PIECE_DEAD;
	case PIECE_SIGN1:
	case PIECE_REST:
		if (sign)
			return PIECE_REST;
		if (piece == PIECE_SIGN1 && follow_is_ascii_letter(c))
			return PIECE_ASCII;
		return c.kind == SCAN_NEWLINE ? PIECE_REST_TAIL : PIECE_DEAD;
	case PIECE_ASCII:
		return follow_is_ascii_letter(c) ? piece : PIECE_DEAD;
	case PIECE_GAP1:
	case PIECE_GAP:
		if (c.kind & GAP)
			return PIECE_GAP;
		return word && piece == PIECE_GAP1 ? PIECE_LETTERS : PIECE_DEAD;
	default:
		return step_common(follow, piece, c);
	}
}

static bool close_deepseek(const struct tok_follow *follow, unsigned piece,
			   struct tok_follow_state *debt)
{
	switch (piece) {
	case PIECE_SPACE1:
		return owe(debt, WORD | SIGN | SCAN_NEWLINE, DEBT_RUN);
	case PIECE_BLANK1:
		return owe(debt, WORD | SCAN_NEWLINE, DEBT_RUN);
	case PIECE_LETTERS:
		return owe(debt, WORD, 0);
	case PIECE_SIGN1:
		return owe(debt, SIGN | SCAN_NEWLINE, DEBT_NOT_ASCII);
	case PIECE_REST:
		return owe(debt, SIGN | SCAN_NEWLINE, 0);
	case PIECE_ASCII:
		return owe(debt, 0, DEBT_NOT_ASCII);
	case PIECE_GAP1:
	case PIECE_GAP:
		return owe(debt, WORD | SCAN_NUMBER, DEBT_WORD);
	default:
		return close_common(follow, piece, WORD, debt);
	}
}

/* ---- a piece at every space ----------------------------------------------------------- */

static unsigned step_marked(const struct tok_follow *follow, unsigned piece, struct follow_char c)
{
	(void)follow;
	if (c.code >= TOK_BAD_BYTE || (piece != PIECE_EMPTY && c.code == ' '))
		return PIECE_DEAD;
	return PIECE_LETTERS;
}

static bool close_marked(const struct tok_follow *follow, unsigned piece,
			 struct tok_follow_state *debt)
{
	(void)follow, (void)piece;
	return owe(debt, 0, DEBT_SPACE);
}

/* ---- no pieces ---------------------------------------------------------------------- */

static unsigned step_none(const struct tok_follow *follow, unsigned piece, struct follow_char c)
{
	(void)piece;
	return follow->utf8 && c.code >= TOK_BAD_BYTE ? PIECE_DEAD : PIECE_LETTERS;
}

static bool close_none(const struct tok_follow *follow, unsigned piece,
		       struct tok_follow_state *debt)
{
	(void)follow, (void)piece, (void)debt;
	return false;
}

const struct tok_follow follow_none = { step_none, close_none, .whole = true };
const struct tok_follow follow_text = { step_none, close_none, .whole = true, .utf8 = true };
const struct tok_follow follow_marked = { step_marked, close_marked, .utf8 = true };

const struct tok_follow follow_families[] = {
	{ step_gpt2, close_gpt2, .scan = &tok_scan_gpt2 },
	{ step_letters, close_letters, .scan = &tok_scan_cl100k, .fold = true, .digits = 3 },
	{ step_letters, close_letters, .scan = &tok_scan_cl100k_trailing, .fold = true,
	  .trailing = true, .digits = 3 },
	{ step_letters, close_letters, .scan = &tok_scan_qwen, .fold = true, .digits = 1 },
	{ step_cased, close_cased, .scan = &tok_scan_o200k, .fold = true, .behind = true,
	  .slashes = true, .digits = 3 },
	{ step_cased, close_cased, .scan = &tok_scan_tekken, .slashes = true, .digits = 1 },
	{ step_deepseek, close_deepseek, .scan = &tok_scan_deepseek, .apart = true },
};
const size_t follow_family_count = sizeof follow_families / sizeof *follow_families;
