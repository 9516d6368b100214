/* embed_predict.c - tok embed predict: rows for a vocabulary, or for tokens that are given. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "cmd/cli_hash.h"
#include "cmd/cli_hypernet.h"
#include "cmd/cli_interrupt.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_progress.h"
#include "cmd/embed_internal.h"
#include "cmd/embed_write.h"

struct predict {
	const struct embed_options *opts;
	const char *model; /* its folder */
	struct cli_hypernet hypernet;
	struct embed_tokens all,
	    tokens;                /* of the vocabulary; that are at work, which may be those */
	struct tok_tokenizer *old; /* of the model: whose special tokens keep their rows; or NULL */
	struct embed_writer writer;
	struct cli_progress progress;
	struct embed_report report;
};

/* SIGINT ends the run between two blocks. */
static atomic_bool stopped;

/* ---- rows ------------------------------------------------------------------------ */

/* The model's own row of the special token of that name, in place of what was predicted. */
static enum tok_status keep_special(struct predict *p, const struct hyper_predicted *block,
				    size_t i, struct tok_error *err)
{
	const struct tok_span name = p->tokens.bytes[block->first + i];
	const size_t width = p->writer.width;
	const tok_id id = p->old ? tok_tokenizer_find(p->old, name) : TOK_NO_ID;
	const struct hyper_tensor *in = p->hypernet.source.in, *out = p->hypernet.source.out;
	if (id == TOK_NO_ID || id >= in->shape[0])
		return TOK_OK;
	p->report.kept++;
	enum tok_status status = hyper_tensor_rows(in, id, 1, block->in + i * width, err);
	if (status == TOK_OK && block->out)
		status = hyper_tensor_rows(out, id, 1, block->out + i * width, err);
	return status;
}

static enum tok_status take_block(void *context, const struct hyper_predicted *block,
				  struct tok_error *err)
{
	struct predict *p = context;
	const size_t width = p->writer.width;
	enum tok_status status = TOK_OK;
	if (p->hypernet.device)
		status = hyper_device_check(p->hypernet.device, err);
	for (size_t i = 0; i < block->count && status == TOK_OK; i++) {
		const uint8_t kind = p->tokens.kinds[block->first + i];
		if (kind == EMBED_SPECIAL)
			status = keep_special(p, block, i, err);
		if (kind != EMBED_NONE)
			continue;
		memset(block->in + i * width, 0, width * sizeof *block->in);
		if (block->out)
			memset(block->out + i * width, 0, width * sizeof *block->out);
		if (block->bias)
			block->bias[i] = 0;
	}
	if (status == TOK_OK)
		status = embed_writer_put(&p->writer, &p->tokens, block, err);
	if (p->opts->lines < 0)
		cli_progress_steps(&p->progress, "tokens", block->first + block->count,
				   p->tokens.count);
	if (status == TOK_OK && atomic_load(&stopped))
		status = tok_fail(err, TOK_EIO, "interrupted: %s",
				  p->writer.resume ? "the same command goes on from here"
						   : "nothing was written");
	return status;
}

/* Rows of all tokens at work from `begin` on. */
static enum tok_status predict_tokens(struct predict *p, const struct hyper_surfaces *surfaces,
				      size_t begin, struct tok_error *err)
{
	const struct hyper_predict_job job = {
		.language = p->hypernet.language,
		.begin = begin,
		.end = p->tokens.count,
		.sink = take_block,
		.context = p,
	};
	p->report.tokens += p->tokens.count - p->tokens.nones;
	p->report.holes += p->tokens.nones;
	p->report.truncated += surfaces->truncated;
	p->report.fallback += surfaces->fallback;
	p->report.unknown +=
	    surfaces->unknown > p->tokens.nones ? surfaces->unknown - p->tokens.nones : 0;
	return hyper_predict(p->hypernet.net, &p->hypernet.source, surfaces, &job, err);
}

static enum tok_status make_surfaces(struct predict *p, struct hyper_surfaces *out,
				     struct tok_error *err)
{
	return hyper_surfaces_make(p->hypernet.tokenizer, &p->hypernet.config, p->tokens.bytes,
				   p->tokens.count, out, err);
}

