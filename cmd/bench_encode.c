#include "cmd/bench_internal.h"

static bool open_encoder(const struct tok_tokenizer *tokenizer, void **worker)
{
	*worker = tok_encoder_new(tokenizer);
	return *worker != NULL;
}

static void close_encoder(void *worker)
{
	tok_encoder_free(worker);
}

static size_t count_parts(const struct bench_run *run)
{
	return run->texts.count;
}

static size_t weigh_part(const struct bench_run *run, size_t item)
{
	return run->texts.parts[item].end - run->texts.parts[item].begin;
}

static enum tok_status encode_part(const struct bench_run *run, void *worker, size_t item,
				   uint64_t *made, struct tok_error *err)
{
	const struct tok_encode_options how = bench_texts_how(&run->texts, item, &run->how);
	struct tok_encoding encoding;
	const enum tok_status status =
	    tok_encode(worker, bench_texts_part(&run->texts, item), &how, &encoding, err);
	if (status == TOK_OK)
		*made += encoding.count;
	return status;
}

static uint64_t count_tokens(const struct bench_run *run)
{
	return run->tokens;
}

static uint64_t count_bytes(const struct bench_run *run)
{
	return run->texts.bytes.count;
}

const struct bench_word bench_word_encode = {
	.name = "encode",
	.starts = true,
	.open = open_encoder,
	.close = close_encoder,
	.items = count_parts,
	.weigh = weigh_part,
	.step = encode_part,
	.made = count_tokens,
	.bytes = count_bytes,
};
