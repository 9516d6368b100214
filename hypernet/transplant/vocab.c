#include "hypernet/transplant/vocab.h"

const char *hyper_role_name(enum hyper_role role)
{
	static const char *const names[HYPER_ROLE_COUNT] = { "bos", "eos", "pad", "unk",
							     "sep", "cls", "mask" };
	return names[role];
}
