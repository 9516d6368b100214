/* The bytes of a model's file: what is in the header, where the tables lie. */
#include "vocab/lm/ngram_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "tok/base/replace.h"

/* Not text, and broken by whoever takes it for text. */
static const uint8_t magic[8] = { 0x89, 'T', 'L', 'M', '\r', '\n', 0x1A, '\n' };
enum { VERSION = 1, BYTE_ORDER_MARK = 0x01020304, ALIGN = 64 };

_Static_assert(sizeof(struct ngram_header) == 320, "tables begin at a multiple of 64");

static uint64_t hash_header(const struct ngram_header *header)
{
	return XXH3_64bits(header, offsetof(struct ngram_header, header_checksum));
}

/* Length and text of each token, and which ids have none. */
void ngram_hash_tokens(const struct tok_tokenizer *tokenizer, uint64_t out[2])
{
	const size_t size = tok_tokenizer_size(tokenizer);
	uint64_t low = XXH3_64bits_withSeed("", 0, 1), high = XXH3_64bits_withSeed("", 0, 2);
	for (tok_id id = 0; id < size; id++) {
		const struct tok_span token = tok_tokenizer_token(tokenizer, id);
		const uint64_t count = token.bytes ? token.count : UINT64_MAX;
		const XXH128_hash_t hash =
		    XXH3_128bits_withSeed(token.bytes ? token.bytes : (const uint8_t *)"",
					  token.bytes ? token.count : 0, count);
		const uint64_t facts[4] = { low, high, hash.low64, hash.high64 };
		const XXH128_hash_t all = XXH3_128bits(facts, sizeof facts);
		low = all.low64;
		high = all.high64;
	}
	out[0] = low;
	out[1] = high;
}

/* ---- where tables lie ------------------------------------------------------------- */

static bool has_part(const struct ngram_header *header, unsigned level, enum ngram_part part)
{
	switch (part) {
	case NGRAM_IDS:
		return level > 0;
	case NGRAM_ADD:
		return true;
	case NGRAM_GAMMA:
	case NGRAM_FIRST:
		return level + 1 < header->order;
	case NGRAM_COUNTS:
		return header->flags & NGRAM_HAS_COUNTS;
	case NGRAM_PARTS:
		break;
	}
	return false;
}

/* False where the file would be larger than anything. */
static bool part_bytes(const struct ngram_header *header, unsigned level, enum ngram_part part,
		       size_t *bytes)
{
	const size_t size = part == NGRAM_IDS ? sizeof(uint32_t) : sizeof(uint64_t);
	*bytes = 0;
	if (!has_part(header, level, part))
		return true;
	const uint64_t count = header->nodes[level] + (part == NGRAM_FIRST);
	if (count > (uint64_t)PTRDIFF_MAX / 64)
		return false;
	*bytes = (size_t)count * size;
	return true;
}

static size_t padding(size_t bytes)
{
	return (ALIGN - bytes % ALIGN) % ALIGN;
}

/* ---- writing ---------------------------------------------------------------------- */

enum { PIECES = 1 + 2 * VOCAB_NGRAM_ORDER_MAX * NGRAM_PARTS };

struct pieces {
	struct tok_span piece[PIECES];
	size_t count;
};

static void add_piece(struct pieces *pieces, struct tok_span piece)
{
	if (piece.count)
		pieces->piece[pieces->count++] = piece;
}

static void add_table(struct pieces *pieces, struct tok_span table)
{
	static const uint8_t zeros[ALIGN];
	add_piece(pieces, table);
	add_piece(pieces, (struct tok_span){ zeros, padding(table.count) });
}

/* Of all pieces behind the header. */
static enum tok_status hash_pieces(const struct pieces *pieces, uint64_t *out,
				   struct tok_error *err)
{
	XXH3_state_t *state = XXH3_createState();
	if (!state)
		return tok_fail_memory(err);
	XXH3_64bits_reset(state);
	for (size_t i = 1; i < pieces->count; i++)
		XXH3_64bits_update(state, pieces->piece[i].bytes, pieces->piece[i].count);
	*out = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return TOK_OK;
}

