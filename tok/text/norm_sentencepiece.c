/*
 * SentencePiece's own normaliser: at each place a protected piece as it is, or
 * the longest rule of the charsmap, or one character; then the rules for
 * spaces.
 */
#include <stdlib.h>

#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

/* ---- protected pieces: the longest that the text begins with ---- */

enum { PIECE_BYTES_MAX = 4096 };

static int compare_spans(struct tok_span a, struct tok_span b)
{
	const size_t count = a.count < b.count ? a.count : b.count;
	const int order = count ? memcmp(a.bytes, b.bytes, count) : 0;
	return order ? order : (a.count > b.count) - (a.count < b.count);
}

static int compare_pieces(const void *a, const void *b)
{
	return compare_spans(*(const struct tok_span *)a, *(const struct tok_span *)b);
}

static enum tok_status copy_pieces(const struct tok_norm_step *step, struct tok_arena *arena,
				   struct tok_span *pieces, size_t *count, struct tok_error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < step->as.sentencepiece.protected_count; i++) {
		const struct tok_span piece = step->as.sentencepiece.protected_pieces[i];
		if (piece.count > PIECE_BYTES_MAX)
			return tok_fail(
			    err, TOK_ELIMIT,
			    "a user-defined piece has %zu bytes; this build takes up to %d",
			    piece.count, PIECE_BYTES_MAX);
		if (piece.count == 0)
			continue;
		pieces[n] = tok_arena_copy(arena, piece);
		if (!pieces[n++].bytes)
			return tok_fail_memory(err);
	}
	if (n)
		qsort(pieces, n, sizeof *pieces, compare_pieces);

	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !tok_span_equal(pieces[kept - 1], pieces[i]))
			pieces[kept++] = pieces[i];
	*count = kept;
	return TOK_OK;
}

static enum tok_status build_protected(const struct tok_norm_step *step, struct tok_arena *arena,
				       struct norm_protected *out, struct tok_error *err)
{
	const size_t room = step->as.sentencepiece.protected_count;
	struct tok_span *pieces = tok_arena_array(arena, room, sizeof *pieces);
	uint32_t *parent = tok_arena_array(arena, room, sizeof *parent);
	if (!pieces || !parent || room >= TOK_NO_ID)
		return tok_fail_memory(err);
	const enum tok_status status = copy_pieces(step, arena, pieces, &out->count, err);
	if (status != TOK_OK)
		return status;

	for (size_t i = 0; i < out->count; i++) {
		uint32_t up = i ? (uint32_t)(i - 1) : TOK_NO_ID;
		while (up != TOK_NO_ID && !tok_span_starts(pieces[i], pieces[up]))
			up = parent[up];
		parent[i] = up;
		out->starts[pieces[i].bytes[0]] = true;
	}
	out->pieces = pieces;
	out->parent = parent;
	return TOK_OK;
}

