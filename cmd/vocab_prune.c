/* vocab_prune.c - tok vocab prune: fewer tokens, those that a text has most use for. */
#include <inttypes.h>

#include "cmd/cli_vocab_output.h"
#include "cmd/train_internal.h"
#include "cmd/vocab_internal.h"
#include "tok/base/replace.h"
#include "vocab/train/prune.h"

static struct vocab_train_control control;

struct pruning {
	const struct vocab_options *opts;
	struct cli_vocab_aim aim;
	size_t keep;
	struct cli_vocab_words known;
	struct vocab_pruned pruned;
	double before, after; /* bytes for each token */
};

static enum cli_exit check(struct pruning *p, int argc)
{
	const struct vocab_options *opts = p->opts;
	if (argc == 0)
		return cli_usage("prune takes a tokenizer, and texts that it is for");
	if (!opts->output)
		return cli_usage("prune needs --output FILE, or - for standard output");
	if (!opts->keep)
		return cli_usage("prune needs --keep N: how many tokens there are to be");
	if (!cli_vocab_kind(opts->output, opts->to, "to", &p->aim.kind))
		return CLI_TROUBLE;
	return train_size_parse(opts->keep, &p->keep);
}

static enum tok_status prune(struct pruning *p, struct tok_error *err)
{
	struct cli_vocab_words *known = &p->known;
	cli_vocab_words_watch(known, &control);
	enum tok_status status =
	    cli_vocab_words_measure(known, &known->spec, &control, &p->before, err);
	if (status == TOK_OK)
		status =
		    vocab_prune(&known->spec, known->words, p->keep, &control, &p->pruned, err);
	if (status == TOK_OK)
		status = cli_vocab_words_measure(known, &known->spec, &control, &p->after, err);
	cli_progress_clear(&known->progress);
	return status;
}

static enum tok_status write_map(const struct pruning *p, struct tok_error *err)
{
	struct tok_buffer lines = { 0 };
	bool fits = true;
	for (size_t i = 0; i < p->pruned.id_count && fits; i++) {
		char line[32];
		if (p->pruned.map[i] == TOK_NO_ID)
			continue;
		const int length =
		    snprintf(line, sizeof line, "%zu\t%" PRIu32 "\n", i, p->pruned.map[i]);
		fits = tok_buffer_add(&lines, line, (size_t)length);
	}
	const struct tok_span bytes = tok_buffer_span(&lines);
	const enum tok_status status =
	    fits ? tok_file_replace(p->opts->map, &bytes, 1, true, err) : tok_fail_memory(err);
	tok_buffer_release(&lines);
	return status;
}

static enum cli_exit finish(struct pruning *p)
{
	struct tok_error err = { 0 };
	const enum cli_exit result = cli_vocab_output(&p->known.spec, p->aim.kind, p->opts->output);
	if (result == CLI_OK && p->opts->map && write_map(p, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (result == CLI_OK)
		fprintf(stderr,
			"tok vocab: %zu tokens; bytes for each token: %.3f before, %.3f now\n",
			p->pruned.kept, p->before, p->after);
	return result;
}

enum cli_exit cli_vocab_prune(const void *options, int argc, char **argv)
{
	struct pruning p = { .opts = options,
			     .aim = { .option = "to", .otherwise = "", .renumbers = true } };
	struct tok_error err = { 0 };
	enum cli_exit result = check(&p, argc);
	if (result != CLI_OK)
		return result;
	result = cli_vocab_words_open(&p.opts->words, argv[0], vocab_prune_accepts, &p.aim,
				      argc - 1, argv + 1, &p.known);
	if (p.known.words) {
		const enum cli_exit end =
		    prune(&p, &err) == TOK_OK ? finish(&p) : cli_error("%s", err.message);
		result = end == CLI_OK ? result : end;
	}
	vocab_pruned_release(&p.pruned);
	cli_vocab_words_release(&p.known);
	return result;
}
