#include "vocab/train/learned.h"

void vocab_learned_release(struct vocab_learned *learned)
{
	tok_arena_release(&learned->arena);
	*learned = (struct vocab_learned){ 0 };
}
