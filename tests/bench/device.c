/*
 * device.c - products of a network's shapes on an OpenCL device, beside the processor's best table.
 *
 *	bench_device NAME [THREADS]      NAME as hyper_device_open has it
 *
 * Lines of: mode, rows, outputs, inputs, GFLOP/s of the device, of the processor, the ratio; and
 * the seconds of processor that the table takes in parts of those that the device's driver takes,
 * which is the ratio that other work does not disturb where the device is the processor.
 * Rows go to the device and come back within the time, as they do in a network; weights are there.
 * Each way is taken in turn, once a round; numbers are medians of 5.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hypernet/kernel/opencl.h"
#include "tok/base/threads.h"

enum { ROUNDS = 5 };

static _Noreturn void stop(const char *message)
{
	fprintf(stderr, "bench_device: %s\n", message);
	exit(2);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One product, its rows shared out to threads. */
struct job {
	const struct hyper_matrix *w;
	const float *x;
	float *y;
	size_t rows, threads;
	void *scratch[64];
};

static void work(void *shared, size_t index)
{
	struct job *j = shared;
	struct tok_error err;
	const size_t first = j->rows * index / j->threads;
	const size_t count = j->rows * (index + 1) / j->threads - first;
	if (hyper_kernel_enter(j->w->kernel, &err) != TOK_OK)
		stop(err.message);
	hyper_gemm(j->w, j->x + first * j->w->in, j->w->in, count, j->y + first * j->w->out,
		   j->w->out, NULL, j->scratch[index]);
}

struct seconds {
	double taken, worked; /* by the clock on the wall, and of processors */
};

static struct seconds run(struct job *j)
{
	const double began = now();
	const clock_t worked = clock();
	tok_threads_run(j->threads, work, j);
	return (struct seconds){ now() - began, (double)(clock() - worked) / CLOCKS_PER_SEC };
}

static float *fill(size_t count)
{
	float *made = hyper_scratch_new(count * sizeof *made);
	if (!made)
		stop("out of memory");
	for (size_t i = 0; i < count; i++)
		made[i] = (float)rand() / (float)RAND_MAX - 0.5F;
	return made;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void measure(const struct hyper_kernel *const kernels[2], enum hyper_mode mode, size_t rows,
		    size_t out, size_t in, size_t threads)
{
	float *weight = fill(out * in), *x = fill(rows * in), *y = fill(rows * out);
	struct hyper_matrix w[2];
	struct job jobs[2];
	struct tok_error err;
	double taken[2][ROUNDS], worked[2][ROUNDS];
	for (size_t k = 0; k < 2; k++) {
		if (hyper_matrix_pack(kernels[k], mode, weight, out, in, &w[k], &err) != TOK_OK)
			stop(err.message);
		jobs[k] = (struct job){ &w[k], x, y, rows, threads, { NULL } };
		for (size_t i = 0; i < threads; i++)
			jobs[k].scratch[i] = hyper_scratch_new(hyper_gemm_scratch(&w[k], rows));
		run(&jobs[k]); /* what is compiled, or touched, once */
	}
	for (size_t r = 0; r < ROUNDS; r++)
		for (size_t k = 0; k < 2; k++) {
			const struct seconds s = run(&jobs[k]);
			taken[k][r] = s.taken;
			worked[k][r] = s.worked;
		}
	for (size_t k = 0; k < 2; k++) {
		qsort(taken[k], ROUNDS, sizeof taken[k][0], by_size);
		qsort(worked[k], ROUNDS, sizeof worked[k][0], by_size);
		for (size_t i = 0; i < threads; i++)
			free(jobs[k].scratch[i]);
		hyper_matrix_release(&w[k]);
	}
	const double work_done = 2e-9 * (double)rows * (double)out * (double)in;
	const double there = taken[0][ROUNDS / 2], here = taken[1][ROUNDS / 2];
	printf("%s\t%zu\t%zu\t%zu\t%.1f\t%.1f\t%.3f\t%.3f\n",
	       mode == HYPER_MODE_F32 ? "f32" : "bf16", rows, out, in, work_done / there,
	       work_done / here, here / there, worked[1][ROUNDS / 2] / worked[0][ROUNDS / 2]);
	free(weight);
	free(x);
	free(y);
}

int main(int argc, char **argv)
{
	static const struct {
		size_t out, in;
	} shapes[] = { { 2304, 768 }, { 768, 768 }, { 1536, 768 }, { 768, 1536 }, { 2048, 2048 } };
	const size_t threads = argc > 2 ? (size_t)atoi(argv[2]) : 1;
	const struct hyper_kernel *kernels[2];
	struct hyper_device *device;
	struct tok_error err = { 0 };
	if (argc < 2 || threads < 1 || threads > 64)
		stop("which device? and 1 to 64 threads");
	if (hyper_kernel_choose(NULL, &kernels[1], &err) != TOK_OK ||
	    hyper_device_open(argv[1], 0, kernels[1], &device, &err) != TOK_OK)
		stop(err.message);
	kernels[0] = hyper_device_kernel(device);
	printf("%s, %s, %zu threads\n", hyper_kernel_name(kernels[0]),
	       hyper_kernel_name(kernels[1]), threads);
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		measure(kernels, HYPER_MODE_F32, 512, shapes[i].out, shapes[i].in, threads);
		measure(kernels, HYPER_MODE_BF16, 512, shapes[i].out, shapes[i].in, threads);
	}
	if (hyper_device_check(device, &err) != TOK_OK)
		stop(err.message);
	hyper_device_close(device);
	return 0;
}