static bool ends_in(const char *path, const char *end)
{
	const size_t count = path ? strlen(path) : 0, tail = strlen(end);
	return count >= tail && strcmp(path + count - tail, end) == 0;
}

/* ---- what a run is --------------------------------------------------------------- */

/* `tensors`: further files, which the folder may only name; or NULL. */
static enum tok_status hash_folder(XXH3_state_t *hash, const char *folder,
				   const struct hyper_tensors *tensors, struct tok_error *err)
{
	struct cli_files files = { 0 };
	struct cli_hash text;
	enum tok_status status = cli_files_add(&files, folder, err);
	size_t kept = 0;
	for (size_t i = 0; tensors && status == TOK_OK && i < hyper_tensors_file_count(tensors);
	     i++)
		status = cli_files_add(&files, hyper_tensors_file(tensors, i), err);
	/* What is on its way to such a folder changes. */
	for (size_t i = 0; status == TOK_OK && i < files.count; i++)
		if (!ends_in(files.items[i].path, ".part"))
			files.items[kept++] = files.items[i];
	files.count = kept;
	if (status == TOK_OK)
		status = cli_hash_files(&files, &text, err);
	if (status == TOK_OK)
		XXH3_128bits_update(hash, text.text, sizeof text.text);
	cli_files_release(&files);
	return status;
}

static void hash_run(XXH3_state_t *hash, const struct predict *p,
		     const struct hyper_surfaces *surfaces)
{
	const struct embed_options *o = p->opts;
	const uint64_t numbers[] = { (uint64_t)o->hypernet.mode,
				     p->hypernet.language,
				     (uint64_t)p->writer.dtype,
				     p->writer.kind,
				     p->writer.side,
				     o->predict_special,
				     p->tokens.count };
	XXH3_128bits_update(hash, numbers, sizeof numbers);
	XXH3_128bits_update(hash, p->hypernet.kernel, strlen(p->hypernet.kernel));
	XXH3_128bits_update(hash, surfaces->ids,
			    surfaces->count * surfaces->length * sizeof *surfaces->ids);
	XXH3_128bits_update(hash, p->tokens.kinds, p->tokens.count);
	for (size_t i = 0; i < p->tokens.count; i++)
		if (p->tokens.kinds[i] == EMBED_SPECIAL)
			XXH3_128bits_update(hash, p->tokens.bytes[i].bytes,
					    p->tokens.bytes[i].count);
}

/* Only a run that gives the same file may go on from it. */
static enum tok_status make_key(const struct predict *p, const struct hyper_surfaces *surfaces,
				struct embed_key *out, struct tok_error *err)
{
	XXH3_state_t *hash = XXH3_createState();
	if (!hash)
		return tok_fail_memory(err);
	XXH3_128bits_reset(hash);
	hash_run(hash, p, surfaces);
	enum tok_status status = hash_folder(hash, p->opts->hypernet.folder, NULL, err);
	if (status == TOK_OK)
		status = hash_folder(hash, p->model, hyper_folder_tensors(p->hypernet.model), err);
	const XXH128_hash_t digest = XXH3_128bits_digest(hash);
	*out = (struct embed_key){ { digest.low64, digest.high64 } };
	XXH3_freeState(hash);
	return status;
}

/* ---- the two ways ---------------------------------------------------------------- */

/* All at once: their number is known, and what is written can be gone on with. */
static enum tok_status run_all(struct predict *p, struct tok_error *err)
{
	struct hyper_surfaces surfaces = { 0 };
	struct embed_key key = { { 0 } };
	p->writer.count = p->tokens.count;
	enum tok_status status = make_surfaces(p, &surfaces, err);
	if (status == TOK_OK && p->writer.resume)
		status = make_key(p, &surfaces, &key, err);
	if (status == TOK_OK) {
		status = embed_writer_open(&p->writer, p->opts->output, &key, err);
		if (status == TOK_OK) {
			p->report.resumed = p->writer.done;
			status = predict_tokens(p, &surfaces, p->writer.done, err);
			if (status == TOK_OK)
				status = embed_writer_commit(&p->writer, err);
			else
				embed_writer_abandon(&p->writer);
		}
	}
	hyper_surfaces_release(&surfaces);
	return status;
}

