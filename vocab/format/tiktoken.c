/*
 * tiktoken.c - lines of "base64 rank", as tiktoken writes them.
 *
 * The file says nothing of the pattern and the special tokens; a published
 * encoding is known by the hash of its ranks, any other needs to be told.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <inttypes.h>
#include <stdio.h>

#include "vocab/format/base64.h"
#include "vocab/format/format_internal.h"
#include "vocab/format/published_internal.h"
#include "vocab/format/ranks_internal.h"

#include "tok/pipe/tokenizer.h"

/* ---- lines ---------------------------------------------------------------- */

static struct tok_span take_line(struct tok_span *rest)
{
	const uint8_t *newline = memchr(rest->bytes, '\n', rest->count);
	const size_t n = newline ? (size_t)(newline - rest->bytes) : rest->count;
	struct tok_span line = tok_span_slice(*rest, 0, n);
	*rest = tok_span_slice(*rest, newline ? n + 1 : n, rest->count);
	if (line.count && line.bytes[line.count - 1] == '\r')
		line.count--;
	return line;
}

static bool read_rank(struct tok_span word, tok_id *out)
{
	uint32_t value = 0;
	for (size_t i = 0; i < word.count; i++) {
		if (word.bytes[i] < '0' || word.bytes[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(word.bytes[i] - '0');
		if (value > TOK_ID_MAX)
			return false;
	}
	*out = value;
	return word.count > 0;
}

static enum tok_status read_line(struct tok_span line, size_t number, struct tok_arena *arena,
				 struct tok_vocab_entry *entry, struct tok_error *err)
{
	const uint8_t *space = memchr(line.bytes, ' ', line.count);
	const size_t at = space ? (size_t)(space - line.bytes) : line.count;
	if (!space || at == 0)
		return tok_fail(err, TOK_EFORMAT,
				"line %zu: must be a token in base64, a space and a rank", number);
	if (!read_rank(tok_span_slice(line, at + 1, line.count), &entry->id))
		return tok_fail(err, TOK_EFORMAT,
				"line %zu: the rank must be a whole number up to %u", number,
				TOK_ID_MAX);
	uint8_t *bytes = tok_arena_array(arena, vocab_base64_room(at), 1);
	if (!bytes)
		return tok_fail_memory(err);
	const size_t count = vocab_base64_decode(tok_span_slice(line, 0, at), bytes);
	if (count == SIZE_MAX || count == 0)
		return tok_fail(err, TOK_EFORMAT, "line %zu: the token is not base64", number);
	entry->text = (struct tok_span){ bytes, count };
	return TOK_OK;
}

static size_t count_lines(struct tok_span file)
{
	size_t count = 1;
	for (size_t i = 0; i < file.count; i++)
		count += file.bytes[i] == '\n';
	return count;
}

static enum tok_status read_ranks(struct tok_span file, struct tok_spec *out, struct tok_error *err)
{
	struct tok_vocab_entry *entries =
	    tok_arena_array(&out->arena, count_lines(file), sizeof *entries);
	size_t count = 0;
	if (!entries)
		return tok_fail_memory(err);
	for (size_t number = 1; file.count; number++) {
		const struct tok_span line = take_line(&file);
		if (line.count == 0)
			continue;
		const enum tok_status status =
		    read_line(line, number, &out->arena, &entries[count], err);
		if (status != TOK_OK)
			return status;
		count++;
	}
	if (count == 0)
		return tok_fail(err, TOK_EFORMAT, "there is no rank in the file");
	out->model.entries = entries;
	out->model.entry_count = count;
	return TOK_OK;
}

/* ---- special tokens ------------------------------------------------------- */

static enum tok_status add_specials(const struct vocab_published *known, struct tok_spec *out,
				    struct tok_error *err)
{
	const size_t listed = sizeof known->specials / sizeof known->specials[0];
	const size_t most = listed + (known->reserved_end - known->reserved_first);
	struct tok_added_token *added = tok_arena_array(&out->arena, most, sizeof *added);
	size_t count = 0;
	if (!added)
		return tok_fail_memory(err);
	for (tok_id id = known->reserved_first; id < known->reserved_end; id++) {
		char name[32];
		snprintf(name, sizeof name, "<|reserved_%" PRIu32 "|>", id);
		const struct tok_span text = tok_arena_copy(&out->arena, tok_span_of(name));
		if (!text.bytes)
			return tok_fail_memory(err);
		added[count++] =
		    (struct tok_added_token){ .content = text, .id = id, .special = true };
	}
	for (size_t i = 0; i < listed && known->specials[i].text; i++)
		added[count++] = (struct tok_added_token){
			.content = tok_span_of(known->specials[i].text),
			.id = known->specials[i].id,
			.special = true,
		};
	out->added = added;
	out->added_count = count;
	return TOK_OK;
}

enum tok_status vocab_read_tiktoken(struct tok_span file, const char *pattern, struct tok_spec *out,
				    struct tok_error *err)
{
	const struct vocab_published *known =
	    pattern ? vocab_published_by_name(pattern)
		    : vocab_published_by_hash(XXH3_64bits(file.bytes, file.count));
	if (!known && !pattern)
		return tok_fail(err, TOK_EFORMAT,
				"these ranks are of no published encoding: give --pattern, one "
				"of " VOCAB_PUBLISHED_NAMES " or a regular expression");

	struct hf_reader r = { .out = out, .err = err };
	out->format = tok_span_of("tiktoken");
	r.status = read_ranks(file, out, err);
	if (r.status == TOK_OK) {
		const struct tok_span text =
		    tok_arena_copy(&out->arena, tok_span_of(known ? known->pattern : pattern));
		if (text.bytes)
			ranks_finish(&r, text);
		else
			r.status = tok_fail_memory(err);
	}
	tok_arena_release(&r.scratch);
	if (r.status == TOK_OK && known)
		r.status = add_specials(known, out, err);
	return r.status;
}
