/*
 * transplant_lab.c - tok transplant lab: small models, trained here, get other tokenizers.
 *
 * For each seed a model learns with tokenizer A, others with B and with S; then A's gets B, and S,
 * by each method, and its bits per byte of held-out text are counted, before and after a probe:
 * some steps in which the rows alone are trained (that of the first step does not tell how methods
 * will do, that after some fifty does: arXiv 2608.03494).  B's own model is the donor of methods
 * that want one; it comes from another seed than A's, as a donor would.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/cli_interrupt.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_progress.h"
#include "cmd/cli_words.h"
#include "cmd/transplant_lab.h"

#define METHODS "random,mean,subword,hybrid,omp,procrustes,ridge"

enum { SEEDS_MOST = 100, PROBE_MOST = 100000, METHODS_MOST = 64, DONOR_SEED = 1000 };
enum { ROW_SOURCE, ROW_TARGET, ROW_METHODS };

/* The first signal ends what is learning. */
static atomic_bool stopped;

/* What --methods says, and what that is. */
struct lab_method {
	const char *name;
	struct transplant_choice choice;
};

struct lab_run {
	const struct transplant_options *options;
	struct lab_bench bench;
	char *words, *sides; /* of methods, cut at the commas; and between the sides, too */
	struct lab_method methods[METHODS_MOST];
	size_t method_count;
	struct lab_table tables[LAB_TOKENIZERS - 1];
	size_t table_count;
	struct cli_progress progress;
	const char *stage;
};

/* ---- watching ---------------------------------------------------------------------- */

static bool watch(void *context, size_t step, size_t steps, double loss)
{
	struct lab_run *run = context;
	(void)loss;
	cli_progress_steps(&run->progress, run->stage, step, steps);
	return !atomic_load(&stopped);
}

static enum tok_status check_stopped(struct tok_error *err)
{
	return atomic_load(&stopped) ? tok_fail(err, TOK_EIO, "interrupted") : TOK_OK;
}

static void begin_stage(struct lab_run *run, const char *stage)
{
	cli_progress_clear(&run->progress);
	run->progress = cli_progress_begin(run->options->progress, 0);
	run->stage = stage;
}

/* ---- one seed ---------------------------------------------------------------------- */

/* Where numbers belong. */
struct place {
	const struct lab_row *row;
	size_t stage, seed;
};

/* Of the source there are no new tokens: it has no table. */
static enum tok_status measure(struct lab_run *run, const struct lab_table *table,
			       const struct hyper_lab *model, struct place at,
			       struct tok_error *err)
{
	const struct lab_bench *bench = &run->bench;
	double *numbers = calloc(LAB_NUMBERS * bench->text_count, sizeof *numbers);
	if (!numbers)
		return tok_fail_memory(err);
	const enum tok_status status = transplant_lab_bits(
	    bench, table ? table->target : LAB_SOURCE, model, table ? table->marks : NULL, numbers,
	    numbers + LAB_SHARE * bench->text_count, err);
	for (size_t n = 0; n < LAB_NUMBERS && status == TOK_OK; n++)
		for (size_t i = 0; i < bench->text_count; i++)
			lab_cell(bench, at.row, n, at.stage, i)[at.seed] =
			    numbers[n * bench->text_count + i];
	free(numbers);
	return status == TOK_OK ? check_stopped(err) : status;
}

static enum tok_status probe(struct lab_run *run, enum lab_tokenizer_name name,
			     struct hyper_lab *model, struct tok_error *err)
{
	const struct hyper_lab_options defaults = HYPER_LAB_DEFAULTS;
	const struct lab_ids *ids = &run->bench.tokenizers[name].train;
	return hyper_lab_train(model, ids->items, ids->count,
			       (size_t)run->options->probe * defaults.probe_batch, true, watch, run,
			       err);
}

