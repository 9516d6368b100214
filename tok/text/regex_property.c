/* regex_property.c - sets that have a name: \w, \p{Lu}, \p{Han}, [:alpha:]. */
#include "tok/text/regex_internal.h"

#include <stdio.h>
#include <unicode/uchar.h>

#include "tok/text/unicode_internal.h"

enum { NAME_BYTES = 48 };

/* ---- by properties -------------------------------------------------------- */

/* All with a category of `categories` or one of the properties `flags`. */
static void add_where(struct tok_set *set, uint32_t categories, unsigned flags)
{
	uint32_t first = TOK_CODE_END;
	for (size_t i = 0; i < tok_unicode_runs_count; i++) {
		const uint32_t begin = tok_unicode_runs[i] & TOK_UNICODE_RUN_BEGIN;
		const unsigned has = tok_unicode_runs[i] >> TOK_UNICODE_RUN_SHIFT;
		const bool in = (categories >> (has & TOK_UNICODE_CATEGORY) & 1u) || (has & flags);
		if (in && first == TOK_CODE_END)
			first = begin;
		if (!in && first != TOK_CODE_END) {
			tok_set_add(set, first, begin - 1);
			first = TOK_CODE_END;
		}
	}
	if (first != TOK_CODE_END)
		tok_set_add(set, first, TOK_CODE_END - 1);
}

/* Oniguruma's has no joiners. */
static void add_word(struct tok_set *set, enum tok_regex_dialect dialect)
{
	struct tok_set word = { 0 }, joiners = { 0 };
	add_where(&word, 0, TOK_UNICODE_WORD);
	if (dialect == TOK_REGEX_ONIGURUMA) {
		tok_set_add(&joiners, 0x200C, 0x200D);
		tok_set_subtract(&word, &joiners);
	}
	tok_set_unite(set, &word);
	tok_set_release(&joiners);
	tok_set_release(&word);
}

static void add_hex(struct tok_set *set)
{
	tok_set_add(set, '0', '9');
	tok_set_add(set, 'A', 'F');
	tok_set_add(set, 'a', 'f');
}

void tok_set_add_shorthand(struct tok_set *set, enum tok_shorthand what,
			   enum tok_regex_dialect dialect, bool in_class)
{
	switch (what) {
	case TOK_SET_SPACE:
		add_where(set, 0, TOK_UNICODE_SPACE);
		return;
	case TOK_SET_DIGIT:
		add_where(set, TOK_CATEGORY_BIT(TOK_ND), 0);
		return;
	case TOK_SET_WORD:
		add_word(set, dialect);
		if (dialect == TOK_REGEX_ONIGURUMA && !in_class) {
			tok_set_add(set, 0xB2, 0xB3);
			tok_set_add(set, 0xB9, 0xB9);
			tok_set_add(set, 0xBC, 0xBE);
		}
		return;
	case TOK_SET_HEX:
		add_hex(set);
		return;
	}
}

/* ---- by name -------------------------------------------------------------- */

#define ONE(c)   TOK_CATEGORY_BIT(TOK_##c)
#define OTHERS   (ONE(CC) | ONE(CF) | ONE(CN) | ONE(CO) | ONE(CS))
#define UNSEEN   (ONE(CC) | ONE(CN) | ONE(CS) | ONE(ZL) | ONE(ZP))
#define SEPARATE (ONE(ZL) | ONE(ZP) | ONE(ZS))

static const struct {
	const char *names; /* squeezed, each between spaces */
	uint32_t set;
} categories[] = {
	{ " l letter ", TOK_LETTERS },
	{ " lc casedletter ", ONE(LU) | ONE(LL) | ONE(LT) },
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
	{ " nd decimalnumber digit ", ONE(ND) },
	{ " nl letternumber ", ONE(NL) },
	{ " no othernumber ", ONE(NO) },
	{ " p punctuation punct ", TOK_PUNCTUATION },
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
	{ " cc control cntrl ", ONE(CC) },
	{ " cf format ", ONE(CF) },
	{ " cn unassigned ", ONE(CN) },
	{ " co privateuse ", ONE(CO) },
	{ " cs surrogate ", ONE(CS) },
	{ " any ", UINT32_MAX },
	{ " assigned ", UINT32_MAX & ~ONE(CN) },
};

/* Small letters and digits, without the separators that do not count. */
static bool squeeze(struct tok_span name, char out[NAME_BYTES])
{
	size_t count = 0;
	for (size_t i = 0; i < name.count; i++) {
		const uint8_t c = name.bytes[i];
		const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if (c == ' ' || c == '_' || c == '-')
			continue;
		if ((!letter && !(c >= '0' && c <= '9')) || count + 1 >= NAME_BYTES)
			return false;
		out[count++] = (char)(letter ? c | 0x20 : c);
	}
	out[count] = '\0';
	return count > 0;
}

static bool add_named(struct tok_set *set, const char *plain)
{
	for (size_t i = 0; i < tok_unicode_names_count; i++) {
		const struct tok_unicode_name *named = &tok_unicode_names[i];
		if (strcmp(named->name, plain) != 0)
			continue;
		const struct tok_range *ranges = tok_unicode_ranges + named->first;
		for (size_t k = 0; k < named->count; k++)
			tok_set_add(set, ranges[k].begin, ranges[k].end - 1);
		return true;
	}
	return false;
}

