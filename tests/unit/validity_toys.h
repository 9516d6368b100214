/*
 * validity_toys.h - small vocabularies that are drawn, as tokenizers.
 *
 * Over four letters out of some that patterns care about; of all kinds of models.
 */
#ifndef TESTS_UNIT_VALIDITY_TOYS_H
#define TESTS_UNIT_VALIDITY_TOYS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tok/pipe/encoder.h"
#include "vocab/format/read.h"

enum {
	LETTERS = 4,
	TOKENS_MOST = 40,
	TOKEN_BYTES = 4,
	MERGES = 14,
	ROW_BYTES = 4,
	AHEAD = 2,
	ADDED = 3,
	STEPS = 3,
	JSON_ROOM = 1 << 14
};

enum kind { BYTES, LONGEST, CHARACTERS, UNIGRAM };

/* What is tried besides the vocabulary. */
struct pipe {
	const char *patterns[STEPS]; /* of Splits, in order */
	const char *letters;         /* BYTES: those that vocabularies are drawn over; NULL: any */
	bool added;                  /* tokens that are cut out of the text */
	bool user_defined;           /* CHARACTERS: the same inside the model, by scores */
	bool words;                  /* CHARACTERS: Metaspace, which splits */
};

static const struct letter {
	const char *bytes;
	const char *written; /* in the file: bytes in their alphabet, a space as a mark */
	bool spelled;        /* has no token, but those of its bytes */
} byte_letters[] = { { "a", "a", 0 },        { "B", "B", 0 },         { "s", "s", 0 },
		     { "r", "r", 0 },        { "e", "e", 0 },         { "1", "1", 0 },
		     { " ", "\xC4\xA0", 0 }, { "\n", "\xC4\x8A", 0 }, { "!", "!", 0 },
		     { "'", "'", 0 },        { "\t", "\xC4\x89", 0 }, { "l", "l", 0 },
		     { "2", "2", 0 },        { "3", "3", 0 } },
  characters[] = { { "a", "a", 0 },
		   { "b", "b", 0 },
		   { "c", "c", 0 },
		   { " ", "\xE2\x96\x81", 0 },
		   { "\xC3\xA9", "\xC3\xA9", 0 },
		   { "\xC3\xBC", "\xC3\xBC", 1 },
		   { "!", "!", 1 } };

/* Letters that nothing merges with, for texts to end with: in a vocabulary in which every letter
 * merges, a row may have no continuation that leaves it as it is.  Two end contractions, one is a
 * blank, before a newline; one that is drawn is none of them. */
static const char neutral[] = "etZ.2\f";

static uint64_t dice = 1;

static inline uint32_t draw(uint32_t below)
{
	dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((dice >> 33) % below);
}

/* ---- a vocabulary ---------------------------------------------------------------- */

struct toy {
	const struct letter *of[LETTERS];
	enum kind kind;
	char texts[TOKENS_MOST][TOKEN_BYTES + 1]; /* places in `of`; "<" and a byte */
	uint32_t merges[MERGES][2];
	size_t count, merge_count;
	size_t letters;
	bool ignore_merges;
	const struct pipe *pipe;
	char added[ADDED][8]; /* places in `of` */
	size_t added_count;
};

static inline size_t find(const struct toy *toy, const char *text)
{
	size_t i = 0;
	while (i < toy->count && strcmp(toy->texts[i], text) != 0)
		i++;
	return i;
}

/* A digit that nothing merges with either, for texts in which some must follow each other. */
static inline bool has_lone_digit(const struct toy *toy, const char *text)
{
	while (*text && toy->of[*text - '0']->bytes[0] != '3')
		text++;
	return *text != 0;
}

