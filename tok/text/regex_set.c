#include "tok/text/regex_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "tok/text/utf8.h"

enum { CODE_END = 0x110000 };

/* ---- algebra -------------------------------------------------------------- */

void tok_set_add(struct tok_set *set, uint32_t first, uint32_t last)
{
	if (first > last)
		return;
	if (!tok_grow(&set->ranges, &set->capacity, set->count + 1, sizeof *set->ranges)) {
		set->failed = true;
		return;
	}
	set->ranges[set->count++] = (struct tok_range){ first, last + 1 };
}

static int compare_ranges(const void *a, const void *b)
{
	const uint32_t x = ((const struct tok_range *)a)->begin;
	const uint32_t y = ((const struct tok_range *)b)->begin;
	return x < y ? -1 : x > y;
}

void tok_set_tidy(struct tok_set *set)
{
	if (set->count == 0)
		return;
	qsort(set->ranges, set->count, sizeof *set->ranges, compare_ranges);
	size_t kept = 0;
	for (size_t i = 1; i < set->count; i++) {
		struct tok_range *last = &set->ranges[kept];
		if (set->ranges[i].begin > last->end)
			set->ranges[++kept] = set->ranges[i];
		else if (set->ranges[i].end > last->end)
			last->end = set->ranges[i].end;
	}
	set->count = kept + 1;
}

void tok_set_unite(struct tok_set *set, const struct tok_set *other)
{
	set->failed |= other->failed;
	for (size_t i = 0; i < other->count; i++)
		tok_set_add(set, other->ranges[i].begin, other->ranges[i].end - 1);
}

void tok_set_complement(struct tok_set *set)
{
	struct tok_set gaps = { .failed = set->failed };
	uint32_t from = 0;
	tok_set_tidy(set);
	for (size_t i = 0; i < set->count; i++) {
		if (set->ranges[i].begin > from)
			tok_set_add(&gaps, from, set->ranges[i].begin - 1);
		from = set->ranges[i].end;
	}
	if (from < CODE_END)
		tok_set_add(&gaps, from, CODE_END - 1);
	free(set->ranges);
	*set = gaps;
}

void tok_set_intersect(struct tok_set *set, struct tok_set *other)
{
	/* a and b = not (not a or not b) */
	tok_set_complement(set);
	tok_set_complement(other);
	tok_set_unite(set, other);
	tok_set_complement(set);
}

void tok_set_release(struct tok_set *set)
{
	free(set->ranges);
	*set = (struct tok_set){ 0 };
}

static void add_where(struct tok_set *set, bool (*holds)(uint32_t code, uint32_t with),
		      uint32_t with)
{
	uint32_t first = CODE_END;
	for (uint32_t code = 0; code <= CODE_END; code++) {
		const bool in = code < CODE_END && holds(code, with);
		if (in && first == CODE_END)
			first = code;
		if (!in && first != CODE_END) {
			tok_set_add(set, first, code - 1);
			first = CODE_END;
		}
	}
}

/* ---- shorthands ----------------------------------------------------------- */

static bool is_in(uint32_t code, uint32_t categories)
{
	return tok_unicode_in(code, categories);
}

static bool is_space(uint32_t code, uint32_t with)
{
	(void)with;
	return tok_unicode_space(code);
}

static bool is_alphabetic(uint32_t code, uint32_t with)
{
	(void)with;
	return tok_unicode_alphabetic(code);
}

static bool is_word(uint32_t code, uint32_t dialect)
{
	/* Oniguruma's \w has the digits of Latin-1 above 127 and no joiners. */
	if (dialect == TOK_REGEX_ONIGURUMA) {
		if (code == 0xB2 || code == 0xB3 || code == 0xB9 || (code >= 0xBC && code <= 0xBE))
			return true;
		if (code == 0x200C || code == 0x200D)
			return false;
	}
	return tok_unicode_word(code);
}

void tok_set_add_shorthand(struct tok_set *set, enum tok_shorthand what,
			   enum tok_regex_dialect dialect)
{
	switch (what) {
	case TOK_SET_SPACE:
		add_where(set, is_space, 0);
		return;
	case TOK_SET_DIGIT:
		add_where(set, is_in, TOK_CATEGORY_BIT(TOK_ND));
		return;
	case TOK_SET_WORD:
		add_where(set, is_word, dialect);
		return;
	case TOK_SET_HEX:
		tok_set_add(set, '0', '9');
		tok_set_add(set, 'A', 'F');
		tok_set_add(set, 'a', 'f');
		return;
	}
}

