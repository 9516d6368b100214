/*
 * mark_laws.h - the law of the kernels that mark characters: each gives the pieces
 * that going from character to character gives.  Plain C, as scan_laws.h, whose
 * texts and guards it uses.
 */
#ifndef TESTS_UNIT_MARK_LAWS_H
#define TESTS_UNIT_MARK_LAWS_H

#include "tests/unit/scan_laws.h"
#include "tok/pretok/mark_internal.h"

static const struct mark_law_row {
	const char *name;
	struct mark_rule rules[MARK_RULES];
	size_t count;
} mark_law_rows[] = {
	{ "bert",
	  { { PRETOK_SPACE, 0, MARK_LEFT_OUT }, { PRETOK_PUNCTUATION, 0, MARK_ALONE } },
	  2 },
	{ "space", { { PRETOK_SPACE, 0, MARK_LEFT_OUT } }, 1 },
	{ "punctuation", { { PRETOK_PUNCTUATION, 0, MARK_ALONE } }, 1 },
	{ "digits", { { PRETOK_NUMERIC, 0, MARK_ALONE } }, 1 },
	{ "numbers gone, punctuation",
	  { { PRETOK_NUMERIC, 0, MARK_LEFT_OUT }, { PRETOK_PUNCTUATION, 0, MARK_ALONE } },
	  2 },
	{ "e", { { PRETOK_CHARACTER, 'e', MARK_ALONE } }, 1 },
	{ "e with an accent",
	  { { PRETOK_CHARACTER, 0xE9, MARK_LEFT_OUT }, { PRETOK_NUMERIC, 0, MARK_ALONE } },
	  2 },
	{ "kana", { { PRETOK_CHARACTER, 0x3042, MARK_ALONE } }, 1 },
	{ "Hangul", { { PRETOK_CHARACTER, 0xAC00, MARK_LEFT_OUT } }, 1 },
	{ "an astral one", { { PRETOK_CHARACTER, 0x1F600, MARK_ALONE } }, 1 },
	{ "Han",
	  { { PRETOK_SPACE, 0, MARK_LEFT_OUT }, { PRETOK_CHARACTER, 0x4E2D, MARK_ALONE } },
	  2 },
};
enum { MARK_LAW_ROWS = sizeof mark_law_rows / sizeof *mark_law_rows };

struct mark_law {
	struct law law;
	const char *name;
	struct mark_set set;
	struct tok_range *want, *got; /* LAW_ROOM + MARK_ROOM each */
};

/* What is right. */
static inline size_t mark_law_plain(const struct mark_set *set, struct tok_span text, size_t from,
				    struct tok_range *out)
{
	size_t count = 0, begin = from;
	for (size_t at = from; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const enum mark mark = mark_of(set, c.code);
		const uint32_t end = (uint32_t)at + c.length;
		if (mark != MARK_KEPT && begin < at)
			out[count++] = (struct tok_range){ (uint32_t)begin, (uint32_t)at };
		if (mark == MARK_ALONE)
			out[count++] = (struct tok_range){ (uint32_t)at, end };
		if (mark != MARK_KEPT)
			begin = end;
		at = end;
	}
	if (begin < text.count)
		out[count++] = (struct tok_range){ (uint32_t)begin, (uint32_t)text.count };
	return count;
}

/* `room` ranges at a time; SIZE_MAX if the kernel gets stuck or goes too far. */
static inline size_t mark_law_collect(struct mark_law *m, struct tok_span text, size_t from,
				      size_t room)
{
	static const struct tok_range canary = { 0x5A5A5A5A, 0xA5A5A5A5 };
	struct mark_run run = { .ranges = m->got };
	mark_cut *cut = mark_cut_of(m->law.kernel);
	while (from < text.count) {
		const size_t before = from;
		run.capacity = run.begun + room;
		m->got[run.capacity] = canary;
		from = cut(&m->set, text, from, &run);
		if (from == before || from > text.count || run.begun > run.capacity ||
		    memcmp(&m->got[run.capacity], &canary, sizeof canary) != 0)
			return SIZE_MAX;
	}
	if (run.begun > run.ended)
		m->got[run.ended++].end = (uint32_t)text.count;
	return run.ended;
}

static inline void mark_law_compare(struct mark_law *m, struct tok_span text, size_t from,
				    size_t room)
{
	const size_t want = mark_law_plain(&m->set, text, from, m->want);
	const size_t got = mark_law_collect(m, text, from, room);
	if (got == want && memcmp(m->got, m->want, got * sizeof *m->got) == 0)
		return;
	printf("marks of %s:\n", m->name);
	law_print(&m->law, text, from, "differs");
}

/* Texts that end where the room ends, and that begin where it begins. */
static inline void mark_law_edges(struct mark_law *m, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++)
		for (size_t count = 0; count <= 300; count++) {
			uint8_t *last = m->law.room + LAW_ROOM - count;
			const size_t room = MARK_ROOM + law_roll(&m->law, 2) * 70;
			law_fill(&m->law, last, count);
			mark_law_compare(m, (struct tok_span){ last, count }, 0, room);
			memmove(m->law.room, last, count);
			mark_law_compare(m, (struct tok_span){ m->law.room, count }, 0, room);
		}
}

/* From every place where a character begins. */
static inline void mark_law_starts(struct mark_law *m, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++) {
		const struct tok_span text = { m->law.room + LAW_ROOM - 500, 500 };
		law_fill(&m->law, m->law.room + LAW_ROOM - 500, 500);
		for (size_t from = 0; from < text.count; from += tok_utf8_at(text, from).length)
			mark_law_compare(m, text, from, 4096);
	}
}

static inline void mark_law_long_texts(struct mark_law *m, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++) {
		law_fill(&m->law, m->law.room, 40000);
		mark_law_compare(m, (struct tok_span){ m->law.room, 40000 }, 0, 4096);
	}
}

/* Every code point, between letters. */
static inline void mark_law_code_points(struct mark_law *m)
{
	size_t count = 0;
	for (uint32_t code = 0; code < 0x110000; code++) {
		if (code - 0xD800 < 0x800)
			continue;
		m->law.room[count++] = 'a';
		count += tok_utf8_put(code, m->law.room + count);
		if (count <= LAW_ROOM / 2 && code != 0x10FFFF)
			continue;
		mark_law_compare(m, (struct tok_span){ m->law.room, count }, 0, 4096);
		count = 0;
	}
}

/* All of it; the number of texts that came out wrong. */
static inline size_t mark_law_all(enum tok_kernel kernel, size_t rounds)
{
	struct mark_law m = { 0 };
	m.want = calloc(LAW_ROOM + MARK_ROOM, sizeof *m.want);
	m.got = calloc(LAW_ROOM + 2 * 4096, sizeof *m.got);
	if (!m.want || !m.got || !law_init(&m.law, kernel))
		return 1;
	for (size_t i = 0; i < MARK_LAW_ROWS; i++) {
		m.name = mark_law_rows[i].name;
		mark_set_init(&m.set, mark_law_rows[i].rules, mark_law_rows[i].count);
		mark_law_edges(&m, rounds);
		mark_law_starts(&m, rounds);
		mark_law_long_texts(&m, rounds);
		mark_law_code_points(&m);
	}
	law_release(&m.law);
	free(m.want);
	free(m.got);
	return m.law.wrong;
}

#endif
