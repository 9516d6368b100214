/* bytes_check.c - tok bytes check: are the answers about this model and this tokenizer what the
 * definitions say? */
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_check_internal.h"

enum {
	LONG = 24,  /* bytes of a text */
	SHORT = 6,  /* ... that is summed over by definition, or whose heads are not merged */
	ROWS = 512, /* of the model for one such sum */
	SEGMENTATIONS = 8,
	BEAMS = 3 /* 1, 2, 4 heads */
};

/* Of doubles, and of numbers that a model does not give twice alike. */
static const double close_by = 1e-9, roughly = 1e-4;

enum test { TOTALS, CHAIN, CHUNKS, BACK, FORK, DEFINITION, ENCODINGS, CERTIFICATES, TESTS };
static const char *const test_names[TESTS] = {
	"totals", "chain", "chunks", "back", "fork", "definition", "encodings", "certificates",
};

struct finding {
	uint64_t cases, wrong;
	double worst;
};

struct checking {
	const struct bytes_options *options;
	struct bytes_side side;
	struct bytes_normal *normal;
	struct tok_encoder *encoder;
	struct tok_buffer source; /* of the texts; empty: the model itself */
	struct tok_random random;
	double tolerance;
	size_t longest;
	struct finding findings[TESTS];
	uint64_t texts, zeros, bytes, rows;
	double leak, leak_most, special, special_most;
	struct tok_machine_windows windows; /* the most */

	/* Of one text. */
	struct tok_span text;
	struct tok_machine *machine; /* behind it, pushed at once */
	struct tok_next_bytes next;  /* what it says */
	double log_p[LONG + 1];      /* of the first so many bytes */
};

static void find(struct checking *c, enum test test, double delta)
{
	struct finding *f = &c->findings[test];
	f->cases++;
	f->wrong += !(delta <= c->tolerance);
	if (!(delta <= f->worst))
		f->worst = delta;
}

/* The greatest difference between two answers. */
static double compare(const struct tok_next_bytes *a, const struct tok_next_bytes *b)
{
	double most = fabs(a->log_p - b->log_p);
	for (size_t i = 0; i < 256; i++)
		most = fmax(most, fabs(a->joint[i] - b->joint[i]));
	most = fmax(most, fabs(a->end - b->end));
	most = fmax(most, fabs(a->special - b->special));
	return fmax(most, fabs(a->leak - b->leak));
}

/* ---- the tests -------------------------------------------------------------------- */

static enum tok_status compare_at(struct checking *c, struct tok_machine *machine, enum test test,
				  struct tok_error *err)
{
	struct tok_next_bytes next;
	const enum tok_status status = tok_machine_next(machine, &next, err);
	if (status == TOK_OK)
		find(c, test, compare(&c->next, &next));
	return status;
}

static double sum_up(const struct tok_next_bytes *next)
{
	double sum = next->end + next->special + next->leak;
	for (size_t b = 0; b < 256; b++)
		sum += next->joint[b];
	return sum;
}

/* Byte by byte: what may come next is all that there is, and is what comes then. */
static enum tok_status check_steps(struct checking *c, struct tok_machine *machine,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	double log_p = 0;
	c->log_p[0] = 0;
	for (size_t i = 0; i < c->text.count && status == TOK_OK; i++) {
		struct tok_next_bytes next;
		struct tok_text_p text;
		status = tok_machine_next(machine, &next, err);
		if (status == TOK_OK)
			status = tok_machine_push(machine, tok_span_slice(c->text, i, i + 1), err);
		if (status == TOK_OK)
			status = tok_machine_log_p(machine, &text, err);
		if (status != TOK_OK)
			break;
		log_p += tok_next_log(&next, c->text.bytes[i]);
		c->log_p[i + 1] = text.log_p;
		find(c, TOTALS, fabs(sum_up(&next) - 1));
		find(c, CHAIN, fabs(log_p - text.log_p));
		c->bytes++;
		c->leak += next.leak;
		c->leak_most = fmax(c->leak_most, next.leak);
		c->special += next.special;
		c->special_most = fmax(c->special_most, next.special);
	}
	return status == TOK_OK ? compare_at(c, machine, CHUNKS, err) : status;
}

