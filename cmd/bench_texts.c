#include "cmd/bench_internal.h"
#include "cmd/cli_files.h"
#include "cmd/cli_json.h"

#include <stdlib.h>
#include <xxhash.h>

/* Hashes of the documents, to tell how many are distinct: who times the same text
 * again and again times caches. */
struct hashes {
	uint64_t *values;
	size_t count, capacity;
};

/* What reads the texts, and where the document at hand begins. */
struct reader {
	struct bench_texts *texts;
	const struct cli_split *split;
	struct hashes hashes;
	struct tok_json_document json;
	size_t begin;
};

static bool end_document(struct reader *r)
{
	const struct tok_span text =
	    tok_span_slice(tok_buffer_span(&r->texts->bytes), r->begin, r->texts->bytes.count);
	struct hashes *hashes = &r->hashes;
	if (!tok_grow(&hashes->values, &hashes->capacity, hashes->count + 1,
		      sizeof *hashes->values))
		return false;
	hashes->values[hashes->count++] = XXH3_64bits(text.bytes, text.count);
	r->texts->documents++;
	return true;
}

static bool add_part(struct reader *r, struct tok_span text, bool first, bool last)
{
	struct bench_texts *texts = r->texts;
	const size_t begin = texts->bytes.count;
	if (first)
		r->begin = begin;
	if (!first && text.count == 0) {
		texts->parts[texts->count - 1].last |= last;
		return !last || end_document(r);
	}
	if (!tok_grow(&texts->parts, &texts->capacity, texts->count + 1, sizeof *texts->parts) ||
	    !tok_buffer_add(&texts->bytes, text.bytes, text.count))
		return false;
	texts->parts[texts->count++] = (struct bench_part){ begin, begin + text.count, last };
	return !last || end_document(r);
}

static enum tok_status add_document(struct reader *r, struct tok_span text, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (r->split->jsonl)
		status = cli_json_text(&r->json, text, r->split->jsonl, &text, err);
	if (status == TOK_OK && !add_part(r, text, true, true))
		status = tok_fail_memory(err);
	return status;
}

static enum tok_status read_file(struct reader *r, struct cli_documents *documents,
				 struct tok_error *err)
{
	struct cli_part part;
	enum tok_status status;
	while ((status = cli_documents_next(documents, &part, err)) == TOK_OK && part.text.bytes) {
		if (part.several) {
			for (struct tok_span rest = part.text; rest.count && status == TOK_OK;)
				status = add_document(r, cli_split_next(r->split, &rest), err);
		} else if (r->split->jsonl) {
			status = add_document(r, part.text, err);
		} else if (!add_part(r, part.text, part.first, part.last)) {
			status = tok_fail_memory(err);
		}
		if (status != TOK_OK)
			break;
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
	struct reader r = { .texts = out, .split = split };
	struct cli_documents documents = { 0 };
	struct cli_files files = { 0 };
	enum tok_status status = TOK_OK;
	for (int i = 0; i < argc && status == TOK_OK; i++)
		status = cli_files_add(&files, argv[i], err);
	for (size_t i = 0; i < files.count && status == TOK_OK; i++) {
		status = cli_documents_open(&documents, files.items[i].path, CLI_INPUT_EXPANDED,
					    split, cut, err);
		if (status != TOK_OK)
			break;
		status = read_file(&r, &documents, err);
		cli_documents_close(&documents);
	}
	out->distinct = count_distinct(&r.hashes);
	cli_documents_release(&documents);
	cli_files_release(&files);
	tok_json_release(&r.json);
	free(r.hashes.values);
	return status;
}

void bench_texts_release(struct bench_texts *texts)
{
	tok_buffer_release(&texts->bytes);
	free(texts->parts);
}
