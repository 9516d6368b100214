#include "cmd/cli_ids.h"

#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli_json.h"

enum { PART_IDS = 1 << 16 };

static const struct cli_split by_lines = { .lines = true, .limit_bytes = TOK_DOCUMENT_MAX };
static const struct cli_cut nowhere = { 0 };

enum tok_status cli_ids_open(struct cli_ids *out, const char *path, enum cli_format format,
			     struct tok_error *err)
{
	*out = (struct cli_ids){ .format = format,
				 .width = format == CLI_FORMAT_U16 ? 2 : 4,
				 .promised = UINT64_MAX };
	/* Ids may be any bytes: what looks compressed is not. */
	enum tok_status status =
	    cli_documents_open(&out->lines, path, CLI_INPUT_RAW, &by_lines, &nowhere, err);
	if (status != TOK_OK)
		return status;
	if (!tok_grow(&out->ids, &out->capacity, PART_IDS, sizeof *out->ids))
		status = tok_fail_memory(err);
	if (status == TOK_OK && format == CLI_FORMAT_NPY)
		status = cli_ids_npy_header(out, err);
	if (status != TOK_OK)
		cli_ids_close(out);
	return status;
}

void cli_ids_close(struct cli_ids *ids)
{
	cli_documents_close(&ids->lines);
	cli_documents_release(&ids->lines);
	tok_json_release(&ids->json);
	free(ids->ids);
}

/* ---- text ----------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static enum tok_status refuse_word(const struct cli_ids *r, struct tok_span rest, size_t bad,
				   struct tok_error *err)
{
	size_t begin = bad, end = bad;
	while (begin > 0 && !is_blank(rest.bytes[begin - 1]) && rest.bytes[begin - 1] != '\n')
		begin--;
	while (end < rest.count && !is_blank(rest.bytes[end]) && rest.bytes[end] != '\n')
		end++;
	if (end - begin > 40)
		end = begin + 40;
	char word[41] = { 0 };
	for (size_t i = begin; i < end; i++)
		word[i - begin] =
		    (char)(rest.bytes[i] < ' ' || rest.bytes[i] > '~' ? '?' : rest.bytes[i]);
	return tok_fail(err, TOK_EFORMAT,
			"'%s': line %" PRIu64 ": '%s' is not an id: a whole number below %u is",
			r->lines.input.name, r->number + 1, word, TOK_NO_ID);
}

static void finish_number(struct cli_ids *r)
{
	if (r->has_digits)
		r->ids[r->count++] = (tok_id)r->value;
	r->has_digits = false;
	r->value = 0;
}

static uint64_t load_8_bytes(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof word);
	return le64toh(word);
}

/* The value of eight digits, the first in the lowest byte: neighbours are joined to
 * numbers of two digits, four and eight. */
static uint32_t join_digits(uint64_t digits)
{
	const uint64_t every_fourth = UINT64_C(0x000000FF000000FF);
	const uint64_t pairs = digits * 10 + (digits >> 8);
	const uint64_t upper = (pairs & every_fourth) * (100 + (UINT64_C(1000000) << 32));
	const uint64_t lower = (pairs >> 16 & every_fourth) * (1 + (UINT64_C(10000) << 32));
	return (uint32_t)((upper + lower) >> 32);
}

/* Numbers of up to seven digits with one space behind each, as encode writes them.
 * Returns the bytes. */
static size_t scan_plain(struct cli_ids *r, struct tok_span rest)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	size_t at = 0;
	while (rest.count - at > 8 && r->count < PART_IDS - 1) {
		const uint64_t word = load_8_bytes(rest.bytes + at);
		const uint64_t digits = word ^ each * '0';
		/* The lowest high bit set is that of the first byte that is no digit. */
		const uint64_t others = ((digits + each * 0x76) | digits) & each * 0x80;
		const unsigned bits = others ? (unsigned)__builtin_ctzll(others) - 7 : 0;
		if (bits == 0 || (word >> bits & 0xFF) != ' ')
			break;
		r->ids[r->count++] = join_digits(digits << (64 - bits));
		at += bits / 8 + 1;
	}
	r->begun |= at > 0;
	return at;
}

