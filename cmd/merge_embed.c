#include "cmd/merge_embed.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cli_encoder.h"
#include "cmd/cli_output.h"
#include "hypernet/tensor/write.h"
#include "tok/dynamic/fvt.h"
#include "tok/dynamic/rows.h"

struct merge_embed {
	const struct tok_tokenizer *tokenizer;
	size_t embedding; /* numbers of one side */
	size_t width;     /* of a row: both sides, where the model has two */
	struct tok_rows *cache;
	uint64_t made;
	bool lost; /* a row is not in the file, and those behind it are not where they were said */
	struct cli_output out;

	/* By the hypernetwork, or */
	bool by_network;
	struct cli_hypernet hypernet;
	struct tok_buffer bytes; /* of the tokens that are asked about */
	/* by the mean of the parts' rows. */
	struct hyper_folder *model;
	struct tok_encoder *encoder;
	struct tok_fvt sides[2];
	float *matrices[2];

	/* One batch. */
	struct tok_span *texts;
	size_t *slots;
	uint64_t *numbers;
	size_t text_capacity, slot_capacity, number_capacity;
};

/* ---- by the hypernetwork --------------------------------------------------------- */

struct into {
	float *const *rows;
	size_t embedding;
};

static enum tok_status take_rows(void *context, const struct hyper_predicted *block,
				 struct tok_error *err)
{
	const struct into *into = context;
	const size_t bytes = into->embedding * sizeof(float);
	(void)err;
	for (size_t i = 0; i < block->count; i++) {
		float *row = into->rows[block->first + i];
		memcpy(row, block->in + i * into->embedding, bytes);
		if (block->out)
			memcpy(row + into->embedding, block->out + i * into->embedding, bytes);
	}
	return TOK_OK;
}

/* What the texts spell, in *spans, whose bytes are in e->bytes. */
static bool spell(struct merge_embed *e, const struct tok_span *texts, size_t count,
		  struct tok_span *spans)
{
	struct tok_buffer one = { 0 };
	bool ok = true;
	tok_buffer_clear(&e->bytes);
	for (size_t i = 0; ok && i < count; i++) {
		ok = tok_dynamic_bytes(e->tokenizer, texts[i], &one) &&
		     tok_buffer_add(&e->bytes, one.bytes, one.count);
		spans[i].count = one.count;
	}
	const uint8_t *at = e->bytes.bytes;
	for (size_t i = 0; ok && i < count; i++) {
		spans[i].bytes = at;
		at += spans[i].count;
	}
	tok_buffer_release(&one);
	return ok;
}

static enum tok_status predict_rows(struct merge_embed *e, const struct tok_span *texts,
				    size_t count, float *const *rows, struct tok_error *err)
{
	struct into into = { rows, e->embedding };
	struct hyper_surfaces surfaces = { 0 };
	struct tok_span *spans = malloc((count + 1) * sizeof *spans);
	enum tok_status status =
	    spans && spell(e, texts, count, spans) ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = hyper_surfaces_make(e->hypernet.tokenizer, &e->hypernet.config, spans,
					     count, &surfaces, err);
	if (status == TOK_OK) {
		const struct hyper_predict_job job = { .language = e->hypernet.language,
						       .end = count,
						       .sink = take_rows,
						       .context = &into };
		status = hyper_predict(e->hypernet.net, &e->hypernet.source, &surfaces, &job, err);
		if (status == TOK_OK && e->hypernet.device)
			status = hyper_device_check(e->hypernet.device, err);
	}
	hyper_surfaces_release(&surfaces);
	free(spans);
	return status;
}

/* ---- by means -------------------------------------------------------------------- */

static enum tok_status mean_rows(struct merge_embed *e, const struct tok_span *texts, size_t count,
				 float *const *rows, struct tok_error *err)
{
	enum tok_status status = tok_fvt_make(&e->sides[0], texts, count, rows, err);
	if (status != TOK_OK || e->width == e->embedding)
		return status;
	float **others = malloc((count + 1) * sizeof *others);
	if (!others)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		others[i] = rows[i] + e->embedding;
	status = tok_fvt_make(&e->sides[1], texts, count, others, err);
	free(others);
	return status;
}

static enum tok_status take_side(struct merge_embed *e, size_t side,
				 const struct hyper_tensor *tensor, struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(e->tokenizer);
	const size_t rows = tensor->shape[0], width = tensor->shape[1];
	float *matrix = malloc((rows * width + 1) * sizeof *matrix);
	if (!matrix)
		return tok_fail_memory(err);
	e->matrices[side] = matrix;
	e->sides[side] = (struct tok_fvt){ .tokenizer = e->tokenizer,
					   .encoder = e->encoder,
					   .rows = matrix,
					   .row_count = rows,
					   .width = width,
					   .unk = spec->model.unk };
	return hyper_tensor_rows(tensor, 0, rows, matrix, err);
}

static enum tok_status open_means(struct merge_embed *e, const struct merge_embed_options *options,
				  struct tok_error *err)
{
	struct hyper_embeddings found;
	enum tok_status status =
	    cli_model_open(options->model, &options->hypernet.names, &e->model, &found, err);
	if (status != TOK_OK)
		return status;
	const struct hyper_tensor *in = found.input, *out = found.tied ? NULL : found.output;
	e->embedding = in->shape[1];
	e->width = out ? 2 * e->embedding : e->embedding;
	e->encoder = tok_encoder_new(e->tokenizer);
	if (!e->encoder)
		return tok_fail_memory(err);
	status = take_side(e, 0, in, err);
	return status == TOK_OK && out ? take_side(e, 1, out, err) : status;
}

