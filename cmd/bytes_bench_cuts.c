/* bytes_bench_cuts.c - prompts that end anywhere: how wrong the usual answer is (A), and what each
 * way to answer loses (D). */
#include <math.h>

#include "cmd/bytes_bench_internal.h"
#include "cmd/bytes_bench_source.h"
#include "tok/bytes/heal.h"

enum way { NAIVE, HEAL_ONE, HEAL_MOST, VALID, RENORM, ALL, WAYS };
static const char *const way_names[] = {
	"naive", "heal1", "healN", "valid", "valid-renorm", "all"
};

/* A place of the text, and what comes there. */
struct cut {
	struct tok_span before;
	uint8_t byte;
	bool inside; /* one of the tokens that the text, going on, is encoded as */
};

/* ---- one place --------------------------------------------------------------------- */

static enum tok_status encode(const struct bytes_bench *b, size_t which, struct tok_span text,
			      struct tok_encoding *out, struct tok_error *err)
{
	const struct tok_encode_options how = { .offsets = true };
	const enum tok_status status = tok_encode(b->encoders[which], text, &how, out, err);
	return status == TOK_ENOMEM || status == TOK_OK ? status : TOK_EARG;
}

/* A little of what follows shows where tokens end. */
static enum tok_status find_cut(const struct bytes_bench *b, size_t which, size_t at,
				struct cut *out, struct tok_error *err)
{
	enum { MORE = 64 };
	const size_t rest = b->models.length - at;
	struct tok_encoding all;
	*out = (struct cut){ .before = bench_before(b, at),
			     .byte = (uint8_t)b->models.text[at],
			     .inside = true };
	const struct tok_span on = { out->before.bytes,
				     out->before.count + (rest < MORE ? rest : MORE) };
	const enum tok_status status = encode(b, which, on, &all, err);
	for (size_t i = 0; status == TOK_OK && i < all.count; i++)
		out->inside &= all.ranges[i].begin != out->before.count;
	return status;
}

/* What one way says of a cut. */
struct answer {
	bool known; /* else the model or the tokenizer does not allow it */
	double p[TOK_MIX_SYMBOLS];
	double width; /* between bounds of the byte that comes; NAN: it is no sum, and has none */
	double heads; /* that were open; NAN: there is no such thing */
	uint64_t rows;
};

/* The ids a model is given for a prompt. */
static enum tok_status prompt_ids(const struct bytes_bench *b, size_t which, struct tok_span text,
				  struct tok_buffer *out, struct tok_error *err)
{
	const struct tok_lm_info *info = b->models.sides[which].lm->info;
	struct tok_encoding ids;
	const enum tok_status status = encode(b, which, text, &ids, err);
	out->count = 0;
	if (status != TOK_OK)
		return status;
	if (!tok_buffer_add(out, info->start, info->start_count * sizeof(tok_id)) ||
	    !tok_buffer_add(out, ids.ids, ids.count * sizeof(tok_id)))
		return tok_fail_memory(err);
	return TOK_OK;
}

static enum tok_status ask_tokens(const struct bytes_bench *b, size_t which, const struct cut *cut,
				  enum way way, struct answer *out, struct tok_error *err)
{
	const struct bytes_side *side = &b->models.sides[which];
	struct tok_buffer buffer = { 0 };
	struct tok_heal heal = { 0 };
	*out = (struct answer){ .known = !side->lm->info->top, .width = NAN, .heads = NAN };
	enum tok_status status =
	    out->known ? prompt_ids(b, which, cut->before, &buffer, err) : TOK_OK;
	if (status == TOK_OK && out->known) {
		const tok_id *ids = (const tok_id *)(const void *)buffer.bytes;
		const size_t count = buffer.count / sizeof *ids;
		const size_t back = way == NAIVE      ? 0
				    : way == HEAL_ONE ? 1
						      : tok_heal_longest(side->tokens, ids, count);
		status = tok_heal_next(side->tokens, side->lm, ids, count, back, &heal, err);
		if (status == TOK_ETEXT || status == TOK_ELIMIT) {
			memset(heal.p, 0, sizeof heal.p); /* it has no answer */
			status = TOK_OK;
		}
		memcpy(out->p, heal.p, sizeof heal.p);
		out->rows = heal.rows;
	}
	tok_buffer_release(&buffer);
	return status;
}