/* ---- properties ----------------------------------------------------------- */

struct category_name {
	const char *names; /* squeezed, each between spaces */
	uint32_t set;
};

#define ONE(c)   TOK_CATEGORY_BIT(TOK_##c)
#define CASED    (ONE(LU) | ONE(LL) | ONE(LT))
#define OTHERS   (ONE(CC) | ONE(CF) | ONE(CN) | ONE(CO) | ONE(CS))
#define SEPARATE (ONE(ZL) | ONE(ZP) | ONE(ZS))

static const struct category_name categories[] = {
	{ " l letter ", TOK_LETTERS },
	{ " lc casedletter ", CASED },
	{ " lu uppercaseletter ", ONE(LU) },
	{ " ll lowercaseletter ", ONE(LL) },
	{ " lt titlecaseletter ", ONE(LT) },
	{ " lm modifierletter ", ONE(LM) },
	{ " lo otherletter ", ONE(LO) },
	{ " m mark combiningmark ", TOK_MARKS },
	{ " mn nonspacingmark ", ONE(MN) },
	{ " mc spacingmark ", ONE(MC) },
	{ " me enclosingmark ", ONE(ME) },
	{ " n number ", TOK_NUMBERS },
	{ " nd decimalnumber ", ONE(ND) },
	{ " nl letternumber ", ONE(NL) },
	{ " no othernumber ", ONE(NO) },
	{ " p punctuation ", TOK_PUNCTUATION },
	{ " pc connectorpunctuation ", ONE(PC) },
	{ " pd dashpunctuation ", ONE(PD) },
	{ " ps openpunctuation ", ONE(PS) },
	{ " pe closepunctuation ", ONE(PE) },
	{ " pi initialpunctuation ", ONE(PI) },
	{ " pf finalpunctuation ", ONE(PF) },
	{ " po otherpunctuation ", ONE(PO) },
	{ " s symbol ", TOK_SYMBOLS },
	{ " sm mathsymbol ", ONE(SM) },
	{ " sc currencysymbol ", ONE(SC) },
	{ " sk modifiersymbol ", ONE(SK) },
	{ " so othersymbol ", ONE(SO) },
	{ " z separator ", SEPARATE },
	{ " zs spaceseparator ", ONE(ZS) },
	{ " zl lineseparator ", ONE(ZL) },
	{ " zp paragraphseparator ", ONE(ZP) },
	{ " c other ", OTHERS },
	{ " cc control ", ONE(CC) },
	{ " cf format ", ONE(CF) },
	{ " cn unassigned ", ONE(CN) },
	{ " co privateuse ", ONE(CO) },
	{ " cs surrogate ", ONE(CS) },
	{ " any ", UINT32_MAX },
	{ " assigned ", UINT32_MAX & ~ONE(CN) },
};

/* Scripts come from ICU: no published tokenizer's pattern names one but Han,
 * Hiragana, Katakana, Hangul and the like, which newer versions only extend. */
static bool add_script(struct tok_set *set, const char *name)
{
	UErrorCode code = U_ZERO_ERROR;
	const int32_t value = u_getPropertyValueEnum(UCHAR_SCRIPT, name);
	if (value == UCHAR_INVALID_CODE)
		return false;
	uint32_t first = CODE_END;
	for (uint32_t c = 0; c <= CODE_END; c++) {
		const bool in = c < CODE_END && uscript_getScript((UChar32)c, &code) == value;
		if (in && first == CODE_END)
			first = c;
		if (!in && first != CODE_END) {
			tok_set_add(set, first, c - 1);
			first = CODE_END;
		}
	}
	return true;
}

/* Lower case, without the separators that do not count. */
static bool squeeze(struct tok_span name, char *out, size_t room)
{
	size_t count = 0;
	for (size_t i = 0; i < name.count; i++) {
		const uint8_t c = name.bytes[i];
		if (c == ' ' || c == '_' || c == '-')
			continue;
		const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if ((!letter && !(c >= '0' && c <= '9')) || count + 1 >= room)
			return false;
		out[count++] = (char)(letter ? c | 0x20 : c);
	}
	out[count] = '\0';
	return count > 0;
}