static enum tok_status check_chunks(struct checking *c, struct tok_machine *machine,
				    struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t at = 0; at < c->text.count && status == TOK_OK;) {
		const size_t n = 1 + (size_t)tok_random_below(&c->random, c->text.count - at);
		status = tok_machine_push(machine, tok_span_slice(c->text, at, at + n), err);
		at += n;
	}
	if (status == TOK_OK)
		status = compare_at(c, machine, CHUNKS, err);
	if (status != TOK_OK)
		return status;
	const size_t back = (size_t)tok_random_below(&c->random, c->text.count + 1);
	const struct tok_span again = tok_span_slice(c->text, c->text.count - back, c->text.count);
	if (!tok_machine_back(machine, back))
		return tok_fail(err, TOK_ELIMIT, "no way back over %zu bytes", back);
	status = tok_machine_push(machine, again, err);
	return status == TOK_OK ? compare_at(c, machine, BACK, err) : status;
}

static size_t best_byte(const struct tok_next_bytes *next)
{
	size_t best = 0;
	for (size_t b = 1; b < 256; b++)
		if (next->joint[b] > next->joint[best])
			best = b;
	return best;
}

/* A fork that goes on leaves the one that it came from where it is. */
static enum tok_status check_fork(struct checking *c, struct tok_machine *machine,
				  struct tok_error *err)
{
	const uint8_t byte = (uint8_t)best_byte(&c->next);
	struct tok_machine *fork;
	enum tok_status status = tok_machine_fork(machine, &fork, err);
	if (status != TOK_OK)
		return status;
	if (c->next.joint[byte] > 0)
		status = tok_machine_push(fork, (struct tok_span){ &byte, 1 }, err);
	tok_machine_free(fork);
	return status == TOK_OK ? compare_at(c, machine, FORK, err) : status;
}

static enum tok_status check_definition(struct checking *c, struct tok_error *err)
{
	const size_t count = c->text.count < SHORT ? c->text.count : SHORT;
	double log_p;
	bool finished;
	const enum tok_status status = bytes_check_brute(
	    &c->side, tok_span_slice(c->text, 0, count), ROWS, &log_p, &finished, err);
	if (status == TOK_OK && finished)
		find(c, DEFINITION, log_p == c->log_p[count] ? 0 : fabs(log_p - c->log_p[count]));
	return status;
}

/* Rows that spell the text: is it known which of them is its encoding? */
static enum tok_status try_rows(struct checking *c, const struct tok_encoding *encoding,
				struct tok_error *err)
{
	const struct tok_span front = tok_byte_tokens_forced_front(c->side.tokens);
	struct tok_buffer whole = { 0 }, ids = { 0 };
	enum tok_status status = TOK_OK;
	if (!tok_buffer_add(&whole, front.bytes, front.count) ||
	    !tok_buffer_add(&whole, c->text.bytes, c->text.count))
		status = tok_fail_memory(err);
	for (size_t i = 0; i < SEGMENTATIONS && status == TOK_OK; i++) {
		tok_buffer_clear(&ids);
		status = bytes_check_draw(&c->side, tok_buffer_span(&whole), &c->random, &ids, err);
		const tok_id *row = (const tok_id *)(const void *)ids.bytes;
		const size_t count = ids.count / sizeof *row;
		if (status != TOK_OK || count == 0)
			continue;
		const bool is_encoding =
		    count == encoding->count && memcmp(row, encoding->ids, ids.count) == 0;
		find(c, ENCODINGS, is_encoding != bytes_check_validity(&c->side, row, count));
	}
	tok_buffer_release(&whole);
	tok_buffer_release(&ids);
	return status;
}

/* Only of text that the tokenizer encodes as it is: it puts nothing in front of none. */
static enum tok_status check_encodings(struct checking *c, struct tok_error *err)
{
	const struct tok_encode_options how = { 0 };
	struct tok_encoding encoding;
	struct tok_span text = c->text;
	if (!c->side.validity || text.count == 0)
		return TOK_OK;
	enum tok_status status = bytes_normal_text(c->normal, &text, false, false, err);
	if (status != TOK_OK || !tok_span_equal(text, c->text))
		return status;
	status = tok_encode(c->encoder, c->text, &how, &encoding, err);
	if (status == TOK_ETEXT) {
		*err = (struct tok_error){ 0 };
		return TOK_OK;
	}
	if (status != TOK_OK)
		return status;
	find(c, ENCODINGS, !bytes_check_validity(&c->side, encoding.ids, encoding.count));
	return try_rows(c, &encoding, err);
}

/* How far the truth lies outside of bounds. */
static double outside(double low, double truth, double high)
{
	return fmax(0, fmax(low - truth, truth - high));
}

