/*
 * pretok_steps.h - pre-tokenizers written as words, for the tests of tok/pretok.
 *
 * Words joined by '+', values in hexadecimal; tests/oracles/pretok_reference.py
 * reads the same:
 *
 *	split:DIALECT:HEX:BEHAVIOR:INVERT   o Oniguruma, r Rust, l literal; r i p n c; 0 1
 *	bytelevel:FLAGS                     p prefix space, x regex, w raw
 *	metaspace:HEX:SCHEME:SPLIT          always first never; 0 1
 *	punctuation:BEHAVIOR  digits:0|1  delimiter:HEX  length:N  words:0|1
 *	whitespace whitespacesplit bert scripts
 */
#ifndef TESTS_UNIT_PRETOK_STEPS_H
#define TESTS_UNIT_PRETOK_STEPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tok/base/arena.h"
#include "tok/pretok/pretok.h"
#include "tok/text/utf8.h"

static inline struct tok_span pretok_hex(struct tok_arena *arena, const char *hex, size_t count)
{
	uint8_t *bytes = tok_arena_array(arena, count / 2 + 1, 1);
	assert_non_null(bytes);
	for (size_t i = 0; i + 1 < count; i += 2) {
		const char pair[3] = { hex[i], hex[i + 1], 0 };
		bytes[i / 2] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return (struct tok_span){ bytes, count / 2 };
}

/* The part of `word` up to the next ':' or '+', behind which it goes on. */
static inline struct tok_span pretok_part(const char **word)
{
	const size_t count = strcspn(*word, ":+");
	const struct tok_span part = { (const uint8_t *)*word, count };
	*word += count + ((*word)[count] == ':');
	return part;
}

static inline bool pretok_is(struct tok_span part, const char *name)
{
	return tok_span_equal(part, tok_span_of(name));
}

static inline enum tok_behavior pretok_behavior(struct tok_span part)
{
	switch (part.bytes[0]) {
	case 'r':
		return TOK_REMOVED;
	case 'i':
		return TOK_ISOLATED;
	case 'p':
		return TOK_MERGED_WITH_PREVIOUS;
	case 'n':
		return TOK_MERGED_WITH_NEXT;
	default:
		assert_int_equal(part.bytes[0], 'c');
		return TOK_CONTIGUOUS;
	}
}

static inline struct tok_span pretok_part_hex(struct tok_arena *arena, const char **word)
{
	const struct tok_span part = pretok_part(word);
	return pretok_hex(arena, (const char *)part.bytes, part.count);
}

static inline void pretok_read_split(struct tok_arena *arena, const char **word,
				     struct tok_pretok_step *step)
{
	const uint8_t dialect = pretok_part(word).bytes[0];
	step->kind = TOK_PRETOK_SPLIT;
	step->as.split.dialect = dialect == 'o'   ? TOK_REGEX_ONIGURUMA
				 : dialect == 'r' ? TOK_REGEX_RUST
						  : TOK_REGEX_LITERAL;
	step->as.split.pattern = pretok_part_hex(arena, word);
	step->as.split.behavior = pretok_behavior(pretok_part(word));
	step->as.split.invert = pretok_part(word).bytes[0] == '1';
}

static inline void pretok_read_metaspace(struct tok_arena *arena, const char **word,
					 struct tok_pretok_step *step)
{
	step->kind = TOK_PRETOK_METASPACE;
	step->as.metaspace.replacement = tok_utf8_at(pretok_part_hex(arena, word), 0).code;
	const struct tok_span scheme = pretok_part(word);
	step->as.metaspace.prepend = pretok_is(scheme, "always")  ? TOK_PREPEND_ALWAYS
				     : pretok_is(scheme, "first") ? TOK_PREPEND_FIRST
								  : TOK_PREPEND_NEVER;
	step->as.metaspace.split = pretok_part(word).bytes[0] == '1';
}

static inline void pretok_read_step(struct tok_arena *arena, const char **word,
				    struct tok_pretok_step *step)
{
	const struct tok_span kind = pretok_part(word);
	if (pretok_is(kind, "split")) {
		pretok_read_split(arena, word, step);
	} else if (pretok_is(kind, "metaspace")) {
		pretok_read_metaspace(arena, word, step);
	} else if (pretok_is(kind, "bytelevel")) {
		const struct tok_span flags = pretok_part(word);
		step->kind = TOK_PRETOK_BYTE_LEVEL;
		step->as.byte_level.add_prefix_space = memchr(flags.bytes, 'p', flags.count);
		step->as.byte_level.use_regex = memchr(flags.bytes, 'x', flags.count);
		step->as.byte_level.raw = memchr(flags.bytes, 'w', flags.count);
	} else if (pretok_is(kind, "punctuation")) {
		step->kind = TOK_PRETOK_PUNCTUATION;
		step->as.punctuation = pretok_behavior(pretok_part(word));
	} else if (pretok_is(kind, "digits")) {
		step->kind = TOK_PRETOK_DIGITS;
		step->as.individual_digits = pretok_part(word).bytes[0] == '1';
	} else if (pretok_is(kind, "words")) {
		step->kind = TOK_PRETOK_SENTENCEPIECE_WORDS;
		step->as.whitespace_as_suffix = pretok_part(word).bytes[0] == '1';
	} else if (pretok_is(kind, "delimiter")) {
		step->kind = TOK_PRETOK_CHAR_DELIMITER;
		step->as.delimiter = tok_utf8_at(pretok_part_hex(arena, word), 0).code;
	} else if (pretok_is(kind, "length")) {
		step->kind = TOK_PRETOK_FIXED_LENGTH;
		step->as.fixed_length = (uint32_t)strtoul(*word, NULL, 10);
		(void)pretok_part(word);
	} else if (pretok_is(kind, "whitespace")) {
		step->kind = TOK_PRETOK_WHITESPACE;
	} else if (pretok_is(kind, "whitespacesplit")) {
		step->kind = TOK_PRETOK_WHITESPACE_SPLIT;
	} else if (pretok_is(kind, "bert")) {
		step->kind = TOK_PRETOK_BERT;
	} else {
		assert_true(pretok_is(kind, "scripts"));
		step->kind = TOK_PRETOK_UNICODE_SCRIPTS;
	}
}

/* At most 8 steps; returns how many. */
static inline size_t pretok_read(struct tok_arena *arena, const char *words,
				 struct tok_pretok_step steps[8])
{
	size_t count = 0;
	while (*words) {
		assert_true(count < 8);
		steps[count] = (struct tok_pretok_step){ 0 };
		pretok_read_step(arena, &words, &steps[count++]);
		if (*words == '+')
			words++;
	}
	return count;
}

static inline struct tok_pretokenizer *pretok_make(const char *words)
{
	struct tok_arena arena = { 0 };
	struct tok_pretok_step steps[8];
	struct tok_pretokenizer *pretokenizer = NULL;
	struct tok_error err = { 0 };
	const size_t count = pretok_read(&arena, words, steps);
	if (tok_pretokenizer_new(steps, count, &pretokenizer, &err) != TOK_OK)
		fail_msg("%s: %s", words, err.message);
	tok_arena_release(&arena); /* the pre-tokenizer keeps nothing of it */
	return pretokenizer;
}

#endif
