#include "vocab/audit/fidelity.h"

#include <math.h>
#include <stdlib.h>

#include "tok/pipe/decoder.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/convert/token_bytes.h"

struct counts {
	uint64_t lines, same, characters, errors, spaces, spaces_kept, altered, bounded;
	uint64_t nfc, nfc_same, nfd, nfd_same; /* lines that the form changes; with the same ids */
};

struct vocab_audit_fidelity_work {
	struct counts counts;
	struct tok_encoder *encoder;
	struct tok_decoder *decoder;
	struct tok_norm_scratch *scratch;
	struct tok_normalizer *nfc, *nfd;
	struct tok_normalizer *own; /* of the tokenizer, less the alphabet of bytes */
	uint32_t space;             /* what stands for one; 0: nothing does */
	struct tok_text text, tracked;
	uint8_t *kept; /* bytes of a line that the normaliser leaves as they are */
	size_t kept_capacity;
};

/* ---- making ---------------------------------------------------------------------------- */

static enum tok_status make_form(enum tok_norm_kind kind, struct tok_normalizer **out,
				 struct tok_error *err)
{
	const struct tok_norm_step step = { .kind = kind };
	return tok_normalizer_new(&step, 1, out, err);
}

/* The alphabet of bytes is how a text is written, and no change of it. */
static enum tok_status make_own(const struct tok_spec *spec, struct tok_normalizer **out,
				struct tok_error *err)
{
	struct tok_norm_step *steps = malloc((spec->normalizer_count + 1) * sizeof *steps);
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

enum tok_status vocab_audit_fidelity_new(const struct tok_tokenizer *tokenizer,
					 struct vocab_audit_fidelity_work **out,
					 struct tok_error *err)
{
	struct vocab_audit_fidelity_work *work = calloc(1, sizeof *work);
	struct vocab_spelling spelling = { 0 };
	if (!work)
		return tok_fail_memory(err);
	work->tracked.tracked = true;
	work->encoder = tok_encoder_new(tokenizer);
	work->decoder = tok_decoder_new(tokenizer);
	work->scratch = tok_norm_scratch_new();
	enum tok_status status =
	    work->encoder && work->decoder && work->scratch ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = make_form(TOK_NORM_NFC, &work->nfc, err);
	if (status == TOK_OK)
		status = make_form(TOK_NORM_NFD, &work->nfd, err);
	if (status == TOK_OK)
		status = make_own(tok_tokenizer_spec(tokenizer), &work->own, err);
	if (status == TOK_OK)
		status = vocab_spelling_find(tok_tokenizer_spec(tokenizer), &spelling, err);
	work->space = spelling.space;
	if (status == TOK_OK)
		*out = work;
	else
		vocab_audit_fidelity_free(work);
	return status;
}

void vocab_audit_fidelity_free(struct vocab_audit_fidelity_work *work)
{
	if (!work)
		return;
	tok_encoder_free(work->encoder);
	tok_decoder_free(work->decoder);
	tok_norm_scratch_free(work->scratch);
	tok_normalizer_free(work->nfc);
	tok_normalizer_free(work->nfd);
	tok_normalizer_free(work->own);
	tok_text_release(&work->text);
	tok_text_release(&work->tracked);
	free(work->kept);
	free(work);
}

/* ---- there and back -------------------------------------------------------------------- */

static uint64_t count_spaces(struct tok_span text)
{
	uint64_t count = 0;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		count += tok_unicode_space(c.code);
		at += c.length;
	}
	return count;
}

static enum tok_status look_back(struct vocab_audit_fidelity_work *work, struct tok_span line,
				 const tok_id *ids, size_t count, struct tok_error *err)
{
	struct counts *counts = &work->counts;
	struct tok_span back;
	uint64_t errors = 0, spaces = 0, kept = 0;
	bool exact = true;
	enum tok_status status = tok_decode(work->decoder, ids, count, false, &back, err);
	const bool same = status == TOK_OK && tok_span_equal(line, back);
	if (status == TOK_OK && same)
		spaces = kept = count_spaces(line);
	else if (status == TOK_OK)
		status = vocab_audit_spaces(line, back, &spaces, &kept, err);
	if (status == TOK_OK && !same)
		status = vocab_audit_distance(line, back, &errors, &exact, err);
	if (status != TOK_OK)
		return status;
	counts->lines++;
	counts->same += same;
	counts->characters += tok_utf8_count(line);
	counts->errors += errors;
	counts->bounded += !exact;
	counts->spaces += spaces;
	counts->spaces_kept += kept;
	return TOK_OK;
}

/* ---- the tokenizer's own normaliser ---------------------------------------------------- */

