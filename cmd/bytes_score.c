/* bytes_score.c - tok bytes score: how probable texts are, byte by byte or as a whole. */
#include <math.h>

#include "cmd/bytes_internal.h"
#include "cmd/cli_documents.h"
#include "cmd/cli_files.h"
#include "tok/bytes/mix.h"

/* What leaves the way of a text, of all that the model may write; summed over its beginnings. */
struct part_left {
	double value, low, high;
};

struct scoring {
	const struct bytes_options *options;
	struct bytes_side side;
	struct bytes_normal *normal;
	struct tok_encoder *encoder;
	struct bytes_canonical canonical;

	bool has_special; /* ids that are no text */

	/* Of one text. */
	struct tok_machine *machine;
	uint64_t bytes, read; /* scored; of the text as it was before the normaliser */
	struct part_left special, leak;
	double valid_leak;
	bool settled;   /* no other beginning changes these */
	bool exact;     /* they are */
	size_t windows; /* the most that were gone through for them */
};

/* ---- what leaves the way of the text -------------------------------------------------- */

/* Beginnings that are less probable than this share are not looked at any more. */
static const double negligible = 0x1p-60;

static void begin_left(struct scoring *s)
{
	const struct part_left none = { 0 };
	const bool all = s->side.machine.semantics == TOK_BYTES_ALL;
	s->special = s->leak = none;
	s->valid_leak = all ? NAN : 0;
	s->exact = true;
	s->windows = 0;
	s->settled = all && !s->has_special; /* nothing leaves it */
}

/* Those beginnings that are not looked at. */
static void settle(struct scoring *s, double p_high)
{
	s->settled = true;
	s->special.high += s->has_special ? p_high : 0;
	s->leak.high += s->side.machine.semantics == TOK_BYTES_ALL ? 0 : p_high;
}

/* Behind a beginning of the text, in front of its next byte: of all that goes on from there these
 * are shares, and all that is P of the beginning. */
static void add_left(struct scoring *s, const struct tok_next_bytes *next)
{
	const double p = exp(next->log_p), low = exp(next->log_p_low), high = exp(next->log_p_high),
		     special = s->special.value > 0 ? fmin(1, s->special.value) : 1;
	const size_t windows = tok_machine_windows(s->machine).count;
	if (s->settled)
		return;
	if (p <= negligible * special) {
		settle(s, high);
		return;
	}
	s->exact &= next->exact;
	s->windows = windows > s->windows ? windows : s->windows;
	s->special.value += p * next->special;
	s->special.low += low * next->special_low;
	s->special.high += high * next->special_high;
	s->leak.value += p * next->leak;
	s->leak.low += low * next->leak_low;
	s->leak.high += high * next->leak_high;
	s->valid_leak += p * next->valid_leak;
}

/* ---- bytes one by one ------------------------------------------------------------- */

static uint64_t rank_of(const struct tok_next_bytes *next, uint8_t byte)
{
	double p[TOK_MIX_SYMBOLS];
	memcpy(p, next->joint, sizeof next->joint);
	p[TOK_MIX_END] = next->end;
	return bytes_rank(p, next->small_logs, byte);
}

static enum tok_status score_byte(struct scoring *s, uint8_t byte, struct tok_error *err)
{
	struct tok_next_bytes next;
	struct tok_text_p text = { 0 };
	double whole[TOK_MIX_SYMBOLS];
	enum tok_status status = tok_machine_next(s->machine, &next, err);
	if (status == TOK_OK) {
		add_left(s, &next);
		status = tok_machine_push(s->machine, (struct tok_span){ &byte, 1 }, err);
	}
	if (status == TOK_OK)
		status = tok_machine_log_p(s->machine, &text, err);
	if (status != TOK_OK)
		return status;
	text.exact &= next.exact;
	tok_mix_whole(&next, whole);
	fputs("{\"type\":\"byte\"", stdout);
	bytes_put_count("i", s->bytes, false);
	bytes_put_count("b", byte, false);
	bytes_put_number("lp", tok_next_log(&next, byte), false);
	bytes_put_number("H", bytes_entropy(whole), false);
	bytes_put_count("rank", rank_of(&next, byte), false);
	bytes_put_number("cum", text.log_p, false);
	bytes_put_certificate_of(&text, &next);
	bytes_put_number("valid_leak", next.valid_leak, false);
	puts("}");
	return TOK_OK;
}

/* ---- a text ------------------------------------------------------------------------ */

