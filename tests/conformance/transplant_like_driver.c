/*
 * transplant_like_driver.c - features of tokens and rows made of like ones, for scripts that
 * compare them.
 *
 *	transplant_like_driver similar CASE METHOD K TEMPERATURE WEIGHT THRESHOLD SCHEME METRIC
 *		THREADS KERNEL
 *	transplant_like_driver ngrams CASE WIDTH THREADS
 *	transplant_like_driver vec CASE PATH
 *	transplant_like_driver cooc CASE SOURCE TARGET TEXTS WIDTH WINDOW MINIMUM SEED MEMORY
 * THREADS
 *
 * CASE is a file of tensors: of each vocabulary "source_bytes" (U8), "source_ends" (I32) and
 * "source_kinds" (U8); "matches" (I32) and "classes" (U8); "wanted" (I32), and what of "features_*"
 * (F32), "piece_*" (I32), "donor" (F32) there is.  TEXTS are parted by NUL bytes,
 * SOURCE and TARGET are tokenizers' files.
 *
 * Similar rows come as the ends of rows (uint64), old ids (uint32) and weights (float32); features
 * as float32, the source's and the target's.  Stderr has the seconds of processors, or how many are
 * missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hypernet/transplant/similar.h"
#include "tok/base/buffer.h"
#include "vocab/format/read.h"

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "transplant_like_driver: %s\n", message);
	exit(2);
}

static void need(enum tok_status status, const struct tok_error *err)
{
	if (status != TOK_OK)
		fail(err->message);
}

static void *room(size_t count, size_t size)
{
	void *out = calloc(count + 1, size);
	if (!out)
		fail("out of memory");
	return out;
}

/* ---- a case ----------------------------------------------------------------------- */

struct given {
	struct hyper_tensors *tensors;
	struct hyper_vocab source, target;
	struct hyper_matches matches;
	struct hyper_features features;
	struct hyper_pieces pieces;
	struct hyper_rows_view donor;
	tok_id *wanted;
	size_t count;
};

/* A copy of a tensor's bytes, aligned; NULL if there is none. */
static void *copy(const struct given *g, const char *name, size_t *count)
{
	const struct hyper_tensor *t = hyper_tensors_find(g->tensors, name);
	*count = t ? t->shape[0] : 0;
	return t ? memcpy(room(t->data.count, 1), t->data.bytes, t->data.count) : NULL;
}

static void read_vocab(struct given *g, const char *side, struct hyper_vocab *vocab)
{
	char name[64];
	size_t count, bytes_count;
	snprintf(name, sizeof name, "%s_bytes", side);
	const uint8_t *bytes = copy(g, name, &bytes_count);
	snprintf(name, sizeof name, "%s_ends", side);
	uint32_t *ends = copy(g, name, &vocab->count);
	snprintf(name, sizeof name, "%s_kinds", side);
	vocab->kinds = copy(g, name, &count);
	if (!bytes || !ends || !vocab->kinds || count != vocab->count)
		fail("a vocabulary is not there");
	struct tok_span *spans = room(vocab->count, sizeof *spans);
	for (size_t i = 0; i < count; i++) {
		const size_t begin = i ? ends[i - 1] : 0;
		spans[i] = (struct tok_span){ bytes + begin, ends[i] - begin };
	}
	vocab->bytes = spans;
	free(ends);
}

static void read_given(struct given *g, const char *path)
{
	struct tok_error err = { 0 };
	size_t count;
	need(hyper_tensors_open(path, &g->tensors, &err), &err);
	read_vocab(g, "source", &g->source);
	read_vocab(g, "target", &g->target);
	g->matches.source = copy(g, "matches", &g->matches.count);
	g->matches.classes = copy(g, "classes", &count);
	g->wanted = copy(g, "wanted", &g->count);
	g->features.source = copy(g, "features_source", &g->features.source_count);
	g->features.target = copy(g, "features_target", &g->features.target_count);
	if (g->features.source)
		g->features.width = hyper_tensors_find(g->tensors, "features_source")->shape[1];
	g->pieces.ids = copy(g, "piece_ids", &count);
	g->pieces.lengths = copy(g, "piece_lengths", &count);
	uint32_t *ends = copy(g, "piece_ends", &g->pieces.count);
	g->pieces.ends = room(g->pieces.count, sizeof *g->pieces.ends);
	for (size_t i = 0; i < g->pieces.count; i++)
		g->pieces.ends[i] = ends[i];
	free(ends);
	g->donor.tensor = hyper_tensors_find(g->tensors, "donor");
}

/* ---- words ------------------------------------------------------------------------ */

static size_t place_of(const char *word, const char *words)
{
	const size_t length = strlen(word);
	size_t place = 0;
	for (const char *at = words; *at; place++) {
		const size_t next = strcspn(at, "|");
		if (next == length && memcmp(at, word, length) == 0)
			return place;
		at += next + (at[next] == '|');
	}
	fail(word);
}

