#include "vocab/lm/ngram_count_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vocab/train/spill.h"

enum { SPOOL_ROOM = 1 << 16, READER_ROOM = 1024 };

enum tok_status ngram_spool_init(struct ngram_spool *spool, const char *folder,
				 struct tok_error *err)
{
	uint8_t *room = malloc(SPOOL_ROOM);
	int fd;
	if (!room)
		return tok_fail_memory(err);
	const enum tok_status status = vocab_spill_open(folder, &fd, err);
	if (status != TOK_OK) {
		free(room);
		return status;
	}
	*spool = (struct ngram_spool){ .fd = fd, .room = room };
	return TOK_OK;
}

enum tok_status ngram_spool_flush(struct ngram_spool *spool, struct tok_error *err)
{
	const uint8_t *bytes = spool->room;
	while (spool->filled) {
		const ssize_t n = write(spool->fd, bytes, spool->filled);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return tok_fail(err, TOK_EIO, "cannot write a temporary file: %s",
					strerror(errno));
		bytes += n;
		spool->filled -= (size_t)n;
	}
	return TOK_OK;
}

enum tok_status ngram_spool_add(struct ngram_spool *spool, const void *bytes, size_t count,
				struct tok_error *err)
{
	if (count > SPOOL_ROOM - spool->filled) {
		const enum tok_status status = ngram_spool_flush(spool, err);
		if (status != TOK_OK)
			return status;
	}
	memcpy(spool->room + spool->filled, bytes, count);
	spool->filled += count;
	spool->bytes += count;
	return TOK_OK;
}

enum tok_status ngram_spool_map(struct ngram_spool *spool, struct tok_span *out,
				struct tok_error *err)
{
	const enum tok_status status = ngram_spool_flush(spool, err);
	if (status != TOK_OK)
		return status;
	*out = (struct tok_span){ 0 };
	if (spool->bytes == 0)
		return TOK_OK;
	void *map = mmap(NULL, (size_t)spool->bytes, PROT_READ, MAP_SHARED, spool->fd, 0);
	if (map == MAP_FAILED)
		return tok_fail(err, TOK_EIO, "cannot map a temporary file: %s", strerror(errno));
	spool->map = map;
	*out = (struct tok_span){ map, (size_t)spool->bytes };
	return TOK_OK;
}

void ngram_spool_release(struct ngram_spool *spool)
{
	if (!spool->room)
		return;
	if (spool->map)
		munmap(spool->map, (size_t)spool->bytes);
	close(spool->fd);
	free(spool->room);
	*spool = (struct ngram_spool){ 0 };
}

/* ---- reading ---------------------------------------------------------------------- */

enum tok_status ngram_reader_init(struct ngram_reader *reader, const struct ngram_spool *spool,
				  uint64_t at, uint64_t end, struct tok_error *err)
{
	struct ngram_counted *room = malloc(READER_ROOM * sizeof *room);
	if (!room)
		return tok_fail_memory(err);
	*reader = (struct ngram_reader){ .fd = spool->fd, .at = at, .end = end, .room = room };
	return TOK_OK;
}

static enum tok_status fill(struct ngram_reader *reader, struct tok_error *err)
{
	uint8_t *bytes = (uint8_t *)reader->room;
	const uint64_t left = reader->end - reader->at;
	const size_t room = READER_ROOM * sizeof *reader->room;
	const size_t wanted = left < room ? (size_t)left : room;
	for (size_t got = 0; got < wanted;) {
		const ssize_t n =
		    pread(reader->fd, bytes + got, wanted - got, (off_t)(reader->at + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return tok_fail(err, TOK_EIO, "cannot read a temporary file: %s",
					n ? strerror(errno) : "it ended early");
		got += (size_t)n;
	}
	reader->at += wanted;
	reader->filled = wanted / sizeof *reader->room;
	reader->next = 0;
	return TOK_OK;
}

enum tok_status ngram_reader_next(struct ngram_reader *reader, struct ngram_counted *out,
				  bool *there, struct tok_error *err)
{
	*there = true;
	if (reader->next == reader->filled) {
		if (reader->at == reader->end) {
			*there = false;
			return TOK_OK;
		}
		const enum tok_status status = fill(reader, err);
		if (status != TOK_OK)
			return status;
	}
	*out = reader->room[reader->next++];
	return TOK_OK;
}

void ngram_reader_release(struct ngram_reader *reader)
{
	free(reader->room);
	*reader = (struct ngram_reader){ 0 };
}
