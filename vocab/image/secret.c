/*
 * What the cache's hashes are keyed with.  XXH3 is quick, and no guard against people: of its own
 * key two files with one hash are made in a moment.  Of random bytes that only this user's folder
 * has nobody can make them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "vocab/image/image_internal.h"

_Static_assert(IMAGE_SECRET >= XXH3_SECRET_SIZE_MIN, "XXH3 takes it");

static const uint8_t magic[8] = { 0x89, 'T', 'O', 'K', 'k', 'e', 'y', '1' };

struct secret_file {
	uint8_t magic[8];
	uint8_t secret[IMAGE_SECRET];
	uint64_t checksum; /* XXH3, 64 bit, of all before it */
};

static uint64_t hash_file(const struct secret_file *file)
{
	return XXH3_64bits(file, offsetof(struct secret_file, checksum));
}

struct vocab_hash image_hash(struct tok_span bytes, const struct image_secret *secret)
{
	const XXH128_hash_t hash =
	    secret ? XXH3_128bits_withSecret(bytes.bytes, bytes.count, secret->bytes, IMAGE_SECRET)
		   : XXH3_128bits(bytes.bytes, bytes.count);
	return (struct vocab_hash){ hash.low64, hash.high64 };
}

static bool read_secret(const char *name, struct image_secret *out)
{
	struct secret_file file;
	struct stat info;
	const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	const bool good =
	    fstat(fd, &info) == 0 && image_is_ours(&info) &&
	    (info.st_mode & (S_IRGRP | S_IROTH)) == 0 && info.st_size == (off_t)sizeof file &&
	    read(fd, &file, sizeof file) == (ssize_t)sizeof file &&
	    memcmp(file.magic, magic, sizeof magic) == 0 && file.checksum == hash_file(&file);
	close(fd);
	if (!good)
		return false;
	memcpy(out->bytes, file.secret, IMAGE_SECRET);
	out->mark = XXH3_64bits(file.secret, IMAGE_SECRET) | 1;
	return true;
}

/* "folder/secret-USER", since several users may have one folder; the caller frees it. */
static char *name_secret(const char *folder, const char *before, const char *after)
{
	const size_t room = strlen(folder) + strlen(before) + strlen(after) + 32;
	char *name = malloc(room);
	if (name)
		snprintf(name, room, "%s/%ssecret-%lu%s", folder, before, (unsigned long)geteuid(),
			 after);
	return name;
}

bool image_secret_load(struct image_secret *out, const char *folder)
{
	char *name = name_secret(folder, "", "");
	const bool good = name && read_secret(name, out);
	free(name);
	return good;
}

/* Of several that come at once the first one's stays: what is there must be bad to go. */
static void take_place(const char *made, const char *name)
{
	struct image_secret there;
	if (link(made, name) == 0 || (errno == EEXIST && read_secret(name, &there)))
		return;
	(void)!rename(made, name); /* damaged, or there are no links here */
}

static void write_secret(const char *name, char *beside)
{
	struct secret_file file = { 0 };
	memcpy(file.magic, magic, sizeof magic);
	if (getrandom(file.secret, sizeof file.secret, 0) != (ssize_t)sizeof file.secret)
		return;
	file.checksum = hash_file(&file);
	const int fd = mkstemps(beside, 4); /* for this user only */
	if (fd < 0)
		return;
	if (write(fd, &file, sizeof file) == (ssize_t)sizeof file)
		take_place(beside, name);
	close(fd);
	unlink(beside);
}

bool image_secret_make(struct image_secret *out, const char *folder)
{
	if (image_secret_load(out, folder))
		return true;
	char *name = name_secret(folder, "", ""), *beside = name_secret(folder, ".", ".XXXXXX.tmp");
	bool good = false;
	if (name && beside) {
		image_make_folders(name);
		write_secret(name, beside);
		good = read_secret(name, out);
	}
	free(name);
	free(beside);
	return good;
}
