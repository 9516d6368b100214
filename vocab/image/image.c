#include "vocab/image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "vocab/image/image_internal.h"

#include <image_build.h>

/* ---- what an image is made from ----------------------------------------------------- */

static bool is_same_hash(struct image_hash a, struct image_hash b)
{
	return a.low == b.low && a.high == b.high;
}

/* Everything that decides what the image says. */
static struct image_hash hash_source(const struct vocab_source *source,
				     const struct vocab_read_options *options)
{
	const char *pattern = options ? options->pattern : NULL;
	uint64_t facts[8] = { IMAGE_VERSION, IMAGE_BUILD, source->count,
			      pattern ? XXH3_64bits(pattern, strlen(pattern)) : 0 };
	for (size_t i = 0; i < source->count; i++) {
		const XXH128_hash_t file =
		    XXH3_128bits(source->files[i].bytes, source->files[i].count);
		facts[4 + 2 * i] = file.low64;
		facts[5 + 2 * i] = file.high64;
	}
	const XXH128_hash_t all = XXH3_128bits(facts, sizeof facts);
	return (struct image_hash){ all.low64, all.high64 };
}

static enum tok_status compile(const struct vocab_source *source,
			       const struct vocab_read_options *options, struct tok_tokenizer **out,
			       struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	enum tok_status status = vocab_read_source(source, options, &spec, err);
	if (status != TOK_OK)
		return status;
	status = tok_tokenizer_new(&spec, out, err);
	tok_spec_release(&spec);
	return status == TOK_OK ? status : tok_fail_in(err, status, "%s", source->path);
}

static enum tok_status save(const struct tok_tokenizer *tokenizer, const char *path,
			    struct image_hash source, bool lasting, struct tok_error *err)
{
	struct tok_image_writer writer = { 0 };
	struct tok_span block;
	enum tok_status status;
	tok_tokenizer_save(tokenizer, &writer);
	if (tok_image_finish(&writer, &block)) {
		const struct image_header header = image_header_for(block, source);
		status = image_write(path, &header, block, lasting, err);
	} else {
		status = tok_fail_memory(err);
	}
	tok_image_writer_release(&writer);
	return status;
}

/* Writing an image over what it is made from would lose that. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;
	return a && stat(a, &first) == 0 && stat(b, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

enum tok_status vocab_image_compile(const char *path, const struct vocab_read_options *options,
				    const char *target, struct tok_error *err)
{
	struct vocab_source source;
	struct tok_tokenizer *tokenizer;
	enum tok_status status = vocab_source_open(path, &source, err);
	if (status != TOK_OK)
		return status;
	if (image_is_one(source.files[0]))
		status = tok_fail(err, TOK_EARG, "%s: this is compiled already", source.path);
	else if (is_same_file(source.path, target) || is_same_file(source.other_path, target))
		status =
		    tok_fail(err, TOK_EARG,
			     "'%s' is the tokenizer itself: write the image elsewhere", target);
	else
		status = compile(&source, options, &tokenizer, err);
	if (status == TOK_OK) {
		status = save(tokenizer, target, hash_source(&source, options), true, err);
		tok_tokenizer_free(tokenizer);
	}
	vocab_source_close(&source);
	return status;
}

/* ---- opening ------------------------------------------------------------------------ */

struct mapping {
	void *bytes;
	size_t count;
	bool ours; /* nobody else can have written the file */
};

static void unmap(void *owner)
{
	struct mapping *mapping = owner;
	munmap(mapping->bytes, mapping->count);
	free(mapping);
}

/* Of the cache, where files are only ever replaced as a whole.  NULL where there is
 * no such file, or it cannot be mapped. */
