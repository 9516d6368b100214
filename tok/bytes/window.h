/*
 * window.h - a model that takes so many ids, behind texts of any length.
 *
 *	status = tok_lm_window(lm, 1024, 512, &lm, &err);   // lm is the new one's from here on
 *	lm->free(lm);
 *
 * A window has room for `window` ids: the start ids, and what remains of the row of tokens.  When
 * there is no room for one id more, the first `stride` behind the start ids are left out, and the
 * model does not know any more that they were there.  So of a row of n ids the first
 *
 *	stride * ceil((n - room) / stride)	where room = window - start ids, and 0 if n <= room
 *
 * are left out, and it goes through 1 + ceil((n - room) / stride) windows.  Behind each id the
 * model sees room - stride + 1 ids at least, or all that there are.
 *
 * That is a law over rows of tokens like any other: what is left out depends on the row alone, not
 * on how its bytes were asked for, and two rows of one text may be cut at different bytes.  It is
 * not the model's own law, which has none behind so long a row.
 */
#ifndef TOK_BYTES_WINDOW_H
#define TOK_BYTES_WINDOW_H

#include "tok/bytes/model.h"

/* How many ids behind the start ids are left out of a context of `count` ids, with start.  Of what
 * then remains, and more, the same is left out as of all. */
static inline size_t tok_lm_cut(const struct tok_lm_info *info, size_t count)
{
	if (info->window == 0 || count <= info->window)
		return 0;
	const size_t over = count - info->window;
	return (over / info->stride + (over % info->stride != 0)) * info->stride;
}

/* On success *out owns `lm`, or is `lm` itself where it is of finite order and sees as much through
 * windows as without.  A stride of 0 is half of the room, 1 at least.  TOK_EARG where the window
 * has no room for a stride behind the start ids, is longer than max_context, or hides ids from a
 * model of finite order. */
TOK_API TOK_MUST_USE enum tok_status tok_lm_window(struct tok_lm *lm, size_t window, size_t stride,
						   struct tok_lm **out, struct tok_error *err);

#endif