/* Each character that came out as it went in marks its bytes in the line. */
static void mark_kept(struct vocab_audit_fidelity_work *work, struct tok_span line)
{
	const struct tok_span made = tok_text_span(&work->tracked);
	for (size_t at = 0; at < made.count;) {
		const struct tok_char c = tok_utf8_at(made, at);
		const struct tok_range from = tok_text_origin(&work->tracked, at, at + c.length);
		const struct tok_span was = tok_span_slice(line, from.begin, from.end);
		if (tok_span_equal(was, tok_span_slice(made, at, at + c.length)) ||
		    (c.code == work->space && tok_span_equal(was, tok_span_of(" "))))
			memset(work->kept + from.begin, 1, was.count);
		at += c.length;
	}
}

static enum tok_status look_at_normalizer(struct vocab_audit_fidelity_work *work,
					  struct tok_span line, struct tok_error *err)
{
	if (tok_normalizer_step_count(work->own) == 0 || tok_normalizer_keeps(work->own, line))
		return TOK_OK;
	if (!tok_text_set(&work->tracked, line, 0) ||
	    !tok_grow(&work->kept, &work->kept_capacity, line.count + 1, 1))
		return tok_fail_memory(err);
	const enum tok_status status = tok_normalize(work->own, work->scratch, &work->tracked, err);
	if (status != TOK_OK)
		return status;
	memset(work->kept, 0, line.count + 1);
	mark_kept(work, line);
	for (size_t at = 0; at < line.count; at += tok_utf8_at(line, at).length)
		work->counts.altered += !work->kept[at];
	return TOK_OK;
}

enum tok_status vocab_audit_fidelity_line(struct vocab_audit_fidelity_work *work,
					  struct tok_span line, const tok_id *ids, size_t count,
					  struct tok_error *err)
{
	const enum tok_status status = look_back(work, line, ids, count, err);
	return status == TOK_OK ? look_at_normalizer(work, line, err) : status;
}

/* ---- other spellings ------------------------------------------------------------------- */

static enum tok_status look_at_form(struct vocab_audit_fidelity_work *work,
				    const struct tok_normalizer *form, struct tok_span line,
				    const tok_id *ids, size_t count, uint64_t *changed,
				    uint64_t *same, struct tok_error *err)
{
	const struct tok_encode_options options = { 0 };
	struct tok_encoding encoding;
	if (tok_normalizer_keeps(form, line))
		return TOK_OK;
	if (!tok_text_set(&work->text, line, 0))
		return tok_fail_memory(err);
	enum tok_status status = tok_normalize(form, work->scratch, &work->text, err);
	if (status != TOK_OK || tok_span_equal(tok_text_span(&work->text), line))
		return status;
	status = tok_encode(work->encoder, tok_text_span(&work->text), &options, &encoding, err);
	const bool refused = status == TOK_ETEXT; /* no ids are not the same ids */
	if (status != TOK_OK && !refused)
		return status;
	if (refused && err)
		*err = (struct tok_error){ 0 };
	++*changed;
	*same += !refused && encoding.count == count &&
		 (count == 0 || memcmp(encoding.ids, ids, count * sizeof *ids) == 0);
	return TOK_OK;
}

enum tok_status vocab_audit_fidelity_forms(struct vocab_audit_fidelity_work *work,
					   struct tok_span line, const tok_id *ids, size_t count,
					   struct tok_error *err)
{
	struct counts *counts = &work->counts;
	enum tok_status status =
	    look_at_form(work, work->nfc, line, ids, count, &counts->nfc, &counts->nfc_same, err);
	if (status == TOK_OK)
		status = look_at_form(work, work->nfd, line, ids, count, &counts->nfd,
				      &counts->nfd_same, err);
	return status;
}

/* ---- sums ------------------------------------------------------------------------------ */

void vocab_audit_fidelity_clear(struct vocab_audit_fidelity_work *work)
{
	work->counts = (struct counts){ 0 };
}

void vocab_audit_fidelity_add(struct vocab_audit_fidelity_work *into,
			      const struct vocab_audit_fidelity_work *more)
{
	struct counts *a = &into->counts;
	const struct counts *b = &more->counts;
	a->lines += b->lines;
	a->same += b->same;
	a->characters += b->characters;
	a->errors += b->errors;
	a->spaces += b->spaces;
	a->spaces_kept += b->spaces_kept;
	a->altered += b->altered;
	a->bounded += b->bounded;
	a->nfc += b->nfc;
	a->nfc_same += b->nfc_same;
	a->nfd += b->nfd;
	a->nfd_same += b->nfd_same;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : NAN;
}

void vocab_audit_fidelity_measure(const struct vocab_audit_fidelity_work *work,
				  struct vocab_audit_fidelity *out)
{
	const struct counts *c = &work->counts;
	*out = (struct vocab_audit_fidelity){
		.round_trip = ratio(c->same, c->lines),
		.error_rate = ratio(c->errors, c->characters),
		.spaces_kept = ratio(c->spaces_kept, c->spaces),
		.normalizer_loss = ratio(c->altered, c->characters),
		.nfc_stable = ratio(c->nfc_same, c->nfc),
		.nfd_stable = ratio(c->nfd_same, c->nfd),
		.bounded = c->bounded,
	};
}