static enum tok_status run_lines_of(struct predict *p, const char *path, struct tok_error *err)
{
	struct embed_reader reader = { .form = (enum embed_lines)p->opts->lines, .all = &p->all };
	enum tok_status status = embed_reader_open(&reader, path, err);
	while (status == TOK_OK) {
		struct hyper_surfaces surfaces = { 0 };
		embed_tokens_clear(&p->tokens);
		const enum tok_status read =
		    embed_reader_next(&reader, HYPER_BLOCK, &p->tokens, err);
		if (p->tokens.count == 0) {
			status = read;
			break;
		}
		/* What came before a bad line has its rows. */
		status = make_surfaces(p, &surfaces, read == TOK_OK ? err : NULL);
		if (status == TOK_OK)
			status = predict_tokens(p, &surfaces, 0, read == TOK_OK ? err : NULL);
		hyper_surfaces_release(&surfaces);
		status = read == TOK_OK ? status : read;
	}
	embed_reader_close(&reader);
	return status;
}

/* Lines of JSON for lines of tokens, as they come. */
static enum tok_status run_lines(struct predict *p, int count, char **paths, struct tok_error *err)
{
	const struct embed_key key = { { 0 } };
	enum tok_status status = embed_writer_open(&p->writer, p->opts->output, &key, err);
	if (status != TOK_OK)
		return status;
	for (int i = 0; i < (count ? count : 1) && status == TOK_OK; i++)
		status = run_lines_of(p, count ? paths[i] : "-", err);
	/* Lines that went to a pipe are there, and stand. */
	struct tok_error late = { 0 };
	if (status != TOK_OK && p->opts->output) {
		embed_writer_abandon(&p->writer);
		return status;
	}
	const enum tok_status written = embed_writer_commit(&p->writer, &late);
	if (status == TOK_OK && written != TOK_OK)
		status = tok_fail(err, written, "%s", late.message);
	return status;
}

/* Lines for an array: all of them, then the rows. */
static enum tok_status read_lines(struct predict *p, int count, char **paths, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (int i = 0; i < (count ? count : 1) && status == TOK_OK; i++) {
		struct embed_reader reader = { .form = (enum embed_lines)p->opts->lines,
					       .all = &p->all };
		status = embed_reader_open(&reader, count ? paths[i] : "-", err);
		if (status == TOK_OK)
			status = embed_reader_next(&reader, SIZE_MAX, &p->tokens, err);
		embed_reader_close(&reader);
	}
	return status;
}

/* ---- the command ----------------------------------------------------------------- */

/* Their names are the same in both models as a rule; without the old tokenizer they are predicted.
 */
static void open_old(struct predict *p)
{
	struct tok_error err = { 0 };
	char *name = NULL;
	if (p->opts->predict_special)
		return;
	if (cli_named_of_path(p->model, &name, &err) != TOK_OK ||
	    cli_load(&(struct cli_load){ .tokenizer = name }, &p->old, &err) != TOK_OK) {
		p->old = NULL;
		cli_error("special tokens are predicted, too, for their rows are not known: %s",
			  err.message);
	}
	free(name);
}

