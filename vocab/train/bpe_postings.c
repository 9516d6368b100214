#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vocab/train/bpe_internal.h"
#include "vocab/train/spill.h"

#define FILE_BUFFER ((size_t)1 << 20)

enum tok_status bpe_postings_init(struct bpe_postings *postings, const char *folder,
				  struct tok_error *err)
{
	*postings = (struct bpe_postings){ .file = -1 };
	if (!folder)
		return TOK_OK;
	return vocab_spill_open(folder, &postings->file, err);
}

void bpe_postings_release(struct bpe_postings *postings)
{
	if (postings->file >= 0)
		close(postings->file);
	tok_buffer_release(&postings->bytes);
	tok_buffer_release(&postings->read);
	*postings = (struct bpe_postings){ .file = -1 };
}

void bpe_postings_clear(struct bpe_postings *postings)
{
	tok_buffer_clear(&postings->bytes);
	postings->filed = 0;
}

static enum tok_status flush(struct bpe_postings *postings, struct tok_error *err)
{
	for (size_t done = 0; done < postings->bytes.count;) {
		const ssize_t wrote =
		    pwrite(postings->file, postings->bytes.bytes + done,
			   postings->bytes.count - done, (off_t)(postings->filed + done));
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return tok_fail(err, TOK_EIO, "cannot write a temporary file: %s",
					strerror(wrote < 0 ? errno : ENOSPC));
		done += (size_t)wrote;
	}
	postings->filed += postings->bytes.count;
	tok_buffer_clear(&postings->bytes);
	return TOK_OK;
}

enum tok_status bpe_postings_settle(struct bpe_postings *postings, struct tok_error *err)
{
	if (postings->file >= 0 && postings->bytes.count >= FILE_BUFFER)
		return flush(postings, err);
	return TOK_OK;
}

uint8_t *bpe_postings_room(struct bpe_postings *postings, size_t bytes)
{
	if (!tok_buffer_reserve(&postings->bytes, bytes))
		return NULL;
	uint8_t *room = postings->bytes.bytes + postings->bytes.count;
	postings->bytes.count += bytes;
	return room;
}

enum tok_status bpe_postings_put(struct bpe_postings *postings, const uint32_t *words, size_t count,
				 struct tok_error *err)
{
	if (!tok_buffer_reserve(&postings->bytes, count * 5))
		return tok_fail_memory(err);
	uint8_t *to = postings->bytes.bytes + postings->bytes.count;
	uint32_t last = UINT32_MAX; /* so that the first difference is its number + 1 */
	for (size_t i = 0; i < count; i++) {
		if (words[i] == last)
			continue;
		to = bpe_varint_put(to, words[i] - last);
		last = words[i];
	}
	postings->bytes.count = (size_t)(to - postings->bytes.bytes);
	return bpe_postings_settle(postings, err);
}

enum tok_status bpe_postings_get(struct bpe_postings *postings, uint64_t begin, uint64_t bytes,
				 struct tok_span *out, struct tok_error *err)
{
	if (begin >= postings->filed) {
		*out =
		    (struct tok_span){ postings->bytes.bytes + (begin - postings->filed), bytes };
		return TOK_OK;
	}
	tok_buffer_clear(&postings->read);
	if (!tok_buffer_reserve(&postings->read, bytes))
		return tok_fail_memory(err);
	while (postings->read.count < bytes) {
		const ssize_t got =
		    pread(postings->file, postings->read.bytes + postings->read.count,
			  bytes - postings->read.count, (off_t)(begin + postings->read.count));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return tok_fail(err, TOK_EIO, "cannot read a temporary file: %s",
					strerror(got < 0 ? errno : EIO));
		postings->read.count += (size_t)got;
	}
	*out = tok_buffer_span(&postings->read);
	return TOK_OK;
}
