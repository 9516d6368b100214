/* bytes_repl.c - tok bytes repl: a text that grows and shrinks, and what may come next. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/bytes_internal.h"
#include "cmd/cli_input.h"
#include "cmd/cli_visible.h"

struct repl {
	const struct bytes_options *options;
	struct bytes_side side;
	struct bytes_normal *normal;
	struct tok_machine *machine;
	struct tok_buffer text;    /* that was pushed */
	struct tok_buffer visible; /* room */
	bool lost;                 /* memory was out for what was to be shown */
	size_t shown, limit;       /* covers */
};

/* ---- showing --------------------------------------------------------------------- */

static void show_bytes(struct repl *r, struct tok_span bytes)
{
	tok_buffer_clear(&r->visible);
	if (!cli_visible_text(bytes, &r->visible))
		r->lost = true;
	else if (r->visible.count > 0)
		fwrite(r->visible.bytes, 1, r->visible.count, stdout);
}

static void show_p(double p, double low, double high, bool exact)
{
	printf(" %.6f", p);
	if (!exact)
		printf(" [%.6f, %.6f]", low, high);
}

struct symbol {
	size_t number; /* 256: the end */
	double p, low, high;
};

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;
	if (x->p != y->p)
		return x->p > y->p ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static void show_distribution(struct repl *r, const struct tok_next_bytes *next, size_t top)
{
	struct symbol symbols[257];
	for (size_t b = 0; b < 256; b++)
		symbols[b] = (struct symbol){ b, next->joint[b], next->low[b], next->high[b] };
	symbols[256] = (struct symbol){ 256, next->end, next->end_low, next->end_high };
	qsort(symbols, 257, sizeof symbols[0], compare_symbols);
	for (size_t i = 0; i < 257 && (top == 0 || i < top) && symbols[i].high > 0; i++) {
		const uint8_t byte = (uint8_t)symbols[i].number;
		fputs("  ", stdout);
		if (symbols[i].number == 256)
			fputs("end", stdout);
		else
			show_bytes(r, (struct tok_span){ &byte, 1 });
		show_p(symbols[i].p, symbols[i].low, symbols[i].high, next->exact);
		putchar('\n');
	}
}

/* The text, how probable it is, and what may come behind it. */
static enum tok_status show(struct repl *r, size_t top, struct tok_error *err)
{
	struct tok_next_bytes next;
	const struct tok_machine_windows windows = tok_machine_windows(r->machine);
	const enum tok_status status = tok_machine_next(r->machine, &next, err);
	if (status != TOK_OK)
		return status;
	putchar('\'');
	show_bytes(r, tok_buffer_span(&r->text));
	printf("' %zu bytes, log P %.6f", r->text.count, next.log_p == 0 ? 0 : next.log_p);
	if (!next.exact)
		printf(" [%.6f, %.6f]", next.log_p_low, next.log_p_high);
	printf(", %s%s, %zu heads, %llu rows", bytes_semantics_name(&r->side),
	       next.exact ? "" : ", bounds", tok_machine_heads(r->machine),
	       (unsigned long long)tok_machine_cost(r->machine).rows);
	if (windows.ids > 0)
		printf(", windows %zu", windows.count);
	if (next.leak > 0)
		printf(", leak %.6f", next.leak);
	else if (next.valid_leak >= 5e-7) /* it can be seen */
		printf(", valid leaks %.6f", next.valid_leak);
	if (next.special > 0)
		printf(", special %.6f", next.special);
	putchar('\n');
	show_distribution(r, &next, top);
	return TOK_OK;
}

static bool show_cover(void *context, const struct tok_cover *cover)
{
	struct repl *r = context;
	if (r->shown == r->limit)
		return false;
	r->shown++;
	printf("  %.6f", cover->share);
	for (size_t i = 0; i < cover->count; i++) {
		const struct tok_span text = tok_byte_tokens_text(r->side.tokens, cover->ids[i]);
		const size_t over = i + 1 == cover->count ? cover->overshoot : 0;
		putchar(' ');
		show_bytes(r, tok_span_slice(text, 0, text.count - over));
		if (over) {
			putchar('|');
			show_bytes(r, tok_span_slice(text, text.count - over, text.count));
		}
	}
	putchar('\n');
	return true;
}

static enum tok_status show_covers(struct repl *r, size_t limit, struct tok_error *err)
{
	size_t total = 0;
	r->shown = 0;
	r->limit = limit ? limit : SIZE_MAX;
	const enum tok_status status = tok_machine_covers(r->machine, show_cover, r, &total, err);
	if (status != TOK_OK)
		return status;
	if (total == SIZE_MAX)
		printf("%zu of more covers than can be counted\n", r->shown);
	else
		printf("%zu of %zu covers\n", r->shown, total);
	return TOK_OK;
}