static enum tok_status try_method(struct lab_run *run, struct lab_table *table, size_t method,
				  struct transplant_case *c, const struct hyper_lab *source,
				  size_t seed, struct tok_error *err)
{
	struct hyper_lab *model = NULL;
	const struct lab_method *m = &run->methods[method];
	struct place at = { &table->rows[ROW_METHODS + method], LAB_BEFORE, seed };
	begin_stage(run, m->name);
	enum tok_status status = transplant_lab_graft(c, &m->choice, source, &model, err);
	if (status == TOK_OK)
		status = measure(run, table, model, at, err);
	at.stage = LAB_AFTER;
	if (status == TOK_OK && run->options->probe)
		status = probe(run, table->target, model, err);
	if (status == TOK_OK && run->options->probe)
		status = measure(run, table, model, at, err);
	hyper_lab_free(model);
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", m->name);
}

/* Which tokens are new; the same for every seed. */
static enum tok_status mark(const struct lab_run *run, struct lab_table *table,
			    const struct hyper_matches *matches, struct tok_error *err)
{
	const struct lab_tokenizer *t = &run->bench.tokenizers[table->target];
	table->made = matches->counts[HYPER_MATCH_NEW];
	table->shared = matches->count - table->made - matches->counts[HYPER_MATCH_NONE];
	if (table->marks)
		return TOK_OK;
	table->marks = calloc(t->tokens, 1);
	table->made_shares = calloc(run->bench.text_count, sizeof *table->made_shares);
	if (!table->marks || !table->made_shares)
		return tok_fail_memory(err);
	for (size_t id = 0; id < matches->count && id < t->tokens; id++)
		table->marks[id] = matches->classes[id] == HYPER_MATCH_NEW;
	for (size_t i = 0; i < run->bench.text_count; i++) {
		for (size_t k = 0; k < t->held[i].count; k++)
			table->made_shares[i] += table->marks[t->held[i].items[k]];
		table->made_shares[i] /= (double)t->held[i].count;
	}
	return TOK_OK;
}

/* The model of the target, `donor`, has been written. */
static enum tok_status try_target(struct lab_run *run, struct lab_table *table,
				  const struct hyper_lab *source, const struct hyper_lab *donor,
				  size_t seed, struct tok_error *err)
{
	const struct place at = { &table->rows[ROW_TARGET], LAB_BEFORE, seed };
	const struct lab_tokenizer *tokenizers = run->bench.tokenizers;
	struct transplant_options options = *run->options;
	struct transplant_case c = { 0 };
	options.seed += seed;
	options.donor = tokenizers[table->target].folder;
	options.tie = HYPER_TIE_KEEP;
	options.rows = NULL;
	enum tok_status status = transplant_case_open(
	    &c, tokenizers[LAB_SOURCE].folder, tokenizers[table->target].folder, &options, err);
	if (status == TOK_OK)
		status = mark(run, table, &c.matches, err);
	if (status == TOK_OK)
		status = measure(run, table, donor, at, err);
	for (size_t m = 0; m < run->method_count && status == TOK_OK; m++)
		status = try_method(run, table, m, &c, source, seed, err);
	transplant_case_close(&c);
	return status;
}

static enum tok_status learn(struct lab_run *run, enum lab_tokenizer_name name, uint64_t seed,
			     struct hyper_lab **out, struct tok_error *err)
{
	begin_stage(run, transplant_lab_name(name));
	const enum tok_status status =
	    transplant_lab_learn(&run->bench, name, seed, watch, run, out, err);
	return status == TOK_OK ? check_stopped(err) : status;
}

static enum tok_status run_target(struct lab_run *run, struct lab_table *table,
				  const struct hyper_lab *source, size_t seed,
				  struct tok_error *err)
{
	const struct place at = { &table->rows[ROW_SOURCE], LAB_BEFORE, seed };
	struct hyper_lab *donor = NULL;
	enum tok_status status = measure(run, NULL, source, at, err);
	if (status == TOK_OK)
		status =
		    learn(run, table->target, run->options->seed + seed + DONOR_SEED, &donor, err);
	if (status == TOK_OK)
		status = try_target(run, table, source, donor, seed, err);
	hyper_lab_free(donor);
	return status;
}

