/*
 * opencl.h - the matrix products of kernel.h on an OpenCL device.
 *
 *	status = hyper_device_open("0:0", budget_bytes, kernel, &device, &err);
 *	const struct hyper_kernel *k = hyper_device_kernel(device);  // as any other
 *	status = hyper_matrix_pack(k, HYPER_MODE_F32, weight, out, in, &w, &err);
 *	hyper_gemm(&w, x, x_stride, rows, y, y_stride, &epilogue, scratch);
 *	status = hyper_device_check(device, &err);
 *	hyper_matrix_release(&w);
 *	hyper_device_close(device);                                  // after its matrices
 *
 * The loader, libOpenCL.so.1, is opened when a device is first asked for: without it tok starts
 * all the same.  Weights stay on the device; rows go there and back.  Attention, and epilogues
 * without a product, are the processor's, by the table that is named when a device is opened.
 *
 * Modes: F32 and BF16X3 are computed in F32; BF16 rounds as kernel.h says, its weights being 16
 * bits there; INT8 is refused when weights are packed, with TOK_EARG.  F32 agrees with the scalar
 * table to 1e-5 of the largest number.
 *
 * Any number of threads may multiply at once: they take turns.
 *
 * Source: The OpenCL Specification, version 1.2 (Khronos).
 */
#ifndef HYPER_KERNEL_OPENCL_H
#define HYPER_KERNEL_OPENCL_H

#include "hypernet/kernel/kernel.h"

/* Texts are printable and have no quotes. */
struct hyper_device_info {
	unsigned platform_number, number; /* "PLATFORM:DEVICE" */
	char name[128], platform[128];
	uint64_t memory_bytes, largest_bytes; /* in all, and of one buffer */
	unsigned units;                       /* that compute side by side */
	bool is_gpu;
};

/* Was this tok built with OpenCL? */
TOK_API bool hyper_device_is_here(void);

/* The devices of all platforms in the loader's order, of which the first `capacity` are written;
 * *count: how many there are.  TOK_EARG where there is no loader or this tok was built without. */
TOK_API TOK_MUST_USE enum tok_status hyper_device_list(struct hyper_device_info *out,
						       size_t capacity, size_t *count,
						       struct tok_error *err);

struct hyper_device;

/* `name`: "PLATFORM:DEVICE" by number, or part of a device's name, in any case; NULL: the first
 * GPU, or else the first.  `budget_bytes`: of its memory, at most, for weights and rows; 0: three
 * quarters.  Packing what does not fit is refused with TOK_ELIMIT.  `here`: the table for what is
 * no product.  TOK_EARG: no loader, no such device; TOK_EIO: the driver refused, with its words. */
TOK_API TOK_MUST_USE enum tok_status hyper_device_open(const char *name, uint64_t budget_bytes,
						       const struct hyper_kernel *here,
						       struct hyper_device **out,
						       struct tok_error *err);
TOK_API void hyper_device_close(struct hyper_device *device); /* NULL is fine */

/* Lives as long as the device; its name is "opencl" and that of the device. */
TOK_API const struct hyper_kernel *hyper_device_kernel(struct hyper_device *device);

/* hyper_gemm cannot fail; a device can.  After its work: TOK_OK, or TOK_EIO with what the driver
 * said first.  Rows made since then are zero, or not to be used. */
TOK_API TOK_MUST_USE enum tok_status hyper_device_check(struct hyper_device *device,
							struct tok_error *err);

#endif
