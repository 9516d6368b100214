/*
 * scan_laws.h - the law of the block scanners: every kernel gives the ends that
 * the scalar one gives.  Plain C, so that it also runs where there is no cmocka.
 *
 * Texts lie between two pages that must not be touched.
 */
#ifndef TESTS_UNIT_SCAN_LAWS_H
#define TESTS_UNIT_SCAN_LAWS_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tok/base/cpu.h"
#include "tok/pretok/scan_kernel_internal.h"
#include "tok/text/utf8.h"

enum { LAW_ROOM = 1 << 20, LAW_GUARD = 1 << 16 /* a page, even of 64 KiB */ };

static const char *const law_families[TOK_SCAN_FAMILY_COUNT] = {
	[TOK_SCAN_GPT2] = "gpt2",
	[TOK_SCAN_CL100K] = "cl100k",
	[TOK_SCAN_CL100K_TRAILING] = "cl100k, trailing",
	[TOK_SCAN_QWEN] = "qwen",
	[TOK_SCAN_O200K] = "o200k",
	[TOK_SCAN_TEKKEN] = "tekken",
	[TOK_SCAN_DEEPSEEK] = "deepseek",
};

struct law {
	uint8_t *room;        /* LAW_ROOM bytes with guards on both sides */
	uint32_t *want, *got; /* LAW_ROOM + 1 ends each */
	uint64_t dice;
	size_t wrong;
	enum tok_kernel kernel;
	enum tok_scan_family family;
};

