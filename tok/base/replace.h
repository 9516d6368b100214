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
 * nothing.  A link stays one, the file that it names is replaced.  `lasting`: not before
 * the disk has it, and readable as the umask says; else by this user only.  Two writers
 * do no harm: the last one stays.  TOK_EIO where it cannot be written, also where
 * something is there that is no file. */
TOK_API TOK_MUST_USE enum tok_status tok_file_replace(const char *path,
						      const struct tok_span *parts, size_t count,
						      bool lasting, struct tok_error *err);

#endif
