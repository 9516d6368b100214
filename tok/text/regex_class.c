/* regex_class.c - bracket classes: ranges, nested classes, set operations. */
#include "tok/text/regex_internal.h"

#include "tok/text/utf8.h"

static enum tok_status read_class(struct tok_pattern *p, struct tok_set *set);

/* "[:alpha:]" with p->at at '['; *found false if it is none. */
static enum tok_status read_posix(struct tok_pattern *p, bool *found, struct tok_set *set)
{
	const bool negated = tok_pattern_peek(p, 2) == '^';
	const size_t begin = p->at + 2 + negated;
	size_t end = begin;
	*found = false;
	if (tok_pattern_peek(p, 1) != ':')
		return TOK_OK;
	while (end < p->text.count && p->text.bytes[end] >= 'a' && p->text.bytes[end] <= 'z')
		end++;
	if (end + 1 >= p->text.count || p->text.bytes[end] != ':' || p->text.bytes[end + 1] != ']')
		return TOK_OK;
	*found = true;
	struct tok_set own = { 0 };
	const bool known = tok_set_add_posix(&own, tok_span_slice(p->text, begin, end), p->dialect);
	if (p->flags.fold && !tok_pattern_is_ruby(p))
		tok_set_fold(&own);
	if (negated)
		tok_set_complement(&own);
	tok_set_unite(set, &own);
	tok_set_release(&own);
	if (!known)
		return tok_pattern_fail(p, "there is no such POSIX class");
	p->at = end + 2;
	return TOK_OK;
}

static enum tok_status read_nested(struct tok_pattern *p, struct tok_set *set)
{
	struct tok_set own = { 0 };
	const enum tok_status status = read_class(p, &own);
	tok_set_unite(set, &own);
	tok_set_release(&own);
	return status;
}

/* One member of a class.  *single false where it was a set (\s, [:alpha:], a
 * nested class), which went into `set`. */
static enum tok_status read_member(struct tok_pattern *p, struct tok_set *set, bool *single,
				   uint32_t *code)
{
	enum tok_status status;
	bool found = false;
	*single = false;
	if (tok_pattern_peek(p, 0) == '[') {
		status = read_posix(p, &found, set);
		return status != TOK_OK || found ? status : read_nested(p, set);
	}
	if (tok_pattern_peek(p, 0) == '\\') {
		status = tok_pattern_read_set(p, &found, set);
		if (status != TOK_OK || found)
			return status;
		*single = true;
		if (tok_pattern_peek(p, 1) == 'b') {
			*code = '\b';
			p->at += 2;
			return TOK_OK;
		}
		return tok_pattern_read_code(p, code);
	}
	const struct tok_char c = tok_utf8_at(p->text, p->at);
	if (c.code >= TOK_BAD_BYTE)
		return tok_pattern_fail(p, "a pattern must be UTF-8");
	*single = true;
	*code = c.code;
	p->at += c.length;
	return TOK_OK;
}

/* '&', '-' or '~' where "&&", or in Rust "--" or "~~", is at p->at; else 0. */
static int find_operator(const struct tok_pattern *p)
{
	const int c = tok_pattern_peek(p, 0);
	const bool known = c == '&' || (!tok_pattern_is_ruby(p) && (c == '-' || c == '~'));
	return known && tok_pattern_peek(p, 1) == c ? c : 0;
}

/* Does '-' at p->at stand between the ends of a range? */
static bool is_range(struct tok_pattern *p)
{
	if (tok_pattern_peek(p, 0) != '-' || find_operator(p))
		return false;
	const int next = tok_pattern_peek(p, 1);
	p->at++;
	const int operation = find_operator(p);
	p->at--;
	return next >= 0 && next != ']' && operation != '&';
}

static enum tok_status read_range(struct tok_pattern *p, struct tok_set *set)
{
	uint32_t first = 0, last = 0;
	bool single;
	enum tok_status status = read_member(p, set, &single, &first);
	if (status != TOK_OK || !single)
		return status;
	if (!is_range(p)) {
		tok_set_add(set, first, first);
		return TOK_OK;
	}
	p->at++;
	status = read_member(p, set, &single, &last);
	if (status != TOK_OK)
		return status;
	if (!single || last < first)
		return tok_pattern_fail(p, "a range must end in a later character");
	tok_set_add(set, first, last);
	return TOK_OK;
}

