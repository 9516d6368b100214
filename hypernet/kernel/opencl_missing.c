/* opencl_missing.c - where tok is built without OpenCL. */
#include "hypernet/kernel/opencl.h"

static enum tok_status fail(struct tok_error *err)
{
	return tok_fail(err, TOK_EARG, "this tok was built without OpenCL");
}

bool hyper_device_is_here(void)
{
	return false;
}

enum tok_status hyper_device_list(struct hyper_device_info *out, size_t capacity, size_t *count,
				  struct tok_error *err)
{
	(void)out, (void)capacity, (void)count;
	return fail(err);
}

enum tok_status hyper_device_open(const char *name, uint64_t budget_bytes,
				  const struct hyper_kernel *here, struct hyper_device **out,
				  struct tok_error *err)
{
	(void)name, (void)budget_bytes, (void)here, (void)out;
	return fail(err);
}

void hyper_device_close(struct hyper_device *device)
{
	(void)device;
}

const struct hyper_kernel *hyper_device_kernel(struct hyper_device *device)
{
	(void)device;
	return NULL;
}

enum tok_status hyper_device_check(struct hyper_device *device, struct tok_error *err)
{
	(void)device;
	return fail(err);
}
