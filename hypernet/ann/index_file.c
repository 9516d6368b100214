/*
 * index_file.c - the graph in a file: a header; of each row its label, its layers, and on each its
 * neighbours; then the rows.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "hypernet/ann/index_internal.h"
#include "hypernet/tensor/write.h"

struct header {
	char magic[8];
	uint32_t version, measure;
	uint64_t count, width, links, build_effort, seed;
	uint64_t link_bytes; /* of what is between the header and the rows */
	uint32_t entry, one; /* 1, read on a machine of another byte order as something else */
	uint64_t checksum;   /* of all that follows, and of the header with 0 here */
};

static const char magic[8] = { 't', 'o', 'k', 'g', 'r', 'a', 'p', 'h' };
enum { VERSION = 1, FLUSH_BYTES = 1 << 20 };

/* ---- writing ----------------------------------------------------------------- */

struct writer {
	struct hyper_file *file;
	struct tok_buffer part;
	uint64_t at;
	XXH3_state_t *hash;
};

static enum tok_status flush(struct writer *w, struct tok_error *err)
{
	const enum tok_status status =
	    hyper_file_put(w->file, w->at, w->part.bytes, w->part.count, err);
	XXH3_64bits_update(w->hash, w->part.bytes, w->part.count);
	w->at += w->part.count;
	tok_buffer_clear(&w->part);
	return status;
}

static enum tok_status put(struct writer *w, const void *bytes, size_t count, struct tok_error *err)
{
	if (!tok_buffer_add(&w->part, bytes, count))
		return tok_fail_memory(err);
	return w->part.count >= FLUSH_BYTES ? flush(w, err) : TOK_OK;
}

static enum tok_status put_links(struct writer *w, const struct hyper_graph *graph, size_t row,
				 struct tok_error *err)
{
	const uint32_t levels = (uint32_t)hyper_graph_levels(graph, row);
	const uint32_t head[2] = { hyper_graph_label(graph, row), levels };
	enum tok_status status = put(w, head, sizeof head, err);
	for (size_t level = 0; level <= levels && status == TOK_OK; level++) {
		const uint32_t *links;
		const uint32_t count = (uint32_t)hyper_graph_links(graph, row, level, &links);
		status = put(w, &count, sizeof count, err);
		if (status == TOK_OK)
			status = put(w, links, count * sizeof *links, err);
	}
	return status;
}

static enum tok_status put_all(struct writer *w, const struct hyper_index *index,
			       struct tok_error *err)
{
	struct header header = {
		.version = VERSION,
		.measure = (uint32_t)index->measure,
		.count = hyper_graph_count(index->graph),
		.width = index->width,
		.links = index->options.links,
		.build_effort = index->options.build_effort,
		.seed = index->options.seed,
		.entry = hyper_graph_entry(index->graph),
		.one = 1,
	};
	memcpy(header.magic, magic, sizeof magic);
	w->at = sizeof header;
	enum tok_status status = TOK_OK;
	for (size_t row = 0; row < header.count && status == TOK_OK; row++)
		status = put_links(w, index->graph, row, err);
	header.link_bytes = w->at + w->part.count - sizeof header;
	for (size_t row = 0; row < header.count && status == TOK_OK; row++)
		status =
		    put(w, hyper_graph_row(index->graph, row), index->width * sizeof(float), err);
	if (status == TOK_OK)
		status = flush(w, err);
	XXH3_64bits_update(w->hash, &header, sizeof header);
	header.checksum = XXH3_64bits_digest(w->hash);
	if (status == TOK_OK)
		status = hyper_file_put(w->file, 0, &header, sizeof header, err);
	return status;
}

enum tok_status hyper_index_save(const struct hyper_index *index, struct hyper_file *file,
				 struct tok_error *err)
{
	struct writer w = { .file = file, .hash = XXH3_createState() };
	if (!w.hash)
		return tok_fail_memory(err);
	XXH3_64bits_reset(w.hash);
	const enum tok_status status = put_all(&w, index, err);
	tok_buffer_release(&w.part);
	XXH3_freeState(w.hash);
	return status;
}

