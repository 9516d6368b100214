#include "cmd/cli.h"

/* The words of a choice, blanks between them. */
static void print_words(const char *choices, FILE *to)
{
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, to);
}

static bool takes_value(const struct cli_option *o)
{
	return o->kind >= CLI_SIZE;
}

/* Does the value name something in the file system? */
static bool takes_file(const struct cli_option *o)
{
	return o->kind == CLI_TEXT && (strcmp(o->arg, "FILE") == 0 || strcmp(o->arg, "PATH") == 0);
}

/* ---- bash ----------------------------------------------------------------- */

static void print_bash_names(const struct cli_option *options, FILE *to)
{
	for (const struct cli_option *o = options; o->kind != CLI_END; o++) {
		if (o->kind == CLI_GROUP)
			continue;
		if (o->key)
			fprintf(to, " -%c", o->key);
		fprintf(to, " --%s", o->name);
	}
}

static void print_bash_tool(const struct cli_tool *tool, FILE *to)
{
	fprintf(to, "\t%s)\n\t\toptions='", tool->name);
	print_bash_names(tool->options, to);
	print_bash_names(cli_common_options, to);
	fputs("'\n", to);
	if (tool->words) {
		fputs("\t\tif ((COMP_CWORD == first)) && [[ $word != -* ]]; then "
		      "valued=word values='",
		      to);
		for (const struct cli_word *w = tool->words; w->name; w++)
			fprintf(to, "%s%s", w == tool->words ? "" : " ", w->name);
		fputs("'; fi\n", to);
	}
	fputs("\t\tcase $before in\n", to);
	for (const struct cli_option *o = tool->options; o->kind != CLI_END; o++) {
		if (o->kind == CLI_GROUP || !takes_value(o))
			continue;
		fprintf(to, "\t\t--%s", o->name);
		if (o->key)
			fprintf(to, "|-%c", o->key);
		fputs(") values='", to);
		if (o->kind == CLI_CHOICE)
			print_words(o->arg, to);
		fprintf(to, "' valued=%s;;\n", takes_file(o) ? "file" : "word");
	}
	fputs("\t\tesac;;\n", to);
}

static void print_bash(FILE *to)
{
	fputs("_tok() {\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal tool=${COMP_WORDS[0]##*/} options= values= valued= first=1\n"
	      "\tif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	      "\tif [[ $word == = ]]; then word=; fi\n"
	      "\tcase $tool in\n"
	      "\ttok-*) tool=${tool#tok-};;\n"
	      "\t*)\n"
	      "\t\tif ((COMP_CWORD == 1)) || [[ ${COMP_WORDS[1]} == help ]]; then\n"
	      "\t\t\tCOMPREPLY=($(compgen -W 'help --help --version --print-man "
	      "--print-completion",
	      to);
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		fprintf(to, " %s", (*tool)->name);
	fputs(
	    "' -- \"$word\"))\n\t\t\treturn\n\t\tfi\n\t\ttool=${COMP_WORDS[1]} first=2;;\n\tesac\n"
	    "\tcase $tool in\n"
	    "\t--print-completion) values='bash zsh fish' valued=word;;\n",
	    to);
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		print_bash_tool(*tool, to);
	fputs("\tesac\n"
	      "\tif [[ $valued == word ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
	      "\telif [[ $valued != file && $word == -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
	      "\telse\n"
	      "\t\tcompopt -o filenames\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _tok tok",
	      to);
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		fprintf(to, " tok-%s", (*tool)->name);
	fputc('\n', to);
}

/* ---- zsh ------------------------------------------------------------------ */

/* Help inside '...[...]': brackets, quotes and colons mean something there. */
static void print_zsh_help(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", to);
		else if (strchr("[]:\\", *text))
			fprintf(to, "\\%c", *text);
		else
			fputc(*text, to);
	}
}

static void print_zsh_one(const struct cli_option *o, const char *dashes, const char *name,
			  FILE *to)
{
	const bool is_long = dashes[1] == '-';
	fprintf(to, " \\\n\t\t'%s%s%s[", dashes, name, !takes_value(o) ? "" : is_long ? "=" : "+");
	print_zsh_help(o->help, to);
	fputc(']', to);
	if (takes_value(o)) {
		fprintf(to, ":%s:", o->kind == CLI_CHOICE ? o->name : o->arg);
		if (o->kind == CLI_CHOICE) {
			fputc('(', to);
			print_words(o->arg, to);
			fputc(')', to);
		} else if (takes_file(o)) {
			fputs("_files", to);
		}
	}
	fputc('\'', to);
}

static void print_zsh_options(const struct cli_option *options, FILE *to)
{
	for (const struct cli_option *o = options; o->kind != CLI_END; o++) {
		if (o->kind == CLI_GROUP)
			continue;
		if (o->key)
			print_zsh_one(o, "-", (const char[]){ o->key, '\0' }, to);
		print_zsh_one(o, "--", o->name, to);
	}
}

