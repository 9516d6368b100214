#include "cmd/bench_internal.h"

#include <stdlib.h>
#include <xxhash.h>

/* Hashes of the documents, to tell how many are distinct: who times the same text
 * again and again times caches. */
struct hashes {
	uint64_t *values;
	size_t count, capacity;
};

static bool add_part(struct bench_texts *texts, const struct cli_part *part)
{
	const size_t begin = texts->bytes.count;
	if (!part->first && part->text.count == 0) {
		texts->parts[texts->count - 1].last |= part->last;
		return true;
	}
	if (!tok_grow(&texts->parts, &texts->capacity, texts->count + 1, sizeof *texts->parts) ||
	    !tok_buffer_add(&texts->bytes, part->text.bytes, part->text.count))
		return false;
	texts->parts[texts->count++] =
	    (struct bench_part){ begin, begin + part->text.count, part->last };
	return true;
}

static bool end_document(struct bench_texts *texts, size_t begin, struct hashes *hashes)
{
	if (!tok_grow(&hashes->values, &hashes->capacity, hashes->count + 1,
		      sizeof *hashes->values))
		return false;
	const struct tok_span text =
	    tok_span_slice(tok_buffer_span(&texts->bytes), begin, texts->bytes.count);
	hashes->values[hashes->count++] = XXH3_64bits(text.bytes, text.count);
	texts->documents++;
	return true;
}

static enum tok_status read_file(struct bench_texts *texts, struct cli_documents *documents,
				 struct hashes *hashes, struct tok_error *err)
{
	struct cli_part part;
	enum tok_status status;
	size_t begin = texts->bytes.count;
	while ((status = cli_documents_next(documents, &part, err)) == TOK_OK && part.text.bytes) {
		if (part.first)
			begin = texts->bytes.count;
		if (!add_part(texts, &part) || (part.last && !end_document(texts, begin, hashes)))
			return tok_fail_memory(err);
	}
	return status;
}

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static size_t count_distinct(struct hashes *hashes)
{
	size_t distinct = 0;
	if (hashes->count)
		qsort(hashes->values, hashes->count, sizeof *hashes->values, compare_hashes);
	for (size_t i = 0; i < hashes->count; i++)
		distinct += i == 0 || hashes->values[i] != hashes->values[i - 1];
	return distinct;
}

enum tok_status bench_texts_read(struct bench_texts *out, int argc, char **argv,
				 const struct cli_split *split, const struct cli_cut *cut,
				 struct tok_error *err)
{
	struct hashes hashes = { 0 };
	enum tok_status status = TOK_OK;
	for (int i = 0; i < argc && status == TOK_OK; i++) {
		struct cli_documents documents;
		status = cli_documents_open(&documents, argv[i], split, cut, err);
		if (status != TOK_OK)
			break;
		status = read_file(out, &documents, &hashes, err);
		cli_documents_close(&documents);
	}
	out->distinct = count_distinct(&hashes);
	free(hashes.values);
	return status;
}

void bench_texts_release(struct bench_texts *texts)
{
	tok_buffer_release(&texts->bytes);
	free(texts->parts);
}
