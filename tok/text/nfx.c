/*
 * NFC, NFD, NFKC and NFKD as of Unicode 9.0.  ICU knows what the characters
 * decompose into and compose to; which of its data is from a later version is
 * told by the age of the character.  The order of work follows the reference,
 * because the origin of each character of the result depends on it.
 */
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/utf16.h>

#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

enum { UNICODE_MAJOR = 9, HANGUL_FIRST = 0xAC00, HANGUL_LAST = 0xD7A3 };

enum tok_status norm_form_find(enum tok_norm_kind kind, struct norm_form *out,
			       struct tok_error *err)
{
	UErrorCode code = U_ZERO_ERROR;
	const bool compat = kind == TOK_NORM_NFKC || kind == TOK_NORM_NFKD;
	const bool compose = kind == TOK_NORM_NFC || kind == TOK_NORM_NFKC;
	struct norm_form form = { .compose = compose };

	if (compat) {
		form.data = compose ? unorm2_getNFKCInstance(&code) : unorm2_getNFKDInstance(&code);
		form.quick_check = compose ? UCHAR_NFKC_QUICK_CHECK : UCHAR_NFKD_QUICK_CHECK;
		form.sure = compose ? &norm_sure_nfkc : &norm_sure_nfkd;
		form.plain_below = 0xA0;
	} else {
		form.data = compose ? unorm2_getNFCInstance(&code) : unorm2_getNFDInstance(&code);
		form.quick_check = compose ? UCHAR_NFC_QUICK_CHECK : UCHAR_NFD_QUICK_CHECK;
		form.sure = compose ? &norm_sure_nfc : &norm_sure_nfd;
		form.plain_below = compose ? 0x300 : 0xC0;
	}
	if (code == U_MEMORY_ALLOCATION_ERROR)
		return tok_fail_memory(err);
	if (U_FAILURE(code))
		return tok_fail(err, TOK_EIO, "ICU has no normalisation data (%s)",
				u_errorName(code));
	*out = form;
	return TOK_OK;
}

/* ---- what a character is ---- */

static uint8_t combining_class(const struct norm_form *form, uint32_t code)
{
	if (code < 0x300 || code > 0x10FFFF)
		return 0;
	const uint8_t class = unorm2_getCombiningClass(form->data, (UChar32)code);
	return class && norm_unicode_has(code, UNICODE_MAJOR) ? class : 0;
}

/* Does the form leave a character alone that has no neighbours? */
static bool is_plain(const struct norm_form *form, uint32_t code)
{
	return code < form->plain_below || code > 0x10FFFF ||
	       u_getIntPropertyValue((UChar32)code, (UProperty)form->quick_check) == UNORM_YES ||
	       !norm_unicode_has(code, UNICODE_MAJOR);
}

static bool is_hangul(uint32_t code)
{
	return code >= HANGUL_FIRST && code <= HANGUL_LAST;
}

/* May the text be cut in front of `code`? */
static bool is_boundary(const struct norm_form *form, uint32_t code)
{
	return code < 0x300 || code > 0x10FFFF || is_hangul(code) ||
	       unorm2_hasBoundaryBefore(form->data, (UChar32)code) ||
	       !norm_unicode_has(code, UNICODE_MAJOR);
}

size_t norm_form_skip(const struct norm_form *form, struct tok_span text, size_t at)
{
	size_t boundary = at;
	uint8_t last_class = 0;
	for (;;) {
		const size_t end = norm_skip_sure(form->sure, text, at);
		if (end == text.count)
			return end;
		if (end > at) {
			boundary = end - tok_utf8_before(text, end).length;
			last_class = 0;
			at = end;
		}
		const struct tok_char c = tok_utf8_at(text, at);
		const uint8_t class = combining_class(form, c.code);
		const bool is_start = is_boundary(form, c.code);
		if (is_start)
			boundary = at;
		if (!is_plain(form, c.code) || (class != 0 && class < last_class))
			return boundary;
		last_class = class;
		at += c.length;
	}
}

static bool find_pair(const struct norm_form *form, uint32_t left, uint32_t right, uint32_t *out)
{
	if (left > 0x10FFFF || right > 0x10FFFF)
		return false;
	const UChar32 whole = unorm2_composePair(form->data, (UChar32)left, (UChar32)right);
	if (whole < 0 || !norm_unicode_has((uint32_t)whole, UNICODE_MAJOR))
		return false;
	*out = (uint32_t)whole;
	return true;
}

enum { MOST_PARTS = 32 }; /* the longest decomposition has 18 */

