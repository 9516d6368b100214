/*
 * bytes.c - how fast the byte machine is.
 *
 *	bytes TOKENIZER MODEL TEXT [BYTES [PASSES [ROWS]]]
 *	bytes TOKENIZER - TEXT [BYTES [PASSES [ROWS]]]
 *
 * The first BYTES of TEXT (100,000) are told byte by byte, with what P is behind each: "score"; and
 * with all that may come next: "next", for a twentieth of them.  Kilobytes a second of this
 * process' processor time, the median of five passes or PASSES with a new machine each, the slowest
 * and the fastest; rows of the model, heads and bits a byte; and the most memory until then.
 *
 * MODEL is a file of tok lm train.  "-" is a model somewhere else, that sees all of the context and
 * gives whole rows of random numbers: milliseconds a byte without the time that it takes itself,
 * for 1,000 bytes of both.  That has the making of the machine in it, which BYTES of 1 show.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tok/bytes/machine.h"
#include "vocab/format/read.h"
#include "vocab/lm/ngram.h"

enum { PASSES_MOST = 101, ROWS = 8 };

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "bytes: %s\n", message);
	exit(2);
}

static void check(enum tok_status status, const struct tok_error *err)
{
	if (status != TOK_OK)
		fail(err->message);
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static struct tok_tokenizer *load(const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail(err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

/* ---- a model that is somewhere else ---------------------------------------------------- */

struct far_model {
	struct tok_lm lm;
	struct tok_lm_info info;
	tok_id eos;
	double *rows[ROWS];
	double seconds; /* that it took */
};

static enum tok_status far_rows(struct tok_lm *lm, const struct tok_lm_request *requests,
				size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	struct far_model *m = (struct far_model *)lm;
	const double start = seconds();
	(void)err;
	for (size_t i = 0; i < count; i++) {
		uint32_t hash = 1;
		for (size_t k = 0; k < requests[i].count; k++)
			hash = (hash ^ requests[i].ids[k]) * 16777619;
		memcpy(out[i].log_p, m->rows[(hash >> 16) % ROWS],
		       m->info.size * sizeof *out[i].log_p);
	}
	m->seconds += seconds() - start;
	return TOK_OK;
}

static void far_free(struct tok_lm *lm)
{
	struct far_model *m = (struct far_model *)lm;
	for (size_t i = 0; i < ROWS; i++)
		free(m->rows[i]);
	free(m);
}

static struct tok_lm *far_new(size_t size)
{
	struct far_model *m = calloc(1, sizeof *m);
	uint32_t chance = 1;
	if (!m)
		fail("out of memory");
	m->eos = (tok_id)size;
	m->info = (struct tok_lm_info){
		.name = "far", .size = size + 1, .eos = &m->eos, .eos_count = 1, .batch = 4
	};
	m->lm = (struct tok_lm){ .info = &m->info, .rows = far_rows, .free = far_free };
	for (size_t i = 0; i < ROWS; i++) {
		double sum = 0;
		m->rows[i] = malloc(m->info.size * sizeof *m->rows[i]);
		if (!m->rows[i])
			fail("out of memory");
		for (size_t id = 0; id < m->info.size; id++) {
			chance = chance * 1664525 + 1013904223;
			m->rows[i][id] = -(double)(chance >> 8) * (20.0 / (1 << 24));
			sum += exp(m->rows[i][id]);
		}
		for (size_t id = 0; id < m->info.size; id++)
			m->rows[i][id] -= log(sum);
	}
	return &m->lm;
}

/* ---- passes --------------------------------------------------------------------------- */

struct bench {
	const struct tok_byte_tokens *tokens;
	const struct tok_validity *validity; /* NULL: only all rows of tokens */
	struct tok_lm *lm;
	bool is_far;
	struct tok_span text;
	size_t passes;
};

/* What a pass came to. */
struct pass {
	double seconds, log_p;
	size_t bytes;
	struct tok_machine_cost cost;
};

static struct pass run_pass(const struct bench *b, enum tok_bytes_semantics semantics, size_t bytes,
			    bool next)
{
	struct far_model *far = b->is_far ? (struct far_model *)b->lm : NULL;
	const struct tok_machine_options options = { .semantics = semantics, .history = 64 };
	struct tok_machine *machine = NULL;
	struct tok_error err = { 0 };
	struct pass out = { .bytes = bytes < b->text.count ? bytes : b->text.count };
	const double start = seconds() - (far ? far->seconds : 0);
	check(tok_machine_new(b->tokens, b->validity, b->lm, &options, &machine, &err), &err);
	for (size_t i = 0; i < out.bytes; i++) {
		struct tok_next_bytes all;
		struct tok_text_p text;
		check(tok_machine_push(machine, tok_span_slice(b->text, i, i + 1), &err), &err);
		if (next)
			check(tok_machine_next(machine, &all, &err), &err);
		else
			check(tok_machine_log_p(machine, &text, &err), &err);
		out.log_p = next ? all.log_p : text.log_p;
	}
	out.seconds = seconds() - start - (far ? far->seconds : 0);
	out.cost = tok_machine_cost(machine);
	tok_machine_free(machine);
	return out;
}

