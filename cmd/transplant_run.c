/* transplant_run.c - tok transplant run and apply: a model with another tokenizer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_interrupt.h"
#include "cmd/transplant_mapping.h"
#include "cmd/transplant_tokenizer.h"
#include "cmd/transplant_write.h"

/* Can the folder be made?  Tried before hours of work, not after them. */
static enum cli_exit try_folder(const char *output)
{
	if (mkdir(output, S_IRWXU) != 0 || rmdir(output) != 0)
		return cli_error("cannot make '%s': %s", output, strerror(errno));
	return CLI_OK;
}

enum cli_exit transplant_check_output(const struct transplant_options *o)
{
	const enum cli_exit checked = transplant_check_options(o);
	if (checked != CLI_OK)
		return checked;
	if (!o->output && !o->dry_run)
		return cli_usage("a new folder is made: name it with --output, or try --dry-run");
	if (o->output && access(o->output, F_OK) == 0)
		return cli_error("'%s' is there already: a new folder is made, and nothing "
				 "replaced",
				 o->output);
	return o->output && !o->dry_run ? try_folder(o->output) : CLI_OK;
}

static enum tok_status run(const char *model, const char *target,
			   const struct transplant_options *o, struct tok_error *err)
{
	struct transplant_case c = { 0 };
	struct transplant_choice choice;
	struct transplant_recipes recipes = { 0 };
	struct transplant_usage usage;
	enum tok_status status = transplant_choose(o, &choice, err);
	if (status == TOK_OK)
		status = transplant_case_open(&c, model, target, o, err);
	if (status == TOK_OK)
		status = transplant_tokenizer_try(&c, err);
	if (status == TOK_OK && o->text)
		status = transplant_usage_of(&c, o->text, &usage, err);
	if (status == TOK_OK)
		status = transplant_recipes_make(&c, &choice, &recipes, err);
	if (status == TOK_OK)
		status = transplant_write(&c, &choice, &recipes, o->text ? &usage : NULL, err);
	transplant_recipes_release(&recipes);
	transplant_case_close(&c);
	return status;
}

enum cli_exit transplant_run(const void *options, int argc, char **argv)
{
	const struct transplant_options opts = transplant_settled(options);
	struct tok_error err = { 0 };
	if (argc != 2)
		return cli_usage("run takes a model and a tokenizer, not %d operands", argc);
	const enum cli_exit checked = transplant_check_output(&opts);
	if (checked != CLI_OK)
		return checked;
	return run(argv[0], argv[1], &opts, &err) == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}

/* ---- the same to another checkpoint --------------------------------------------------------- */

/* Options that say how rows are made: these were made. */
static const char *find_refused(const struct transplant_options *o)
{
	const struct {
		const char *name;
		bool given;
	} refused[] = {
		{ "--method", o->method != NULL },
		{ "--in-method", o->in_method != NULL },
		{ "--out-method", o->out_method != NULL },
		{ "--preset", o->preset >= 0 },
		{ "--rows", o->rows != NULL },
		{ "--donor", o->donor != NULL },
		{ "--aux", o->aux != NULL },
		{ "--temperature", o->temperature >= 0 },
		{ "--weight", o->weight >= 0 },
		{ "--threshold", o->threshold >= 0 },
		{ "--topk", o->topk != 0 },
		{ "--knn", o->knn >= 0 },
		{ "--euclid", o->euclid },
		{ "--atoms", o->k != 0 },
		{ "--normalize-atoms", o->normalize_atoms },
		{ "--screen", o->screen != 0 },
		{ "--ridge", o->ridge >= 0 },
		{ "--lang", o->language != NULL },
		{ "--special-map", o->special_map != NULL },
	};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (refused[i].given)
			return refused[i].name;
	return NULL;
}

static enum tok_status apply_mapping(const struct transplant_mapping *mapping, const char *done,
				     const char *model, const struct transplant_options *o,
				     struct tok_error *err)
{
	struct transplant_case c = { 0 };
	struct transplant_recipes recipes = { 0 };
	struct transplant_choice choice;
	struct transplant_usage usage;
	char *name = NULL;
	enum tok_status status = transplant_choose(o, &choice, err);
	if (status == TOK_OK)
		status = cli_named_of_path(done, &name, err);
	if (status == TOK_OK)
		status = transplant_case_open(&c, model, name, o, err);
	if (status == TOK_OK)
		status = transplant_mapping_recipes(mapping, &c, &choice, &recipes, err);
	if (status == TOK_OK && o->text)
		status = transplant_usage_of(&c, o->text, &usage, err);
	if (status == TOK_OK)
		status = transplant_write(&c, &choice, &recipes, o->text ? &usage : NULL, err);
	transplant_recipes_release(&recipes);
	transplant_case_close(&c);
	free(name);
	return status;
}

static enum tok_status apply(const char *done, const char *model,
			     const struct transplant_options *asked, struct tok_error *err)
{
	struct transplant_mapping mapping = { 0 };
	struct transplant_options o;
	enum tok_status status = transplant_mapping_open(&mapping, done, err);
	if (status == TOK_OK)
		status = transplant_mapping_options(&mapping, asked, &o, err);
	if (status == TOK_OK)
		status = apply_mapping(&mapping, done, model, &o, err);
	transplant_mapping_close(&mapping);
	return status;
}

enum cli_exit transplant_apply(const void *options, int argc, char **argv)
{
	const struct transplant_options *opts = options;
	struct tok_error err = { 0 };
	if (argc != 2)
		return cli_usage("apply takes what run made and a model, not %d operands", argc);
	const char *refused = find_refused(opts);
	if (refused)
		return cli_usage("apply does what was done: it takes no %s", refused);
	const enum cli_exit checked = transplant_check_output(opts);
	if (checked != CLI_OK)
		return checked;
	return apply(argv[0], argv[1], opts, &err) == TOK_OK ? CLI_OK
							     : cli_error("%s", err.message);
}