/* Number of UTF-16 units that `code` decomposes into; below 0: it does not. */
static int32_t decompose(const struct norm_form *form, uint32_t code, UChar parts[MOST_PARTS])
{
	UErrorCode status = U_ZERO_ERROR;
	if (code < 0xA0 || code > 0x10FFFF || !norm_unicode_has(code, UNICODE_MAJOR))
		return -1;
	const int32_t count =
	    unorm2_getDecomposition(form->data, (UChar32)code, parts, MOST_PARTS, &status);
	return U_FAILURE(status) ? -1 : count;
}

static uint32_t take_part(const UChar *parts, int32_t count, int32_t *at)
{
	const uint32_t part = parts[(*at)++];
	if (!U16_IS_LEAD(part) || *at == count)
		return part;
	return 0x10000 + ((part - 0xD800) << 10) + (parts[(*at)++] - 0xDC00u);
}

/* ---- lists of marks ---- */

static bool push_mark(struct norm_marks *marks, struct norm_mark mark)
{
	if (!tok_grow(&marks->items, &marks->capacity, marks->count + 1, sizeof mark))
		return false;
	marks->items[marks->count++] = mark;
	return true;
}

/* Stable; a run of marks may be as long as the text. */
static void sort_few(struct norm_mark *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct norm_mark mark = items[i];
		size_t to = i;
		for (; to > 0 && items[to - 1].class > mark.class; to--)
			items[to] = items[to - 1];
		items[to] = mark;
	}
}

static bool sort_many(struct norm_marks *marks, struct norm_marks *room)
{
	size_t place[256] = { 0 }, total = 0;
	if (!tok_grow(&room->items, &room->capacity, marks->count, sizeof *room->items))
		return false;
	for (size_t i = 0; i < marks->count; i++)
		place[marks->items[i].class]++;
	for (size_t class = 0; class < 256; class ++) {
		const size_t here = place[class];
		place[class] = total;
		total += here;
	}
	for (size_t i = 0; i < marks->count; i++)
		room->items[place[marks->items[i].class]++] = marks->items[i];
	memcpy(marks->items, room->items, marks->count * sizeof *marks->items);
	return true;
}

static bool sort_marks(struct norm_marks *marks, struct norm_marks *room)
{
	enum { FEW = 24 };
	if (marks->count > FEW)
		return sort_many(marks, room);
	sort_few(marks->items, marks->count);
	return true;
}

/* ---- from decomposed characters to the result ---- */

/* One stretch of text between two boundaries. */
struct stretch {
	const struct norm_form *form;
	struct norm_edit *edit;
	struct tok_norm_scratch *scratch;
	struct norm_mark starter; /* what marks compose with */
	bool has_starter;
	uint8_t last_class; /* of the last mark that did not compose; 0: none */
};

static void put_composed(struct stretch *s)
{
	struct norm_marks *blocked = &s->scratch->blocked;
	if (s->has_starter)
		norm_edit_char(s->edit, s->starter.code, s->starter.change);
	for (size_t i = 0; i < blocked->count; i++)
		norm_edit_char(s->edit, blocked->items[i].code, blocked->items[i].change);
	blocked->count = 0;
	s->has_starter = false;
	s->last_class = 0;
}

static bool compose_mark(struct stretch *s, struct norm_mark mark)
{
	uint32_t whole;

	if (!s->has_starter) {
		if (mark.class != 0) {
			norm_edit_char(s->edit, mark.code, mark.change);
			return true;
		}
		s->starter = mark;
		s->has_starter = true;
		return true;
	}
	if ((s->last_class == 0 || s->last_class < mark.class) &&
	    find_pair(s->form, s->starter.code, mark.code, &whole)) {
		s->starter.code = whole;
		s->starter.change = (int16_t)(s->starter.change + mark.change - 1);
		return true;
	}
	if (mark.class == 0) {
		put_composed(s);
		s->starter = mark;
		s->has_starter = true;
		return true;
	}
	s->last_class = mark.class;
	return push_mark(&s->scratch->blocked, mark);
}

static bool put_pending(struct stretch *s)
{
	struct norm_marks *pending = &s->scratch->pending;
	if (!sort_marks(pending, &s->scratch->sorted))
		return false;
	for (size_t i = 0; i < pending->count; i++)
		if (!s->form->compose)
			norm_edit_char(s->edit, pending->items[i].code, pending->items[i].change);
		else if (!compose_mark(s, pending->items[i]))
			return false;
	pending->count = 0;
	return true;
}

