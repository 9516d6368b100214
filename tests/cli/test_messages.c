/* test_messages.c - a message is one line, whatever is in it, also where memory is out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/cli.h"
#include "tok/base/buffer.h"

static int left = -1; /* what is put into buffers before memory is out; -1: all */

static bool is_out(void)
{
	return left == 0 || (left > 0 && left-- == 0);
}

bool __real_tok_buffer_reserve(struct tok_buffer *buffer, size_t more);
bool __wrap_tok_buffer_reserve(struct tok_buffer *buffer, size_t more);
bool __real_tok_buffer_add(struct tok_buffer *buffer, const void *bytes, size_t count);
bool __wrap_tok_buffer_add(struct tok_buffer *buffer, const void *bytes, size_t count);

bool __wrap_tok_buffer_reserve(struct tok_buffer *buffer, size_t more)
{
	return !is_out() && __real_tok_buffer_reserve(buffer, more);
}

bool __wrap_tok_buffer_add(struct tok_buffer *buffer, const void *bytes, size_t count)
{
	return !is_out() && __real_tok_buffer_add(buffer, bytes, count);
}

static size_t say(const char *text, char *said, size_t room)
{
	const int file = memfd_create("said", 0), before = dup(STDERR_FILENO);
	assert_true(file >= 0 && before >= 0 && dup2(file, STDERR_FILENO) >= 0);
	const enum cli_exit result = cli_error("%s", text);
	dup2(before, STDERR_FILENO);
	close(before);
	const ssize_t count = pread(file, said, room - 1, 0);
	close(file);
	assert_int_equal(result, CLI_TROUBLE);
	assert_true(count > 0);
	said[count] = '\0';
	return (size_t)count;
}

static void one_line(void **state)
{
	static const struct {
		const char *text, *said, *plain;
	} rows[] = {
		{ "all is  well", "tok: all is  well\n", "tok: all is  well\n" },
		{ "", "tok: \n", "tok: \n" },
		{ " a ", "tok:  a \n", "tok:  a \n" },
		{ "caf\xc3\xa9 \xe6\xbc\xa2", "tok: caf\xc3\xa9 \xe6\xbc\xa2\n",
		  "tok: caf?? ???\n" },
		{ "\x1b[2J\ntok: x", "tok: \xe2\x90\x9b[2J\xe2\x90\x8atok: x\n",
		  "tok: ?[2J?tok: x\n" },
		{ "\x7f\xc2\x9b\xff\xe2\x80\xae", "tok: \xe2\x90\xa1<U+009B><0xFF><U+202E>\n",
		  "tok: ???????\n" },
	};
	char said[256];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		left = -1;
		say(rows[i].text, said, sizeof said);
		assert_string_equal(said, rows[i].said);
		for (int n = 0; n < (*rows[i].text ? 2 : 1); n++) {
			left = n;
			say(rows[i].text, said, sizeof said);
			assert_string_equal(said, rows[i].plain);
		}
	}
}

/* All of it, or its beginning. */
static void long_ones(void **state)
{
	char text[3000], said[4000];
	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	left = -1;
	assert_int_equal(say(text, said, sizeof said), sizeof text - 1 + strlen("tok: \n"));
	left = 0;
	assert_in_range(say(text, said, sizeof said), 100, 1000);
	assert_string_equal(said + strlen(said) - 3, "xx\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line),
		cmocka_unit_test(long_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
