/*
 * cli_files.h - operands as a list of files: a folder stands for all it holds.
 *
 *	struct cli_files files = { 0 };
 *	status = cli_files_add(&files, "corpus", &err);
 *	for (size_t i = 0; i < files.count; i++)
 *		use(files.items[i].path);
 *	cli_files_release(&files);
 *
 * In a folder the names are taken in the order of their bytes, subfolders in their
 * place.  Regular files count, hidden ones too, and links to regular files; links
 * to folders are not followed, so that a loop is harmless.
 */
#ifndef CMD_CLI_FILES_H
#define CMD_CLI_FILES_H

#include "cmd/cli.h"
#include "tok/base/arena.h"

struct cli_file {
	const char *path; /* "-": standard input */
	bool regular;     /* else a pipe, a device, or not there */
	uint64_t size;    /* of a regular file, else 0 */
	int64_t changed;  /* nanoseconds since 1970, of a regular file, else 0 */
};

struct cli_files {
	struct cli_file *items;
	size_t count, capacity;
	uint64_t size;    /* of all */
	bool all_regular; /* the size says how much there is to do */
	struct tok_arena names;
};

/* One operand more.  Fails where a folder could not be read to its end: what was
 * found stays.  A file is not opened: whether it can be read shows later. */
TOK_MUST_USE enum tok_status cli_files_add(struct cli_files *files, const char *operand,
					   struct tok_error *err);

/* All operands; what could not be read is said, and is trouble. */
enum cli_exit cli_files_add_all(struct cli_files *files, int count, char **operands);
void cli_files_release(struct cli_files *files);

/* Bytes of these files together; 0 where one of them is no regular file. */
uint64_t cli_files_measure(int count, char **operands);

#endif
