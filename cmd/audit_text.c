/*
 * audit_text.c - what tokenizers make of languages.
 *
 * A thread fills a load: from a language that is being read and that no other thread reads now,
 * or else from the next ones; then it takes the load through all tokenizers.  Languages that fit
 * in a load are done with it; of larger ones threads add up what they counted.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cmd/audit_internal.h"
#include "cmd/audit_load.h"
#include "cmd/cli_pool.h"

/* Of distinct words, for all languages that are being read. */
#define WORDS_BYTES ((size_t)256 << 20)

/* ---- threads ----------------------------------------------------------------------------- */

struct each {
	atomic_size_t next;
	size_t count;
	void (*work)(void *shared, void **mine, size_t index);
	void (*end)(void *mine);
	void *shared;
};

static void run_each(void *shared, size_t thread)
{
	struct each *e = shared;
	void *mine = NULL;
	size_t index;
	(void)thread;
	while ((index = atomic_fetch_add(&e->next, 1)) < e->count)
		e->work(e->shared, &mine, index);
	if (mine)
		e->end(mine);
}

void audit_each(size_t threads, size_t count, void (*work)(void *shared, void **mine, size_t index),
		void (*end)(void *mine), void *shared)
{
	struct each e = { .count = count, .work = work, .end = end, .shared = shared };
	tok_threads_run(threads < count ? threads : count, run_each, &e);
}

/* ---- languages --------------------------------------------------------------------------- */

/* A language that is being read. */
struct source {
	struct audit_reader *reader; /* NULL: it is not begun, or ended */
	bool reading;                /* by some thread */
	bool ended;
	size_t loads;                    /* that have parts of it and are not done */
	struct vocab_audit_counts *sums; /* of each tokenizer; NULL: it has one part only */
};

struct measuring {
	const struct audit_options *options;
	struct tok_tokenizer *const *tokenizers;
	size_t count, threads;
	struct audit_texts *texts;
	struct audit_tokenizer *found;
	struct audit_cell *cells;
	struct vocab_audit_text **audits; /* of each tokenizer */

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed;
	struct source *sources;  /* of each language */
	size_t *open;            /* those that are being read, `threads` at most */
	size_t open_count, next; /* next: to be begun */
	size_t failed;           /* the first that cannot be read; SIZE_MAX: none */
	bool input_taken;        /* standard input is being read */
	uint64_t *refused; /* of each cell, the first line, from 1, of those that are not empty;
			      words are behind lines */
	bool out_of_memory;
};

struct worker {
	struct measuring *m;
	struct vocab_audit_scratch *scratch;
	struct vocab_audit_run **runs; /* of each tokenizer, once it was needed */
	struct vocab_audit_counts counts;
	struct audit_load load;
};

static bool takes_input(const struct audit_text *text)
{
	for (size_t i = 0; i < text->path_count; i++)
		if (strcmp(text->paths[i], "-") == 0)
			return true;
	return false;
}

/* The lock is held here and in the next ones. */
static bool find_idle(const struct measuring *m, size_t *out)
{
	for (size_t i = 0; i < m->open_count; i++)
		if (!m->sources[m->open[i]].reading && m->open[i] < m->failed) {
			*out = m->open[i];
			return true;
		}
	return false;
}

/* What comes twice from standard input comes first to the first. */
static bool begin_next(struct measuring *m, size_t *out)
{
	const size_t next = m->next;
	if (next >= m->texts->count || next >= m->failed || m->open_count == m->threads)
		return false;
	const bool input = takes_input(&m->texts->items[next]);
	if (input && m->input_taken)
		return false;
	m->input_taken |= input;
	m->open[m->open_count++] = m->next++;
	*out = next;
	return true;
}

static bool is_being_read(const struct measuring *m)
{
	for (size_t i = 0; i < m->open_count; i++)
		if (m->sources[m->open[i]].reading)
			return true;
	return false;
}

/* A language for a load: for one that has nothing yet whichever there is; waits while there may
 * be one. */
static bool choose(struct measuring *m, bool first, size_t *out)
{
	bool found = false;
	while (!m->out_of_memory) {
		found = (first && find_idle(m, out)) || begin_next(m, out);
		if (found || !first || !is_being_read(m))
			break;
		pthread_cond_wait(&m->changed, &m->lock);
	}
	if (found) {
		m->sources[*out].reading = true;
		m->sources[*out].loads++;
	}
	return found;
}

