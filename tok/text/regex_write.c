/*
 * regex_write.c - a set as a bracket class of PCRE2.
 *
 * Hundreds of ranges are slow to match and soon more than PCRE2 compiles, so a
 * category that lies in the set as a whole is written by its name.  PCRE2 knows
 * the categories of its own Unicode version; where they are known to differ from
 * ours, a category counts by what PCRE2 takes it for.
 */
#include "tok/text/regex_internal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

#include "tok/text/unicode_internal.h"

enum { SURROGATE_BEGIN = 0xD800, SURROGATE_END = 0xE000, BITMAP_END = 0x100 };
enum { FEW_RANGES = 8 }; /* nothing to be won by names */

unsigned tok_set_pcre2_unicode(void)
{
	static const struct {
		const char *version;
		unsigned major;
	} known[] = { { "14.0.0", 14 }, { "15.0.0", 15 }, { "16.0.0", 16 } };
	char version[24];
	if (pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, NULL) > (int)sizeof version ||
	    pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, version) < 0)
		return 0;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].version, version) == 0)
			return known[i].major;
	return 0;
}

/* ---- what PCRE2 has in its categories ------------------------------------- */

struct run {
	uint32_t begin, end;
	unsigned category;
	size_t next;  /* of tok_unicode_runs, when `end` is reached */
	size_t drift; /* the first drift not yet behind us */
};

static uint32_t begin_of(size_t run)
{
	return run < tok_unicode_runs_count ? tok_unicode_runs[run] & TOK_UNICODE_RUN_BEGIN
					    : TOK_CODE_END;
}

/* The next run of one category as `unicode` has it. */
static bool next_run(struct run *run, unsigned unicode)
{
	run->begin = run->end;
	if (run->begin >= TOK_CODE_END)
		return false;
	while (begin_of(run->next) <= run->begin)
		run->next++;
	run->end = begin_of(run->next);
	run->category =
	    tok_unicode_runs[run->next - 1] >> TOK_UNICODE_RUN_SHIFT & TOK_UNICODE_CATEGORY;
	if (unicode == 16 || run->drift == tok_unicode_drifts_count)
		return true;

	const struct tok_unicode_drift *drift = &tok_unicode_drifts[run->drift];
	if (run->begin < drift->codes.begin) {
		if (run->end > drift->codes.begin)
			run->end = drift->codes.begin;
		return true;
	}
	run->category = unicode == 14 ? drift->in_14 : drift->in_15;
	if (run->end >= drift->codes.end) {
		run->end = drift->codes.end;
		run->drift++;
	}
	return true;
}

/* The categories that lie in `set` as a whole.  Surrogates are in no text. */
static uint32_t find_whole(const struct tok_set *set, unsigned unicode)
{
	uint32_t cut = TOK_CATEGORY_BIT(TOK_CS);
	size_t at = 0;
	for (struct run run = { 0 }; next_run(&run, unicode);) {
		while (at < set->count && set->ranges[at].end <= run.begin)
			at++;
		if (at == set->count || set->ranges[at].begin > run.begin ||
		    set->ranges[at].end < run.end)
			cut |= TOK_CATEGORY_BIT(run.category);
	}
	return ~cut & (TOK_CATEGORY_BIT(TOK_CATEGORY_COUNT) - 1);
}

/* What of `set` is in none of `whole`. */
static void find_rest(const struct tok_set *set, uint32_t whole, unsigned unicode,
		      struct tok_set *rest)
{
	struct tok_set taken = { 0 };
	for (struct run run = { 0 }; whole && next_run(&run, unicode);)
		if (whole & TOK_CATEGORY_BIT(run.category))
			tok_set_add(&taken, run.begin, run.end - 1);
	tok_set_unite(rest, set);
	tok_set_subtract(rest, &taken);
	tok_set_release(&taken);
}

