#include "cmd/vocab_same.h"

#include "cmd/cli_lines.h"
#include "cmd/cli_visible.h"
#include "tok/pipe/decoder.h"
#include "tok/pipe/encoder.h"
#include "tok/text/utf8.h"

static const char *const stumbles[] = {
	"",
	" ",
	"  ",
	"\t\t\r\n \r\n",
	"\n\n\n",
	"Hello, world!",
	"  the quick\n\n  brown fox  ",
	"the end \n \n\t ",
	"I'll don't WE'LL it's they'Ve \xC5\xBF '\xC5\xBF 'S",
	"0 12 123 1234 12345 1234567 3.14159 1,000,000 \xD9\xA1\xD9\xA2\xD9\xA3",
	"x_y-z a+b=c; f(x) { return x[0]->y; } // done",
	"def f(x):\n    return x\n\n\nclass A:\n\tpass\n",
	"https://example.org/a?b=c&d=%20#e user@example.org",
	"na\xC3\xAFve Stra\xC3\x9F"
	"e e\xCC\x81 \xC4\xB0\xC4\xB1 \xEF\xAC\x81 \xCE\x91\xCE\xA3",
	"\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE4\xB8\x96\xE7\x95\x8C "
	"\xE3\x81\x93\xE3\x82\x93\xE3\x81\xAB\xE3\x81\xA1\xE3\x81\xAF "
	"\xED\x95\x9C\xEA\xB5\xAD\xEC\x96\xB4",
	"\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D "
	"\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7",
	"\xE0\xA4\x95\xE0\xA5\x8D\xE0\xA4\xB7\xE0\xA4\xBF "
	"\xE0\xB8\xAA\xE0\xB8\xA7\xE0\xB8\xB1\xE0\xB8"
	"\xAA\xE0\xB8\x94\xE0\xB8\xB5",
	"\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD "
	"\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F"
	"\x91\xA7 \xF0\x9F\x87\xAB\xF0\x9F\x87\xB7",
	"a\xE2\x80\xA8"
	"b\xC2\xA0"
	"c\xE2\x80\x8B"
	"d\xEF\xBB\xBF"
	"e\xE2\x96\x81"
	"f",
	"<s> </s> <|endoftext|> [MASK] [INST] <unk> <0x41>",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"================================------------------------........",
	"\xFF\xFE \xC3( \xE2\x82 \xF0\x9F\x91 \x80",
	"antidisestablishmentarianism Donaudampfschifffahrtsgesellschaft",
};

struct comparing {
	struct vocab_same *same;
	struct tok_encoder *encoders[2];
	struct tok_decoder *decoders[2];
	struct tok_buffer text; /* what the first decoded to */
};

/* ---- what is told ---------------------------------------------------------------------------- */

static void put_ids(struct cli_put *p, const struct tok_encoding *ids)
{
	for (size_t i = 0; i < ids->count && i < 8; i++)
		cli_put(p, "%s%u", i ? " " : "", (unsigned)ids->ids[i]);
	if (ids->count > 8)
		cli_put(p, " ...");
}

/* True if memory was out. */
static bool tell(struct comparing *c, struct tok_span text, const struct tok_encoding *a,
		 const struct tok_encoding *b)
{
	struct cli_put p = { .out = &c->same->said };
	if (c->same->different++ >= VOCAB_SAME_SHOWN)
		return false;
	p.lost |=
	    !cli_visible_text(tok_span_slice(text, 0, text.count < 100 ? text.count : 100), p.out);
	cli_put(&p, ": ");
	if (a && b) {
		put_ids(&p, a);
		cli_put(&p, " and ");
		put_ids(&p, b);
	} else {
		cli_put(&p, "%s", a || b ? "one of them has no ids for it" : "decoded otherwise");
	}
	cli_put(&p, "\n");
	return p.lost;
}

/* ---- one text -------------------------------------------------------------------------------- */

static bool is_same(const struct tok_encoding *a, const struct tok_encoding *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->ids, b->ids, a->count * sizeof *a->ids) == 0);
}

/* Bytes, also of what is not UTF-8. */
static enum tok_status compare_decoded(struct comparing *c, struct tok_span text,
				       const struct tok_encoding *ids, struct tok_error *err)
{
	struct tok_span a, b;
	enum tok_status status = tok_decode(c->decoders[0], ids->ids, ids->count, false, &a, err);
	if (status == TOK_OK)
		status = tok_decode(c->decoders[1], ids->ids, ids->count, false, &b, err);
	if (status != TOK_OK)
		return status == TOK_ETEXT ? TOK_OK : status;
	return !tok_span_equal(a, b) && tell(c, text, NULL, NULL) ? tok_fail_memory(err) : TOK_OK;
}