static void close_language(struct measuring *m, size_t language)
{
	for (size_t i = 0; i < m->open_count; i++)
		if (m->open[i] == language)
			m->open[i--] = m->open[--m->open_count];
	if (takes_input(&m->texts->items[language]))
		m->input_taken = false;
	audit_reader_free(m->sources[language].reader);
	m->sources[language].reader = NULL;
}

/* A language has been read from, and other threads may. */
static void let_go(struct measuring *m, size_t language, enum tok_status status)
{
	struct source *source = &m->sources[language];
	source->reading = false;
	if (status != TOK_OK) {
		source->loads--;
		m->failed = language < m->failed ? language : m->failed;
		close_language(m, language);
	} else if (audit_reader_ended(source->reader)) {
		source->ended = true;
		close_language(m, language);
	}
	pthread_cond_broadcast(&m->changed);
}

/* The lock is not held here. */
static enum tok_status read_part(struct measuring *m, size_t language, struct audit_load *load,
				 struct tok_error *err)
{
	struct source *source = &m->sources[language];
	const size_t at_once = m->threads < m->texts->count ? m->threads : m->texts->count;
	enum tok_status status = TOK_OK;
	if (!source->reader)
		status = audit_reader_new(m->options, m->texts, language, WORDS_BYTES / at_once,
					  &source->reader, err);
	return status == TOK_OK ? audit_reader_next(source->reader, load, err) : status;
}

/* Small languages come several at a time, but not so many that another thread has none in the
 * end. */
static bool fill(struct measuring *m, struct audit_load *load)
{
	size_t language, languages = 0;
	audit_load_clear(load);
	pthread_mutex_lock(&m->lock);
	const size_t most = 1 + (m->texts->count - m->next) / (4 * m->threads);
	while (languages++ < most && !audit_load_is_full(load) &&
	       choose(m, load->part_count == 0, &language)) {
		pthread_mutex_unlock(&m->lock);
		const enum tok_status status =
		    read_part(m, language, load, &m->texts->items[language].error);
		pthread_mutex_lock(&m->lock);
		let_go(m, language, status);
		if (status != TOK_OK)
			break;
	}
	const bool more = load->part_count > 0 && !m->out_of_memory;
	pthread_mutex_unlock(&m->lock);
	return more;
}

/* ---- cells ------------------------------------------------------------------------------- */

static size_t cell_of(const struct measuring *m, size_t tokenizer, size_t language)
{
	return tokenizer * m->texts->count + language;
}

