/*
 * image.h - a tokenizer compiled into one file that is used as it lies in memory.
 *
 *	struct tok_tokenizer *t;
 *	status = vocab_image_open("llama-3/tokenizer.json", NULL, cache_folder, &t, &err);
 *
 * An image holds a version, a checksum and the hash of what it was made from; one
 * that is of another version, damaged or stale is never used.  Any number of
 * threads and processes may open and write the same image at once.
 */
#ifndef VOCAB_IMAGE_IMAGE_H
#define VOCAB_IMAGE_IMAGE_H

#include "tok/pipe/tokenizer.h"
#include "vocab/format/read.h"

/* What a file is known by where nobody would forge one: XXH3 of 128 bits of its bytes. */
struct vocab_hash {
	uint64_t low, high;
};
TOK_API struct vocab_hash vocab_hash_file(struct tok_span file);

static inline bool vocab_hash_equal(struct vocab_hash a, struct vocab_hash b)
{
	return a.low == b.low && a.high == b.high;
}

/* Is this an image, in whatever state? */
TOK_API bool vocab_image_is_one(struct tok_span file);

/* Write the compiled image of a tokenizer to `target`, none of its files, which takes it in one
 * step: until then, what was there stays.  TOK_EARG of an image, TOK_EIO where it cannot be
 * written.
 */
TOK_API TOK_MUST_USE enum tok_status vocab_image_compile(const struct vocab_source *source,
							 const struct vocab_read_options *options,
							 const char *target, struct tok_error *err);

/* The same of a specification that came from no file, say one that was learned.  On
 * success takes over what `spec` holds, as tok_tokenizer_new does. */
TOK_API TOK_MUST_USE enum tok_status vocab_image_write(struct tok_spec *spec, const char *target,
						       struct tok_error *err);

/* Use the image `file` as it lies in memory, say compiled into the program: vocab_image_compile
 * or _write of the same build made it, it begins at a multiple of 64, and nobody writes to it as
 * long as the tokenizer lives.  Only its header is looked at. */
TOK_API TOK_MUST_USE enum tok_status
vocab_image_use(struct tok_span file, struct tok_tokenizer **out, struct tok_error *err);

/* The same of a tokenizer. */
TOK_API TOK_MUST_USE enum tok_status vocab_image_save(const struct tok_tokenizer *tokenizer,
						      const char *target, struct tok_error *err);

/* Open the tokenizer at `path`: an image is copied into memory,
 * since others may write to its file; any other file is compiled once
 * into `cache_folder` (made if it is missing; NULL: no cache, compile in memory) and
 * mapped from there.  A file that was the same for three seconds is known again by its
 * device, inode, size and times, without being opened.  Images in the folder are known by hashes
 * that are keyed with a secret of it, so that nobody can make two sources that have one; they have
 * at most 1 GB: those used longest ago are deleted. */
TOK_API TOK_MUST_USE enum tok_status
vocab_image_open(const char *path, const struct vocab_read_options *options,
		 const char *cache_folder, struct tok_tokenizer **out, struct tok_error *err);

enum { VOCAB_KEPT_DIGEST = 32 };

/* A source that is kept somewhere else than in files.  No two sources, or patterns, may have one
 * digest, whoever makes them. */
struct vocab_kept {
	uint8_t digest[VOCAB_KEPT_DIGEST];
	const char *pattern; /* as in struct vocab_read_options */
	/* The source itself, asked for if no image of it is there; what it gives is closed by
	 * `close`. */
	enum tok_status (*open)(void *data, struct vocab_source *out, struct tok_error *err);
	void (*close)(void *data, struct vocab_source *source);
	void *data;
};

/* Where this build keeps the image of it in `folder`; free() it. */
TOK_API TOK_MUST_USE enum tok_status vocab_image_kept_path(const struct vocab_kept *kept,
							   const char *folder, char **out,
							   struct tok_error *err);

/* Open that image.  Where it is missing or damaged, the source is compiled and kept there; a folder
 * that cannot be written is no reason to stop.  Images there have at most 8 GB: those of other
 * builds, then those used longest ago, are deleted. */
TOK_API TOK_MUST_USE enum tok_status vocab_image_open_kept(const struct vocab_kept *kept,
							   const char *folder,
							   struct tok_tokenizer **out,
							   struct tok_error *err);

/* Keep an image of what was compiled already of the source with this digest, in place of any that
 * is there.  Where that cannot be, it is made when it is wanted. */
TOK_API void vocab_image_keep(const struct tok_tokenizer *tokenizer,
			      const uint8_t digest[VOCAB_KEPT_DIGEST], const char *folder);

/* TOK_EFORMAT if there is an image with this digest, and it is not what vocab_image_keep would
 * write. */
TOK_API TOK_MUST_USE enum tok_status vocab_image_check_kept(const struct tok_tokenizer *tokenizer,
							    const uint8_t digest[VOCAB_KEPT_DIGEST],
							    const char *folder,
							    struct tok_error *err);

#endif