static bool add_decomposed(struct stretch *s, uint32_t code, bool first)
{
	const uint8_t class = combining_class(s->form, code);
	if (class == 0 && !put_pending(s))
		return false;
	const struct norm_mark mark = { code, first ? 0 : 1, class };
	return push_mark(&s->scratch->pending, mark);
}

static bool add_char(struct stretch *s, uint32_t code)
{
	UChar parts[MOST_PARTS];
	const int32_t count = decompose(s->form, code, parts);
	if (count < 0)
		return add_decomposed(s, code, true);

	for (int32_t i = 0; i < count;) {
		const bool first = i == 0;
		if (!add_decomposed(s, take_part(parts, count, &i), first))
			return false;
	}
	return true;
}

/* Normalise from `begin` to the next boundary; returns where that is. */
static size_t run_stretch(struct stretch *s, struct tok_span text, size_t begin)
{
	size_t at = begin;
	do {
		const struct tok_char c = tok_utf8_at(text, at);
		if (!add_char(s, c.code)) {
			s->edit->failed = true;
			return text.count;
		}
		at += c.length;
	} while (at < text.count && !is_boundary(s->form, tok_utf8_at(text, at).code));

	if (!put_pending(s))
		s->edit->failed = true;
	put_composed(s);
	return at;
}

/* ---- decomposing a character by itself, where nobody asks for origins ---- */

/* Does nothing behind the character at `at`, which begins at a boundary, change
 * places with what it becomes? */
static bool is_alone(const struct norm_form *form, struct tok_span text, size_t at)
{
	const struct tok_char c = tok_utf8_at(text, at);
	return is_boundary(form, c.code) &&
	       (at + c.length == text.count ||
		is_boundary(form, tok_utf8_at(text, at + c.length).code));
}

static uint8_t *put_hangul(uint8_t *out, uint32_t code)
{
	enum { LEADS = 0x1100, VOWELS = 0x1161, TAILS = 0x11A7 };
	enum { VOWEL_COUNT = 21, TAIL_COUNT = 28 };
	const uint32_t syllable = code - HANGUL_FIRST, tail = syllable % TAIL_COUNT;
	out += tok_utf8_put(LEADS + syllable / TAIL_COUNT / VOWEL_COUNT, out);
	out += tok_utf8_put(VOWELS + syllable / TAIL_COUNT % VOWEL_COUNT, out);
	return tail ? out + tok_utf8_put(TAILS + tail, out) : out;
}

static uint8_t *put_parts(const struct norm_form *form, uint8_t *out, uint32_t code)
{
	UChar parts[MOST_PARTS];
	const int32_t count = decompose(form, code, parts);
	if (count < 0)
		return out + tok_utf8_put(code, out);
	for (int32_t i = 0; i < count;)
		out += tok_utf8_put(take_part(parts, count, &i), out);
	return out;
}

/* Put what the character at `edit->at` becomes, and syllables behind it. */
static void put_decomposed(const struct norm_form *form, struct norm_edit *edit)
{
	const struct tok_span text = tok_text_span(edit->from);
	norm_edit_flush(edit);
	do {
		const struct tok_char c = tok_utf8_at(text, edit->at);
		uint8_t *out =
		    edit->failed ? NULL : tok_text_room(edit->to, (size_t)MOST_PARTS * 4);
		if (!out) {
			edit->failed = true;
			return;
		}
		out = is_hangul(c.code) ? put_hangul(out, c.code) : put_parts(form, out, c.code);
		edit->to->count = (size_t)(out - edit->to->bytes);
		edit->run = edit->at += c.length;
	} while (edit->at < text.count && is_hangul(tok_utf8_at(text, edit->at).code) &&
		 is_alone(form, text, edit->at));
}

enum tok_status norm_run_form(const struct norm_pass *pass, struct norm_edit *edit,
			      struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)err; /* memory is the only thing that fails, and the edit tells */
	const struct norm_form *form = &pass->as.form;
	const struct tok_span text = tok_text_span(edit->from);
	scratch->pending.count = scratch->blocked.count = 0;

	size_t at = 0;
	while (at < text.count && !edit->failed) {
		at = norm_form_skip(form, text, at);
		norm_edit_keep(edit, at);
		if (at == text.count)
			break;
		if (!form->compose && !edit->from->tracked && is_alone(form, text, at)) {
			put_decomposed(form, edit);
			at = edit->at;
			continue;
		}
		struct stretch s = { .form = form, .edit = edit, .scratch = scratch };
		at = run_stretch(&s, text, at);
	}
	return TOK_OK;
}
