#include "cmd/cli_again.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_load.h"
#include "cmd/cli_words.h"
#include "vocab/train/spill.h"

static bool is_read_once(const char *path)
{
	return strcmp(path, "-") == 0 || cli_is_pipe(path);
}

static bool write_all(int to, const char *bytes, size_t count)
{
	while (count) {
		const ssize_t put = write(to, bytes, count);
		if (put < 0 && errno != EINTR)
			return false;
		bytes += put > 0 ? put : 0;
		count -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* /dev/zero, a disk. */
static bool may_have_no_end(int fd)
{
	struct stat info, null;
	if (fstat(fd, &info) != 0 || (!S_ISCHR(info.st_mode) && !S_ISBLK(info.st_mode)))
		return false;
	return !isatty(fd) && (stat("/dev/null", &null) != 0 || info.st_rdev != null.st_rdev);
}

static enum tok_status copy(const char *path, int from, int to, struct tok_error *err)
{
	char chunk[1 << 16];
	ssize_t got;
	while ((got = read(from, chunk, sizeof chunk)) != 0) {
		if (got < 0 && errno != EINTR)
			return tok_fail(err, TOK_EIO, "cannot read '%s': %s", path,
					strerror(errno));
		if (got > 0 && !write_all(to, chunk, (size_t)got))
			return tok_fail(err, TOK_EIO, "cannot copy '%s' into a file in '%s': %s",
					path, cli_spill_folder(), strerror(errno));
	}
	return TOK_OK;
}

enum tok_status cli_again_open(struct cli_again *again, const char *path, struct tok_error *err)
{
	*again = (struct cli_again){ .path = path, .given = path };
	if (!path || !is_read_once(path))
		return TOK_OK;
	const bool is_input = strcmp(path, "-") == 0;
	const int from = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return tok_fail(err, TOK_EIO, "cannot open '%s': %s", path, strerror(errno));
	enum tok_status status = TOK_OK;
	if (may_have_no_end(from))
		status = tok_fail(err, TOK_EARG, "'%s' is a device, which may have no end", path);
	if (status == TOK_OK)
		status = vocab_spill_open(cli_spill_folder(), &again->copy, err);
	again->is_copied = status == TOK_OK;
	if (status == TOK_OK)
		status = copy(path, from, again->copy, err);
	if (!is_input)
		close(from);
	snprintf(again->name, sizeof again->name, "/proc/self/fd/%d", again->copy);
	again->path = again->name;
	return status;
}

enum tok_status cli_again_said(const struct cli_again *again, enum tok_status status,
			       struct tok_error *err)
{
	const struct tok_error said = *err;
	const char *at =
	    status != TOK_OK && again->is_copied ? strstr(said.message, again->name) : NULL;
	if (!at)
		return status;
	return tok_fail(err, status, "%.*s%s%s", (int)(at - said.message), said.message,
			again->given, at + strlen(again->name));
}

void cli_again_close(struct cli_again *again)
{
	if (again->is_copied)
		close(again->copy);
	*again = (struct cli_again){ 0 };
}
