#include "cmd/cli_writer.h"

#include <errno.h>
#include <inttypes.h>

#include "vocab/format/json_write.h"

enum { U16_LARGEST = 65535, BATCH = 4096 };

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
		     w->width, w->total);
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

/* ---- ids ------------------------------------------------------------------ */

enum tok_status cli_writer_begin(struct cli_writer *w, size_t size, struct tok_error *err)
{
	w->width = w->format == CLI_FORMAT_U16 ? 2 : 4;
	if (w->format == CLI_FORMAT_NPY && size <= U16_LARGEST)
		w->width = 2;
	if (w->format == CLI_FORMAT_U16 && size > U16_LARGEST)
		return tok_fail(err, TOK_EARG,
				"u16 holds vocabularies of up to %d ids and this one has %zu: "
				"use u32",
				U16_LARGEST, size);
	return w->format == CLI_FORMAT_NPY ? begin_npy(w, err) : TOK_OK;
}

static enum tok_status put_bytes(struct cli_writer *w, const void *bytes, size_t count,
				 struct tok_error *err)
{
	if (!w->spool)
		return cli_output_add(w->out, bytes, count, err);
	if (fwrite(bytes, 1, count, w->spool) != count)
		return tok_fail(err, TOK_EIO, "cannot write a temporary file: %s", strerror(errno));
	return TOK_OK;
}

static enum tok_status put_binary(struct cli_writer *w, const tok_id *ids, size_t count,
				  struct tok_error *err)
{
	uint8_t bytes[BATCH * 4];
	enum tok_status status = TOK_OK;
	for (size_t done = 0; done < count && status == TOK_OK;) {
		size_t used = 0;
		for (size_t i = 0; i < BATCH && done < count; i++, done++)
			for (size_t b = 0; b < w->width; b++)
				bytes[used++] = (uint8_t)(ids[done] >> 8 * b);
		status = put_bytes(w, bytes, used, err);
	}
	return status;
}

/* Decimal digits of `n` at the end of `digits`; returns where they begin. */
static char *put_digits(uint64_t n, char digits[20])
{
	char *at = digits + 20;
	do
		*--at = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	return at;
}

static enum tok_status put_text(struct cli_writer *w, const tok_id *ids, size_t count,
				char separator, struct tok_error *err)
{
	char text[BATCH], digits[20];
	size_t used = 0;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		const char *at = put_digits(ids[i], digits);
		const size_t length = (size_t)(digits + sizeof digits - at);
		if (w->in_document + i > 0)
			text[used++] = separator;
		memcpy(text + used, at, length);
		used += length;
		if (used + 1 + sizeof digits > sizeof text) {
			status = cli_output_add(w->out, text, used, err);
			used = 0;
		}
	}
	return status == TOK_OK ? cli_output_add(w->out, text, used, err) : status;
}

/* ---- what jsonl may say besides ------------------------------------------- */

static bool note_tokens(struct cli_writer *w, const struct tok_encoding *e)
{
	bool ok = true;
	for (size_t i = 0; i < e->count && ok; i++)
		ok = (w->tokens_json.count == 0 || tok_buffer_add_byte(&w->tokens_json, ',')) &&
		     vocab_json_put_string(&w->tokens_json, e->tokens[i]);
	return ok;
}

static bool note_offsets(struct cli_writer *w, const struct tok_encoding *e, uint64_t base)
{
	bool ok = true;
	for (size_t i = 0; i < e->count && ok; i++) {
		char pair[48];
		const int n = snprintf(pair, sizeof pair, "%s[%" PRIu64 ",%" PRIu64 "]",
				       w->offsets_json.count ? "," : "", base + e->ranges[i].begin,
				       base + e->ranges[i].end);
		ok = tok_buffer_add(&w->offsets_json, pair, (size_t)n);
	}
	return ok;
}

static enum tok_status add_jsonl(struct cli_writer *w, const struct tok_encoding *e, uint64_t base,
				 struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (w->in_document == 0)
		status = cli_output_add(w->out, "{\"ids\":[", 8, err);
	if (status == TOK_OK)
		status = put_text(w, e->ids, e->count, ',', err);
	if (status == TOK_OK &&
	    ((w->tokens && !note_tokens(w, e)) || (w->offsets && !note_offsets(w, e, base))))
		status = tok_fail_memory(err);
	return status;
}

static enum tok_status put_list(struct cli_writer *w, const char *name, struct tok_buffer *list,
				struct tok_error *err)
{
	char head[32];
	const int n = snprintf(head, sizeof head, ",\"%s\":[", name);
	enum tok_status status = cli_output_add(w->out, head, (size_t)n, err);
	if (status == TOK_OK)
		status = cli_output_add(w->out, list->bytes, list->count, err);
	if (status == TOK_OK)
		status = cli_output_add(w->out, "]", 1, err);
	tok_buffer_clear(list);
	return status;
}

static enum tok_status end_jsonl(struct cli_writer *w, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (w->in_document == 0)
		status = cli_output_add(w->out, "{\"ids\":[", 8, err);
	if (status == TOK_OK)
		status = cli_output_add(w->out, "]", 1, err);
	if (status == TOK_OK && w->tokens)
		status = put_list(w, "tokens", &w->tokens_json, err);
	if (status == TOK_OK && w->offsets)
		status = put_list(w, "offsets", &w->offsets_json, err);
	return status == TOK_OK ? cli_output_add(w->out, "}\n", 2, err) : status;
}

/* ---- documents ------------------------------------------------------------ */

enum tok_status cli_writer_add(struct cli_writer *w, const struct tok_encoding *encoding,
			       uint64_t base, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (encoding->count == 0)
		return TOK_OK;
	switch (w->format) {
	case CLI_FORMAT_TEXT:
		status = put_text(w, encoding->ids, encoding->count, ' ', err);
		break;
	case CLI_FORMAT_JSONL:
		status = add_jsonl(w, encoding, base, err);
		break;
	case CLI_FORMAT_U16:
	case CLI_FORMAT_U32:
	case CLI_FORMAT_NPY:
		status = put_binary(w, encoding->ids, encoding->count, err);
		break;
	}
	w->in_document += encoding->count;
	w->total += encoding->count;
	return status;
}

enum tok_status cli_writer_end(struct cli_writer *w, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	switch (w->format) {
	case CLI_FORMAT_TEXT:
		status = cli_output_add(w->out, "\n", 1, err);
		break;
	case CLI_FORMAT_JSONL:
		status = end_jsonl(w, err);
		break;
	case CLI_FORMAT_U16:
	case CLI_FORMAT_U32:
	case CLI_FORMAT_NPY:
		break;
	}
	w->in_document = 0;
	return status;
}

enum tok_status cli_writer_finish(struct cli_writer *w, struct tok_error *err)
{
	return w->format == CLI_FORMAT_NPY ? finish_npy(w, err) : TOK_OK;
}

void cli_writer_release(struct cli_writer *w)
{
	tok_buffer_release(&w->tokens_json);
	tok_buffer_release(&w->offsets_json);
	if (w->spool)
		fclose(w->spool);
	w->spool = NULL;
}
