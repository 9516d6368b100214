/* opencl_load.c - OpenCL's loader, and which devices it knows. */
#include "hypernet/kernel/opencl_internal.h"

#include <dlfcn.h>
#include <stdio.h>

/* POSIX has a pointer to a function fit into one to an object, ISO C does not convert them. */
static bool find(void *library, const char *name, void *call, size_t size)
{
	void *symbol = dlsym(library, name);
	memcpy(call, &symbol, size);
	return symbol != NULL;
}

enum tok_status hyper_opencl_load(const char *library, struct hyper_opencl *out,
				  struct tok_error *err)
{
	void *opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!opened) {
		const char *why = dlerror();
		return tok_fail(err, TOK_EARG, "devices need OpenCL's loader: %s",
				why ? why : "it cannot be loaded");
	}
#define FIND(call)                                                                                 \
	if (!find(opened, "cl" #call, &out->call, sizeof out->call))                               \
		return tok_fail(err, TOK_EARG, "devices need OpenCL 1.2: %s lacks a call", library);
	HYPER_OPENCL_CALLS(FIND)
#undef FIND
	return TOK_OK;
}

/* ---- devices ---------------------------------------------------------------------- */

enum { PLATFORMS = 64, DEVICES = 64 }; /* of one platform; what is beyond is not seen */

void hyper_opencl_clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			*text = ' ';
}

/* A text that does not fit, or is not there, is "?". */
static void read_names(const struct hyper_opencl *cl, struct hyper_opencl_found *f)
{
	struct hyper_device_info *info = &f->info;
	if (cl->GetPlatformInfo(f->platform, CL_PLATFORM_NAME, sizeof info->platform - 1,
				info->platform, NULL) != CL_SUCCESS)
		strcpy(info->platform, "?");
	if (cl->GetDeviceInfo(f->device, CL_DEVICE_NAME, sizeof info->name - 1, info->name, NULL) !=
	    CL_SUCCESS)
		strcpy(info->name, "?");
	hyper_opencl_clean(info->platform);
	hyper_opencl_clean(info->name);
}

/* What the driver does not tell is 0. */
static struct hyper_opencl_found describe(const struct hyper_opencl *cl, cl_platform_id platform,
					  cl_device_id device)
{
	struct hyper_opencl_found f = { .platform = platform, .device = device };
	cl_ulong memory = 0, largest = 0;
	cl_uint units = 0;
	cl_device_type type = 0;
	read_names(cl, &f);
	cl->GetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
	cl->GetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof largest, &largest, NULL);
	cl->GetDeviceInfo(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
	cl->GetDeviceInfo(device, CL_DEVICE_TYPE, sizeof type, &type, NULL);
	f.info.memory_bytes = memory;
	f.info.largest_bytes = largest;
	f.info.units = units;
	f.info.is_gpu = type & CL_DEVICE_TYPE_GPU;
	return f;
}

size_t hyper_opencl_find(const struct hyper_opencl *cl, struct hyper_opencl_found *out,
			 size_t capacity)
{
	cl_platform_id platforms[PLATFORMS];
	cl_uint platform_count = 0;
	size_t count = 0;
	if (cl->GetPlatformIDs(PLATFORMS, platforms, &platform_count) != CL_SUCCESS)
		return 0; /* a loader that knows no platform fails */
	for (cl_uint p = 0; p < platform_count && p < PLATFORMS; p++) {
		cl_device_id devices[DEVICES];
		cl_uint device_count = 0;
		if (cl->GetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, DEVICES, devices,
				     &device_count) != CL_SUCCESS)
			continue;
		for (cl_uint d = 0; d < device_count && d < DEVICES; d++, count++) {
			if (count >= capacity)
				continue;
			out[count] = describe(cl, platforms[p], devices[d]);
			out[count].info.platform_number = p;
			out[count].info.number = d;
		}
	}
	return count;
}

bool hyper_device_is_here(void)
{
	return true;
}

enum tok_status hyper_device_list(struct hyper_device_info *out, size_t capacity, size_t *count,
				  struct tok_error *err)
{
	struct hyper_opencl cl;
	struct hyper_opencl_found found[PLATFORMS];
	const enum tok_status status = hyper_opencl_load(HYPER_OPENCL_LIBRARY, &cl, err);
	if (status != TOK_OK)
		return status;
	*count = hyper_opencl_find(&cl, found, PLATFORMS);
	*count = *count < PLATFORMS ? *count : PLATFORMS;
	for (size_t i = 0; i < *count && i < capacity; i++)
		out[i] = found[i].info;
	return TOK_OK;
}

/* ---- words ------------------------------------------------------------------------ */

const char *hyper_opencl_words(cl_int code, char *text)
{
	static const struct {
		cl_int code;
		const char *words;
	} known[] = {
		{ CL_DEVICE_NOT_AVAILABLE, "the device is not available" },
		{ CL_COMPILER_NOT_AVAILABLE, "there is no compiler" },
		{ CL_MEM_OBJECT_ALLOCATION_FAILURE, "the device's memory is out" },
		{ CL_OUT_OF_RESOURCES, "out of resources" },
		{ CL_OUT_OF_HOST_MEMORY, "out of memory" },
		{ CL_BUILD_PROGRAM_FAILURE, "the program was not compiled" },
		{ CL_INVALID_BUFFER_SIZE, "a buffer of that size is refused" },
		{ CL_INVALID_WORK_GROUP_SIZE, "work groups of that size are refused" },
	};
	const char *words = "the driver refused";
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].code == code)
			words = known[i].words;
	snprintf(text, 64, "%s (%d)", words, code);
	return text;
}
