#include "cmd/embed_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cli_hex.h"
#include "cmd/cli_interrupt.h"
#include "cmd/cli_put.h"
#include "hypernet/tensor/folder.h"
#include "tok/text/json_write.h"
#include "tok/text/utf8.h"

/* ---- arrays ---------------------------------------------------------------------- */

/* Behind the last array, while the file is FILE.part. */
struct note {
	char magic[8];
	struct embed_key key;
	uint64_t done;
};
static const char magic[8] = { 't', 'o', 'k', 'e', 'm', 'b', 'e', 'd' };

/* Rows between two notes: each makes the disk write what there is. */
enum { NOTE_ROWS = 1 << 15 };

static enum tok_status lay_out(struct embed_writer *w, struct tok_error *err)
{
	struct hyper_write_tensor list[3] = {
		{ HYPER_PREDICTED_INPUT, w->dtype, 2, { w->count, w->width } },
	};
	size_t count = 1;
	if (w->kind == EMBED_NPY)
		return hyper_layout_npy(list, &w->layout, err);
	if (w->has_out)
		list[count++] = (struct hyper_write_tensor){
			HYPER_PREDICTED_OUTPUT, w->dtype, 2, { w->count, w->width }
		};
	if (w->has_bias)
		list[count++] =
		    (struct hyper_write_tensor){ HYPER_PREDICTED_BIAS, w->dtype, 1, { w->count } };
	return hyper_layout_safetensors(list, count, NULL, 0, &w->layout, err);
}

/* How far an earlier run came, if it was this one. */
static enum tok_status read_note(struct embed_writer *w, uint64_t bytes, struct tok_error *err)
{
	struct note note;
	if (bytes != w->layout.size + sizeof note)
		return TOK_OK;
	const enum tok_status status =
	    hyper_file_get(w->file, w->layout.size, &note, sizeof note, err);
	if (status == TOK_OK && memcmp(note.magic, magic, sizeof magic) == 0 &&
	    memcmp(&note.key, &w->key, sizeof note.key) == 0 && note.done <= w->count)
		w->done = w->noted = (size_t)note.done;
	return status;
}

/* What is written so far is safe, then said to be. */
static enum tok_status write_note(struct embed_writer *w, struct tok_error *err)
{
	struct note note = { .key = w->key, .done = w->done };
	memcpy(note.magic, magic, sizeof magic);
	enum tok_status status = hyper_file_sync(w->file, err);
	if (status == TOK_OK)
		status = hyper_file_put(w->file, w->layout.size, &note, sizeof note, err);
	w->noted = w->done;
	return status;
}

static enum tok_status open_array(struct embed_writer *w, const char *path, struct tok_error *err)
{
	uint64_t bytes = 0;
	enum tok_status status = lay_out(w, err);
	if (status == TOK_OK)
		status = w->resume ? hyper_file_resume(path, &w->file, &bytes, err)
				   : hyper_file_create(path, &w->file, err);
	if (status == TOK_OK)
		cli_interrupt_add_file(hyper_file_temporary(w->file));
	if (status == TOK_OK && bytes)
		status = read_note(w, bytes, err);
	if (status == TOK_OK && w->done == 0) {
		/* Nothing stays of another run: its note would be believed by the next. */
		status = hyper_file_resize(w->file, 0, err);
		if (status == TOK_OK)
			status = hyper_file_resize(
			    w->file, w->layout.size + (w->resume ? sizeof(struct note) : 0), err);
		if (status == TOK_OK)
			status = hyper_file_put(w->file, 0, w->layout.header.bytes,
						w->layout.header.count, err);
	}
	return status;
}

static enum tok_status put_numbers(struct embed_writer *w, size_t array, size_t width,
				   const struct hyper_predicted *block, const float *numbers,
				   struct tok_error *err)
{
	const size_t count = block->count * width;
	const size_t bytes = count * hyper_dtype_bytes(w->dtype);
	tok_buffer_clear(&w->room);
	if (!tok_buffer_reserve(&w->room, bytes))
		return tok_fail_memory(err);
	hyper_from_f32(w->dtype, numbers, count, w->room.bytes);
	return hyper_file_put(
	    w->file, w->layout.offsets[array] + w->done * width * hyper_dtype_bytes(w->dtype),
	    w->room.bytes, bytes, err);
}

static enum tok_status put_arrays(struct embed_writer *w, const struct hyper_predicted *block,
				  struct tok_error *err)
{
	size_t array = 0;
	const bool npy = w->kind == EMBED_NPY;
	enum tok_status status = put_numbers(
	    w, array++, w->width, block, npy && w->side == EMBED_OUT ? block->out : block->in, err);
	if (status == TOK_OK && !npy && w->has_out)
		status = put_numbers(w, array++, w->width, block, block->out, err);
	if (status == TOK_OK && !npy && w->has_bias)
		status = put_numbers(w, array, 1, block, block->bias, err);
	if (status == TOK_OK)
		w->done += block->count;
	if (status == TOK_OK && w->resume && w->done - w->noted >= NOTE_ROWS)
		status = write_note(w, err);
	return status;
}

