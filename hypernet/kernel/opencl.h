/*
 * opencl.h - the matrix products of kernel.h on an OpenCL device.
 *
 *	status = hyper_device_open("0:0", budget_bytes, &device, &err);   // platform:device, or
 *part of a name const struct hyper_kernel *k = hyper_device_kernel(device);       // gemm and
 *epilogues there hyper_device_close(device);                                       // after its
 *matrices
 *
 * The loader (libOpenCL.so.1) is opened when it is first asked for, so that a tok that was built
 *with it starts without it.  Weights lie on the device; rows go there and back.  F32 and BF16X3 are
 *computed as F32, BF16 with weights stored as bf16, INT8 is refused.  Answers agree with the scalar
 *table to 1e-5.
 */
#ifndef HYPER_KERNEL_OPENCL_H
#define HYPER_KERNEL_OPENCL_H

#include "hypernet/kernel/kernel.h"

struct hyper_device_info {
	char name[128], platform[128];
	uint64_t memory_bytes, largest_bytes; /* in all, and of one buffer */
	unsigned units;
	bool is_gpu;
};

/* Was this tok built with OpenCL? */
TOK_API bool hyper_device_is_here(void);

/* The devices of all platforms in the loader's order; returns how many there are, of which the
 * first `capacity` are written.  TOK_EARG where there is no loader or it was not built. */
TOK_API TOK_MUST_USE enum tok_status hyper_device_list(struct hyper_device_info *out,
						       size_t capacity, size_t *count,
						       struct tok_error *err);

struct hyper_device;

/* `name`: "PLATFORM:DEVICE" by number, or part of a device's name; NULL: the first GPU, else the
 * first. `budget_bytes`: of its memory, at most; 0: three quarters.  TOK_EARG: no such device;
 * TOK_EIO: the driver refused, with its words. */
TOK_API TOK_MUST_USE enum tok_status hyper_device_open(const char *name, uint64_t budget_bytes,
						       struct hyper_device **out,
						       struct tok_error *err);
TOK_API void hyper_device_close(struct hyper_device *device);
TOK_API const struct hyper_kernel *hyper_device_kernel(struct hyper_device *device);

/* hyper_gemm cannot fail; a device can.  After its work: TOK_OK, or TOK_EIO with what the driver
 * said first.  Results since then are not to be used. */
TOK_API TOK_MUST_USE enum tok_status hyper_device_check(struct hyper_device *device,
							struct tok_error *err);

#endif