/* left = left `operation` right, which is emptied; 0 just hands it over. */
static void combine(struct tok_set *left, int operation, struct tok_set *right)
{
	struct tok_set both = { 0 };
	tok_set_tidy(left);
	tok_set_tidy(right);
	if (operation == '&') {
		tok_set_intersect(left, right);
	} else if (operation == '-') {
		tok_set_subtract(left, right);
	} else if (operation == '~') { /* what is in one of them only */
		struct tok_set a = { 0 }, b = { 0 };
		tok_set_unite(&a, left);
		tok_set_unite(&b, right);
		tok_set_intersect(&a, &b);
		tok_set_unite(&both, &a);
		tok_set_unite(left, right);
		tok_set_tidy(left);
		tok_set_subtract(left, &both);
		tok_set_release(&a);
		tok_set_release(&b);
	} else {
		tok_set_unite(left, right);
	}
	tok_set_release(&both);
	tok_set_release(right);
}

/* What follows '[' or '[^' and would otherwise end or split the class. */
static void read_opening(struct tok_pattern *p, struct tok_set *set)
{
	const size_t begin = p->at;
	while (!tok_pattern_is_ruby(p) && tok_pattern_peek(p, 0) == '-') {
		tok_set_add(set, '-', '-');
		p->at++;
	}
	if (p->at == begin && tok_pattern_peek(p, 0) == ']') {
		tok_set_add(set, ']', ']');
		p->at++;
	}
}

/* The members of a class up to ']', without what '^' makes of them. */
static enum tok_status read_members(struct tok_pattern *p, struct tok_set *whole)
{
	const bool fold = p->flags.fold && !tok_pattern_is_ruby(p);
	enum tok_status status = TOK_OK;
	struct tok_set part = { 0 };
	int operation = 0, next;
	bool more = true;
	read_opening(p, &part);
	while (status == TOK_OK && more) {
		next = find_operator(p);
		more = tok_pattern_peek(p, 0) != ']';
		if (tok_pattern_peek(p, 0) < 0) {
			status = tok_pattern_fail(p, "a class needs a closing ']'");
		} else if (next || !more) {
			if (fold)
				tok_set_fold(&part);
			combine(whole, operation, &part);
			operation = next;
			p->at += next ? 2 : 1;
		} else {
			status = read_range(p, &part);
		}
	}
	tok_set_release(&part);
	return status;
}

/* p->at at '['; leaves it behind ']'. */
static enum tok_status read_class(struct tok_pattern *p, struct tok_set *set)
{
	if (p->class_depth == TOK_REGEX_DEPTH)
		return tok_pattern_fail(p, "nested too deeply");
	p->class_depth++;
	p->at++;
	const bool negated = tok_pattern_peek(p, 0) == '^';
	p->at += negated;
	const enum tok_status status = read_members(p, set);
	p->class_depth--;
	if (negated)
		tok_set_complement(set);
	return status;
}

enum tok_status tok_pattern_bracket(struct tok_pattern *p)
{
	/* Oniguruma folds the class as a whole, before '^'. */
	const bool fold = p->flags.fold && tok_pattern_is_ruby(p);
	const bool negated = tok_pattern_peek(p, 1) == '^';
	struct tok_set set = { 0 };
	p->front = TOK_FRONT_ATOM;
	p->atom = p->out.count;
	enum tok_status status = read_class(p, &set);
	if (fold && negated)
		tok_set_complement(&set);
	if (fold)
		tok_set_fold(&set);
	if (fold && negated)
		tok_set_complement(&set);
	const bool multiples = fold && !negated && !p->behind;
	if (status == TOK_OK && multiples)
		status = tok_pattern_put(p, "(?:");
	if (status == TOK_OK)
		status = tok_pattern_put_set(p, &set);
	if (status == TOK_OK && multiples)
		status = tok_pattern_put_multiples(p, &set);
	if (status == TOK_OK && multiples)
		status = tok_pattern_put(p, ")");
	tok_set_release(&set);
	return status;
}
