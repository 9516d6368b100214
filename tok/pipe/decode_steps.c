/* decode_steps.c - the decoders of tokenizer.json, each over a list of strings.
 * Semantics: Hugging Face tokenizers 0.23 (src/decoders). */
#include "tok/pipe/decode_internal.h"

#include "tok/text/utf8.h"

int tok_byte_of_name(struct tok_span name)
{
	if (name.count != 6 || memcmp(name.bytes, "<0x", 3) != 0 || name.bytes[5] != '>')
		return -1;
	int value = 0;
	for (size_t i = 3; i < 5; i++) {
		const uint8_t c = name.bytes[i];
		const int digit = c >= '0' && c <= '9'   ? c - '0'
				  : c >= 'A' && c <= 'F' ? c - 'A' + 10
				  : c >= 'a' && c <= 'f' ? c - 'a' + 10
							 : -1;
		/* Rust's from_str_radix takes a sign: "<0x+a>" is ten. */
		if (digit < 0 && !(i == 3 && c == '+'))
			return -1;
		value = value * 16 + (digit < 0 ? 0 : digit);
	}
	return value;
}

/* Append `text` with every `from` written as `to`. */
static bool put_replaced(struct tok_buffer *out, struct tok_span text, struct tok_span from,
			 struct tok_span to)
{
	if (from.count == 0) /* Rust's replace("") puts `to` around every character */
		return tok_buffer_add(out, text.bytes, text.count);
	size_t at = 0;
	while (at < text.count) {
		const uint8_t *hit =
		    memmem(text.bytes + at, text.count - at, from.bytes, from.count);
		const size_t end = hit ? (size_t)(hit - text.bytes) : text.count;
		if (!tok_buffer_add(out, text.bytes + at, end - at))
			return false;
		if (!hit)
			break;
		if (!tok_buffer_add(out, to.bytes, to.count))
			return false;
		at = end + from.count;
	}
	return true;
}

static bool decode_bpe(struct tok_decoder *d, struct tok_span suffix)
{
	for (size_t i = 0; i < d->list.count; i++) {
		const char *with = i + 1 == d->list.count ? "" : " ";
		if (!put_replaced(&d->next.bytes, tok_list_at(&d->list, i), suffix,
				  tok_span_of(with)) ||
		    !tok_list_close(&d->next))
			return false;
	}
	return true;
}

static bool put_byte_level(struct tok_buffer *out, struct tok_span token)
{
	const size_t before = out->count;
	for (size_t at = 0; at < token.count;) {
		const struct tok_char c = tok_utf8_at(token, at);
		const int byte = tok_char_to_byte(c.code);
		if (byte < 0) { /* not of the alphabet: the token is its own bytes */
			out->count = before;
			return tok_buffer_add(out, token.bytes, token.count);
		}
		if (!tok_buffer_add_byte(out, (uint8_t)byte))
			return false;
		at += c.length;
	}
	return true;
}

static bool decode_byte_level(struct tok_decoder *d)
{
	for (size_t i = 0; i < d->list.count; i++)
		if (!put_byte_level(&d->next.bytes, tok_list_at(&d->list, i)))
			return false;
	return tok_list_close(&d->next);
}

/* Every rule below begins with a space and one of a few characters. */
static bool needs_clean_up(struct tok_span text)
{
	for (size_t i = 0; i + 1 < text.count; i++)
		if (text.bytes[i] == ' ' && text.bytes[i + 1] != '\0' &&
		    strchr(".?!,'nd", text.bytes[i + 1]))
			return true;
	return false;
}

