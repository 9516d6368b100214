/*
 * words_sample.c - some of the text of all operands, from many places: what lies at the
 * beginning of a collection may be of another kind than the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/words_internal.h"

enum { STRETCHES = 32 };
#define STRETCH_BYTES (WORDS_SAMPLE_BYTES / STRETCHES)

struct sampler {
	const struct cli_words_job *job;
	uint8_t *bytes; /* of a stretch */
	int to;
};

static bool is_compressed(const uint8_t *bytes, ssize_t count)
{
	static const uint8_t gzip[] = { 0x1F, 0x8B }, zstd[] = { 0x28, 0xB5, 0x2F, 0xFD };
	return (count >= 2 && memcmp(bytes, gzip, sizeof gzip) == 0) ||
	       (count >= 4 && memcmp(bytes, zstd, sizeof zstd) == 0);
}

/* What lies between the first and the last separator of a stretch; none: all of it where a text
 * may be cut anywhere. */
static struct tok_span trim(const struct cli_split *split, struct tok_span stretch, bool is_first)
{
	const int separator = split->null ? '\0' : '\n';
	const uint8_t *first = memchr(stretch.bytes, separator, stretch.count);
	const uint8_t *last = memrchr(stretch.bytes, separator, stretch.count);
	if (!first)
		return cli_split_is_whole(split) ? stretch : (struct tok_span){ NULL, 0 };
	const size_t begin = is_first ? 0 : (size_t)(first - stretch.bytes) + 1;
	return tok_span_slice(stretch, begin, (size_t)(last - stretch.bytes) + 1);
}

/* A stretch of one file to the sample; false: it is none that a sample can be taken of. */
static bool take(const struct sampler *s, const struct cli_file *file, uint64_t at)
{
	const int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	uint8_t head[4];
	bool well = s->job->raw || !is_compressed(head, pread(fd, head, sizeof head, 0));
	const ssize_t count = well ? pread(fd, s->bytes, STRETCH_BYTES, (off_t)at) : -1;
	if (count > 0) {
		const struct tok_span stretch = { s->bytes, (size_t)count };
		const struct tok_span kept = trim(s->job->split, stretch, at == 0);
		well =
		    kept.count > 0 && write(s->to, kept.bytes, kept.count) == (ssize_t)kept.count;
	}
	close(fd);
	return well && count > 0;
}

/* Places are spread evenly over all bytes; every second one comes first, so that half of the
 * sample is of all text, too. */
static bool take_all(const struct sampler *s)
{
	const struct cli_files *files = s->job->files;
	for (size_t i = 0; i < STRETCHES; i++) {
		const size_t turn = i < STRETCHES / 2 ? 2 * i : 2 * (i - STRETCHES / 2) + 1;
		uint64_t at = files->size / STRETCHES * turn;
		size_t file = 0;
		while (file + 1 < files->count && at >= files->items[file].size)
			at -= files->items[file++].size;
		if (!take(s, &files->items[file], at))
			return false;
	}
	return true;
}

int words_sample(const struct cli_words_job *job)
{
	if (job->files->size <= WORDS_SAMPLE_BYTES)
		return -1;
	struct sampler s = { .job = job,
			     .bytes = malloc(STRETCH_BYTES),
			     .to = memfd_create("sample", MFD_CLOEXEC) };
	const bool well = s.bytes && s.to >= 0 && take_all(&s);
	free(s.bytes);
	if (!well && s.to >= 0)
		close(s.to);
	return well ? s.to : -1;
}
