#include "vocab/image/image.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tok/base/replace.h"
#include "vocab/image/image_internal.h"

#include <image_build.h>

/* ---- what an image is made from ----------------------------------------------------- */

struct vocab_hash vocab_hash_file(struct tok_span file)
{
	return image_hash(file, NULL);
}

struct vocab_hash image_hash_source(const struct vocab_hash *files, size_t count,
				    const struct vocab_read_options *options,
				    const struct image_secret *secret)
{
	const char *pattern = options ? options->pattern : NULL;
	struct vocab_hash text = { 0 };
	if (pattern)
		text = image_hash(tok_span_of(pattern), secret);
	uint64_t facts[9] = { IMAGE_VERSION, IMAGE_BUILD, count, text.low, text.high };
	for (size_t i = 0; i < count; i++) {
		facts[5 + 2 * i] = files[i].low;
		facts[6 + 2 * i] = files[i].high;
	}
	return image_hash((struct tok_span){ (const uint8_t *)facts, sizeof facts }, secret);
}

enum tok_status image_compile(const struct vocab_source *source,
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

enum tok_status image_parts(const struct tok_tokenizer *tokenizer, struct vocab_hash source,
			    struct tok_image_writer *writer, struct image_header *header,
			    struct tok_span *block, struct tok_error *err)
{
	*writer = (struct tok_image_writer){ 0 };
	tok_tokenizer_save(tokenizer, writer);
	if (!tok_image_finish(writer, block))
		return tok_fail_memory(err);
	*header = image_header_for(*block, source);
	return TOK_OK;
}

enum tok_status image_save(const struct tok_tokenizer *tokenizer, const char *path,
			   struct vocab_hash source, bool lasting, struct tok_error *err)
{
	struct tok_image_writer writer;
	struct image_header header;
	struct tok_span parts[2] = { { (const uint8_t *)&header, sizeof header } };
	enum tok_status status = image_parts(tokenizer, source, &writer, &header, &parts[1], err);
	if (status == TOK_OK)
		status = tok_file_replace(path, parts, 2, lasting, err);
	tok_image_writer_release(&writer);
	return status;
}

enum tok_status vocab_image_compile(const struct vocab_source *source,
				    const struct vocab_read_options *options, const char *target,
				    struct tok_error *err)
{
	struct tok_tokenizer *tokenizer;
	struct vocab_hash files[2];
	if (vocab_image_is_one(source->files[0]))
		return tok_fail(err, TOK_EARG, "%s: this is compiled already", source->path);
	enum tok_status status = image_compile(source, options, &tokenizer, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < source->count; i++)
		files[i] = vocab_hash_file(source->files[i]);
	status = image_save(tokenizer, target,
			    image_hash_source(files, source->count, options, NULL), true, err);
	tok_tokenizer_free(tokenizer);
	return status;
}

enum tok_status vocab_image_save(const struct tok_tokenizer *tokenizer, const char *target,
				 struct tok_error *err)
{
	return image_save(tokenizer, target, (struct vocab_hash){ 0 }, true, err);
}

enum tok_status vocab_image_write(struct tok_spec *spec, const char *target, struct tok_error *err)
{
	struct tok_tokenizer *tokenizer;
	enum tok_status status = tok_tokenizer_new(spec, &tokenizer, err);
	if (status != TOK_OK)
		return status;
	status = vocab_image_save(tokenizer, target, err);
	tok_tokenizer_free(tokenizer);
	return status;
}

/* ---- opening ------------------------------------------------------------------------ */

void image_unmap(void *owner)
{
	struct image_mapping *mapping = owner;
	munmap(mapping->bytes, mapping->count);
	free(mapping);
}

enum tok_status image_open_mapping(struct image_mapping *mapping, const struct vocab_hash *wanted,
				   struct tok_tokenizer **out, struct tok_error *err)
{
	const struct tok_span file = { mapping->bytes, mapping->count };
	struct tok_span block;
	struct image_header header;
	enum tok_status status = image_check_header(file, &header, &block, err);
	if (status == TOK_OK && !mapping->whole)
		status = image_check_block(&header, block, err);
	if (status == TOK_OK && wanted && !vocab_hash_equal(header.source, *wanted))
		status = tok_fail(err, TOK_EFORMAT, "the image is of another source");
	if (status == TOK_OK)
		status = tok_tokenizer_open(block, wanted && mapping->ours, image_unmap, mapping,
					    out, err);
	if (status != TOK_OK)
		image_unmap(mapping);
	return status;
}

/* An image that somebody named may be written over while it is in use, and need
 * not be a file: it is copied before it is looked at. */
static enum tok_status open_image(const struct vocab_source *source, struct tok_tokenizer **out,
				  struct tok_error *err)
{
	const struct tok_span file = source->files[0];
	struct image_mapping *mapping = malloc(sizeof *mapping);
	if (!mapping)
		return tok_fail_memory(err);
	*mapping = (struct image_mapping){ .count = file.count };
	mapping->bytes =
	    mmap(NULL, file.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mapping->bytes == MAP_FAILED) {
		free(mapping);
		return tok_fail_memory(err);
	}
	memcpy(mapping->bytes, file.bytes, file.count);
	const enum tok_status status = image_open_mapping(mapping, NULL, out, err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "%s", source->path);
}

enum tok_status vocab_image_use(struct tok_span file, struct tok_tokenizer **out,
				struct tok_error *err)
{
	struct image_header header;
	struct tok_span block;
	const enum tok_status status = image_check_header(file, &header, &block, err);
	return status == TOK_OK ? tok_tokenizer_open(block, true, NULL, NULL, out, err) : status;
}

enum tok_status vocab_image_open(const char *path, const struct vocab_read_options *options,
				 const char *cache_folder, struct tok_tokenizer **out,
				 struct tok_error *err)
{
	struct vocab_source source;
	if (cache_folder && image_open_seen(path, options, cache_folder, out))
		return TOK_OK;
	enum tok_status status = vocab_source_open(path, &source, err);
	if (status != TOK_OK)
		return status;
	if (vocab_image_is_one(source.files[0]) && options && options->pattern)
		status = tok_fail(err, TOK_EARG,
				  "%s: an image has the pattern that it was compiled with: leave "
				  "--pattern out",
				  source.path);
	else if (vocab_image_is_one(source.files[0]))
		status = open_image(&source, out, err);
	else if (cache_folder)
		status = image_open_cached(&source, options, cache_folder, out, err);
	else
		status = image_compile(&source, options, out, err);
	vocab_source_close(&source);
	return status;
}