static enum tok_status run_seed(struct lab_run *run, size_t seed, struct tok_error *err)
{
	struct hyper_lab *source = NULL;
	enum tok_status status = learn(run, LAB_SOURCE, run->options->seed + seed, &source, err);
	for (size_t t = 0; t < run->table_count && status == TOK_OK; t++)
		status = run_target(run, &run->tables[t], source, seed, err);
	hyper_lab_free(source);
	return status;
}

/* ---- what is asked ------------------------------------------------------------------ */

/* Also of a name that an option stands in for, and of an option that only pairs are beside. */
static enum tok_status check_name(const char *name, struct tok_error *err)
{
	enum transplant_method method;
	const char *folder;
	if (!name || transplant_method_find(name, &method, &folder))
		return TOK_OK;
	return tok_fail(err, TOK_EARG, "'%s' is no method: tok-transplanting(7) names them", name);
}

/* Not when all has learnt. */
static enum tok_status check_networks(const struct transplant_options *o,
				      const struct transplant_choice *choice, struct tok_error *err)
{
	const struct hyper_lab_options defaults = HYPER_LAB_DEFAULTS;
	enum tok_status status = TOK_OK;
	for (int side = 0; side < TRANSPLANT_SIDES && status == TOK_OK; side++)
		if (choice->folder[side])
			status =
			    transplant_hypernet_check(o, choice->folder[side], defaults.width, err);
	return status;
}

/* `copy` is `word` once more: IN/OUT is cut there, and what is no such pair is for both sides,
 * unless an option says otherwise.  A folder may have '/' in its name. */
static enum tok_status cut_sides(const struct transplant_options *asked, const char *word,
				 char *copy, struct lab_method *out, struct tok_error *err)
{
	char *slash = strncmp(word, "hypernet:", 9) == 0 ? NULL : strchr(copy, '/');
	struct transplant_options o = *asked;
	out->name = word;
	o.method = copy;
	o.rows = NULL;
	if (slash) {
		*slash = '\0';
		o.in_method = copy;
		o.out_method = slash + 1;
	}
	enum tok_status status = slash ? TOK_OK : check_name(copy, err);
	if (status == TOK_OK)
		status = transplant_choose(&o, &out->choice, err);
	if (status != TOK_OK)
		return status;
	status = check_networks(&o, &out->choice, err);
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", word);
}

static enum tok_status cut_methods(struct lab_run *run, struct tok_error *err)
{
	const char *asked = run->options->methods ? run->options->methods : METHODS;
	char *rest = NULL;
	enum tok_status status = check_name(run->options->in_method, err);
	if (status == TOK_OK)
		status = check_name(run->options->out_method, err);
	run->words = strdup(asked);
	run->sides = strdup(asked);
	if (!run->words || !run->sides)
		return tok_fail_memory(err);
	for (char *word = strtok_r(run->words, ",", &rest); word && status == TOK_OK;
	     word = strtok_r(NULL, ",", &rest)) {
		char *copy = run->sides + (word - run->words);
		if (run->method_count == METHODS_MOST)
			return tok_fail(err, TOK_EARG, "at most %d methods", METHODS_MOST);
		copy[strlen(word)] = '\0';
		status =
		    cut_sides(run->options, word, copy, &run->methods[run->method_count++], err);
	}
	if (status == TOK_OK && run->method_count == 0)
		return tok_fail(err, TOK_EARG, "--methods takes one method or more, not '%s'",
				asked);
	return status;
}