static void similar(char **arguments)
{
	struct given g = { 0 };
	struct tok_error err = { 0 };
	struct hyper_weights out = { 0 };
	read_given(&g, arguments[0]);
	const struct hyper_similar_options options = {
		.k = (size_t)atoi(arguments[2]),
		.temperature = atof(arguments[3]),
		.weight = atof(arguments[4]),
		.threshold = atof(arguments[5]),
		.knn = (enum hyper_knn)place_of(arguments[6], HYPER_KNN_WORDS),
		.euclid = place_of(arguments[7], "cosine|euclid"),
	};
	struct hyper_similar_job job = {
		.source = &g.source,
		.target = &g.target,
		.matches = &g.matches,
		.wanted = g.wanted,
		.count = g.count,
		.pieces = &g.pieces,
		.features = &g.features,
		.donor = g.donor.tensor ? &g.donor : NULL,
		.source_rows = g.source.count,
		.threads = (size_t)atoi(arguments[8]),
	};
	need(hyper_kernel_choose(strcmp(arguments[9], "best") == 0 ? NULL : arguments[9],
				 &job.kernel, &err),
	     &err);
	const clock_t began = clock();
	need(hyper_similar(&job,
			   (enum hyper_similar)place_of(
			       arguments[1], "local|global|hybrid|focus|wechsel|clp|knn"),
			   &options, &out, &err),
	     &err);
	fprintf(stderr, "%.6f\n", (double)(clock() - began) / CLOCKS_PER_SEC);
	const size_t entries = out.rows ? (size_t)out.ends[out.rows - 1] : 0;
	fwrite(out.ends, sizeof *out.ends, out.rows, stdout);
	fwrite(out.sources, sizeof *out.sources, entries, stdout);
	fwrite(out.weights, sizeof *out.weights, entries, stdout);
}

static void put_features(const struct hyper_features *f)
{
	fwrite(f->source, sizeof(float), f->source_count * f->width, stdout);
	fwrite(f->target, sizeof(float), f->target_count * f->width, stdout);
	fprintf(stderr, "%zu %zu\n", f->source_missing, f->target_missing);
}

static const struct tok_tokenizer *read_tokenizer(const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *out;
	struct tok_error err = { 0 };
	need(vocab_read_path(path, NULL, &spec, &err), &err);
	need(tok_tokenizer_new(&spec, &out, &err), &err);
	tok_spec_release(&spec);
	return out;
}

static struct tok_span *read_texts(const char *path, size_t *count)
{
	struct tok_span *texts = room(1 << 16, sizeof *texts);
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t space = 0;
	ssize_t got;
	*count = 0;
	if (!file)
		fail(path);
	while (*count < 1 << 16 && (got = getdelim(&text, &space, 0, file)) > 0) {
		const size_t bytes = (size_t)got - (text[got - 1] == 0);
		texts[(*count)++] = (struct tok_span){ memcpy(room(bytes, 1), text, bytes), bytes };
	}
	free(text);
	fclose(file);
	return texts;
}

static void cooc(char **arguments)
{
	struct given g = { 0 };
	struct tok_error err = { 0 };
	const struct hyper_kernel *kernel;
	const struct hyper_cooc_options options = {
		.width = (size_t)atoi(arguments[4]),
		.window = (size_t)atoi(arguments[5]),
		.minimum = (uint64_t)atoi(arguments[6]),
		.seed = (uint64_t)atoi(arguments[7]),
		.memory = (size_t)atoll(arguments[8]),
	};
	size_t count;
	read_given(&g, arguments[0]);
	g.source.tokenizer = read_tokenizer(arguments[1]);
	g.target.tokenizer = read_tokenizer(arguments[2]);
	const struct tok_span *texts = read_texts(arguments[3], &count);
	need(hyper_kernel_choose(NULL, &kernel, &err), &err);
	need(hyper_features_cooc(&g.source, &g.target, texts, count, &options, kernel,
				 (size_t)atoi(arguments[9]), &g.features, &err),
	     &err);
	put_features(&g.features);
}

static void ngrams(char **arguments)
{
	struct given g = { 0 };
	struct tok_error err = { 0 };
	read_given(&g, arguments[0]);
	need(hyper_features_ngrams(&g.source, &g.target, (size_t)atoi(arguments[1]),
				   (size_t)atoi(arguments[2]), &g.features, &err),
	     &err);
	put_features(&g.features);
}

static void vec(char **arguments)
{
	struct given g = { 0 };
	struct tok_error err = { 0 };
	read_given(&g, arguments[0]);
	need(hyper_features_vec(&g.source, &g.target, arguments[1], &g.features, &err), &err);
	put_features(&g.features);
}

int main(int argc, char **argv)
{
	if (argc == 12 && strcmp(argv[1], "similar") == 0)
		similar(argv + 2);
	else if (argc == 5 && strcmp(argv[1], "ngrams") == 0)
		ngrams(argv + 2);
	else if (argc == 4 && strcmp(argv[1], "vec") == 0)
		vec(argv + 2);
	else if (argc == 12 && strcmp(argv[1], "cooc") == 0)
		cooc(argv + 2);
	else
		fail("similar, ngrams, vec or cooc, and what they take");
	if (fclose(stdout) != 0)
		fail("a failed write");
	return 0;
}
