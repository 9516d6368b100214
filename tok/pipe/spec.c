#include "tok/pipe/spec.h"

void tok_spec_release(struct tok_spec *spec)
{
	tok_arena_release(&spec->arena);
	*spec = (struct tok_spec){ 0 };
}