/* ICU knows the other names of properties and scripts; what they hold is ours. */
static bool add_alias(struct tok_set *set, const char *plain)
{
	const UProperty property = u_getPropertyEnum(plain);
	const int32_t script = u_getPropertyValueEnum(UCHAR_SCRIPT, plain);
	const char *names[] = {
		property == UCHAR_INVALID_CODE ? NULL
					       : u_getPropertyName(property, U_LONG_PROPERTY_NAME),
		script == UCHAR_INVALID_CODE
		    ? NULL
		    : u_getPropertyValueName(UCHAR_SCRIPT, script, U_LONG_PROPERTY_NAME),
	};
	char full[NAME_BYTES];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i] && squeeze(tok_span_of(names[i]), full) && add_named(set, full))
			return true;
	return false;
}

static bool add_posix_unicode(struct tok_set *set, const char *plain,
			      enum tok_regex_dialect dialect);

bool tok_set_add_property(struct tok_set *set, struct tok_span name, enum tok_regex_dialect dialect,
			  bool in_class)
{
	char plain[NAME_BYTES], padded[NAME_BYTES + 2];
	if (!squeeze(name, plain))
		return false;
	snprintf(padded, sizeof padded, " %s ", plain);
	for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++)
		if (strstr(categories[i].names, padded)) {
			add_where(set, categories[i].set, 0);
			return true;
		}
	if (strcmp(plain, "word") == 0)
		tok_set_add_shorthand(set, TOK_SET_WORD, dialect, in_class);
	else if (strcmp(plain, "alphabetic") == 0)
		add_where(set, 0, TOK_UNICODE_ALPHABETIC);
	else if (strcmp(plain, "whitespace") == 0)
		add_where(set, 0, TOK_UNICODE_SPACE);
	else
		return add_named(set, plain) || add_posix_unicode(set, plain, dialect) ||
		       add_alias(set, plain);
	return true;
}

/* ---- POSIX brackets ------------------------------------------------------- */

static bool add_posix_unicode(struct tok_set *set, const char *plain,
			      enum tok_regex_dialect dialect)
{
	static const struct {
		const char *name;
		const char *named; /* a binary property */
		uint32_t categories;
		unsigned flags;
		char also_last; /* and all from also_first to this */
		char also_first;
		bool unseen; /* all but that, and but what cannot be seen */
	} classes[] = {
		{ .name = "alpha", .flags = TOK_UNICODE_ALPHABETIC },
		{ .name = "alnum", .flags = TOK_UNICODE_ALPHABETIC, .categories = ONE(ND) },
		{ .name = "upper", .named = "uppercase" },
		{ .name = "lower", .named = "lowercase" },
		{ .name = "space", .flags = TOK_UNICODE_SPACE },
		{ .name = "blank", .categories = ONE(ZS), .also_first = '\t', .also_last = '\t' },
		{ .name = "graph", .flags = TOK_UNICODE_SPACE, .unseen = true },
		{ .name = "print", .unseen = true },
		{ .name = "ascii", .also_last = 0x7F },
		{ .name = "xdigit", .named = "asciihexdigit" },
	};
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		if (strcmp(classes[i].name, plain) != 0)
			continue;
		struct tok_set own = { 0 };
		if (classes[i].named)
			(void)add_named(&own, classes[i].named);
		if (classes[i].categories || classes[i].flags)
			add_where(&own, classes[i].categories, classes[i].flags);
		if (classes[i].also_last)
			tok_set_add(&own, (uint8_t)classes[i].also_first,
				    (uint8_t)classes[i].also_last);
		if (classes[i].unseen) {
			add_where(&own, dialect == TOK_REGEX_ONIGURUMA ? UNSEEN : OTHERS, 0);
			tok_set_complement(&own);
		}
		tok_set_unite(set, &own);
		tok_set_release(&own);
		return true;
	}
	return false;
}

/* Rust's are ASCII; Oniguruma's are Unicode. */
bool tok_set_add_posix(struct tok_set *set, struct tok_span name, enum tok_regex_dialect dialect)
{
	static const struct {
		const char *name, *ascii; /* pairs: first, last */
	} classes[] = {
		{ "alnum", "09AZaz" }, { "alpha", "AZaz" },     { "blank", "\t\t  " },
		{ "digit", "09" },     { "graph", "!~" },       { "lower", "az" },
		{ "print", " ~" },     { "punct", "!/:@[`{~" }, { "space", "\t\r  " },
		{ "upper", "AZ" },     { "word", "09AZaz__" },  { "xdigit", "09AFaf" },
		{ "cntrl", NULL },     { "ascii", NULL },
	};
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		if (!tok_span_equal(name, tok_span_of(classes[i].name)))
			continue;
		if (dialect != TOK_REGEX_RUST && strcmp(classes[i].name, "punct") == 0)
			add_where(set, TOK_PUNCTUATION | TOK_SYMBOLS, 0);
		else if (dialect != TOK_REGEX_RUST)
			return tok_set_add_property(set, name, dialect, true);
		for (const char *pair = classes[i].ascii; pair && *pair; pair += 2)
			tok_set_add(set, (uint8_t)pair[0], (uint8_t)pair[1]);
		if (!classes[i].ascii) {
			tok_set_add(set, 0, 0x1F);
			tok_set_add(set, 0x7F, 0x7F);
		}
		if (strcmp(classes[i].name, "ascii") == 0)
			tok_set_add(set, 0x20, 0x7E);
		return true;
	}
	return false;
}
