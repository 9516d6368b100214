/*
 * opencl_internal.h - OpenCL, loaded when it is first asked for, and a device at work.
 */
#ifndef HYPER_KERNEL_OPENCL_INTERNAL_H
#define HYPER_KERNEL_OPENCL_INTERNAL_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <pthread.h>

#include "hypernet/kernel/kernel_internal.h"
#include "hypernet/kernel/opencl.h"

/* The calls, without the "cl" of their names in the library, which stays loaded: drivers have
 * threads of their own. */
#define HYPER_OPENCL_CALLS(X)                                                                      \
	X(GetPlatformIDs)                                                                          \
	X(GetPlatformInfo)                                                                         \
	X(GetDeviceIDs)                                                                            \
	X(GetDeviceInfo)                                                                           \
	X(CreateContext)                                                                           \
	X(ReleaseContext)                                                                          \
	X(CreateCommandQueue)                                                                      \
	X(ReleaseCommandQueue)                                                                     \
	X(CreateProgramWithSource)                                                                 \
	X(BuildProgram)                                                                            \
	X(GetProgramBuildInfo)                                                                     \
	X(ReleaseProgram)                                                                          \
	X(CreateKernel)                                                                            \
	X(SetKernelArg)                                                                            \
	X(ReleaseKernel)                                                                           \
	X(CreateBuffer)                                                                            \
	X(ReleaseMemObject)                                                                        \
	X(EnqueueWriteBuffer)                                                                      \
	X(EnqueueWriteBufferRect)                                                                  \
	X(EnqueueReadBufferRect)                                                                   \
	X(EnqueueNDRangeKernel)                                                                    \
	X(Finish)

struct hyper_opencl {
#define HYPER_OPENCL_CALL(name) __typeof__(&cl##name) name;
	HYPER_OPENCL_CALLS(HYPER_OPENCL_CALL)
#undef HYPER_OPENCL_CALL
};

#define HYPER_OPENCL_LIBRARY "libOpenCL.so.1"

/* TOK_EARG where there is no such library, or one without a call. */
TOK_MUST_USE enum tok_status hyper_opencl_load(const char *library, struct hyper_opencl *out,
					       struct tok_error *err);

/* A device and what identifies it. */
struct hyper_opencl_found {
	struct hyper_device_info info;
	cl_platform_id platform;
	cl_device_id device;
};

/* Of all devices in their order, up to `capacity`; returns how many there are. */
size_t hyper_opencl_find(const struct hyper_opencl *cl, struct hyper_opencl_found *out,
			 size_t capacity);

/* What is not printable, and quotes, become spaces: texts of drivers go to terminals and into JSON.
 */
void hyper_opencl_clean(char *text);

/* What a code of the driver's means, "out of resources (-5)"; `text` has room for 64 bytes. */
const char *hyper_opencl_words(cl_int code, char *text);

/* As in opencl.cl.  ROWS: of a call, at most. */
enum {
	HYPER_OPENCL_TILE = 64,
	HYPER_OPENCL_ACROSS = 16,
	HYPER_OPENCL_DOWN = 8,
	HYPER_OPENCL_LINE = 64,
	HYPER_OPENCL_ROWS = 512
};

enum hyper_opencl_step {
	HYPER_OPENCL_BIAS = 1,
	HYPER_OPENCL_NORM = 2,
	HYPER_OPENCL_NORM_BIAS = 4,
	HYPER_OPENCL_SCALE = 8,
	HYPER_OPENCL_SHIFT = 16,
	HYPER_OPENCL_RESIDUAL = 32
};
enum { HYPER_OPENCL_VECTORS = 5 }; /* those of a step each, before RESIDUAL, in their order */

/* A buffer that grows. */
struct hyper_opencl_room {
	cl_mem memory;
	uint64_t bytes;
};

struct hyper_device {
	struct hyper_kernel kernel; /* first: a matrix finds its device by it */
	char name[160];             /* the kernel's */
	struct hyper_opencl cl;
	struct hyper_opencl_found found;
	cl_context context;
	uint64_t budget;

	pthread_mutex_t lock; /* for all below */
	cl_command_queue queue;
	cl_program programs[HYPER_MODE_COUNT]; /* F32 and BF16 only */
	cl_kernel multiply[HYPER_MODE_COUNT], normalize;
	struct hyper_opencl_room x, y, vectors; /* of the largest matrix, ROWS rows */
	uint64_t used;                          /* of the budget */
	struct tok_error trouble;               /* the first */
};

/* Where weights lie on a device, and the products with them. */
extern const struct hyper_product hyper_f32_opencl, hyper_bf16_opencl;
extern const struct hyper_elsewhere hyper_elsewhere_opencl;

#endif