enum tok_status ngram_file_write(const char *path, struct ngram_header *header,
				 struct tok_span tables[VOCAB_NGRAM_ORDER_MAX][NGRAM_PARTS],
				 struct tok_error *err)
{
	struct pieces pieces = { 0 };
	add_piece(&pieces, (struct tok_span){ (const uint8_t *)header, sizeof *header });
	for (unsigned level = 0; level < header->order; level++)
		for (enum ngram_part part = 0; part < NGRAM_PARTS; part++)
			if (has_part(header, level, part))
				add_table(&pieces, tables[level][part]);
	const enum tok_status status = hash_pieces(&pieces, &header->tables_checksum, err);
	if (status != TOK_OK)
		return status;
	memcpy(header->magic, magic, sizeof magic);
	header->version = VERSION;
	header->byte_order = BYTE_ORDER_MARK;
	header->header_checksum = hash_header(header);
	return tok_file_replace(path, pieces.piece, pieces.count, true, err);
}

enum tok_status ngram_file_save(const char *path, struct ngram_file *file, struct tok_error *err)
{
	struct tok_span tables[VOCAB_NGRAM_ORDER_MAX][NGRAM_PARTS];
	for (unsigned i = 0; i < file->header.order; i++)
		for (enum ngram_part part = 0; part < NGRAM_PARTS; part++) {
			tables[i][part].bytes = file->owned[i][part];
			if (!part_bytes(&file->header, i, part, &tables[i][part].count))
				return tok_fail_memory(err);
		}
	return ngram_file_write(path, &file->header, tables, err);
}

/* ---- opening ---------------------------------------------------------------------- */

