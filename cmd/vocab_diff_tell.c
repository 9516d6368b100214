/* vocab_diff_tell.c - differences of two tokenizers, for people and for programs. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cmd/cli_visible.h"
#include "cmd/vocab_diff.h"
#include "tok/text/json_write.h"

/* ---- stages ------------------------------------------------------------------------------------
 */

static size_t count_truncation(const struct tok_spec *spec)
{
	return spec->truncation.enabled;
}

static void describe_truncation(const struct tok_spec *spec, size_t i, char out[VOCAB_LINE])
{
	(void)i;
	snprintf(out, VOCAB_LINE, "to %zu tokens, at the %s", spec->truncation.max_length,
		 spec->truncation.left ? "front" : "end");
}

static size_t count_padding(const struct tok_spec *spec)
{
	return spec->padding.enabled;
}

static void describe_padding(const struct tok_spec *spec, size_t i, char out[VOCAB_LINE])
{
	const struct tok_padding *padding = &spec->padding;
	char token[VOCAB_LINE], length[64] = "the longest", multiple[64] = "";
	(void)i;
	vocab_describe_text(padding->token, token);
	if (padding->length)
		snprintf(length, sizeof length, "%zu tokens", padding->length);
	if (padding->multiple)
		snprintf(multiple, sizeof multiple, ", a multiple of %zu", padding->multiple);
	snprintf(out, VOCAB_LINE, "to %s%s, at the %s, with %.300s, %" PRIu32, length, multiple,
		 padding->left ? "front" : "end", token, padding->id);
}

/* The first stages are those of stages.h, in its order. */
static const struct vocab_step_stage *find_stage(size_t stage)
{
	static const struct vocab_step_stage lengths[VOCAB_STAGES - VOCAB_STEP_STAGES] = {
		{ "truncation", "truncation", count_truncation, describe_truncation },
		{ "padding", "padding", count_padding, describe_padding },
	};
	return stage < VOCAB_STEP_STAGES ? &vocab_step_stages[stage]
					 : &lengths[stage - VOCAB_STEP_STAGES];
}

/* Descriptions are cut short and leave things out: do those of a stage read alike? */
static bool read_alike(const struct vocab_step_stage *stage, const struct tok_spec *a,
		       const struct tok_spec *b)
{
	char left[VOCAB_LINE], right[VOCAB_LINE];
	const size_t count = stage->count(a);
	bool alike = count == stage->count(b);
	for (size_t i = 0; i < count && alike; i++) {
		stage->describe(a, i, left);
		stage->describe(b, i, right);
		alike = strcmp(left, right) == 0;
	}
	return alike;
}

/* ---- for people -------------------------------------------------------------------------------
 */

static void put_id(struct cli_put *p, tok_id id)
{
	if (id == TOK_NO_ID)
		cli_put(p, "%9s", "-");
	else
		cli_put(p, "%9" PRIu32, id);
}

static void put_item(struct cli_put *p, const struct vocab_difference *d)
{
	cli_put(p, "  ");
	put_id(p, d->a);
	put_id(p, d->b);
	cli_put(p, "  ");
	p->lost |= !cli_visible_text(d->bytes, p->out);
	if (d->kind == VOCAB_DIFFERENCE_SCORE)
		cli_put(p, "  %.9g, %.9g", d->score_a, d->score_b);
	cli_put(p, "\n");
}

static void put_kind(struct cli_put *p, const struct vocab_differences *found,
		     enum vocab_difference_kind kind, size_t most)
{
	size_t told = 0;
	if (found->counts[kind] == 0)
		return;
	cli_put(p, "%s: %zu\n", vocab_difference_name(kind), found->counts[kind]);
	for (size_t i = 0; i < found->count && told < most; i++)
		if (found->items[i].kind == kind) {
			put_item(p, &found->items[i]);
			told++;
		}
	if (told < found->counts[kind])
		cli_put(p, "  and %zu more\n", found->counts[kind] - told);
}