static struct mapping *map_path(const char *path)
{
	struct stat info;
	struct mapping *mapping = malloc(sizeof *mapping);
	/* Without O_NONBLOCK a pipe of that name would be waited for. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *bytes = MAP_FAILED;
	if (mapping && fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
	    info.st_size > 0) {
		mapping->count = (size_t)info.st_size;
		mapping->ours =
		    info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
		/* All of it is looked at: the checksum sees to that. */
		bytes = mmap(NULL, mapping->count, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
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

/* The tokenizer in a mapped image, which it takes; `wanted` NULL: of any source. */
static enum tok_status open_mapping(struct mapping *mapping, const struct image_hash *wanted,
				    struct tok_tokenizer **out, struct tok_error *err)
{
	const struct tok_span file = { mapping->bytes, mapping->count };
	struct tok_span block;
	struct image_hash source;
	enum tok_status status = image_check(file, &block, &source, err);
	if (status == TOK_OK && wanted && !is_same_hash(source, *wanted))
		status = tok_fail(err, TOK_EFORMAT, "the image is of another source");
	if (status == TOK_OK)
		status =
		    tok_tokenizer_open(block, wanted && mapping->ours, unmap, mapping, out, err);
	if (status != TOK_OK)
		unmap(mapping);
	return status;
}

/* An image that somebody named may be written over while it is in use, and need
 * not be a file: it is copied before it is looked at. */
static enum tok_status open_image(const struct vocab_source *source, struct tok_tokenizer **out,
				  struct tok_error *err)
{
	const struct tok_span file = source->files[0];
	struct mapping *mapping = malloc(sizeof *mapping);
	if (!mapping)
		return tok_fail_memory(err);
	*mapping = (struct mapping){ .count = file.count };
	mapping->bytes =
	    mmap(NULL, file.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mapping->bytes == MAP_FAILED) {
		free(mapping);
		return tok_fail_memory(err);
	}
	memcpy(mapping->bytes, file.bytes, file.count);
	const enum tok_status status = open_mapping(mapping, NULL, out, err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "%s", source->path);
}

/* ---- cache -------------------------------------------------------------------------- */

/* "folder/0123...def.tok"; the caller frees it. */
static char *name_cached(const char *folder, struct image_hash hash)
{
	const size_t room = strlen(folder) + 40;
	char *name = malloc(room);
	if (name)
		snprintf(name, room, "%s/%016llx%016llx.tok", folder, (unsigned long long)hash.high,
			 (unsigned long long)hash.low);
	return name;
}

/* A folder with all that lead to it; it may be there already, or be refused. */
static void make_folder(char *path)
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
static void keep(const struct tok_tokenizer *tokenizer, char *name, struct image_hash hash)
{
	struct tok_error ignored = { 0 };
	make_folder(name);
	if (save(tokenizer, name, hash, false, &ignored) != TOK_OK)
		return;
}

static enum tok_status open_cached(const struct vocab_source *source,
				   const struct vocab_read_options *options, const char *folder,
				   struct tok_tokenizer **out, struct tok_error *err)
{
	const struct image_hash hash = hash_source(source, options);
	char *name = name_cached(folder, hash);
	if (!name)
		return tok_fail_memory(err);
	struct tok_error ignored = { 0 };
	struct mapping *mapping = map_path(name);
	enum tok_status status =
	    mapping ? open_mapping(mapping, &hash, out, &ignored) : TOK_EFORMAT;
	if (status != TOK_OK) {
		status = compile(source, options, out, err);
		/* A source written over meanwhile must not be kept for what it was. */
		if (status == TOK_OK && is_same_hash(hash, hash_source(source, options)))
			keep(*out, name, hash);
	}
	free(name);
	return status;
}

enum tok_status vocab_image_open(const char *path, const struct vocab_read_options *options,
				 const char *cache_folder, struct tok_tokenizer **out,
				 struct tok_error *err)
{
	struct vocab_source source;
	enum tok_status status = vocab_source_open(path, &source, err);
	if (status != TOK_OK)
		return status;
	if (image_is_one(source.files[0]) && options && options->pattern)
		status = tok_fail(err, TOK_EARG,
				  "%s: an image has the pattern that it was compiled with: leave "
				  "--pattern out",
				  source.path);
	else if (image_is_one(source.files[0]))
		status = open_image(&source, out, err);
	else if (cache_folder)
		status = open_cached(&source, options, cache_folder, out, err);
	else
		status = compile(&source, options, out, err);
	vocab_source_close(&source);
	return status;
}
