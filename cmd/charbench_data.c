/* charbench_data.c - items, and what models answered. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/charbench_internal.h"
#include "tok/text/json.h"
#include "tok/text/normalize.h"
#include "tok/text/text.h"

struct reading {
	const struct charbench_options *opts;
	struct charbench_data *data;
	struct tok_json_document doc;
	/* --case-fold */
	struct tok_normalizer *lower;
	struct tok_norm_scratch *scratch;
	struct tok_text folded[2];
};

/* ---- fields ----------------------------------------------------------------------- */

static enum tok_status read_object(struct reading *r, struct tok_span line, struct tok_error *err)
{
	const enum tok_status status = tok_json_read(&r->doc, line, err);
	if (status != TOK_OK)
		return status;
	if (r->doc.values->kind != TOK_JSON_OBJECT)
		return tok_json_expected(&r->doc, r->doc.values, "a line", "an object", err);
	return tok_json_unique(&r->doc, r->doc.values, err);
}

static enum tok_status get_whole(struct reading *r, const struct tok_json *object, const char *name,
				 uint64_t *out, struct tok_error *err)
{
	const struct tok_json *value = tok_json_get(object, name);
	if (!value)
		return tok_fail(err, TOK_EFORMAT, "the object has no field '%s'", name);
	if (value->kind != TOK_JSON_UNSIGNED)
		return tok_json_expected(&r->doc, value, name, "a whole number", err);
	*out = value->as.whole;
	return TOK_OK;
}

/* Nothing is changed where there is no such field. */
static enum tok_status get_text(struct reading *r, const char *name, bool needed,
				struct tok_span *out, struct tok_error *err)
{
	const struct tok_json *value = tok_json_get(r->doc.values, name);
	if (!value)
		return needed ? tok_fail(err, TOK_EFORMAT, "the object has no field '%s'", name)
			      : TOK_OK;
	if (value->kind != TOK_JSON_STRING)
		return tok_json_expected(&r->doc, value, name, "a string", err);
	*out = tok_json_text(value);
	return TOK_OK;
}

static enum tok_status keep(struct charbench_data *data, struct tok_span *text,
			    struct tok_error *err)
{
	if (text->bytes)
		*text = tok_arena_copy(&data->arena, *text);
	else
		*text = (struct tok_span){ NULL, 0 };
	return text->bytes || text->count == 0 ? TOK_OK : tok_fail_memory(err);
}

/* ---- items -------------------------------------------------------------------------- */

static enum tok_status find_task(struct charbench_data *data, struct tok_span name, uint32_t *out,
				 struct tok_error *err)
{
	size_t i = 0;
	while (i < data->task_count && !tok_span_equal(data->tasks[i], name))
		i++;
	*out = (uint32_t)i;
	if (i < data->task_count)
		return TOK_OK;
	if (i == CHARBENCH_TASKS_MAX)
		return tok_fail(err, TOK_ELIMIT, "more than %d tasks", CHARBENCH_TASKS_MAX);
	data->tasks[data->task_count++] = name;
	return keep(data, &data->tasks[i], err);
}

static enum tok_status read_answer(struct reading *r, struct charbench_item *item,
				   struct tok_error *err)
{
	const struct tok_json *value = tok_json_get(r->doc.values, "answer");
	if (!value)
		return tok_fail(err, TOK_EFORMAT, "the object has no field 'answer'");
	item->is_number = value->kind != TOK_JSON_STRING;
	if (!item->is_number)
		item->answer = tok_json_text(value);
	else if (value->kind == TOK_JSON_NEGATIVE)
		item->number = value->as.negative;
	else if (value->kind == TOK_JSON_UNSIGNED && value->as.whole <= INT64_MAX)
		item->number = (int64_t)value->as.whole;
	else
		return tok_json_expected(&r->doc, value, "an answer", "a string or a whole number",
					 err);
	return TOK_OK;
}

static size_t count_units(const struct charbench_item *item)
{
	struct tok_span units[VOCAB_WORD_UNITS];
	return vocab_word_units(item->word, (enum vocab_unit)item->unit, units);
}

static enum tok_status read_meta(struct reading *r, struct charbench_item *item,
				 struct tok_error *err)
{
	static const char *const units[] = { "codepoint", "grapheme", "byte" };
	const struct tok_json *meta = tok_json_get(r->doc.values, "meta");
	const struct tok_json *unit = meta ? tok_json_get(meta, "unit") : NULL;
	uint8_t known = 0;
	while (unit && known < 3 &&
	       !(unit->kind == TOK_JSON_STRING &&
		 tok_span_equal(tok_json_text(unit), tok_span_of(units[known]))))
		known++;
	if (known == 3)
		return tok_json_expected(&r->doc, unit, "a unit",
					 "'codepoint', 'grapheme' or 'byte'", err);
	item->unit = known;
	item->length = count_units(item);
	if (!meta || !tok_json_get(meta, "length"))
		return TOK_OK;
	return get_whole(r, meta, "length", &item->length, err);
}

