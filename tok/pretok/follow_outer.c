/*
 * follow_outer.c - steps that cut the text before the last one sees it: numbers, digits in
 * threes, han and kana.
 *
 * All of them cut between two characters for what these two are and for how many digits have
 * come or are to come.  .run holds what the last character was and a number: of how many
 * a run of \p{N}{1,3} is now, or, as bits, how many digits may still come.  Counted from the right
 * they are told by what is to come, so all numbers modulo three are kept that the ends so
 * far allow; a run of digits that has ended leaves none but the right one.
 */
#include "tok/pretok/follow_internal.h"
#include "tok/pretok/pretok_internal.h"
#include "tok/text/unicode.h"

/* What the last character was. */
enum last { LAST_NONE, LAST_OTHER, LAST_NUMBER, LAST_DIGIT, LAST_HAN_KANA };

/* Digits still to come: bit i for i modulo three; or none of the run is cut at all. */
enum { TO_COME_0 = 1, TO_COME_MORE = 2 | 4, TO_COME_ANY = 7, UNCUT = 8 };

enum { THREE = 3 };

static uint8_t make_run(enum last last, unsigned number)
{
	return (uint8_t)((unsigned)last | number << 3);
}

static enum last last_of(uint8_t run)
{
	return (enum last)(run & 7);
}

static bool is_han_kana(uint32_t code)
{
	return (code >= 0x4E00 && code <= 0x9FA5) || (code >= 0x3040 && code <= 0x30FF);
}

static enum last classify(const struct follow_outer *outer, struct follow_char c)
{
	if (outer->threes && tok_unicode_category(c.code) == TOK_ND)
		return LAST_DIGIT;
	if (outer->numeric ? pretok_class_has(PRETOK_NUMERIC, 0, c.code) : c.kind == SCAN_NUMBER)
		return LAST_NUMBER;
	return outer->han_kana && is_han_kana(c.code) ? LAST_HAN_KANA : LAST_OTHER;
}

static bool is_number(enum last last)
{
	return last == LAST_NUMBER || last == LAST_DIGIT;
}

/* Do the steps that count nothing from the right cut here? */
static bool cuts_plainly(const struct follow_outer *outer, uint8_t run, enum last next)
{
	const enum last last = last_of(run);
	const bool before = is_number(last), behind = is_number(next);
	if (outer->han_kana && (last == LAST_HAN_KANA) != (next == LAST_HAN_KANA))
		return true;
	switch (outer->numbers) {
	case NUMBERS_STAY:
		return false;
	case NUMBERS_ALONE:
		return before || behind;
	case NUMBERS_RUN:
		return before != behind;
	case NUMBERS_THREE:
		return before != behind || (before && run >> 3 == THREE);
	}
	return false;
}

/* A digit comes: from how many may still come, it included, to how many without it. */
static unsigned take_digit(unsigned to_come)
{
	return (to_come >> 1 & 3) | (to_come & TO_COME_0) << 2 | (to_come & UNCUT);
}

/* A digit is next. */
static struct outer_choice choose_digit(const struct follow_outer *outer, uint8_t run, bool cut)
{
	const bool boundary = outer->threes == THREES_BOUNDARY;
	const unsigned any = boundary ? TO_COME_ANY | UNCUT : TO_COME_ANY;
	const unsigned before = last_of(run) == LAST_DIGIT ? run >> 3 : any;
	unsigned cuts = before & TO_COME_0, keeps = before & (TO_COME_MORE | UNCUT);
	if (boundary && last_of(run) != LAST_DIGIT) {
		cuts = TO_COME_ANY;
		keeps = UNCUT;
	}
	if (last_of(run) == LAST_NONE || cut) { /* it makes no difference to the text */
		cuts = cut ? any : 0;
		keeps = cut ? 0 : any;
	}
	return (struct outer_choice){ .may_cut = cuts != 0,
				      .may_keep = keeps != 0,
				      .cut = make_run(LAST_DIGIT, take_digit(cuts)),
				      .keep = make_run(LAST_DIGIT, take_digit(keeps)) };
}

struct outer_choice follow_choose(const struct follow_outer *outer, uint8_t run,
				  struct follow_char c)
{
	const enum last last = last_of(run), next = classify(outer, c);
	const bool cut = last != LAST_NONE && cuts_plainly(outer, run, next);
	if (next == LAST_DIGIT)
		return choose_digit(outer, run, cut);
	const unsigned before = is_number(last) && !cut ? run >> 3 : 0;
	const unsigned number =
	    outer->numbers == NUMBERS_THREE && next == LAST_NUMBER ? before + 1 : 0;
	const uint8_t then = make_run(next, number);
	struct outer_choice choice = {
		.may_cut = cut, .may_keep = !cut, .cut = then, .keep = then
	};
	if (last != LAST_DIGIT)
		return choice;
	/* A run of digits is over. */
	const bool whole = (run >> 3 & TO_COME_0) != 0;
	if (outer->threes == THREES_RIGHT) {
		choice.may_cut = cut && whole;
		choice.may_keep = !cut && whole;
	} else if (tok_unicode_word(c.code)) {
		choice.may_cut = cut && (run >> 3 & UNCUT);
		choice.may_keep = !cut && (run >> 3 & UNCUT);
	} else {
		choice.may_cut = whole;
		choice.may_keep = false;
	}
	return choice;
}

