#include "cmd/cli_block.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cli_digits.h"
#include "cmd/cli_put.h"
#include "tok/text/json_write.h"

/* More than this is for one long document, and not kept. */
enum { LARGE_MEMORY = 1 << 25 };

void cli_block_clear(struct cli_block *block)
{
	tok_buffer_clear(&block->bytes);
	if (block->bytes.capacity > LARGE_MEMORY)
		tok_buffer_release(&block->bytes);
	tok_buffer_clear(&block->tokens);
	tok_buffer_clear(&block->offsets);
	block->count = 0;
	block->ids = block->part_ids = 0;
	block->has_part = false;
}

void cli_block_release(struct cli_block *block)
{
	tok_buffer_release(&block->bytes);
	tok_buffer_release(&block->tokens);
	tok_buffer_release(&block->offsets);
	free(block->ends);
	*block = (struct cli_block){ 0 };
}

/* ---- ids ------------------------------------------------------------------ */

/* `count` is not 0, here and below. */
static bool put_decimal(struct tok_buffer *to, const tok_id *ids, size_t count, char separator)
{
	if (count > SIZE_MAX / (CLI_DIGITS_MAX + 1) ||
	    !tok_buffer_reserve(to, count * (CLI_DIGITS_MAX + 1)))
		return false;
	char *const begin = (char *)to->bytes + to->count;
	char *at = begin;
	for (size_t i = 0; i < count; i++) {
		at = cli_put_digits(at, ids[i]);
		*at++ = separator;
	}
	to->count += (size_t)(at - begin) - 1; /* none behind the last */
	return true;
}

static bool put_narrow(struct tok_buffer *to, const tok_id *ids, size_t count)
{
	if (!tok_buffer_reserve(to, count * 2))
		return false;
	uint8_t *at = to->bytes + to->count;
	for (size_t i = 0; i < count; i++) {
		at[2 * i] = (uint8_t)ids[i];
		at[2 * i + 1] = (uint8_t)(ids[i] >> 8);
	}
	to->count += count * 2;
	return true;
}

/* Compilers make one copy of this where the machine's order is the file's. */
static bool put_wide(struct tok_buffer *to, const tok_id *ids, size_t count)
{
	if (!tok_buffer_reserve(to, count * 4))
		return false;
	uint8_t *at = to->bytes + to->count;
	for (size_t i = 0; i < count; i++) {
		at[4 * i] = (uint8_t)ids[i];
		at[4 * i + 1] = (uint8_t)(ids[i] >> 8);
		at[4 * i + 2] = (uint8_t)(ids[i] >> 16);
		at[4 * i + 3] = (uint8_t)(ids[i] >> 24);
	}
	to->count += count * 4;
	return true;
}

static bool put_ids(const struct cli_shape *shape, struct tok_buffer *to, const tok_id *ids,
		    size_t count)
{
	if (count == 0)
		return true;
	switch (shape->format) {
	case CLI_FORMAT_TEXT:
		return put_decimal(to, ids, count, ' ');
	case CLI_FORMAT_JSONL:
		return put_decimal(to, ids, count, ',');
	case CLI_FORMAT_U16:
	case CLI_FORMAT_U32:
	case CLI_FORMAT_NPY:
	case CLI_FORMAT_MEGATRON:
		break;
	}
	return shape->width == 2 ? put_narrow(to, ids, count) : put_wide(to, ids, count);
}

/* ---- what jsonl may say besides ------------------------------------------- */

static bool put_tokens(struct tok_buffer *to, const struct tok_encoding *e)
{
	bool ok = true;
	for (size_t i = 0; i < e->count && ok; i++)
		ok = (to->count == 0 || tok_buffer_add_byte(to, ',')) &&
		     tok_json_put_string(to, e->tokens[i]);
	return ok;
}

static bool put_offsets(struct tok_buffer *to, const struct tok_encoding *e, uint64_t base)
{
	bool ok = true;
	for (size_t i = 0; i < e->count && ok; i++) {
		char pair[48];
		const int n =
		    snprintf(pair, sizeof pair, "%s[%" PRIu64 ",%" PRIu64 "]", to->count ? "," : "",
			     base + e->ranges[i].begin, base + e->ranges[i].end);
		ok = tok_buffer_add(to, pair, (size_t)n);
	}
	return ok;
}

