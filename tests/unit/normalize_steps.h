/*
 * normalize_steps.h - a list of normaliser steps, written as words.
 *
 * STEPS are words joined by '+': nfc nfd nfkc nfkd nmt lowercase stripaccents
 * bytelevel, strip:l strip:r strip:lr, prepend:HEX, literal:HEX:HEX,
 * regex:HEX:HEX, bert:CLEAN CHINESE STRIP LOWER as four bits,
 * precompiled:FILE-or-HEX, sentencepiece:FLAGS:FILE-or-HEX:HEX,HEX,...
 */
#ifndef TESTS_UNIT_NORMALIZE_STEPS_H
#define TESTS_UNIT_NORMALIZE_STEPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tok/base/arena.h"
#include "tok/text/normalize.h"

static struct tok_span read_hex(struct tok_arena *arena, const char *hex, size_t count)
{
	uint8_t *bytes = tok_arena_array(arena, count / 2, 1);
	assert_non_null(bytes);
	for (size_t i = 0; i + 1 < count; i += 2) {
		const char pair[3] = { hex[i], hex[i + 1], 0 };
		bytes[i / 2] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return (struct tok_span){ bytes, count / 2 };
}

/* The part of `word` before `end` characters, after which it goes on. */
static struct tok_span take_hex(struct tok_arena *arena, const char **word)
{
	const size_t count = strcspn(*word, ":,+");
	const struct tok_span bytes = read_hex(arena, *word, count);
	*word += count;
	return bytes;
}

static struct tok_span take_blob(struct tok_arena *arena, const char **word)
{
	if (**word != '/')
		return take_hex(arena, word);

	char path[4096];
	const size_t count = strcspn(*word, ":+");
	(void)snprintf(path, sizeof path, "%.*s", (int)count, *word);
	*word += count;
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	uint8_t *bytes = tok_arena_array(arena, 1 << 22, 1);
	assert_non_null(bytes);
	const size_t length = fread(bytes, 1, 1 << 22, file);
	(void)fclose(file);
	return (struct tok_span){ bytes, length };
}

static void read_sentencepiece(struct tok_arena *arena, const char **word,
			       struct tok_norm_step *step)
{
	const size_t flags = strcspn(*word, ":");
	step->as.sentencepiece.add_dummy_prefix = memchr(*word, 'd', flags) != NULL;
	step->as.sentencepiece.remove_extra_whitespaces = memchr(*word, 'r', flags) != NULL;
	step->as.sentencepiece.escape_whitespaces = memchr(*word, 'e', flags) != NULL;
	step->as.sentencepiece.whitespace_as_suffix = memchr(*word, 's', flags) != NULL;
	*word += flags + 1;
	step->as.sentencepiece.charsmap = take_blob(arena, word);

	struct tok_span *pieces = tok_arena_array(arena, 64, sizeof *pieces);
	assert_non_null(pieces);
	size_t count = 0;
	while (**word == ':' || **word == ',') {
		++*word;
		assert_true(count < 64);
		pieces[count++] = take_hex(arena, word);
	}
	step->as.sentencepiece.protected_pieces = pieces;
	step->as.sentencepiece.protected_count = count;
}

static bool take_name(const char **word, const char *name)
{
	const size_t count = strlen(name);
	if (strncmp(*word, name, count) != 0 ||
	    ((*word)[count] != 0 && (*word)[count] != '+' && (*word)[count] != ':'))
		return false;
	*word += count + ((*word)[count] == ':');
	return true;
}

static void read_replace(struct tok_arena *arena, const char **word, struct tok_norm_step *step,
			 enum tok_regex_dialect dialect)
{
	step->kind = TOK_NORM_REPLACE;
	step->as.replace.dialect = dialect;
	step->as.replace.pattern = take_hex(arena, word);
	++*word;
	step->as.replace.content = take_hex(arena, word);
}

static bool read_plain_step(const char **word, struct tok_norm_step *step)
{
	static const struct {
		const char *name;
		enum tok_norm_kind kind;
	} names[] = {
		{ "nfc", TOK_NORM_NFC },
		{ "nfd", TOK_NORM_NFD },
		{ "nfkc", TOK_NORM_NFKC },
		{ "nfkd", TOK_NORM_NFKD },
		{ "nmt", TOK_NORM_NMT },
		{ "lowercase", TOK_NORM_LOWERCASE },
		{ "stripaccents", TOK_NORM_STRIP_ACCENTS },
		{ "bytelevel", TOK_NORM_BYTE_LEVEL },
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (take_name(word, names[i].name)) {
			step->kind = names[i].kind;
			return true;
		}
	return false;
}

static void read_step(struct tok_arena *arena, const char **word, struct tok_norm_step *step)
{
	if (read_plain_step(word, step))
		return;
	if (take_name(word, "strip")) {
		step->kind = TOK_NORM_STRIP;
		for (; **word == 'l' || **word == 'r'; ++*word)
			*(**word == 'l' ? &step->as.strip.left : &step->as.strip.right) = true;
	} else if (take_name(word, "prepend")) {
		step->kind = TOK_NORM_PREPEND;
		step->as.prepend = take_hex(arena, word);
	} else if (take_name(word, "literal")) {
		read_replace(arena, word, step, TOK_REGEX_LITERAL);
	} else if (take_name(word, "regex")) {
		read_replace(arena, word, step, TOK_REGEX_ONIGURUMA);
	} else if (take_name(word, "bert")) {
		step->kind = TOK_NORM_BERT;
		step->as.bert.clean_text = (*word)[0] == '1';
		step->as.bert.handle_chinese_chars = (*word)[1] == '1';
		step->as.bert.strip_accents = (*word)[2] == '1';
		step->as.bert.lowercase = (*word)[3] == '1';
		*word += 4;
	} else if (take_name(word, "precompiled")) {
		step->kind = TOK_NORM_PRECOMPILED;
		step->as.precompiled = take_blob(arena, word);
	} else if (take_name(word, "sentencepiece")) {
		step->kind = TOK_NORM_SENTENCEPIECE;
		read_sentencepiece(arena, word, step);
	} else {
		fail_msg("no such step: %s", *word);
	}
}

static enum tok_status build(const char *words, struct tok_normalizer **out, struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct tok_norm_step steps[16] = { 0 };
	size_t count = 0;
	for (const char *word = words; *word; word += *word == '+') {
		assert_true(count < 16);
		read_step(&arena, &word, &steps[count++]);
	}
	const enum tok_status status = tok_normalizer_new(steps, count, out, err);
	if (status == TOK_OK)
		assert_int_equal(tok_normalizer_step_count(*out), count);
	tok_arena_release(&arena);
	return status;
}

#endif