/* ---- commands -------------------------------------------------------------------- */

static enum tok_status push_normal(struct repl *r, struct tok_span text, struct tok_error *err)
{
	const size_t before = tok_machine_length(r->machine);
	if (!tok_buffer_reserve(&r->text, text.count))
		return tok_fail_memory(err);
	const enum tok_status status = tok_machine_push(r->machine, text, err);
	const size_t pushed = tok_machine_length(r->machine) - before;
	if (pushed > 0)
		memcpy(r->text.bytes + r->text.count, text.bytes, pushed);
	r->text.count += pushed;
	return status == TOK_OK ? show(r, (size_t)r->options->top, err) : status;
}

/* What a normaliser makes of all of the text must still begin with what is there. */
static enum tok_status push(struct repl *r, struct tok_span text, struct tok_error *err)
{
	const struct tok_span there = tok_buffer_span(&r->text);
	struct tok_buffer whole = { 0 };
	enum tok_status status = TOK_OK;
	if (!tok_buffer_add(&whole, there.bytes, there.count) ||
	    !tok_buffer_add(&whole, text.bytes, text.count))
		status = tok_fail_memory(err);
	struct tok_span normal = tok_buffer_span(&whole);
	if (status == TOK_OK)
		status = bytes_normal_text(r->normal, &normal, false, true, err);
	if (status == TOK_OK && !tok_span_starts(normal, there))
		status = tok_fail(err, TOK_EARG,
				  "the tokenizer's normalizer would change what is there");
	if (status == TOK_OK)
		status = push_normal(r, tok_span_slice(normal, there.count, normal.count), err);
	tok_buffer_release(&whole);
	return status;
}

static enum tok_status back(struct repl *r, size_t bytes, struct tok_error *err)
{
	if (!tok_machine_back(r->machine, bytes))
		return tok_fail(err, TOK_EARG, "%zu bytes cannot be taken back", bytes);
	r->text.count -= bytes;
	return show(r, (size_t)r->options->top, err);
}

/* A number, or `usual` where there is nothing; false: something else. */
static bool read_count(struct tok_span text, size_t usual, size_t *out)
{
	size_t count = 0;
	for (size_t i = 0; i < text.count; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9' || count > 100000000)
			return false;
		count = 10 * count + (size_t)(text.bytes[i] - '0');
	}
	*out = text.count ? count : usual;
	return true;
}

enum command { PUSH, HEX, BACK, COVERS, NEXT, HELP, QUIT, COMMANDS };
static const char *const command_names[COMMANDS] = { "push", "hex",  "back", "covers",
						     "next", "help", "quit" };

static enum tok_status push_hex(struct repl *r, struct tok_span argument, struct tok_error *err)
{
	struct tok_buffer bytes = { 0 }, digits = { 0 };
	enum tok_status status = TOK_OK;
	if (!tok_buffer_add(&digits, argument.bytes, argument.count) ||
	    !tok_buffer_add_byte(&digits, '\0'))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = bytes_read_hex("", (const char *)digits.bytes, &bytes, err);
	if (status == TOK_EARG)
		status = tok_fail(err, status, ":hex needs two digits of hex a byte");
	if (status == TOK_OK)
		status = push(r, tok_buffer_span(&bytes), err);
	tok_buffer_release(&digits);
	tok_buffer_release(&bytes);
	return status;
}

static void show_help(void)
{
	fputs("  TEXT         goes behind what is there\n"
	      "  :push TEXT   the same, of a text that begins with a colon\n"
	      "  :hex DIGITS  the same, any bytes\n"
	      "  :back [N]    takes the last N bytes back (1)\n"
	      "  :covers [N]  the N most probable rows of tokens (--limit)\n"
	      "  :next [N]    the N most probable bytes (--top)\n"
	      "  :quit\n",
	      stdout);
}

static enum tok_status obey(struct repl *r, enum command command, struct tok_span argument,
			    struct tok_error *err)
{
	const size_t usual = command == BACK     ? 1
			     : command == COVERS ? (size_t)r->options->limit
						 : (size_t)r->options->top;
	size_t count = 0;
	const bool counts = command == BACK || command == COVERS || command == NEXT;
	if (counts && !read_count(argument, usual, &count))
		return tok_fail(err, TOK_EARG, ":%s needs a whole number, or nothing",
				command_names[command]);
	switch (command) {
	case PUSH:
		return push(r, argument, err);
	case HEX:
		return push_hex(r, argument, err);
	case BACK:
		return back(r, count, err);
	case COVERS:
		return show_covers(r, count, err);
	case NEXT:
		return show(r, count, err);
	case HELP:
		show_help();
		break;
	case QUIT:
	case COMMANDS:
		break;
	}
	return TOK_OK;
}