static inline bool law_init(struct law *law, enum tok_kernel kernel)
{
	uint8_t *all = mmap(NULL, LAW_ROOM + 2 * LAW_GUARD, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*law = (struct law){ .dice = 1, .kernel = kernel };
	law->want = calloc(LAW_ROOM + 1, sizeof *law->want);
	law->got = calloc(LAW_ROOM + 1, sizeof *law->got);
	if (all == MAP_FAILED || !law->want || !law->got)
		return false;
	law->room = all + LAW_GUARD;
	return mprotect(all, LAW_GUARD, PROT_NONE) == 0 &&
	       mprotect(law->room + LAW_ROOM, LAW_GUARD, PROT_NONE) == 0;
}

static inline void law_release(struct law *law)
{
	munmap(law->room - LAW_GUARD, LAW_ROOM + 2 * LAW_GUARD);
	free(law->want);
	free(law->got);
}

static inline uint64_t law_roll(struct law *law, uint64_t below)
{
	law->dice += 0x9E3779B97F4A7C15u; /* splitmix64 */
	uint64_t x = law->dice;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return (x ^ x >> 31) % below;
}

/* ---- comparing ---- */

static inline void law_print(struct law *law, struct tok_span text, size_t from, const char *what)
{
	if (law->wrong++ >= 5)
		return;
	printf("%s, %s: %s from byte %zu of", tok_kernel_name(law->kernel),
	       law_families[law->family], what, from);
	for (size_t i = 0; i < text.count && i < 400; i++)
		printf("%s%02x", i % 4 ? "" : " ", text.bytes[i]);
	printf("%s\n", text.count > 400 ? " ..." : "");
}

/* All ends by a kernel, `capacity` at a time; SIZE_MAX if it gets stuck. */
static inline size_t law_collect(enum tok_scan_family family, enum tok_kernel kernel,
				 struct tok_span text, size_t from, size_t capacity, uint32_t *ends)
{
	tok_scan_ends *scan = tok_scan_ends_of(family, kernel);
	enum { CANARY = 0x5A5A5A5A };
	static uint32_t some[4096 + 1];
	size_t count = 0;
	while (from < text.count) {
		some[capacity] = CANARY;
		const size_t now = scan(text, from, some, capacity);
		if (now == 0 || now > capacity || some[capacity] != CANARY ||
		    count + now > LAW_ROOM)
			return SIZE_MAX;
		memcpy(ends + count, some, now * sizeof *ends);
		count += now;
		if (some[now - 1] <= from)
			return SIZE_MAX;
		from = some[now - 1];
	}
	return count;
}

/* The text from its begin, and from `others` further ends. */
static inline void law_compare(struct law *law, struct tok_span text, size_t capacity,
			       size_t others)
{
	const size_t want = law_collect(law->family, TOK_KERNEL_SCALAR, text, 0, 4096, law->want);
	size_t from = 0;
	for (size_t k = 0; k <= others && k <= want; k++) {
		/* from the k-th end on */
		const size_t skipped = k == 0 ? 0 : others >= want ? k : law_roll(law, want + 1);
		from = skipped ? law->want[skipped - 1] : 0;
		const size_t got =
		    law_collect(law->family, law->kernel, text, from, capacity, law->got);
		if (got != want - skipped ||
		    memcmp(law->got, law->want + skipped, got * sizeof *law->got) != 0)
			law_print(law, text, from, "differs");
	}
}

/* ---- texts ---- */

/* What the families tell apart; one string a kind, one character a choice. */
static const char *const law_alphabet[] = {
	"abcdefstmlver",
	"ABCSTMLVERD",
	"'",
	"\u2019'\u017F",
	"sS\u017FtT\u212A",
	"0123456789",
	"\u00B2\u00BD\u0663\u2167\u0967\U0001D7D8\uFF11",
	" ",
	" \t",
	"\n",
	"\r\n",
	"\v\f\x1C\x1F",
	"\u00A0\u3000\u2028\u2029\xC2\x85\u1680\u200A\u202F",
	"\u0301\u0308\u093F\u20DD\u0903\uFE0F\u0E31\u064B",
	"\u01C5\u1F88",
	"\u02B0\u3005\u30FC\u00AA\u0E46\u0640",
	"\u4E2D\u6587\u3042\u30A2\u9F98\u3400\u4DBF\u9FFF",
	"\u4DC0\u4DFF\u9FA5\u9FA6\u4DFF\u4E00\u303F\u3040\u30FF\u3100\u30FB\u3002\uFF0C",
	"\uD55C\uAC00\uD7A3\uD7A4\uABFF",
	"\u05D0\u0627\u0E01\u0915\u1100",
	".,!?-_/\\()[]{}\"",
	"/",
	"/\n",
	"\u2014\u201C\u201D\u00AB\u00BB\u2026\u060C\u0964",
	"$+<=>^`|~\u20AC\u00A8\u2211",
	"\U0001F600\u2764\u200D\U0001F468",
	"\u0378\uE000\x7F\u00AD\U000F0000\u200B",
	"\u00E9\u00DF\u0131\u0434\u03C3\u1EC7",
	"\u00C9\u0130\u0414\u03A3\u1EC6",
	"\U00010400\U00010428\U00020000\U0001E900",
};
enum { LAW_KINDS = sizeof law_alphabet / sizeof *law_alphabet };

static inline size_t law_put_char(struct law *law, const char *alphabet, uint8_t *out)
{
	const struct tok_span span = tok_span_of(alphabet);
	size_t index = law_roll(law, tok_utf8_count(span)), at = 0;
	while (index-- > 0)
		at += tok_utf8_at(span, at).length;
	const struct tok_char c = tok_utf8_at(span, at);
	memcpy(out, span.bytes + at, c.length);
	return c.length;
}

/* Bytes that are no character, and characters cut short. */
static inline size_t law_put_bad(struct law *law, uint8_t *out)
{
	static const char *const bad[] = { "\x80",
					   "\xBF",
					   "\xC0",
					   "\xC1\x81",
					   "\xF5",
					   "\xFF",
					   "\xE0\x80\x80",
					   "\xE0\x9F\xBF",
					   "\xED\xA0\x80",
					   "\xED\xBF\xBF",
					   "\xF0\x8F\xBF\xBF",
					   "\xF4\x90\x80\x80",
					   "\xE4\xB8",
					   "\xC3",
					   "\xF0\x9F\x98",
					   "\xF0\x9F",
					   "\xE2",
					   "\xE4\xB8\xAD\xAD",
					   "\xC5",
					   "\xE3\x81" };
	const size_t which = law_roll(law, sizeof bad / sizeof *bad + 1);
	if (which == sizeof bad / sizeof *bad) {
		*out = 0;
		return 1;
	}
	memcpy(out, bad[which], strlen(bad[which]));
	return strlen(bad[which]);
}

/* Exactly `count` bytes: runs of a few kinds, long and short, cut anywhere. */
static inline void law_fill(struct law *law, uint8_t *out, size_t count)
{
	const size_t mine[3] = { law_roll(law, LAW_KINDS), law_roll(law, LAW_KINDS),
				 law_roll(law, LAW_KINDS) };
	const bool with_bad = law_roll(law, 8) == 0, long_runs = law_roll(law, 4) == 0;
	uint8_t atom[8];
	for (size_t done = 0; done < count;) {
		const size_t which = law_roll(law, 8);
		const char *alphabet = which < 5    ? law_alphabet[mine[which % 3]]
				       : which == 5 ? " "
						    : law_alphabet[law_roll(law, LAW_KINDS)];
		const bool bad = with_bad && law_roll(law, 4) == 0;
		for (size_t left = 1 + law_roll(law, long_runs ? 90 : 4); left > 0 && done < count;
		     left--) {
			size_t length =
			    bad ? law_put_bad(law, atom) : law_put_char(law, alphabet, atom);
			length = length < count - done ? length : count - done;
			memcpy(out + done, atom, length);
			done += length;
		}
	}
}

/* A text of `count` bytes at the end of the room, then its copy at the begin:
 * a byte too far on either side is a fault that nobody can overlook. */
static inline void law_try(struct law *law, size_t count, size_t capacity, size_t others)
{
	uint8_t *last = law->room + LAW_ROOM - count;
	law_fill(law, last, count);
	law_compare(law, (struct tok_span){ last, count }, capacity, others);
	memmove(law->room, last, count);
	law_compare(law, (struct tok_span){ law->room, count }, capacity, 0);
}

/* ---- laws, for one kernel and family ---- */

static inline void law_short_texts(struct law *law, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++)
		for (size_t count = 0; count <= 300; count++)
			law_try(law, count, 64 + law_roll(law, 3) * 100, 2);
}