static size_t match_protected(const struct norm_protected *protected, struct tok_span text)
{
	if (!protected->starts[text.bytes[0]])
		return 0;
	/* What the text begins with is the last piece that sorts no later than
	 * it, or something that one begins with. */
	size_t low = 0, high = protected->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (compare_spans(protected->pieces[middle], text) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	uint32_t at = low ? (uint32_t)(low - 1) : TOK_NO_ID;
	while (at != TOK_NO_ID && !tok_span_starts(text, protected->pieces[at]))
		at = protected->parent[at];
	return at == TOK_NO_ID ? 0 : protected->pieces[at].count;
}

enum tok_status norm_sentencepiece_new(const struct tok_norm_step *step, struct tok_arena *arena,
				       const struct norm_sentencepiece **out, struct tok_error *err)
{
	struct norm_sentencepiece *self = tok_arena_array(arena, 1, sizeof *self);
	if (!self)
		return tok_fail_memory(err);
	self->add_dummy_prefix = step->as.sentencepiece.add_dummy_prefix;
	self->remove_extra_whitespaces = step->as.sentencepiece.remove_extra_whitespaces;
	self->escape_whitespaces = step->as.sentencepiece.escape_whitespaces;
	self->whitespace_as_suffix = step->as.sentencepiece.whitespace_as_suffix;

	const struct tok_span blob = step->as.sentencepiece.charsmap;
	enum tok_status status = build_protected(step, arena, &self->protected, err);
	if (status == TOK_OK && blob.count)
		status = norm_charsmap_read(blob, arena, &self->map, err);
	if (status != TOK_OK)
		return status;

	for (size_t byte = 0; byte < 0x80; byte++)
		self->plain[byte] =
		    byte != ' ' && !self->map.begins[byte] && !self->protected.starts[byte];
	norm_sentencepiece_prepare(self);
	*out = self;
	return TOK_OK;
}

/* ---- one piece of text at a time ---- */

static const uint8_t replacement_char[] = { 0xEF, 0xBF, 0xBD };
static const uint8_t escaped_space[] = { 0xE2, 0x96, 0x81 };

struct tok_span norm_sentencepiece_space(const struct norm_sentencepiece *self)
{
	return self->escape_whitespaces ? (struct tok_span){ escaped_space, sizeof escaped_space }
					: tok_span_of(" ");
}

size_t norm_sentencepiece_prefix(const struct norm_sentencepiece *self, struct tok_span text,
				 struct tok_span *result)
{
	size_t length = match_protected(&self->protected, text);
	if (length) {
		*result = tok_span_slice(text, 0, length);
		return length;
	}
	length = self->map.units ? norm_charsmap_longest(&self->map, text, result) : 0;
	if (length)
		return length;

	const struct tok_char c = tok_utf8_at(text, 0);
	*result = c.code >= TOK_BAD_BYTE
		      ? (struct tok_span){ replacement_char, sizeof replacement_char }
		      : tok_span_slice(text, 0, c.length);
	return c.length;
}

struct output {
	struct norm_edit *edit;
	struct tok_span space;
};

/* Where in the document offset `at` of the text stands. */
static uint32_t document_offset(const struct norm_edit *edit, size_t at)
{
	const struct tok_text *from = edit->from;
	if (!from->tracked)
		return 0;
	return at < from->count ? from->origin[at].begin : from->origin[from->count - 1].end;
}

static void put(struct output *output, struct tok_span bytes, size_t at)
{
	const uint32_t offset = document_offset(output->edit, at);
	norm_edit_put(output->edit, bytes, (struct tok_range){ offset, offset });
}

static void put_escaped(struct output *output, struct tok_span text, size_t at)
{
	while (text.count) {
		const uint8_t *space = memchr(text.bytes, ' ', text.count);
		const size_t count = space ? (size_t)(space - text.bytes) : text.count;
		put(output, tok_span_slice(text, 0, count), at);
		if (!space)
			return;
		put(output, output->space, at);
		text = tok_span_slice(text, count + 1, text.count);
	}
}

static size_t skip_leading_spaces(const struct norm_sentencepiece *self, struct tok_span text)
{
	size_t at = 0;
	while (self->remove_extra_whitespaces && at < text.count) {
		struct tok_span result;
		const size_t length =
		    norm_sentencepiece_prefix(self, tok_span_slice(text, at, text.count), &result);
		if (!tok_span_equal(result, tok_span_of(" ")))
			break;
		at += length;
	}
	return at;
}

/* Characters that only stand for themselves, in one go. */
static size_t put_plain(const struct norm_sentencepiece *self, struct output *output,
			struct tok_span text, size_t at)
{
	size_t end = at;
	while (end < text.count && self->plain[text.bytes[end]])
		end++;
	if (end > at && !tok_text_copy(output->edit->to, output->edit->from, at, end))
		output->edit->failed = true;
	return end;
}

static void put_body(const struct norm_sentencepiece *self, struct output *output,
		     struct tok_span text, size_t at)
{
	bool after_space = self->remove_extra_whitespaces && !output->edit->from->continues;
	while (at < text.count && !output->edit->failed) {
		const size_t plain_end = put_plain(self, output, text, at);
		if (plain_end > at) {
			after_space = false;
			at = plain_end;
			continue;
		}
		struct tok_span result;
		const size_t length =
		    norm_sentencepiece_prefix(self, tok_span_slice(text, at, text.count), &result);
		while (after_space && result.count && result.bytes[0] == ' ')
			result = tok_span_slice(result, 1, result.count);
		if (result.count) {
			put_escaped(output, result, at);
			after_space =
			    self->remove_extra_whitespaces && result.bytes[result.count - 1] == ' ';
		}
		at += length;
	}
}

/* A byte ends where the next one begins, as SentencePiece has it: spaces that
 * were removed belong to what is before them. */
static void close_ranges(struct tok_text *text, uint32_t last_end)
{
	if (!text->tracked)
		return;
	for (size_t i = text->count; i-- > 0;) {
		text->origin[i].end = last_end;
		last_end = text->origin[i].begin;
	}
}

enum tok_status norm_run_sentencepiece(const struct norm_pass *pass, struct norm_edit *edit,
				       struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	const struct norm_sentencepiece *self = pass->as.sentencepiece;
	const struct tok_span text = tok_text_span(edit->from);
	struct tok_text *to = edit->to;
	struct output output = { .edit = edit, .space = norm_sentencepiece_space(self) };

	edit->rewritten = true;
	const bool continues = edit->from->continues;
	const size_t begin = continues ? 0 : skip_leading_spaces(self, text);
	if (begin == text.count)
		return TOK_OK;
	if (self->add_dummy_prefix && !self->whitespace_as_suffix && !continues)
		put(&output, output.space, begin);
	if (to->tracked)
		put_body(self, &output, text, begin);
	else if (!norm_sentencepiece_append(self, tok_span_slice(text, begin, text.count),
					    !continues, to))
		edit->failed = true;
	if (edit->failed)
		return TOK_OK;

	uint32_t end = document_offset(edit, text.count);
	while (self->remove_extra_whitespaces && to->count >= output.space.count &&
	       memcmp(to->bytes + to->count - output.space.count, output.space.bytes,
		      output.space.count) == 0) {
		to->count -= output.space.count;
		end = to->tracked ? to->origin[to->count].begin : 0;
	}
	if (self->add_dummy_prefix && self->whitespace_as_suffix)
		norm_edit_put(edit, output.space, (struct tok_range){ end, end });
	if (!edit->failed)
		close_ranges(to, end);
	return TOK_OK;
}
