/*
 * ngram_driver.c - models of n-grams from a script.
 *
 *	ngram_driver train ORDER MEMORY MODEL [TOKENIZER] <ids
 *		ids are u32; 4294967295 ends a document
 *	ngram_driver rows MODEL <contexts
 *		a line of ids each; rows of doubles come out
 *	ngram_driver export MODEL ids|texts [TOKENIZER] >ARPA
 *	ngram_driver import MODEL ids|texts drop|spread [TOKENIZER] <ARPA
 *		prints the report
 *	ngram_driver bench MODEL TOKENIZER
 *		time of a row, for random contexts
 *
 * Without a tokenizer ids are bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tok/base/buffer.h"
#include "vocab/image/image.h"
#include "vocab/lm/ngram.h"

static void check(enum tok_status status, const struct tok_error *err)
{
	if (status == TOK_OK)
		return;
	fprintf(stderr, "%s\n", err->message);
	exit(1);
}

static struct tok_tokenizer *open_tokenizer(const char *path)
{
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	check(path ? vocab_image_open(path, NULL, NULL, &tokenizer, &err)
		   : tok_tokenizer_bytes(&tokenizer, &err),
	      &err);
	return tokenizer;
}

static struct tok_buffer read_all(void)
{
	struct tok_buffer text = { 0 };
	size_t n = 1;
	while (n) {
		if (!tok_buffer_reserve(&text, 1 << 20))
			exit(2);
		n = fread(text.bytes + text.count, 1, 1 << 20, stdin);
		text.count += n;
	}
	return text;
}

/* ---- training ------------------------------------------------------------------------- */

static enum tok_status next_document(void *context, const tok_id **ids, size_t *count,
				     struct tok_error *err)
{
	struct tok_buffer *document = context;
	tok_id id;
	(void)err;
	tok_buffer_clear(document);
	*ids = NULL;
	bool any = false;
	while (fread(&id, sizeof id, 1, stdin) == 1) {
		any = true;
		if (id == TOK_NO_ID)
			break;
		if (!tok_buffer_add(document, &id, sizeof id))
			return TOK_ENOMEM;
	}
	static const tok_id none;
	*count = document->count / sizeof id;
	if (any)
		*ids = *count ? (const tok_id *)(const void *)document->bytes : &none;
	return TOK_OK;
}

static void train(char **arguments)
{
	const struct vocab_ngram_options options = {
		.order = (unsigned)atoi(arguments[0]),
		.memory_bytes = strtoull(arguments[1], NULL, 10),
		.spill_folder = "/tmp",
	};
	struct tok_buffer document = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = open_tokenizer(arguments[3]);
	check(vocab_ngram_train(&options, tokenizer, next_document, &document, NULL, arguments[2],
				&err),
	      &err);
	tok_buffer_release(&document);
	tok_tokenizer_free(tokenizer);
}

/* ---- rows ----------------------------------------------------------------------------- */

static struct tok_lm *open_model(const char *path, const struct tok_tokenizer *tokenizer)
{
	struct tok_lm *lm = NULL;
	struct tok_error err = { 0 };
	check(vocab_ngram_open(path, tokenizer, &lm, &err), &err);
	return lm;
}

static void rows(char **arguments)
{
	struct tok_tokenizer *tokenizer = open_tokenizer(NULL);
	struct tok_lm *lm = open_model(arguments[0], tokenizer);
	double *row = malloc(lm->info->size * sizeof *row);
	char line[4096];
	while (row && fgets(line, sizeof line, stdin)) {
		tok_id ids[512];
		struct tok_lm_request request = { ids, 0 };
		struct tok_lm_row out = { .log_p = row };
		struct tok_error err = { 0 };
		for (char *at = line, *end; request.count < 512; at = end) {
			const unsigned long id = strtoul(at, &end, 10);
			if (end == at)
				break;
			ids[request.count++] = (tok_id)id;
		}
		check(lm->rows(lm, &request, 1, &out, &err), &err);
		fwrite(row, sizeof *row, lm->info->size, stdout);
	}
	free(row);
	lm->free(lm);
	tok_tokenizer_free(tokenizer);
}

static void bench(char **arguments)
{
	enum { ROWS = 2000 };
	struct tok_tokenizer *tokenizer = open_tokenizer(arguments[1]);
	struct tok_lm *lm = open_model(arguments[0], tokenizer);
	double *row = malloc(lm->info->size * sizeof *row);
	struct tok_lm_parts parts;
	struct tok_error err = { 0 };
	struct timespec from, to;
	uint32_t chance = 1;
	if (!row)
		exit(2);
	for (int sparse = 0; sparse < 2; sparse++) {
		clock_gettime(CLOCK_MONOTONIC, &from);
		for (size_t i = 0; i < ROWS; i++) {
			tok_id ids[4];
			const struct tok_lm_request request = { ids, 4 };
			struct tok_lm_row out = { .log_p = row };
			for (size_t k = 0; k < 4; k++) { /* small ids are frequent */
				chance = chance * 1664525 + 1013904223;
				ids[k] = chance >> 16 & ((1U << (chance >> 4) % 14) - 1);
			}
			check(sparse ? lm->parts(lm, &request, &parts, &err)
				     : lm->rows(lm, &request, 1, &out, &err),
			      &err);
		}
		clock_gettime(CLOCK_MONOTONIC, &to);
		printf("%s: %.2f us a row\n", sparse ? "parts" : "rows",
		       ((double)(to.tv_sec - from.tv_sec) * 1e9 +
			(double)(to.tv_nsec - from.tv_nsec)) /
			   ROWS / 1e3);
	}
	free(row);
	lm->free(lm);
	tok_tokenizer_free(tokenizer);
}

/* ---- ARPA ------------------------------------------------------------------------------ */

static enum tok_status print(void *context, struct tok_span text, struct tok_error *err)
{
	(void)context;
	(void)err;
	fwrite(text.bytes, 1, text.count, stdout);
	return TOK_OK;
}

static void export(char **arguments)
{
	const struct vocab_arpa_options options = { .texts = arguments[1][0] == 't' };
	struct tok_tokenizer *tokenizer = open_tokenizer(arguments[2]);
	struct tok_error err = { 0 };
	check(vocab_arpa_write(arguments[0], &options, tokenizer, print, NULL, &err), &err);
	tok_tokenizer_free(tokenizer);
}

static void import(char **arguments)
{
	const struct vocab_arpa_options options = { .texts = arguments[1][0] == 't',
						    .spread_unk = arguments[2][0] == 's' };
	struct tok_tokenizer *tokenizer = open_tokenizer(arguments[3]);
	struct tok_buffer text = read_all();
	struct vocab_arpa_report report;
	struct tok_error err = { 0 };
	check(vocab_arpa_read(tok_buffer_span(&text), &options, tokenizer, arguments[0], &report,
			      &err),
	      &err);
	printf("%llu %.17g %.17g %llu\n", (unsigned long long)report.renormalised, report.worst,
	       report.unk, (unsigned long long)report.missing);
	tok_buffer_release(&text);
	tok_tokenizer_free(tokenizer);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		void (*run)(char **arguments);
	} verbs[] = {
		{ "train", 3, train },   { "rows", 1, rows },   { "export", 2, export },
		{ "import", 3, import }, { "bench", 2, bench },
	};
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (argc > 1 && argc - 2 >= verbs[i].arguments &&
		    strcmp(argv[1], verbs[i].name) == 0) {
			verbs[i].run(argv + 2);
			return 0;
		}
	fprintf(stderr, "ngram_driver: see the beginning of its source\n");
	return 2;
}
