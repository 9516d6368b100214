#include "cmd/embed_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cli_hex.h"
#include "cmd/cli_load.h"
#include "tok/pipe/byte_level.h"
#include "tok/text/json.h"
#include "vocab/convert/byte_level.h"

void embed_tokens_release(struct embed_tokens *tokens)
{
	tok_arena_release(&tokens->arena);
	free(tokens->bytes);
	free(tokens->kinds);
	free(tokens->ids);
	*tokens = (struct embed_tokens){ 0 };
}

void embed_tokens_clear(struct embed_tokens *tokens)
{
	tok_arena_release(&tokens->arena);
	tokens->count = tokens->nones = tokens->specials = 0;
}

/* Room for `count` tokens; false if memory is out. */
static bool reserve(struct embed_tokens *tokens, size_t count)
{
	if (count <= tokens->capacity)
		return true;
	size_t room[3] = { tokens->capacity, tokens->capacity, tokens->capacity };
	if (!tok_grow(&tokens->bytes, &room[0], count, sizeof *tokens->bytes) ||
	    !tok_grow(&tokens->kinds, &room[1], count, sizeof *tokens->kinds) ||
	    !tok_grow(&tokens->ids, &room[2], count, sizeof *tokens->ids))
		return false;
	for (size_t i = 0; i < 3; i++)
		tokens->capacity =
		    i == 0 || room[i] < tokens->capacity ? room[i] : tokens->capacity;
	return true;
}

static bool add(struct embed_tokens *tokens, tok_id id, enum embed_token_kind kind,
		struct tok_span bytes)
{
	if (!reserve(tokens, tokens->count + 1))
		return false;
	const struct tok_span copy = tok_arena_copy(&tokens->arena, bytes);
	if (!copy.bytes && bytes.count)
		return false;
	tokens->ids[tokens->count] = id;
	tokens->kinds[tokens->count] = (uint8_t)kind;
	tokens->bytes[tokens->count] = copy;
	tokens->nones += kind == EMBED_NONE;
	tokens->specials += kind == EMBED_SPECIAL;
	tokens->count++;
	return true;
}

/* ---- a vocabulary ---------------------------------------------------------------- */

/* One more than the largest id. */
static size_t size_of(const struct tok_spec *spec)
{
	size_t size = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id >= size)
			size = (size_t)spec->model.entries[i].id + 1;
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id >= size)
			size = (size_t)spec->added[i].id + 1;
	return size;
}

/* What a token is, until all are known. */
struct known {
	struct tok_span bytes;
	enum embed_token_kind kind;
};

static bool learn(const struct tok_spec *spec, size_t size, struct tok_arena *arena,
		  struct known *known)
{
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &spec->model.entries[i];
		bool all;
		if (entry->id >= size)
			continue;
		const struct tok_span bytes = tok_lower_text(entry->text, arena, &all);
		if (!bytes.bytes)
			return false;
		known[entry->id] = (struct known){ all ? bytes : entry->text, EMBED_TEXT };
	}
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id < size)
			known[spec->added[i].id] =
			    (struct known){ spec->added[i].content,
					    spec->added[i].special ? EMBED_SPECIAL : EMBED_TEXT };
	return true;
}

/* `spec` in the byte-level alphabet; of added tokens its own list counts. */
static enum tok_status take(const struct tok_spec *spec, const struct tok_spec *written,
			    struct embed_tokens *out, struct tok_error *err)
{
	const size_t size = size_of(spec);
	struct tok_arena arena = { 0 };
	struct known *known = calloc(size + 1, sizeof *known);
	struct tok_spec both = *written;
	both.added = spec->added;
	both.added_count = spec->added_count;
	bool ok = known && learn(&both, size, &arena, known) && reserve(out, size);
	for (size_t id = 0; ok && id < size; id++)
		ok = add(out, (tok_id)id, known[id].kind, known[id].bytes);
	tok_arena_release(&arena);
	free(known);
	return ok ? TOK_OK : tok_fail_memory(err);
}

enum tok_status embed_tokens_of(const char *path, const char *pattern, struct embed_tokens *out,
				struct tok_error *err)
{
	const struct vocab_byte_level_options how = { .whitespace = false };
	struct vocab_byte_level_report report;
	struct tok_spec spec = { 0 }, written = { 0 };
	enum tok_status status = cli_load_spec(path ? path : CLI_BUILTIN_NAME, pattern, &spec, err);
	if (status != TOK_OK)
		return status;
	status = vocab_byte_level(&spec, &how, &written, &report, err);
	if (status == TOK_OK)
		status = take(&spec, &written, out, err);
	else
		status = tok_fail_in(err, status, "%s", path ? path : CLI_BUILTIN_NAME);
	tok_spec_release(&spec);
	tok_spec_release(&written);
	if (status != TOK_OK)
		embed_tokens_release(out);
	return status;
}

