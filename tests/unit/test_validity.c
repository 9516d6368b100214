/*
 * Rows of tokens that are valid are the beginnings of encodings: all of them, and no others.
 *
 * Vocabularies are drawn over four letters out of some that patterns care about.  All texts up to
 * ROW_BYTES + AHEAD letters, and a last one, are encoded; the beginnings of what comes out, of up
 * to ROW_BYTES bytes, are the rows that must be accepted, and all other rows must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tok/bytes/validity_mask_internal.h"
#include "tok/pipe/encoder.h"
#include "vocab/format/read.h"

enum {
	LETTERS = 4,
	TOKENS_MOST = 40,
	TOKEN_BYTES = 4,
	MERGES = 14,
	ROW_BYTES = 4,
	AHEAD = 3,
	JSON_ROOM = 1 << 14
};

enum kind { BYTES, LONGEST, CHARACTERS, UNIGRAM };

static const struct letter {
	const char *bytes;
	const char *written; /* in the file: bytes in their alphabet, a space as a mark */
	bool spelled;        /* has no token, but those of its bytes */
} byte_letters[] = { { "a", "a", 0 },        { "B", "B", 0 },         { "s", "s", 0 },
		     { "r", "r", 0 },        { "e", "e", 0 },         { "1", "1", 0 },
		     { " ", "\xC4\xA0", 0 }, { "\n", "\xC4\x8A", 0 }, { "!", "!", 0 },
		     { "'", "'", 0 },        { "\t", "\xC4\x89", 0 } },
  characters[] = { { "a", "a", 0 },
		   { "b", "b", 0 },
		   { "c", "c", 0 },
		   { " ", "\xE2\x96\x81", 0 },
		   { "\xC3\xA9", "\xC3\xA9", 0 },
		   { "\xC3\xBC", "\xC3\xBC", 1 },
		   { "!", "!", 1 } };

/* Letters that nothing merges with, for texts to end with: in a vocabulary in which every letter
 * merges, a row may have no continuation that leaves it as it is.  Two end contractions; one that
 * is drawn is none of them. */
static const char neutral[] = "etZ.2";

static uint64_t dice = 1;

static uint32_t draw(uint32_t below)
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
};

static size_t find(const struct toy *toy, const char *text)
{
	size_t i = 0;
	while (i < toy->count && strcmp(toy->texts[i], text) != 0)
		i++;
	return i;
}