static enum tok_status make_tables(struct lab_run *run, struct tok_error *err)
{
	const size_t cells =
	    LAB_NUMBERS * LAB_STAGES * run->bench.text_count * (size_t)run->options->seeds;
	for (int t = LAB_TARGET; t < LAB_TOKENIZERS; t++) {
		struct lab_table *table = &run->tables[run->table_count++];
		table->target = (enum lab_tokenizer_name)t;
		table->row_count = ROW_METHODS + run->method_count;
		table->rows = calloc(table->row_count, sizeof *table->rows);
		if (!table->rows)
			return tok_fail_memory(err);
		for (size_t r = 0; r < table->row_count; r++) {
			struct lab_row *row = &table->rows[r];
			row->name = r == ROW_SOURCE   ? "as it was"
				    : r == ROW_TARGET ? "learnt with it"
						      : run->methods[r - ROW_METHODS].name;
			row->shares = r != ROW_SOURCE;
			row->probed = r >= ROW_METHODS && run->options->probe > 0;
			row->cells = calloc(cells, sizeof *row->cells);
			if (!row->cells)
				return tok_fail_memory(err);
		}
	}
	return TOK_OK;
}

static void release(struct lab_run *run)
{
	for (size_t t = 0; t < run->table_count; t++) {
		for (size_t r = 0; run->tables[t].rows && r < run->tables[t].row_count; r++)
			free(run->tables[t].rows[r].cells);
		free(run->tables[t].rows);
		free(run->tables[t].marks);
		free(run->tables[t].made_shares);
	}
	free(run->words);
	free(run->sides);
	transplant_lab_release(&run->bench);
}

static enum tok_status run_all(struct lab_run *run, struct tok_error *err)
{
	enum tok_status status = make_tables(run, err);
	if (status == TOK_OK)
		status = check_stopped(err);
	for (size_t s = 0; s < run->options->seeds && status == TOK_OK; s++)
		status = run_seed(run, s, err);
	cli_progress_clear(&run->progress);
	if (status != TOK_OK)
		return status;
	if (run->options->json)
		return transplant_lab_tell_json(&run->bench, run->tables, run->table_count, err);
	transplant_lab_tell(&run->bench, run->tables, run->table_count);
	return TOK_OK;
}

/* Tokenizers' training has a flag of its own. */
static void catch_signals(void)
{
	cli_interrupt_say("tok transplant: interrupted twice: a folder tok-lab-* is left in '%s'",
			  cli_spill_folder());
	cli_interrupt_stop(&stopped);
}

/* --text, then the operands. */
static enum cli_exit prepare(struct lab_run *run, int argc, char **argv)
{
	const char *first = run->options->text;
	size_t count = 0;
	const char **paths = malloc(((size_t)argc + 1) * sizeof *paths);
	if (!paths)
		return cli_error("out of memory");
	if (first)
		paths[count++] = first;
	for (int i = 0; i < argc; i++)
		paths[count++] = argv[i];
	const enum cli_exit result =
	    transplant_lab_prepare(&run->bench, run->options, paths, count);
	free((void *)paths);
	return result;
}

enum cli_exit transplant_lab(const void *options, int argc, char **argv)
{
	const struct transplant_options opts = transplant_settled(options);
	struct lab_run run = { .options = &opts };
	struct tok_error err = { 0 };
	if (argc < 1 && !opts.text)
		return cli_usage("lab wants texts to learn from, one a domain");
	if (opts.seeds < 1 || opts.seeds > SEEDS_MOST || opts.probe > PROBE_MOST)
		return cli_usage("lab takes 1 to %d seeds, and probes of at most %d steps",
				 SEEDS_MOST, PROBE_MOST);
	enum cli_exit result = transplant_check_options(&opts);
	if (result == CLI_OK && cut_methods(&run, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	catch_signals();
	if (result == CLI_OK)
		result = prepare(&run, argc, argv);
	catch_signals();
	if (result == CLI_OK && run_all(&run, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	release(&run);
	return result;
}