static void print_zsh_words(const struct cli_word *words, FILE *to)
{
	fputs(" \\\n\t\t'1:word:((", to);
	for (const struct cli_word *w = words; w->name; w++) {
		fprintf(to, "%s%s\\:\"", w == words ? "" : " ", w->name);
		print_zsh_help(w->summary, to);
		fputc('"', to);
	}
	fputs("))'", to);
}

static void print_zsh(FILE *to)
{
	fputs("#compdef tok", to);
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		fprintf(to, " tok-%s", (*tool)->name);
	fputs("\n\n_tok_tools() {\n\tlocal -a tools=(\n\t\t'help:tell about a tool'\n", to);
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++) {
		fprintf(to, "\t\t'%s:", (*tool)->name);
		print_zsh_help((*tool)->summary, to);
		fputs("'\n", to);
	}
	fputs("\t)\n\t_describe tool tools\n}\n", to);
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++) {
		fprintf(to, "\n_tok_%s() {\n\t_arguments -S", (*tool)->name);
		print_zsh_options((*tool)->options, to);
		print_zsh_options(cli_common_options, to);
		if ((*tool)->words)
			print_zsh_words((*tool)->words, to);
		fputs(" \\\n\t\t'*:FILE:_files'\n}\n", to);
	}
	fputs("\n_tok() {\n"
	      "\tif [[ $service == tok-* ]]; then\n\t\t_tok_${service#tok-}\n\t\treturn\n\tfi\n"
	      "\tif ((CURRENT == 2)); then\n"
	      "\t\t_tok_tools\n"
	      "\t\tcompadd -- --help --version --print-man --print-completion\n"
	      "\t\treturn\n\tfi\n"
	      "\tcase $words[2] in\n\thelp) _tok_tools;;\n"
	      "\t--print-completion) compadd bash zsh fish;;\n",
	      to);
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		fprintf(to, "\t%s) shift words; ((CURRENT--)); _tok_%s;;\n", (*tool)->name,
			(*tool)->name);
	fputs("\tesac\n}\n\n_tok \"$@\"\n", to);
}

/* ---- fish ----------------------------------------------------------------- */

static void print_fish_text(const char *text, FILE *to)
{
	fputc('\'', to);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
	fputc('\'', to);
}

/* `command` is what begins the line: tok with a condition, or tok-NAME. */
static void print_fish_options(const char *command, const struct cli_option *options, FILE *to)
{
	for (const struct cli_option *o = options; o->kind != CLI_END; o++) {
		if (o->kind == CLI_GROUP)
			continue;
		fprintf(to, "complete -c %s", command);
		if (o->key)
			fprintf(to, " -s %c", o->key);
		fprintf(to, " -l %s", o->name);
		if (takes_value(o))
			fputs(takes_file(o) ? " -r -F" : " -x", to);
		if (o->kind == CLI_CHOICE) {
			fputs(" -a '", to);
			print_words(o->arg, to);
			fputc('\'', to);
		}
		fputs(" -d ", to);
		print_fish_text(o->help, to);
		fputc('\n', to);
	}
}

static void print_fish_words(const char *command, const struct cli_word *words, FILE *to)
{
	for (const struct cli_word *w = words; w && w->name; w++) {
		fprintf(to, "complete -c %s -a %s -d ", command, w->name);
		print_fish_text(w->summary, to);
		fputc('\n', to);
	}
}

static void print_fish(FILE *to)
{
	const char *first = "complete -c tok -n __fish_use_subcommand";
	fprintf(to, "%s -f -a help -d 'tell about a tool'\n", first);
	fprintf(to, "%s -l help -d 'list the tools'\n", first);
	fprintf(to, "%s -l version -d 'print version and libraries'\n", first);
	fprintf(to, "%s -l print-man -d 'print the manual page'\n", first);
	fprintf(to, "%s -l print-completion -x -a 'bash zsh fish' -d 'print completions'\n", first);
	for (const struct cli_tool *const *t = cli_tools; *t; t++) {
		char command[128];
		fprintf(to, "%s -f -a %s -d ", first, (*t)->name);
		print_fish_text((*t)->summary, to);
		fprintf(to, "\ncomplete -c tok -n '__fish_seen_subcommand_from help' -f -a %s\n",
			(*t)->name);
		snprintf(command, sizeof command, "tok -n '__fish_seen_subcommand_from %s'",
			 (*t)->name);
		print_fish_words(command, (*t)->words, to);
		print_fish_options(command, (*t)->options, to);
		print_fish_options(command, cli_common_options, to);
		snprintf(command, sizeof command, "tok-%s", (*t)->name);
		print_fish_words(command, (*t)->words, to);
		print_fish_options(command, (*t)->options, to);
		print_fish_options(command, cli_common_options, to);
	}
}

bool cli_print_completion(const char *shell, FILE *to)
{
	static const struct {
		const char *name;
		void (*print)(FILE *to);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].print(to);
			return true;
		}
	}
	return false;
}
