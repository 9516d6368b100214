/*
 * validity_rows.h - rows of tokens that are valid are the beginnings of encodings: all of them,
 * and no others.
 *
 * All texts up to ROW_BYTES + AHEAD letters, and a last one, are encoded; the beginnings of what
 * comes out, of up to ROW_BYTES bytes, are the rows that must be accepted, and all other rows must
 * be refused.
 */
#ifndef TESTS_UNIT_VALIDITY_ROWS_H
#define TESTS_UNIT_VALIDITY_ROWS_H

#include "tests/unit/validity_toys.h"
#include "tok/bytes/validity_mask_internal.h"

/* ---- rows as numbers ----------------------------------------------------------------- */

struct rows {
	uint64_t *keys;
	size_t count, capacity;
};

static inline uint64_t key_of(uint64_t before, tok_id id)
{
	return before * 64 + id + 1;
}

static inline void add_row(struct rows *rows, uint64_t key)
{
	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity ? 2 * rows->capacity : 1024;
		rows->keys = realloc(rows->keys, rows->capacity * sizeof *rows->keys);
		assert_non_null(rows->keys);
	}
	rows->keys[rows->count++] = key;
}

static inline int compare_keys(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static inline void sort_rows(struct rows *rows)
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

enum { IDS = 63 };

static inline bool is_row_id(const struct trial *t, tok_id id)
{
	const struct tok_spec *spec = tok_tokenizer_spec(t->tokenizer);
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id == id)
			return true;
	return id < t->toy->count;
}

/* Inside a character a row may live on although all that complete it are cut out. */
static inline bool is_left_out(const struct trial *t, tok_id id)
{
	const struct tok_span text = tok_byte_tokens_text(t->tokens, id);
	return t->toy->pipe->added && text.count == 1 && text.bytes[0] == 0xC3;
}

static inline void encode(struct trial *t, struct tok_span text)
{
	const struct tok_encode_options options = { .add_special = false };
	struct tok_encoding r;
	struct tok_error err = { 0 };
	if (tok_encode(t->encoder, text, &options, &r, &err) != TOK_OK)
		fail_msg("%s", err.message);
	uint64_t key = 0;
	size_t bytes = 0;
	for (size_t i = 0; i < r.count && is_row_id(t, r.ids[i]); i++) {
		bytes += tok_byte_tokens_text(t->tokens, r.ids[i]).count;
		if (bytes > ROW_BYTES)
			break;
		key = key_of(key, r.ids[i]);
		if (!is_left_out(t, r.ids[i]))
			add_row(&t->want, key);
	}
	if (text.count > 0 && bytes == text.count && bytes <= ROW_BYTES)
		add_row(&t->want_end, key);
}

static inline void encode_all(struct trial *t, uint8_t *text, size_t count)
{
	encode(t, (struct tok_span){ text, count });
	for (const char *p = neutral; *p; p++) {
		if (!is_neutral(t->toy, *p))
			continue;
		text[count] = (uint8_t)*p;
		encode(t, (struct tok_span){ text, count + 1 });
		text[count + 1] = '\n';
		if (*p == '\f' && !is_neutral(t->toy, '\n'))
			encode(t, (struct tok_span){ text, count + 2 });
	}
	for (size_t i = 0; count < ROW_BYTES + AHEAD && i < t->toy->letters; i++) {
		const char *letter = t->toy->of[i]->bytes;
		memcpy(text + count, letter, strlen(letter));
		encode_all(t, text, count + strlen(letter));
	}
}

static inline bool ask(const struct trial *t, const struct tok_valid_state *state, tok_id id)
{
	const struct tok_span text = tok_byte_tokens_text(t->tokens, id);
	struct tok_valid_state inside = *state, next;
	for (size_t i = 0; i < text.count; i++)
		if (!tok_validity_byte(t->validity, &inside, text.bytes[i]))
			return false;
	return tok_validity_token(t->validity, &inside, id, &next);
}