static double check_bounds(const struct checking *c, const struct tok_next_bytes *next)
{
	double most = outside(next->log_p_low, c->next.log_p, next->log_p_high);
	for (size_t b = 0; b < 256; b++)
		most = fmax(most, outside(next->low[b], c->next.joint[b], next->high[b]));
	return fmax(most, outside(next->end_low, c->next.end, next->end_high));
}

/* Few heads are kept: what is said then has the truth in its bounds. */
static enum tok_status check_certificates(struct checking *c, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < BEAMS && status == TOK_OK; i++) {
		struct bytes_side side = c->side;
		struct tok_machine *machine;
		struct tok_next_bytes next;
		side.machine.beam = (size_t)1 << i;
		status = bytes_machine(&side, &machine, err);
		if (status != TOK_OK)
			return status;
		status = tok_machine_push(machine, c->text, err);
		if (status == TOK_OK)
			status = tok_machine_next(machine, &next, err);
		if (status == TOK_OK)
			find(c, CERTIFICATES, check_bounds(c, &next));
		c->rows += tok_machine_cost(machine).rows;
		tok_machine_free(machine);
		if (status == TOK_ELIMIT || status == TOK_ETEXT)
			status = TOK_OK; /* all heads that were kept have died, and it says so */
	}
	return status;
}

/* ---- a text ------------------------------------------------------------------------- */

static enum tok_status with_machine(struct checking *c,
				    enum tok_status (*check)(struct checking *c,
							     struct tok_machine *machine,
							     struct tok_error *err),
				    struct tok_error *err)
{
	struct tok_machine *machine;
	enum tok_status status = bytes_machine(&c->side, &machine, err);
	if (status != TOK_OK)
		return status;
	status = check(c, machine, err);
	c->rows += tok_machine_cost(machine).rows;
	tok_machine_free(machine);
	return status;
}

static enum tok_status check_at_once(struct checking *c, struct tok_machine *machine,
				     struct tok_error *err)
{
	enum tok_status status = tok_machine_push(machine, c->text, err);
	if (status == TOK_OK)
		status = tok_machine_next(machine, &c->next, err);
	const struct tok_machine_windows windows = tok_machine_windows(machine);
	if (windows.count > c->windows.count)
		c->windows = windows;
	if (status == TOK_OK)
		status = with_machine(c, check_steps, err);
	if (status == TOK_OK)
		status = with_machine(c, check_chunks, err);
	if (status == TOK_OK)
		status = check_fork(c, machine, err);
	if (status == TOK_OK)
		status = check_definition(c, err);
	if (status == TOK_OK)
		status = check_encodings(c, err);
	return status == TOK_OK ? check_certificates(c, err) : status;
}

/* ---- texts ---------------------------------------------------------------------------- */

