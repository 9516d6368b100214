/*
 * merge.c - how fast batches are merged.
 *
 *	merge TOKENIZER TEXT DOCUMENTS MERGES BATCHES [STEPS]
 *
 * Each line of TEXT is a document; BATCHES of so many DOCUMENTS (0: all that it has) are
 * merged, up to MERGES times each (0: as long as there are any) within pre-tokens.  Encoding
 * them is not part of what is timed; taking the batch in and giving the merged ids out is.
 * Processor time of five passes:
 *
 *	batches N, ids N, left N, merges N
 *	SECONDS SECONDS SECONDS SECONDS SECONDS
 *
 * The merges go to the file STEPS, one a line: batch, left, right, count, and the text of
 * each of the two in hexadecimal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tok/dynamic/merger.h"
#include "tok/pipe/encoder.h"
#include "vocab/format/read.h"

enum { PASSES = 5 };

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "merge: %s\n", message);
	exit(2);
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
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

/* ---- documents ---------------------------------------------------------------------- */

struct documents {
	tok_id *ids;
	size_t *offsets; /* of `count` + 1 */
	size_t count, id_capacity, offset_capacity;
};

static void encode_line(struct tok_encoder *encoder, struct tok_span line, struct documents *d)
{
	const struct tok_encode_options how = { 0 };
	struct tok_encoding r;
	struct tok_error err = { 0 };
	if (tok_encode(encoder, line, &how, &r, &err) != TOK_OK)
		fail(err.message);
	const size_t begin = d->count ? d->offsets[d->count] : 0;
	if (!tok_grow(&d->ids, &d->id_capacity, begin + r.count, sizeof *d->ids) ||
	    !tok_grow(&d->offsets, &d->offset_capacity, d->count + 2, sizeof *d->offsets))
		fail("out of memory");
	if (r.count)
		memcpy(d->ids + begin, r.ids, r.count * sizeof *r.ids);
	d->offsets[0] = 0;
	d->offsets[++d->count] = begin + r.count;
}

static void read_documents(const struct tok_tokenizer *tokenizer, const char *path,
			   struct documents *d)
{
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	FILE *in = fopen(path, "rb");
	char *line = NULL;
	size_t room = 0;
	if (!in || !encoder)
		fail(path);
	for (ssize_t count; (count = getline(&line, &room, in)) > 0;)
		encode_line(
		    encoder,
		    (struct tok_span){ (uint8_t *)line, (size_t)count - (line[count - 1] == '\n') },
		    d);
	free(line);
	fclose(in);
	tok_encoder_free(encoder);
	if (d->count == 0)
		fail("the text is empty");
}

/* ---- passes ------------------------------------------------------------------------- */

struct totals {
	size_t batches, left, merges;
};

static void put_hex(FILE *out, const struct tok_tokenizer *tokenizer,
		    const struct tok_merged_batch *b, tok_id id)
{
	const size_t size = tok_tokenizer_size(tokenizer);
	struct tok_vocab_entry entry = { 0 };
	if (id >= size)
		entry.text = b->tokens[id - size].text;
	else if (!tok_tokenizer_entry(tokenizer, id, &entry))
		fail("a token of the list of added ones was joined");
	fputc('\t', out);
	for (size_t i = 0; i < entry.text.count; i++)
		fprintf(out, "%02x", entry.text.bytes[i]);
}

static void write_steps(FILE *out, size_t batch, const struct tok_tokenizer *tokenizer,
			const struct tok_merged_batch *b)
{
	for (size_t i = 0; i < b->step_count; i++) {
		fprintf(out, "%zu\t%zu", batch, b->steps[i].count);
		put_hex(out, tokenizer, b, b->steps[i].left);
		put_hex(out, tokenizer, b, b->steps[i].right);
		fputc('\n', out);
	}
}

/* What a batch has, how often it is merged, and how many there are. */
struct plan {
	size_t documents, merges, batches;
};

static struct totals pass(struct tok_merger *merger, const struct documents *d, struct plan plan,
			  FILE *steps, const struct tok_tokenizer *tokenizer)
{
	const size_t documents = plan.documents, merges = plan.merges;
	const struct tok_merge_batch_options how = { .merges = merges ? merges : TOK_MERGES_ALL };
	struct totals t = { 0 };
	size_t *offsets = calloc(documents + 1, sizeof *offsets);
	if (!offsets)
		fail("out of memory");
	for (size_t at = 0; t.batches < plan.batches; at += documents) {
		struct tok_merged_batch b;
		struct tok_error err = { 0 };
		for (size_t i = 0; i <= documents; i++)
			offsets[i] = d->offsets[at + i] - d->offsets[at];
		const struct tok_sequences batch = { d->ids + d->offsets[at], offsets, documents };
		if (tok_merge_batch(merger, &how, &batch, &b, &err) != TOK_OK)
			fail(err.message);
		t.batches++;
		t.left += b.offsets[b.count];
		t.merges += b.step_count;
		if (steps)
			write_steps(steps, t.batches, tokenizer, &b);
	}
	free(offsets);
	return t;
}

int main(int argc, char **argv)
{
	struct documents d = { 0 };
	struct tok_boundary *boundary = NULL;
	struct tok_error err = { 0 };
	if (argc < 6)
		fail("usage: merge TOKENIZER TEXT DOCUMENTS MERGES BATCHES [STEPS]");
	struct plan plan = { strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
			     strtoul(argv[5], NULL, 10) };
	FILE *steps = argc > 6 ? fopen(argv[6], "w") : NULL;
	struct tok_tokenizer *tokenizer = load(argv[1]);
	read_documents(tokenizer, argv[2], &d);
	const size_t most = plan.documents ? d.count / plan.documents : 0;
	plan.batches = plan.batches ? plan.batches : most;
	if (most == 0 || plan.batches > most)
		fail("the text has fewer lines than the batches");
	if (tok_boundary_new(tokenizer, TOK_BOUNDARY_PRETOKENS, &boundary, &err) != TOK_OK)
		fail(err.message);
	struct tok_merger *merger = tok_merger_new(tokenizer, boundary);
	if (!merger)
		fail("out of memory");
	const struct totals t = pass(merger, &d, plan, steps, tokenizer);
	printf("batches %zu, ids %zu, left %zu, merges %zu\n", t.batches,
	       d.offsets[t.batches * plan.documents], t.left, t.merges);
	for (size_t i = 0; i < PASSES; i++) {
		const double start = seconds();
		(void)pass(merger, &d, plan, NULL, tokenizer);
		printf("%s%.6f", i ? " " : "", seconds() - start);
	}
	printf("\n");
	if (steps && fclose(steps) != 0)
		fail(argv[6]);
	tok_merger_free(merger);
	tok_boundary_free(boundary);
	tok_tokenizer_free(tokenizer);
	free(d.ids);
	free(d.offsets);
	return 0;
}