/* ---- reading ----------------------------------------------------------------- */

static bool is_sane(const struct header *header, uint64_t size)
{
	uint64_t rows, total;
	return memcmp(header->magic, magic, sizeof magic) == 0 && header->one == 1 &&
	       header->version == VERSION && header->measure <= HYPER_DOT && header->count > 0 &&
	       header->count <= UINT32_MAX && header->width > 0 &&
	       header->links <= HYPER_INDEX_LINKS_MAX && header->entry < header->count &&
	       !__builtin_mul_overflow(header->count * sizeof(float), header->width, &rows) &&
	       !__builtin_add_overflow(rows, sizeof *header, &total) &&
	       !__builtin_add_overflow(total, header->link_bytes, &total) && total == size;
}

static bool has_checksum(struct tok_span file, const struct header *header)
{
	struct header blank = *header;
	blank.checksum = 0;
	XXH3_state_t *hash = XXH3_createState();
	if (!hash)
		return false;
	XXH3_64bits_reset(hash);
	XXH3_64bits_update(hash, file.bytes + sizeof blank, file.count - sizeof blank);
	XXH3_64bits_update(hash, &blank, sizeof blank);
	const bool same = XXH3_64bits_digest(hash) == header->checksum;
	XXH3_freeState(hash);
	return same;
}

/* Numbers of 32 bits, one behind the other. */
struct cursor {
	const uint8_t *at, *end;
};

static bool take(struct cursor *cursor, uint32_t *out, size_t count)
{
	if ((size_t)(cursor->end - cursor->at) / sizeof *out < count)
		return false;
	memcpy(out, cursor->at, count * sizeof *out);
	cursor->at += count * sizeof *out;
	return true;
}

/* A row's label and layers, `head`, and its lists, which are passed over; *most: of its links on a
 * layer, half of them on the lowest, where there may be twice as many. */
static bool take_lists(struct cursor *links, const struct header *header, uint32_t head[2],
		       size_t *most)
{
	uint32_t count = 0;
	bool ok = take(links, head, 2) && head[0] < header->count && head[1] < HYPER_GRAPH_LEVELS;
	*most = 0;
	for (size_t level = 0; ok && level <= head[1]; level++) {
		ok = take(links, &count, 1) && count <= header->links * (level ? 1 : 2) &&
		     (size_t)(links->end - links->at) >= count * sizeof count;
		links->at += ok ? count * sizeof count : 0;
		const size_t here = level ? count : (count + 1) / 2;
		*most = here > *most ? here : *most;
	}
	return ok;
}

static enum tok_status fail_row(size_t row, struct tok_error *err)
{
	return tok_fail(err, TOK_EFORMAT, "row %zu of the index is broken", row);
}

/* Every row has room for as many links as the row that has most, *room_links, on each of its
 * layers, and for twice as many on the lowest: which the size of the file must be worth. */
static enum tok_status measure_links(const struct header *header, struct cursor links, size_t size,
				     size_t *room_links, struct tok_error *err)
{
	enum { TIMES = 64 };
	uint32_t head[2];
	size_t most, lists = 0;
	*room_links = 2; /* as of every graph */
	for (size_t i = 0; i < header->count; i++) {
		if (!take_lists(&links, header, head, &most))
			return fail_row(i, err);
		*room_links = most > *room_links ? most : *room_links;
		lists += head[1] + 2;
	}
	if (links.at != links.end)
		return tok_fail(err, TOK_EFORMAT, "the index has more links than rows");
	if (lists * *room_links > TIMES * size / sizeof(uint32_t))
		return tok_fail(err, TOK_EFORMAT,
				"the index has %" PRIu64 " rows, a row with %zu links, and hardly "
				"any others: no graph is so",
				header->count, *room_links);
	return TOK_OK;
}