static inline void add_merge(struct toy *toy)
{
	const uint32_t left = draw((uint32_t)toy->count), right = draw((uint32_t)toy->count);
	char text[2 * TOKEN_BYTES + 1];
	snprintf(text, sizeof text, "%s%s", toy->texts[left], toy->texts[right]);
	if (strlen(text) > TOKEN_BYTES || strchr(text, '<') || has_lone_digit(toy, text))
		return;
	for (size_t i = 0; i < toy->merge_count; i++)
		if (toy->merges[i][0] == left && toy->merges[i][1] == right)
			return;
	toy->merges[toy->merge_count][0] = left;
	toy->merges[toy->merge_count++][1] = right;
	if (find(toy, text) == toy->count)
		strcpy(toy->texts[toy->count++], text);
}

/* Tokens that no merge makes. */
static inline void add_words(struct toy *toy)
{
	for (int k = 0; k < 6; k++) {
		char text[TOKEN_BYTES + 1] = { 0 };
		for (uint32_t i = 0, n = 2 + draw(3); i < n; i++)
			text[i] = (char)('0' + draw((uint32_t)toy->letters));
		if (!has_lone_digit(toy, text) && find(toy, text) == toy->count)
			strcpy(toy->texts[toy->count++], text);
	}
}

static inline const struct letter *find_letter(char byte)
{
	const struct letter *letter = byte_letters;
	while (letter->bytes[0] != byte)
		letter++;
	return letter;
}

static inline const struct letter *draw_letter(enum kind kind, const struct pipe *pipe)
{
	if (kind == BYTES && pipe->letters)
		return find_letter(pipe->letters[draw((uint32_t)strlen(pipe->letters))]);
	if (kind == BYTES)
		return &byte_letters[draw(sizeof byte_letters / sizeof *byte_letters)];
	if (pipe->user_defined) /* SentencePiece spells by all bytes or by none */
		return &characters[draw(5)];
	return &characters[draw(kind != CHARACTERS ? 3 : sizeof characters / sizeof *characters)];
}

static inline void add_text(struct toy *toy, const char *text)
{
	if (find(toy, text) == toy->count)
		strcpy(toy->texts[toy->count++], text);
}

static inline void add_letter(struct toy *toy, size_t i)
{
	char text[3] = { (char)('0' + i) };
	if (!toy->of[i]->spelled) {
		add_text(toy, text);
		return;
	}
	for (const char *p = toy->of[i]->bytes; *p; p++) {
		text[0] = '<';
		text[1] = *p;
		add_text(toy, text);
	}
}

static inline bool has_letter(const struct toy *toy, size_t count, const struct letter *letter)
{
	size_t i = 0;
	while (i < count && toy->of[i] != letter)
		i++;
	return i < count;
}

static inline bool makes_words(enum kind kind)
{
	return kind == LONGEST || kind == UNIGRAM;
}

/* Short ones, so that they overlap. */
static inline void draw_added(struct toy *toy)
{
	while (toy->added_count < ADDED) {
		char *text = toy->added[toy->added_count];
		for (uint32_t i = 0, n = 1 + draw(4); i < n; i++)
			text[i] = (char)('0' + draw((uint32_t)toy->letters));
		size_t same = 0;
		while (strcmp(toy->added[same], text) != 0)
			same++;
		if (same == toy->added_count)
			toy->added_count++;
		else
			memset(text, 0, sizeof toy->added[0]);
	}
}

static inline void draw_toy(struct toy *toy, enum kind kind, const struct pipe *pipe,
			    bool ignore_merges)
{
	*toy = (struct toy){ .kind = kind, .pipe = pipe, .ignore_merges = ignore_merges };
	toy->letters = makes_words(kind) ? 3 : LETTERS;
	for (size_t i = 0; i < toy->letters; i++) {
		do
			toy->of[i] = draw_letter(kind, pipe);
		while (has_letter(toy, i, toy->of[i]));
		add_letter(toy, i);
	}
	for (int i = 0; !makes_words(kind) && i < MERGES; i++)
		add_merge(toy);
	if (ignore_merges || makes_words(kind))
		add_words(toy);
	if (pipe->added)
		draw_added(toy);
}