bool follow_run_may_end(const struct follow_outer *outer, uint8_t run)
{
	return !outer->threes || last_of(run) != LAST_DIGIT || (run >> 3 & TO_COME_0);
}

bool follow_run_may_go_on(const struct follow_outer *outer, uint8_t run)
{
	const unsigned number = run >> 3;
	if (outer->threes && last_of(run) == LAST_DIGIT)
		return (number & ~(unsigned)TO_COME_0) ||
		       (outer->threes == THREES_RIGHT && outer->numbers == NUMBERS_STAY);
	switch (outer->numbers) {
	case NUMBERS_STAY:
	case NUMBERS_RUN:
		return true;
	case NUMBERS_ALONE:
		return !is_number(last_of(run));
	case NUMBERS_THREE:
		return number != THREE;
	}
	return true;
}

bool follow_run_may_close(const struct follow_outer *outer, uint8_t run, bool inner, bool digit)
{
	return follow_run_may_end(outer, run) || digit || (inner && (run >> 3 & UNCUT));
}

/* ---- which steps a pre-tokenizer has ---------------------------------------------- */

enum follow_threes follow_threes_of(struct tok_span pattern)
{
	static const struct {
		const char *pattern;
		enum follow_threes threes;
	} spelled[] = {
		{ "(?=(\\d{3})+(?!\\d))", THREES_RIGHT },
		{ "(?=(?:\\d{3})+(?!\\d))", THREES_RIGHT },
		{ "\\d{1,3}(?=(?:\\d{3})*\\b)", THREES_BOUNDARY },
		{ "\\d{1,3}(?=(\\d{3})*\\b)", THREES_BOUNDARY },
	};
	for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++)
		if (tok_span_equal(pattern, tok_span_of(spelled[i].pattern)))
			return spelled[i].threes;
	return THREES_NONE;
}

static bool set_numbers(struct follow_outer *outer, enum follow_numbers numbers, bool numeric)
{
	const bool first = outer->numbers == NUMBERS_STAY;
	outer->numbers = numbers;
	outer->numeric = numeric;
	return first;
}

/* A step before the last; false: it is none of these, or one too many. */
static bool add_outer(struct follow_outer *outer, const struct pretok_op *op)
{
	const bool alone = op->behavior == TOK_ISOLATED && !op->invert;
	outer->some = true;
	if (op->kind == PRETOK_CUT_CLASS && op->which == PRETOK_NUMERIC && !op->invert)
		return alone ? set_numbers(outer, NUMBERS_ALONE, true)
			     : op->behavior == TOK_CONTIGUOUS &&
				   set_numbers(outer, NUMBERS_RUN, true);
	if (!alone)
		return false;
	if (op->kind == PRETOK_CUT_SCAN && op->scan == &tok_scan_number)
		return set_numbers(outer, NUMBERS_ALONE, false);
	if (op->kind == PRETOK_CUT_SCAN && op->scan == &tok_scan_number3)
		return set_numbers(outer, NUMBERS_THREE, false);
	if (op->kind == PRETOK_CUT_REGEX && op->numbers)
		return set_numbers(outer, NUMBERS_RUN, false);
	if (op->kind == PRETOK_CUT_REGEX && op->threes && !outer->threes) {
		outer->threes = op->threes;
		return true;
	}
	if (op->kind == PRETOK_CUT_SCAN && op->scan == &tok_scan_han_kana && !outer->han_kana) {
		outer->han_kana = true;
		return true;
	}
	return false;
}

/* Digits between which others cut, or none: what is counted would begin anew. */
static bool go_together(const struct follow_outer *outer)
{
	return !outer->threes || outer->numbers == NUMBERS_STAY ||
	       (outer->numbers == NUMBERS_RUN && !outer->numeric && outer->threes == THREES_RIGHT);
}

static const struct tok_follow *find_family(const struct pretok_op *op)
{
	const bool keeps = op->behavior == TOK_ISOLATED
			       ? !op->invert || op->scan->gapless
			       : op->behavior == TOK_REMOVED && op->invert && op->scan->gapless;
	for (size_t i = 0; keeps && i < follow_family_count; i++)
		if (follow_families[i].scan == op->scan)
			return &follow_families[i];
	return NULL;
}

bool follow_of_operations(const struct tok_pretokenizer *pretokenizer, struct tok_follow *out)
{
	/* A space in front of a text is one more character of it. */
	size_t from = pretokenizer->count > 0 && pretokenizer->ops[0].kind == PRETOK_ADD_SPACE;
	size_t count = pretokenizer->count;
	const struct tok_follow *last = &follow_none;
	struct follow_outer outer = { .some = false };
	if (count > from && pretokenizer->ops[count - 1].kind == PRETOK_CUT_SCAN) {
		const struct tok_follow *family = find_family(&pretokenizer->ops[count - 1]);
		last = family ? family : last;
		count -= family != NULL;
	}
	for (; from < count; from++)
		if (!add_outer(&outer, &pretokenizer->ops[from]))
			return false;
	*out = *last;
	out->outer = outer;
	return go_together(&outer) && (!last->apart || outer.numbers != NUMBERS_STAY);
}
