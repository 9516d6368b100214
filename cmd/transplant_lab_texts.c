/* transplant_lab_texts.c - texts, and tokenizers that are trained on them. */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_lm.h"
#include "cmd/cli_pool.h"
#include "cmd/train_internal.h"
#include "cmd/transplant_lab.h"

enum {
	TEXT_LEAST = 1 << 14,
	TEXT_MOST = 1 << 26, /* more teaches models of this size nothing */
	HELD_MOST = 50000,   /* as much as tells methods apart */
	HELD_PART = 10
};

static const struct {
	const char *name, *size;
	int super; /* enum vocab_super */
	bool last; /* the last text only */
} kinds[LAB_TOKENIZERS] = {
	[LAB_SOURCE] = { "A", "3000", VOCAB_SUPER_NONE, false },
	[LAB_TARGET] = { "B", "4000", VOCAB_SUPER_NONE, true },
	[LAB_SUPER] = { "S", "4000", VOCAB_SUPER_CHUNK, true },
};

const char *transplant_lab_name(enum lab_tokenizer_name name)
{
	return kinds[name].name;
}

/* ---- a folder -------------------------------------------------------------------- */

static enum tok_status make_folder(struct lab_bench *bench, struct tok_error *err)
{
	if (asprintf(&bench->folder, "%s/tok-lab-XXXXXX", cli_spill_folder()) < 0) {
		bench->folder = NULL;
		return tok_fail_memory(err);
	}
	if (mkdtemp(bench->folder))
		return TOK_OK;
	const enum tok_status status = tok_fail(err, TOK_EIO, "cannot make the folder '%s': %s",
						bench->folder, strerror(errno));
	free(bench->folder);
	bench->folder = NULL;
	return status;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about, (void)kind, (void)where;
	(void)remove(path);
	return 0;
}

/* To be freed; NULL: memory. */
static char *path_in(const char *folder, const char *name)
{
	char *path;
	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* ---- texts ----------------------------------------------------------------------- */

/* Where a line ends at or behind `at`, or else a character does. */
static size_t cut_at(struct tok_span text, size_t at)
{
	const uint8_t *end = memchr(text.bytes + at, '\n', text.count - at);
	if (end && (size_t)(end - text.bytes) + 1 < text.count)
		return (size_t)(end - text.bytes) + 1;
	while (at < text.count && (text.bytes[at] & 0xC0) == 0x80)
		at++;
	return at;
}

static enum tok_status read_text(struct lab_text *text, struct tok_error *err)
{
	const enum tok_status status = cli_lm_read(text->path, &text->bytes, err);
	if (status != TOK_OK)
		return status;
	struct tok_span all = tok_buffer_span(&text->bytes);
	if (all.count < TEXT_LEAST)
		return tok_fail(err, TOK_EARG,
				"%s: a text of %zu bytes is too short: there should be %d at least",
				text->path, all.count, TEXT_LEAST);
	if (all.count > TEXT_MOST)
		all.count = TEXT_MOST;
	size_t held = all.count / HELD_PART;
	held = held < HELD_MOST ? held : HELD_MOST;
	const size_t cut = cut_at(all, all.count - held);
	text->train = tok_span_slice(all, 0, cut);
	text->held = tok_span_slice(all, cut, all.count);
	return TOK_OK;
}

static enum tok_status write_text(const char *path, struct tok_span text, struct tok_error *err)
{
	FILE *file = fopen(path, "wb");
	bool good = file && fwrite(text.bytes, 1, text.count, file) == text.count;
	if (file && fclose(file) != 0)
		good = false;
	return good ? TOK_OK
		    : tok_fail(err, TOK_EIO, "cannot write '%s': %s", path, strerror(errno));
}

/* ---- tokenizers ------------------------------------------------------------------ */

static enum tok_status add_files(const struct lab_bench *bench, bool last, struct cli_files *files,
				 struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = last ? bench->text_count - 1 : 0; i < bench->text_count; i++)
		if (status == TOK_OK)
			status = cli_files_add(files, bench->texts[i].file, err);
	return status;
}

/* As tok train does it. */
static enum cli_exit train(const struct lab_bench *bench, enum lab_tokenizer_name name,
			   const struct cli_files *files, const char *output)
{
	struct train_options options =
	    *(const struct train_options *)cli_tool_find("train")->defaults;
	options.vocab_size = kinds[name].size;
	options.super = kinds[name].super;
	options.split.lines = kinds[name].super == VOCAB_SUPER_CHUNK;
	options.output = output;
	options.threads = bench->options->threads;
	options.progress = bench->options->progress;
	struct train_run run = { .opts = &options, .kind = CLI_VOCAB_JSON, .files = files };
	enum cli_exit result = train_sizes_parse(&options, &run.sizes);
	run.progress = cli_progress_begin(options.progress, files->size);
	run.progress.unit = "words";
	if (result == CLI_OK)
		result =
		    options.super == VOCAB_SUPER_NONE ? train_from_text(&run) : train_super(&run);
	return result;
}

