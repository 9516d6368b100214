#include "hypernet/kernel/opencl_internal.h"

#include <opencl_source.h> /* made of opencl.cl */
#include <stdio.h>
#include <stdlib.h>

static enum tok_status fail(const struct hyper_device *d, const char *what, cl_int code,
			    struct tok_error *err)
{
	char words[64];
	return tok_fail(err, TOK_EIO, "device '%s': %s: %s", d->found.info.name, what,
			hyper_opencl_words(code, words));
}

/* ---- which one -------------------------------------------------------------------- */

enum { FOUND = 64 };

/* "1:0" */
static bool is_numbered(const char *name, const struct hyper_device_info *info)
{
	char number[32];
	snprintf(number, sizeof number, "%u:%u", info->platform_number, info->number);
	return strcmp(name, number) == 0;
}

static const struct hyper_opencl_found *pick(const struct hyper_opencl_found *found, size_t count,
					     const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (name ? is_numbered(name, &found[i].info) : found[i].info.is_gpu)
			return &found[i];
	for (size_t i = 0; i < count; i++)
		if (!name || strcasestr(found[i].info.name, name))
			return &found[i];
	return NULL;
}

static enum tok_status choose(struct hyper_device *d, const char *name, struct tok_error *err)
{
	struct hyper_opencl_found found[FOUND];
	const size_t all = hyper_opencl_find(&d->cl, found, FOUND);
	const struct hyper_opencl_found *one = pick(found, all < FOUND ? all : FOUND, name);
	if (all == 0)
		return tok_fail(err, TOK_EARG, "OpenCL knows no device here");
	if (!one)
		return tok_fail(err, TOK_EARG, "OpenCL knows no device '%s' among the %zu here",
				name, all);
	d->found = *one;
	return TOK_OK;
}

/* ---- opening ---------------------------------------------------------------------- */

/* The first lines of what the compiler said. */
static enum tok_status fail_build(const struct hyper_device *d, cl_program program, cl_int code,
				  struct tok_error *err)
{
	enum { ROOM = 1 << 16 };
	char *log = calloc(ROOM, 1);
	if (!log)
		return tok_fail_memory(err);
	d->cl.GetProgramBuildInfo(program, d->found.device, CL_PROGRAM_BUILD_LOG, ROOM - 1, log,
				  NULL);
	hyper_opencl_clean(log);
	const enum tok_status status = fail(d, log[0] ? log : "its compiler", code, err);
	free(log);
	return status;
}

static enum tok_status build(struct hyper_device *d, enum hyper_mode mode, const char *options,
			     struct tok_error *err)
{
	const char *source = opencl_source;
	const size_t count = sizeof opencl_source;
	cl_int code;
	cl_program program = d->cl.CreateProgramWithSource(d->context, 1, &source, &count, &code);
	if (!program)
		return fail(d, "a program", code, err);
	d->programs[mode] = program;
	code = d->cl.BuildProgram(program, 1, &d->found.device, options, NULL, NULL);
	if (code != CL_SUCCESS)
		return fail_build(d, program, code, err);
	d->multiply[mode] = d->cl.CreateKernel(program, "multiply", &code);
	return d->multiply[mode] ? TOK_OK : fail(d, "a kernel", code, err);
}

static enum tok_status start(struct hyper_device *d, struct tok_error *err)
{
	cl_int code;
	const cl_context_properties properties[] = { CL_CONTEXT_PLATFORM,
						     (cl_context_properties)d->found.platform, 0 };
	d->context = d->cl.CreateContext(properties, 1, &d->found.device, NULL, NULL, &code);
	if (!d->context)
		return fail(d, "a context", code, err);
	d->queue = d->cl.CreateCommandQueue(d->context, d->found.device, 0, &code);
	if (!d->queue)
		return fail(d, "a queue", code, err);
	enum tok_status status = build(d, HYPER_MODE_F32, "-cl-std=CL1.2", err);
	if (status == TOK_OK)
		status = build(d, HYPER_MODE_BF16, "-cl-std=CL1.2 -DBF16", err);
	if (status != TOK_OK)
		return status;
	d->normalize = d->cl.CreateKernel(d->programs[HYPER_MODE_F32], "normalize_rows", &code);
	return d->normalize ? TOK_OK : fail(d, "a kernel", code, err);
}

static bool runs(void)
{
	return true;
}

/* What is not a product, the table `here` does. */
static void fill_table(struct hyper_device *d, const struct hyper_kernel *here)
{
	snprintf(d->name, sizeof d->name, "opencl %s", d->found.info.name);
	d->kernel = (struct hyper_kernel){
		.name = d->name,
		.runs = runs,
		.products = { [HYPER_MODE_F32] = &hyper_f32_opencl,
			      [HYPER_MODE_BF16X3] = &hyper_f32_opencl,
			      [HYPER_MODE_BF16] = &hyper_bf16_opencl },
		.finish = here->finish,
		.attend = here->attend,
		.elsewhere = &hyper_elsewhere_opencl,
	};
}

enum tok_status hyper_device_open(const char *name, uint64_t budget_bytes,
				  const struct hyper_kernel *here, struct hyper_device **out,
				  struct tok_error *err)
{
	struct hyper_device *d = calloc(1, sizeof *d);
	if (!d)
		return tok_fail_memory(err);
	pthread_mutex_init(&d->lock, NULL);
	enum tok_status status = hyper_opencl_load(HYPER_OPENCL_LIBRARY, &d->cl, err);
	if (status == TOK_OK)
		status = choose(d, name, err);
	if (status == TOK_OK)
		status = start(d, err);
	if (status != TOK_OK) {
		hyper_device_close(d);
		return status;
	}
	fill_table(d, here);
	d->budget = budget_bytes ? budget_bytes : d->found.info.memory_bytes / 4 * 3;
	*out = d;
	return TOK_OK;
}

static void release_rooms(struct hyper_device *d)
{
	struct hyper_opencl_room *rooms[] = { &d->x, &d->y, &d->vectors };
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
		if (rooms[i]->memory)
			d->cl.ReleaseMemObject(rooms[i]->memory);
}

void hyper_device_close(struct hyper_device *d)
{
	if (!d)
		return;
	release_rooms(d);
	if (d->normalize)
		d->cl.ReleaseKernel(d->normalize);
	for (int mode = 0; mode < HYPER_MODE_COUNT; mode++) {
		if (d->multiply[mode])
			d->cl.ReleaseKernel(d->multiply[mode]);
		if (d->programs[mode])
			d->cl.ReleaseProgram(d->programs[mode]);
	}
	if (d->queue)
		d->cl.ReleaseCommandQueue(d->queue);
	if (d->context)
		d->cl.ReleaseContext(d->context);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

const struct hyper_kernel *hyper_device_kernel(struct hyper_device *device)
{
	return &device->kernel;
}

enum tok_status hyper_device_check(struct hyper_device *device, struct tok_error *err)
{
	pthread_mutex_lock(&device->lock);
	const struct tok_error trouble = device->trouble;
	pthread_mutex_unlock(&device->lock);
	if (trouble.status == TOK_OK)
		return TOK_OK;
	return tok_fail(err, trouble.status, "%s", trouble.message);
}
