#include "cmd/bench_internal.h"

#include "tok/pipe/decoder.h"

static bool open_decoder(const struct tok_tokenizer *tokenizer, void **worker)
{
	*worker = tok_decoder_new(tokenizer);
	return *worker != NULL;
}

static void close_decoder(void *worker)
{
	tok_decoder_free(worker);
}

/* Whole documents: what a decoder does at the beginning of one, it must not do at a cut. */
static size_t count_documents(const struct bench_run *run)
{
	return run->texts.documents;
}

static size_t weigh_document(const struct bench_run *run, size_t item)
{
	return (run->documents[item].end - run->documents[item].begin) * sizeof *run->ids;
}

static enum tok_status decode_document(const struct bench_run *run, void *worker, size_t item,
				       struct tok_span *out, struct tok_error *err)
{
	const struct bench_ids *document = &run->documents[item];
	return tok_decode(worker, run->ids ? run->ids + document->begin : NULL,
			  document->end - document->begin, false, out, err);
}

static enum tok_status step(const struct bench_run *run, void *worker, size_t item, uint64_t *made,
			    struct tok_error *err)
{
	struct tok_span text;
	const enum tok_status status = decode_document(run, worker, item, &text, err);
	if (status == TOK_OK)
		*made += text.count;
	return status;
}

static uint64_t count_bytes(const struct bench_run *run)
{
	return run->decoded;
}

/* The text of the document whose first part is *part; moves on to the next one. */
static struct tok_span next_document(const struct bench_texts *texts, size_t *part)
{
	const size_t begin = texts->parts[*part].begin;
	while (!texts->parts[*part].last)
		++*part;
	const size_t end = texts->parts[(*part)++].end;
	return tok_span_slice(tok_buffer_span(&texts->bytes), begin, end);
}

enum tok_status bench_decode_once(struct bench_run *run, const struct tok_tokenizer *tokenizer,
				  struct tok_error *err)
{
	struct tok_decoder *decoder = tok_decoder_new(tokenizer);
	if (!decoder)
		return tok_fail_memory(err);
	enum tok_status status = TOK_OK;
	size_t part = 0;
	run->lossless = true;
	for (size_t i = 0; i < run->texts.documents && status == TOK_OK; i++) {
		struct tok_span text;
		status = decode_document(run, decoder, i, &text, err);
		if (status != TOK_OK)
			break;
		run->decoded += text.count;
		run->lossless &= tok_span_equal(text, next_document(&run->texts, &part));
	}
	tok_decoder_free(decoder);
	return status;
}

const struct bench_word bench_word_decode = {
	.name = "decode",
	.open = open_decoder,
	.close = close_decoder,
	.items = count_documents,
	.weigh = weigh_document,
	.step = step,
	.made = count_bytes,
	.bytes = count_bytes,
};
