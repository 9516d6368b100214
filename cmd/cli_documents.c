#include "cmd/cli_documents.h"

#include <inttypes.h>

#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "tok/text/utf8.h"

/* A part is about this large; the window doubles from here where no cut is. */
enum { PART_SIZE = 1 << 18 };

enum cli_exit cli_split_check(const struct cli_split *split)
{
	if (split->lines + split->null + (split->jsonl != NULL) > 1)
		return cli_usage("--lines, --null and --jsonl exclude each other");
	if (split->limit_bytes > TOK_DOCUMENT_MAX)
		return cli_usage("--max-document can be at most %zu", TOK_DOCUMENT_MAX);
	return CLI_OK;
}

struct cli_cut cli_cut_for(const struct tok_tokenizer *tokenizer,
			   const struct tok_encode_options *how)
{
	return (struct cli_cut){
		.tokenizer = how->add_special || how->truncate ? NULL : tokenizer,
		.match_special = how->special_text != TOK_SPECIAL_ORDINARY,
	};
}

enum tok_status cli_documents_open(struct cli_documents *d, const char *path,
				   enum cli_input_form form, const struct cli_split *split,
				   const struct cli_cut *cut, struct tok_error *err)
{
	const struct cli_input input = d->input;
	*d = (struct cli_documents){ .input = input, .split = split, .cut = *cut };
	if (split->jsonl)
		d->cut.tokenizer = NULL; /* a line is read as a whole */
	return cli_input_open(&d->input, path, form, err);
}

void cli_documents_close(struct cli_documents *documents)
{
	cli_input_close(&documents->input);
}

void cli_documents_release(struct cli_documents *documents)
{
	cli_input_release(&documents->input);
}

/* Does a character of several bytes lie across `at`? */
static bool splits_character(struct tok_span text, size_t at)
{
	for (size_t back = 1; back < 4 && back <= at; back++) {
		const struct tok_char c = tok_utf8_at(text, at - back);
		if (c.code < TOK_BAD_BYTE && c.length > back)
			return true;
	}
	return false;
}

static size_t find_cut(const struct cli_cut *cut, struct tok_span text)
{
	if (!cut->tokenizer)
		return 0;
	if (cut->between_lines) {
		const uint8_t *newline = memrchr(text.bytes, '\n', text.count);
		return newline ? (size_t)(newline - text.bytes) + 1 : 0;
	}
	if (cut->between_words)
		return tok_tokenizer_cut_words(cut->tokenizer, text, cut->match_special);
	if (!cut->between_characters)
		return tok_tokenizer_cut(cut->tokenizer, text, cut->match_special);

	/* What a character is can be told only where its last byte could be. */
	struct tok_span head = { text.bytes, text.count > 3 ? text.count - 3 : 0 };
	size_t at = tok_tokenizer_cut(cut->tokenizer, head, cut->match_special);
	while (at > 0 && splits_character(text, at)) {
		head.count = at - 1;
		at = tok_tokenizer_cut(cut->tokenizer, head, cut->match_special);
	}
	return at;
}

/* The byte that ends a document; -1: only the end of the operand does. */
static int find_terminator(const struct cli_split *split)
{
	return cli_split_is_whole(split) ? -1 : split->null ? '\0' : '\n';
}

/* Hand out `count` bytes of the window, then drop `skip` more. */
static void take(struct cli_documents *d, size_t count, size_t skip, bool last,
		 struct cli_part *out)
{
	*out = (struct cli_part){
		.text = { cli_input_rest(&d->input).bytes, count },
		.first = !d->inside,
		.last = last,
		.bytes = d->bytes,
	};
	d->bytes += count + skip;
	d->inside = !last;
	d->begun = true;
	d->searched = 0;
	cli_input_drop(&d->input, count + skip);
}

/* How much of the window belongs to the current document; *ended: all of it is
 * there.  A window is searched once, however often it grows. */
static size_t measure(struct cli_documents *d, bool *ended)
{
	const int terminator = find_terminator(d->split);
	const struct tok_span rest = cli_input_rest(&d->input);
	*ended = d->input.ended;
	if (terminator < 0 || rest.count == 0)
		return rest.count;
	if (d->searched < rest.count && rest.bytes[d->searched] != terminator) {
		const uint8_t *at =
		    memchr(rest.bytes + d->searched, terminator, rest.count - d->searched);
		d->searched = at ? (size_t)(at - rest.bytes) : rest.count;
	}
	*ended |= d->searched < rest.count;
	return d->searched;
}