static void add_merge(struct toy *toy)
{
	const uint32_t left = draw((uint32_t)toy->count), right = draw((uint32_t)toy->count);
	char text[2 * TOKEN_BYTES + 1];
	snprintf(text, sizeof text, "%s%s", toy->texts[left], toy->texts[right]);
	if (strlen(text) > TOKEN_BYTES || strchr(text, '<'))
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
static void add_words(struct toy *toy)
{
	for (int k = 0; k < 6; k++) {
		char text[TOKEN_BYTES + 1] = { 0 };
		for (uint32_t i = 0, n = 2 + draw(3); i < n; i++)
			text[i] = (char)('0' + draw((uint32_t)toy->letters));
		if (find(toy, text) == toy->count)
			strcpy(toy->texts[toy->count++], text);
	}
}

static const struct letter *draw_letter(enum kind kind)
{
	if (kind == BYTES)
		return &byte_letters[draw(sizeof byte_letters / sizeof *byte_letters)];
	return &characters[draw(kind != CHARACTERS ? 3 : sizeof characters / sizeof *characters)];
}

static void add_text(struct toy *toy, const char *text)
{
	if (find(toy, text) == toy->count)
		strcpy(toy->texts[toy->count++], text);
}

static void add_letter(struct toy *toy, size_t i)
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

static bool has_letter(const struct toy *toy, size_t count, const struct letter *letter)
{
	size_t i = 0;
	while (i < count && toy->of[i] != letter)
		i++;
	return i < count;
}

static bool makes_words(enum kind kind)
{
	return kind == LONGEST || kind == UNIGRAM;
}

static void draw_toy(struct toy *toy, enum kind kind, bool ignore_merges)
{
	*toy = (struct toy){ .kind = kind, .ignore_merges = ignore_merges };
	toy->letters = makes_words(kind) ? 3 : LETTERS;
	for (size_t i = 0; i < toy->letters; i++) {
		do
			toy->of[i] = draw_letter(kind);
		while (has_letter(toy, i, toy->of[i]));
		add_letter(toy, i);
	}
	for (int i = 0; !makes_words(kind) && i < MERGES; i++)
		add_merge(toy);
	if (ignore_merges || makes_words(kind))
		add_words(toy);
}

static bool is_neutral(const struct toy *toy, char letter)
{
	for (size_t i = 0; i < toy->letters; i++)
		if (toy->of[i]->bytes[0] == letter)
			return false;
	return toy->kind == BYTES;
}

/* ---- as a file --------------------------------------------------------------------- */

static size_t put_text(const struct toy *toy, const char *text, char *out)
{
	size_t n = 0;
	if (*text == '<')
		return (size_t)sprintf(out, "<0x%02X>", (uint8_t)text[1]);
	for (; *text; text++)
		n += (size_t)sprintf(out + n, "%s", toy->of[*text - '0']->written);
	return n;
}

static size_t put_pattern(const char *pattern, char *out)
{
	size_t n = (size_t)sprintf(out, "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"");
	for (; *pattern; pattern++) {
		if (*pattern == '\\' || *pattern == '"')
			out[n++] = '\\';
		out[n++] = *pattern;
	}
	return n + (size_t)sprintf(out + n, "\"},\"behavior\":\"Isolated\",\"invert\":false},");
}

/* All in front of the vocabulary. */
static size_t put_head(const struct toy *toy, const char *pattern, char *out)
{
	size_t n = 0;
	switch (toy->kind) {
	case BYTES:
		n = (size_t)sprintf(
		    out, "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[");
		if (pattern)
			n += put_pattern(pattern, out + n);
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
				       "{\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":"
				       "\"WordPiece\",\"unk_token\":\"?\",\"continuing_subword_"
				       "prefix\":\"\",\"max_input_chars_per_word\":4294967295,");
	case UNIGRAM:
		return (size_t)sprintf(out,
				       "{\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":"
				       "\"Unigram\",\"unk_id\":%zu,",
				       toy->count);
	case CHARACTERS:
		return (size_t)sprintf(
		    out,
		    "{\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},"
		    "\"content\":\"\xE2\x96\x81\"},\"decoder\":{\"type\":\"Sequence\",\"decoders\":"
		    "["
		    "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xE2\x96\x81\"},\"content\":"
		    "\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]},\"model\":{\"type\":"
		    "\"BPE\",\"byte_fallback\":true,\"fuse_unk\":true,");
	}
	return n;
}

static size_t put_merges(const struct toy *toy, char *out)
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
static size_t put_vocabulary(const struct toy *toy, char *out)
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
	for (size_t i = 0; neutral[i]; i++)
		if (is_neutral(toy, neutral[i]))
			n += (size_t)sprintf(out + n, ",\"%c\":%zu", neutral[i], toy->count + i);
	if (scores)
		return n + (size_t)sprintf(out + n, ",[\"?\",0]]");
	return n + (size_t)sprintf(out + n, toy->kind == LONGEST ? ",\"?\":%zu}" : "}", toy->count);
}

static struct tok_tokenizer *make(const struct toy *toy, const char *pattern)
{
	static char json[JSON_ROOM];
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	size_t n = put_head(toy, pattern, json);
	n += put_vocabulary(toy, json + n);
	if (!makes_words(toy->kind))
		n += put_merges(toy, json + n);
	n += (size_t)sprintf(json + n, "}}");
	assert_true(n < JSON_ROOM);
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

/* ---- rows as numbers ----------------------------------------------------------------- */

struct rows {
	uint64_t *keys;
	size_t count, capacity;
};

static uint64_t key_of(uint64_t before, tok_id id)
{
	return before * 64 + id + 1;
}

static void add_row(struct rows *rows, uint64_t key)
{
	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity ? 2 * rows->capacity : 1024;
		rows->keys = realloc(rows->keys, rows->capacity * sizeof *rows->keys);
		assert_non_null(rows->keys);
	}
	rows->keys[rows->count++] = key;
}