/* ---- writing -------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t set;
} category_names[] = {
	{ "L", TOK_LETTERS },     { "M", TOK_MARKS },     { "N", TOK_NUMBERS },
	{ "P", TOK_PUNCTUATION }, { "S", TOK_SYMBOLS },   { "Cc", 1u << TOK_CC },
	{ "Cf", 1u << TOK_CF },   { "Cn", 1u << TOK_CN }, { "Co", 1u << TOK_CO },
	{ "Ll", 1u << TOK_LL },   { "Lm", 1u << TOK_LM }, { "Lo", 1u << TOK_LO },
	{ "Lt", 1u << TOK_LT },   { "Lu", 1u << TOK_LU }, { "Mc", 1u << TOK_MC },
	{ "Me", 1u << TOK_ME },   { "Mn", 1u << TOK_MN }, { "Nd", 1u << TOK_ND },
	{ "Nl", 1u << TOK_NL },   { "No", 1u << TOK_NO }, { "Pc", 1u << TOK_PC },
	{ "Pd", 1u << TOK_PD },   { "Pe", 1u << TOK_PE }, { "Pf", 1u << TOK_PF },
	{ "Pi", 1u << TOK_PI },   { "Po", 1u << TOK_PO }, { "Ps", 1u << TOK_PS },
	{ "Sc", 1u << TOK_SC },   { "Sk", 1u << TOK_SK }, { "Sm", 1u << TOK_SM },
	{ "So", 1u << TOK_SO },   { "Zl", 1u << TOK_ZL }, { "Zp", 1u << TOK_ZP },
	{ "Zs", 1u << TOK_ZS },
};

static bool write_range(uint32_t begin, uint32_t end, struct tok_buffer *out)
{
	char text[40];
	if (begin >= SURROGATE_BEGIN && begin < SURROGATE_END)
		begin = SURROGATE_END; /* PCRE2 wants none as an end of a range */
	if (end > SURROGATE_BEGIN && end <= SURROGATE_END)
		end = SURROGATE_BEGIN;
	if (begin >= end)
		return true;
	const int n = end == begin + 1
			  ? snprintf(text, sizeof text, "\\x{%x}", begin)
			  : snprintf(text, sizeof text, "\\x{%x}-\\x{%x}", begin, end - 1);
	return tok_buffer_add(out, text, (size_t)n);
}

static bool write_members(const struct tok_set *set, uint32_t whole, const struct tok_set *rest,
			  struct tok_buffer *out)
{
	/* The first characters are looked up in a bitmap, if they are spelt out. */
	for (size_t i = 0; whole && i < set->count && set->ranges[i].begin < BITMAP_END; i++) {
		const uint32_t end = set->ranges[i].end;
		if (!write_range(set->ranges[i].begin, end < BITMAP_END ? end : BITMAP_END, out))
			return false;
	}
	for (size_t i = 0; i < sizeof category_names / sizeof category_names[0]; i++) {
		const char *name = category_names[i].name;
		if ((whole & category_names[i].set) != category_names[i].set)
			continue;
		whole &= ~category_names[i].set;
		if (!tok_buffer_add(out, "\\p{", 3) || !tok_buffer_add(out, name, strlen(name)) ||
		    !tok_buffer_add_byte(out, '}'))
			return false;
	}
	for (size_t i = 0; i < rest->count; i++)
		if (!write_range(rest->ranges[i].begin, rest->ranges[i].end, out))
			return false;
	return true;
}

/* One way to write it: the categories, and what is left of the set. */
struct spelling {
	uint32_t whole;
	struct tok_set rest;
};

static struct spelling spell(const struct tok_set *set, unsigned unicode)
{
	const bool named = unicode && set->count > FEW_RANGES;
	struct spelling way = { .whole = named ? find_whole(set, unicode) : 0 };
	find_rest(set, way.whole, unicode, &way.rest);
	return way;
}

bool tok_set_write(const struct tok_set *set, unsigned unicode, struct tok_buffer *out)
{
	struct tok_set others = { 0 };
	tok_set_unite(&others, set);
	tok_set_complement(&others);
	bool done = false;
	if (set->count == 0)
		done = !set->failed && tok_buffer_add(out, "(?!)", 4);
	else if (others.count == 0)
		done = !others.failed && tok_buffer_add(out, "(?s:.)", 6);
	if (set->count == 0 || others.count == 0) {
		tok_set_release(&others);
		return done;
	}

	struct spelling as_is = spell(set, unicode), negated = spell(&others, unicode);
	const bool negate = negated.rest.count < as_is.rest.count;
	done = !others.failed && !as_is.rest.failed && !negated.rest.failed &&
	       tok_buffer_add(out, "[^", negate ? 2 : 1) &&
	       write_members(negate ? &others : set, negate ? negated.whole : as_is.whole,
			     negate ? &negated.rest : &as_is.rest, out) &&
	       tok_buffer_add_byte(out, ']');
	tok_set_release(&as_is.rest);
	tok_set_release(&negated.rest);
	tok_set_release(&others);
	return done;
}
