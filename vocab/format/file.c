#include "vocab/format/file_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT_BYTES ((size_t)UINT32_MAX)
static const char too_large[] = "the file is larger than 4 GiB";

static enum tok_status map_file(int fd, size_t count, struct file_bytes *out, struct tok_error *err)
{
	void *map = mmap(NULL, count, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return tok_fail(err, TOK_EIO, "cannot be read: %s", strerror(errno));
	out->map = map;
	out->span = (struct tok_span){ map, count };
	if (count > FILE_LIMIT_BYTES && !tok_span_starts(out->span, tok_span_of("GGUF")))
		return tok_fail(err, TOK_ELIMIT, too_large);
	return TOK_OK;
}

static enum tok_status read_pipe(int fd, struct file_bytes *out, struct tok_error *err)
{
	enum { CHUNK = 1 << 16 };
	struct tok_buffer *buffer = &out->buffer;
	for (;;) {
		if (!tok_buffer_reserve(buffer, CHUNK))
			return tok_fail_memory(err);
		const ssize_t n = read(fd, buffer->bytes + buffer->count, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tok_fail(err, TOK_EIO, "cannot be read: %s", strerror(errno));
		if (n == 0)
			break;
		buffer->count += (size_t)n;
		if (buffer->count > FILE_LIMIT_BYTES)
			return tok_fail(err, TOK_ELIMIT, too_large);
	}
	out->span = tok_buffer_span(buffer);
	return TOK_OK;
}

static int64_t in_nanoseconds(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct vocab_file_stamp vocab_file_stamp_of(const struct stat *info)
{
	if (!S_ISREG(info->st_mode))
		return (struct vocab_file_stamp){ 0 };
	return (struct vocab_file_stamp){
		.device = (uint64_t)info->st_dev,
		.inode = (uint64_t)info->st_ino,
		.bytes = (uint64_t)info->st_size,
		.written_ns = in_nanoseconds(info->st_mtim),
		.changed_ns = in_nanoseconds(info->st_ctim),
	};
}

enum tok_status vocab_file_open(const char *path, struct file_bytes *out, struct tok_error *err)
{
	struct file_bytes file = { 0 };
	struct stat info;
	enum tok_status status;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return tok_fail(err, TOK_EIO, "cannot be opened: %s", strerror(errno));

	if (fstat(fd, &info) != 0)
		status = tok_fail(err, TOK_EIO, "cannot be read: %s", strerror(errno));
	else if (S_ISREG(info.st_mode) && info.st_size > 0)
		status = map_file(fd, (size_t)info.st_size, &file, err);
	else
		status = read_pipe(fd, &file, err);
	close(fd);
	if (status == TOK_OK)
		file.stamp = vocab_file_stamp_of(&info);
	if (status == TOK_OK && file.span.count == 0)
		status = tok_fail(err, TOK_EFORMAT, "the file is empty");
	if (status == TOK_OK)
		*out = file;
	else
		vocab_file_close(&file);
	return status;
}

struct vocab_file_stamp vocab_file_look(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 ? vocab_file_stamp_of(&info) : (struct vocab_file_stamp){ 0 };
}

void vocab_file_close(struct file_bytes *file)
{
	if (file->map)
		munmap(file->map, file->span.count);
	tok_buffer_release(&file->buffer);
	*file = (struct file_bytes){ 0 };
}
