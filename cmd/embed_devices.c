/* embed_devices.c - tok embed predict --device list: what a network can be computed on. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/embed_internal.h"

enum { DEVICES = 64 };

enum cli_exit embed_devices(void)
{
	struct hyper_device_info all[DEVICES];
	struct tok_error err = { 0 };
	size_t count;
	if (hyper_device_list(all, DEVICES, &count, &err) != TOK_OK)
		return cli_error("%s", err.message);
	for (size_t i = 0; i < count && i < DEVICES; i++)
		printf("%u:%u\t%s\t%s\t%s\t%" PRIu64 " MiB\t%u units\n", all[i].platform_number,
		       all[i].number, all[i].is_gpu ? "GPU" : "other", all[i].name, all[i].platform,
		       all[i].memory_bytes >> 20, all[i].units);
	return CLI_OK;
}
