/* main.c - `tok TOOL`, or `tok-TOOL` through a link. */
#include "cmd/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Where one of these is closed, what we open first would take its place, and be read or
 * written as if it were meant.  Opened the wrong way round it still fails, as a closed one. */
static bool hold_standard_files(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
			return false;
	return true;
}

static enum cli_exit print_help(int argc, char **argv)
{
	if (argc > 2)
		return cli_usage("help takes one tool, not %d", argc - 1);
	if (argc < 2) {
		cli_print_tools(stdout);
		return CLI_OK;
	}
	const struct cli_tool *tool = cli_tool_find(argv[1]);
	if (!tool)
		return cli_usage("'%s' is not a tool", argv[1]);
	cli_print_help(tool, stdout);
	return CLI_OK;
}

static enum cli_exit print_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	cli_print_version(stdout);
	return CLI_OK;
}

static enum cli_exit print_man(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	cli_print_tok_man(stdout);
	return CLI_OK;
}

static enum cli_exit print_completion(int argc, char **argv)
{
	if (argc != 2)
		return cli_usage("--print-completion needs a shell: bash, zsh or fish");
	if (!cli_print_completion(argv[1], stdout))
		return cli_usage("there is no completion for '%s': bash, zsh or fish", argv[1]);
	return CLI_OK;
}

static const struct {
	const char *name;
	enum cli_exit (*run)(int argc, char **argv);
} words[] = {
	{ "help", print_help },       { "--help", print_help },
	{ "-h", print_help },         { "--version", print_version },
	{ "--print-man", print_man }, { "--print-completion", print_completion },
};

int main(int argc, char **argv)
{
	/* A reader that went away ends us without a word, even where whoever
	 * started us had the signal ignored. */
	signal(SIGPIPE, SIG_DFL);
	if (!hold_standard_files())
		return (int)cli_error("cannot open '/dev/null': %s", strerror(errno));

	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *self = slash ? slash + 1 : argc > 0 ? argv[0] : "tok";
	if (strncmp(self, "tok-", 4) == 0 && cli_tool_find(self + 4))
		return (int)cli_run(cli_tool_find(self + 4), argc, argv);

	if (argc < 2) {
		cli_print_tools(stderr);
		return CLI_TROUBLE;
	}
	const struct cli_tool *tool = cli_tool_find(argv[1]);
	if (tool)
		return (int)cli_run(tool, argc - 1, argv + 1);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].name, argv[1]) == 0)
			return (int)cli_close_stdout(words[i].run(argc - 1, argv + 1));
	return (int)cli_usage("'%s' is not a tool", argv[1]);
}