/* COMMANDS: there is no such one. */
static enum command find_command(struct tok_span line, struct tok_span *argument)
{
	size_t end = 1;
	while (end < line.count && line.bytes[end] != ' ')
		end++;
	const struct tok_span name = tok_span_slice(line, 1, end);
	*argument = tok_span_slice(line, end < line.count ? end + 1 : end, line.count);
	size_t i = 0;
	while (i < COMMANDS && !tok_span_equal(name, tok_span_of(command_names[i])))
		i++;
	return (enum command)i;
}

/* ---- lines ------------------------------------------------------------------------- */

static enum tok_status take_line(struct repl *r, struct tok_span line, bool *quit,
				 struct tok_error *err)
{
	struct tok_span argument = line;
	const bool is_command = line.count > 0 && line.bytes[0] == ':';
	const enum command command = is_command ? find_command(line, &argument) : PUSH;
	*quit = command == QUIT;
	if (command == COMMANDS)
		return tok_fail(err, TOK_EARG, "there is no such command: :help names them");
	return obey(r, command, argument, err);
}

/* Without its newline; *none: there is no further line. */
static enum tok_status read_line(struct cli_input *in, struct tok_span *line, bool *none,
				 struct tok_error *err)
{
	for (size_t searched = 0;;) {
		const struct tok_span rest = cli_input_rest(in);
		const uint8_t *end = NULL;
		if (rest.count > searched)
			end = memchr(rest.bytes + searched, '\n', rest.count - searched);
		if (end || in->ended) {
			const size_t count = end ? (size_t)(end - rest.bytes) : rest.count;
			*line = tok_span_slice(rest, 0, count);
			*none = !end && rest.count == 0;
			cli_input_drop(in, count + (end != NULL));
			return TOK_OK;
		}
		searched = rest.count;
		const enum tok_status status = cli_input_fill(in, 0, err);
		if (status != TOK_OK)
			return status;
	}
}

/* What cannot be done is said, and what could be pushed stays; without the model there is no going
 * on. */
static enum cli_exit take_lines(struct repl *r, struct cli_input *in)
{
	const bool asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	for (bool quit = false; !quit;) {
		struct tok_error err = { 0 };
		struct tok_span line;
		bool none = false;
		if (asks)
			fputs("> ", stdout);
		fflush(stdout);
		if (read_line(in, &line, &none, &err) != TOK_OK)
			return cli_error("%s", err.message);
		if (none)
			break;
		const enum tok_status status = take_line(r, line, &quit, &err);
		if (r->lost)
			return cli_error("out of memory");
		if (status == TOK_OK)
			continue;
		const enum cli_exit result = bytes_trouble(NULL, status, &err);
		if ((int)result == BYTES_PROVIDER || status == TOK_ENOMEM)
			return result;
	}
	return CLI_OK;
}

static enum tok_status begin(struct repl *r, struct tok_error *err)
{
	const struct bytes_options *o = r->options;
	struct tok_buffer prefix = { 0 };
	enum tok_status status = bytes_normal_new(o, &r->side, &r->normal, err);
	if (status == TOK_OK)
		status = bytes_machine(&r->side, &r->machine, err);
	if (status == TOK_OK && (o->prefix || o->prefix_hex))
		status = bytes_prefix(o, &prefix, err);
	if (status == TOK_OK)
		status = push(r, tok_buffer_span(&prefix), err);
	tok_buffer_release(&prefix);
	return status;
}

enum cli_exit bytes_repl(const void *options, int argc, char **argv)
{
	struct repl r = { .options = options };
	struct cli_input in = { 0 };
	struct tok_error err = { 0 };
	if (argc > 0)
		return cli_usage("'%s' is too much: text comes from standard input", argv[0]);
	enum cli_exit result = bytes_open_only(r.options, &r.side);
	if (result != CLI_OK)
		return result;
	const enum tok_status status = begin(&r, &err);
	if (status != TOK_OK) {
		result = bytes_trouble(NULL, status, &err);
	} else if (cli_input_open(&in, "-", CLI_INPUT_RAW, &err) != TOK_OK) {
		result = cli_error("%s", err.message);
	} else {
		result = take_lines(&r, &in);
		cli_input_close(&in);
	}
	cli_input_release(&in);
	tok_buffer_release(&r.visible);
	tok_buffer_release(&r.text);
	tok_machine_free(r.machine);
	bytes_normal_free(r.normal);
	bytes_close(&r.side);
	return result;
}
