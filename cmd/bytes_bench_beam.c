/* bytes_bench_beam.c - beams of K heads beside what is exact (B). */
#include <math.h>
#include <time.h>

#include "cmd/bytes_bench_internal.h"

enum { BEAM_BYTES = 4000 };

struct beam {
	double divergence; /* bits, summed over bytes */
	double worst;      /* nats between the logarithms of P */
	double width;      /* nats between the bounds, summed; of those that are finite */
	size_t walked, bounded, outside, ends;
	double seconds; /* of the beam's machine */
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Does what the beam says agree with the truth?  Rounding is forgiven. */
static void judge(struct beam *sums, const struct tok_next_bytes *exact,
		  const struct tok_next_bytes *beam)
{
	double p[TOK_MIX_SYMBOLS], q[TOK_MIX_SYMBOLS];
	const double slack = 1e-9 * (1 + fabs(exact->log_p));
	tok_mix_whole(exact, p);
	tok_mix_whole(beam, q);
	sums->walked++;
	sums->divergence += tok_mix_divergence(p, q);
	sums->worst = fmax(sums->worst, fabs(exact->log_p - beam->log_p));
	if (isfinite(beam->log_p_high) && isfinite(beam->log_p_low)) {
		sums->width += beam->log_p_high - beam->log_p_low;
		sums->bounded++;
	}
	sums->outside +=
	    exact->log_p < beam->log_p_low - slack || exact->log_p > beam->log_p_high + slack;
}

static enum tok_status walk(struct bytes_bench *b, struct tok_machine *exact,
			    struct tok_machine *beam, size_t bytes, struct beam *sums,
			    struct tok_error *err)
{
	for (size_t i = 0; i < bytes; i++) {
		const struct tok_span byte = { (const uint8_t *)b->models.text + i, 1 };
		struct tok_next_bytes truth, told;
		enum tok_status status = tok_machine_push(exact, byte, err);
		if (status == TOK_OK)
			status = tok_machine_next(exact, &truth, err);
		if (status != TOK_OK)
			return status;
		const double begin = now();
		status = tok_machine_push(beam, byte, err);
		if (status == TOK_ELIMIT) { /* all that were kept have died */
			sums->ends++;
			return TOK_OK;
		}
		if (status == TOK_OK)
			status = tok_machine_next(beam, &told, err);
		sums->seconds += now() - begin;
		if (status != TOK_OK)
			return status;
		judge(sums, &truth, &told);
	}
	return TOK_OK;
}

static enum tok_status beam_of(struct bytes_bench *b, size_t which, size_t k, struct tok_error *err)
{
	const size_t bytes = b->models.length < BEAM_BYTES ? b->models.length : BEAM_BYTES;
	struct tok_machine *exact, *beam = NULL;
	struct beam sums = { 0 };
	enum tok_status status = bench_machine(b, which, TOK_BYTES_ALL, 0, &exact, err);
	if (status != TOK_OK || !exact)
		return status;
	status = bench_machine(b, which, TOK_BYTES_ALL, k, &beam, err);
	if (status == TOK_OK)
		status = walk(b, exact, beam, bytes, &sums, err);
	if (status == TOK_OK) {
		bench_text(b, b->models.sides[which].lm_name);
		bench_count(b, k);
		bench_count(b, sums.walked);
		bench_number(b, sums.divergence / (double)sums.walked);
		bench_number(b, sums.worst);
		bench_number(b, sums.bounded ? sums.width / (double)sums.bounded : NAN);
		bench_count(b, sums.outside);
		bench_count(b, sums.ends);
		bench_number(b, (double)sums.walked / sums.seconds);
	}
	tok_machine_free(beam);
	tok_machine_free(exact);
	return status;
}

enum tok_status bench_beam(struct bytes_bench *b, struct tok_error *err)
{
	static const char *const columns[] = { "model",        "K",           "bytes",   "jsd_bits",
					       "worst_nats",   "bounds_nats", "outside", "ends",
					       "bytes_second", NULL };
	static const size_t beams[] = { 1, 2, 4, 8, 16, 32, 64, 128 };
	enum tok_status status = TOK_OK;
	bench_table(b, 'B', "beams of K beside the exact value of `all`", columns);
	for (size_t i = 0; i < b->models.count; i++)
		for (size_t k = 0; k < sizeof beams / sizeof beams[0] && status == TOK_OK; k++)
			status = beam_of(b, i, beams[k], err);
	return status;
}