/* What the model itself writes, up to an end. */
static enum tok_status draw_text(struct checking *c, struct tok_machine *machine,
				 struct tok_error *err)
{
	uint8_t *out = c->source.bytes;
	c->text = (struct tok_span){ out, 0 };
	const size_t most = 1 + (size_t)tok_random_below(&c->random, c->longest);
	while (c->text.count < most) {
		struct tok_next_bytes next;
		enum tok_status status = tok_machine_next(machine, &next, err);
		if (status != TOK_OK)
			return status;
		double left =
		    tok_random_real(&c->random) * (sum_up(&next) - next.special - next.leak);
		size_t b = 0;
		while (b < 256 && left >= next.joint[b])
			left -= next.joint[b++];
		if (b == 256 || next.joint[b] <= 0)
			return TOK_OK;
		out[c->text.count++] = (uint8_t)b;
		status =
		    tok_machine_push(machine, (struct tok_span){ out + c->text.count - 1, 1 }, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

/* A piece of the text that was given. */
static enum tok_status cut_text(struct checking *c, struct tok_error *err)
{
	const struct tok_span source = tok_buffer_span(&c->source);
	const size_t most = source.count < c->longest ? source.count : c->longest;
	const size_t count = (size_t)tok_random_below(&c->random, most + 1),
		     at = (size_t)tok_random_below(&c->random, source.count - count + 1);
	c->text = tok_span_slice(source, at, at + count);
	return bytes_normal_text(c->normal, &c->text, false, true, err);
}

static enum tok_status check_texts(struct checking *c, bool given, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (uint64_t i = 0; i < c->options->random && status == TOK_OK; i++) {
		c->random = tok_random_of(c->options->seed, i);
		status = given ? cut_text(c, err) : with_machine(c, draw_text, err);
		uint8_t text[LONG];
		if (status != TOK_OK)
			break;
		if (c->text.count > c->longest)
			c->text.count = c->longest; /* a normaliser can make it longer */
		memcpy(text, c->text.bytes, c->text.count);
		c->text.bytes = text;
		c->texts++;
		status = with_machine(c, check_at_once, err);
		if (status == TOK_ETEXT) {
			c->zeros++;
			status = TOK_OK;
		}
	}
	return status;
}

/* ---- answers -------------------------------------------------------------------------- */

static void put_finding(const struct checking *c, enum test test)
{
	const struct finding *f = &c->findings[test];
	fputs("{\"type\":\"check\"", stdout);
	bytes_put_text("name", test_names[test], strlen(test_names[test]), false);
	bytes_put_count("cases", f->cases, false);
	bytes_put_count("wrong", f->wrong, false);
	bytes_put_number("worst", f->worst, false);
	bytes_put_number("tolerance", test == ENCODINGS ? 0 : c->tolerance, false);
	bytes_put_flag("ok", f->wrong == 0, false);
	puts("}");
}

static bool put_findings(const struct checking *c)
{
	const double bytes = c->bytes ? (double)c->bytes : 1;
	bool ok = true;
	for (int test = 0; test < TESTS; test++) {
		put_finding(c, (enum test)test);
		ok &= c->findings[test].wrong == 0;
	}
	fputs("{\"type\":\"summary\"", stdout);
	printf(",\"semantics\":\"%s\"", bytes_semantics_name(&c->side));
	bytes_put_count("texts", c->texts, false);
	bytes_put_count("zeros", c->zeros, false);
	bytes_put_count("bytes", c->bytes, false);
	bytes_put_number("special", c->special / bytes, false);
	bytes_put_number("special_most", c->special_most, false);
	bytes_put_number("leak", c->leak / bytes, false);
	bytes_put_number("leak_most", c->leak_most, false);
	bytes_put_bounds(c->windows.count <= 1, NULL, 0);
	bytes_put_count("lm_rows", c->rows, false);
	bytes_put_window(&c->windows);
	bytes_put_flag("ok", ok, false);
	puts("}");
	return ok;
}

/* ---- the word -------------------------------------------------------------------------- */

static enum tok_status prepare(struct checking *c, bool given, int argc, char **argv,
			       struct tok_error *err)
{
	const struct tok_lm_info *info = c->side.lm->info;
	c->tolerance = info->deterministic ? close_by : roughly;
	c->longest =
	    c->side.machine.semantics == TOK_BYTES_ALL && info->markov_order == 0 ? SHORT : LONG;
	enum tok_status status = bytes_normal_new(c->options, &c->side, &c->normal, err);
	if (status != TOK_OK)
		return status;
	c->encoder = tok_encoder_new(c->side.tokenizer);
	if (!c->encoder || !tok_buffer_reserve(&c->source, LONG))
		return tok_fail_memory(err);
	if (!given)
		return TOK_OK;
	char *text;
	size_t length;
	status = bytes_text(c->options, &c->side, argc, argv, &text, &length, err);
	if (status != TOK_OK)
		return status;
	if (!tok_buffer_add(&c->source, text, length))
		status = tok_fail_memory(err);
	free(text);
	return status;
}

enum cli_exit bytes_check(const void *options, int argc, char **argv)
{
	struct bytes_options o = *(const struct bytes_options *)options;
	const bool given = argc > 0 || o.prefix || o.prefix_hex;
	struct checking c = { .options = &o };
	struct tok_error err = { 0 };
	o.normalize = true; /* any text will do */
	if (o.beam || o.prune > 0)
		return cli_usage("check tries --beam itself: what it checks is exact");
	enum cli_exit result = bytes_open_only(&o, &c.side);
	if (result != CLI_OK)
		return result;
	if (c.side.lm->info->top) {
		result = cli_error("check needs whole rows, of which this model tells the best "
				   "%zu numbers",
				   c.side.lm->info->top);
		goto done;
	}
	enum tok_status status = prepare(&c, given, argc, argv, &err);
	if (status == TOK_OK)
		status = check_texts(&c, given, &err);
	if (status != TOK_OK)
		result = bytes_trouble(NULL, status, &err);
	else if (!put_findings(&c))
		result = CLI_NO;
done:
	tok_buffer_release(&c.source);
	tok_encoder_free(c.encoder);
	bytes_normal_free(c.normal);
	bytes_close(&c.side);
	return result;
}