static inline void law_every_start(struct law *law, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++)
		law_try(law, 200 + law_roll(law, 400), 64, SIZE_MAX);
}

static inline void law_alignments(struct law *law)
{
	for (size_t shift = 0; shift < 130; shift++) {
		law_fill(law, law->room + shift, 1000);
		law_compare(law, (struct tok_span){ law->room + shift, 1000 }, 4096, 0);
	}
}

static inline void law_long_texts(struct law *law, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++)
		law_try(law, 40000 + law_roll(law, 1000), round % 2 ? 64 : 4096, 3);
}

/* One character, one hundred times and a few more. */
static inline void law_runs(struct law *law)
{
	for (size_t kind = 0; kind < LAW_KINDS; kind++) {
		uint8_t atom[4], head[4], tail[4];
		for (size_t i = 0; i < 12; i++) {
			uint8_t *end = law->room + LAW_ROOM, *at = end;
			const size_t h =
			    law_put_char(law, law_alphabet[law_roll(law, LAW_KINDS)], head);
			const size_t n = law_put_char(law, law_alphabet[kind], atom);
			const size_t t =
			    law_put_char(law, law_alphabet[law_roll(law, LAW_KINDS)], tail);
			memcpy(at -= t, tail, t);
			for (size_t k = 0; k < 60 + i * 9; k++)
				memcpy(at -= n, atom, n);
			memcpy(at -= h, head, h);
			law_compare(law, (struct tok_span){ at, (size_t)(end - at) }, 64, 3);
		}
	}
}

/* Every code point, between others that show its class. */
static inline void law_code_points(struct law *law, size_t frames_tried)
{
	static const char *const frames[][2] = { { "a", "b" }, { " ", " " }, { "..", "\n" } };
	for (size_t f = 0; f < frames_tried; f++) {
		size_t count = 0;
		for (uint32_t code = 0x80; code < 0x110000; code++) {
			if (code - 0xD800 < 0x800)
				continue;
			memcpy(law->room + count, frames[f][0], strlen(frames[f][0]));
			count += strlen(frames[f][0]);
			count += tok_utf8_put(code, law->room + count);
			memcpy(law->room + count, frames[f][1], strlen(frames[f][1]));
			count += strlen(frames[f][1]);
			if (count > LAW_ROOM / 2 || code == 0x10FFFF) {
				law_compare(law, (struct tok_span){ law->room, count }, 4096, 0);
				count = 0;
			}
		}
	}
}

/* All of it; the number of texts that came out wrong. */
static inline size_t law_all(enum tok_kernel kernel, size_t rounds)
{
	struct law law;
	if (!law_init(&law, kernel))
		return 1;
	for (int family = 0; family < TOK_SCAN_FAMILY_COUNT; family++) {
		law.family = (enum tok_scan_family)family;
		if (!tok_scan_ends_of(law.family, TOK_KERNEL_SCALAR))
			continue;
		law_short_texts(&law, rounds);
		law_every_start(&law, rounds);
		law_alignments(&law);
		law_long_texts(&law, rounds);
		law_runs(&law);
		law_code_points(&law, rounds > 1 ? 3 : 1);
	}
	law_release(&law);
	return law.wrong;
}

#endif
