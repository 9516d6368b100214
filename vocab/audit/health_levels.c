/* health_levels.c - what categories and defects are called, and how grave each is: one table. */
#include "vocab/audit/health.h"

struct row {
	const char *name, *text;
	enum vocab_health_level level;
	bool unused;
};

static const struct row categories[VOCAB_HEALTH_CATEGORIES] = {
	[VOCAB_HEALTH_OK] = { "ok", "comes back from its own text", VOCAB_HEALTH_FINE, false },
	[VOCAB_HEALTH_OK_SPECIAL] = { "ok-special", "special, matched in text", VOCAB_HEALTH_FINE,
				      false },
	[VOCAB_HEALTH_INSIDE] = { "inside", "goes on a word or text, as it is spelled",
				  VOCAB_HEALTH_FINE, false },
	[VOCAB_HEALTH_CONTROL] = { "control", "declared never to come of text", VOCAB_HEALTH_FINE,
				   false },
	[VOCAB_HEALTH_PARTIAL] = { "partial", "no UTF-8 by itself", VOCAB_HEALTH_NOTE, false },
	[VOCAB_HEALTH_PARTIAL_DEAD] = { "partial-dead", "no UTF-8, and no text found that has it",
					VOCAB_HEALTH_NOTE, true },
	[VOCAB_HEALTH_CONTEXT_ONLY] = { "context-only", "only beside other text", VOCAB_HEALTH_NOTE,
					false },
	[VOCAB_HEALTH_BYTE_SPARE] = { "byte-spare", "fallback of a byte that other tokens have",
				      VOCAB_HEALTH_NOTE, true },
	[VOCAB_HEALTH_SPLIT] = { "split", "always cut before the model sees it", VOCAB_HEALTH_WARN,
				 true },
	[VOCAB_HEALTH_NORMALIZED] = { "normalized", "always changed by the normaliser",
				      VOCAB_HEALTH_FAIL, true },
	[VOCAB_HEALTH_UNREACHABLE] = { "unreachable", "never made by merges or scores",
				       VOCAB_HEALTH_WARN, true },
	[VOCAB_HEALTH_SPECIAL_DEAD] = { "special-dead", "looks special, and no text has it",
					VOCAB_HEALTH_WARN, true },
	[VOCAB_HEALTH_FAILED] = { "failed", "its text cannot be encoded", VOCAB_HEALTH_UNVERIFIABLE,
				  false },
	[VOCAB_HEALTH_HOLE] = { "hole", "no token has this id", VOCAB_HEALTH_NOTE, true },
};

static const struct row defects[VOCAB_HEALTH_DEFECTS] = {
	[VOCAB_HEALTH_NO_MERGES] = { "no-merges", "its merges do not make it", VOCAB_HEALTH_NOTE,
				     false },
	[VOCAB_HEALTH_ORPHAN] = { "orphan", "no two tokens make it up", VOCAB_HEALTH_WARN, false },
	[VOCAB_HEALTH_DUPLICATE] = { "duplicate", "has the bytes of a lower id", VOCAB_HEALTH_WARN,
				     false },
	[VOCAB_HEALTH_LONG] = { "long", "more than 64 characters", VOCAB_HEALTH_NOTE, false },
	[VOCAB_HEALTH_CROSSING] = { "crossing", "a character and part of another",
				    VOCAB_HEALTH_NOTE, false },
	[VOCAB_HEALTH_MARK_FIRST] = { "mark-first", "begins with a combining mark",
				      VOCAB_HEALTH_NOTE, false },
	[VOCAB_HEALTH_SHARED] = { "shared", "another token has this id too", VOCAB_HEALTH_WARN,
				  false },
	[VOCAB_HEALTH_BEYOND] = { "beyond", "the model has no row for it", VOCAB_HEALTH_FAIL,
				  false },
};

const char *vocab_health_category_name(enum vocab_health_category category)
{
	return categories[category].name;
}

const char *vocab_health_defect_name(enum vocab_health_defect defect)
{
	return defects[defect].name;
}

const char *vocab_health_level_name(enum vocab_health_level level)
{
	static const char *const names[] = { "fine", "note", "warn", "unverifiable", "fail" };
	return names[level];
}

const char *vocab_health_category_text(enum vocab_health_category category)
{
	return categories[category].text;
}

const char *vocab_health_defect_text(enum vocab_health_defect defect)
{
	return defects[defect].text;
}

enum vocab_health_level vocab_health_category_level(enum vocab_health_category category)
{
	return categories[category].level;
}

enum vocab_health_level vocab_health_defect_level(enum vocab_health_defect defect)
{
	return defects[defect].level;
}

static enum vocab_health_level graver(enum vocab_health_level a, enum vocab_health_level b)
{
	return a > b ? a : b;
}

enum vocab_health_level vocab_health_finding_level(const struct vocab_health_finding *finding)
{
	enum vocab_health_level level = categories[finding->category].level;
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++)
		if (finding->defects >> i & 1)
			level = graver(level, defects[i].level);
	return level;
}

enum vocab_health_level vocab_health_verdict(const struct vocab_health *health)
{
	enum vocab_health_level level = VOCAB_HEALTH_FINE;
	for (unsigned i = 0; i < VOCAB_HEALTH_CATEGORIES; i++)
		if (health->categories[i])
			level = graver(level, categories[i].level);
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++)
		if (health->defects[i])
			level = graver(level, defects[i].level);
	if (health->dead_merge_count)
		level = graver(level, VOCAB_HEALTH_NOTE);
	if (health->bytes_missing)
		level = graver(level, health->claims_bytes ? VOCAB_HEALTH_FAIL : VOCAB_HEALTH_NOTE);
	return level;
}

bool vocab_health_is_unused(enum vocab_health_category category)
{
	return categories[category].unused;
}