/* The first bytes tell what leaves the way of the text; the others are pushed as they are. */
static enum tok_status score_silently(struct scoring *s, struct tok_span text,
				      struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	size_t at = 0;
	while (status == TOK_OK && !s->settled && at < text.count) {
		struct tok_next_bytes next;
		status = tok_machine_next(s->machine, &next, err);
		if (status != TOK_OK)
			break;
		add_left(s, &next);
		status = tok_machine_push(s->machine, tok_span_slice(text, at, at + 1), err);
		at++;
	}
	if (status == TOK_OK)
		status = tok_machine_push(s->machine, tok_span_slice(text, at, text.count), err);
	s->bytes += status == TOK_OK ? text.count : 0;
	return status;
}

static enum tok_status score_bytes(struct scoring *s, struct tok_span text, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (!s->options->per_byte)
		return score_silently(s, text, err);
	for (size_t i = 0; i < text.count && status == TOK_OK; i++) {
		status = score_byte(s, text.bytes[i], err);
		s->bytes += status == TOK_OK;
	}
	return status;
}

static enum tok_status score_ids(struct scoring *s, struct tok_span text, bool continues,
				 struct tok_error *err)
{
	const struct tok_encode_options how = { .continues = continues };
	struct tok_encoding encoding;
	enum tok_status status = tok_encode(s->encoder, text, &how, &encoding, err);
	if (status != TOK_OK)
		return status == TOK_ENOMEM ? status : TOK_EARG;
	return bytes_canonical_add(&s->canonical, encoding.ids, encoding.count, err);
}

/* A text, or a part of it. */
static enum tok_status score_part(struct scoring *s, struct tok_span text, bool first, bool last,
				  struct tok_error *err)
{
	struct tok_span normal = text;
	enum tok_status status = bytes_normal_text(s->normal, &normal, !first, last, err);
	if (status != TOK_OK && !first)
		return tok_fail_in(err, status, "from byte %llu", (unsigned long long)s->read);
	if (status == TOK_OK)
		status = score_bytes(s, normal, err);
	if (status == TOK_OK)
		status = score_ids(s, text, !first, err);
	s->read += text.count;
	return status;
}

static void put_certificate(const struct scoring *s, const struct tok_text_p *text)
{
	const struct bytes_canonical *c = &s->canonical;
	const double low = (double)-c->high, high = (double)-c->low,
		     special_high = fmin(1, s->special.high), leak_high = fmin(1, s->leak.high);
	const struct bytes_bounds bounds[] = {
		{ "logP", &text->low, &text->high, 0 },
		{ "special", &s->special.low, &special_high, 0 },
		{ "leak", &s->leak.low, &leak_high, 0 },
		{ "canonical_nats", &low, &high, 0 },
	};
	const bool exact = text->exact && s->exact && (!c->known || c->exact);
	bytes_put_number("special", s->special.value, false);
	bytes_put_number("leak", s->leak.value, false);
	bytes_put_bounds(exact, bounds, c->known ? 4 : 3);
	bytes_put_number("valid_leak", s->valid_leak, false);
}

static void put_summary(const struct scoring *s, const char *name, const struct tok_text_p *text)
{
	const struct bytes_canonical *c = &s->canonical;
	const double bits = (double)s->bytes * log(2);
	const double canonical = c->known ? (double)-c->log_p : NAN;
	struct tok_machine_windows windows = tok_machine_text_windows(s->machine);
	windows.count = s->windows > windows.count ? s->windows : windows.count;
	fputs("{\"type\":\"summary\"", stdout);
	if (name)
		bytes_put_bytes("file", name, strlen(name), false);
	printf(",\"semantics\":\"%s\"", bytes_semantics_name(&s->side));
	bytes_put_count("bytes", s->bytes, false);
	bytes_put_number("nats", -text->log_p, false);
	bytes_put_number("bpb", -text->log_p / bits, false);
	bytes_put_count("tokens", c->ids, false);
	bytes_put_number("canonical_nats", canonical, false);
	bytes_put_number("canonical_bpb", canonical / bits, false);
	put_certificate(s, text);
	bytes_put_count("heads", tok_machine_heads(s->machine), false);
	bytes_put_count("lm_rows", tok_machine_cost(s->machine).rows, false);
	bytes_put_window(&windows);
	puts("}");
}

static enum tok_status begin_text(struct scoring *s, struct tok_error *err)
{
	s->bytes = s->read = 0;
	begin_left(s);
	const enum tok_status status = bytes_canonical_begin(&s->canonical, err);
	return status == TOK_OK ? bytes_machine(&s->side, &s->machine, err) : status;
}

static enum tok_status end_text(struct scoring *s, const char *name, struct tok_error *err)
{
	struct tok_text_p text;
	const enum tok_status status = tok_machine_log_p(s->machine, &text, err);
	if (status == TOK_OK)
		put_summary(s, name, &text);
	return status;
}