/* Text that neither can encode is the same to both. */
static enum tok_status compare_as(struct comparing *c, struct tok_span text,
				  const struct tok_encode_options *how, struct tok_error *err)
{
	struct tok_encoding ids[2] = { { 0 } };
	bool encoded[2];
	for (int side = 0; side < 2; side++) {
		const enum tok_status status =
		    tok_encode(c->encoders[side], text, how, &ids[side], err);
		if (status != TOK_OK && status != TOK_ETEXT)
			return status;
		encoded[side] = status == TOK_OK;
	}
	c->same->texts++;
	bool lost = false;
	if (encoded[0] != encoded[1])
		lost = tell(c, text, encoded[0] ? &ids[0] : NULL, encoded[1] ? &ids[1] : NULL);
	else if (encoded[0] && !is_same(&ids[0], &ids[1]))
		lost = tell(c, text, &ids[0], &ids[1]);
	else if (encoded[0] && !c->same->ids_only)
		return compare_decoded(c, text, &ids[0], err);
	return lost ? tok_fail_memory(err) : TOK_OK;
}

static bool is_left_out(const struct vocab_same *same, struct tok_span text)
{
	for (size_t i = 0; i < same->left_out_count; i++)
		if (memmem(text.bytes, text.count, same->left_out[i].bytes,
			   same->left_out[i].count))
			return true;
	return false;
}

static enum tok_status compare_text(struct comparing *c, struct tok_span text,
				    struct tok_error *err)
{
	static const struct tok_encode_options ordinary = { .special_text = TOK_SPECIAL_ORDINARY };
	static const struct tok_encode_options whole = { .special_text = TOK_SPECIAL_MATCH,
							 .add_special = true };
	enum tok_status status = TOK_OK;
	if (c->same->utf8_only && !tok_utf8_valid(text))
		return TOK_OK;
	if (is_left_out(c->same, text)) {
		c->same->passed_over++;
		return TOK_OK;
	}
	if (!c->same->matched_only)
		status = compare_as(c, text, &ordinary, err);
	return status == TOK_OK && c->same->specials ? compare_as(c, text, &whole, err) : status;
}

/* ---- all ----------------------------------------------------------------------------------------
 */

static enum tok_status compare_line(void *data, struct tok_span line, struct tok_error *err)
{
	return compare_text(data, line, err);
}

static enum tok_status compare_all(struct comparing *c, const struct tok_tokenizer *a,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < sizeof stumbles / sizeof *stumbles && status == TOK_OK; i++)
		status = compare_text(c, tok_span_of(stumbles[i]), err);
	for (size_t i = 0; i < c->same->more_count && status == TOK_OK; i++)
		status = compare_text(c, c->same->more[i], err);
	for (size_t id = 0; id < tok_tokenizer_size(a) && status == TOK_OK; id++) {
		tok_buffer_clear(&c->text);
		if (!cli_token_bytes(a, (tok_id)id, &c->text))
			return tok_fail_memory(err);
		if (c->text.count)
			status = compare_text(c, tok_buffer_span(&c->text), err);
	}
	for (size_t i = 0; i < c->same->file_count && status == TOK_OK; i++)
		status = cli_each_line(c->same->files[i], compare_line, c, err);
	return status;
}

enum tok_status vocab_same_compare(const struct tok_tokenizer *a, const struct tok_tokenizer *b,
				   struct vocab_same *same, struct tok_error *err)
{
	struct comparing c = { .same = same,
			       .encoders = { tok_encoder_new(a), tok_encoder_new(b) },
			       .decoders = { tok_decoder_new(a), tok_decoder_new(b) } };
	enum tok_status status = TOK_OK;
	if (!c.encoders[0] || !c.encoders[1] || !c.decoders[0] || !c.decoders[1])
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = compare_all(&c, a, err);
	for (int side = 0; side < 2; side++) {
		tok_encoder_free(c.encoders[side]);
		tok_decoder_free(c.decoders[side]);
	}
	tok_buffer_release(&c.text);
	return status;
}

void vocab_same_release(struct vocab_same *same)
{
	tok_buffer_release(&same->said);
}

enum cli_exit vocab_same_tell(const struct vocab_same *same, const char *written)
{
	if (same->passed_over)
		fprintf(stderr,
			"tok %s: %s: %zu texts are left out: they spell an edited token, which "
			"ordinary text became\n",
			cli_tool_running(), written, same->passed_over);
	if (!same->different) {
		cli_tell("%s: equal on %zu texts", written, same->texts);
		return CLI_OK;
	}
	cli_error("%s: %zu of %zu texts are not as before:", written, same->different, same->texts);
	fwrite(same->said.bytes, 1, same->said.count, stderr);
	return CLI_NO;
}