/* ---- lines ----------------------------------------------------------------------- */

/* JSON has no name for NaN and the infinities. */
static bool put_number(struct tok_buffer *out, const char *before, float number)
{
	char digits[32];
	if (!isfinite(number))
		return cli_put_text(out, before) && cli_put_text(out, "null");
	snprintf(digits, sizeof digits, "%.9g", (double)number);
	return cli_put_text(out, before) && cli_put_text(out, digits);
}

static bool put_row(struct tok_buffer *out, const char *name, const float *row, size_t width)
{
	bool ok = cli_put_text(out, ",\"") && cli_put_text(out, name) && cli_put_text(out, "\":[");
	for (size_t i = 0; ok && i < width; i++)
		ok = put_number(out, i ? "," : "", row[i]);
	return ok && cli_put_text(out, "]");
}

bool embed_put_token(struct tok_buffer *out, struct tok_span bytes)
{
	return cli_put_text(out, "\"token\":") && tok_json_put_string(out, bytes) &&
	       (tok_utf8_valid(bytes) || (cli_put_text(out, ",\"bytes\":\"") &&
					  cli_put_hex(out, bytes) && cli_put_text(out, "\"")));
}

static bool put_line(const struct embed_writer *w, struct tok_buffer *out,
		     const struct embed_tokens *tokens, const struct hyper_predicted *block,
		     size_t i)
{
	const size_t at = block->first + i;
	char text[48];
	bool ok = cli_put_text(out, "{") && embed_put_token(out, tokens->bytes[at]);
	if (ok && tokens->ids[at] != TOK_NO_ID) {
		snprintf(text, sizeof text, ",\"id\":%u", (unsigned)tokens->ids[at]);
		ok = cli_put_text(out, text);
	}
	ok = ok && put_row(out, "in", block->in + i * w->width, w->width);
	if (ok && block->out)
		ok = put_row(out, "out", block->out + i * w->width, w->width);
	if (ok && block->bias)
		ok = put_number(out, ",\"bias\":", block->bias[i]);
	return ok && cli_put_text(out, "}\n");
}

static enum tok_status put_lines(struct embed_writer *w, const struct embed_tokens *tokens,
				 const struct hyper_predicted *block, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < block->count && status == TOK_OK; i++) {
		if (tokens->kinds[block->first + i] == EMBED_NONE)
			continue;
		tok_buffer_clear(&w->room);
		if (!put_line(w, &w->room, tokens, block, i))
			return tok_fail_memory(err);
		status = cli_output_add(&w->lines, w->room.bytes, w->room.count, err);
	}
	w->done += block->count;
	return status;
}

/* ---- both ------------------------------------------------------------------------ */

enum tok_status embed_writer_open(struct embed_writer *w, const char *path,
				  const struct embed_key *key, struct tok_error *err)
{
	w->key = *key;
	const enum tok_status status = w->kind == EMBED_JSONL
					   ? cli_output_open(&w->lines, path, err)
					   : open_array(w, path, err);
	if (status != TOK_OK && w->kind != EMBED_JSONL)
		embed_writer_abandon(w);
	return status;
}

enum tok_status embed_writer_put(struct embed_writer *w, const struct embed_tokens *tokens,
				 const struct hyper_predicted *block, struct tok_error *err)
{
	return w->kind == EMBED_JSONL ? put_lines(w, tokens, block, err)
				      : put_arrays(w, block, err);
}

static void release(struct embed_writer *w)
{
	hyper_layout_release(&w->layout);
	tok_buffer_release(&w->room);
}

/* It goes, or stays to be gone on with, and a signal meanwhile leaves no more. */
static void abandon_array(struct embed_writer *w)
{
	cli_interrupt_hold();
	cli_interrupt_drop_file(hyper_file_temporary(w->file));
	hyper_file_abandon(&w->file);
	cli_interrupt_release();
}

static enum tok_status commit_array(struct embed_writer *w, struct tok_error *err)
{
	enum tok_status status = hyper_file_resize(w->file, w->layout.size, err);
	if (status == TOK_OK)
		status = hyper_file_sync(w->file, err);
	if (status != TOK_OK) {
		abandon_array(w);
		return status;
	}
	cli_interrupt_hold(); /* the long part is done */
	cli_interrupt_drop_file(hyper_file_temporary(w->file));
	status = hyper_file_commit(&w->file, err);
	if (status == TOK_OK)
		cli_interrupt_say("tok embed: interrupted: the rows are complete");
	cli_interrupt_release();
	return status;
}

enum tok_status embed_writer_commit(struct embed_writer *w, struct tok_error *err)
{
	const enum tok_status status =
	    w->kind == EMBED_JSONL ? cli_output_commit(&w->lines, err) : commit_array(w, err);
	release(w);
	return status;
}

void embed_writer_abandon(struct embed_writer *w)
{
	if (w->kind == EMBED_JSONL) {
		cli_output_abandon(&w->lines);
	} else if (w->file) {
		/* What is there is for the next run: a note that is lost costs time only. */
		if (w->resume && w->done > w->noted)
			(void)!write_note(w, NULL);
		abandon_array(w);
	}
	release(w);
}