/* Read numbers from the window until it is used up, a line ends (*ended) or the
 * part is full. */
static enum tok_status scan_text(struct cli_ids *r, bool *ended, struct tok_error *err)
{
	const struct tok_span rest = cli_input_rest(&r->lines.input);
	size_t at = 0;
	while (at < rest.count && !*ended && r->count < PART_IDS - 1) {
		if (!r->has_digits)
			at += scan_plain(r, tok_span_slice(rest, at, rest.count));
		const uint8_t c = rest.bytes[at];
		if (c >= '0' && c <= '9') {
			r->value = r->value * 10 + (uint64_t)(c - '0');
			r->has_digits = true;
		}
		if ((!is_blank(c) && c != '\n' && (c < '0' || c > '9')) || r->value >= TOK_NO_ID)
			return refuse_word(r, rest, at, err);
		if (is_blank(c) || c == '\n')
			finish_number(r);
		r->begun = true;
		*ended = c == '\n';
		at++;
	}
	cli_input_drop(&r->lines.input, at);
	return TOK_OK;
}

static enum tok_status next_text(struct cli_ids *r, bool *last, struct tok_error *err)
{
	while (!*last && r->count < PART_IDS - 1) {
		enum tok_status status = TOK_OK;
		if (cli_input_rest(&r->lines.input).count == 0)
			status = cli_input_fill(&r->lines.input, 0, err);
		if (status == TOK_OK && r->lines.input.woken)
			return TOK_OK;
		if (status == TOK_OK)
			status = scan_text(r, last, err);
		if (status != TOK_OK)
			return status;
		if (r->lines.input.ended) {
			finish_number(r);
			*last = true;
		}
	}
	return TOK_OK;
}

/* ---- binary --------------------------------------------------------------- */

static enum tok_status take_id(struct cli_ids *r, const uint8_t *bytes, struct tok_error *err)
{
	uint64_t id = 0;
	for (size_t b = 0; b < r->width; b++)
		id |= (uint64_t)bytes[b] << 8 * b;
	if (id >= TOK_NO_ID || (r->is_signed && id >> (8 * r->width - 1)))
		return tok_fail(err, TOK_EFORMAT, "'%s': the number 0x%" PRIx64 " is not an id",
				r->lines.input.name, id);
	r->ids[r->count++] = (tok_id)id;
	return TOK_OK;
}

/* Ids of the usual widths, if there is room for `count` and all of them are ids;
 * else none is taken. */
static bool take_ids(struct cli_ids *r, const uint8_t *bytes, size_t count)
{
	const uint32_t limit = r->is_signed ? UINT32_C(1) << (8 * r->width - 1) : TOK_NO_ID;
	tok_id *ids = r->ids + r->count;
	uint32_t largest = 0;
	if (r->width == 2) {
		for (size_t i = 0; i < count; i++)
			ids[i] = bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8;
	} else {
		for (size_t i = 0; i < count; i++)
			ids[i] = bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 |
				 (uint32_t)bytes[4 * i + 2] << 16 |
				 (uint32_t)bytes[4 * i + 3] << 24;
	}
	for (size_t i = 0; i < count; i++)
		largest = ids[i] > largest ? ids[i] : largest;
	if (largest >= limit)
		return false;
	r->count += count;
	return true;
}