/* Whole documents at the front of the window, no more than a part may hold: where
 * they end, 0 if there are none. */
static size_t measure_several(const struct cli_documents *d)
{
	const int terminator = find_terminator(d->split);
	const struct tok_span rest = cli_input_rest(&d->input);
	if (terminator < 0 || d->inside || rest.count == 0)
		return 0;
	if (d->input.ended && rest.count <= PART_SIZE)
		return rest.count;
	const size_t most = rest.count < PART_SIZE ? rest.count : PART_SIZE;
	const uint8_t *at = memrchr(rest.bytes, terminator, most);
	return at ? (size_t)(at - rest.bytes) + 1 : 0;
}

static enum tok_status refuse_length(uint64_t limit_bytes, struct tok_error *err)
{
	return tok_fail(err, TOK_ELIMIT,
			"it is longer than %" PRIu64
			" bytes and cannot be cut: --max-document allows more",
			limit_bytes);
}

enum tok_status cli_documents_next(struct cli_documents *d, struct cli_part *out,
				   struct tok_error *err)
{
	const bool whole = cli_split_is_whole(d->split);
	size_t want = PART_SIZE;

	*out = (struct cli_part){ 0 };
	for (;;) {
		const size_t several = measure_several(d);
		if (several > 0) {
			take(d, several, 0, true, out);
			out->several = true;
			return TOK_OK;
		}
		bool ended;
		const size_t count = measure(d, &ended);
		const bool too_long = count > d->split->limit_bytes;
		if (ended && !too_long) {
			const bool terminated = count < cli_input_rest(&d->input).count;
			if (count || terminated || d->inside || (whole && !d->begun))
				take(d, count, terminated, true, out);
			return TOK_OK;
		}
		if (too_long || count >= want) {
			const struct tok_span rest = cli_input_rest(&d->input);
			const size_t cut = find_cut(&d->cut, tok_span_slice(rest, 0, count));
			if (cut > 0) {
				take(d, cut, 0, false, out);
				return TOK_OK;
			}
			want = count * 2;
		}
		if (too_long)
			return refuse_length(d->split->limit_bytes, err);
		const enum tok_status status = cli_input_fill(&d->input, want, err);
		if (status != TOK_OK || d->input.woken)
			return status;
	}
}

enum tok_status cli_documents_skip(struct cli_documents *d, uint64_t bytes, struct tok_error *err)
{
	while (d->bytes < bytes) {
		const struct tok_span rest = cli_input_rest(&d->input);
		const uint64_t left = bytes - d->bytes;
		const size_t count = rest.count < left ? rest.count : (size_t)left;
		cli_input_drop(&d->input, count);
		d->bytes += count;
		if (d->bytes == bytes)
			break;
		if (d->input.ended)
			return tok_fail(err, TOK_EFORMAT,
					"'%s' ends before the place where the earlier run stopped",
					d->input.name);
		const enum tok_status status = cli_input_fill(&d->input, 0, err);
		if (status != TOK_OK)
			return status;
	}
	d->begun = true;
	return TOK_OK;
}

struct tok_span cli_split_next(const struct cli_split *split, struct tok_span *rest)
{
	const struct tok_span all = *rest;
	const int terminator = find_terminator(split);
	const uint8_t *at = terminator < 0 ? NULL : memchr(all.bytes, terminator, all.count);
	const size_t count = at ? (size_t)(at - all.bytes) : all.count;
	*rest = tok_span_slice(all, at ? count + 1 : count, all.count);
	return tok_span_slice(all, 0, count);
}

size_t cli_split_count(const struct cli_split *split, struct tok_span several)
{
	const uint8_t terminator = (uint8_t)find_terminator(split);
	size_t count = 0;
	for (size_t i = 0; i < several.count; i++)
		count += several.bytes[i] == terminator;
	return count + (several.count > 0 && several.bytes[several.count - 1] != terminator);
}

enum tok_status cli_documents_check(const struct cli_split *split, const struct cli_cut *cut,
				    struct tok_span text, struct tok_error *err)
{
	const struct cli_cut nowhere = { 0 };
	while (text.count > split->limit_bytes) {
		const size_t at = find_cut(split->jsonl ? &nowhere : cut, text);
		if (at == 0)
			return refuse_length(split->limit_bytes, err);
		text = tok_span_slice(text, at, text.count);
	}
	return TOK_OK;
}
