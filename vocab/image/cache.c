/*
 * The folder of images.  A name tells the build that made the image and what it was
 * made from; that is found by hashing the source, or by its having been hashed before.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vocab/image/image_internal.h"

#include <image_build.h>

#define CACHE_LIMIT_BYTES (UINT64_C(1) << 30)
#define KEPT_LIMIT_BYTES  (UINT64_C(8) << 30)

enum { HOUR = 3600, NO_SECRET = 0 };

/* ---- the image -------------------------------------------------------------------- */

bool image_is_ours(const struct stat *info)
{
	return S_ISREG(info->st_mode) && info->st_uid == geteuid() &&
	       (info->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Pruning goes by when an image was last used.  Not noted each time: starting up is
 * no time for writing.  True if its stamp is another now. */
static bool note_use(int fd, const struct stat *info)
{
	return time(NULL) - info->st_mtim.tv_sec > HOUR && futimens(fd, NULL) == 0;
}

/* Files of the cache are only ever replaced as a whole.  NULL where there is no such
 * file, or it cannot be mapped. */
static struct image_mapping *map_path(const char *path)
{
	struct stat info;
	struct image_mapping *mapping = malloc(sizeof *mapping);
	/* Without O_NONBLOCK a pipe of that name would be waited for. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *bytes = MAP_FAILED;
	if (mapping && fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
	    info.st_size > 0) {
		mapping->count = (size_t)info.st_size;
		mapping->ours = image_is_ours(&info);
		mapping->stamp = vocab_file_stamp_of(&info);
		mapping->whole = false;
		bytes = mmap(NULL, mapping->count, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
		mapping->stamp_is_past = note_use(fd, &info);
	}
	if (fd >= 0)
		close(fd);
	if (bytes == MAP_FAILED) {
		free(mapping);
		return NULL;
	}
	mapping->bytes = bytes;
	return mapping;
}

/* "folder/BUILD-0123...def.tok"; the caller frees it. */
static char *name_cached(const char *folder, struct vocab_hash hash)
{
	const size_t room = strlen(folder) + 64;
	char *name = malloc(room);
	if (name)
		snprintf(name, room, "%s/%016llx-%016llx%016llx.tok", folder,
			 (unsigned long long)IMAGE_BUILD, (unsigned long long)hash.high,
			 (unsigned long long)hash.low);
	return name;
}

void image_make_folders(char *path)
{
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
}

/* A cache that cannot be written is no reason to stop: what is asked for is the
 * tokenizer.  Nor is a disk that has not got the image yet: a damaged one is told
 * by its checksum and made anew. */
static bool keep(const struct tok_tokenizer *tokenizer, const char *folder, char *name,
		 struct vocab_hash hash, uint64_t limit_bytes)
{
	struct tok_error ignored = { 0 };
	image_make_folders(name);
	if (image_save(tokenizer, name, hash, false, &ignored) != TOK_OK)
		return false;
	image_prune(folder, strrchr(name, '/') + 1, limit_bytes);
	return true;
}

static int64_t now_ns(void)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return INT64_MIN;
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* An image whose checksum was right need not be looked through again as long as its stamp stays:
 * it is our own file.  A disk must not have the stamp before it has the bytes, should the power
 * fail. */
static void remember_whole(const char *folder, uint64_t mark, const char *name,
			   const struct vocab_file_stamp *stamp, struct vocab_hash hash)
{
	const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	if (fdatasync(fd) == 0)
		image_seen_keep(folder, mark, stamp, hash);
	close(fd);
}

/* Nor need one that was made just now: who writes an image replaces it as a whole, so that a
 * change within one step of the clock, which the stamp would not show, is none of ours. */
static void remember_made(const char *folder, const char *name, struct vocab_hash hash)
{
	struct stat info;
	if (stat(name, &info) != 0 || !image_is_ours(&info))
		return;
	const struct vocab_file_stamp stamp = vocab_file_stamp_of(&info);
	remember_whole(folder, NO_SECRET, name, &stamp, hash);
}

/* NULL where there is none that can be used. */
static struct tok_tokenizer *open_named(const char *folder, const char *name,
					struct vocab_hash hash, const struct image_seen *seen)
{
	struct tok_error ignored = { 0 };
	struct tok_tokenizer *made = NULL;
	struct vocab_hash known;
	struct image_mapping *mapping = map_path(name);
	if (!mapping)
		return NULL;
	const struct vocab_file_stamp stamp = mapping->stamp;
	const bool ours = mapping->ours, keeps = ours && !mapping->stamp_is_past;
	const bool whole =
	    ours && image_seen_find(seen, &stamp, &known) && vocab_hash_equal(known, hash);
	mapping->whole = whole;
	if (image_open_mapping(mapping, &hash, &made, &ignored) != TOK_OK)
		return NULL;
	if (keeps && !whole && image_seen_is_settled(&stamp, now_ns()))
		remember_whole(folder, seen->mark, name, &stamp, hash);
	return made;
}

/* ---- its source ------------------------------------------------------------------- */

struct hashes {
	struct vocab_hash files[2];
	bool may_keep[2]; /* hashed just now, and may be remembered */
};

static void find_hashes(const struct vocab_source *source, const struct image_secret *secret,
			const struct image_seen *seen, struct hashes *out)
{
	/* Before anything is read: who writes from here on leaves a later time. */
	const int64_t now = now_ns();
	for (size_t i = 0; i < source->count; i++) {
		const struct vocab_file_stamp *stamp = &source->stamps[i];
		out->may_keep[i] = false;
		if (image_seen_find(seen, stamp, &out->files[i]))
			continue;
		/* All of it is read, at least twice if there is no image. */
		(void)madvise((void *)(uintptr_t)source->files[i].bytes, source->files[i].count,
			      MADV_POPULATE_READ);
		out->files[i] = image_hash(source->files[i], secret);
		out->may_keep[i] = image_seen_is_settled(stamp, now);
	}
}

/* Anew, whatever it is remembered as: a source written over meanwhile must not be kept
 * for what it was. */
static bool is_still(const struct vocab_source *source, const struct vocab_read_options *options,
		     const struct image_secret *secret, struct vocab_hash hash)
{
	struct vocab_hash files[2];
	for (size_t i = 0; i < source->count; i++)
		files[i] = image_hash(source->files[i], secret);
	return vocab_hash_equal(hash, image_hash_source(files, source->count, options, secret));
}

enum tok_status image_open_cached(const struct vocab_source *source,
				  const struct vocab_read_options *options, const char *folder,
				  struct tok_tokenizer **out, struct tok_error *err)
{
	struct hashes hashes;
	struct image_seen seen;
	struct image_secret secret;
	enum tok_status status = TOK_OK;
	if (!image_secret_make(&secret, folder))
		return image_compile(source, options, out, err);
	image_seen_load(&seen, folder, secret.mark);
	find_hashes(source, &secret, &seen, &hashes);
	const struct vocab_hash hash =
	    image_hash_source(hashes.files, source->count, options, &secret);
	char *name = name_cached(folder, hash);
	if (!name)
		return tok_fail_memory(err);
	struct tok_tokenizer *made = open_named(folder, name, hash, &seen);
	if (!made) {
		status = image_compile(source, options, &made, err);
		if (status == TOK_OK && is_still(source, options, &secret, hash))
			keep(made, folder, name, hash, CACHE_LIMIT_BYTES);
	}
	free(name);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < source->count; i++)
		if (hashes.may_keep[i])
			image_seen_keep(folder, secret.mark, &source->stamps[i], hashes.files[i]);
	*out = made;
	return TOK_OK;
}

/* ---- without it --------------------------------------------------------------------- */

/* One of two files is found too, but no image is made of it alone. */
static bool find_seen(const char *path, const char *folder, uint64_t mark, struct image_seen *seen,
		      struct vocab_hash *hash)
{
	struct vocab_file_stamp stamp;
	struct tok_error ignored;
	char *file;
	if (vocab_source_find(path, &file, &stamp, &ignored) != TOK_OK)
		return false;
	free(file);
	image_seen_load(seen, folder, mark);
	return image_seen_find(seen, &stamp, hash);
}

bool image_open_seen(const char *path, const struct vocab_read_options *options, const char *folder,
		     struct tok_tokenizer **out)
{
	struct vocab_hash file;
	struct image_seen seen;
	struct image_secret secret;
	if (!image_secret_load(&secret, folder) ||
	    !find_seen(path, folder, secret.mark, &seen, &file))
		return false;
	const struct vocab_hash hash = image_hash_source(&file, 1, options, &secret);
	char *name = name_cached(folder, hash);
	struct tok_tokenizer *made = name ? open_named(folder, name, hash, &seen) : NULL;
	free(name);
	if (made)
		*out = made;
	return made != NULL;
}

/* ---- sources that are kept elsewhere -------------------------------------------------- */

/* In the header, which tells an image that was put there under a wrong name. */
static struct vocab_hash hash_kept(const uint8_t *digest)
{
	struct vocab_hash hash;
	memcpy(&hash, digest, sizeof hash);
	return hash;
}

/* "folder/BUILD-0123...def.tok", with all of the digest; the caller frees it. */
static char *name_kept(const char *folder, const uint8_t *digest)
{
	const size_t room = strlen(folder) + 2 * VOCAB_KEPT_DIGEST + 32;
	char *name = malloc(room);
	if (!name)
		return NULL;
	char *at =
	    name + snprintf(name, room, "%s/%016llx-", folder, (unsigned long long)IMAGE_BUILD);
	for (size_t i = 0; i < VOCAB_KEPT_DIGEST; i++)
		at += sprintf(at, "%02x", digest[i]);
	strcpy(at, ".tok");
	return name;
}

enum tok_status vocab_image_kept_path(const struct vocab_kept *kept, const char *folder, char **out,
				      struct tok_error *err)
{
	*out = name_kept(folder, kept->digest);
	return *out ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status compile_kept(const struct vocab_kept *kept, struct tok_tokenizer **out,
				    struct tok_error *err)
{
	const struct vocab_read_options options = { .pattern = kept->pattern };
	struct vocab_source source;
	enum tok_status status = kept->open(kept->data, &source, err);
	if (status != TOK_OK)
		return status;
	status = image_compile(&source, &options, out, err);
	kept->close(kept->data, &source);
	return status;
}

/* Who keeps a vocabulary waits for the disk once; each opening would have to. */
static void keep_kept(const struct tok_tokenizer *tokenizer, const char *folder, char *name,
		      struct vocab_hash hash)
{
	if (keep(tokenizer, folder, name, hash, KEPT_LIMIT_BYTES))
		remember_made(folder, name, hash);
}

enum tok_status vocab_image_open_kept(const struct vocab_kept *kept, const char *folder,
				      struct tok_tokenizer **out, struct tok_error *err)
{
	const struct vocab_hash hash = hash_kept(kept->digest);
	struct image_seen seen;
	char *name = name_kept(folder, kept->digest);
	if (!name)
		return tok_fail_memory(err);
	image_seen_load(&seen, folder, NO_SECRET);
	enum tok_status status = TOK_OK;
	struct tok_tokenizer *made = open_named(folder, name, hash, &seen);
	if (!made) {
		status = compile_kept(kept, &made, err);
		if (status == TOK_OK)
			keep_kept(made, folder, name, hash);
	}
	free(name);
	if (status == TOK_OK)
		*out = made;
	return status;
}

void vocab_image_keep(const struct tok_tokenizer *tokenizer,
		      const uint8_t digest[VOCAB_KEPT_DIGEST], const char *folder)
{
	char *name = name_kept(folder, digest);
	if (name)
		keep_kept(tokenizer, folder, name, hash_kept(digest));
	free(name);
}

enum tok_status vocab_image_check_kept(const struct tok_tokenizer *tokenizer,
				       const uint8_t digest[VOCAB_KEPT_DIGEST], const char *folder,
				       struct tok_error *err)
{
	struct tok_image_writer writer;
	struct image_header header;
	struct tok_span block;
	char *name = name_kept(folder, digest);
	if (!name)
		return tok_fail_memory(err);
	struct image_mapping *there = map_path(name);
	enum tok_status status =
	    image_parts(tokenizer, hash_kept(digest), &writer, &header, &block, err);
	if (status == TOK_OK && there &&
	    (there->count != sizeof header + block.count ||
	     memcmp(there->bytes, &header, sizeof header) != 0 ||
	     memcmp((const uint8_t *)there->bytes + sizeof header, block.bytes, block.count) != 0))
		status = tok_fail(err, TOK_EFORMAT,
				  "its image is not what its source makes: delete '%s', it is made "
				  "again",
				  name);
	tok_image_writer_release(&writer);
	if (there)
		image_unmap(there);
	free(name);
	return status;
}
