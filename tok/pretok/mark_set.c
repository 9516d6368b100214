/*
 * mark_set.c - rules as tables of bytes.
 */
#include "tok/pretok/mark_internal.h"

#include "tok/text/utf8.h"

/* First bytes of white space, punctuation and numbers beyond ASCII. */
static const uint8_t leads[] = { 0xC2, 0xCD, 0xCE, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDB,
				 0xDC, 0xDF, 0xE0, 0xE1, 0xE2, 0xE3, 0xEA, 0xEF, 0xF0 };

enum mark mark_of(const struct mark_set *set, uint32_t code)
{
	for (size_t i = 0; i < set->count; i++)
		if (pretok_class_has(set->rules[i].which, set->rules[i].character, code))
			return set->rules[i].mark;
	return MARK_KEPT;
}

static void set_byte(uint8_t row[16], uint8_t byte)
{
	row[byte & 15] |= (uint8_t)(1 << (byte >> 4 & 7));
}

void mark_set_init(struct mark_set *set, const struct mark_rule *rules, size_t count)
{
	*set = (struct mark_set){ .count = count };
	for (size_t i = 0; i < count; i++)
		set->rules[i] = rules[i];
	for (uint8_t byte = 0; byte < 0x80; byte++) {
		const enum mark mark = mark_of(set, byte);
		if (mark == MARK_LEFT_OUT)
			set_byte(set->left_out, byte);
		else if (mark == MARK_ALONE)
			set_byte(set->alone, byte);
	}
	for (size_t i = 0; i < sizeof leads; i++)
		set_byte(set->asks, leads[i]);
	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[4];
		if (rules[i].which != PRETOK_CHARACTER || rules[i].character < 0x80)
			continue;
		tok_utf8_put(rules[i].character, bytes);
		set_byte(set->asks, bytes[0]);
		set->asks_letters = true;
	}
}
