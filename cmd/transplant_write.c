#include "cmd/transplant_write.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "cmd/cli_interrupt.h"
#include "cmd/transplant_files.h"
#include "cmd/transplant_gguf.h"
#include "cmd/transplant_mapping.h"
#include "cmd/transplant_report.h"
#include "cmd/transplant_tokenizer.h"

static enum tok_status add_report(struct transplant_files *files,
				  const struct transplant_report *report, struct tok_error *err)
{
	static const struct {
		const char *name;
		enum tok_status (*make)(const struct transplant_report *, struct tok_buffer *,
					struct tok_error *);
	} parts[] = {
		{ "transplant.json", transplant_report_json },
		{ "mapping.tsv", transplant_report_tsv },
		{ "transplant.html", transplant_report_page },
	};
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < sizeof parts / sizeof *parts && status == TOK_OK; i++) {
		struct tok_buffer text = { 0 };
		status = parts[i].make(report, &text, err);
		if (status == TOK_OK)
			status =
			    transplant_files_add(files, parts[i].name, tok_buffer_span(&text), err);
		tok_buffer_release(&text);
	}
	return status;
}

/* Rows that a method gave as they are belong to this model's space, and to no other's. */
static bool is_portable(const struct transplant_recipes *r)
{
	return r->sides[TRANSPLANT_IN].given_count == 0 &&
	       (r->both || r->sides[TRANSPLANT_OUT].given_count == 0);
}

struct finish {
	const struct transplant_case *c;
	const struct transplant_choice *choice;
	const struct transplant_recipes *recipes;
	const struct transplant_files *files;
};

/* The folder is whole but has not taken its name yet. */
static enum tok_status finish_folder(void *context, const char *folder, struct tok_error *err)
{
	const struct finish *f = context;
	char *path = NULL;
	enum tok_status status = transplant_tokenizer_check(f->c, f->files, folder, err);
	if (status != TOK_OK)
		return status;
	if (!is_portable(f->recipes))
		return TOK_OK;
	if (asprintf(&path, "%s/" HYPER_MAPPING_NAME, folder) < 0)
		return tok_fail_memory(err);
	status = transplant_mapping_write(f->c, f->choice, f->recipes, path, err);
	free(path);
	return status;
}

static enum tok_status write_folder(const struct transplant_case *c,
				    const struct transplant_choice *choice,
				    const struct transplant_recipes *r,
				    const struct transplant_files *files,
				    const struct transplant_gguf *gguf, struct tok_error *err)
{
	static const enum hyper_dtype dtypes[] = { HYPER_F32, HYPER_F16, HYPER_BF16, HYPER_Q8_0 };
	static atomic_bool stopped; /* by a signal: the folder that is begun is removed */
	const struct transplant_options *o = c->options;
	struct finish finish = { c, choice, r, files };
	const struct hyper_graft graft = {
		.model = c->model,
		.embeddings = c->embeddings,
		.in = transplant_recipe(r, TRANSPLANT_IN),
		.out = transplant_recipe(r, TRANSPLANT_OUT),
		.tie = (enum hyper_tie)o->tie,
		.dtype = o->dtype < 0 ? -1 : (int)dtypes[o->dtype],
		.files = files->items,
		.file_count = files->count,
		.values = tok_buffer_span(&gguf->values),
		.value_count = gguf->count,
		.finish = finish_folder,
		.context = &finish,
		.threads = c->threads,
		.stop = &stopped,
	};
	struct hyper_graft_report report = { 0 };
	cli_interrupt_say("tok transplant: interrupted twice: '%s' was not made, and what was "
			  "written lies beside it, in a hidden folder",
			  o->output);
	cli_interrupt_stop(&stopped);
	const enum tok_status status = hyper_graft_write(&graft, o->output, &report, err);
	if (status == TOK_OK)
		fprintf(
		    stderr,
		    "'%s': %zu tensors changed, %zu copied, %zu files linked; embeddings are %s\n",
		    o->output, report.tensors_changed, report.tensors_copied, report.files_linked,
		    hyper_dtype_name(report.in_dtype));
	if (status == TOK_OK && report.flushed)
		fprintf(stderr, "  %zu numbers were too small for %s and are 0\n", report.flushed,
			hyper_dtype_name(report.in_dtype));
	if (status == TOK_OK && report.files_left)
		fprintf(stderr, "  %zu files of other forms of the old weights were left out\n",
			report.files_left);
	return status;
}

enum tok_status transplant_write(struct transplant_case *c, const struct transplant_choice *choice,
				 struct transplant_recipes *recipes,
				 const struct transplant_usage *usage, struct tok_error *err)
{
	struct transplant_files files = { 0 };
	struct transplant_gguf gguf = { 0 };
	struct transplant_report report = { c, choice, recipes, usage, { 0 }, { 0 } };
	enum tok_status status = transplant_recipes_stats(c, recipes, err);
	if (status == TOK_OK)
		status = hyper_digits_of(c->source.tokenizer, &report.digits[0], err);
	if (status == TOK_OK)
		status = hyper_digits_of(c->target.tokenizer, &report.digits[1], err);
	if (status == TOK_OK)
		status = transplant_files_make(&files, c, recipes->rows, err);
	if (status == TOK_OK)
		status = transplant_gguf_make(&gguf, c, &files, recipes->rows, err);
	if (status == TOK_OK) {
		report.notes = tok_buffer_span(&files.notes);
		transplant_report_tell(&report);
		status = add_report(&files, &report, err);
	}
	if (status == TOK_OK && !c->options->dry_run)
		status = write_folder(c, choice, recipes, &files, &gguf, err);
	transplant_gguf_release(&gguf);
	transplant_files_release(&files);
	return status;
}
