/* transplant_run.c - tok transplant run and apply: a model with another tokenizer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_interrupt.h"
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
	const struct transplant_options *opts = options;
	struct tok_error err = { 0 };
	if (argc != 2)
		return cli_usage("run takes a model and a tokenizer, not %d operands", argc);
	const enum cli_exit checked = transplant_check_output(opts);
	if (checked != CLI_OK)
		return checked;
	return run(argv[0], argv[1], opts, &err) == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}

/* ---- the same to another checkpoint --------------------------------------------------------- */

/* What an earlier run did, for a model of the same shape and tokenizer. */
static enum tok_status read_recipes(const struct transplant_case *c, const char *done,
				    struct transplant_recipes *out, struct tok_error *err)
{
	char *path = NULL;
	if (asprintf(&path, "%s/mapping.safetensors", done) < 0)
		return tok_fail_memory(err);
	struct transplant_recipes r = { 0 };
	enum tok_status status = TOK_OK;
	if (access(path, F_OK) != 0)
		status =
		    tok_fail(err, TOK_EARG,
			     "%s: there is no such file, because rows were made that belong to "
			     "one model, or because no transplant made this folder",
			     path);
	if (status == TOK_OK)
		status = hyper_recipe_read(path, c->embeddings.input->shape[0],
					   &r.sides[TRANSPLANT_IN], &r.sides[TRANSPLANT_OUT], err);
	r.rows = r.sides[TRANSPLANT_IN].rows;
	r.both = r.sides[TRANSPLANT_OUT].rows == 0;
	if (status == TOK_OK)
		status = transplant_recipes_recount(c, &r, err);
	free(path);
	if (status == TOK_OK)
		*out = r;
	else
		transplant_recipes_release(&r);
	return status;
}

static enum tok_status apply(const char *done, const char *model,
			     const struct transplant_options *o, struct tok_error *err)
{
	struct transplant_case c = { 0 };
	struct transplant_recipes recipes = { 0 };
	struct transplant_choice choice;
	enum tok_status status = transplant_choose(o, &choice, err);
	if (status == TOK_OK)
		status = transplant_case_open(&c, model, done, o, err);
	if (status == TOK_OK)
		status = read_recipes(&c, done, &recipes, err);
	if (status == TOK_OK)
		status = transplant_write(&c, &choice, &recipes, NULL, err);
	transplant_recipes_release(&recipes);
	transplant_case_close(&c);
	return status;
}

enum cli_exit transplant_apply(const void *options, int argc, char **argv)
{
	const struct transplant_options *opts = options;
	struct tok_error err = { 0 };
	if (argc != 2)
		return cli_usage("apply takes what run made and a model, not %d operands", argc);
	if (opts->method || opts->in_method || opts->out_method || opts->preset >= 0 || opts->rows)
		return cli_usage("apply does what was done: it takes no method, preset or rows");
	const enum cli_exit checked = transplant_check_output(opts);
	if (checked != CLI_OK)
		return checked;
	return apply(argv[0], argv[1], opts, &err) == TOK_OK ? CLI_OK
							     : cli_error("%s", err.message);
}
