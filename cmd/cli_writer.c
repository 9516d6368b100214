#include "cmd/cli_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- npy ------------------------------------------------------------------ */

static void format_npy_header(const struct cli_writer *w, char header[CLI_NPY_HEADER])
{
	static const char magic[] = "\x93NUMPY\x01\x00";
	const size_t fixed = 10;
	memset(header, ' ', CLI_NPY_HEADER);
	memcpy(header, magic, 8);
	header[8] = (char)(CLI_NPY_HEADER - fixed);
	header[9] = 0;
	const int n =
	    snprintf(header + fixed, CLI_NPY_HEADER - fixed,
		     "{'descr': '<u%zu', 'fortran_order': False, 'shape': (%" PRIu64 ",), }",
		     w->shape->width, w->total);
	header[fixed + (size_t)n] = ' ';
	header[CLI_NPY_HEADER - 1] = '\n';
}

static enum tok_status begin_npy(struct cli_writer *w, struct tok_error *err)
{
	char header[CLI_NPY_HEADER];
	if (w->out->start < 0) {
		w->spool = tmpfile();
		return w->spool ? TOK_OK
				: tok_fail(err, TOK_EIO, "cannot make a temporary file: %s",
					   strerror(errno));
	}
	format_npy_header(w, header);
	return cli_output_add(w->out, header, sizeof header, err);
}

static enum tok_status finish_npy(struct cli_writer *w, struct tok_error *err)
{
	char header[CLI_NPY_HEADER], chunk[1 << 16];
	size_t n;
	format_npy_header(w, header);
	if (!w->spool)
		return cli_output_patch(w->out, 0, header, sizeof header, err);

	enum tok_status status = cli_output_add(w->out, header, sizeof header, err);
	rewind(w->spool);
	while (status == TOK_OK && (n = fread(chunk, 1, sizeof chunk, w->spool)) > 0)
		status = cli_output_add(w->out, chunk, n, err);
	if (status == TOK_OK && ferror(w->spool))
		status =
		    tok_fail(err, TOK_EIO, "cannot read a temporary file: %s", strerror(errno));
	return status;
}

/* ---- documents ------------------------------------------------------------ */

enum tok_status cli_writer_begin(struct cli_writer *w, struct tok_error *err)
{
	if (w->shape->format == CLI_FORMAT_NPY)
		return begin_npy(w, err);
	if (w->shape->format != CLI_FORMAT_MEGATRON)
		return TOK_OK;
	w->index.width = w->shape->width;
	return cli_megatron_begin(&w->index, err);
}

static enum tok_status put(struct cli_writer *w, const void *bytes, size_t count,
			   struct tok_error *err)
{
	if (!w->spool)
		return cli_output_add(w->out, bytes, count, err);
	if (count && fwrite(bytes, 1, count, w->spool) != count)
		return tok_fail(err, TOK_EIO, "cannot write a temporary file: %s", strerror(errno));
	return TOK_OK;
}

static enum tok_status count_document(struct cli_writer *w, uint64_t ids, struct tok_error *err)
{
	w->documents++;
	return w->shape->format == CLI_FORMAT_MEGATRON ? cli_megatron_add(&w->index, ids, err)
						       : TOK_OK;
}

enum tok_status cli_writer_documents(struct cli_writer *w, const struct cli_block *block,
				     size_t from, size_t to, struct tok_error *err)
{
	if (from == to)
		return TOK_OK;
	const size_t begin = from ? block->ends[from - 1].made : 0;
	for (size_t i = from; i < to; i++) {
		const enum tok_status status = count_document(w, block->ends[i].ids, err);
		w->total += block->ends[i].ids;
		if (status != TOK_OK)
			return status;
	}
	const struct tok_span bytes =
	    tok_span_slice(tok_buffer_span(&block->bytes), begin, block->ends[to - 1].made);
	return put(w, bytes.bytes, bytes.count, err);
}

/* What stands before the next `count` ids of the current document. */
static bool join(struct cli_writer *w, uint64_t count)
{
	tok_buffer_clear(&w->joint);
	if (!w->inside && !cli_shape_begin(w->shape, &w->joint))
		return false;
	if (w->in_document && count && !cli_shape_separate(w->shape, &w->joint))
		return false;
	w->inside = true;
	w->in_document += count;
	w->total += count;
	return true;
}

static bool append_list(struct tok_buffer *to, const struct tok_buffer *list)
{
	return list->count == 0 || ((to->count == 0 || tok_buffer_add_byte(to, ',')) &&
				    tok_buffer_add(to, list->bytes, list->count));
}

enum tok_status cli_writer_part(struct cli_writer *w, const struct cli_block *block,
				struct tok_error *err)
{
	if (!join(w, block->part_ids) || !append_list(&w->tokens_json, &block->tokens) ||
	    !append_list(&w->offsets_json, &block->offsets))
		return tok_fail_memory(err);
	const enum tok_status status = put(w, w->joint.bytes, w->joint.count, err);
	if (status != TOK_OK || block->part_ids == 0)
		return status;
	return put(w, block->bytes.bytes + block->part_begin,
		   block->bytes.count - block->part_begin, err);
}

static enum tok_status put_eod(struct cli_writer *w, struct tok_error *err)
{
	static const struct tok_range nowhere = { 0 };
	const struct tok_encoding eod = cli_shape_eod(w->shape, &nowhere);
	struct cli_block block = { 0 };
	const enum tok_status status = cli_block_part(&block, w->shape, &eod, 0)
					   ? cli_writer_part(w, &block, err)
					   : tok_fail_memory(err);
	cli_block_release(&block);
	return status;
}

enum tok_status cli_writer_end(struct cli_writer *w, bool eod, struct tok_error *err)
{
	enum tok_status status = eod ? put_eod(w, err) : TOK_OK;
	if (status == TOK_OK)
		status = count_document(w, w->in_document, err);
	if (status != TOK_OK)
		return status;
	if (!join(w, 0) || !cli_shape_end(w->shape, &w->joint, &w->tokens_json, &w->offsets_json))
		return tok_fail_memory(err);
	tok_buffer_clear(&w->tokens_json);
	tok_buffer_clear(&w->offsets_json);
	w->in_document = 0;
	w->inside = false;
	return put(w, w->joint.bytes, w->joint.count, err);
}

enum tok_status cli_writer_finish(struct cli_writer *w, struct tok_error *err)
{
	if (w->shape->format == CLI_FORMAT_NPY)
		return finish_npy(w, err);
	return w->shape->format == CLI_FORMAT_MEGATRON ? cli_megatron_finish(&w->index, err)
						       : TOK_OK;
}

void cli_writer_release(struct cli_writer *w)
{
	tok_buffer_release(&w->joint);
	tok_buffer_release(&w->tokens_json);
	tok_buffer_release(&w->offsets_json);
	if (w->spool)
		fclose(w->spool);
	w->spool = NULL;
}