/* A `beam` of 0 keeps all heads. */
static enum tok_status ask_machine(const struct bytes_bench *b, size_t which, const struct cut *cut,
				   enum way way, size_t beam, struct answer *out,
				   struct tok_error *err)
{
	static const enum tok_bytes_semantics semantics[] = {
		[VALID] = TOK_BYTES_VALID, [RENORM] = TOK_BYTES_VALID_RENORM, [ALL] = TOK_BYTES_ALL
	};
	struct tok_machine *machine;
	struct tok_next_bytes next;
	struct tok_mix_law law;
	enum tok_status status = bench_machine(b, which, semantics[way], beam, &machine, err);
	*out = (struct answer){ .known = status == TOK_OK && machine };
	if (!out->known)
		return status;
	status = tok_machine_push(machine, cut->before, err);
	if (status == TOK_OK)
		status = tok_machine_next(machine, &next, err);
	if (status == TOK_OK) {
		tok_mix_law_of(&next, &law);
		memcpy(out->p, law.p, sizeof out->p);
		out->width = law.high[cut->byte] - law.low[cut->byte];
		out->heads = (double)tok_machine_heads(machine);
		out->rows = tok_machine_cost(machine).rows;
	}
	tok_machine_free(machine);
	return status;
}

static enum tok_status ask(const struct bytes_bench *b, size_t which, const struct cut *cut,
			   enum way way, struct answer *out, struct tok_error *err)
{
	return way <= HEAL_MOST ? ask_tokens(b, which, cut, way, out, err)
				: ask_machine(b, which, cut, way, 0, out, err);
}

/* ---- D ------------------------------------------------------------------------------ */

struct loss {
	size_t asked, impossible; /* the byte that comes has probability 0 */
	double bits, worst;       /* of the others */
	double width, heads;      /* sums */
	uint64_t rows, bytes;     /* of the model; of all prompts */
};

static void add_loss(struct loss *loss, const struct cut *cut, const struct answer *answer)
{
	const double p = answer->p[cut->byte];
	loss->asked++;
	loss->width += answer->width;
	loss->heads += answer->heads;
	loss->rows += answer->rows;
	loss->bytes += cut->before.count;
	if (p <= 0.0) {
		loss->impossible++;
		return;
	}
	loss->bits -= log2(p);
	loss->worst = fmax(loss->worst, -log2(p));
}

/* `k` is the beam, 0 where there was none. */
static void put_loss(struct bytes_bench *b, size_t which, const char *way, size_t k,
		     const struct loss *loss)
{
	const size_t told = loss->asked - loss->impossible;
	bench_text(b, b->models.sides[which].lm_name);
	bench_text(b, way);
	bench_number(b, k ? (double)k : NAN);
	bench_count(b, loss->asked);
	bench_number(b, told ? loss->bits / (double)told : NAN);
	bench_number(b, told ? loss->worst : NAN);
	bench_count(b, loss->impossible);
	bench_number(b, (double)loss->rows / (double)loss->bytes);
	bench_number(b, loss->heads / (double)loss->asked);
	bench_number(b, loss->width / (double)loss->asked);
}

static enum tok_status loss_of(struct bytes_bench *b, size_t which, enum way way, size_t beam,
			       struct tok_error *err)
{
	struct loss loss = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < b->options->random && status == TOK_OK; i++) {
		struct cut cut;
		struct answer answer = { 0 };
		status = find_cut(b, which, bench_cut(b, i), &cut, err);
		if (status == TOK_OK)
			status = beam ? ask_machine(b, which, &cut, way, beam, &answer, err)
				      : ask(b, which, &cut, way, &answer, err);
		if (status == TOK_OK && answer.known)
			add_loss(&loss, &cut, &answer);
	}
	if (status == TOK_OK && loss.asked)
		put_loss(b, which, way_names[way], beam, &loss);
	return status;
}

