/*
 * cli_compressed.h - gzip (RFC 1952) and Zstandard (RFC 8878) streams, undone piece
 * by piece.
 *
 *	struct cli_compressed *c;
 *	status = cli_compressed_new(cli_compressed_kind(first_bytes), &c, &err);
 *	while (...)
 *		status = cli_compressed_run(c, in, &used, room, size, &made, &err);
 *	status = cli_compressed_end(c, &err);   // no more bytes will come
 *	cli_compressed_free(c);
 *
 * Members and frames may follow each other; zero bytes after the last are padding.
 * Messages do not name the file.
 */
#ifndef CMD_CLI_COMPRESSED_H
#define CMD_CLI_COMPRESSED_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum cli_compression {
	CLI_PLAIN,
	CLI_GZIP,
	CLI_ZSTD,
	CLI_COMPRESSION_UNKNOWN /* so few bytes may yet become any of them */
};

/* What the first bytes of a file say; four always say it. */
enum cli_compression cli_compressed_kind(struct tok_span first_bytes);

struct cli_compressed;

TOK_MUST_USE enum tok_status cli_compressed_new(enum cli_compression kind,
						struct cli_compressed **out, struct tok_error *err);
void cli_compressed_free(struct cli_compressed *compressed);

/* Turn bytes of `in` into at most `size` bytes at `room`: *used and *made say how
 * many.  Both may be 0 only where more input is needed. */
TOK_MUST_USE enum tok_status cli_compressed_run(struct cli_compressed *compressed,
						struct tok_span in, size_t *used, uint8_t *room,
						size_t size, size_t *made, struct tok_error *err);

/* Fails if the stream was cut short. */
TOK_MUST_USE enum tok_status cli_compressed_end(const struct cli_compressed *compressed,
						struct tok_error *err);

#endif
