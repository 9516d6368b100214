/*
 * places_laws.h - the law of places: every kernel finds those that the scalar one
 * finds, whatever they are found from.  Plain C, so that it also runs where there is
 * no cmocka.
 *
 * Texts end at a page that must not be touched, and begin behind one.
 */
#ifndef TESTS_UNIT_PLACES_LAWS_H
#define TESTS_UNIT_PLACES_LAWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tok/text/places.h"

enum { PLACES_ROOM = 1 << 16, PLACES_TEXT = 400 };

struct places_law {
	uint8_t *room; /* PLACES_ROOM bytes between two guards */
	uint64_t dice;
	size_t wrong;
};

static inline bool places_law_init(struct places_law *law)
{
	uint8_t *all = mmap(NULL, 3 * (size_t)PLACES_ROOM, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*law = (struct places_law){ .dice = 1 };
	if (all == MAP_FAILED)
		return false;
	law->room = all + PLACES_ROOM;
	return mprotect(all, PLACES_ROOM, PROT_NONE) == 0 &&
	       mprotect(law->room + PLACES_ROOM, PLACES_ROOM, PROT_NONE) == 0;
}

static inline void places_law_release(struct places_law *law)
{
	munmap(law->room - PLACES_ROOM, 3 * (size_t)PLACES_ROOM);
}

static inline uint32_t places_roll(struct places_law *law, uint32_t below)
{
	law->dice = law->dice * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)((law->dice >> 33) % below);
}

/* What is near to being U+2581, or a letter, or a byte that continues something. */
static inline size_t places_fill(struct places_law *law, uint8_t *out, size_t room)
{
	static const char *const parts[] = {
		"\xE2\x96\x81",
		"\xE2\x96\x81",
		"\xE2\x96",
		"\xE2",
		"\x96\x81",
		"\x81",
		"\xE2\x96\x82",
		"\xE2\x97\x81",
		"a",
		"z",
		"`",
		"{",
		"A",
		"Z",
		" ",
		".",
		"the",
		"\xC3\xA9",
		"\xE4\xB8\xAD",
		"\xF0\x9F\x98\x80",
		"\x80",
		"\xBF",
		"\xC0",
		"\xFF",
	};
	size_t count = 0;
	while (count < room) {
		const char *part = parts[places_roll(law, sizeof parts / sizeof *parts)];
		size_t length = strlen(part), times = 1 + places_roll(law, 8) / 6 * 70;
		for (; times > 0 && count + length <= room; times--, count += length)
			memcpy(out + count, part, length);
		if (places_roll(law, 16) == 0 && count < room)
			out[count++] = 0;
		if (count + 4 > room)
			break;
	}
	return count;
}

static inline size_t places_all(tok_places *find, struct tok_span text, size_t from, uint32_t *out)
{
	size_t count = 0;
	while (from < text.count) {
		const size_t before = from;
		count += find(text, &from, out + count);
		if (from <= before || from - before > TOK_PLACES_BLOCK)
			return SIZE_MAX;
	}
	return from == text.count ? count : SIZE_MAX;
}

static inline void places_compare(struct places_law *law, enum tok_kernel kernel,
				  struct tok_span text, size_t from)
{
	static const char *const names[TOK_PLACES_KIND_COUNT] = {
		[TOK_PLACES_SPACES] = "spaces",
		[TOK_PLACES_GAPS] = "gaps",
		[TOK_PLACES_WORDS] = "words",
	};
	static uint32_t want[PLACES_TEXT + TOK_PLACES_BLOCK], got[PLACES_TEXT + TOK_PLACES_BLOCK];
	for (int i = 0; i < TOK_PLACES_KIND_COUNT; i++) {
		const enum tok_places_kind kind = (enum tok_places_kind)i;
		const size_t whole =
		    places_all(tok_places_of(kind, TOK_KERNEL_SCALAR), text, 0, want);
		const size_t count = places_all(tok_places_of(kind, kernel), text, from, got);
		size_t skip = 0;
		while (skip < whole && want[skip] < from)
			skip++;
		if (count == whole - skip && memcmp(got, want + skip, count * sizeof *got) == 0)
			continue;
		if (law->wrong++ < 5) {
			printf("%s, %s: %zu places for %zu from byte %zu of",
			       tok_kernel_name(kernel), names[kind], count, whole - skip, from);
			for (size_t k = 0; k < text.count; k++)
				printf(" %02x", text.bytes[k]);
			printf("\n");
		}
	}
}

/* Texts of all lengths around one and two blocks, at both guards, from everywhere near
 * a block's edge.  Returns how many comparisons failed. */
static inline size_t places_law_all(enum tok_kernel kernel, size_t rounds)
{
	struct places_law law;
	if (!places_law_init(&law))
		return SIZE_MAX;
	for (size_t round = 0; round < rounds * 500; round++) {
		uint8_t bytes[PLACES_TEXT];
		const size_t room = 1 + places_roll(&law, PLACES_TEXT - 1);
		const size_t count = places_fill(&law, bytes, room);
		uint8_t *ends = law.room + PLACES_ROOM - count;
		if (count == 0)
			continue;
		memcpy(ends, bytes, count);
		places_compare(&law, kernel, (struct tok_span){ ends, count },
			       places_roll(&law, (uint32_t)count));
		places_compare(&law, kernel, (struct tok_span){ ends, count }, 0);
		memcpy(law.room, bytes, count);
		places_compare(&law, kernel, (struct tok_span){ law.room, count },
			       places_roll(&law, (uint32_t)count < 5 ? (uint32_t)count : 5));
	}
	places_law_release(&law);
	return law.wrong;
}

#endif
