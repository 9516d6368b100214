/*
 * donor_driver.c - sums and maps of rows, for scripts that compare them and time them.
 *
 *	donor_driver omp FILE ROWS WIDTH ANCHORS K [-m MODE] [-b MEMORY] [-s SCREEN] [-n]
 *	                  [-r RIDGE]
 *	donor_driver map ridge|procrustes FILE ROWS WIDTH ANCHORS MODEL_WIDTH [-r LAMBDA]
 *	                  [-k KERNEL] [-t THREADS]
 *
 * FILE holds ROWS x WIDTH numbers as float32, the donor's; behind them, for a map, ANCHORS x
 * MODEL_WIDTH, the model's rows of the first ANCHORS rows.  The others are those that are wanted.
 * On standard output: for omp K places (uint32, all bits set where there is none) and K
 * coefficients (float32) of each wanted row; for a map the rows (float32).  On standard error a
 * line of JSON: seconds of the clock and of the processor, what the report says, memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "hypernet/transplant/map.h"
#include "hypernet/transplant/omp.h"

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "donor_driver: %s\n", message);
	exit(2);
}

static void need(enum tok_status status, const struct tok_error *err)
{
	if (status != TOK_OK)
		fail(err->message);
}

static void *room(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);
	if (!memory)
		fail("memory is out");
	return memory;
}

static double now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t size_of(const char *text)
{
	char *end;
	const size_t size = strtoull(text, &end, 10);
	if (!*text || *end)
		fail("numbers are whole");
	return size;
}

struct job {
	const struct hyper_kernel *kernel;
	size_t threads, rows, width, anchors;
	float *numbers;
	tok_id *ids; /* 0, 1, ... */
	double began[2];
};

static void put(const void *bytes, size_t count, size_t size)
{
	if (fwrite(bytes, size, count, stdout) != count)
		fail("the answer cannot be written");
}

static void tell(const struct job *job, const char *more)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "{\"seconds\": %.4f, \"cpu\": %.4f, \"kilobytes\": %ld%s}\n",
		now(CLOCK_MONOTONIC) - job->began[0], now(CLOCK_PROCESS_CPUTIME_ID) - job->began[1],
		usage.ru_maxrss, more);
}

static void run_omp(struct job *job, const struct hyper_omp_options *o)
{
	const struct hyper_rows_view donor = { .floats = job->numbers,
					       .count = job->rows,
					       .width = job->width };
	const size_t wanted = job->rows - job->anchors;
	struct hyper_weights w = { 0 };
	struct hyper_omp_report report;
	struct tok_error err = { 0 };
	char more[400];
	need(hyper_omp(&donor, job->ids + job->anchors, wanted, job->ids, job->ids, job->anchors, o,
		       job->kernel, job->threads, &w, &report, &err),
	     &err);
	for (size_t i = 0; i < wanted; i++) {
		const uint64_t begin = hyper_weights_begin(&w, i), count = w.ends[i] - begin;
		uint32_t *places = room(o->k, sizeof *places);
		float *values = room(o->k, sizeof *values);
		memset(places, 0xFF, o->k * sizeof *places);
		memcpy(places, w.sources + begin, count * sizeof *places);
		memcpy(values, w.weights + begin, count * sizeof *values);
		put(places, o->k, sizeof *places);
		put(values, o->k, sizeof *values);
		free(places);
		free(values);
	}
	snprintf(more, sizeof more,
		 ", \"operations\": %.6g, \"recomputed\": %zu, \"kept\": %s, \"norm_mean\": %.6g, "
		 "\"norm_max\": %.6g, \"cosine_mean\": %.6g, \"cosine_min\": %.6g",
		 report.products, report.recomputed, report.kept ? "true" : "false",
		 report.norm_mean, report.norm_max, report.cosine_mean, report.cosine_min);
	tell(job, more);
	hyper_weights_release(&w);
}

