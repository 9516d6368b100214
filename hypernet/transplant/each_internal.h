/*
 * each_internal.h - the same done for every place of a list, by several threads.
 *
 *	status = hyper_each(threads, blocks, do_block, &shared, err);
 */
#ifndef HYPER_TRANSPLANT_EACH_INTERNAL_H
#define HYPER_TRANSPLANT_EACH_INTERNAL_H

#include <stddef.h>

#include "tok/base/status.h"

/* `thread` is below the `threads` of the call, for what each has of its own. */
typedef enum tok_status hyper_each_work(void *shared, size_t index, size_t thread,
					struct tok_error *err);

/* work(shared, i, ...) once for every i below `count`, in no order; after a failure no more are
 * begun.  Of failures that of the lowest index is told. */
TOK_MUST_USE enum tok_status hyper_each(size_t threads, size_t count, hyper_each_work *work,
					void *shared, struct tok_error *err);

#endif