static int compare_keys(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void sort_rows(struct rows *rows)
{
	size_t kept = 0;
	if (rows->count)
		qsort(rows->keys, rows->count, sizeof *rows->keys, compare_keys);
	for (size_t i = 0; i < rows->count; i++)
		if (i == 0 || rows->keys[i] != rows->keys[kept - 1])
			rows->keys[kept++] = rows->keys[i];
	rows->count = kept;
}

/* ---- the law ---------------------------------------------------------------------------- */

struct trial {
	const struct toy *toy;
	const char *name;
	struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder;
	struct tok_byte_tokens *tokens;
	struct tok_validity *validity;
	struct tok_valid_shared *shared;
	struct rows want, got;         /* beginnings of encodings */
	struct rows want_end, got_end; /* encodings */
	size_t refused;
};

static void encode(struct trial *t, struct tok_span text)
{
	const struct tok_encode_options options = { .add_special = false };
	struct tok_encoding r;
	struct tok_error err = { 0 };
	if (tok_encode(t->encoder, text, &options, &r, &err) != TOK_OK)
		fail_msg("%s", err.message);
	uint64_t key = 0;
	size_t bytes = 0;
	for (size_t i = 0; i < r.count && r.ids[i] < t->toy->count; i++) {
		bytes += tok_byte_tokens_text(t->tokens, r.ids[i]).count;
		if (bytes > ROW_BYTES)
			break;
		key = key_of(key, r.ids[i]);
		add_row(&t->want, key);
	}
	if (text.count > 0 && bytes == text.count && bytes <= ROW_BYTES)
		add_row(&t->want_end, key);
}

static void encode_all(struct trial *t, uint8_t *text, size_t count)
{
	encode(t, (struct tok_span){ text, count });
	for (const char *p = neutral; *p; p++) {
		if (!is_neutral(t->toy, *p))
			continue;
		text[count] = (uint8_t)*p;
		encode(t, (struct tok_span){ text, count + 1 });
	}
	for (size_t i = 0; count < ROW_BYTES + AHEAD && i < t->toy->letters; i++) {
		const char *letter = t->toy->of[i]->bytes;
		memcpy(text + count, letter, strlen(letter));
		encode_all(t, text, count + strlen(letter));
	}
}

static bool ask(const struct trial *t, const struct tok_valid_state *state, tok_id id)
{
	const struct tok_span text = tok_byte_tokens_text(t->tokens, id);
	struct tok_valid_state inside = *state, next;
	for (size_t i = 0; i < text.count; i++)
		if (!tok_validity_byte(t->validity, &inside, text.bytes[i]))
			return false;
	return tok_validity_token(t->validity, &inside, id, &next);
}

/* The same of all ids, by way of what many states share: a bit a rank. */
static uint64_t ask_shared(const struct trial *t, const struct tok_valid_state *state)
{
	struct tok_valid_state some[TOK_VALID_SPLIT_MAX], relaxed;
	const size_t count = tok_valid_split(t->shared, state, some);
	uint64_t all = 0;
	for (size_t i = 0; i < count; i++) {
		const bool is_relaxed = tok_valid_relax(t->shared, &some[i], &relaxed);
		uint64_t bits[2] = { 0 };
		for (uint32_t rank = 0; rank < t->tokens->text_count; rank++)
			if (ask(t, is_relaxed ? &relaxed : &some[i], t->tokens->by_rank[rank]))
				bits[0] |= UINT64_C(1) << rank;
		if (is_relaxed)
			tok_valid_confirm(t->shared, &some[i], bits);
		all |= bits[0];
	}
	return all;
}

static void compare_shared(const struct trial *t, const struct tok_valid_state *state)
{
	const uint64_t all = t->shared ? ask_shared(t, state) : 0;
	for (uint32_t rank = 0; t->shared && rank < t->tokens->text_count; rank++)
		assert_int_equal(ask(t, state, t->tokens->by_rank[rank]), all >> rank & 1);
}

static void walk_all(struct trial *t, const struct tok_valid_state *state, uint64_t key,
		     size_t bytes)
{
	compare_shared(t, state);
	for (tok_id id = 0; id < t->toy->count; id++) {
		const struct tok_span text = tok_byte_tokens_text(t->tokens, id);
		struct tok_valid_state next = *state, behind;
		bool alive = true;
		if (bytes + text.count > ROW_BYTES)
			continue;
		for (size_t i = 0; alive && i < text.count; i++)
			alive = tok_validity_byte(t->validity, &next, text.bytes[i]);
		if (!alive || !tok_validity_token(t->validity, &next, id, &behind)) {
			t->refused++;
			continue;
		}
		add_row(&t->got, key_of(key, id));
		if (tok_validity_end(t->validity, &behind))
			add_row(&t->got_end, key_of(key, id));
		walk_all(t, &behind, key_of(key, id), bytes + text.count);
	}
}

static void show_row(const struct trial *t, uint64_t key)
{
	if (key > 63)
		show_row(t, (key - 1) / 64);
	const struct tok_span text = tok_byte_tokens_text(t->tokens, (tok_id)((key - 1) % 64));
	fprintf(stderr, "[%.*s]", (int)text.count, (const char *)text.bytes);
}

static void show_toy(const struct trial *t)
{
	for (size_t i = 0; i < t->toy->merge_count; i++) {
		show_row(t, key_of(key_of(0, t->toy->merges[i][0]), t->toy->merges[i][1]));
		fputc('\n', stderr);
	}
}

static void compare(const struct trial *t, const char *what, struct rows *want, struct rows *got)
{
	sort_rows(want);
	sort_rows(got);
	for (size_t i = 0, k = 0; i < want->count || k < got->count; i++, k++) {
		if (i < want->count && k < got->count && want->keys[i] == got->keys[k])
			continue;
		const bool missing =
		    k == got->count || (i < want->count && want->keys[i] < got->keys[k]);
		show_toy(t);
		show_row(t, missing ? want->keys[i] : got->keys[k]);
		fail_msg(" %s, %s%s: %s %s", t->name,
			 t->toy->ignore_merges ? "ignore_merges, " : "", what, "wrongly",
			 missing ? "refused" : "accepted");
	}
}

static void open_trial(struct trial *t, const char *pattern)
{
	struct tok_error err = { 0 };
	t->tokenizer = make(t->toy, pattern);
	const struct tok_lm_info info = { .name = "none",
					  .size = tok_tokenizer_size(t->tokenizer) };
	t->encoder = tok_encoder_new(t->tokenizer);
	assert_non_null(t->encoder);
	if (tok_byte_tokens_new(t->tokenizer, &info, &t->tokens, &err) != TOK_OK ||
	    tok_validity_new(t->tokenizer, t->tokens, &t->validity, &err) != TOK_OK ||
	    tok_valid_shared_new(t->validity, t->tokens, &t->shared, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_true(t->tokens->text_count <= 64);
}

static void close_trial(struct trial *t)
{
	free(t->want.keys);
	free(t->got.keys);
	free(t->want_end.keys);
	free(t->got_end.keys);
	tok_valid_shared_free(t->shared);
	tok_validity_free(t->validity);
	tok_byte_tokens_free(t->tokens);
	tok_encoder_free(t->encoder);
	tok_tokenizer_free(t->tokenizer);
}

static void try_toy(const struct toy *toy, const char *name, const char *pattern, size_t *rows,
		    size_t *refused)
{
	struct trial t = { .toy = toy, .name = name };
	uint8_t text[ROW_BYTES + AHEAD + 2];
	open_trial(&t, pattern);
	const struct tok_valid_state start = tok_validity_start(t.validity);
	assert_true(tok_validity_end(t.validity, &start));
	encode_all(&t, text, 0);
	walk_all(&t, &start, 0, 0);
	compare(&t, "beginnings", &t.want, &t.got);
	compare(&t, "whole texts", &t.want_end, &t.got_end);
	*rows += t.got.count;
	*refused += t.refused;
	close_trial(&t);
}

static int times = 12;

static void try_pattern(const char *name, enum kind kind, const char *pattern)
{
	size_t rows = 0, refused = 0;
	for (int i = 0; i < times; i++) {
		struct toy toy;
		draw_toy(&toy, kind, kind == BYTES && i % 2 == 1);
		try_toy(&toy, name, pattern, &rows, &refused);
	}
	print_message("%s: %zu rows accepted, %zu refused\n", name, rows, refused);
	assert_true(rows > 100 && refused > 100);
}

static void bpe_rows_are_those_of_encodings(void **state)
{
	static const char *const names[] = { "gpt2", "cl100k", "qwen", "o200k", "tekken" };
	(void)state;
	try_pattern("no pattern", BYTES, NULL);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		try_pattern(names[i], BYTES, tok_pretok_pattern(names[i]));
}

static void longest_matches_are_those_of_encodings(void **state)
{
	(void)state;
	try_pattern("longest match", LONGEST, NULL);
}

static void characters_without_token_are_spelled(void **state)
{
	(void)state;
	try_pattern("characters", CHARACTERS, NULL);
}

static void best_paths_are_those_of_encodings(void **state)
{
	(void)state;
	try_pattern("unigram", UNIGRAM, NULL);
}

/* ---- long texts ------------------------------------------------------------------- */

enum { LONG_TEXT = 2000 };

static void accept_all(struct trial *t, const struct tok_encoding *r)
{
	struct tok_valid_state state = tok_validity_start(t->validity);
	for (size_t i = 0; i < r->count; i++) {
		const struct tok_span text = tok_byte_tokens_text(t->tokens, r->ids[i]);
		struct tok_valid_state next;
		for (size_t k = 0; k < text.count; k++)
			assert_true(tok_validity_byte(t->validity, &state, text.bytes[k]));
		assert_true(tok_validity_token(t->validity, &state, r->ids[i], &next));
		state = next;
	}
	assert_true(tok_validity_end(t->validity, &state));
}

/* A state does not grow with the text. */
static void long_texts_are_accepted(void **state)
{
	static const enum kind kinds[] = { BYTES, LONGEST, CHARACTERS, UNIGRAM };
	static uint8_t bytes[LONG_TEXT + 4];
	(void)state;
	for (int i = 0; i < 40; i++) {
		struct toy toy;
		struct trial t = { .toy = &toy, .name = "long" };
		struct tok_error err = { 0 };
		const struct tok_encode_options options = { .add_special = false };
		struct tok_encoding r;
		size_t count = 0;
		draw_toy(&toy, kinds[i % 4], false);
		open_trial(&t, i % 8 == 0 ? tok_pretok_pattern("cl100k") : NULL);
		while (count < LONG_TEXT) {
			const char *letter = toy.of[draw((uint32_t)toy.letters)]->bytes;
			memcpy(bytes + count, letter, strlen(letter));
			count += strlen(letter);
		}
		if (tok_encode(t.encoder, (struct tok_span){ bytes, count }, &options, &r, &err) !=
		    TOK_OK)
			fail_msg("%s", err.message);
		accept_all(&t, &r);
		close_trial(&t);
	}
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void check_refused(const char *json, const char *reason)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_byte_tokens *tokens = NULL;
	struct tok_validity *validity = NULL;
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	const struct tok_lm_info info = { .name = "none", .size = tok_tokenizer_size(tokenizer) };
	if (tok_byte_tokens_new(tokenizer, &info, &tokens, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(tok_validity_new(tokenizer, tokens, &validity, &err), TOK_EARG);
	if (!strstr(err.message, reason))
		fail_msg("'%s' does not say '%s'", err.message, reason);
	tok_byte_tokens_free(tokens);
	tok_tokenizer_free(tokenizer);
}

#define FUSE "\"decoder\":{\"type\":\"Fuse\"},"

static void others_are_refused_by_name(void **state)
{
	(void)state;
	check_refused("{" FUSE "\"normalizer\":{\"type\":\"Strip\",\"strip_left\":true,\"strip_"
		      "right\":true},\"model\":{\"type\":\"BPE\","
		      "\"vocab\":{\"a\":0},\"merges\":[]}}",
		      "'Strip'");
	check_refused("{" FUSE "\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"model\":{\"type\":"
		      "\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}",
		      "cannot be told before the text is known");
	check_refused("{" FUSE
		      "\"added_tokens\":[{\"id\":1,\"content\":\"xy\",\"single_word\":false,"
		      "\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":false}],"
		      "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}",
		      "added token 'xy'");
	check_refused("{" FUSE "\"model\":{\"type\":\"BPE\",\"end_of_word_suffix\":\"_\",\"vocab\":"
		      "{\"a\":0,\"a_\":1},\"merges\":[]}}",
		      "depend on their place");
	check_refused("{" FUSE "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"ab\":1},"
		      "\"merges\":[]}}",
		      "is no token");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bpe_rows_are_those_of_encodings),
		cmocka_unit_test(longest_matches_are_those_of_encodings),
		cmocka_unit_test(characters_without_token_are_spelled),
		cmocka_unit_test(best_paths_are_those_of_encodings),
		cmocka_unit_test(long_texts_are_accepted),
		cmocka_unit_test(others_are_refused_by_name),
	};
	if (argc > 1)
		times = atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