static void put_merges(struct cli_put *p, const struct vocab_merge_differences *m)
{
	if (!m->compared || !(m->only_a || m->only_b || m->moved))
		return;
	cli_put(p,
		"merges: %zu and %zu, of which %zu are only in the first, %zu only in the "
		"second, and %zu of the others have moved\n",
		m->in_a, m->in_b, m->only_a, m->only_b, m->moved);
	if (m->first_a == SIZE_MAX)
		return;
	cli_put(p, "  the first that is not the same: number %zu of the first, ", m->first_a + 1);
	p->lost |= !cli_visible_text(m->left, p->out);
	cli_put(p, " ");
	p->lost |= !cli_visible_text(m->right, p->out);
	cli_put(p, "\n");
}

static void put_steps(struct cli_put *p, const char *which, const struct vocab_step_stage *stage,
		      const struct tok_spec *spec)
{
	char line[VOCAB_LINE];
	const size_t count = stage->count(spec);
	for (size_t i = 0; i < count; i++) {
		stage->describe(spec, i, line);
		cli_put(p, "  %-8s%s\n", i ? "" : which, line);
	}
	if (count == 0)
		cli_put(p, "  %-8snone\n", which);
}

/* A share of nothing is none. */
static void put_texts(struct cli_put *p, const struct vocab_audit_similarity *texts)
{
	if (isnan(texts->same_words)) {
		cli_put(p, "there are no words in the texts\n");
		return;
	}
	cli_put(p, "of the texts, %.4f %% of the words are cut alike; ", 100 * texts->same_words);
	if (isnan(texts->boundary_f1))
		cli_put(p, "no line is cut\n");
	else
		cli_put(p, "F1 of cuts inside lines %.6f\n", texts->boundary_f1);
}

void vocab_diff_tell(const struct vocab_diff *d, size_t most, struct cli_put *p)
{
	const struct vocab_differences *found = &d->found;
	cli_put(p, "%zu and %zu tokens, of which %zu are the same under the same id\n",
		found->tokens_a, found->tokens_b, found->same);
	for (int kind = 0; kind < VOCAB_DIFFERENCE_KINDS; kind++)
		put_kind(p, found, (enum vocab_difference_kind)kind, most);
	put_merges(p, &found->merges);
	for (size_t s = 0; s < VOCAB_STAGES; s++) {
		const struct vocab_step_stage *stage = find_stage(s);
		if (!d->stages[s])
			continue;
		cli_put(p, "%s\n", stage->title);
		put_steps(p, "first", stage, &d->a.spec);
		put_steps(p, "second", stage, &d->b.spec);
		if (read_alike(stage, &d->a.spec, &d->b.spec))
			cli_put(p, "  they differ in what is not shown\n");
	}
	if (d->has_text)
		put_texts(p, &d->similarity);
	if (!vocab_diff_differ(d))
		cli_put(p, "they are the same\n");
}

/* ---- for programs -------------------------------------------------------------------------------
 */

static void put_string(struct cli_put *p, const char *name, struct tok_span text)
{
	cli_put(p, ",\"%s\":", name);
	p->lost |= !tok_json_put_string(p->out, text);
}

static void put_number(struct cli_put *p, const char *name, double number)
{
	if (isfinite(number))
		cli_put(p, ",\"%s\":%.17g", name, number);
	else
		cli_put(p, ",\"%s\":null", name);
}

static void put_json_id(struct cli_put *p, const char *name, tok_id id)
{
	if (id == TOK_NO_ID)
		cli_put(p, ",\"%s\":null", name);
	else
		cli_put(p, ",\"%s\":%" PRIu32, name, id);
}

