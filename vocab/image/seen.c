/*
 * Sources that were hashed, and images that were looked through, before.  Hashing is what an image
 * is found by; reading all of a large file for it takes longer than all else that a tool does
 * before its first id. So the hash is remembered under what the file system says of the file:
 * device, inode, size and both times, to the nanosecond.  Nobody can set ctime, so who changes the
 * bytes changes that, but for one case: the clock of a file system moves in steps, and what is
 * written twice within one has the same times.  Hence, as in Git's index, nothing is remembered of
 * a file that was changed so recently that its next change could fall into the same step.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "tok/base/replace.h"
#include "vocab/image/image_internal.h"

static const uint8_t magic[8] = { 0x89, 'T', 'O', 'K', 's', 'e', 'e', '2' };

struct seen_file {
	uint8_t magic[8];
	struct image_seen seen;
	uint64_t checksum; /* XXH3, 64 bit, of all before it */
};

/* FAT writes times in steps of two seconds, others in some of a hundredth or less. */
#define STEP_NS INT64_C(3000000000)

bool image_seen_is_settled(const struct vocab_file_stamp *stamp, int64_t now_ns)
{
	return stamp->inode != 0 && stamp->written_ns < now_ns - STEP_NS &&
	       stamp->changed_ns < now_ns - STEP_NS;
}

/* "folder/sources"; the caller frees it. */
static char *name_seen(const char *folder)
{
	const size_t room = strlen(folder) + sizeof "/sources";
	char *name = malloc(room);
	if (name)
		snprintf(name, room, "%s/sources", folder);
	return name;
}

static uint64_t hash_seen(const struct seen_file *file)
{
	return XXH3_64bits(file, offsetof(struct seen_file, checksum));
}

static bool read_seen(int fd, struct seen_file *out)
{
	struct stat info;
	return fstat(fd, &info) == 0 && image_is_ours(&info) &&
	       read(fd, out, sizeof *out) == (ssize_t)sizeof *out &&
	       memcmp(out->magic, magic, sizeof magic) == 0 && out->checksum == hash_seen(out) &&
	       out->seen.count <= IMAGE_SEEN;
}

void image_seen_load(struct image_seen *seen, const char *folder, uint64_t mark)
{
	struct seen_file file;
	char *name = name_seen(folder);
	const int fd = name ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	seen->count = 0;
	seen->mark = mark;
	if (fd >= 0 && read_seen(fd, &file) && file.seen.mark == mark)
		*seen = file.seen;
	if (fd >= 0)
		close(fd);
	free(name);
}

static bool is_same_stamp(const struct vocab_file_stamp *a, const struct vocab_file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
	       a->written_ns == b->written_ns && a->changed_ns == b->changed_ns;
}

bool image_seen_find(const struct image_seen *seen, const struct vocab_file_stamp *stamp,
		     struct vocab_hash *out)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (!is_same_stamp(&seen->files[i].stamp, stamp))
			continue;
		*out = seen->files[i].hash;
		return true;
	}
	return false;
}

/* In front of the others, in place of what the same file was, or of the oldest. */
static void put_first(struct image_seen *seen, const struct vocab_file_stamp *stamp,
		      struct vocab_hash hash)
{
	size_t at = 0;
	while (at < seen->count && (seen->files[at].stamp.device != stamp->device ||
				    seen->files[at].stamp.inode != stamp->inode))
		at++;
	if (at == IMAGE_SEEN)
		at--;
	else if (at == seen->count)
		seen->count++;
	memmove(seen->files + 1, seen->files, at * sizeof seen->files[0]);
	seen->files[0].stamp = *stamp;
	seen->files[0].hash = hash;
}

void image_seen_keep(const char *folder, uint64_t mark, const struct vocab_file_stamp *stamp,
		     struct vocab_hash hash)
{
	struct seen_file file = { 0 };
	struct tok_error ignored;
	char *name = name_seen(folder);
	if (!name)
		return;
	/* Others may have added theirs.  What two add at once one of them loses, and adds
	 * the next time. */
	image_seen_load(&file.seen, folder, mark);
	memcpy(file.magic, magic, sizeof magic);
	put_first(&file.seen, stamp, hash);
	file.checksum = hash_seen(&file);
	const struct tok_span head = { (const uint8_t *)&file, sizeof file };
	/* Where that fails, it is hashed again. */
	(void)!tok_file_replace(name, &head, 1, false, &ignored);
	free(name);
}