/* ---- the file -------------------------------------------------------------------- */

static enum tok_status make_header(const struct merge_embed *e, struct hyper_layout *out,
				   struct tok_error *err)
{
	const struct hyper_write_tensor array = {
		"rows", HYPER_F32, 2, { (size_t)e->made, e->width }
	};
	return hyper_layout_npy(&array, out, err);
}

static enum tok_status put_header(struct merge_embed *e, bool again, struct tok_error *err)
{
	struct hyper_layout layout = { 0 };
	enum tok_status status = make_header(e, &layout, err);
	if (status == TOK_OK && again)
		status =
		    cli_output_patch(&e->out, 0, layout.header.bytes, layout.header.count, err);
	else if (status == TOK_OK)
		status = cli_output_add(&e->out, layout.header.bytes, layout.header.count, err);
	hyper_layout_release(&layout);
	return status;
}

/* A tok_rows_maker: rows that are made are written. */
static enum tok_status make_rows(void *context, const struct tok_span *texts, size_t count,
				 float *const *rows, struct tok_error *err)
{
	struct merge_embed *e = context;
	enum tok_status status = e->by_network ? predict_rows(e, texts, count, rows, err)
					       : mean_rows(e, texts, count, rows, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = cli_output_add(&e->out, rows[i], e->width * sizeof *rows[i], err);
	e->lost |= status != TOK_OK;
	e->made += count;
	return status;
}

/* ---- from outside ---------------------------------------------------------------- */

static enum tok_status open_method(struct merge_embed *e, const struct merge_embed_options *options,
				   struct tok_error *err)
{
	static const char network[] = "hypernet:";
	struct cli_hypernet_options how = options->hypernet;
	if (strcmp(options->method, "fvt") == 0)
		return open_means(e, options, err);
	if (strncmp(options->method, network, sizeof network - 1) != 0 ||
	    !options->method[sizeof network - 1])
		return tok_fail(err, TOK_EARG, "--embed must be fvt or hypernet:FOLDER, not '%s'",
				options->method);
	how.folder = options->method + sizeof network - 1;
	e->by_network = true;
	const enum tok_status status = cli_hypernet_open(&e->hypernet, options->model, &how, err);
	e->embedding = e->hypernet.config.embedding;
	e->width = e->hypernet.config.untied ? 2 * e->embedding : e->embedding;
	return status;
}

enum tok_status merge_embed_open(const struct merge_embed_options *options,
				 const struct tok_tokenizer *tokenizer, struct merge_embed **out,
				 struct tok_error *err)
{
	struct merge_embed *e = calloc(1, sizeof *e);
	if (!e)
		return tok_fail_memory(err);
	e->tokenizer = tokenizer;
	e->out.fd = -1;
	enum tok_status status = open_method(e, options, err);
	if (status == TOK_OK)
		status = tok_rows_new((size_t)options->cache, e->width, &e->cache, err);
	if (status == TOK_OK)
		status = cli_output_open(&e->out, options->output, err);
	if (status == TOK_OK && e->out.start < 0)
		status = tok_fail(err, TOK_EARG,
				  "rows need a file, not a pipe: how many there are is written at "
				  "its front in the end");
	if (status == TOK_OK)
		status = put_header(e, false, err);
	if (status == TOK_OK)
		*out = e;
	else
		merge_embed_free(e);
	return status;
}

void merge_embed_free(struct merge_embed *e)
{
	if (!e)
		return;
	cli_output_abandon(&e->out);
	tok_rows_free(e->cache);
	cli_hypernet_close(&e->hypernet);
	hyper_folder_close(e->model);
	tok_encoder_free(e->encoder);
	tok_buffer_release(&e->bytes);
	free(e->matrices[0]);
	free(e->matrices[1]);
	free(e->texts);
	free(e->slots);
	free(e->numbers);
	free(e);
}

enum tok_status merge_embed_batch(struct merge_embed *e, const struct tok_merged_batch *merged,
				  const uint64_t **rows, struct tok_error *err)
{
	const size_t count = merged->used_count;
	if (!tok_grow(&e->texts, &e->text_capacity, count, sizeof *e->texts) ||
	    !tok_grow(&e->slots, &e->slot_capacity, count, sizeof *e->slots) ||
	    !tok_grow(&e->numbers, &e->number_capacity, count, sizeof *e->numbers))
		return tok_fail_memory(err);
	for (size_t i = 0; i < merged->token_count; i++)
		if (merged->tokens[i].parts)
			e->texts[merged->tokens[i].number] = merged->tokens[i].text;
	enum tok_status status =
	    tok_rows_get(e->cache, e->texts, count, make_rows, e, e->slots, err);
	if (status == TOK_ELIMIT)
		status = tok_fail_in(err, status, "--row-cache is too small");
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		e->numbers[i] = tok_rows_number(e->cache, e->slots[i]);
	*rows = e->numbers;
	return status;
}

enum tok_status merge_embed_commit(struct merge_embed *e, struct tok_error *err)
{
	const enum tok_status status = put_header(e, true, err);
	return status == TOK_OK ? cli_output_commit(&e->out, err) : status;
}

bool merge_embed_is_lost(const struct merge_embed *e)
{
	return e->lost;
}

uint64_t merge_embed_hits(const struct merge_embed *e)
{
	return tok_rows_hits(e->cache);
}

uint64_t merge_embed_made(const struct merge_embed *e)
{
	return tok_rows_made(e->cache);
}