static void print_speed(const struct bench *b, double *times, size_t bytes)
{
	qsort(times, b->passes, sizeof *times, compare);
	const double n = (double)bytes,
		     some[] = { times[b->passes / 2], times[b->passes - 1], times[0] };
	for (size_t i = 0; i < 3; i++)
		if (b->is_far)
			printf("\t%.3f", some[i] / n * 1e3);
		else
			printf("\t%.1f", n / some[i] / 1e3);
}

static const char *const names[] = { "all", "valid", "valid-renorm" };

static void run(const struct bench *b, enum tok_bytes_semantics semantics, size_t bytes, bool next)
{
	double times[PASSES_MOST];
	struct pass pass = { 0 };
	struct rusage usage = { 0 };
	for (size_t i = 0; i < b->passes; i++) {
		pass = run_pass(b, semantics, bytes, next);
		times[i] = pass.seconds;
	}
	const double n = (double)pass.bytes;
	(void)getrusage(RUSAGE_SELF, &usage);
	printf("%s\t%s", names[semantics], next ? "next" : "score");
	print_speed(b, times, pass.bytes);
	printf("\t%.2f\t%.2f\t%llu\t%.4f\t%ld\n", (double)pass.cost.rows / n,
	       (double)pass.cost.heads_made / n, (unsigned long long)pass.cost.heads_most,
	       -pass.log_p / n / log(2), usage.ru_maxrss / 1024);
	fflush(stdout);
}

/* ---- what is timed ----------------------------------------------------------------------- */

static struct tok_span read_text(const char *path, size_t bytes)
{
	FILE *in = fopen(path, "rb");
	uint8_t *text = malloc(bytes + 1);
	if (!in || !text)
		fail(path);
	const size_t count = fread(text, 1, bytes, in);
	fclose(in);
	return (struct tok_span){ text, count };
}

int main(int argc, char **argv)
{
	struct bench b = { .passes = 5 };
	struct tok_byte_tokens *tokens = NULL;
	struct tok_validity *validity = NULL;
	struct tok_error err = { 0 };
	if (argc < 4)
		fail("usage: bytes TOKENIZER MODEL|- TEXT [BYTES [PASSES]]");
	b.is_far = strcmp(argv[2], "-") == 0;
	const size_t bytes = argc > 4 ? strtoul(argv[4], NULL, 10) : b.is_far ? 1000 : 100000;
	if (argc > 5)
		b.passes = strtoul(argv[5], NULL, 10);
	if (bytes == 0 || b.passes == 0 || b.passes > PASSES_MOST)
		fail("there are no bytes, or too many passes");
	struct tok_tokenizer *tokenizer = load(argv[1]);
	b.text = read_text(argv[3], bytes);
	if (b.is_far)
		b.lm = far_new(tok_tokenizer_size(tokenizer));
	else
		check(vocab_ngram_open(argv[2], tokenizer, &b.lm, &err), &err);
	check(tok_byte_tokens_new(tokenizer, b.lm->info, &tokens, &err), &err);
	b.tokens = tokens;
	if (tok_validity_new(tokenizer, tokens, &validity, &err) != TOK_OK)
		printf("%s\n", err.message);
	b.validity = validity;
	printf("%zu ids, %u nodes; %s\n", tok_byte_tokens_size(tokens),
	       tok_byte_tokens_node_count(tokens), b.is_far ? "ms a byte" : "kB/s");
	printf("rows\twhat\tmedian\tslowest\tfastest\trows\theads\tmost\tbits\tMiB\n");
	for (int s = TOK_BYTES_ALL; s <= TOK_BYTES_VALID_RENORM; s++) {
		if (argc > 6             ? strcmp(argv[6], names[s]) != 0
		    : s == TOK_BYTES_ALL ? b.is_far
					 : !validity)
			continue; /* of a model that sees everything all rows are too many */
		for (int next = 0; next < 2; next++)
			run(&b, (enum tok_bytes_semantics)s,
			    next && !b.is_far ? (bytes + 19) / 20 : bytes, next == 1);
	}
	tok_validity_free(validity);
	tok_byte_tokens_free(tokens);
	b.lm->free(b.lm);
	tok_tokenizer_free(tokenizer);
	free((void *)(uintptr_t)b.text.bytes);
	return 0;
}
