/*
 * follow.c - from bytes to characters, and what is owed to the pieces before.
 */
#include "tok/pretok/follow_internal.h"

#include "tok/pretok/pretok_internal.h"
#include "tok/text/utf8.h"

const struct tok_follow *tok_pretokenizer_follow(const struct tok_pretokenizer *pretokenizer)
{
	if (pretokenizer->count == 0)
		return &follow_none;
	if (pretokenizer->count != 1 || !tok_pretokenizer_tiles(pretokenizer))
		return NULL;
	for (size_t i = 0; i < follow_family_count; i++)
		if (follow_families[i].scan == pretokenizer->ops[0].scan)
			return &follow_families[i];
	return NULL;
}

const struct tok_follow *tok_follow_whole_text(void)
{
	return &follow_text;
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

static bool add_char(const struct tok_follow *follow, struct tok_follow_state *state,
		     struct follow_char c)
{
	if (!pay(follow, state, c))
		return false;
	const unsigned piece = follow->step(follow, state->piece, c);
	state->piece = (uint8_t)piece;
	return piece != PIECE_DEAD;
}

static bool end_piece(const struct tok_follow *follow, struct tok_follow_state *state)
{
	if (!follow->close(follow, state->piece, state))
		return false;
	state->piece = PIECE_EMPTY;
	return true;
}

/* What was held is no character: each byte is one of its own. */
static bool give_up(const struct tok_follow *follow, struct tok_follow_state *state)
{
	const struct tok_follow_state old = *state;
	state->held = state->cuts = 0;
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
	state->cuts |= (uint8_t)(1u << (state->held - 1));
	struct tok_follow_state known = *state;
	return give_up(follow, &known);
}

bool tok_follow_may_go_on(const struct tok_follow_state *state)
{
	return state->held > 0 || (state->piece != PIECE_DONE && state->piece != PIECE_NUMBER_FULL);
}

bool tok_follow_may_end(const struct tok_follow *follow, const struct tok_follow_state *state)
{
	struct tok_follow_state known = *state;
	return give_up(follow, &known) && !(known.debts & DEBT_GO_ON) &&
	       (known.piece == PIECE_EMPTY || end_piece(follow, &known) || follow == &follow_none ||
		follow == &follow_text);
}
