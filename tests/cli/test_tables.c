/* test_tables.c - the option tables themselves: what a typing error in one would
 * break without anybody noticing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>

#include "cmd/cli.h"

static void check_option(const struct cli_tool *tool, const struct cli_option *o)
{
	if (o->kind == CLI_GROUP) {
		assert_non_null(o->name);
		return;
	}
	print_message("tok %s --%s\n", tool->name, o->name);
	assert_true(strlen(o->name) > 1);
	assert_non_null(o->help);
	assert_true(islower((unsigned char)o->help[0]) || strncmp(o->help, "JSON", 4) == 0);
	assert_true(o->help[strlen(o->help) - 1] != '.');
	assert_null(strchr(o->help, '\n'));
	assert_int_equal(o->kind == CLI_FLAG, o->arg == NULL);
	if (o->kind == CLI_CHOICE)
		assert_non_null(strchr(o->arg, '|'));
}

static void check_value(const struct cli_tool *tool, const struct cli_option *o)
{
	static const size_t sizes[] = {
		[CLI_FLAG] = sizeof(bool),         [CLI_SIZE] = sizeof(uint64_t),
		[CLI_BYTES] = sizeof(uint64_t),    [CLI_REAL] = sizeof(double),
		[CLI_TEXT] = sizeof(const char *), [CLI_CHOICE] = sizeof(int),
	};
	if (o->kind == CLI_GROUP)
		return;
	assert_true(o->offset + sizes[o->kind] <= tool->options_size);
	if (o->kind != CLI_CHOICE)
		return;
	int preset, words = 1;
	memcpy(&preset, (const char *)tool->defaults + o->offset, sizeof preset);
	for (const char *p = o->arg; *p; p++)
		words += *p == '|';
	assert_in_range(preset + 1, 0, words);
}

/* What a word says that it takes is in the table. */
static void check_word(const struct cli_tool *tool, const struct cli_word *word)
{
	for (const char *at = word->options ? word->options : ""; *at; at += strspn(at, " ")) {
		const size_t length = strcspn(at, " ");
		const struct cli_option *o = tool->options;
		while (o->kind != CLI_END && (o->kind == CLI_GROUP || strlen(o->name) != length ||
					      memcmp(o->name, at, length) != 0))
			o++;
		if (o->kind == CLI_END)
			fail_msg("tok %s %s: there is no --%.*s", tool->name, word->name,
				 (int)length, at);
		at += length;
	}
}

static void check_unique(const struct cli_option *a, const struct cli_option *others)
{
	for (const struct cli_option *b = others; b->kind != CLI_END; b++) {
		if (a == b || a->kind == CLI_GROUP || b->kind == CLI_GROUP)
			continue;
		assert_string_not_equal(a->name, b->name);
		assert_true(!a->key || a->key != b->key);
	}
}

static void each_option_is_sound(void **state)
{
	(void)state;
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++) {
		for (const struct cli_option *o = (*tool)->options; o->kind != CLI_END; o++) {
			check_option(*tool, o);
			check_value(*tool, o);
			check_unique(o, (*tool)->options);
			check_unique(o, cli_common_options);
		}
		for (const struct cli_word *w = (*tool)->words; w && w->name; w++)
			check_word(*tool, w);
		for (const struct cli_option *o = cli_common_options; o->kind != CLI_END; o++)
			check_option(*tool, o);
	}
}

/* Two fields of one options struct must not be the same field. */
static void no_two_options_share_a_field(void **state)
{
	(void)state;
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		for (const struct cli_option *a = (*tool)->options; a->kind != CLI_END; a++)
			for (const struct cli_option *b = a + 1; b->kind != CLI_END; b++)
				if (a->kind != CLI_GROUP && b->kind != CLI_GROUP)
					assert_int_not_equal(a->offset, b->offset);
}

static void each_tool_is_sound(void **state)
{
	(void)state;
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++) {
		const struct cli_tool *t = *tool;
		assert_ptr_equal(cli_tool_find(t->name), t);
		assert_true(tool == cli_tools || strcmp(tool[-1]->name, t->name) < 0);
		assert_true(islower((unsigned char)t->summary[0]));
		assert_true(t->summary[strlen(t->summary) - 1] != '.');
		assert_true(strncmp(t->examples, "  tok", 5) == 0 || strstr(t->examples, "tok "));
		assert_int_equal(t->examples[strlen(t->examples) - 1], '\n');
		assert_true((t->run != NULL) != (t->words != NULL));
		for (const struct cli_word *w = t->words; w && w->name; w++) {
			assert_non_null(w->run);
			assert_true(islower((unsigned char)w->summary[0]));
			assert_true(w->summary[strlen(w->summary) - 1] != '.');
		}
		assert_non_null(t->defaults);
	}
	assert_null(cli_tool_find("nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_is_sound),
		cmocka_unit_test(no_two_options_share_a_field),
		cmocka_unit_test(each_tool_is_sound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
