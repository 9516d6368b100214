/* merge_read.c - documents of all operands, as ids, in batches. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cmd/merge_internal.h"

void merge_batch_release(struct merge_batch *batch)
{
	free(batch->ids);
	free(batch->offsets);
	tok_buffer_release(&batch->trouble);
	*batch = (struct merge_batch){ 0 };
}

static void clear_batch(struct merge_batch *b)
{
	b->count = b->documents = 0;
	b->bytes = 0;
	b->memory_out = false;
	tok_buffer_clear(&b->trouble);
}

/* ---- tokens ----------------------------------------------------------------- */

static enum tok_status measure_tokens(struct merge_reader *r, struct tok_error *err)
{
	r->lengths = calloc(tok_tokenizer_size(r->tokenizer) + 1, sizeof *r->lengths);
	if (!r->lengths)
		return tok_fail_memory(err);
	return tok_dynamic_lengths(r->tokenizer, r->lengths, err);
}

static enum tok_status refuse_id(const struct merge_reader *r, tok_id id, size_t number,
				 struct tok_error *err)
{
	const size_t size = tok_tokenizer_size(r->tokenizer);
	if (id < size)
		return tok_fail(err, TOK_ETEXT,
				"no token has id %" PRIu32 " (number %zu): the tokenizer leaves "
				"it out",
				id, number);
	return tok_fail(err, TOK_ETEXT,
			"no token has id %" PRIu32 " (number %zu): ids are below %zu", id, number,
			size);
}

static enum tok_status check_ids(const struct merge_reader *r, const tok_id *ids, size_t count,
				 size_t before, struct tok_error *err)
{
	const size_t size = tok_tokenizer_size(r->tokenizer);
	for (size_t i = 0; i < count; i++)
		if (ids[i] >= size || r->lengths[ids[i]] == TOK_NO_LENGTH)
			return refuse_id(r, ids[i], before + i + 1, err);
	return TOK_OK;
}

/* ---- documents -------------------------------------------------------------- */

static size_t document_begin(const struct merge_batch *b)
{
	return b->documents ? b->offsets[b->documents] : 0;
}

static enum tok_status refuse_large(const struct merge_reader *r, const char *what,
				    struct tok_error *err)
{
	return tok_fail(err, TOK_ELIMIT,
			"its batch has more than %" PRIu64
			" %s: --max-ids allows more, --batch and --batch-bytes make smaller ones",
			r->opts->max_ids, what);
}

static enum tok_status add_ids(const struct merge_reader *r, struct merge_batch *b,
			       const tok_id *ids, size_t count, struct tok_error *err)
{
	if (count > r->opts->max_ids - b->count)
		return refuse_large(r, "ids", err);
	if (!tok_grow(&b->ids, &b->capacity, b->count + count, sizeof *b->ids))
		return tok_fail_memory(err);
	if (count)
		memcpy(b->ids + b->count, ids, count * sizeof *ids);
	b->count += count;
	return TOK_OK;
}

static enum tok_status end_document(struct merge_reader *r, struct merge_batch *b,
				    struct tok_error *err)
{
	if (b->documents >= r->opts->max_ids)
		return refuse_large(r, "documents", err);
	if (!tok_grow(&b->offsets, &b->offset_capacity, b->documents + 2, sizeof *b->offsets))
		return tok_fail_memory(err);
	const size_t begin = document_begin(b);
	for (size_t i = begin; i < b->count; i++)
		b->bytes += r->lengths[b->ids[i]];
	b->offsets[0] = 0;
	b->offsets[++b->documents] = b->count;
	r->number++;
	return TOK_OK;
}

static enum tok_status read_ids(struct merge_reader *r, struct merge_batch *b, bool *none,
				struct tok_error *err)
{
	struct cli_id_part part = { 0 };
	const char *name = r->ids.lines.input.name;
	do {
		enum tok_status status = cli_ids_next(&r->ids, &part, err);
		*none = part.none;
		if (status != TOK_OK || part.none)
			return status;
		status = check_ids(r, part.ids, part.count, b->count - document_begin(b), err);
		if (status == TOK_OK)
			status = add_ids(r, b, part.ids, part.count, err);
		if (status == TOK_OK && part.last)
			status = end_document(r, b, err);
		if (status == TOK_OK)
			continue;
		if (r->opts->input == CLI_FORMAT_JSONL || r->opts->input == CLI_FORMAT_TEXT)
			return tok_fail_in(err, status, "'%s': line %" PRIu64, name, part.number);
		return tok_fail_in(err, status, "'%s'", name);
	} while (!part.last && !atomic_load(&r->stopped));
	return TOK_OK;
}

static enum tok_status encode_text(struct merge_reader *r, struct merge_batch *b,
				   struct tok_span text, bool continues, struct tok_error *err)
{
	struct tok_encode_options how = r->how;
	struct tok_encoding encoding;
	how.continues = continues;
	const enum tok_status status = cli_encoder_text(&r->encoder, &how, &text, &encoding, err);
	return status == TOK_OK ? add_ids(r, b, encoding.ids, encoding.count, err) : status;
}

static enum tok_status encode_next(struct merge_reader *r, struct merge_batch *b,
				   struct tok_error *err)
{
	const struct tok_span text = cli_split_next(&r->opts->split, &r->rest);
	enum tok_status status = cli_documents_check(&r->opts->split, &r->cut, text, err);
	if (status == TOK_OK)
		status = encode_text(r, b, text, false, err);
	return status == TOK_OK ? end_document(r, b, err) : status;
}

