/*
 * tok_driver.c - tok as a peer: libtok called from C, one run, one line of JSON.
 *
 * Built by run.py against the library of the build folder that it is given.  Takes the
 * options of every driver (README.md) and uses public headers only.  The text is mapped,
 * not read.  The ids of a whole text are taken where the encoder lends them, as a program
 * would; those of documents are laid end to end, within the time measured.
 */
#include "tok/pipe/decoder.h"
#include "tok/pipe/encoder.h"
#include "vocab/image/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct options {
	const char *path, *text, *cuts, *ids;
	bool documents;
	int passes, decodes;
	double start;
};

struct ids {
	tok_id *data;
	size_t count, capacity;
};

struct clocks {
	double cpu, wall;
};

static double read_clock(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct clocks now(void)
{
	return (struct clocks){ read_clock(CLOCK_PROCESS_CPUTIME_ID), read_clock(CLOCK_MONOTONIC) };
}

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(2);
}

static struct options read_options(int argc, char **argv)
{
	struct options o = { .passes = 1, .start = now().wall };
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *name = argv[i] + 2, *value = argv[i + 1];
		if (!strcmp(name, "path"))
			o.path = value;
		else if (!strcmp(name, "text"))
			o.text = value;
		else if (!strcmp(name, "cuts"))
			o.cuts = value;
		else if (!strcmp(name, "ids"))
			o.ids = value;
		else if (!strcmp(name, "call"))
			o.documents = !strcmp(value, "documents");
		else if (!strcmp(name, "passes"))
			o.passes = atoi(value);
		else if (!strcmp(name, "decode"))
			o.decodes = atoi(value);
		else if (!strcmp(name, "start"))
			o.start = atof(value);
	}
	if (!o.path || !o.text || (o.documents && !o.cuts))
		fail("--path, --text and, for documents, --cuts are needed");
	return o;
}

static struct tok_span map_file(const char *path)
{
	struct stat st;
	const int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0)
		fail(path);
	if (st.st_size == 0)
		return (struct tok_span){ (const uint8_t *)"", 0 };
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED)
		fail(path);
	close(fd);
	return (struct tok_span){ at, (size_t)st.st_size };
}

/* As tok itself: through the compiled image, where TOK_CACHE names a folder for it. */
static struct tok_tokenizer *load(const char *path)
{
	const char *cache = getenv("TOK_CACHE");
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	if (cache && strcmp(cache, "off") == 0)
		cache = NULL;
	if (vocab_image_open(path, NULL, cache, &tokenizer, &err) != TOK_OK)
		fail(err.message);
	return tokenizer;
}

static void append(struct ids *out, const struct tok_encoding *r)
{
	if (out->count + r->count > out->capacity) {
		out->capacity = (out->count + r->count) * 2;
		out->data = realloc(out->data, out->capacity * sizeof *out->data);
		if (!out->data)
			fail("out of memory");
	}
	memcpy(out->data + out->count, r->ids, r->count * sizeof *r->ids);
	out->count += r->count;
}

static struct tok_encoding encode_one(struct tok_encoder *encoder, struct tok_span text)
{
	struct tok_error err = { 0 };
	struct tok_encoding r;
	const struct tok_encode_options options = { 0 };
	if (tok_encode(encoder, text, &options, &r, &err) != TOK_OK)
		fail(err.message);
	return r;
}

/* One pass.  `ends`: where each of the `count` documents ends; NULL: one document.
 * `last` gets when the last id was there.  Memory of the pass before is given back first, as that
 * of the peers is. */
static struct clocks encode_pass(struct tok_encoder *encoder, struct tok_span text,
				 const uint64_t *ends, size_t count, struct ids *out,
				 struct clocks *last)
{
	size_t at = 0;
	free(out->data);
	*out = (struct ids){ .data = NULL };
	const struct clocks before = now();
	struct tok_encoding whole = { .ids = NULL };
	if (!ends)
		whole = encode_one(encoder, text);
	for (size_t i = 0; ends && i < count; i++) {
		const size_t end = (size_t)ends[i];
		const struct tok_encoding r =
		    encode_one(encoder, (struct tok_span){ text.bytes + at, end - at });
		append(out, &r);
		at = end;
	}
	*last = now();
	if (!ends)
		append(out, &whole);
	return (struct clocks){ last->cpu - before.cpu, last->wall - before.wall };
}

static bool decode_pass(const struct tok_tokenizer *tokenizer, const struct ids *ids,
			struct tok_span text, struct clocks *took)
{
	struct tok_error err = { 0 };
	struct tok_span back;
	struct tok_decoder *decoder = tok_decoder_new(tokenizer);
	if (!decoder)
		fail("out of memory");
	const struct clocks before = now();
	if (tok_decode(decoder, ids->data, ids->count, false, &back, &err) != TOK_OK)
		fail(err.message);
	const struct clocks after = now();
	*took = (struct clocks){ after.cpu - before.cpu, after.wall - before.wall };
	const bool same = back.count == text.count && !memcmp(back.bytes, text.bytes, text.count);
	tok_decoder_free(decoder);
	return same;
}

static void write_ids(const char *path, const struct ids *ids)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(ids->data, sizeof *ids->data, ids->count, f) != ids->count ||
	    fclose(f) != 0)
		fail(path);
}

int main(int argc, char **argv)
{
	const struct options o = read_options(argc, argv);
	struct tok_tokenizer *tokenizer = load(o.path);
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	if (!encoder)
		fail("out of memory");
	const struct clocks loaded = now();

	const struct tok_span text = map_file(o.text);
	const struct tok_span cuts = o.documents ? map_file(o.cuts) : (struct tok_span){ 0 };
	struct ids ids = { .data = NULL };
	struct clocks first = { 0 };
	bool same = true;
	printf("{\"load\":[%.9f,%.9f],\"passes\":[", loaded.cpu, loaded.wall - o.start);
	for (int i = 0; i < o.passes; i++) {
		struct clocks end;
		const struct clocks took =
		    encode_pass(encoder, text, (const uint64_t *)(const void *)cuts.bytes,
				cuts.count / 8, &ids, &end);
		if (i == 0)
			first = end;
		printf("%s[%.9f,%.9f]", i ? "," : "", took.cpu, took.wall);
	}
	printf("],\"first\":[%.9f,%.9f],\"decode\":[", first.cpu, first.wall - o.start);
	for (int i = 0; i < o.decodes; i++) {
		struct clocks took;
		same = decode_pass(tokenizer, &ids, text, &took) && same;
		printf("%s[%.9f,%.9f]", i ? "," : "", took.cpu, took.wall);
	}
	printf("],\"same\":%s,\"count\":%zu}\n", same ? "true" : "false", ids.count);
	if (o.ids)
		write_ids(o.ids, &ids);
	free(ids.data);
	tok_encoder_free(encoder);
	tok_tokenizer_free(tokenizer);
	return 0;
}
