/*
 * image_internal.h - the file around a block of tables, and the folder it is kept in.
 */
#ifndef VOCAB_IMAGE_IMAGE_INTERNAL_H
#define VOCAB_IMAGE_IMAGE_INTERNAL_H

#include <sys/stat.h>

#include "tok/base/image.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/format/read.h"
#include "vocab/image/image.h"

/* Raised whenever tables, or what makes them, change: it is all that images named by
 * -t are told by.  Those in the cache are of one build besides (build_id.cmake). */
enum { IMAGE_VERSION = 4 };

/* The first bytes of the file; the block follows.  Numbers are those of the
 * machine that wrote them, which `order` tells. */
struct image_header {
	uint8_t magic[8];
	uint32_t version, order;
	uint64_t block_bytes;
	uint64_t block_checksum;  /* XXH3, 64 bit */
	struct vocab_hash source; /* which one it was made from */
	uint64_t zeros[9];
	uint64_t header_checksum; /* of all before it */
};

struct image_header image_header_for(struct tok_span block, struct vocab_hash source);

/* The block of an image, of which only the header is looked at.  TOK_EFORMAT says what is
 * wrong with that. */
TOK_MUST_USE enum tok_status image_check_header(struct tok_span file, struct image_header *header,
						struct tok_span *block, struct tok_error *err);

/* Is the block what was written behind that header?  Reads all of it. */
TOK_MUST_USE enum tok_status image_check_block(const struct image_header *header,
					       struct tok_span block, struct tok_error *err);

/* ---- image.c ---- */

struct image_secret;

/* Everything that decides what the image says; `files`: of each file of the source, of the same
 * secret. */
struct vocab_hash image_hash_source(const struct vocab_hash *files, size_t count,
				    const struct vocab_read_options *options,
				    const struct image_secret *secret);

TOK_MUST_USE enum tok_status image_compile(const struct vocab_source *source,
					   const struct vocab_read_options *options,
					   struct tok_tokenizer **out, struct tok_error *err);
/* All of the file that image_save writes, behind each other; the block lies in `writer`, which is
 * to be released in either case. */
TOK_MUST_USE enum tok_status image_parts(const struct tok_tokenizer *tokenizer,
					 struct vocab_hash source, struct tok_image_writer *writer,
					 struct image_header *header, struct tok_span *block,
					 struct tok_error *err);
TOK_MUST_USE enum tok_status image_save(const struct tok_tokenizer *tokenizer, const char *path,
					struct vocab_hash source, bool lasting,
					struct tok_error *err);

struct image_mapping {
	void *bytes;
	size_t count;
	bool ours; /* nobody else can have written the file */
	struct vocab_file_stamp stamp;
	bool stamp_is_past; /* the file's times were set since */
	bool whole;         /* its checksum was right when it had this stamp */
};

void image_unmap(void *mapping);

/* The tokenizer in a mapped image, which it takes; `wanted` NULL: of any source. */
TOK_MUST_USE enum tok_status image_open_mapping(struct image_mapping *mapping,
						const struct vocab_hash *wanted,
						struct tok_tokenizer **out, struct tok_error *err);

/* ---- cache.c ---- */

/* From the image in `folder`, which is made if it is not there. */
TOK_MUST_USE enum tok_status image_open_cached(const struct vocab_source *source,
					       const struct vocab_read_options *options,
					       const char *folder, struct tok_tokenizer **out,
					       struct tok_error *err);

/* The same without opening the source, where that is one file that was seen before and
 * its image is there; false elsewhere. */
TOK_MUST_USE bool image_open_seen(const char *path, const struct vocab_read_options *options,
				  const char *folder, struct tok_tokenizer **out);

/* Is this a file that nobody else can have written? */
bool image_is_ours(const struct stat *info);

/* The folders that lead to a file; they may be there already, or be refused. */
void image_make_folders(char *path);

/* ---- secret.c: what hashes of the cache are keyed with ---- */

enum { IMAGE_SECRET = 192 };

struct image_secret {
	uint8_t bytes[IMAGE_SECRET];
	uint64_t mark; /* tells it from others; never 0 */
};

/* XXH3, 128 bit; NULL: of its own secret, as everybody has it. */
struct vocab_hash image_hash(struct tok_span bytes, const struct image_secret *secret);

/* The secret of this user in `folder`: false where there is none, or it is damaged, or others can
 * read it. */
TOK_MUST_USE bool image_secret_load(struct image_secret *out, const char *folder);

/* The same, made anew where there is none: false where that cannot be. */
TOK_MUST_USE bool image_secret_make(struct image_secret *out, const char *folder);

/* ---- prune.c ---- */

/* Delete images of `folder` until they have at most `limit_bytes`: first those of other
 * builds, then those used longest ago; the one called `kept` stays.  Also what killed
 * writers left.  Files of any other name are nobody's business here. */
void image_prune(const char *folder, const char *kept, uint64_t limit_bytes);

/* ---- seen.c: sources that were hashed, and images that were looked through, before ---- */

enum { IMAGE_SEEN = 256 };

struct image_seen {
	struct {
		struct vocab_file_stamp stamp;
		struct vocab_hash hash; /* of an image: of its source */
	} files[IMAGE_SEEN];            /* the newest first */
	uint64_t count;
	uint64_t mark; /* of the secret that the hashes are of; 0: of none */
};

/* What is kept in `folder`: nothing where that is damaged, may be another's or is of another
 * secret. */
void image_seen_load(struct image_seen *seen, const char *folder, uint64_t mark);
bool image_seen_find(const struct image_seen *seen, const struct vocab_file_stamp *stamp,
		     struct vocab_hash *out);

/* May what is read now be remembered under this stamp?  Not while a change might not
 * show in it. */
bool image_seen_is_settled(const struct vocab_file_stamp *stamp, int64_t now_ns);

/* Remember it, if it can be; the oldest is forgotten. */
void image_seen_keep(const char *folder, uint64_t mark, const struct vocab_file_stamp *stamp,
		     struct vocab_hash hash);

#endif