static enum cli_exit make_tokenizer(struct lab_bench *bench, enum lab_tokenizer_name name)
{
	struct lab_tokenizer *t = &bench->tokenizers[name];
	struct cli_files files = { 0 };
	struct tok_error err = { 0 };
	t->folder = path_in(bench->folder, kinds[name].name);
	char *output = t->folder ? path_in(t->folder, "tokenizer.json") : NULL;
	enum cli_exit result = CLI_OK;
	if (!output)
		result = cli_error("out of memory");
	else if (mkdir(t->folder, 0700) != 0)
		result = cli_error("cannot make the folder '%s': %s", t->folder, strerror(errno));
	else if (add_files(bench, kinds[name].last, &files, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else
		result = train(bench, name, &files, output);
	cli_files_release(&files);
	free(output);
	return result;
}

/* ---- ids ------------------------------------------------------------------------- */

/* Behind those that are there. */
static enum tok_status encode(struct tok_encoder *encoder, struct tok_span text,
			      struct lab_ids *out, struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY };
	struct tok_encoding r;
	const enum tok_status status = tok_encode(encoder, text, &how, &r, err);
	if (status != TOK_OK)
		return status;
	tok_id *items = realloc(out->items, (out->count + r.count + 1) * sizeof *items);
	if (!items)
		return tok_fail_memory(err);
	memcpy(items + out->count, r.ids, r.count * sizeof *items);
	*out = (struct lab_ids){ items, out->count + r.count };
	return TOK_OK;
}

static enum tok_status encode_all(const struct lab_bench *bench, struct lab_tokenizer *t,
				  struct tok_error *err)
{
	struct transplant_vocab vocab = { 0 };
	struct tok_encoder *encoder = NULL;
	enum tok_status status = transplant_vocab_open_own(&vocab, t->folder, NULL, err);
	t->held = calloc(bench->text_count, sizeof *t->held);
	if (status == TOK_OK)
		encoder = tok_encoder_new(vocab.tokenizer);
	if (status == TOK_OK && (!encoder || !t->held))
		status = tok_fail_memory(err);
	for (size_t i = 0; i < bench->text_count && status == TOK_OK; i++) {
		status = encode(encoder, bench->texts[i].train, &t->train, err);
		if (status == TOK_OK)
			status = encode(encoder, bench->texts[i].held, &t->held[i], err);
	}
	t->tokens = vocab.vocab.count;
	tok_encoder_free(encoder);
	transplant_vocab_close(&vocab);
	return status;
}

/* ---- all of it ------------------------------------------------------------------- */

/* The trainer reads files. */
static enum tok_status write_texts(struct lab_bench *bench, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < bench->text_count && status == TOK_OK; i++) {
		struct lab_text *text = &bench->texts[i];
		char name[32];
		snprintf(name, sizeof name, "text-%zu", i);
		text->file = path_in(bench->folder, name);
		status =
		    text->file ? write_text(text->file, text->train, err) : tok_fail_memory(err);
	}
	return status;
}

static enum tok_status begin(struct lab_bench *bench, const char *const *paths, size_t count,
			     struct tok_error *err)
{
	bench->texts = calloc(count, sizeof *bench->texts);
	if (!bench->texts)
		return tok_fail_memory(err);
	enum tok_status status = hyper_kernel_choose(getenv("TOK_KERNELS"), &bench->kernel, err);
	for (; bench->text_count < count && status == TOK_OK; bench->text_count++) {
		bench->texts[bench->text_count].path = paths[bench->text_count];
		status = read_text(&bench->texts[bench->text_count], err);
	}
	if (status == TOK_OK)
		status = make_folder(bench, err);
	return status == TOK_OK ? write_texts(bench, err) : status;
}

enum cli_exit transplant_lab_prepare(struct lab_bench *out,
				     const struct transplant_options *options,
				     const char *const *paths, size_t count)
{
	struct lab_bench bench = { .options = options,
				   .threads = cli_threads_for(options->threads) };
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	if (begin(&bench, paths, count, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	for (int i = 0; i < LAB_TOKENIZERS && result == CLI_OK; i++) {
		result = make_tokenizer(&bench, (enum lab_tokenizer_name)i);
		if (result == CLI_OK && encode_all(&bench, &bench.tokenizers[i], &err) != TOK_OK)
			result = cli_error("%s", err.message);
	}
	if (result == CLI_OK)
		*out = bench;
	else
		transplant_lab_release(&bench);
	return result;
}

void transplant_lab_release(struct lab_bench *bench)
{
	for (int i = 0; i < LAB_TOKENIZERS; i++) {
		struct lab_tokenizer *t = &bench->tokenizers[i];
		for (size_t k = 0; t->held && k < bench->text_count; k++)
			free(t->held[k].items);
		free(t->held);
		free(t->train.items);
		free(t->folder);
	}
	for (size_t i = 0; i < bench->text_count; i++) {
		tok_buffer_release(&bench->texts[i].bytes);
		free(bench->texts[i].file);
	}
	free(bench->texts);
	if (bench->folder)
		(void)nftw(bench->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(bench->folder);
	*bench = (struct lab_bench){ 0 };
}