static void lose_memory(struct measuring *m)
{
	pthread_mutex_lock(&m->lock);
	m->out_of_memory = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

/* A tokenizer that refuses a text is no reason to give up the others.  What is told is the first
 * line that is refused, whichever part came first. */
static void refuse(struct measuring *m, size_t index, uint64_t line, const struct tok_error *err)
{
	struct audit_cell *cell = &m->cells[index];
	char *message = err->status == TOK_ENOMEM ? NULL : strdup(err->message);
	if (!message) {
		lose_memory(m);
		return;
	}
	pthread_mutex_lock(&m->lock);
	if (!cell->refused || line < m->refused[index]) {
		free(cell->refused);
		cell->refused = message;
		m->refused[index] = line;
	} else {
		free(message);
	}
	pthread_mutex_unlock(&m->lock);
}

/* A line of a part is refused. */
static enum tok_status fail_at(const struct worker *w, const struct audit_part *part, size_t index,
			       enum tok_status status, struct tok_error *err)
{
	char *place = audit_place_name(&w->m->texts->items[part->language],
				       w->load.places[part->line + index]);
	if (!place)
		return tok_fail_memory(err);
	tok_fail_in(err, status, "%s", place);
	free(place);
	return status;
}

static enum tok_status run_lines(struct worker *w, const struct audit_part *part,
				 struct vocab_audit_run *run, uint64_t *line, struct tok_error *err)
{
	if (part->line_count == 0)
		return TOK_OK;
	const struct vocab_audit_lines lines = { w->load.bytes.bytes, part->begin,
						 w->load.ends + part->line, part->line_count };
	const enum tok_status status = vocab_audit_run_lines(run, &lines, &w->counts, err);
	*line = part->lines_before + w->counts.refused + 1;
	return status == TOK_OK ? TOK_OK : fail_at(w, part, w->counts.refused, status, err);
}

static enum tok_status run_words(struct worker *w, const struct audit_part *part,
				 struct vocab_audit_run *run, uint64_t *line, struct tok_error *err)
{
	const enum tok_status status = vocab_audit_run_words(
	    run, &w->load.words, part->word, part->word + part->word_count, &w->counts, err);
	*line = part->lines_before + part->line_count + part->words_before +
		(w->counts.refused - part->word) + 1;
	return status;
}

/* What was counted is of all of the language, or is added to what other loads have. */
static enum tok_status keep_counts(struct worker *w, const struct audit_part *part,
				   size_t tokenizer, struct tok_error *err)
{
	struct measuring *m = w->m;
	struct source *source = &m->sources[part->language];
	if (part->alone)
		return vocab_audit_text_measure(
		    m->audits[tokenizer], &m->texts->items[part->language].facts, &w->counts,
		    &m->cells[cell_of(m, tokenizer, part->language)].measures, err);
	pthread_mutex_lock(&m->lock);
	if (!source->sums)
		source->sums = calloc(m->count, sizeof *source->sums);
	const enum tok_status status =
	    source->sums ? vocab_audit_counts_add(&source->sums[tokenizer], &w->counts, err)
			 : tok_fail_memory(err);
	pthread_mutex_unlock(&m->lock);
	return status;
}

static void run_part(struct worker *w, const struct audit_part *part, size_t tokenizer)
{
	struct vocab_audit_run *run = w->runs[tokenizer];
	struct tok_error err = { 0 };
	uint64_t line = 0;
	vocab_audit_counts_clear(&w->counts);
	enum tok_status status = run_lines(w, part, run, &line, &err);
	if (status == TOK_OK)
		status = run_words(w, part, run, &line, &err);
	if (status == TOK_OK)
		status = keep_counts(w, part, tokenizer, &err);
	if (status != TOK_OK)
		refuse(w->m, cell_of(w->m, tokenizer, part->language), line, &err);
}

static void run_load(struct worker *w)
{
	struct measuring *m = w->m;
	for (size_t t = 0; t < m->count; t++) {
		struct tok_error err = { 0 };
		if (!w->runs[t] &&
		    vocab_audit_run_new(m->audits[t], w->scratch, &w->runs[t], &err) != TOK_OK) {
			lose_memory(m);
			return;
		}
		for (size_t i = 0; i < w->load.part_count; i++)
			run_part(w, &w->load.parts[i], t);
	}
}

/* ---- the last part of a language is done ------------------------------------------------- */

/* No other thread has anything of it. */
static void finish(struct measuring *m, size_t language)
{
	struct source *source = &m->sources[language];
	for (size_t t = 0; t < m->count && source->sums; t++) {
		struct tok_error err = { 0 };
		if (vocab_audit_text_measure(
			m->audits[t], &m->texts->items[language].facts, &source->sums[t],
			&m->cells[cell_of(m, t, language)].measures, &err) != TOK_OK)
			lose_memory(m);
		vocab_audit_counts_release(&source->sums[t]);
	}
	free(source->sums);
	source->sums = NULL;
}

static void end_load(struct worker *w)
{
	struct measuring *m = w->m;
	for (size_t i = 0; i < w->load.part_count; i++) {
		const size_t language = w->load.parts[i].language;
		struct source *source = &m->sources[language];
		pthread_mutex_lock(&m->lock);
		const bool last = --source->loads == 0 && source->ended;
		pthread_mutex_unlock(&m->lock);
		if (last)
			finish(m, language);
	}
}

static void run_worker(void *shared, size_t thread)
{
	struct measuring *m = shared;
	struct worker w = { .m = m };
	(void)thread;
	w.scratch = vocab_audit_scratch_new();
	w.runs = calloc(m->count, sizeof(struct vocab_audit_run *));
	if (!w.scratch || !w.runs)
		lose_memory(m);
	while (fill(m, &w.load)) {
		run_load(&w);
		end_load(&w);
	}
	for (size_t t = 0; t < m->count && w.runs; t++)
		vocab_audit_run_free(w.runs[t]);
	free((void *)w.runs);
	vocab_audit_scratch_free(w.scratch);
	vocab_audit_counts_release(&w.counts);
	audit_load_release(&w.load);
}

/* ---- tokenizers -------------------------------------------------------------------------- */

static void know_tokenizer(void *shared, void **mine, size_t index)
{
	struct measuring *m = shared;
	struct audit_tokenizer *found = &m->found[index];
	struct tok_error err = { 0 };
	(void)mine;
	enum tok_status status = cli_hash_tokenizer(m->tokenizers[index], &found->hash, &err);
	if (status == TOK_OK)
		status = vocab_audit_digits(m->tokenizers[index], &found->digits, &err);
	if (status == TOK_OK)
		status = vocab_audit_text_new(m->tokenizers[index], &m->audits[index], &err);
	if (status != TOK_OK)
		lose_memory(m);
	for (size_t id = 0; id < tok_tokenizer_size(m->tokenizers[index]); id++)
		found->vocabulary +=
		    tok_tokenizer_token(m->tokenizers[index], (tok_id)id).bytes != NULL;
}

/* No measure is there but what the text itself has. */
static void forget(struct audit_cell *cell)
{
	struct vocab_audit_measures *m = &cell->measures;
	*m = (struct vocab_audit_measures){ .bytes_per_token = NAN,
					    .characters_per_token = NAN,
					    .tokens_per_line = NAN,
					    .fertility = NAN,
					    .continued = NAN,
					    .single = NAN,
					    .single_types = NAN,
					    .continuing = NAN,
					    .vocabulary_use = NAN,
					    .entropy = NAN,
					    .efficiency = NAN,
					    .renyi_efficiency = { NAN, NAN, NAN },
					    .vocabulary_efficiency = NAN,
					    .round_trip = NAN,
					    .split_characters = NAN,
					    .script_tokens = NAN,
					    .script_vocabulary = NAN };
	cell->fidelity = (struct vocab_audit_fidelity){ .round_trip = NAN,
							.error_rate = NAN,
							.spaces_kept = NAN,
							.normalizer_loss = NAN,
							.nfc_stable = NAN,
							.nfd_stable = NAN };
}

static bool make_room(struct measuring *m)
{
	m->audits = calloc(m->count, sizeof(struct vocab_audit_text *));
	m->sources = calloc(m->texts->count + 1, sizeof *m->sources);
	m->open = calloc(m->threads, sizeof *m->open);
	m->refused = calloc(m->count * m->texts->count + 1, sizeof *m->refused);
	return m->audits && m->sources && m->open && m->refused;
}

static void release(struct measuring *m)
{
	for (size_t l = 0; l < m->texts->count && m->sources; l++) {
		audit_reader_free(m->sources[l].reader);
		for (size_t t = 0; t < m->count && m->sources[l].sums; t++)
			vocab_audit_counts_release(&m->sources[l].sums[t]);
		free(m->sources[l].sums);
	}
	for (size_t t = 0; t < m->count && m->audits; t++)
		vocab_audit_text_free(m->audits[t]);
	free((void *)m->audits);
	free(m->sources);
	free(m->open);
	free(m->refused);
}

static enum tok_status measure_all(struct measuring *m, struct tok_error *err)
{
	m->out_of_memory = !make_room(m);
	if (!m->out_of_memory)
		audit_each(m->threads, m->count, know_tokenizer, free, m);
	if (!m->out_of_memory)
		tok_threads_run(m->threads, run_worker, m);
	for (size_t i = 0; i < m->count * m->texts->count; i++)
		if (m->cells[i].refused)
			forget(&m->cells[i]);
	if (m->out_of_memory)
		return tok_fail_memory(err);
	if (m->failed == SIZE_MAX)
		return TOK_OK;
	*err = m->texts->items[m->failed].error;
	return err->status;
}

enum tok_status audit_measure(const struct audit_options *options,
			      struct tok_tokenizer *const *tokenizers, size_t count,
			      struct audit_texts *texts, struct audit_tokenizer *found,
			      struct audit_cell *cells, struct tok_error *err)
{
	struct measuring m = { .options = options,
			       .tokenizers = tokenizers,
			       .count = count,
			       .threads = cli_threads_for(options->threads),
			       .texts = texts,
			       .found = found,
			       .cells = cells,
			       .failed = SIZE_MAX };
	if (pthread_mutex_init(&m.lock, NULL) != 0)
		return tok_fail_memory(err);
	if (pthread_cond_init(&m.changed, NULL) != 0) {
		pthread_mutex_destroy(&m.lock);
		return tok_fail_memory(err);
	}
	const enum tok_status status = measure_all(&m, err);
	release(&m);
	pthread_cond_destroy(&m.changed);
	pthread_mutex_destroy(&m.lock);
	return status;
}
