/* audit_text.c - what tokenizers make of languages, a thread for each that is ready. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cmd/audit_internal.h"
#include "cmd/cli_pool.h"

/* A language with more bytes is shared out among threads. */
#define PART_BYTES ((uint64_t)4 << 20)

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

/* ---- cells ------------------------------------------------------------------------------- */

struct unit {
	uint32_t tokenizer, language, part, parts;
};

/* Of a cell of several parts. */
struct sum {
	struct vocab_audit_counts counts;
	uint32_t left;  /* parts that are not done */
	size_t refused; /* the first line of those that a part refused; 0: none */
};

struct measuring {
	struct tok_tokenizer *const *tokenizers;
	const struct audit_texts *texts;
	struct audit_tokenizer *found;
	struct audit_cell *cells;
	struct unit *units;
	size_t unit_count;
	struct sum *sums; /* of each cell */
	pthread_mutex_t lock;
	bool out_of_memory; /* under the lock */
};

/* A thread's own.  Units come by tokenizer, so that it has one audit at a time. */
struct worker {
	struct vocab_audit_text *audit;
	size_t tokenizer;
	struct vocab_audit_counts counts;
};

static void end_worker(void *mine)
{
	struct worker *w = mine;
	vocab_audit_text_free(w->audit);
	vocab_audit_counts_release(&w->counts);
	free(w);
}

static enum tok_status prepare(struct measuring *m, void **mine, size_t tokenizer,
			       struct tok_error *err)
{
	struct worker *w = *mine;
	if (!w && !(w = *mine = calloc(1, sizeof *w)))
		return tok_fail_memory(err);
	if (w->audit && w->tokenizer == tokenizer)
		return TOK_OK;
	vocab_audit_text_free(w->audit);
	w->audit = NULL;
	w->tokenizer = tokenizer;
	vocab_audit_counts_release(&w->counts);
	return vocab_audit_text_new(m->tokenizers[tokenizer], &w->audit, err);
}

static void measure(struct measuring *m, const struct unit *u, struct worker *w,
		    const struct vocab_audit_counts *counts)
{
	const size_t cell = u->tokenizer * m->texts->count + u->language;
	vocab_audit_text_measure(w->audit, m->texts->items[u->language].corpus, counts,
				 &m->cells[cell].measures);
}

/* A part's counts are with the others'; who brings the last one measures.  Called under the lock.
 */
static enum tok_status add_part(struct measuring *m, const struct unit *u, struct worker *w,
				struct tok_error *err)
{
	struct sum *sum = &m->sums[u->tokenizer * m->texts->count + u->language];
	const enum tok_status status = vocab_audit_counts_add(&sum->counts, &w->counts, err);
	if (status == TOK_OK && --sum->left == 0) {
		measure(m, u, w, &sum->counts);
		vocab_audit_counts_release(&sum->counts);
	}
	return status;
}

/* A tokenizer that refuses a text is no reason to give up the others.  What is told is the first
 * line that is refused, whichever part came first. */
static void refuse(struct measuring *m, const struct unit *u, size_t line,
		   const struct tok_error *err)
{
	const size_t index = u->tokenizer * m->texts->count + u->language;
	struct audit_cell *cell = &m->cells[index];
	if (err->status == TOK_ENOMEM) {
		m->out_of_memory = true;
	} else if (!cell->refused || line < m->sums[index].refused) {
		free(cell->refused);
		cell->refused = strdup(err->message);
		m->sums[index].refused = line;
		m->out_of_memory |= !cell->refused;
	}
}

static void run_unit(void *shared, void **mine, size_t index)
{
	struct measuring *m = shared;
	const struct unit *u = &m->units[index];
	struct tok_error err = { 0 };
	enum tok_status status = prepare(m, mine, u->tokenizer, &err);
	struct worker *w = *mine;
	if (status == TOK_OK) {
		vocab_audit_counts_clear(&w->counts);
		status = vocab_audit_text_run(w->audit, m->texts->items[u->language].corpus,
					      u->part, u->parts, &w->counts, &err);
	}
	if (status == TOK_OK && u->parts == 1) {
		measure(m, u, w, &w->counts);
		return;
	}
	pthread_mutex_lock(&m->lock);
	if (status == TOK_OK)
		status = add_part(m, u, w, &err);
	if (status != TOK_OK)
		refuse(m, u, w ? w->counts.refused : 0, &err);
	pthread_mutex_unlock(&m->lock);
}

static bool list_units(struct measuring *m, size_t tokenizers)
{
	size_t capacity = 0;
	for (size_t t = 0; t < tokenizers; t++)
		for (size_t l = 0; l < m->texts->count; l++) {
			const size_t parts = 1 + m->texts->items[l].bytes.count / PART_BYTES;
			m->sums[t * m->texts->count + l].left = (uint32_t)parts;
			if (!tok_grow(&m->units, &capacity, m->unit_count + parts,
				      sizeof *m->units))
				return false;
			for (size_t i = 0; i < parts; i++)
				m->units[m->unit_count++] =
				    (struct unit){ (uint32_t)t, (uint32_t)l, (uint32_t)i,
						   (uint32_t)parts };
		}
	return true;
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
	if (status != TOK_OK) {
		pthread_mutex_lock(&m->lock);
		m->out_of_memory = true;
		pthread_mutex_unlock(&m->lock);
	}
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

enum tok_status audit_measure(const struct audit_options *options,
			      struct tok_tokenizer *const *tokenizers, size_t count,
			      const struct audit_texts *texts, struct audit_tokenizer *found,
			      struct audit_cell *cells, struct tok_error *err)
{
	const size_t threads = cli_threads_for(options->threads), all = count * texts->count;
	struct measuring m = {
		.tokenizers = tokenizers, .texts = texts, .found = found, .cells = cells
	};
	if (pthread_mutex_init(&m.lock, NULL) != 0)
		return tok_fail_memory(err);
	m.sums = calloc(all + 1, sizeof *m.sums);
	m.out_of_memory = !m.sums || !list_units(&m, count);
	if (!m.out_of_memory) {
		audit_each(threads, count, know_tokenizer, free, &m);
		audit_each(threads, m.unit_count, run_unit, end_worker, &m);
	}
	for (size_t i = 0; i < all && m.sums; i++) {
		vocab_audit_counts_release(&m.sums[i].counts);
		if (cells[i].refused)
			forget(&cells[i]);
	}
	free(m.sums);
	free(m.units);
	pthread_mutex_destroy(&m.lock);
	return m.out_of_memory ? tok_fail_memory(err) : TOK_OK;
}
