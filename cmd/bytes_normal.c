/* bytes_normal.c - text as a tokenizer's normaliser leaves it, in the bytes that tokens spell. */
#include <stdlib.h>

#include "cmd/bytes_internal.h"
#include "tok/text/normalize.h"
#include "tok/text/utf8.h"

/* SentencePiece's sign for a space. */
static const struct tok_span mark = { (const uint8_t *)"\xE2\x96\x81", 3 };

struct bytes_normal {
	struct tok_normalizer *normalizer;
	struct tok_norm_scratch *scratch;
	struct tok_text text;
	struct tok_buffer spelled;
	bool accept;     /* text that is changed by it */
	bool marks;      /* the normaliser writes spaces as marks */
	bool metaspaces; /* the pre-tokenizer does so */
	bool fronts;     /* one of them puts one in front of a text, which tokens hide */
};

/* ---- the steps ------------------------------------------------------------------- */

/* Without the one that only writes bytes in another alphabet. */
static enum tok_status make_normalizer(const struct tok_spec *spec, struct tok_normalizer **out,
				       struct tok_error *err)
{
	struct tok_norm_step *steps = calloc(spec->normalizer_count + 1, sizeof *steps);
	size_t count = 0;
	if (!steps)
		return tok_fail_memory(err);
	for (size_t i = 0; i < spec->normalizer_count; i++)
		if (spec->normalizers[i].kind != TOK_NORM_BYTE_LEVEL)
			steps[count++] = spec->normalizers[i];
	const enum tok_status status = tok_normalizer_new(steps, count, out, err);
	free(steps);
	return status;
}

static enum tok_status run(struct bytes_normal *n, struct tok_span text, bool continues,
			   struct tok_error *err)
{
	n->text.continues = continues;
	if (!tok_text_set(&n->text, text, 0))
		return tok_fail_memory(err);
	return tok_normalize(n->normalizer, n->scratch, &n->text, err);
}

/* What it does to spaces is found out by trying. */
static enum tok_status look_at_spaces(struct bytes_normal *n, struct tok_error *err)
{
	const enum tok_status status = run(n, tok_span_of("a a"), false, err);
	if (status != TOK_OK)
		return status;
	const struct tok_span text = tok_text_span(&n->text);
	for (size_t i = 1; i + mark.count <= text.count; i++)
		n->marks |= tok_span_starts(tok_span_slice(text, i, text.count), mark);
	n->fronts = tok_span_starts(text, mark) || tok_span_starts(text, tok_span_of(" "));
	return TOK_OK;
}

enum tok_status bytes_normal_new(const struct bytes_options *options, const struct bytes_side *side,
				 struct bytes_normal **out, struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(side->tokenizer);
	struct bytes_normal *n = calloc(1, sizeof *n);
	if (!n)
		return tok_fail_memory(err);
	n->accept = options->normalize;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		n->metaspaces |= spec->pretokenizers[i].kind == TOK_PRETOK_METASPACE;
	n->scratch = tok_norm_scratch_new();
	enum tok_status status =
	    n->scratch ? make_normalizer(spec, &n->normalizer, err) : tok_fail_memory(err);
	if (status == TOK_OK)
		status = look_at_spaces(n, err);
	/* What is put in front is shown where tokens do not hide it. */
	n->fronts =
	    (n->fronts || n->metaspaces) && tok_byte_tokens_forced_front(side->tokens).count > 0;
	if (status == TOK_OK)
		*out = n;
	else
		bytes_normal_free(n);
	return status;
}

void bytes_normal_free(struct bytes_normal *n)
{
	if (!n)
		return;
	tok_normalizer_free(n->normalizer);
	tok_norm_scratch_free(n->scratch);
	tok_text_release(&n->text);
	tok_buffer_release(&n->spelled);
	free(n);
}

/* ---- a text ------------------------------------------------------------------------ */