static void drop_text(struct scoring *s)
{
	tok_machine_free(s->machine);
	s->machine = NULL;
}

/* ---- texts --------------------------------------------------------------------------- */

static enum tok_status score_given(struct scoring *s, struct tok_span text, struct tok_error *err)
{
	enum tok_status status = begin_text(s, err);
	if (status == TOK_OK)
		status = score_part(s, text, true, true, err);
	if (status == TOK_OK)
		status = end_text(s, NULL, err);
	drop_text(s);
	return status;
}

/* *read is false where the file is to blame. */
static enum tok_status score_parts(struct scoring *s, struct cli_documents *documents, bool *read,
				   struct tok_error *err)
{
	for (;;) {
		struct cli_part part;
		enum tok_status status = cli_documents_next(documents, &part, err);
		*read = status == TOK_OK;
		if (status != TOK_OK || !part.text.bytes)
			return status;
		status = score_part(s, part.text, part.first, part.last, err);
		if (status != TOK_OK || part.last)
			return status;
	}
}

static enum cli_exit score_file(struct scoring *s, const char *path)
{
	const struct cli_split split = { .limit_bytes = CLI_SPLIT_LIMIT };
	const struct tok_encode_options how = { 0 };
	const struct cli_cut cut = cli_cut_for(s->side.tokenizer, &how);
	struct cli_documents documents = { 0 };
	struct tok_error err = { 0 };
	bool read = true;
	if (cli_documents_open(&documents, path, CLI_INPUT_RAW, &split, &cut, &err) != TOK_OK)
		return cli_error("%s", err.message);
	enum tok_status status = begin_text(s, &err);
	if (status == TOK_OK)
		status = score_parts(s, &documents, &read, &err);
	if (status == TOK_OK)
		status = end_text(s, path, &err);
	drop_text(s);
	cli_documents_close(&documents);
	cli_documents_release(&documents);
	if (!read)
		return cli_error("%s", err.message);
	return status == TOK_OK ? CLI_OK : bytes_trouble(path, status, &err);
}

/* A bad file does not stop the others; a bad model does. */
static enum cli_exit score_files(struct scoring *s, int argc, char **argv)
{
	struct cli_files files = { 0 };
	enum cli_exit worst = cli_files_add_all(&files, argc, argv);
	for (size_t i = 0; i < files.count && (int)worst != BYTES_PROVIDER; i++) {
		const enum cli_exit one = score_file(s, files.items[i].path);
		worst = one > worst ? one : worst;
	}
	cli_files_release(&files);
	return worst;
}

static enum cli_exit score_prefix(struct scoring *s)
{
	struct tok_error err = { 0 };
	struct tok_buffer text = { 0 };
	enum tok_status status = bytes_prefix(s->options, &text, &err);
	if (status == TOK_OK)
		status = score_given(s, tok_buffer_span(&text), &err);
	tok_buffer_release(&text);
	return status == TOK_OK ? CLI_OK : bytes_trouble(NULL, status, &err);
}

static bool has_special(const struct tok_byte_tokens *tokens)
{
	for (tok_id id = 0; id < tok_byte_tokens_size(tokens); id++)
		if (tok_byte_tokens_kind(tokens, id) == TOK_BYTE_NONTEXT)
			return true;
	return false;
}

static enum tok_status prepare(struct scoring *s, struct tok_error *err)
{
	s->has_special = has_special(s->side.tokens);
	s->side.machine.history = 1; /* there is no way back */
	enum tok_status status = bytes_normal_new(s->options, &s->side, &s->normal, err);
	if (status == TOK_OK)
		status = bytes_canonical_init(&s->canonical, s->side.lm, err);
	if (status != TOK_OK)
		return status;
	s->encoder = tok_encoder_new(s->side.tokenizer);
	return s->encoder ? TOK_OK : tok_fail_memory(err);
}

enum cli_exit bytes_score(const void *options, int argc, char **argv)
{
	const struct bytes_options *o = options;
	const bool given = o->prefix || o->prefix_hex;
	char dash[] = "-";
	char *input[] = { dash };
	struct scoring s = { .options = o };
	struct tok_error err = { 0 };
	if (given && argc > 0)
		return cli_usage("'%s' is too much: --prefix is the text", argv[0]);
	enum cli_exit result = bytes_open_only(o, &s.side);
	if (result != CLI_OK)
		return result;
	if (prepare(&s, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else if (given)
		result = score_prefix(&s);
	else
		result = score_files(&s, argc ? argc : 1, argc ? argv : input);
	tok_encoder_free(s.encoder);
	bytes_canonical_release(&s.canonical);
	bytes_normal_free(s.normal);
	bytes_close(&s.side);
	return result;
}