static enum tok_status map_file(const char *path, struct ngram_file *out, struct tok_error *err)
{
	struct stat info;
	enum tok_status status = TOK_OK;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0)
		status = tok_fail(err, TOK_EIO, "cannot open it: %s", strerror(errno));
	else if (!S_ISREG(info.st_mode))
		status = tok_fail(err, TOK_EIO, "this is no file");
	else if ((size_t)info.st_size < sizeof out->header)
		status = tok_fail(err, TOK_EFORMAT, "this is no model of n-grams");
	if (status == TOK_OK) {
		out->bytes = (size_t)info.st_size;
		out->map = mmap(NULL, out->bytes, PROT_READ, MAP_SHARED, fd, 0);
		if (out->map == MAP_FAILED)
			status = tok_fail(err, TOK_EIO, "cannot map it: %s", strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static enum tok_status check_header(const struct ngram_header *header, struct tok_error *err)
{
	if (memcmp(header->magic, magic, sizeof magic) != 0)
		return tok_fail(err, TOK_EFORMAT, "this is no model of n-grams");
	if (header->byte_order != BYTE_ORDER_MARK)
		return tok_fail(err, TOK_EFORMAT,
				"the model was written on a machine of another byte order: train "
				"it here, or import it from ARPA");
	if (header->version != VERSION)
		return tok_fail(err, TOK_EFORMAT,
				"the model is of version %u and this tok reads version %d",
				header->version, VERSION);
	if (header->header_checksum != hash_header(header))
		return tok_fail(err, TOK_EFORMAT, "the model's header is damaged");
	if (header->order < 1 || header->order > VOCAB_NGRAM_ORDER_MAX || header->ids < 1 ||
	    header->ids > (uint64_t)TOK_ID_MAX + 1 || header->nodes[0] != header->ids + 2)
		return tok_fail(err, TOK_EFORMAT, "the model's header makes no sense");
	return TOK_OK;
}

/* Where each table is; the file ends with the last one. */
static enum tok_status place_tables(struct ngram_file *file, struct tok_error *err)
{
	const uint8_t *bytes = file->map;
	size_t at = sizeof file->header;
	for (unsigned i = 0; i < file->header.order; i++) {
		struct ngram_level *level = &file->tables.levels[i];
		const uint8_t *place[NGRAM_PARTS];
		for (enum ngram_part part = 0; part < NGRAM_PARTS; part++) {
			size_t count;
			place[part] = bytes + at;
			if (!part_bytes(&file->header, i, part, &count) ||
			    count > file->bytes - at || padding(count) > file->bytes - at - count)
				return tok_fail(err, TOK_EFORMAT, "the model ends inside a table");
			at += count + padding(count);
		}
		*level = (struct ngram_level){
			.count = file->header.nodes[i],
			.ids = (const void *)place[NGRAM_IDS],
			.add = (const void *)place[NGRAM_ADD],
			.gamma = (const void *)place[NGRAM_GAMMA],
			.first = (const void *)place[NGRAM_FIRST],
			.counts = file->header.flags & NGRAM_HAS_COUNTS
				      ? (const void *)place[NGRAM_COUNTS]
				      : NULL,
		};
	}
	if (at != file->bytes)
		return tok_fail(err, TOK_EFORMAT, "the model goes on behind its tables");
	return TOK_OK;
}

static bool are_finite(const double *numbers, uint64_t count)
{
	double sum = 0; /* of zeros, or not a number */
	for (uint64_t i = 0; i < count; i++)
		sum += numbers[i] * 0;
	return sum == 0.0;
}

/* Successors of one node follow those of the one before, and numbers are numbers. */
static bool are_tables(const struct ngram_file *file)
{
	for (unsigned i = 0; i < file->header.order; i++) {
		const struct ngram_level *level = &file->tables.levels[i];
		if (!are_finite(level->add, level->count))
			return false;
		if (i + 1 == file->header.order)
			break;
		bool falls = level->first[0] != 0;
		for (uint64_t node = 0; node < level->count; node++)
			falls |= level->first[node + 1] < level->first[node];
		if (falls || level->first[level->count] != file->tables.levels[i + 1].count ||
		    !are_finite(level->gamma, level->count))
			return false;
	}
	return true;
}

static enum tok_status check_file(struct ngram_file *file, const struct tok_tokenizer *tokenizer,
				  struct tok_error *err)
{
	uint64_t hash[2];
	memcpy(&file->header, file->map, sizeof file->header);
	enum tok_status status = check_header(&file->header, err);
	if (status == TOK_OK)
		status = place_tables(file, err);
	if (status != TOK_OK)
		return status;
	if (XXH3_64bits((const uint8_t *)file->map + sizeof file->header,
			file->bytes - sizeof file->header) != file->header.tables_checksum)
		return tok_fail(err, TOK_EFORMAT, "the model is damaged: its checksum differs");
	if (!are_tables(file))
		return tok_fail(err, TOK_EFORMAT, "the model's tables make no sense");
	if (!tokenizer)
		return TOK_OK;
	ngram_hash_tokens(tokenizer, hash);
	if (memcmp(hash, file->header.tokenizer, sizeof hash) != 0)
		return tok_fail(err, TOK_EARG,
				"the model is of another tokenizer: it needs the one that it was "
				"trained with");
	return TOK_OK;
}

enum tok_status ngram_file_open(const char *path, const struct tok_tokenizer *tokenizer,
				struct ngram_file *out, struct tok_error *err)
{
	*out = (struct ngram_file){ .map = MAP_FAILED };
	enum tok_status status = map_file(path, out, err);
	if (status == TOK_OK)
		status = check_file(out, tokenizer, err);
	if (status != TOK_OK) {
		ngram_file_close(out);
		return tok_fail_in(err, status, "%s", path);
	}
	out->tables.header = &out->header;
	out->tables.end = (uint32_t)out->header.ids;
	out->tables.begin = out->tables.end + 1;
	return TOK_OK;
}

void ngram_file_close(struct ngram_file *file)
{
	if (file->map != MAP_FAILED)
		munmap(file->map, file->bytes);
	for (unsigned i = 0; i < VOCAB_NGRAM_ORDER_MAX; i++)
		for (enum ngram_part part = 0; part < NGRAM_PARTS; part++)
			free(file->owned[i][part]);
	*file = (struct ngram_file){ .map = MAP_FAILED };
}
