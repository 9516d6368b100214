/* transplant_explain.c - tok transplant explain: where one row of a transplanted model is from, and
 * what it is near to. */
#include <stdlib.h>
#include <string.h>

#include "cmd/cli_lm.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_visible.h"
#include "cmd/transplant_internal.h"
#include "hypernet/ann/nearest.h"

enum { NEIGHBOURS = 10, COLUMNS = 11 };

struct explain {
	struct hyper_folder *model;
	struct hyper_embeddings embeddings;
	struct transplant_vocab vocab;
	struct tok_buffer mapping; /* mapping.tsv */
	tok_id id;
};

static void release(struct explain *e)
{
	tok_buffer_release(&e->mapping);
	transplant_vocab_close(&e->vocab);
	hyper_folder_close(e->model);
}

/* A number below the size is an id; anything else, and what stands behind "text:", a token's text.
 */
static enum tok_status find_token(struct explain *e, const char *what, struct tok_error *err)
{
	static const char text[] = "text:";
	const struct hyper_vocab *v = &e->vocab.vocab;
	const bool is_text = strncmp(what, text, sizeof text - 1) == 0;
	const struct tok_span wanted = tok_span_of(is_text ? what + sizeof text - 1 : what);
	char *end;
	const unsigned long id = strtoul(what, &end, 10);
	e->id = *what >= '0' && *what <= '9' && !*end && id < v->count ? (tok_id)id : TOK_NO_ID;
	for (size_t i = 0; i < v->count && e->id == TOK_NO_ID; i++)
		if (v->kinds[i] != HYPER_TOKEN_NONE &&
		    (tok_span_equal(v->bytes[i], wanted) ||
		     tok_span_equal(v->bytes[i], tok_span_of(what))))
			e->id = (tok_id)i;
	return e->id == TOK_NO_ID
		   ? tok_fail(err, TOK_EARG, "'%s' is neither an id below %zu nor a token", what,
			      v->count)
		   : TOK_OK;
}

static enum tok_status read_mapping(struct explain *e, const char *folder, struct tok_error *err)
{
	char *path = NULL;
	if (asprintf(&path, "%s/mapping.tsv", folder) < 0)
		return tok_fail_memory(err);
	const enum tok_status status = cli_lm_read(path, &e->mapping, err);
	free(path);
	return status;
}

/* ---- mapping.tsv -------------------------------------------------------------------------------
 */

/* The columns of the line of e->id; false if there is none. */
static bool find_line(const struct explain *e, struct tok_span *columns, size_t *count)
{
	char want[16];
	const size_t n = (size_t)snprintf(want, sizeof want, "%u\t", e->id);
	const struct tok_span text = tok_buffer_span(&e->mapping);
	for (size_t at = 0; at < text.count;) {
		const uint8_t *newline = memchr(text.bytes + at, '\n', text.count - at);
		const size_t end = newline ? (size_t)(newline - text.bytes) : text.count;
		if (end - at >= n && memcmp(text.bytes + at, want, n) == 0) {
			for (*count = 0; at <= end && *count < COLUMNS; ++*count) {
				const uint8_t *tab = memchr(text.bytes + at, '\t', end - at);
				const size_t stop = tab ? (size_t)(tab - text.bytes) : end;
				columns[*count] = tok_span_slice(text, at, stop);
				at = stop + 1;
			}
			return true;
		}
		at = end + 1;
	}
	return false;
}

static void tell_side(const char *name, const struct tok_span *columns)
{
	printf("%-9s%.*s, length %.*s, of %.*s rows: %.*s\n", name, (int)columns[0].count,
	       (const char *)columns[0].bytes, (int)columns[1].count,
	       (const char *)columns[1].bytes, (int)columns[2].count,
	       (const char *)columns[2].bytes, (int)columns[3].count,
	       (const char *)columns[3].bytes);
}

