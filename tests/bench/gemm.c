/*
 * gemm.c - how fast rows are multiplied by weights, beside other libraries and the CPU's peak.
 *
 *	gemm [-m MODE] [-k KERNEL] [-n ROUNDS] [ROWSxOUTxIN ...]
 *
 * One thread.  All contenders take turns, ROUNDS times (15), each for at least 20 ms of its own
 * processor time, behind one call that is not counted; printed are medians, and the medians of the
 * ratios within a round to the first peer's time, with the least and the most.  'all' is a product
 * with bias, GELU, residual and layer norm; peers have the product only.  Build with libdnnl-dev
 * and libopenblas-dev for peers.  The peak is that of multiply-adds on registers, of the widest
 * vectors.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hypernet/kernel/kernel.h"
#include "tests/bench/gemm_peers.h"
#include "tok/base/cpu.h"

enum { CONTENDERS_MAX = 16, ROUNDS_MAX = 101 };

static const char *const modes[HYPER_MODE_COUNT] = { "f32", "bf16x3", "bf16", "int8" };

static const struct gemm_shape usual[] = {
	{ 1024, 2304, 768 }, { 1024, 768, 768 },   { 1024, 1536, 768 },  { 1024, 768, 1536 },
	{ 64, 768, 768 },    { 64, 2304, 768 },    { 4096, 2304, 768 },  { 1024, 4096, 4096 },
	{ 64, 4096, 4096 },  { 1024, 8192, 4096 }, { 1024, 4096, 8192 },
};

struct contender {
	const char *name;
	const struct hyper_kernel *kernel; /* ours, or NULL */
	const struct gemm_peer *peer;
	bool finishes; /* with an epilogue */
	struct hyper_matrix matrix;
	void *state; /* scratch, or the peer's */
	double times[ROUNDS_MAX];
};

struct bench {
	enum hyper_mode mode;
	const char *only;
	size_t rounds;
	struct gemm_shape shape;
	float *weight, *x, *y, *row; /* row: what epilogues take */
	struct contender contenders[CONTENDERS_MAX];
	size_t count;
};

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void *need(void *memory)
{
	if (!memory) {
		fputs("memory is out\n", stderr);
		exit(2);
	}
	return memory;
}

static float *draw(size_t count, float scale)
{
	float *to = need(hyper_scratch_new(count * sizeof *to));
	uint32_t state = 1;
	for (size_t i = 0; i < count; i++) {
		state = state * 1664525u + 1013904223u;
		to[i] = ((float)(state >> 8) / (1 << 24) - 0.5F) * scale;
	}
	return to;
}

static void run(struct bench *b, struct contender *c)
{
	const struct gemm_shape s = b->shape;
	const struct hyper_epilogue all = { .bias = b->row,
					    .activation = HYPER_GELU_ERF,
					    .residual = b->y,
					    .residual_stride = s.out,
					    .norm_weight = b->row,
					    .norm_bias = b->row,
					    .norm_epsilon = 1e-5F };
	if (c->peer)
		c->peer->run(c->state, b->x, b->y);
	else
		hyper_gemm(&c->matrix, b->x, s.in, s.rows, b->y, s.out, c->finishes ? &all : NULL,
			   c->state);
}

/* Seconds of one product, of as many as take 20 ms. */
static double time_one(struct bench *b, struct contender *c)
{
	size_t times = 0;
	run(b, c);
	const double start = seconds();
	double now;
	do {
		run(b, c);
		times++;
		now = seconds();
	} while (now - start < 0.02);
	return (now - start) / (double)times;
}

static void add_ours(struct bench *b, const struct hyper_kernel *kernel, bool finishes)
{
	struct contender *c = &b->contenders[b->count];
	struct tok_error err = { 0 };
	*c = (struct contender){ .name = hyper_kernel_name(kernel),
				 .kernel = kernel,
				 .finishes = finishes };
	if (hyper_kernel_enter(kernel, &err) != TOK_OK ||
	    hyper_matrix_pack(kernel, b->mode, b->weight, b->shape.out, b->shape.in, &c->matrix,
			      &err) != TOK_OK) {
		fprintf(stderr, "%s\n", err.message);
		exit(2);
	}
	c->state = need(hyper_scratch_new(hyper_gemm_scratch(&c->matrix, b->shape.rows)));
	b->count++;
}