static enum tok_status read_item(struct reading *r, struct tok_span line, struct tok_error *err)
{
	struct charbench_data *data = r->data;
	struct charbench_item item = { .unit = VOCAB_UNIT_CODEPOINT };
	struct tok_span task = { NULL, 0 };
	enum tok_status status = read_object(r, line, err);
	if (status == TOK_OK)
		status = get_whole(r, r->doc.values, "id", &item.id, err);
	if (status == TOK_OK)
		status = get_text(r, "task", true, &task, err);
	if (status == TOK_OK)
		status = get_text(r, "word", true, &item.word, err);
	if (status == TOK_OK)
		status = get_text(r, "prompt", false, &item.prompt, err);
	if (status == TOK_OK)
		status = read_answer(r, &item, err);
	if (status == TOK_OK)
		status = read_meta(r, &item, err);
	if (status == TOK_OK)
		status = find_task(data, task, &item.task, err);
	struct tok_span *const texts[] = { &item.word, &item.prompt, &item.answer };
	for (size_t i = 0; status == TOK_OK && i < 3; i++)
		status = keep(data, texts[i], err);
	if (status != TOK_OK)
		return status;
	if (data->count >= UINT32_MAX - 1)
		return tok_fail(err, TOK_ELIMIT, "more than 4294967294 items");
	if (!tok_grow(&data->items, &data->capacity, data->count + 1, sizeof *data->items))
		return tok_fail_memory(err);
	data->items[data->count++] = item;
	return TOK_OK;
}

