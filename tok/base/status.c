#include "tok/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum tok_status tok_fail(struct tok_error *err, enum tok_status status, const char *fmt, ...)
{
	if (err) {
		va_list ap;
		va_start(ap, fmt);
		err->status = status;
		vsnprintf(err->message, sizeof err->message, fmt, ap);
		va_end(ap);
	}
	return status;
}

enum tok_status tok_fail_in(struct tok_error *err, enum tok_status status, const char *fmt, ...)
{
	if (!err)
		return status;

	char where[sizeof err->message];
	char whole[2 * sizeof err->message + 2];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(where, sizeof where, fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof whole, "%s: %s", where, err->message);
	whole[sizeof err->message - 1] = '\0';
	memcpy(err->message, whole, strlen(whole) + 1);
	return err->status;
}

enum tok_status tok_fail_memory(struct tok_error *err)
{
	return tok_fail(err, TOK_ENOMEM, "out of memory");
}
