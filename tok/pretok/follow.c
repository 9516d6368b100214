/*
 * follow.c - from bytes to characters, and what is owed to the pieces before.
 */
#include "tok/pretok/follow_internal.h"

#include "tok/pretok/pretok_internal.h"
#include "tok/text/utf8.h"

/* Which steps may have ended a piece: .closed. */
enum { CLOSED_BY_LAST = 1, CLOSED_BY_OUTER = 2 };

const struct tok_follow *tok_pretokenizer_follow(const struct tok_pretokenizer *pretokenizer)
{
	return pretokenizer->is_followed ? &pretokenizer->follow : NULL;
}

const struct tok_follow *tok_follow_whole_text(void)
{
	return &follow_text;
}

const struct tok_follow *tok_follow_spaces(void)
{
	return &follow_marked;
}

/* ---- debts ------------------------------------------------------------------ */

/* Behind the apostrophe of what must not be a contraction. */
static bool pay_apostrophe(const struct tok_follow *follow, uint32_t code, uint32_t *debts)
{
	const uint32_t letter = follow_letter(follow, code);
	if (letter == 's' || letter == 't' || letter == 'm' || letter == 'd')
		return false;
	if (letter == 'r' || letter == 'v')
		*debts |= DEBT_NOT_E;
	if (letter == 'l')
		*debts |= DEBT_NOT_L;
	return true;
}

/* The next character has come: false if it was not to; otherwise what is still owed. */
static bool pay(const struct tok_follow *follow, struct tok_follow_state *state,
		struct follow_char c)
{
	const uint32_t owed = state->debts;
	uint32_t debts = 0, forbidden = 0;
	if (c.kind & state->forbidden)
		return false;
	if ((owed & DEBT_RUN) && (c.kind & SCAN_SPACE)) {
		forbidden |= SCAN_SPACE;
		debts |= DEBT_GO_ON;
	}
	if (owed & DEBT_NO_NEWLINE) {
		if (c.kind == SCAN_NEWLINE)
			return false;
		if (c.kind == SCAN_BLANK)
			debts |= DEBT_NO_NEWLINE | (follow->trailing ? DEBT_GO_ON : 0);
	}
	if (owed & DEBT_CAPS) {
		if (c.kind & (SCAN_LOWER | SCAN_UNCASED | SCAN_MARK))
			return false;
		debts |= c.kind == SCAN_UPPER ? DEBT_CAPS : 0;
	}
	if ((owed & DEBT_WORD) && c.kind == SCAN_OTHER) {
		forbidden |= FOLLOW_ANY_KIND & ~(SCAN_LETTER | SCAN_MARK);
		debts |= DEBT_GO_ON;
	}
	if (((owed & DEBT_NOT_ASCII) && follow_is_ascii_letter(c)) ||
	    ((owed & DEBT_SPACE) && c.code != ' '))
		return false;
	if ((owed & DEBT_BEHIND) && c.code == '\'')
		debts |= DEBT_APOS;
	if ((owed & DEBT_APOS) && !pay_apostrophe(follow, c.code, &debts))
		return false;
	if (((owed & DEBT_NOT_E) && follow_letter(follow, c.code) == 'e') ||
	    ((owed & DEBT_NOT_L) && follow_letter(follow, c.code) == 'l') ||
	    ((owed & DEBT_NOT_SLASH) && c.code == '/'))
		return false;
	state->forbidden = (uint16_t)forbidden;
	state->debts = (uint16_t)debts;
	return true;
}

/* ---- characters --------------------------------------------------------------- */

/* The last step's part of add_char. */
static bool add_to_piece(const struct tok_follow *follow, struct tok_follow_state *state,
			 struct follow_char c)
{
	const unsigned piece = follow->step(follow, state->piece, c);
	state->piece = (uint8_t)piece;
	return piece != PIECE_DEAD;
}

/* Where either step may have ended the piece a digit is next, which no debt says anything of: what
 * the two know is one. */
static bool add_behind_outer(const struct tok_follow *follow, struct tok_follow_state *state,
			     struct follow_char c)
{
	const struct outer_choice choice = follow_choose(&follow->outer, state->run, c);
	const bool cut = choice.may_cut && (state->closed & CLOSED_BY_OUTER);
	bool keep = choice.may_keep && state->closed != CLOSED_BY_OUTER;
	state->closed = 0;
	keep = keep && pay(follow, state, c);
	if (!keep)
		state->forbidden = state->debts = 0;
	state->run = (uint8_t)((cut ? choice.cut : 0) | (keep ? choice.keep : 0));
	return (cut || keep) && add_to_piece(follow, state, c);
}

static bool add_char(const struct tok_follow *follow, struct tok_follow_state *state,
		     struct follow_char c)
{
	if (follow->outer.some)
		return add_behind_outer(follow, state, c);
	return pay(follow, state, c) && add_to_piece(follow, state, c);
}

/* The text ends here, to the last step. */
static bool last_may_end(const struct tok_follow *follow, const struct tok_follow_state *state)
{
	struct tok_follow_state known = *state;
	return !(known.debts & DEBT_GO_ON) && (follow->whole || known.piece == PIECE_EMPTY ||
					       follow->close(follow, known.piece, &known));
}