static int compare_items(const void *left, const void *right)
{
	const struct charbench_item *a = left, *b = right;
	if (a->task != b->task)
		return a->task < b->task ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static int compare_ids(const void *left, const void *right, void *items)
{
	const struct charbench_item *all = items;
	const uint64_t a = all[*(const uint32_t *)left].id, b = all[*(const uint32_t *)right].id;
	return (a > b) - (a < b);
}

static enum tok_status sort_items(struct charbench_data *data, struct tok_error *err)
{
	if (data->count == 0)
		return tok_fail(err, TOK_EFORMAT, "there are no items");
	qsort(data->items, data->count, sizeof *data->items, compare_items);
	data->by_id = tok_arena_array(&data->arena, data->count, sizeof *data->by_id);
	if (!data->by_id)
		return tok_fail_memory(err);
	for (size_t i = 0; i < data->count; i++) {
		data->by_id[i] = (uint32_t)i;
		data->task_starts[data->items[i].task + 1] = i + 1;
	}
	qsort_r(data->by_id, data->count, sizeof *data->by_id, compare_ids, data->items);
	for (size_t i = 1; i < data->count; i++)
		if (data->items[data->by_id[i]].id == data->items[data->by_id[i - 1]].id)
			return tok_fail(err, TOK_EFORMAT, "two items have the id %" PRIu64,
					data->items[data->by_id[i]].id);
	return TOK_OK;
}

/* ---- answers -------------------------------------------------------------------------- */

size_t charbench_find(const struct charbench_data *data, uint64_t id)
{
	size_t begin = 0, end = data->count;
	while (begin < end) {
		const size_t middle = begin + (end - begin) / 2;
		if (data->items[data->by_id[middle]].id < id)
			begin = middle + 1;
		else
			end = middle;
	}
	if (begin == data->count || data->items[data->by_id[begin]].id != id)
		return data->count;
	return data->by_id[begin];
}

static enum tok_status find_model(struct charbench_data *data, struct tok_span name,
				  struct charbench_model **out, struct tok_error *err)
{
	size_t i = 0;
	while (i < data->model_count && !tok_span_equal(data->models[i].name, name))
		i++;
	*out = &data->models[i];
	if (i < data->model_count)
		return TOK_OK;
	if (i == CHARBENCH_MODELS_MAX)
		return tok_fail(err, TOK_ELIMIT, "more than %d models", CHARBENCH_MODELS_MAX);
	struct charbench_model *model = &data->models[data->model_count];
	model->name = name;
	model->answers = tok_arena_array(&data->arena, data->count, sizeof *model->answers);
	if (!model->answers)
		return tok_fail_memory(err);
	data->model_count++;
	return keep(data, &model->name, err);
}

static enum tok_status fold(struct reading *r, size_t which, struct tok_span *text,
			    struct tok_error *err)
{
	struct tok_text *to = &r->folded[which];
	if (!tok_text_set(to, *text, 0))
		return tok_fail_memory(err);
	const enum tok_status status = tok_normalize(r->lower, r->scratch, to, err);
	*text = (struct tok_span){ to->bytes, to->count };
	return status;
}

static enum tok_status judge(struct reading *r, const struct charbench_item *item,
			     struct tok_span output, struct charbench_answer *answer,
			     struct tok_error *err)
{
	struct vocab_parsed parsed;
	enum tok_status status = TOK_OK;
	answer->state = CHARBENCH_INVALID;
	if (!vocab_parse((enum vocab_parser)r->opts->parser, output, item->is_number, &parsed))
		return TOK_OK;
	answer->number = parsed.number;
	if (item->is_number) {
		answer->state = parsed.number == item->number ? CHARBENCH_RIGHT : CHARBENCH_WRONG;
		return TOK_OK;
	}
	struct tok_span wanted = item->answer;
	if (r->opts->case_fold)
		status = fold(r, 0, &wanted, err);
	if (r->opts->case_fold && status == TOK_OK)
		status = fold(r, 1, &parsed.text, err);
	answer->state = tok_span_equal(wanted, parsed.text) ? CHARBENCH_RIGHT : CHARBENCH_WRONG;
	return status;
}

static enum tok_status read_output(struct reading *r, const char *file, struct tok_span line,
				   struct tok_error *err)
{
	struct tok_span name = tok_span_of(file), output = { NULL, 0 };
	struct charbench_model *model;
	uint64_t id = 0;
	enum tok_status status = read_object(r, line, err);
	/* What `run` could not have; it may have had it later. */
	if (status == TOK_OK && tok_json_get(r->doc.values, "error") &&
	    !tok_json_get(r->doc.values, "output"))
		return TOK_OK;
	if (status == TOK_OK)
		status = get_whole(r, r->doc.values, "id", &id, err);
	if (status == TOK_OK)
		status = get_text(r, "model", false, &name, err);
	if (status == TOK_OK)
		status = get_text(r, "output", true, &output, err);
	if (status != TOK_OK)
		return status;
	const size_t at = charbench_find(r->data, id);
	if (at == r->data->count)
		return tok_fail(err, TOK_EFORMAT, "no item has the id %" PRIu64, id);
	status = find_model(r->data, name, &model, err);
	if (status != TOK_OK)
		return status;
	if (model->answers[at].state != CHARBENCH_MISSING)
		return tok_fail(err, TOK_EFORMAT, "model '%s' answers item %" PRIu64 " twice",
				tok_show(model->name).text, id);
	model->answered++;
	return judge(r, &r->data->items[at], output, &model->answers[at], err);
}

/* ---- files ---------------------------------------------------------------------------- */

/* Empty lines are nothing. */
static enum tok_status read_file(struct reading *r, const char *path, bool items,
				 struct tok_error *err)
{
	struct charbench_lines lines;
	struct tok_span line;
	enum tok_status status = charbench_lines_open(&lines, path, err);
	while (status == TOK_OK && charbench_lines_next(&lines, &line)) {
		if (line.count == 0)
			continue;
		status = items ? read_item(r, line, err) : read_output(r, path, line, err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "%s: line %zu", path, lines.number);
	}
	if (status == TOK_OK && items && sort_items(r->data, err) != TOK_OK)
		status = tok_fail_in(err, err->status, "%s", path);
	charbench_lines_release(&lines);
	return status;
}

static enum tok_status prepare_folding(struct reading *r, struct tok_error *err)
{
	const struct tok_norm_step step = { .kind = TOK_NORM_LOWERCASE };
	r->scratch = tok_norm_scratch_new();
	if (!r->scratch)
		return tok_fail_memory(err);
	return tok_normalizer_new(&step, 1, &r->lower, err);
}

enum tok_status charbench_read(const struct charbench_options *options, int argc, char **argv,
			       struct charbench_data *out, struct tok_error *err)
{
	struct reading r = { .opts = options, .data = out };
	enum tok_status status = options->case_fold ? prepare_folding(&r, err) : TOK_OK;
	for (int i = 0; i < argc && status == TOK_OK; i++)
		status = read_file(&r, argv[i], i == 0, err);
	tok_json_release(&r.doc);
	tok_normalizer_free(r.lower);
	tok_norm_scratch_free(r.scratch);
	tok_text_release(&r.folded[0]);
	tok_text_release(&r.folded[1]);
	return status;
}

void charbench_release(struct charbench_data *data)
{
	free(data->items);
	tok_arena_release(&data->arena);
}

void charbench_tell_missing(const struct charbench_data *data)
{
	for (size_t i = 0; i < data->model_count; i++) {
		const struct charbench_model *model = &data->models[i];
		if (model->answered < data->count)
			cli_tell("model '%s' has answers to %zu of %zu items",
				 tok_show(model->name).text, model->answered, data->count);
	}
}
