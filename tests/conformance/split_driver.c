/*
 * split_driver.c - splitting and predicting, for scripts that compare them.
 *
 *	split_driver TOKENIZER split < LINES
 *	split_driver TOKENIZER predict IDS SEEDS PROPORTION...
 *
 * `split`: each line is a seed, a proportion and ids, and becomes a line of the ids that
 * Python's generators split them into.  `predict`: for each proportion a line of it, the
 * length ratio, the success rate and the share of tokens that cannot be split as they are
 * predicted for the file IDS (32 bits each), and the same three from splitting it with so
 * many seeds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tok/sample/predict.h"
#include "tok/sample/split.h"
#include "vocab/format/read.h"

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "split_driver: %s\n", message);
	exit(2);
}

static struct tok_splits *load(const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_splits *splits = NULL;
	struct tok_error err = { 0 };
	const struct tok_splits_options options = { .pairs = TOK_SPLIT_ANY };
	if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK ||
	    tok_splits_new(tokenizer, &options, &splits, &err) != TOK_OK)
		fail(err.message);
	tok_spec_release(&spec);
	tok_tokenizer_free(tokenizer);
	return splits;
}

/* Memory for `count` ids at least; what is there stays. */
static tok_id *make_room(tok_id *ids, size_t count, size_t *room)
{
	if (count <= *room)
		return ids;
	*room = count * 2;
	tok_id *grown = realloc(ids, *room * sizeof *ids);
	if (!grown)
		fail("out of memory");
	return grown;
}

static void split(struct tok_splitter *splitter, const struct tok_split_options *options,
		  uint64_t stream, const tok_id *ids, size_t count, struct tok_split_ids *out)
{
	struct tok_error err = { 0 };
	if (tok_split(splitter, options, stream, ids, count, out, &err) != TOK_OK)
		fail(err.message);
}

static void split_lines(struct tok_splitter *splitter)
{
	char *line = NULL;
	size_t line_room = 0, room = 0;
	tok_id *ids = NULL;
	while (getline(&line, &line_room, stdin) > 0) {
		struct tok_split_options o = TOK_SPLIT_DEFAULT;
		struct tok_split_ids out;
		char *at = line;
		size_t count = 0;
		o.generator = TOK_GENERATOR_PYTHON;
		o.seed = strtoull(at, &at, 10);
		o.proportion = strtod(at, &at);
		for (char *end; strtoul(at, &end, 10), end != at; at = end) {
			ids = make_room(ids, count + 1, &room);
			ids[count++] = (tok_id)strtoul(at, NULL, 10);
		}
		split(splitter, &o, 0, ids, count, &out);
		for (size_t i = 0; i < out.count; i++)
			printf("%s%u", i ? " " : "", out.ids[i]);
		printf("\n");
	}
	free(line);
	free(ids);
}

static tok_id *read_ids(const char *path, size_t *count)
{
	FILE *in = fopen(path, "rb");
	tok_id *ids = NULL;
	size_t room = 0, got;
	*count = 0;
	if (!in)
		fail(path);
	do {
		ids = make_room(ids, *count + 65536, &room);
		got = fread(ids + *count, sizeof *ids, 65536, in);
		*count += got;
	} while (got);
	fclose(in);
	return ids;
}

static bool is_final(const struct tok_splits *splits, tok_id id)
{
	const struct tok_pair *pairs;
	return tok_splits_of(splits, id, &pairs) == 0;
}

static void predict_line(const struct tok_splits *splits, const uint64_t *counts, size_t count,
			 double proportion)
{
	struct tok_prediction p;
	struct tok_error err = { 0 };
	double final = 0;
	if (tok_predict(splits, counts, proportion, &p, &err) != TOK_OK)
		fail(err.message);
	for (size_t id = 0; id < tok_splits_size(splits); id++)
		if (is_final(splits, (tok_id)id))
			final += p.token_counts[id];
	printf("%g %.9f %.9f %.9f", proportion, p.length_ratio, p.success_rate,
	       final / (p.length_ratio * (double)count));
	tok_prediction_release(&p);
}

static void simulate_line(const struct tok_splits *splits, const tok_id *ids, size_t count,
			  uint64_t seeds, double proportion)
{
	struct tok_splitter *splitter = tok_splitter_new(splits);
	double length = 0, successes = 0, attempts = 0, final = 0;
	if (!splitter)
		fail("out of memory");
	for (uint64_t seed = 0; seed < seeds; seed++) {
		struct tok_split_options o = TOK_SPLIT_DEFAULT;
		struct tok_split_ids out;
		o.proportion = proportion;
		o.seed = seed;
		split(splitter, &o, 0, ids, count, &out);
		length += (double)out.count;
		successes += (double)out.splits;
		attempts += (double)out.attempts;
		for (size_t i = 0; i < out.count; i++)
			final += is_final(splits, out.ids[i]);
	}
	printf(" %.9f %.9f %.9f\n", length / ((double)count * (double)seeds), successes / attempts,
	       final / length);
	tok_splitter_free(splitter);
}

static void predict(const struct tok_splits *splits, int argc, char **argv)
{
	size_t count;
	tok_id *ids = read_ids(argv[3], &count);
	uint64_t *counts = calloc(tok_splits_size(splits), sizeof *counts);
	if (!counts)
		fail("out of memory");
	for (size_t i = 0; i < count; i++)
		counts[ids[i]]++;
	for (int i = 5; i < argc; i++) {
		predict_line(splits, counts, count, atof(argv[i]));
		simulate_line(splits, ids, count, strtoull(argv[4], NULL, 10), atof(argv[i]));
	}
	free(counts);
	free(ids);
}

int main(int argc, char **argv)
{
	const bool predicts = argc > 5 && !strcmp(argv[2], "predict");
	if (!predicts && (argc != 3 || strcmp(argv[2], "split")))
		fail("usage: split_driver TOKENIZER split|predict ...");
	struct tok_splits *splits = load(argv[1]);
	struct tok_splitter *splitter = tok_splitter_new(splits);
	if (!splitter)
		fail("out of memory");
	if (predicts)
		predict(splits, argc, argv);
	else
		split_lines(splitter);
	tok_splitter_free(splitter);
	tok_splits_free(splits);
	return 0;
}