static inline bool is_neutral(const struct toy *toy, char letter)
{
	for (size_t i = 0; i < toy->letters; i++)
		if (toy->of[i]->bytes[0] == letter)
			return false;
	return toy->kind == BYTES;
}

/* ---- as a file --------------------------------------------------------------------- */

static inline size_t put_text(const struct toy *toy, const char *text, char *out)
{
	size_t n = 0;
	if (*text == '<')
		return (size_t)sprintf(out, "<0x%02X>", (uint8_t)text[1]);
	for (; *text; text++)
		n += (size_t)sprintf(out + n, "%s", toy->of[*text - '0']->written);
	return n;
}

static inline size_t put_pattern(const char *pattern, char *out)
{
	size_t n = (size_t)sprintf(out, "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"");
	for (; *pattern; pattern++) {
		if (*pattern == '\\' || *pattern == '"')
			out[n++] = '\\';
		out[n++] = *pattern;
	}
	return n + (size_t)sprintf(out + n, "\"},\"behavior\":\"Isolated\",\"invert\":false},");
}

/* Their ids are those of the vocabulary, or behind it. */
static inline size_t put_added(const struct toy *toy, char *out)
{
	size_t n = (size_t)sprintf(out, "\"added_tokens\":[");
	for (size_t i = 0; i < toy->added_count; i++) {
		n += (size_t)sprintf(out + n, "%s{\"id\":0,\"content\":\"", i ? "," : "");
		for (const char *p = toy->added[i]; *p; p++) {
			const char *letter = toy->of[*p - '0']->bytes;
			const bool escaped = (uint8_t)*letter < 0x20;
			n += escaped ? (size_t)sprintf(out + n, "\\u%04x", *letter)
				     : (size_t)sprintf(out + n, "%s", letter);
		}
		n += (size_t)sprintf(out + n,
				     "\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
				     "\"normalized\":%s,\"special\":false}",
				     toy->count % 2 ? "true" : "false");
	}
	return n + (size_t)sprintf(out + n, "],");
}

/* All in front of the vocabulary. */
static inline size_t put_head(const struct toy *toy, char *out)
{
	size_t n = 0;
	switch (toy->kind) {
	case BYTES:
		n = (size_t)sprintf(out,
				    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[");
		for (size_t i = 0; i < STEPS && toy->pipe->patterns[i]; i++)
			n += put_pattern(toy->pipe->patterns[i], out + n);
		return n +
		       (size_t)sprintf(
			   out + n,
			   "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":"
			   "false,\"use_regex\":"
			   "false}]},\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":"
			   "false,\"trim_offsets\":false,\"use_regex\":false},\"model\":{\"type\":"
			   "\"BPE\",\"ignore_merges\":%s,",
			   toy->ignore_merges ? "true" : "false");
	case LONGEST:
		return (size_t)sprintf(out,
				       "\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":"
				       "\"WordPiece\",\"unk_token\":\"?\",\"continuing_subword_"
				       "prefix\":\"\",\"max_input_chars_per_word\":4294967295,");
	case UNIGRAM:
		return (size_t)sprintf(out,
				       "\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":"
				       "\"Unigram\",\"unk_id\":%zu,",
				       toy->count);
	case CHARACTERS:
		n = (size_t)sprintf(
		    out, toy->pipe->words ? "\"pre_tokenizer\":{\"type\":\"Metaspace\","
					    "\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":"
					    "\"never\",\"split\":true},"
					  : "\"normalizer\":{\"type\":\"Replace\","
					    "\"pattern\":{\"String\":\" \"},"
					    "\"content\":\"\xE2\x96\x81\"},");
		return n + (size_t)sprintf(out + n,
					   "\"decoder\":{\"type\":\"Sequence\",\"decoders\":"
					   "["
					   "{\"type\":\"Replace\",\"pattern\":{\"String\":"
					   "\"\xE2\x96\x81\"},\"content\":"
					   "\" "
					   "\"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]},"
					   "\"model\":{\"type\":"
					   "\"BPE\",\"byte_fallback\":true,\"fuse_unk\":true,");
	}
	return n;
}

static inline size_t put_merges(const struct toy *toy, char *out)
{
	size_t n = (size_t)sprintf(out, ",\"merges\":[");
	for (size_t i = 0; i < toy->merge_count; i++) {
		n += (size_t)sprintf(out + n, i ? ",[\"" : "[\"");
		n += put_text(toy, toy->texts[toy->merges[i][0]], out + n);
		n += (size_t)sprintf(out + n, "\",\"");
		n += put_text(toy, toy->texts[toy->merges[i][1]], out + n);
		n += (size_t)sprintf(out + n, "\"]");
	}
	return n + (size_t)sprintf(out + n, "]");
}

/* Scores of Unigram are few, so that many paths are equal. */
static inline size_t put_vocabulary(const struct toy *toy, char *out)
{
	const bool scores = toy->kind == UNIGRAM;
	size_t n = (size_t)sprintf(out, "\"vocab\":%c", scores ? '[' : '{');
	for (size_t i = 0; i < toy->count; i++) {
		n += (size_t)sprintf(out + n, "%s%s\"", i ? "," : "", scores ? "[" : "");
		n += put_text(toy, toy->texts[i], out + n);
		n += scores
			 ? (size_t)sprintf(out + n, "\",-%zu.5]", strlen(toy->texts[i]) + draw(3))
			 : (size_t)sprintf(out + n, "\":%zu", i);
	}
	for (size_t i = 0, id = toy->count; neutral[i]; i++) {
		const char plain[] = { neutral[i], 0 };
		if (is_neutral(toy, neutral[i]))
			n += (size_t)sprintf(out + n, ",\"%s\":%zu",
					     neutral[i] == '\f' ? "\xC4\x8C" : plain, id++);
	}
	if (scores)
		return n + (size_t)sprintf(out + n, ",[\"?\",0]]");
	return n + (size_t)sprintf(out + n, toy->kind == LONGEST ? ",\"?\":%zu}" : "}", toy->count);
}

/* SentencePiece's: what pairs make is any token, the first one first; some are user-defined. */
static inline void define_pieces(const struct toy *toy, struct tok_spec *spec)
{
	struct tok_vocab_entry *entries =
	    tok_arena_array(&spec->arena, spec->model.entry_count, sizeof *entries);
	assert_non_null(entries);
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		entries[i] = spec->model.entries[i];
		entries[i].score = -(double)entries[i].id;
		if (entries[i].id >= toy->count)
			continue;
		const char *text = toy->texts[entries[i].id];
		entries[i].type = *text == '<' ? TOK_PIECE_BYTE
				  : strlen(text) > 1 && entries[i].id % 3 == 0
				      ? TOK_PIECE_USER_DEFINED
				      : TOK_PIECE_NORMAL;
	}
	spec->model.entries = entries;
	spec->model.as.bpe.order = TOK_BPE_SCORES;
	spec->model.as.bpe.merges = NULL;
	spec->model.as.bpe.merge_count = 0;
}

static inline struct tok_tokenizer *make(const struct toy *toy)
{
	static char json[JSON_ROOM];
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	size_t n = (size_t)sprintf(json, "{");
	n += put_added(toy, json + n);
	n += put_head(toy, json + n);
	n += put_vocabulary(toy, json + n);
	if (!makes_words(toy->kind))
		n += put_merges(toy, json + n);
	n += (size_t)sprintf(json + n, "}}");
	assert_true(n < JSON_ROOM);
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK)
		fail_msg("%s", err.message);
	if (toy->pipe->user_defined)
		define_pieces(toy, &spec);
	if (tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

#endif
