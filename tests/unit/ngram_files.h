/* ngram_files.h - models in files that vanish, from documents in memory. */
#ifndef TESTS_UNIT_NGRAM_FILES_H
#define TESTS_UNIT_NGRAM_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tok/base/buffer.h"
#include "vocab/lm/ngram.h"

struct documents {
	const tok_id *ids;
	const size_t *lengths;
	size_t count, next;
};

static inline enum tok_status next_document(void *context, const tok_id **ids, size_t *count,
					    struct tok_error *err)
{
	struct documents *d = context;
	(void)err;
	*ids = NULL;
	if (d->next == d->count)
		return TOK_OK;
	*count = d->lengths[d->next++];
	*ids = d->ids;
	d->ids += *count;
	return TOK_OK;
}

/* A name in a folder of its own; forget_file removes both. */
static inline void make_name(char path[64])
{
	strcpy(path, "/tmp/ngram-XXXXXX");
	if (!mkdtemp(path))
		abort();
	strcat(path, "/m.tlm");
}

static inline void forget_file(char *path)
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

static inline struct tok_buffer file_bytes(const char *path)
{
	struct tok_buffer bytes = { 0 };
	struct stat info;
	FILE *file = fopen(path, "rb");
	if (!file || fstat(fileno(file), &info) != 0 ||
	    !tok_buffer_reserve(&bytes, (size_t)info.st_size + 1))
		abort();
	bytes.count = fread(bytes.bytes, 1, (size_t)info.st_size, file);
	fclose(file);
	return bytes;
}

static inline void put_file(const char *path, struct tok_span bytes)
{
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(bytes.bytes, 1, bytes.count, file) != bytes.count || fclose(file) != 0)
		abort();
}

#endif