static enum tok_status run(struct predict *p, int count, char **paths, struct tok_error *err)
{
	const struct embed_options *o = p->opts;
	const bool by_id = o->lines == EMBED_LINES_IDS;
	enum tok_status status = cli_hypernet_open(&p->hypernet, p->model, &o->hypernet, err);
	if (status != TOK_OK)
		return status;
	p->writer.width = p->hypernet.config.embedding;
	p->writer.has_out = p->hypernet.config.untied;
	p->writer.has_bias = p->hypernet.config.predicts_bias;
	if (p->writer.kind == EMBED_NPY && p->writer.side == EMBED_OUT && !p->writer.has_out)
		return tok_fail(err, TOK_EARG,
				"this model has one matrix for both sides: --side out is none");
	if (o->lines < 0 || by_id)
		status = embed_tokens_of(o->load.tokenizer, o->load.pattern,
					 by_id ? &p->all : &p->tokens, err);
	if (status == TOK_OK && (by_id ? p->all.specials : p->tokens.specials))
		open_old(p);
	if (status != TOK_OK)
		return status;
	if (o->lines >= 0 && p->writer.kind == EMBED_JSONL)
		return run_lines(p, count, paths, err);
	if (o->lines >= 0)
		status = read_lines(p, count, paths, err);
	return status == TOK_OK ? run_all(p, err) : status;
}

/* What is to be written, from its name or as it was asked for. */
static enum cli_exit choose_kind(const struct embed_options *o, struct embed_writer *w)
{
	static const enum hyper_dtype dtypes[] = { HYPER_F32, HYPER_F16, HYPER_BF16 };
	if (o->kind >= 0)
		w->kind = (enum embed_kind)o->kind;
	else if (ends_in(o->output, ".npy"))
		w->kind = EMBED_NPY;
	else
		w->kind = ends_in(o->output, ".safetensors") ? EMBED_SAFETENSORS : EMBED_JSONL;
	w->side = (enum embed_side)o->side;
	w->dtype = dtypes[o->dtype];
	w->resume = o->resume;
	if (w->kind == EMBED_JSONL && (o->resume || o->dtype || o->side))
		return cli_usage("--resume, --dtype and --side are of arrays: lines of JSON have "
				 "none of them");
	if (w->kind != EMBED_JSONL && (!o->output || strcmp(o->output, "-") == 0))
		return cli_usage(
		    "an array is written to a file, row by row: name it with --output");
	if (w->kind == EMBED_NPY && w->dtype == HYPER_BF16)
		return cli_usage("numpy has no bf16: write f32, f16 or a safetensors file");
	if (w->kind != EMBED_NPY && o->side)
		return cli_usage("--side is of an array of numpy: the others hold both");
	return CLI_OK;
}

enum cli_exit embed_predict(const void *options, int argc, char **argv)
{
	const struct embed_options *o = options;
	struct predict p = { .opts = o };
	struct tok_error err = { 0 };
	if (o->hypernet.device && strcmp(o->hypernet.device, "list") == 0)
		return embed_devices();
	if (argc < 1)
		return cli_usage("predict takes the folder of the model, then files of tokens");
	if (!o->hypernet.folder)
		return cli_usage("predict needs --hypernet FOLDER");
	if (!o->hypernet.device && (o->hypernet.device_memory || o->hypernet.device_fallback))
		return cli_usage("--device-memory and --device-fallback are of --device NAME");
	if (o->lines < 0 && argc > 1)
		return cli_usage("files of tokens need --tokens text, hex or ids: without it rows "
				 "are for the vocabulary of --tokenizer");
	enum cli_exit exit = cli_threads_check(o->hypernet.threads);
	if (exit == CLI_OK)
		exit = choose_kind(o, &p.writer);
	if (exit != CLI_OK)
		return exit;
	p.model = argv[0];
	if (p.writer.kind != EMBED_JSONL) {
		cli_interrupt_say("tok embed: interrupted twice: '%s' is as it was", o->output);
		cli_interrupt_stop(&stopped);
	}
	p.progress = cli_progress_begin(o->progress, 0);
	clock_gettime(CLOCK_MONOTONIC, &p.report.begun);
	const enum tok_status status = run(&p, argc - 1, argv + 1, &err);
	cli_progress_clear(&p.progress);
	if (status != TOK_OK)
		exit = cli_error("%s", err.message);
	else
		embed_report_tell(&p.report, &p.hypernet, o->json);
	tok_tokenizer_free(p.old);
	embed_tokens_release(&p.tokens);
	embed_tokens_release(&p.all);
	cli_hypernet_close(&p.hypernet);
	return exit;
}