static void add_peer(struct bench *b, const struct gemm_peer *peer)
{
	struct contender *c = &b->contenders[b->count];
	*c = (struct contender){ .name = peer->name, .peer = peer };
	c->state = peer->begin(b->shape, b->weight);
	b->count += c->state != NULL;
}

static void add_peers(struct bench *b)
{
#if defined(BENCH_ONEDNN)
	static const struct gemm_peer *const peers[HYPER_MODE_COUNT] = {
		[HYPER_MODE_F32] = &gemm_onednn,
		[HYPER_MODE_BF16X3] = &gemm_onednn,
		[HYPER_MODE_BF16] = &gemm_onednn_bf16,
		[HYPER_MODE_INT8] = &gemm_onednn_int8,
	};
	add_peer(b, peers[b->mode]);
#endif
#if defined(BENCH_OPENBLAS)
	if (b->mode == HYPER_MODE_F32)
		add_peer(b, &gemm_openblas);
#endif
	(void)add_peer;
	(void)b;
}

/* The peers first: ratios are to the first of all. */
static void add_all(struct bench *b)
{
	add_peers(b);
	for (size_t i = 0; i < hyper_kernel_count(); i++) {
		const struct hyper_kernel *kernel = hyper_kernel_at(i);
		if (!hyper_kernel_runs(kernel) ||
		    (b->only && strcmp(b->only, hyper_kernel_name(kernel)) != 0))
			continue;
		add_ours(b, kernel, false);
		add_ours(b, kernel, true);
	}
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct spread {
	double least, median, most;
};

static struct spread spread_of(const double *of, size_t count)
{
	double sorted[ROUNDS_MAX];
	memcpy(sorted, of, count * sizeof *of);
	qsort(sorted, count, sizeof *sorted, compare);
	return (struct spread){ sorted[0], sorted[count / 2], sorted[count - 1] };
}

static void print(const struct bench *b, double peak)
{
	const struct gemm_shape s = b->shape;
	const double work = 2.0 * (double)s.rows * (double)s.out * (double)s.in;
	printf("%zu x %zu x %zu\n", s.rows, s.out, s.in);
	for (size_t i = 0; i < b->count; i++) {
		const struct contender *c = &b->contenders[i];
		double ratios[ROUNDS_MAX];
		for (size_t r = 0; r < b->rounds; r++)
			ratios[r] = b->contenders[0].times[r] / c->times[r];
		const double rate = work / spread_of(c->times, b->rounds).median * 1e-9;
		const struct spread ratio = spread_of(ratios, b->rounds);
		printf("  %-12s %-4s %8.1f GFLOP/s %5.1f %% of peak  x %.3f (%.3f-%.3f)\n", c->name,
		       c->finishes ? "all" : "", rate, 100 * rate / peak, ratio.median, ratio.least,
		       ratio.most);
	}
	fflush(stdout);
}

static void measure(struct bench *b, struct gemm_shape shape, double peak)
{
	b->shape = shape;
	b->count = 0;
	b->weight = draw(shape.out * shape.in, 0.1F);
	b->x = draw(shape.rows * shape.in, 2);
	b->y = draw(shape.rows * shape.out, 2);
	b->row = draw(shape.out, 2);
	add_all(b);
	for (size_t r = 0; r < b->rounds; r++)
		for (size_t i = 0; i < b->count; i++)
			b->contenders[i].times[r] = time_one(b, &b->contenders[i]);
	print(b, peak);
	for (size_t i = 0; i < b->count; i++) {
		struct contender *c = &b->contenders[i];
		if (c->peer) {
			c->peer->end(c->state);
		} else {
			hyper_matrix_release(&c->matrix);
			free(c->state);
		}
	}
	free(b->weight);
	free(b->x);
	free(b->y);
	free(b->row);
}

#if defined(__x86_64__)

/* Twelve chains of multiply-adds of zeros, in vectors called `v`. */
#define ADD(v, n)           "vfmadd231ps %%" v "14, %%" v "15, %%" v #n "\n\t"
#define ADDS(v, a, b, c, d) ADD(v, a) ADD(v, b) ADD(v, c) ADD(v, d)
#define CHAINS(v)           ADDS(v, 0, 1, 2, 3) ADDS(v, 4, 5, 6, 7) ADDS(v, 8, 9, 10, 11)
#define CLEAR(n)            "vxorps %%xmm" #n ", %%xmm" #n ", %%xmm" #n "\n\t"
#define CLEARS(a, b, c, d)  CLEAR(a) CLEAR(b) CLEAR(c) CLEAR(d)
#define CLEAR_EIGHT         CLEARS(0, 1, 2, 3) CLEARS(4, 5, 6, 7)
#define CLEAR_ALL           CLEAR_EIGHT CLEARS(8, 9, 10, 11) CLEAR(14) CLEAR(15)
#define FIRST_SIX           "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5"
#define OTHERS              "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15"
#define LOOP(v)                                                                                    \
	__asm__ volatile(CLEAR_ALL "1:\n\t" CHAINS(v) "dec %0\n\tjnz 1b"                           \
			 : "+r"(times)                                                             \
			 :                                                                         \
			 : FIRST_SIX, OTHERS, "cc")

static void add_256(size_t times)
{
	LOOP("ymm");
}

static void add_512(size_t times)
{
	LOOP("zmm");
}

/* GFLOP/s of multiply-adds on registers, the best of five; 0: not known. */
static double measure_peak(void)
{
	const size_t times = 1 << 21;
	const bool wide = tok_kernel_multiplies(TOK_KERNEL_AVX512);
	double best = 1e9;
	if (!tok_kernel_multiplies(TOK_KERNEL_AVX2))
		return 0;
	for (size_t i = 0; i < 5; i++) {
		const double start = seconds();
		(wide ? add_512 : add_256)(times);
		const double took = seconds() - start;
		best = took < best ? took : best;
	}
	return (wide ? 16 : 8) * 12 * 2.0 * (double)times / best * 1e-9;
}

#else

static double measure_peak(void)
{
	return 0;
}

#endif

static enum hyper_mode mode_of(const char *word)
{
	for (int i = 0; i < HYPER_MODE_COUNT; i++)
		if (strcmp(word, modes[i]) == 0)
			return (enum hyper_mode)i;
	fprintf(stderr, "the modes are " HYPER_MODE_WORDS ", not '%s'\n", word);
	exit(2);
}

int main(int argc, char **argv)
{
	struct bench *b = need(calloc(1, sizeof *b));
	b->rounds = 15;
	setenv("OMP_NUM_THREADS", "1", 1);
	for (int option; (option = getopt(argc, argv, "m:k:n:")) != -1;) {
		if (option == 'm')
			b->mode = mode_of(optarg);
		else if (option == 'k')
			b->only = optarg;
		else if (option == 'n')
			b->rounds = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (b->rounds < 1 || b->rounds > ROUNDS_MAX)
		b->rounds = ROUNDS_MAX;

	const double peak = measure_peak();
	printf("peak %.1f GFLOP/s\n", peak);
	for (size_t i = 0; optind == argc && i < sizeof usual / sizeof *usual; i++)
		measure(b, usual[i], peak);
	for (int i = optind; i < argc; i++) {
		struct gemm_shape s;
		if (sscanf(argv[i], "%zux%zux%zu", &s.rows, &s.out, &s.in) != 3)
			return 2;
		measure(b, s, peak);
	}
	free(b);
	return 0;
}
