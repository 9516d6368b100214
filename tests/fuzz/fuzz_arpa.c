/*
 * fuzz_arpa.c - the reader of ARPA files on arbitrary bytes.
 *
 * What it accepts is a model whose rows are numbers; it is written and read again.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tok/base/buffer.h"
#include "vocab/lm/ngram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum tok_status keep(void *context, struct tok_span text, struct tok_error *err)
{
	(void)err;
	const bool kept = tok_buffer_add(context, text.bytes, text.count);
	assert(kept);
	return TOK_OK;
}

static void check_rows(const char *path, const struct tok_tokenizer *tokenizer)
{
	static const tok_id contexts[] = { 10, 11, 10, 0 };
	double row[257];
	struct tok_error err = { 0 };
	struct tok_lm *lm = NULL;
	enum tok_status status = vocab_ngram_open(path, tokenizer, &lm, &err);
	assert(status == TOK_OK);
	for (size_t count = 0; count <= 4; count++) {
		const struct tok_lm_request request = { contexts, count };
		struct tok_lm_row out = { .log_p = row };
		double sum = 0;
		status = lm->rows(lm, &request, 1, &out, &err);
		assert(status == TOK_OK);
		for (size_t id = 0; id < 257; id++)
			sum += exp(row[id]);
		assert(sum == sum);
	}
	lm->free(lm);
}

static enum tok_status read_arpa(struct tok_span text, bool texts,
				 const struct tok_tokenizer *tokenizer, const char *path)
{
	const struct vocab_arpa_options options = { .texts = texts, .spread_unk = texts };
	struct vocab_arpa_report report;
	struct tok_error err = { 0 };
	const enum tok_status status =
	    vocab_arpa_read(text, &options, tokenizer, path, &report, &err);
	assert(status == TOK_OK || err.message[0]);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tok_tokenizer *tokenizer; /* made once */
	struct tok_error err = { 0 };
	char path[64];
	enum tok_status status = tokenizer ? TOK_OK : tok_tokenizer_bytes(&tokenizer, &err);
	assert(status == TOK_OK);
	snprintf(path, sizeof path, "/dev/shm/fuzz-arpa-%ld", (long)getpid());
	for (int texts = 0; texts < 2; texts++) {
		const struct vocab_arpa_options options = { .texts = texts };
		struct tok_buffer text = { 0 };
		if (read_arpa((struct tok_span){ data, size }, texts, tokenizer, path) != TOK_OK)
			continue;
		check_rows(path, tokenizer);
		status = vocab_arpa_write(path, &options, tokenizer, keep, &text, &err);
		assert(status == TOK_OK);
		/* Its numbers were rounded, so that it may be refused. */
		(void)!read_arpa(tok_buffer_span(&text), texts, tokenizer, path);
		tok_buffer_release(&text);
	}
	unlink(path);
	return 0;
}
