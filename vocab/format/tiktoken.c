/* tiktoken.c - lines of base64, space, rank.
 *
 * As in tiktoken's load_tiktoken_bpe, empty lines are passed over and ranks may
 * come in any order and leave gaps.  Its special tokens are found by a regular
 * expression, leftmost and then whichever name it happens to try first; here it
 * is the longest.  No published name begins with another one. */
#include "vocab/format/format_internal.h"
#include "vocab/format/published_internal.h"
#include "vocab/format/ranks_internal.h"

#include "tok/pipe/tokenizer.h"
#include "vocab/format/base64.h"
#include "vocab/format/tiktoken_internal.h"

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

/* A line without its end and the blanks around it. */
static struct tok_span take_line(struct tok_span *rest)
{
	const uint8_t *newline = memchr(rest->bytes, '\n', rest->count);
	const size_t end = newline ? (size_t)(newline - rest->bytes) : rest->count;
	struct tok_span line = tok_span_slice(*rest, 0, end);
	*rest = tok_span_slice(*rest, newline ? end + 1 : end, rest->count);
	while (line.count &&
	       (is_blank(line.bytes[line.count - 1]) || line.bytes[line.count - 1] == '\r'))
		line.count--;
	while (line.count && is_blank(*line.bytes))
		line = tok_span_slice(line, 1, line.count);
	return line;
}

static bool split_line(struct tok_span line, struct tok_span *token, struct tok_span *rank)
{
	size_t end = 0, next;
	while (end < line.count && !is_blank(line.bytes[end]))
		end++;
	for (next = end; next < line.count && is_blank(line.bytes[next]);)
		next++;
	*token = tok_span_slice(line, 0, end);
	*rank = tok_span_slice(line, next, line.count);
	return token->count && rank->count;
}

static bool is_digits(struct tok_span text)
{
	for (size_t i = 0; i < text.count; i++)
		if (text.bytes[i] < '0' || text.bytes[i] > '9')
			return false;
	return text.count > 0;
}

static enum tok_status read_rank(struct tok_span text, tok_id *out, struct tok_error *err)
{
	uint64_t value = 0;
	if (!is_digits(text))
		return tok_fail(err, TOK_EFORMAT, "the rank must be a whole number, not '%s'",
				tok_show(text).text);
	for (size_t i = 0; i < text.count; i++) {
		value = value * 10 + (uint64_t)(text.bytes[i] - '0');
		if (value > TOK_ID_MAX)
			return tok_fail(err, TOK_ELIMIT, "the rank '%s' is above %u",
					tok_show(text).text, TOK_ID_MAX);
	}
	*out = (tok_id)value;
	return TOK_OK;
}

static enum tok_status read_line(struct tok_span line, struct tok_vocab_entry *entry, uint8_t *room,
				 struct tok_error *err)
{
	struct tok_span token, rank;
	if (!split_line(line, &token, &rank))
		return tok_fail(err, TOK_EFORMAT, "must be a token in base64 and a rank, not '%s'",
				tok_show(line).text);
	const size_t count = vocab_base64_decode(token, room);
	if (count == SIZE_MAX)
		return tok_fail(err, TOK_EFORMAT, "the token must be base64, not '%s'",
				tok_show(token).text);
	entry->text = (struct tok_span){ room, count };
	return read_rank(rank, &entry->id, err);
}

static size_t count_lines(struct tok_span text)
{
	size_t count = 1;
	for (size_t i = 0; i < text.count; i++)
		count += text.bytes[i] == '\n';
	return count;
}

static enum tok_status read_lines(struct tok_span file, struct tok_spec *out, struct tok_error *err)
{
	struct tok_vocab_entry *entries =
	    tok_arena_array(&out->arena, count_lines(file), sizeof *entries);
	uint8_t *room = tok_arena_array(&out->arena, vocab_base64_room(file.count), 1);
	size_t count = 0, number = 0;
	if (!entries || !room)
		return tok_fail_memory(err);
	while (file.count) {
		const struct tok_span line = take_line(&file);
		number++;
		if (line.count == 0)
			continue;
		const enum tok_status status = read_line(line, &entries[count], room, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "line %zu", number);
		room += entries[count++].text.count;
	}
	if (count == 0)
		return tok_fail(err, TOK_EFORMAT, "there are no ranks");
	out->model.entries = entries;
	out->model.entry_count = count;
	return TOK_OK;
}

bool tiktoken_detect(struct tok_span file)
{
	struct tok_span token, rank, line = { 0 };
	uint8_t bytes[512];
	while (file.count && line.count == 0)
		line = take_line(&file);
	return split_line(line, &token, &rank) && is_digits(rank) &&
	       vocab_base64_room(token.count) <= sizeof bytes &&
	       vocab_base64_decode(token, bytes) != SIZE_MAX;
}

enum tok_status vocab_read_tiktoken(struct tok_span file, const char *pattern, struct tok_spec *out,
				    struct tok_error *err)
{
	struct hf_reader r = { .out = out, .err = err };

	if (pattern && !pattern[0])
		return tok_fail(err, TOK_EARG,
				"--pattern is empty: it should be a regular expression or one "
				"of " VOCAB_PUBLISHED_NAMES);
	out->format = tok_span_of(VOCAB_FORMAT_TIKTOKEN);
	r.status = read_lines(file, out, err);
	if (r.status != TOK_OK)
		return r.status;
	const struct vocab_published *encoding =
	    pattern ? vocab_published_by_name(pattern)
		    : vocab_published_by_ranks(out->model.entries, out->model.entry_count);
	if (!encoding && !pattern)
		return tok_fail(
		    err, TOK_EARG,
		    "these %zu ranks are none of the published ones: say how text is "
		    "split with --pattern, a regular expression or one of " VOCAB_PUBLISHED_NAMES,
		    out->model.entry_count);

	const struct tok_span split = encoding ? tok_span_of(encoding->pattern)
					       : tok_arena_copy(&out->arena, tok_span_of(pattern));
	if (!split.bytes)
		return tok_fail_memory(err);
	ranks_finish(&r, split);
	tok_arena_release(&r.scratch);
	return r.status == TOK_OK && encoding ? vocab_published_add_specials(encoding, out, err)
					      : r.status;
}
