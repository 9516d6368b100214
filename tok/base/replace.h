/*
 * replace.h - write a file that is there whole or not at all.
 *
 *	const struct tok_span parts[] = { header, block };
 *	status = tok_file_replace("llama-3.tok", parts, 2, true, &err);
 */
#ifndef TOK_BASE_REPLACE_H
#define TOK_BASE_REPLACE_H

#include "tok/base/span.h"
#include "tok/base/status.h"

/* Write the parts, one behind the other, beside `path` and let the file take that name
 * in one step: until then what was there stays, and a writer that is killed leaves
 * nothing.  A link stays one, the file that it names is replaced, or made.  `lasting`: not before
 * the disk has it, and readable as the umask says; else by this user only.  Two writers
 * do no harm: the last one stays.  TOK_EIO where it cannot be written, also where
 * something is there that is no file. */
TOK_API TOK_MUST_USE enum tok_status tok_file_replace(const char *path,
						      const struct tok_span *parts, size_t count,
						      bool lasting, struct tok_error *err);

/*
 * The same in steps, for who has not all of it at once:
 *
 *	struct tok_new_file file;
 *	status = tok_new_file_open("out.npy", true, &file, &err);
 *	write to, and read from, file.fd
 *	status = tok_new_file_keep(&file, &err);	// or tok_new_file_drop(&file)
 */
struct tok_new_file {
	int fd;
	bool lasting;
	char *path; /* of the file that is replaced */
	char *name; /* what it is called until then; "" where it has none */
	size_t name_room;
};

TOK_API TOK_MUST_USE enum tok_status
tok_new_file_open(const char *path, bool lasting, struct tok_new_file *out, struct tok_error *err);

/* Let it take its place; on failure it is dropped.  Either way `file` is released. */
TOK_API TOK_MUST_USE enum tok_status tok_new_file_keep(struct tok_new_file *file,
						       struct tok_error *err);
TOK_API void tok_new_file_drop(struct tok_new_file *file);

/* The file that `path` leads to through links, be it there or not, for who keeps another file
 * beside it; the caller frees it.  TOK_EIO if something is there that is no file. */
TOK_API TOK_MUST_USE enum tok_status tok_file_target(const char *path, char **out,
						     struct tok_error *err);

#endif
