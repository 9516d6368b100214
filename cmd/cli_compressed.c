#include "cmd/cli_compressed.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

struct cli_compressed {
	enum cli_compression kind;
	bool inside;  /* a member or frame has begun and not ended */
	bool padding; /* only zero bytes may come */
	z_stream gzip;
	ZSTD_DStream *zstd;
};

/* Skippable frames carry what is not text; a stream may begin with one. */
static const struct {
	uint8_t bytes[4], mask[4];
	enum cli_compression kind;
} magics[] = {
	{ { 0x1f, 0x8b, 8, 0 }, { 0xff, 0xff, 0xff, 0xe0 }, CLI_GZIP },
	{ { 0x28, 0xb5, 0x2f, 0xfd }, { 0xff, 0xff, 0xff, 0xff }, CLI_ZSTD },
	{ { 0x50, 0x2a, 0x4d, 0x18 }, { 0xf0, 0xff, 0xff, 0xff }, CLI_ZSTD },
};

enum cli_compression cli_compressed_kind(struct tok_span first)
{
	for (size_t m = 0; m < sizeof magics / sizeof magics[0]; m++) {
		size_t same = 0;
		while (same < 4 && same < first.count &&
		       (first.bytes[same] & magics[m].mask[same]) == magics[m].bytes[same])
			same++;
		if (same == 4)
			return magics[m].kind;
		if (same == first.count)
			return CLI_COMPRESSION_UNKNOWN;
	}
	return CLI_PLAIN;
}

enum tok_status cli_compressed_new(enum cli_compression kind, struct cli_compressed **out,
				   struct tok_error *err)
{
	struct cli_compressed *c = calloc(1, sizeof *c);
	if (!c)
		return tok_fail_memory(err);
	c->kind = kind;
	/* 16: a gzip header is expected */
	const bool ready = kind == CLI_GZIP ? inflateInit2(&c->gzip, MAX_WBITS + 16) == Z_OK
					    : (c->zstd = ZSTD_createDStream()) != NULL;
	if (!ready) {
		free(c);
		return tok_fail_memory(err);
	}
	c->inside = true;
	*out = c;
	return TOK_OK;
}

void cli_compressed_free(struct cli_compressed *c)
{
	if (!c)
		return;
	if (c->kind == CLI_GZIP)
		inflateEnd(&c->gzip);
	ZSTD_freeDStream(c->zstd);
	free(c);
}

static unsigned at_most_unsigned(size_t count)
{
	return count < 1u << 30 ? (unsigned)count : 1u << 30;
}

static enum tok_status run_gzip(struct cli_compressed *c, struct tok_span in, size_t *used,
				uint8_t *room, size_t size, size_t *made, struct tok_error *err)
{
	z_stream *z = &c->gzip;
	z->next_in = (z_const Bytef *)(uintptr_t)in.bytes; /* zlib does not write there */
	z->avail_in = at_most_unsigned(in.count);
	z->next_out = room;
	z->avail_out = at_most_unsigned(size);
	const unsigned in_before = z->avail_in, out_before = z->avail_out;
	const int answer = inflate(z, Z_NO_FLUSH);
	*used = in_before - z->avail_in;
	*made = out_before - z->avail_out;
	if (answer == Z_MEM_ERROR)
		return tok_fail_memory(err);
	if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR)
		return tok_fail(err, TOK_EFORMAT, "damaged gzip data: %s",
				z->msg ? z->msg : "a dictionary is wanted");
	if (answer == Z_STREAM_END) {
		c->inside = false;
		inflateReset(z);
	}
	return TOK_OK;
}

static enum tok_status refuse_zstd(size_t answer, struct tok_error *err)
{
	if (ZSTD_getErrorCode(answer) == ZSTD_error_frameParameter_windowTooLarge)
		return tok_fail(err, TOK_EFORMAT,
				"the Zstandard data was made with a window of more than 128 MiB: "
				"expand it with 'zstd -d --long=31'");
	return tok_fail(err, TOK_EFORMAT, "damaged Zstandard data: %s", ZSTD_getErrorName(answer));
}

static enum tok_status run_zstd(struct cli_compressed *c, struct tok_span in, size_t *used,
				uint8_t *room, size_t size, size_t *made, struct tok_error *err)
{
	ZSTD_inBuffer from = { in.bytes, in.count, 0 };
	ZSTD_outBuffer to = { room, size, 0 };
	const size_t answer = ZSTD_decompressStream(c->zstd, &to, &from);
	if (ZSTD_isError(answer))
		return refuse_zstd(answer, err);
	c->inside = answer != 0;
	*used = from.pos;
	*made = to.pos;
	return TOK_OK;
}

/* Between two members: the next begins, or zero bytes fill up a block of tape. */
static enum tok_status begin_member(struct cli_compressed *c, struct tok_span in, size_t *used,
				    struct tok_error *err)
{
	const uint8_t first = c->kind == CLI_GZIP ? 0x1f : in.bytes[0];
	c->padding |= in.bytes[0] == 0;
	if (!c->padding && in.bytes[0] == first) {
		c->inside = true;
		return TOK_OK;
	}
	while (*used < in.count && in.bytes[*used] == 0)
		++*used;
	if (*used == in.count)
		return TOK_OK;
	return tok_fail(err, TOK_EFORMAT, "after the end of the %s data there is something else",
			c->kind == CLI_GZIP ? "gzip" : "Zstandard");
}

enum tok_status cli_compressed_run(struct cli_compressed *c, struct tok_span in, size_t *used,
				   uint8_t *room, size_t size, size_t *made, struct tok_error *err)
{
	*used = *made = 0;
	if (!c->inside && in.count > 0) {
		const enum tok_status status = begin_member(c, in, used, err);
		if (status != TOK_OK)
			return status;
	}
	if (!c->inside)
		return TOK_OK;
	return c->kind == CLI_GZIP ? run_gzip(c, in, used, room, size, made, err)
				   : run_zstd(c, in, used, room, size, made, err);
}

enum tok_status cli_compressed_end(const struct cli_compressed *c, struct tok_error *err)
{
	if (!c->inside)
		return TOK_OK;
	return tok_fail(err, TOK_EFORMAT, "the %s data is cut short",
			c->kind == CLI_GZIP ? "gzip" : "Zstandard");
}