bool tok_set_add_property(struct tok_set *set, struct tok_span name)
{
	char plain[48], padded[52];
	if (!squeeze(name, plain, sizeof plain))
		return false;
	snprintf(padded, sizeof padded, " %s ", plain);
	for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++)
		if (strstr(categories[i].names, padded)) {
			add_where(set, is_in, categories[i].set);
			return true;
		}
	if (strcmp(plain, "alphabetic") == 0 || strcmp(plain, "alpha") == 0)
		add_where(set, is_alphabetic, 0);
	else if (strcmp(plain, "whitespace") == 0 || strcmp(plain, "space") == 0)
		add_where(set, is_space, 0);
	else if (strcmp(plain, "digit") == 0)
		tok_set_add_shorthand(set, TOK_SET_DIGIT, TOK_REGEX_ONIGURUMA);
	else if (strcmp(plain, "word") == 0)
		tok_set_add_shorthand(set, TOK_SET_WORD, TOK_REGEX_ONIGURUMA);
	else if (strcmp(plain, "punct") == 0)
		add_where(set, is_in, TOK_PUNCTUATION);
	else
		return add_script(set, plain);
	return true;
}

/* ---- POSIX brackets ------------------------------------------------------- */

static void add_ascii(struct tok_set *set, const char *pairs)
{
	for (; *pairs; pairs += 2)
		tok_set_add(set, (uint8_t)pairs[0], (uint8_t)pairs[1]);
}

/* Rust's are ASCII; Oniguruma's are Unicode. */
bool tok_set_add_posix(struct tok_set *set, struct tok_span name, enum tok_regex_dialect dialect)
{
	static const struct {
		const char *name, *ascii;
		uint32_t categories;
	} classes[] = {
		{ "alpha", "AZaz", 0 },
		{ "digit", "09", ONE(ND) },
		{ "alnum", "09AZaz", 0 },
		{ "upper", "AZ", ONE(LU) },
		{ "lower", "az", ONE(LL) },
		{ "space", "\t\r  ", 0 },
		{ "punct", "!/:@[`{~", TOK_PUNCTUATION | TOK_SYMBOLS },
		{ "cntrl", "\x7f\x7f", ONE(CC) },
		{ "blank", "\t\t  ", ONE(ZS) },
		{ "word", "09AZaz__", 0 },
		{ "xdigit", "09AFaf", 0 },
	};
	char plain[16];
	if (!squeeze(name, plain, sizeof plain))
		return false;
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		if (strcmp(classes[i].name, plain) != 0)
			continue;
		add_ascii(set, classes[i].ascii);
		if (strcmp(plain, "cntrl") == 0)
			tok_set_add(set, 0, 0x1F);
		if (dialect == TOK_REGEX_RUST || strcmp(plain, "xdigit") == 0)
			return true;
		if (classes[i].categories)
			add_where(set, is_in, classes[i].categories);
		if (strcmp(plain, "space") == 0)
			add_where(set, is_space, 0);
		if (strcmp(plain, "alpha") == 0 || strcmp(plain, "alnum") == 0)
			add_where(set, is_alphabetic, 0);
		if (strcmp(plain, "alnum") == 0)
			add_where(set, is_in, ONE(ND));
		if (strcmp(plain, "word") == 0)
			add_where(set, is_word, dialect);
		return true;
	}
	return false;
}

/* ---- output --------------------------------------------------------------- */

bool tok_set_write(const struct tok_set *set, bool negated, struct tok_buffer *out)
{
	char text[40];
	if (set->failed)
		return false;
	if (set->count == 0) { /* nothing, or anything */
		const char *all = negated ? "(?s:.)" : "(?!)";
		return tok_buffer_add(out, all, strlen(all));
	}
	if (!tok_buffer_add(out, "[^", negated ? 2 : 1))
		return false;
	for (size_t i = 0; i < set->count; i++) {
		const int n = snprintf(text, sizeof text, "\\x{%x}-\\x{%x}", set->ranges[i].begin,
				       set->ranges[i].end - 1);
		if (!tok_buffer_add(out, text, (size_t)n))
			return false;
	}
	return tok_buffer_add_byte(out, ']');
}