static enum tok_status tell_mapping(const struct explain *e, struct tok_error *err)
{
	struct tok_span columns[COLUMNS];
	size_t count;
	if (!find_line(e, columns, &count) || (count != 7 && count != COLUMNS))
		return tok_fail(err, TOK_EFORMAT, "mapping.tsv has no line of id %u", e->id);
	printf("id       %u\ntoken    %.*s\nclass    %.*s\n", e->id, (int)columns[1].count,
	       (const char *)columns[1].bytes, (int)columns[2].count,
	       (const char *)columns[2].bytes);
	tell_side("input", columns + 3);
	if (count == COLUMNS)
		tell_side("output", columns + 7);
	return TOK_OK;
}

/* ---- neighbours
 * ---------------------------------------------------------------------------------- */

static enum tok_status tell_neighbours(const struct explain *e, const char *name,
				       const struct hyper_tensor *tensor, struct tok_error *err)
{
	const struct hyper_rows_view rows = { .tensor = tensor };
	const size_t k = tensor->shape[0] < NEIGHBOURS + 1 ? tensor->shape[0] : NEIGHBOURS + 1;
	const struct hyper_kernel *kernel;
	struct hyper_exact *exact = NULL;
	struct hyper_found found[NEIGHBOURS + 1];
	float *query = malloc(tensor->shape[1] * sizeof *query);
	enum tok_status status = query ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = hyper_kernel_choose(getenv("TOK_KERNELS"), &kernel, err);
	if (status == TOK_OK)
		status = hyper_tensor_rows(tensor, e->id, 1, query, err);
	if (status == TOK_OK)
		status = hyper_exact_new(&rows, HYPER_COSINE, kernel, &exact, err);
	if (status == TOK_OK)
		status = hyper_exact_find(exact, query, 1, k, cli_threads_for(0), found, err);
	const char *label = name;
	for (size_t i = 0; i < k && status == TOK_OK; i++) {
		struct tok_buffer shown = { 0 };
		if (found[i].row == e->id)
			continue;
		if (found[i].row < e->vocab.vocab.count &&
		    !cli_visible_text(e->vocab.vocab.bytes[found[i].row], &shown))
			status = tok_fail_memory(err);
		printf("%s %8u  %.4f  %.*s\n", label, found[i].row, (double)found[i].score,
		       (int)shown.count, (const char *)shown.bytes);
		label = "        ";
		tok_buffer_release(&shown);
	}
	hyper_exact_free(exact);
	free(query);
	return status;
}

static enum tok_status explain(struct explain *e, const char *folder, const char *what,
			       const struct transplant_options *o, struct tok_error *err)
{
	enum tok_status status = cli_model_open(folder, &o->names, &e->model, &e->embeddings, err);
	if (status == TOK_OK)
		status = transplant_vocab_open_own(&e->vocab, folder, NULL, err);
	if (status == TOK_OK)
		status = read_mapping(e, folder, err);
	if (status == TOK_OK)
		status = find_token(e, what, err);
	if (status == TOK_OK)
		status = tell_mapping(e, err);
	if (status == TOK_OK && e->id < e->embeddings.input->shape[0])
		status = tell_neighbours(e, "near in ", e->embeddings.input, err);
	if (status == TOK_OK && e->embeddings.output && !e->embeddings.tied)
		status = tell_neighbours(e, "near out", e->embeddings.output, err);
	return status;
}

enum cli_exit transplant_explain(const void *options, int argc, char **argv)
{
	struct explain e = { 0 };
	struct tok_error err = { 0 };
	if (argc != 2)
		return cli_usage("explain takes what run made and a token, not %d operands", argc);
	const enum cli_exit checked = transplant_check_options(options);
	if (checked != CLI_OK)
		return checked;
	const enum tok_status status = explain(&e, argv[0], argv[1], options, &err);
	release(&e);
	return status == TOK_OK ? CLI_OK : cli_error("%s: %s", argv[0], err.message);
}
