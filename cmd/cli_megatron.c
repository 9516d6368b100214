#include "cmd/cli_megatron.h"

#include <inttypes.h>

enum { HEADER_SIZE = 34, CODE_INT32 = 4, CODE_UINT16 = 8, BATCH = 4096 };

static void store(uint8_t *at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void format_header(const struct cli_megatron *m, uint8_t header[HEADER_SIZE])
{
	memcpy(header, "MMIDIDX\0\0", 9);
	store(header + 9, 1, 8);
	header[17] = m->width == 2 ? CODE_UINT16 : CODE_INT32;
	store(header + 18, m->documents, 8);
	store(header + 26, m->documents + 1, 8);
}

enum tok_status cli_megatron_begin(struct cli_megatron *m, struct tok_error *err)
{
	uint8_t header[HEADER_SIZE];
	format_header(m, header);
	return cli_output_add(m->out, header, sizeof header, err);
}

enum tok_status cli_megatron_add(struct cli_megatron *m, uint64_t ids, struct tok_error *err)
{
	uint8_t bytes[4];
	if (ids > INT32_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"'%s': a document of %" PRIu64
				" ids is longer than this format can say (%d)",
				m->out->name, ids, INT32_MAX);
	m->documents++;
	store(bytes, ids, sizeof bytes);
	return cli_output_add(m->out, bytes, sizeof bytes, err);
}

/* Where each sequence begins, from the lengths that were written before. */
static enum tok_status add_pointers(struct cli_megatron *m, struct tok_error *err)
{
	uint8_t lengths[BATCH * 4], pointers[BATCH * 8];
	uint64_t pointer = 0;
	for (uint64_t done = 0; done < m->documents;) {
		const uint64_t left = m->documents - done;
		const size_t count = left < BATCH ? (size_t)left : BATCH;
		enum tok_status status =
		    cli_output_read(m->out, HEADER_SIZE + done * 4, lengths, count * 4, err);
		for (size_t i = 0; i < count; i++) {
			const uint8_t *b = lengths + 4 * i;
			const uint32_t ids = (uint32_t)b[0] | (uint32_t)b[1] << 8 |
					     (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
			store(pointers + 8 * i, pointer, 8);
			pointer += (uint64_t)ids * m->width;
		}
		if (status == TOK_OK)
			status = cli_output_add(m->out, pointers, count * 8, err);
		if (status != TOK_OK)
			return status;
		done += count;
	}
	return TOK_OK;
}

static enum tok_status add_documents(struct cli_megatron *m, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (uint64_t i = 0; i <= m->documents && status == TOK_OK; i++) {
		uint8_t bytes[8];
		store(bytes, i, sizeof bytes);
		status = cli_output_add(m->out, bytes, sizeof bytes, err);
	}
	return status;
}

enum tok_status cli_megatron_finish(struct cli_megatron *m, struct tok_error *err)
{
	uint8_t header[HEADER_SIZE];
	enum tok_status status = add_pointers(m, err);
	if (status == TOK_OK)
		status = add_documents(m, err);
	format_header(m, header);
	return status == TOK_OK ? cli_output_patch(m->out, 0, header, sizeof header, err) : status;
}