/* The same of all ids, by way of what many states share: a bit a rank. */
static inline uint64_t ask_shared(const struct trial *t, const struct tok_valid_state *state)
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

static inline void compare_shared(const struct trial *t, const struct tok_valid_state *state)
{
	const uint64_t all = t->shared ? ask_shared(t, state) : 0;
	for (uint32_t rank = 0; t->shared && rank < t->tokens->text_count; rank++)
		assert_int_equal(ask(t, state, t->tokens->by_rank[rank]), all >> rank & 1);
}

static inline void walk_all(struct trial *t, const struct tok_valid_state *state, uint64_t key,
			    size_t bytes)
{
	compare_shared(t, state);
	for (tok_id id = 0; id < IDS; id++) {
		if (!is_row_id(t, id))
			continue;
		const struct tok_span text = tok_byte_tokens_text(t->tokens, id);
		struct tok_valid_state next = *state, behind, again;
		bool alive = true;
		if (bytes + text.count > ROW_BYTES)
			continue;
		memset(&behind, 0xA5, sizeof behind);
		memset(&again, 0x5A, sizeof again);
		for (size_t i = 0; alive && i < text.count; i++)
			alive = tok_validity_byte(t->validity, &next, text.bytes[i]);
		if (!alive || !tok_validity_token(t->validity, &next, id, &behind)) {
			t->refused++;
			continue;
		}
		/* States are compared as they are. */
		assert_true(tok_validity_token(t->validity, &next, id, &again));
		assert_memory_equal(&behind, &again, sizeof again);
		if (!is_left_out(t, id))
			add_row(&t->got, key_of(key, id));
		if (tok_validity_end(t->validity, &behind))
			add_row(&t->got_end, key_of(key, id));
		walk_all(t, &behind, key_of(key, id), bytes + text.count);
	}
}

static inline void show_row(const struct trial *t, uint64_t key)
{
	if (key > 63)
		show_row(t, (key - 1) / 64);
	const struct tok_span text = tok_byte_tokens_text(t->tokens, (tok_id)((key - 1) % 64));
	fprintf(stderr, "[%.*s]", (int)text.count, (const char *)text.bytes);
}

static inline void show_toy(const struct trial *t)
{
	for (size_t i = 0; i < t->toy->merge_count; i++) {
		show_row(t, key_of(key_of(0, t->toy->merges[i][0]), t->toy->merges[i][1]));
		fputc('\n', stderr);
	}
	for (size_t i = 0; i < t->toy->added_count; i++) {
		fputs("cut out: ", stderr);
		show_row(t, key_of(0, tok_tokenizer_spec(t->tokenizer)->added[i].id));
		fputc('\n', stderr);
	}
}

static inline void compare(const struct trial *t, const char *what, struct rows *want,
			   struct rows *got)
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

static inline void open_trial(struct trial *t)
{
	struct tok_error err = { 0 };
	t->tokenizer = make(t->toy);
	const struct tok_lm_info info = { .name = "none",
					  .size = tok_tokenizer_size(t->tokenizer) };
	assert_true(tok_tokenizer_size(t->tokenizer) <= IDS);
	t->encoder = tok_encoder_new(t->tokenizer);
	assert_non_null(t->encoder);
	if (tok_byte_tokens_new(t->tokenizer, &info, &t->tokens, &err) != TOK_OK ||
	    tok_validity_new(t->tokenizer, t->tokens, &t->validity, &err) != TOK_OK ||
	    tok_valid_shared_new(t->validity, t->tokens, &t->shared, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static inline void close_trial(struct trial *t)
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

static inline void try_toy(const struct toy *toy, const char *name, size_t *rows, size_t *refused)
{
	struct trial t = { .toy = toy, .name = name };
	uint8_t text[ROW_BYTES + AHEAD + 2];
	open_trial(&t);
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

#endif