/* The rows with labels and layers. */
static enum tok_status restore_rows(struct hyper_index *index, const struct header *header,
				    struct cursor links, const uint8_t *rows, uint8_t *labels,
				    struct tok_error *err)
{
	float *row = malloc(index->width * sizeof *row);
	enum tok_status status = row ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < header->count && status == TOK_OK; i++) {
		uint32_t head[2];
		size_t most;
		bool ok = take_lists(&links, header, head, &most) && !labels[head[0]];
		memcpy(row, rows + i * index->width * sizeof *row, index->width * sizeof *row);
		for (size_t j = 0; ok && j < index->width; j++)
			ok = isfinite(row[j]);
		if (!ok)
			status = fail_row(i, err);
		else if (!hyper_graph_restore(index->graph, row, head[0], head[1]))
			status = tok_fail_memory(err);
		else
			labels[head[0]] = 1;
	}
	free(row);
	return status;
}

/* A neighbour on a layer must be there itself. */
static enum tok_status restore_links(struct hyper_index *index, struct cursor links,
				     struct tok_error *err)
{
	const size_t rows = hyper_graph_count(index->graph);
	uint32_t list[2 * HYPER_INDEX_LINKS_MAX], head[2], count = 0;
	for (size_t i = 0; i < rows; i++) {
		bool ok = take(&links, head, 2);
		for (size_t level = 0; ok && level <= head[1]; level++) {
			ok = take(&links, &count, 1) && take(&links, list, count);
			for (size_t j = 0; ok && j < count; j++)
				ok = list[j] < rows &&
				     hyper_graph_levels(index->graph, list[j]) >= level;
			if (ok)
				hyper_graph_restore_links(index->graph, i, level, list, count);
		}
		if (!ok)
			return tok_fail(err, TOK_EFORMAT,
					"row %zu of the index has a neighbour that is none", i);
	}
	return TOK_OK;
}

static enum tok_status restore_into(struct hyper_index *index, const struct header *header,
				    struct cursor links, struct tok_error *err)
{
	uint8_t *labels = calloc(header->count, 1);
	enum tok_status status = labels ? restore_rows(index, header, links, links.end, labels, err)
					: tok_fail_memory(err);
	if (status == TOK_OK)
		status = restore_links(index, links, err);
	if (status == TOK_OK)
		hyper_graph_restore_entry(index->graph, header->entry);
	free(labels);
	return status;
}

static enum tok_status restore(struct tok_span file, const struct hyper_kernel *kernel,
			       struct hyper_index **out, struct tok_error *err)
{
	struct header header;
	if (file.count < sizeof header)
		return tok_fail(err, TOK_EFORMAT, "this is no index of tok");
	memcpy(&header, file.bytes, sizeof header);
	if (!is_sane(&header, file.count) || !has_checksum(file, &header))
		return tok_fail(err, TOK_EFORMAT,
				"this is no index of tok, or was cut, changed or made by "
				"another version or machine");
	const struct hyper_index_options options = { header.links, header.build_effort,
						     header.seed };
	const uint8_t *begin = file.bytes + sizeof header;
	const struct cursor links = { begin, begin + header.link_bytes };
	struct hyper_index *index = NULL;
	size_t room_links;
	enum tok_status status = measure_links(&header, links, file.count, &room_links, err);
	if (status == TOK_OK)
		status =
		    hyper_index_new(header.count, header.width, (enum hyper_measure)header.measure,
				    &options, room_links, hyper_dot_of(kernel), &index, err);
	if (status != TOK_OK)
		return status;
	status = restore_into(index, &header, links, err);
	if (status == TOK_OK)
		*out = index;
	else
		hyper_index_free(index);
	return status;
}

enum tok_status hyper_index_open(const char *path, const struct hyper_kernel *kernel,
				 struct hyper_index **out, struct tok_error *err)
{
	struct stat about;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &about) != 0) {
		const int error = errno;
		if (fd >= 0)
			close(fd);
		return tok_fail(err, TOK_EIO, "cannot open '%s': %s", path, strerror(error));
	}
	const size_t size = S_ISREG(about.st_mode) ? (size_t)about.st_size : 0;
	void *map = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	close(fd);
	if (map == MAP_FAILED)
		return tok_fail(err, TOK_EFORMAT, "%s: this is no index of tok", path);
	const enum tok_status status = restore((struct tok_span){ map, size }, kernel, out, err);
	munmap(map, size);
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", path);
}