/* Something must come, and nothing may. */
static bool owes_all(const struct tok_follow_state *state)
{
	return (state->debts & DEBT_GO_ON) && (FOLLOW_ANY_KIND & ~(uint32_t)state->forbidden) == 0;
}

static bool end_piece(const struct tok_follow *follow, struct tok_follow_state *state)
{
	struct tok_follow_state closed = *state;
	if (state->piece == PIECE_EMPTY)
		return false;
	const bool outer = follow->outer.some && last_may_end(follow, state);
	const bool last = follow->close(follow, state->piece, &closed) && !owes_all(&closed);
	if (!last && !outer)
		return false;
	if (!last)
		closed.forbidden = closed.debts = 0;
	closed.piece = PIECE_EMPTY;
	if (follow->outer.some)
		closed.closed = (last ? CLOSED_BY_LAST : 0) | (outer ? CLOSED_BY_OUTER : 0);
	*state = closed;
	const bool digit = last && !(closed.forbidden & SCAN_NUMBER);
	return !follow->outer.some || follow_run_may_close(&follow->outer, state->run, last, digit);
}

/* What was held is no character: each byte is one of its own. */
static bool give_up(const struct tok_follow *follow, struct tok_follow_state *state)
{
	const struct tok_follow_state old = *state;
	state->held = 0;
	state->cuts = 0;
	memset(state->bytes, 0, sizeof state->bytes);
	for (unsigned i = 0; i < old.held; i++) {
		const struct follow_char bad = { SCAN_OTHER, TOK_BAD_BYTE + old.bytes[i] };
		if (!add_char(follow, state, bad) ||
		    ((old.cuts >> i & 1) && !end_piece(follow, state)))
			return false;
	}
	return true;
}

/* May more bytes make these a character? */
static bool may_go_on(const uint8_t bytes[4], unsigned count)
{
	uint8_t whole[4] = { 0x80, 0x80, 0x80, 0x80 };
	memcpy(whole, bytes, count);
	if (count == 1 && (whole[0] == 0xE0 || whole[0] == 0xF0))
		whole[1] = whole[0] == 0xE0 ? 0xA0 : 0x90;
	return tok_utf8_length(whole, 4) > count;
}

bool tok_follow_byte(const struct tok_follow *follow, struct tok_follow_state *state, uint8_t byte)
{
	uint8_t bytes[4] = { 0 };
	memcpy(bytes, state->bytes, state->held);
	bytes[state->held] = byte;
	const unsigned count = state->held + 1u;
	if (may_go_on(bytes, count)) {
		state->bytes[state->held++] = byte;
		/* An end between them says that they are none. */
		struct tok_follow_state known = *state;
		return state->cuts == 0 || give_up(follow, &known);
	}
	if (tok_utf8_length(bytes, count) == count) {
		if (state->cuts)
			return false;
		const struct tok_span text = { bytes, count };
		const struct follow_char c = { tok_scan_at(text, 0).kind,
					       tok_utf8_at(text, 0).code };
		state->held = 0;
		memset(state->bytes, 0, sizeof state->bytes);
		return add_char(follow, state, c);
	}
	if (state->held)
		return give_up(follow, state) && tok_follow_byte(follow, state, byte);
	const struct follow_char bad = { SCAN_OTHER, TOK_BAD_BYTE + byte };
	return add_char(follow, state, bad);
}

bool tok_follow_close(const struct tok_follow *follow, struct tok_follow_state *state)
{
	if (state->held == 0)
		return end_piece(follow, state);
	if (tok_follow_is_empty(state))
		return false;
	state->cuts = (state->cuts | 1u << (state->held - 1)) & 7;
	struct tok_follow_state known = *state;
	return give_up(follow, &known);
}

bool tok_follow_may_go_on(const struct tok_follow *follow, const struct tok_follow_state *state)
{
	if (state->held > 0)
		return true;
	return state->piece != PIECE_DONE && state->piece != PIECE_NUMBER_FULL &&
	       (!follow->outer.some || follow_run_may_go_on(&follow->outer, state->run));
}

size_t tok_follow_forced(const struct tok_follow *follow, const struct tok_follow_state *state,
			 const char *const **out)
{
	static const char *const any[] = { "s",  "S",  "\xC5\xBF", "t",  "T",  "m",  "M",
					   "d",  "D",  "re",       "rE", "Re", "RE", "ve",
					   "vE", "Ve", "VE",       "ll", "lL", "Ll", "LL" };
	static const char *const e[] = { "e", "E" }, *const l[] = { "l", "L" };
	struct tok_follow_state closed = *state;
	const size_t cases = follow->fold ? 2 : 1;
	*out = NULL;
	if (state->held || follow->close(follow, state->piece, &closed))
		return 0;
	switch (state->piece) {
	case PIECE_ADDED_APOS:
		*out = any;
		return sizeof any / sizeof *any;
	case PIECE_APOS_RV:
	case PIECE_ADDED_RV:
		*out = e;
		return cases;
	case PIECE_APOS_L:
	case PIECE_ADDED_L:
		*out = l;
		return cases;
	default:
		return 0;
	}
}

bool tok_follow_may_end(const struct tok_follow *follow, const struct tok_follow_state *state)
{
	struct tok_follow_state known = *state;
	return give_up(follow, &known) && last_may_end(follow, &known) &&
	       (!follow->outer.some || follow_run_may_end(&follow->outer, known.run));
}