static enum tok_status losses_of(struct bytes_bench *b, size_t which, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (int way = 0; way < WAYS && status == TOK_OK; way++)
		status = loss_of(b, which, (enum way)way, 0, err);
	for (size_t i = 0; bench_needs_beam(b, which, i) && status == TOK_OK; i++)
		status = loss_of(b, which, ALL, b->beams[i], err);
	return status;
}

enum tok_status bench_cuts(struct bytes_bench *b, struct tok_error *err)
{
	static const char *const columns[] = { "model",      "method",    "K",
					       "cuts",       "bits_mean", "bits_worst",
					       "impossible", "rows_byte", "heads_mean",
					       "p_bounds",   NULL };
	enum tok_status status = TOK_OK;
	bench_table(b, 'D', "what the byte behind a random place costs", columns);
	for (size_t i = 0; i < b->models.count && status == TOK_OK; i++)
		status = losses_of(b, i, err);
	return status;
}

/* ---- A ------------------------------------------------------------------------------ */

struct bias {
	size_t asked;
	double naive, exact; /* probability of the byte that comes, summed */
	double divergence;   /* bits between the two, summed */
};

static void put_bias(struct bytes_bench *b, size_t which, const char *where, const char *truth,
		     const struct bias *bias)
{
	const double count = (double)bias->asked;
	bench_text(b, b->models.sides[which].lm_name);
	bench_text(b, where);
	bench_text(b, truth);
	bench_count(b, bias->asked);
	bench_number(b, bias->naive / count);
	bench_number(b, bias->exact / count);
	bench_number(b, bias->divergence / count);
}

static enum tok_status bias_at(struct bytes_bench *b, size_t which, const struct cut *cut,
			       enum way truth, struct bias *bias, struct tok_error *err)
{
	struct answer naive = { 0 }, exact = { 0 };
	enum tok_status status = ask(b, which, cut, NAIVE, &naive, err);
	if (status == TOK_OK)
		status = ask(b, which, cut, truth, &exact, err);
	if (status != TOK_OK || !naive.known || !exact.known)
		return status;
	bias->asked++;
	bias->naive += naive.p[cut->byte];
	bias->exact += exact.p[cut->byte];
	bias->divergence += tok_mix_divergence(naive.p, exact.p);
	return TOK_OK;
}

static enum tok_status bias_of(struct bytes_bench *b, size_t which, enum way truth,
			       struct tok_error *err)
{
	struct bias sums[2] = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < b->options->random && status == TOK_OK; i++) {
		struct cut cut;
		status = find_cut(b, which, bench_cut(b, i), &cut, err);
		if (status == TOK_OK)
			status = bias_at(b, which, &cut, truth, &sums[cut.inside], err);
	}
	for (size_t inside = 0; inside < 2 && status == TOK_OK; inside++)
		if (sums[inside].asked)
			put_bias(b, which, inside ? "inside a token" : "between tokens",
				 way_names[truth], &sums[inside]);
	return status;
}

enum tok_status bench_bias(struct bytes_bench *b, struct tok_error *err)
{
	static const char *const source[] = { "source",     "method",      "contexts",
					      "error_mean", "error_worst", NULL };
	static const char *const columns[] = { "model",   "place",   "exact_is", "cuts",
					       "p_naive", "p_exact", "jsd_bits", NULL };
	enum tok_status status = TOK_OK;
	bench_table(b, 'A', "a source that is known: what is said of its next letter", source);
	status = bench_source(b, err);
	if (status == TOK_OK)
		bench_table(b, 'A', "the same of a text: probability of the byte that comes",
			    columns);
	for (size_t i = 0; i < b->models.count && status == TOK_OK; i++) {
		status = bias_of(b, i, RENORM, err);
		if (status == TOK_OK)
			status = bias_of(b, i, ALL, err);
	}
	return status;
}