/* ---- lines ----------------------------------------------------------------------- */

enum tok_status embed_reader_open(struct embed_reader *reader, const char *path,
				  struct tok_error *err)
{
	reader->path = path;
	reader->split = (struct cli_split){ .lines = true, .limit_bytes = 1 << 20 };
	return cli_documents_open(&reader->lines, path, CLI_INPUT_EXPANDED, &reader->split,
				  &reader->cut, err);
}

void embed_reader_close(struct embed_reader *reader)
{
	cli_documents_close(&reader->lines);
	cli_documents_release(&reader->lines);
}

static enum tok_status add_hex(struct embed_tokens *out, struct tok_span line,
			       struct tok_error *err)
{
	uint8_t *bytes = malloc(line.count / 2 + 1);
	bool ok = line.count % 2 == 0 && line.count > 0;
	if (!bytes)
		return tok_fail_memory(err);
	for (size_t i = 0; ok && i < line.count / 2; i++) {
		const int byte = cli_hex_byte(line.bytes[2 * i], line.bytes[2 * i + 1]);
		ok = byte >= 0;
		bytes[i] = (uint8_t)(ok ? byte : 0);
	}
	enum tok_status status = TOK_OK;
	if (!ok)
		status = tok_fail(err, TOK_EFORMAT,
				  "a token must be bytes of two hexadecimal digits each, not '%s'",
				  tok_show(line).text);
	else if (!add(out, TOK_NO_ID, EMBED_TEXT, (struct tok_span){ bytes, line.count / 2 }))
		status = tok_fail_memory(err);
	free(bytes);
	return status;
}

static enum tok_status add_id(const struct embed_tokens *all, struct embed_tokens *out,
			      struct tok_span line, struct tok_error *err)
{
	size_t id = 0;
	bool ok = line.count > 0 && line.count < 10;
	for (size_t i = 0; ok && i < line.count; i++) {
		ok = line.bytes[i] >= '0' && line.bytes[i] <= '9';
		id = id * 10 + (size_t)(line.bytes[i] - '0');
	}
	if (!ok || id >= all->count || all->kinds[id] == EMBED_NONE)
		return tok_fail(err, TOK_EFORMAT,
				"a token must be an id that the tokenizer has, not '%s'",
				tok_show(line).text);
	return add(out, (tok_id)id, (enum embed_token_kind)all->kinds[id], all->bytes[id])
		   ? TOK_OK
		   : tok_fail_memory(err);
}

static enum tok_status add_line(struct embed_reader *reader, struct embed_tokens *out,
				struct tok_span line, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	reader->number++;
	switch (reader->form) {
	case EMBED_LINES_TEXT:
		if (!add(out, TOK_NO_ID, EMBED_TEXT, line))
			status = tok_fail_memory(err);
		break;
	case EMBED_LINES_HEX:
		status = add_hex(out, line, err);
		break;
	case EMBED_LINES_IDS:
		status = add_id(reader->all, out, line, err);
		break;
	}
	return status == TOK_OK ? TOK_OK
				: tok_fail_in(err, status, "%s: line %llu", reader->path,
					      (unsigned long long)reader->number);
}

/* Another part of the file: several lines for later, or one for now. */
static enum tok_status next_part(struct embed_reader *reader, struct embed_tokens *out, bool *end,
				 struct tok_error *err)
{
	struct cli_part part;
	const enum tok_status status = cli_documents_next(&reader->lines, &part, err);
	if (status != TOK_OK)
		return status;
	*end = !part.text.bytes;
	if (part.several)
		reader->rest = part.text;
	if (*end || part.several)
		return TOK_OK;
	if (part.first && part.last)
		return add_line(reader, out, part.text, err);
	return tok_fail(err, TOK_ELIMIT, "%s: line %llu: a token can have 1 MB at most",
			reader->path, (unsigned long long)reader->number + 1);
}

enum tok_status embed_reader_next(struct embed_reader *reader, size_t most,
				  struct embed_tokens *out, struct tok_error *err)
{
	const size_t before = out->count;
	enum tok_status status = TOK_OK;
	bool end = false;
	while (status == TOK_OK && !end && out->count - before < most) {
		if (reader->rest.count)
			status = add_line(reader, out,
					  cli_split_next(&reader->split, &reader->rest), err);
		else if (out->count > before && most != SIZE_MAX)
			break; /* no wait for more where there is something to do */
		else
			status = next_part(reader, out, &end, err);
	}
	return status;
}