static void run_map(struct job *job, enum hyper_map_kind kind, size_t model_width, double lambda)
{
	const struct hyper_rows_view donor = { .floats = job->numbers,
					       .count = job->rows,
					       .width = job->width };
	const struct hyper_rows_view model = { .floats = job->numbers + job->rows * job->width,
					       .count = job->anchors,
					       .width = model_width };
	const struct hyper_map_options o = { .lambda = lambda,
					     .kernel = job->kernel,
					     .threads = job->threads };
	const size_t wanted = job->rows - job->anchors;
	struct hyper_map *map;
	struct tok_error err = { 0 };
	char more[100];
	need(hyper_map_fit(kind, &donor, job->ids, &model, job->ids, job->anchors, &o, &map, &err),
	     &err);
	float *out = room(wanted * model_width, sizeof *out);
	need(hyper_map_rows(map, &donor, job->ids + job->anchors, wanted, out, job->threads, &err),
	     &err);
	put(out, wanted * model_width, sizeof *out);
	snprintf(more, sizeof more, ", \"explains\": %.9g", hyper_map_explains(map));
	tell(job, more);
	free(out);
	hyper_map_free(map);
}

static void read_numbers(struct job *job, const char *path, size_t more)
{
	const size_t count = job->rows * job->width + more;
	FILE *file = fopen(path, "rb");
	if (!file)
		fail("the file cannot be opened");
	job->numbers = room(count, sizeof *job->numbers);
	if (fread(job->numbers, sizeof *job->numbers, count, file) != count)
		fail("the file is too short");
	fclose(file);
	job->ids = room(job->rows, sizeof *job->ids);
	for (size_t i = 0; i < job->rows; i++)
		job->ids[i] = (tok_id)i;
	job->began[0] = now(CLOCK_MONOTONIC);
	job->began[1] = now(CLOCK_PROCESS_CPUTIME_ID);
}

static enum hyper_mode mode_of(const char *word)
{
	static const char *const words[] = { "f32", "bf16x3", "bf16", "int8" };
	for (int i = 0; i < HYPER_MODE_COUNT; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum hyper_mode)i;
	fail("the modes are " HYPER_MODE_WORDS);
}

int main(int argc, char **argv)
{
	struct job job = { .threads = 1 };
	struct hyper_omp_options o = { 0 };
	struct tok_error err = { 0 };
	const char *kernel = NULL;
	for (int option; (option = getopt(argc, argv, "m:b:s:nr:k:t:")) != -1;) {
		if (option == 'm')
			o.mode = mode_of(optarg);
		else if (option == 'b')
			o.memory = size_of(optarg);
		else if (option == 's')
			o.screen = size_of(optarg);
		else if (option == 'n')
			o.normalize = true;
		else if (option == 'r')
			o.ridge = strtod(optarg, NULL);
		else if (option == 'k')
			kernel = optarg;
		else if (option == 't')
			job.threads = size_of(optarg);
		else
			return 2;
	}
	argc -= optind;
	argv += optind;
	need(hyper_kernel_choose(kernel, &job.kernel, &err), &err);
	const bool maps = argc == 7 && strcmp(argv[0], "map") == 0;
	if (!maps && (argc != 6 || strcmp(argv[0], "omp") != 0))
		fail("omp FILE ROWS WIDTH ANCHORS K, or map KIND FILE ROWS WIDTH ANCHORS "
		     "MODEL_WIDTH");
	char **from = argv + 1 + maps;
	job.rows = size_of(from[1]);
	job.width = size_of(from[2]);
	job.anchors = size_of(from[3]);
	const size_t last = size_of(from[4]);
	read_numbers(&job, from[0], maps ? job.anchors * last : 0);
	o.k = last;
	if (maps)
		run_map(&job,
			strcmp(argv[1], "ridge") == 0 ? HYPER_MAP_RIDGE : HYPER_MAP_PROCRUSTES,
			last, o.ridge);
	else
		run_omp(&job, &o);
	free(job.numbers);
	free(job.ids);
	return fflush(stdout) == 0 ? 0 : 2;
}
