/* machine_front.c - all that is known behind a byte, shared by machines that stand there. */
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

struct tok_front *tok_front_new(size_t count)
{
	if (count > (SIZE_MAX - sizeof(struct tok_front)) / sizeof(struct tok_place))
		return NULL;
	struct tok_front *front = calloc(1, sizeof *front + count * sizeof *front->places);
	if (front)
		front->refs = 1;
	return front;
}

struct tok_front *tok_front_hold(struct tok_front *front)
{
	front->refs++;
	return front;
}

void tok_place_release(struct tok_core *core, const struct tok_place *place)
{
	tok_mask_release(place->mask);
	tok_head_release(core, place->head);
}

void tok_front_release(struct tok_core *core, struct tok_front *front)
{
	if (!front || --front->refs > 0)
		return;
	for (size_t i = 0; i < front->count; i++)
		tok_place_release(core, &front->places[i]);
	free(front);
}

void tok_front_leave(struct tok_core *core, const struct tok_front *front,
		     const struct tok_front *next)
{
	const uint64_t mark = ++core->clock;
	for (size_t i = 0; next && i < next->count; i++)
		next->places[i].head->mark = mark;
	for (size_t i = 0; i < front->count; i++)
		if (front->places[i].head->mark != mark)
			tok_head_drop_row(core, front->places[i].head);
}