/* One document that comes in parts, of which *part is the first; or the first of several
 * documents. */
static enum tok_status encode_parts(struct merge_reader *r, struct merge_batch *b,
				    struct cli_part *part, struct tok_error *err)
{
	if (part->several) {
		r->rest = part->text;
		return encode_next(r, b, err);
	}
	for (uint64_t before = 0;;) {
		enum tok_status status = TOK_OK;
		if (part->first || part->text.count)
			status = encode_text(r, b, part->text, !part->first, err);
		if (status != TOK_OK && !part->first && status != TOK_ENOMEM)
			return tok_fail_in(err, status, "from byte %" PRIu64, before);
		if (status == TOK_OK && part->last)
			return end_document(r, b, err);
		if (status == TOK_OK && atomic_load(&r->stopped))
			return TOK_OK;
		before += part->text.count;
		if (status == TOK_OK)
			status = cli_documents_next(&r->texts, part, err);
		if (status != TOK_OK)
			return status;
	}
}

static enum tok_status read_text(struct merge_reader *r, struct merge_batch *b, bool *none,
				 struct tok_error *err)
{
	struct cli_part part = { 0 };
	enum tok_status status = TOK_OK;
	if (r->rest.count) {
		status = encode_next(r, b, err);
	} else {
		status = cli_documents_next(&r->texts, &part, err);
		*none = status == TOK_OK && !part.text.bytes;
		if (status == TOK_OK && !*none)
			status = encode_parts(r, b, &part, err);
	}
	/* What cannot be read is named where it is noticed. */
	if (status == TOK_OK || status == TOK_EIO)
		return status;
	return tok_fail_in(err, status, "'%s': %s %" PRIu64, r->texts.input.name,
			   r->opts->split.jsonl ? "line" : "document", r->number + 1);
}

/* ---- operands --------------------------------------------------------------- */

static struct cli_input *input_of(struct merge_reader *r)
{
	return r->opts->encode ? &r->texts.input : &r->ids.lines.input;
}

static enum tok_status open_next(struct merge_reader *r, struct tok_error *err)
{
	const char *path = r->files->items[r->next++].path;
	const enum cli_input_form form = r->opts->raw ? CLI_INPUT_RAW : CLI_INPUT_EXPANDED;
	const enum tok_status status =
	    r->opts->encode
		? cli_documents_open(&r->texts, path, form, &r->opts->split, &r->cut, err)
		: cli_ids_open(&r->ids, path, (enum cli_format)r->opts->input, err);
	r->open = status == TOK_OK;
	r->number = 0;
	if (r->open)
		input_of(r)->wake = r->wake;
	return status;
}

static void close_operand(struct merge_reader *r)
{
	if (!r->open)
		return;
	r->bytes_read += input_of(r)->bytes_read;
	r->rest.count = 0;
	if (r->opts->encode)
		cli_documents_close(&r->texts);
	else
		cli_ids_close(&r->ids);
	r->open = false;
}

/* The rest of the operand is left out, and the document that it was in. */
static void refuse_operand(struct merge_reader *r, struct merge_batch *b, struct tok_error *err)
{
	b->count = document_begin(b);
	b->memory_out |= !tok_buffer_add(&b->trouble, err->message, strlen(err->message) + 1);
	*err = (struct tok_error){ 0 };
	close_operand(r);
}

static bool is_full(const struct merge_reader *r, const struct merge_batch *b)
{
	return b->documents >= r->documents || b->bytes >= r->opts->batch_bytes;
}

bool merge_read(struct merge_reader *r, struct merge_batch *b)
{
	clear_batch(b);
	while ((r->open || r->next < r->files->count) && !is_full(r, b) &&
	       !atomic_load(&r->stopped)) {
		struct tok_error err = { 0 };
		bool none = false;
		enum tok_status status = TOK_OK;
		if (!r->open)
			status = open_next(r, &err);
		else if (r->opts->encode)
			status = read_text(r, b, &none, &err);
		else
			status = read_ids(r, b, &none, &err);
		if (status != TOK_OK)
			refuse_operand(r, b, &err);
		else if (none)
			close_operand(r);
	}
	b->bytes_read = r->bytes_read + (r->open ? input_of(r)->bytes_read : 0);
	return b->documents > 0 || b->trouble.count > 0 || b->memory_out;
}

void merge_reader_stop(struct merge_reader *r)
{
	const uint64_t one = 1;
	atomic_store(&r->stopped, true);
	if (r->wake > 0)
		(void)!write(r->wake, &one, sizeof one);
}

enum tok_status merge_reader_begin(struct merge_reader *r, struct tok_error *err)
{
	/* Where no descriptor can be had, a wait for bytes is not ended early. */
	const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->wake = wake > 0 ? wake : 0;
	atomic_init(&r->stopped, false);
	r->how = cli_specials_options(&r->opts->specials);
	r->cut = cli_cut_for(r->tokenizer, &r->how);
	const enum tok_status status = measure_tokens(r, err);
	if (status != TOK_OK)
		return status;
	if (r->opts->encode && !cli_encoder_init(&r->encoder, r->tokenizer, &r->opts->split))
		return tok_fail_memory(err);
	return TOK_OK;
}

void merge_reader_end(struct merge_reader *r)
{
	close_operand(r);
	cli_documents_release(&r->texts);
	cli_encoder_release(&r->encoder);
	free(r->lengths);
	if (r->wake > 0)
		close(r->wake);
}
