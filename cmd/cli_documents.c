#include "cmd/cli_documents.h"

#include <inttypes.h>

#include "cmd/cli_json.h"
#include "tok/text/utf8.h"

/* A part is about this large; the window doubles from here where no cut is. */
enum { PART_SIZE = 1 << 20 };

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

enum tok_status cli_documents_open(struct cli_documents *out, const char *path,
				   const struct cli_split *split, const struct cli_cut *cut,
				   struct tok_error *err)
{
	*out = (struct cli_documents){ .split = split, .cut = *cut };
	if (split->jsonl)
		out->cut.tokenizer = NULL; /* a line is read as a whole */
	return cli_input_open(&out->input, path, err);
}

void cli_documents_close(struct cli_documents *documents)
{
	cli_input_close(&documents->input);
	vocab_json_release(&documents->json);
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

/* Hand out `count` bytes of the window, then drop `skip` more. */
static void take(struct cli_documents *d, size_t count, size_t skip, bool last,
		 struct cli_part *out)
{
	d->number += !d->inside;
	d->bytes += count + skip;
	*out = (struct cli_part){
		.text = { cli_input_rest(&d->input).bytes, count },
		.first = !d->inside,
		.last = last,
		.number = d->number,
		.bytes = d->bytes,
	};
	d->inside = !last;
	d->searched = 0;
	cli_input_drop(&d->input, count + skip);
}

/* How much of the window belongs to the current document; *ended: all of it is
 * there.  A window is searched once, however often it grows. */
static size_t measure(struct cli_documents *d, int terminator, bool *ended)
{
	const struct tok_span rest = cli_input_rest(&d->input);
	*ended = d->input.ended;
	if (terminator < 0 || d->searched == rest.count)
		return rest.count;
	const uint8_t *at = memchr(rest.bytes + d->searched, terminator, rest.count - d->searched);
	d->searched = at ? (size_t)(at - rest.bytes) : rest.count;
	*ended |= at != NULL;
	return d->searched;
}

static enum tok_status refuse_length(const struct cli_documents *d, struct tok_error *err)
{
	return tok_fail(err, TOK_ELIMIT,
			"'%s': document %" PRIu64 " is longer than %" PRIu64
			" bytes and cannot be cut: --max-document allows more",
			d->input.name, d->number + !d->inside, d->split->limit_bytes);
}

static enum tok_status next_part(struct cli_documents *d, struct cli_part *out,
				 struct tok_error *err)
{
	const bool whole = cli_split_is_whole(d->split);
	const int terminator = whole ? -1 : d->split->null ? '\0' : '\n';
	size_t want = PART_SIZE;

	for (;;) {
		bool ended;
		const struct tok_span rest = cli_input_rest(&d->input);
		const size_t count = measure(d, terminator, &ended);
		const bool too_long = count > d->split->limit_bytes;
		if (ended && !too_long) {
			const bool terminated = count < rest.count;
			if (count || terminated || d->inside || (whole && d->number == 0))
				take(d, count, terminated, true, out);
			return TOK_OK;
		}
		if (too_long || count >= want) {
			const size_t cut = find_cut(&d->cut, tok_span_slice(rest, 0, count));
			if (cut > 0) {
				take(d, cut, 0, false, out);
				return TOK_OK;
			}
			want = count * 2;
		}
		if (too_long)
			return refuse_length(d, err);
		const enum tok_status status = cli_input_fill(&d->input, want, err);
		if (status != TOK_OK)
			return status;
	}
}

enum tok_status cli_documents_next(struct cli_documents *d, struct cli_part *out,
				   struct tok_error *err)
{
	*out = (struct cli_part){ 0 };
	enum tok_status status = next_part(d, out, err);
	if (status != TOK_OK || !out->text.bytes)
		return status;
	if (!d->split->jsonl)
		return TOK_OK;
	status = cli_json_text(&d->json, out->text, d->split->jsonl, &out->text, err);
	if (status == TOK_OK)
		return status;
	return tok_fail_in(err, status, "'%s': line %" PRIu64, d->input.name, d->number);
}