static bool put_lists(struct cli_block *block, const struct cli_shape *shape,
		      const struct tok_encoding *e, uint64_t base)
{
	return (!shape->tokens || put_tokens(&block->tokens, e)) &&
	       (!shape->offsets || put_offsets(&block->offsets, e, base));
}

/* ---- around the ids ------------------------------------------------------- */

bool cli_shape_begin(const struct cli_shape *shape, struct tok_buffer *to)
{
	return shape->format != CLI_FORMAT_JSONL || cli_put_text(to, "{\"ids\":[");
}

bool cli_shape_separate(const struct cli_shape *shape, struct tok_buffer *to)
{
	if (shape->format == CLI_FORMAT_TEXT)
		return tok_buffer_add_byte(to, ' ');
	return shape->format != CLI_FORMAT_JSONL || tok_buffer_add_byte(to, ',');
}

static bool put_list(struct tok_buffer *to, const char *head, const struct tok_buffer *list)
{
	return cli_put_text(to, head) && tok_buffer_add(to, list->bytes, list->count) &&
	       tok_buffer_add_byte(to, ']');
}

bool cli_shape_end(const struct cli_shape *shape, struct tok_buffer *to,
		   const struct tok_buffer *tokens, const struct tok_buffer *offsets)
{
	if (shape->format == CLI_FORMAT_TEXT)
		return tok_buffer_add_byte(to, '\n');
	if (shape->format != CLI_FORMAT_JSONL)
		return true;
	return tok_buffer_add_byte(to, ']') &&
	       (!shape->tokens || put_list(to, ",\"tokens\":[", tokens)) &&
	       (!shape->offsets || put_list(to, ",\"offsets\":[", offsets)) &&
	       tok_buffer_add(to, "}\n", 2);
}

struct tok_encoding cli_shape_eod(const struct cli_shape *shape, const struct tok_range *range)
{
	return (struct tok_encoding){
		.ids = &shape->eod,
		.ranges = range,
		.tokens = &shape->eod_text,
		.count = 1,
	};
}

/* ---- blocks --------------------------------------------------------------- */

bool cli_block_document(struct cli_block *block, const struct cli_shape *shape,
			const struct tok_encoding *encoding)
{
	static const struct tok_range nowhere = { 0 };
	const struct tok_encoding eod = cli_shape_eod(shape, &nowhere);
	const bool ends = cli_shape_has_eod(shape);
	struct tok_buffer *to = &block->bytes;
	tok_buffer_clear(&block->tokens);
	tok_buffer_clear(&block->offsets);
	if (!tok_grow(&block->ends, &block->capacity, block->count + 1, sizeof *block->ends) ||
	    !cli_shape_begin(shape, to) || !put_ids(shape, to, encoding->ids, encoding->count) ||
	    !put_lists(block, shape, encoding, 0))
		return false;
	if (ends && ((encoding->count && !cli_shape_separate(shape, to)) ||
		     !put_ids(shape, to, eod.ids, 1) || !put_lists(block, shape, &eod, 0)))
		return false;
	if (!cli_shape_end(shape, to, &block->tokens, &block->offsets))
		return false;
	const size_t ids = encoding->count + ends;
	block->ends[block->count++] = (struct cli_block_end){ .ids = ids, .made = to->count };
	block->ids += ids;
	return true;
}

bool cli_block_part(struct cli_block *block, const struct cli_shape *shape,
		    const struct tok_encoding *encoding, uint64_t base)
{
	const size_t begin = block->bytes.count;
	tok_buffer_clear(&block->tokens);
	tok_buffer_clear(&block->offsets);
	if (!put_ids(shape, &block->bytes, encoding->ids, encoding->count) ||
	    !put_lists(block, shape, encoding, base))
		return false;
	block->has_part = true;
	block->part_begin = begin;
	block->part_ids = encoding->count;
	return true;
}