/* Bytes at the end that may become a character: 0 to 3. */
static size_t count_open_bytes(struct tok_span text)
{
	for (size_t k = 1; k <= 3 && k <= text.count; k++) {
		const uint8_t byte = text.bytes[text.count - k];
		if (tok_utf8_is_tail(byte))
			continue;
		const size_t whole = byte < 0xC2 || byte > 0xF4 ? 1
				     : byte < 0xE0              ? 2
				     : byte < 0xF0              ? 3
								: 4;
		return whole > k ? k : 0;
	}
	return 0;
}

/* The front of a text that is to go on: what is done to the end of a text is not done to
 * it, which a letter behind it sees to. */
static enum tok_status run_front(struct bytes_normal *n, struct tok_span text, bool continues,
				 struct tok_error *err)
{
	struct tok_buffer longer = { 0 };
	enum tok_status status = TOK_OK;
	if (tok_buffer_add(&longer, text.bytes, text.count) && tok_buffer_add_byte(&longer, 'a'))
		status = run(n, tok_buffer_span(&longer), continues, err);
	else
		status = tok_fail_memory(err);
	tok_buffer_release(&longer);
	if (status == TOK_OK && n->text.count > 0 && n->text.bytes[n->text.count - 1] == 'a')
		n->text.count--;
	return status;
}

/* Append `text`, with spaces for marks, to what tokens spell. */
static bool spell(struct bytes_normal *n, struct tok_span text)
{
	size_t from = 0;
	for (size_t i = 0; i + mark.count <= text.count;) {
		if (!tok_span_starts(tok_span_slice(text, i, text.count), mark)) {
			i++;
			continue;
		}
		if (!tok_buffer_add(&n->spelled, text.bytes + from, i - from) ||
		    !tok_buffer_add_byte(&n->spelled, ' '))
			return false;
		i += mark.count;
		from = i;
	}
	return tok_buffer_add(&n->spelled, text.bytes + from, text.count - from);
}

/* Without the space in front that is hidden, if there is one. */
static struct tok_span drop_front(const struct bytes_normal *n, struct tok_span text)
{
	const struct tok_span space = tok_span_of(" ");
	if (n->fronts && (tok_span_starts(text, mark) || tok_span_starts(text, space)))
		return tok_span_slice(text, text.bytes[0] == ' ' ? 1 : mark.count, text.count);
	return text;
}

static enum tok_status refuse(struct tok_span text, struct tok_span changed, struct tok_error *err)
{
	size_t at = 0;
	while (at < text.count && at < changed.count && text.bytes[at] == changed.bytes[at])
		at++;
	return tok_fail(err, TOK_EARG,
			"the tokenizer's normalizer changes the text at byte %zu: --normalize "
			"takes it as it becomes",
			at);
}

enum tok_status bytes_normal_text(struct bytes_normal *n, struct tok_span *text, bool continues,
				  bool goes_on, struct tok_error *err)
{
	if (tok_normalizer_step_count(n->normalizer) == 0 && !n->metaspaces)
		return TOK_OK;
	const size_t open = goes_on ? count_open_bytes(*text) : 0;
	const struct tok_span whole = tok_span_slice(*text, 0, text->count - open);
	enum tok_status status =
	    goes_on ? run_front(n, whole, continues, err) : run(n, whole, continues, err);
	if (status != TOK_OK)
		return status;
	struct tok_span normal = tok_text_span(&n->text);
	if (!continues)
		normal = drop_front(n, normal);
	tok_buffer_clear(&n->spelled);
	const bool marks = n->marks || n->metaspaces;
	if (!(marks ? spell(n, normal) : tok_buffer_add(&n->spelled, normal.bytes, normal.count)) ||
	    !tok_buffer_add(&n->spelled, tok_span_slice(*text, whole.count, text->count).bytes,
			    open))
		return tok_fail_memory(err);
	if (tok_span_equal(*text, tok_buffer_span(&n->spelled)))
		return TOK_OK;
	if (!n->accept)
		return refuse(*text, tok_buffer_span(&n->spelled), err);
	*text = tok_buffer_span(&n->spelled);
	return TOK_OK;
}