/* Bytes that are no UTF-8 are told in hexadecimal besides. */
static void put_json_item(struct cli_put *p, const struct vocab_difference *d)
{
	cli_put(p, "{\"kind\":\"%s\"", vocab_difference_key((enum vocab_difference_kind)d->kind));
	put_json_id(p, "a", d->a);
	put_json_id(p, "b", d->b);
	put_string(p, "text", d->bytes);
	cli_put(p, ",\"hex\":\"");
	for (size_t i = 0; i < d->bytes.count; i++)
		cli_put(p, "%02x", d->bytes.bytes[i]);
	cli_put(p, "\"");
	if (d->kind == VOCAB_DIFFERENCE_SCORE) {
		put_number(p, "score_a", d->score_a);
		put_number(p, "score_b", d->score_b);
	}
	cli_put(p, "}");
}

static void put_json_merges(struct cli_put *p, const struct vocab_merge_differences *m)
{
	if (!m->compared) {
		cli_put(p, ",\"merges\":null");
		return;
	}
	cli_put(p,
		",\"merges\":{\"a\":%zu,\"b\":%zu,\"only_a\":%zu,\"only_b\":%zu,\"moved\":%zu,"
		"\"first_a\":",
		m->in_a, m->in_b, m->only_a, m->only_b, m->moved);
	if (m->first_a == SIZE_MAX)
		cli_put(p, "null}");
	else
		cli_put(p, "%zu}", m->first_a);
}

static void put_json_steps(struct cli_put *p, const char *which,
			   const struct vocab_step_stage *stage, const struct tok_spec *spec)
{
	char line[VOCAB_LINE];
	cli_put(p, "\"%s\":[", which);
	for (size_t i = 0; i < stage->count(spec); i++) {
		stage->describe(spec, i, line);
		cli_put(p, "%s", i ? "," : "");
		p->lost |= !tok_json_put_string(p->out, tok_span_of(line));
	}
	cli_put(p, "]");
}

static void put_json_stages(struct cli_put *p, const struct vocab_diff *d)
{
	bool first = true;
	cli_put(p, ",\"pipeline\":{");
	for (size_t s = 0; s < VOCAB_STAGES; s++) {
		const struct vocab_step_stage *stage = find_stage(s);
		if (!d->stages[s])
			continue;
		cli_put(p, "%s\"%s\":{", first ? "" : ",", stage->name);
		put_json_steps(p, "a", stage, &d->a.spec);
		cli_put(p, ",");
		put_json_steps(p, "b", stage, &d->b.spec);
		cli_put(p, ",\"not_shown\":%s}",
			read_alike(stage, &d->a.spec, &d->b.spec) ? "true" : "false");
		first = false;
	}
	cli_put(p, "}");
}

void vocab_diff_tell_json(const struct vocab_diff *d, struct cli_put *p)
{
	const struct vocab_differences *found = &d->found;
	cli_put(p, "{\"schema\":\"tok.diff.1\",\"differ\":%s",
		vocab_diff_differ(d) ? "true" : "false");
	put_string(p, "a", tok_span_of(d->a.name));
	put_string(p, "b", tok_span_of(d->b.name));
	cli_put(p, ",\"tokens_a\":%zu,\"tokens_b\":%zu,\"same\":%zu,\"counts\":{", found->tokens_a,
		found->tokens_b, found->same);
	for (int kind = 0; kind < VOCAB_DIFFERENCE_KINDS; kind++)
		cli_put(p, "%s\"%s\":%zu", kind ? "," : "",
			vocab_difference_key((enum vocab_difference_kind)kind),
			found->counts[kind]);
	cli_put(p, "}");
	put_json_merges(p, &found->merges);
	put_json_stages(p, d);
	if (d->has_text) {
		put_number(p, "same_words", d->similarity.same_words);
		put_number(p, "boundary_f1", d->similarity.boundary_f1);
	}
	cli_put(p, ",\"differences\":[");
	for (size_t i = 0; i < found->count; i++) {
		cli_put(p, "%s", i ? ",\n" : "\n");
		put_json_item(p, &found->items[i]);
	}
	cli_put(p, "]}\n");
}
