/*
 * mark_internal.h - cutting at characters that are left out or stand alone: the
 * white space and the punctuation of BERT, above all.
 *
 *	struct mark_set set;
 *	mark_set_init(&set, rules, count);
 *	struct mark_run run = { .ranges = ranges, .capacity = capacity };
 *	while (at < text.count) {
 *		...make room for MARK_ROOM ranges behind run.begun...
 *		at = mark_cut_of(kernel)(&set, text, at, &run);
 *	}
 *
 * The k-th beginning of a piece belongs to its k-th end, so that both are written
 * where they are found; between the two a piece is open.
 *
 * The scalar kernel defines what is right; all take 64 bytes at a time, as masks.
 * A byte that begins no well-formed sequence is a character without a mark.
 */
#ifndef TOK_PRETOK_MARK_INTERNAL_H
#define TOK_PRETOK_MARK_INTERNAL_H

#include "tok/base/cpu.h"
#include "tok/base/span.h"

enum pretok_class {
	PRETOK_SPACE,       /* white space */
	PRETOK_PUNCTUATION, /* the reference's punctuation: Unicode 9 */
	PRETOK_NUMERIC,     /* the reference's numbers: Unicode 17 */
	PRETOK_CHARACTER    /* one character */
};

bool pretok_class_has(enum pretok_class which, uint32_t character, uint32_t code);

/* What becomes of a character. */
enum mark { MARK_KEPT, MARK_LEFT_OUT, MARK_ALONE };

/* Characters of a class, and their mark. */
struct mark_rule {
	enum pretok_class which;
	uint32_t character; /* PRETOK_CHARACTER */
	enum mark mark;
};

enum { MARK_RULES = 2 };

/*
 * Rules, the first of which counts where both apply.  Bit h of [l] in a row of 16
 * is for the byte h << 4 | l: ASCII by its mark; of what is no ASCII, first bytes
 * with which a marked character may begin.
 */
struct mark_set {
	struct mark_rule rules[MARK_RULES];
	size_t count;
	uint8_t left_out[16], alone[16];
	uint8_t asks[16];  /* of the byte 0x80 | h << 4 | l */
	bool asks_letters; /* kana and Hangul may be marked as well */
};

void mark_set_init(struct mark_set *set, const struct mark_rule *rules, size_t count);

enum mark mark_of(const struct mark_set *set, uint32_t code);

struct mark_run {
	struct tok_range *ranges;
	size_t capacity, begun, ended;
};

/* Room that a kernel wants behind run.begun, or it does nothing. */
enum { MARK_ROOM = 128 };

/* Goes on from `at`, where a character begins, until the end of the text or until
 * there is less room than MARK_ROOM; returns where.  Reads nothing outside of the
 * text.  What is open at its end is left open. */
typedef size_t mark_cut(const struct mark_set *set, struct tok_span text, size_t at,
			struct mark_run *run);

mark_cut mark_cut_scalar, mark_cut_avx2, mark_cut_avx512, mark_cut_neon;

/* That of a kernel, the scalar one where it was not built. */
mark_cut *mark_cut_of(enum tok_kernel kernel);

#endif
