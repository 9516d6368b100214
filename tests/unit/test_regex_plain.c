/*
 * test_regex_plain.c - test_regex on a PCRE2 that has no just-in-time compiler.
 *
 * The program's own pcre2_jit_compile() stands in front of the library's.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

int pcre2_jit_compile(pcre2_code *code, uint32_t options)
{
	(void)code;
	(void)options;
	return PCRE2_ERROR_JIT_BADOPTION;
}

#include "tests/unit/test_regex.c"
