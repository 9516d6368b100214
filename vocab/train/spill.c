#include "vocab/train/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where the file system has no files without a name. */
static int open_named(const char *folder)
{
	const size_t room = strlen(folder) + sizeof "/tok-XXXXXX";
	char *name = malloc(room);
	if (!name)
		return -1;
	snprintf(name, room, "%s/tok-XXXXXX", folder);
	const int fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

enum tok_status vocab_spill_open(const char *folder, int *descriptor, struct tok_error *err)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		fd = open_named(folder);
	if (fd < 0)
		return tok_fail(err, TOK_EIO, "cannot make a temporary file in '%s': %s", folder,
				strerror(errno));
	*descriptor = fd;
	return TOK_OK;
}