/* The English tidying that WordPiece and CTC share, in this order. */
static bool clean_up(struct tok_span text, struct tok_buffer *out)
{
	static const char *const rules[][2] = {
		{ " .", "." },   { " ?", "?" },     { " !", "!" },     { " ,", "," },
		{ " ' ", "'" },  { " n't", "n't" }, { " 'm", "'m" },   { " do not", " don't" },
		{ " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
	};
	if (!needs_clean_up(text))
		return tok_buffer_add(out, text.bytes, text.count);
	struct tok_buffer now = { 0 }, next = { 0 };
	bool room = tok_buffer_add(&now, text.bytes, text.count);

	for (size_t i = 0; room && i < sizeof rules / sizeof rules[0]; i++) {
		tok_buffer_clear(&next);
		room = put_replaced(&next, tok_buffer_span(&now), tok_span_of(rules[i][0]),
				    tok_span_of(rules[i][1]));
		const struct tok_buffer old = now;
		now = next;
		next = old;
	}
	room = room && tok_buffer_add(out, now.bytes, now.count);
	tok_buffer_release(&now);
	tok_buffer_release(&next);
	return room;
}

static bool decode_wordpiece(struct tok_decoder *d, struct tok_span prefix, bool cleanup)
{
	for (size_t i = 0; i < d->list.count; i++) {
		struct tok_span token = tok_list_at(&d->list, i);
		tok_buffer_clear(&d->scratch);
		if (i > 0 && tok_span_starts(token, prefix))
			token = tok_span_slice(token, prefix.count, token.count);
		else if (i > 0 && !tok_buffer_add_byte(&d->scratch, ' '))
			return false;
		if (!tok_buffer_add(&d->scratch, token.bytes, token.count))
			return false;
		const struct tok_span whole = tok_buffer_span(&d->scratch);
		if (!(cleanup ? clean_up(whole, &d->next.bytes) : tok_list_put(&d->next, whole)) ||
		    !tok_list_close(&d->next))
			return false;
	}
	return true;
}

static bool decode_metaspace(struct tok_decoder *d, uint32_t replacement, enum tok_prepend prepend)
{
	for (size_t i = 0; i < d->list.count; i++) {
		const struct tok_span token = tok_list_at(&d->list, i);
		for (size_t at = 0; at < token.count;) {
			const struct tok_char c = tok_utf8_at(token, at);
			struct tok_span put = tok_span_slice(token, at, at + c.length);
			if (c.code == replacement)
				put =
				    tok_span_of(i == 0 && prepend != TOK_PREPEND_NEVER ? "" : " ");
			if (!tok_list_put(&d->next, put))
				return false;
			at += c.length;
		}
		if (!tok_list_close(&d->next))
			return false;
	}
	return true;
}

static bool decode_ctc(struct tok_decoder *d, const struct tok_decode_step *step)
{
	const struct tok_span nothing = { NULL, 0 };
	for (size_t i = 0; i < d->list.count; i++) {
		const struct tok_span token = tok_list_at(&d->list, i);
		if (i > 0 && tok_span_equal(token, tok_list_at(&d->list, i - 1)))
			continue;
		struct tok_buffer unpadded = { 0 }, clean = { 0 };
		const size_t before = d->next.bytes.count;
		bool room = put_replaced(&unpadded, token, step->as.ctc.pad, nothing);
		if (room && step->as.ctc.cleanup)
			room = clean_up(tok_buffer_span(&unpadded), &clean) &&
			       put_replaced(&d->next.bytes, tok_buffer_span(&clean),
					    step->as.ctc.word_delimiter, tok_span_of(" "));
		else if (room)
			room = tok_list_put(&d->next, tok_buffer_span(&unpadded));
		tok_buffer_release(&unpadded);
		tok_buffer_release(&clean);
		if (!room)
			return false;
		if (d->next.bytes.count > before && !tok_list_close(&d->next))
			return false;
	}
	return true;
}

static enum tok_status decode_replace(struct tok_decoder *d, const struct tok_regex *regex,
				      struct tok_span content, struct tok_error *err)
{
	for (size_t i = 0; i < d->list.count; i++) {
		const struct tok_span token = tok_list_at(&d->list, i);
		size_t done = 0, from = 0;
		while (regex && from <= token.count) {
			struct tok_range hit = { 0, 0 };
			bool found;
			const enum tok_status status =
			    tok_regex_find(regex, d->regex, token, from, &found, &hit, err);
			if (status != TOK_OK)
				return status;
			if (!found)
				break;
			if (!tok_list_put(&d->next, tok_span_slice(token, done, hit.begin)) ||
			    !tok_list_put(&d->next, content))
				return tok_fail_memory(err);
			done = hit.end;
			from = hit.end;
			if (hit.begin == hit.end) /* step over one character */
				from += from < token.count ? tok_utf8_at(token, from).length : 1;
		}
		if (!tok_list_put(&d->next, tok_span_slice(token, done, token.count)) ||
		    !tok_list_close(&d->next))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

static bool decode_fuse(struct tok_decoder *d)
{
	return tok_list_put(&d->next, tok_buffer_span(&d->list.bytes)) && tok_list_close(&d->next);
}

struct tok_span tok_decode_strip(struct tok_span token, const struct tok_decode_step *step)
{
	size_t begin = 0, end = token.count;
	for (size_t n = 0; n < step->as.strip.start && begin < end; n++) {
		const struct tok_char c = tok_utf8_at(token, begin);
		if (c.code != step->as.strip.content)
			break;
		begin += c.length;
	}
	for (size_t n = 0; n < step->as.strip.stop && end > begin; n++) {
		const struct tok_char c = tok_utf8_before(token, end);
		if (c.code != step->as.strip.content)
			break;
		end -= c.length;
	}
	return tok_span_slice(token, begin, end);
}

static bool decode_strip(struct tok_decoder *d, const struct tok_decode_step *step)
{
	for (size_t i = 0; i < d->list.count; i++)
		if (!tok_list_put(&d->next, tok_decode_strip(tok_list_at(&d->list, i), step)) ||
		    !tok_list_close(&d->next))
			return false;
	return true;
}

/* A run of byte tokens becomes one string of those bytes. */
static bool decode_byte_fallback(struct tok_decoder *d)
{
	bool in_run = false;
	for (size_t i = 0; i < d->list.count; i++) {
		const struct tok_span token = tok_list_at(&d->list, i);
		const int byte = tok_byte_of_name(token);
		if (in_run && byte < 0 && !tok_list_close(&d->next))
			return false;
		in_run = byte >= 0;
		if (in_run ? !tok_buffer_add_byte(&d->next.bytes, (uint8_t)byte)
			   : !tok_list_put(&d->next, token) || !tok_list_close(&d->next))
			return false;
	}
	return !in_run || tok_list_close(&d->next);
}

enum tok_status tok_decode_step(struct tok_decoder *d, const struct tok_decode_step *step,
				const struct tok_regex *regex, struct tok_error *err)
{
	bool room = true;
	switch (step->kind) {
	case TOK_DECODE_BPE:
		room = decode_bpe(d, step->as.bpe_suffix);
		break;
	case TOK_DECODE_BYTE_LEVEL:
		room = decode_byte_level(d);
		break;
	case TOK_DECODE_WORDPIECE:
		room = decode_wordpiece(d, step->as.wordpiece.prefix, step->as.wordpiece.cleanup);
		break;
	case TOK_DECODE_METASPACE:
		room =
		    decode_metaspace(d, step->as.metaspace.replacement, step->as.metaspace.prepend);
		break;
	case TOK_DECODE_CTC:
		room = decode_ctc(d, step);
		break;
	case TOK_DECODE_REPLACE:
		return decode_replace(d, regex, step->as.replace.content, err);
	case TOK_DECODE_FUSE:
		room = decode_fuse(d);
		break;
	case TOK_DECODE_STRIP:
		room = decode_strip(d, step);
		break;
	case TOK_DECODE_BYTE_FALLBACK:
		room = decode_byte_fallback(d);
		break;
	case TOK_DECODE_SENTENCEPIECE:
		return tok_fail(err, TOK_EARG, "SentencePiece decoding must be the only step");
	}
	return room ? TOK_OK : tok_fail_memory(err);
}
