/* vocab_diff.c - tok vocab diff: where two tokenizers are not the same. */
#include "cmd/cli_lines.h"
#include "cmd/cli_load.h"
#include "cmd/vocab_diff.h"
#include "cmd/vocab_internal.h"

/* ---- the two -------------------------------------------------------------------------------- */

static void close_side(struct vocab_diff_side *side)
{
	tok_tokenizer_free(side->tokenizer);
	tok_spec_release(&side->spec);
	*side = (struct vocab_diff_side){ 0 };
}

static enum tok_status read_side(const char *path, const char *pattern, struct vocab_diff_side *out,
				 struct tok_error *err)
{
	const struct cli_load load = { .tokenizer = path, .pattern = pattern };
	out->name = path;
	return cli_load_both(&load, &out->tokenizer, &out->spec, err);
}

/* TOK_EARG is said of a pattern by what takes none, which is then read without. */
static enum tok_status open_side(struct vocab_diff *d, const char *path, const char *pattern,
				 struct vocab_diff_side *out, struct tok_error *err)
{
	const enum tok_status status = read_side(path, pattern, out, err);
	struct tok_error without;
	if (pattern && status == TOK_EARG && !cli_is_pipe(path)) {
		close_side(out);
		return read_side(path, NULL, out, &without) == TOK_OK ? TOK_OK : status;
	}
	d->takes_pattern |= status == TOK_OK;
	return status;
}

static enum tok_status open_both(struct vocab_diff *d, char **paths, const char *pattern,
				 struct tok_error *err)
{
	const enum tok_status status = open_side(d, paths[0], pattern, &d->a, err);
	return status == TOK_OK ? open_side(d, paths[1], pattern, &d->b, err) : status;
}

static void compare_stages(struct vocab_diff *d)
{
	for (size_t s = 0; s < VOCAB_STAGES; s++) {
		d->stages[s] = !vocab_stage_is_same((enum vocab_stage)s, &d->a.spec, &d->b.spec);
		d->stage_count += d->stages[s];
	}
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static enum tok_status compare_line(void *work, struct tok_span line, struct tok_error *err)
{
	return vocab_audit_similarity_line(work, line, err);
}

static enum tok_status compare_texts(struct vocab_diff *d, int count, char **paths,
				     struct tok_error *err)
{
	struct vocab_audit_similarity_work *work;
	enum tok_status status =
	    vocab_audit_similarity_new(d->a.tokenizer, d->b.tokenizer, &work, err);
	if (status != TOK_OK)
		return status;
	for (int i = 0; i < count && status == TOK_OK; i++)
		status = cli_each_line(paths[i], compare_line, work, err);
	vocab_audit_similarity_measure(work, &d->similarity);
	d->has_text = true;
	vocab_audit_similarity_free(work);
	return status;
}

/* ---- the word -----------------------------------------------------------------------------------
 */

bool vocab_diff_differ(const struct vocab_diff *d)
{
	const struct vocab_merge_differences *m = &d->found.merges;
	const bool cut_otherwise =
	    d->has_text && (d->similarity.same_words < 1 || d->similarity.boundary_f1 < 1);
	return d->found.count > 0 || d->stage_count > 0 || m->only_a || m->only_b || m->moved ||
	       cut_otherwise;
}

static enum tok_status find(struct vocab_diff *d, int argc, char **argv, struct tok_error *err)
{
	const struct vocab_difference_side a = { d->a.tokenizer, &d->a.spec };
	const struct vocab_difference_side b = { d->b.tokenizer, &d->b.spec };
	const enum tok_status status = vocab_differences_find(&a, &b, &d->found, err);
	compare_stages(d);
	return status == TOK_OK && argc > 2 ? compare_texts(d, argc - 2, argv + 2, err) : status;
}

/* Exit status 1 says that they differ. */
enum cli_exit cli_vocab_diff(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	struct vocab_diff d = { 0 };
	struct tok_buffer text = { 0 };
	struct cli_put p = { .out = &text };
	struct tok_error err = { 0 };
	enum cli_exit result;
	if (argc < 2)
		return cli_usage("diff takes two tokenizers, and texts behind them");
	if (open_both(&d, argv, opts->words.pattern, &err) != TOK_OK) {
		result = cli_error("%s", err.message);
	} else if (opts->words.pattern && !d.takes_pattern) {
		result =
		    cli_usage("--pattern is for a .tiktoken file: neither of the two takes it");
	} else if (find(&d, argc, argv, &err) != TOK_OK) {
		result = cli_error("%s", err.message);
	} else {
		if (opts->json)
			vocab_diff_tell_json(&d, &p);
		else
			vocab_diff_tell(&d, (size_t)opts->top, &p);
		if (!p.lost)
			fwrite(text.bytes, 1, text.count, stdout);
		result = p.lost                  ? cli_error("out of memory")
			 : vocab_diff_differ(&d) ? CLI_NO
						 : CLI_OK;
	}
	tok_buffer_release(&text);
	vocab_differences_release(&d.found);
	close_side(&d.a);
	close_side(&d.b);
	return result;
}