/* As many ids as are there, wanted and still promised; *used: their bytes. */
static enum tok_status take_window(struct cli_ids *r, struct tok_span rest, size_t *used,
				   struct tok_error *err)
{
	size_t count = rest.count / r->width;
	if (count > PART_IDS - r->count)
		count = PART_IDS - r->count;
	if (count > r->promised)
		count = (size_t)r->promised;
	*used = count * r->width;
	if (r->promised != UINT64_MAX)
		r->promised -= count;
	if ((r->width == 2 || r->width == 4) && take_ids(r, rest.bytes, count))
		return TOK_OK;
	for (size_t i = 0; i < count; i++) {
		const enum tok_status status = take_id(r, rest.bytes + i * r->width, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

static enum tok_status next_binary(struct cli_ids *r, bool *last, struct tok_error *err)
{
	struct cli_input *in = &r->lines.input;
	while (cli_input_rest(in).count < PART_IDS * r->width && !in->ended) {
		const enum tok_status filled = cli_input_fill(in, PART_IDS * r->width, err);
		if (filled != TOK_OK || in->woken)
			return filled;
	}
	struct tok_span rest = cli_input_rest(in);
	size_t used;
	const enum tok_status status = take_window(r, rest, &used, err);
	if (status != TOK_OK)
		return status;
	cli_input_drop(in, used);
	r->begun |= r->count > 0 || r->format == CLI_FORMAT_NPY;

	rest = cli_input_rest(in);
	*last = in->ended && rest.count < r->width;
	if (r->promised == 0 && rest.count > 0)
		return tok_fail(err, TOK_EFORMAT, "'%s': there are more bytes than the header says",
				in->name);
	if (*last && r->promised != UINT64_MAX && r->promised > 0)
		return tok_fail(err, TOK_EFORMAT,
				"'%s': the file ends %" PRIu64 " ids before the header says",
				in->name, r->promised);
	if (*last && rest.count > 0)
		return tok_fail(err, TOK_EFORMAT, "'%s': the file ends inside an id of %zu bytes",
				in->name, r->width);
	return TOK_OK;
}

/* ---- jsonl ---------------------------------------------------------------- */

/* *none: there is no line left. */
static enum tok_status next_line(struct cli_ids *r, struct tok_span *line, bool *none,
				 struct tok_error *err)
{
	struct cli_part part = { 0 };
	if (r->several.count == 0) {
		const enum tok_status status = cli_documents_next(&r->lines, &part, err);
		if (status != TOK_OK)
			return status;
		if (part.several)
			r->several = part.text;
	}
	*none = r->several.count == 0 && !part.text.bytes;
	*line = r->several.count ? cli_split_next(&by_lines, &r->several) : part.text;
	return TOK_OK;
}

static enum tok_status next_jsonl(struct cli_ids *r, struct cli_id_part *out, struct tok_error *err)
{
	struct tok_span line;
	*out = (struct cli_id_part){ .last = true, .number = r->number + 1 };
	enum tok_status status = next_line(r, &line, &out->none, err);
	if (status != TOK_OK && status != TOK_ELIMIT)
		return status;
	if (status == TOK_OK && out->none) {
		out->none = out->last = !r->lines.input.woken;
		return TOK_OK;
	}
	if (status == TOK_OK)
		status = cli_json_ids(&r->json, line, &r->ids, &r->capacity, &out->count, err);
	out->ids = r->ids;
	r->number++;
	if (status == TOK_OK)
		return status;
	return tok_fail_in(err, status, "'%s': line %" PRIu64, r->lines.input.name, r->number);
}

enum tok_status cli_ids_next(struct cli_ids *r, struct cli_id_part *out, struct tok_error *err)
{
	if (r->format == CLI_FORMAT_JSONL)
		return next_jsonl(r, out, err);

	const bool text = r->format == CLI_FORMAT_TEXT;
	bool last = false;
	r->count = 0;
	if (r->lines.input.ended && !r->begun) {
		*out = (struct cli_id_part){ .none = true };
		return TOK_OK;
	}
	const enum tok_status status = text ? next_text(r, &last, err) : next_binary(r, &last, err);
	if (status != TOK_OK)
		return status;
	*out = (struct cli_id_part){
		.ids = r->ids,
		.count = r->count,
		.last = last,
		.none = last && !r->begun,
		.number = r->number + 1,
	};
	r->number += last;
	r->begun = r->begun && !last;
	return TOK_OK;
}

bool cli_ids_ready(const struct cli_ids *r)
{
	const struct tok_span rest = cli_input_rest(&r->lines.input);
	if (!r->lines.input.waits)
		return true;
	switch (r->format) {
	case CLI_FORMAT_TEXT:
		return rest.count > 0 && memchr(rest.bytes, '\n', rest.count) != NULL;
	case CLI_FORMAT_JSONL:
		return r->several.count > 0;
	case CLI_FORMAT_U16:
	case CLI_FORMAT_U32:
	case CLI_FORMAT_NPY:
	case CLI_FORMAT_MEGATRON:
		break;
	}
	return false;
}
