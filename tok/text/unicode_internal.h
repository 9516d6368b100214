/* unicode_internal.h - the generated tables: see unicode_tables.mjs, unicode_sets.mjs. */
#ifndef TOK_TEXT_UNICODE_INTERNAL_H
#define TOK_TEXT_UNICODE_INTERNAL_H

#include "tok/text/unicode.h"

enum {
	TOK_UNICODE_BLOCK = 128, /* code points a block */
	TOK_UNICODE_CATEGORY = 0x1F,
	TOK_UNICODE_SPACE = 0x20,
	TOK_UNICODE_ALPHABETIC = 0x40,
	TOK_UNICODE_WORD = 0x80
};

extern const uint16_t tok_unicode_blocks[8704]; /* code / 128: which block */
extern const uint8_t tok_unicode_bytes[33664];  /* blocks one after the other */

/* The same as runs: where each begins, and its properties << 24; sorted. */
extern const uint32_t tok_unicode_runs[];
extern const size_t tok_unicode_runs_count;

enum { TOK_UNICODE_RUN_BEGIN = 0xFFFFFF, TOK_UNICODE_RUN_SHIFT = 24 };

/* Scripts and binary properties, by name in small letters without separators. */
struct tok_unicode_name {
	const char *name;
	uint32_t first, count; /* of tok_unicode_ranges */
};

extern const struct tok_range tok_unicode_ranges[]; /* half open, code points */
extern const size_t tok_unicode_ranges_count;
extern const struct tok_unicode_name tok_unicode_names[];
extern const size_t tok_unicode_names_count;

/* Simple case folding, without those that fold to themselves; sorted by `to`. */
struct tok_unicode_fold {
	uint32_t code, to;
};

extern const struct tok_unicode_fold tok_unicode_folds[];
extern const size_t tok_unicode_folds_count;

/* Full case folding, where it gives several characters; sorted by `code`. */
struct tok_unicode_full_fold {
	uint32_t code, count, to[3];
};

extern const struct tok_unicode_full_fold tok_unicode_full_folds[];
extern const size_t tok_unicode_full_folds_count;

/* Where Unicode 14.0 or 15.0 had another category; sorted, apart. */
struct tok_unicode_drift {
	struct tok_range codes;
	uint8_t in_14, in_15;
};

extern const struct tok_unicode_drift tok_unicode_drifts[];
extern const size_t tok_unicode_drifts_count;

#endif
