/* embed_nearest.c - tok embed nearest: which tokens have rows near to these. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cli_interrupt.h"
#include "cmd/cli_output.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_put.h"
#include "cmd/embed_internal.h"
#include "cmd/embed_tokens.h"
#include "cmd/embed_write.h"
#include "hypernet/ann/nearest.h"
#include "tok/base/hash.h"
#include "tok/text/json.h"

/* Queries that are looked for together. */
enum { BATCH = 256 };

struct nearest {
	const struct embed_options *opts;
	struct hyper_folder *model;
	struct hyper_rows_view rows;
	struct embed_tokens all; /* what the rows are called */
	struct tok_arena arena;
	struct tok_strings names; /* bytes of tokens to ids */
	const struct hyper_kernel *kernel;
	struct hyper_exact *exact;
	struct hyper_index *index; /* NULL: exact is asked */
	struct hyper_tensors *query_tensors;
	struct cli_output out;
	struct tok_buffer line;
	size_t threads, k;

	float *queries; /* BATCH x width */
	struct hyper_found *found, *judged;
	uint64_t asked, hits; /* --judge */
	double index_seconds, exact_seconds;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- rows and their names -------------------------------------------------------- */

static enum tok_status open_rows(struct nearest *n, const char *path, struct tok_error *err)
{
	struct hyper_embeddings embeddings;
	enum tok_status status =
	    cli_model_open(path, &n->opts->hypernet.names, &n->model, &embeddings, err);
	if (status != TOK_OK)
		return status;
	n->rows.tensor = n->opts->side == EMBED_OUT ? embeddings.output : embeddings.input;
	if (!n->rows.tensor)
		return tok_fail(err, TOK_EARG,
				"%s: this model has one matrix for both sides: --side out is none",
				path);
	n->rows.count = n->rows.tensor->shape[0];
	n->rows.width = n->rows.tensor->shape[1];
	return TOK_OK;
}

/* The model's own tokenizer, if no other is named; rows that are asked about by other rows may do
 * without names. */
static enum tok_status read_names(struct nearest *n, const char *model, struct tok_error *err)
{
	const struct cli_load *load = &n->opts->load;
	const bool own = !load->tokenizer;
	enum tok_status status =
	    embed_tokens_of(own ? model : load->tokenizer, load->pattern, &n->all, err);
	if (status != TOK_OK && own && n->opts->queries)
		return TOK_OK;
	if (status != TOK_OK && own)
		return tok_fail_in(err, status, "--tokenizer must say what the rows are called");
	if (status != TOK_OK)
		return status;
	if (!tok_strings_init(&n->names, &n->arena, n->all.count))
		return tok_fail_memory(err);
	for (size_t id = 0; id < n->all.count && id < n->rows.count; id++)
		if (n->all.kinds[id] != EMBED_NONE)
			tok_strings_add(&n->names, n->all.bytes[id], (uint32_t)id);
	return TOK_OK;
}

/* A graph of all rows, to the file. */
static enum tok_status build_index(struct nearest *n, struct hyper_file *file,
				   struct tok_error *err)
{
	const struct embed_options *o = n->opts;
	const struct hyper_index_options how = { (size_t)o->links, (size_t)o->build_effort, 1 };
	enum tok_status status = hyper_index_build(&n->rows, (enum hyper_measure)o->measure, &how,
						   n->kernel, n->threads, &n->index, err);
	if (status == TOK_OK)
		status = hyper_index_save(n->index, file, err);
	return status == TOK_OK ? hyper_file_sync(file, err) : status;
}

/* The same in a new file: whether that can be written is known before. */
static enum tok_status make_index(struct nearest *n, struct tok_error *err)
{
	const char *path = n->opts->index;
	struct hyper_file *file;
	enum tok_status status = hyper_file_create(path, &file, err);
	if (status != TOK_OK)
		return status;
	cli_interrupt_say("tok embed: interrupted: '%s' was not made", path);
	cli_interrupt_add_file(hyper_file_temporary(file));
	status = build_index(n, file, err);
	cli_interrupt_hold(); /* the long part is done */
	cli_interrupt_drop_file(hyper_file_temporary(file));
	if (status == TOK_OK)
		status = hyper_file_commit(&file, err);
	else
		hyper_file_abandon(&file);
	if (status == TOK_OK)
		cli_interrupt_say("tok embed: interrupted: '%s' was made", path);
	cli_interrupt_release();
	return status;
}

/* The graph in the file of --index, which is made where there is none. */
static enum tok_status open_index(struct nearest *n, struct tok_error *err)
{
	const struct embed_options *o = n->opts;
	const enum hyper_measure measure = (enum hyper_measure)o->measure;
	struct stat about;
	if (stat(o->index, &about) != 0 && errno == ENOENT)
		return make_index(n, err);
	bool same = false;
	enum tok_status status = hyper_index_open(o->index, n->kernel, &n->index, err);
	if (status == TOK_OK)
		status = hyper_index_is_of(n->index, &n->rows, measure, &same, err);
	if (status == TOK_OK && !same)
		status = tok_fail(err, TOK_EARG,
				  "%s: this index is of other rows, or by another measure: remove "
				  "it to have it made anew",
				  o->index);
	return status;
}

/* ---- lines ----------------------------------------------------------------------- */

static bool put_token(struct nearest *n, size_t id)
{
	char text[32];
	snprintf(text, sizeof text, "\"id\":%zu", id);
	bool ok = cli_put_text(&n->line, text);
	if (id < n->all.count && n->all.kinds[id] != EMBED_NONE)
		ok = ok && cli_put_text(&n->line, ",") &&
		     embed_put_token(&n->line, n->all.bytes[id]);
	return ok;
}

static enum tok_status put_answer(struct nearest *n, size_t query, const struct hyper_found *found,
				  struct tok_error *err)
{
	char text[48];
	tok_buffer_clear(&n->line);
	bool ok = cli_put_text(&n->line, "{");
	if (n->query_tensors) {
		snprintf(text, sizeof text, "\"row\":%zu", query);
		ok = ok && cli_put_text(&n->line, text);
	} else {
		ok = ok && put_token(n, query);
	}
	ok = ok && cli_put_text(&n->line, ",\"nearest\":[");
	for (size_t i = 0; ok && i < n->k && found[i].row != HYPER_FOUND_NONE; i++) {
		snprintf(text, sizeof text, ",\"score\":%.6f}", (double)found[i].score);
		ok = cli_put_text(&n->line, i ? ",{" : "{") && put_token(n, found[i].row) &&
		     cli_put_text(&n->line, text);
	}
	if (!ok || !cli_put_text(&n->line, "]}\n"))
		return tok_fail_memory(err);
	return cli_output_add(&n->out, n->line.bytes, n->line.count, err);
}

/* ---- asking ---------------------------------------------------------------------- */

static void judge(struct nearest *n, size_t count)
{
	for (size_t q = 0; q < count; q++)
		for (size_t i = 0; i < n->k; i++)
			for (size_t j = 0; j < n->k; j++)
				n->hits +=
				    n->found[q * n->k + i].row == n->judged[q * n->k + j].row;
	n->asked += count;
}

static enum tok_status find(struct nearest *n, size_t count, struct tok_error *err)
{
	enum tok_status status;
	double begun = now();
	if (!n->index)
		return hyper_exact_find(n->exact, n->queries, count, n->k, n->threads, n->found,
					err);
	status = hyper_index_find(n->index, n->queries, count, n->k, (size_t)n->opts->effort,
				  n->threads, n->found, err);
	n->index_seconds += now() - begun;
	if (status != TOK_OK || !n->opts->judge)
		return status;
	begun = now();
	status = hyper_exact_find(n->exact, n->queries, count, n->k, n->threads, n->judged, err);
	n->exact_seconds += now() - begun;
	if (status == TOK_OK)
		judge(n, count);
	return status;
}

/* Rows `queries` of `tensor`, whose places are told where they are no ids. */
static enum tok_status answer(struct nearest *n, const struct hyper_tensor *tensor,
			      const tok_id *queries, size_t count, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status =
		    hyper_tensor_rows(tensor, queries[i], 1, n->queries + i * n->rows.width, err);
	if (status == TOK_OK)
		status = find(n, count, err);
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = put_answer(n, queries[i], n->found + i * n->k, err);
	return status;
}

/* The rows that are called so. */
static enum tok_status find_ids(const struct nearest *n, const struct embed_reader *reader,
				const struct embed_tokens *tokens, tok_id *ids,
				struct tok_error *err)
{
	for (size_t i = 0; i < tokens->count; i++) {
		ids[i] = tokens->ids[i] != TOK_NO_ID
			     ? tokens->ids[i]
			     : tok_strings_find(&n->names, tokens->bytes[i]);
		if (ids[i] == TOK_NO_ID || ids[i] >= n->rows.count)
			return tok_fail(err, TOK_EFORMAT,
					"%s: line %" PRIu64 ": there is no row of '%s': it must be "
					"a token of the tokenizer that has one",
					reader->path, reader->number - (tokens->count - 1 - i),
					tok_show(tokens->bytes[i]).text);
	}
	return TOK_OK;
}

static enum tok_status answer_lines(struct nearest *n, const char *path, struct tok_error *err)
{
	struct embed_reader reader = {
		.form = n->opts->lines < 0 ? EMBED_LINES_TEXT : (enum embed_lines)n->opts->lines,
		.all = &n->all,
	};
	struct embed_tokens tokens = { 0 };
	tok_id ids[BATCH];
	enum tok_status status = embed_reader_open(&reader, path, err);
	while (status == TOK_OK) {
		embed_tokens_clear(&tokens);
		status = embed_reader_next(&reader, BATCH, &tokens, err);
		if (status != TOK_OK || tokens.count == 0)
			break;
		status = find_ids(n, &reader, &tokens, ids, err);
		if (status == TOK_OK)
			status = answer(n, n->rows.tensor, ids, tokens.count, err);
	}
	embed_reader_close(&reader);
	embed_tokens_release(&tokens);
	return status;
}

/* All rows of the first matrix of the file of --queries. */
static enum tok_status answer_rows(struct nearest *n, struct tok_error *err)
{
	tok_id ids[BATCH];
	const struct hyper_tensor *tensor = NULL;
	enum tok_status status = hyper_tensors_open(n->opts->queries, &n->query_tensors, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < hyper_tensors_count(n->query_tensors) && !tensor; i++)
		if (hyper_tensors_at(n->query_tensors, i)->rank == 2)
			tensor = hyper_tensors_at(n->query_tensors, i);
	if (!tensor || tensor->shape[1] != n->rows.width)
		return tok_fail(err, TOK_EARG, "%s: there is no matrix with rows of %zu numbers",
				n->opts->queries, n->rows.width);
	for (size_t first = 0; first < tensor->shape[0] && status == TOK_OK; first += BATCH) {
		size_t count = 0;
		for (; count < BATCH && first + count < tensor->shape[0]; count++)
			ids[count] = (tok_id)(first + count);
		status = answer(n, tensor, ids, count, err);
	}
	return status;
}

/* ---- the command ----------------------------------------------------------------- */

static enum tok_status prepare(struct nearest *n, const char *path, struct tok_error *err)
{
	const struct embed_options *o = n->opts;
	enum tok_status status = hyper_kernel_choose(getenv("TOK_KERNELS"), &n->kernel, err);
	if (status == TOK_OK)
		status = open_rows(n, path, err);
	if (status == TOK_OK)
		status = read_names(n, path, err);
	if (status == TOK_OK)
		status = hyper_exact_new(&n->rows, (enum hyper_measure)o->measure, n->kernel,
					 &n->exact, err);
	if (status == TOK_OK && o->index)
		status = open_index(n, err);
	if (status != TOK_OK)
		return status;
	n->k = o->k < n->rows.count ? (size_t)o->k : n->rows.count;
	n->queries = malloc(BATCH * n->rows.width * sizeof *n->queries);
	n->found = calloc(BATCH * n->k, sizeof *n->found);
	n->judged = calloc(BATCH * n->k, sizeof *n->judged);
	return n->queries && n->found && n->judged ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status run(struct nearest *n, int argc, char **argv, struct tok_error *err)
{
	enum tok_status status = prepare(n, argv[0], err);
	if (status == TOK_OK)
		status = cli_output_open(&n->out, n->opts->output, err);
	if (status != TOK_OK)
		return status;
	if (n->opts->queries)
		status = answer_rows(n, err);
	for (int i = 1; i < argc && status == TOK_OK; i++)
		status = answer_lines(n, argv[i], err);
	if (argc == 1 && !n->opts->queries && status == TOK_OK)
		status = answer_lines(n, "-", err);
	/* Lines that went to a pipe are there, and stand. */
	struct tok_error late = { 0 };
	if (status != TOK_OK && n->opts->output) {
		cli_output_abandon(&n->out);
		return status;
	}
	const enum tok_status written = cli_output_commit(&n->out, &late);
	if (status == TOK_OK && written != TOK_OK)
		status = tok_fail(err, written, "%s", late.message);
	return status;
}

static void tell_judgement(const struct nearest *n)
{
	const double asked = (double)n->asked;
	fprintf(
	    stderr,
	    "%" PRIu64 " queries: recall@%zu %.4f; %.3f ms each by the index, %.3f ms row by row: "
	    "%.1f times as fast\n",
	    n->asked, n->k, (double)n->hits / asked / (double)n->k, n->index_seconds * 1000 / asked,
	    n->exact_seconds * 1000 / asked, n->exact_seconds / n->index_seconds);
}

static void release(struct nearest *n)
{
	hyper_index_free(n->index);
	hyper_exact_free(n->exact);
	hyper_tensors_close(n->query_tensors);
	hyper_folder_close(n->model);
	embed_tokens_release(&n->all);
	tok_arena_release(&n->arena);
	tok_buffer_release(&n->line);
	free(n->queries);
	free(n->found);
	free(n->judged);
}

enum cli_exit embed_nearest(const void *options, int argc, char **argv)
{
	const struct embed_options *o = options;
	struct nearest n = { .opts = o };
	struct tok_error err = { 0 };
	if (argc < 1)
		return cli_usage(
		    "nearest takes the model whose rows are looked among, then files of "
		    "tokens");
	if (argc > 1 && o->queries)
		return cli_usage("--queries and files of tokens exclude each other");
	if (o->k == 0)
		return cli_usage("-k must be at least 1");
	if (o->judge && !o->index)
		return cli_usage("--judge is of an index: name one with --index");
	enum cli_exit exit = cli_threads_check(o->hypernet.threads);
	if (exit != CLI_OK)
		return exit;
	n.threads = cli_threads_for(o->hypernet.threads);
	if (run(&n, argc, argv, &err) != TOK_OK)
		exit = cli_error("%s", err.message);
	else if (n.asked)
		tell_judgement(&n);
	release(&n);
	return exit;
}
