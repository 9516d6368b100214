#include "vocab/train/renumber.h"

struct map {
	const tok_id *ids;
	size_t count;
};

tok_id vocab_next_id(const struct tok_spec *spec)
{
	tok_id next = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id >= next)
			next = spec->model.entries[i].id + 1;
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id >= next)
			next = spec->added[i].id + 1;
	return next;
}

static tok_id new_id(const struct map *map, tok_id id)
{
	return id < map->count ? map->ids[id] : id;
}

static bool renumber_entries(struct tok_spec *spec, const struct map *map)
{
	struct tok_model_spec *model = &spec->model;
	struct tok_vocab_entry *entries =
	    tok_arena_array(&spec->arena, model->entry_count, sizeof *entries);
	size_t kept = 0;
	for (size_t i = 0; entries && i < model->entry_count; i++) {
		entries[kept] = model->entries[i];
		entries[kept].id = new_id(map, model->entries[i].id);
		kept += entries[kept].id != TOK_NO_ID;
	}
	model->entries = entries;
	model->entry_count = kept;
	return entries != NULL;
}

static bool renumber_merges(struct tok_spec *spec, const struct map *map)
{
	struct tok_model_spec *model = &spec->model;
	if (model->kind != TOK_MODEL_BPE || model->as.bpe.order != TOK_BPE_MERGES)
		return true;
	struct tok_merge *merges =
	    tok_arena_array(&spec->arena, model->as.bpe.merge_count, sizeof *merges);
	size_t kept = 0;
	for (size_t i = 0; merges && i < model->as.bpe.merge_count; i++) {
		const struct tok_merge *old = &model->as.bpe.merges[i];
		const struct tok_merge merge = { new_id(map, old->left), new_id(map, old->right),
						 new_id(map, old->result) };
		merges[kept] = merge;
		kept += merge.left != TOK_NO_ID && merge.right != TOK_NO_ID &&
			merge.result != TOK_NO_ID;
	}
	model->as.bpe.merges = merges;
	model->as.bpe.merge_count = kept;
	return merges != NULL;
}

static bool renumber_added(struct tok_spec *spec, const struct map *map)
{
	struct tok_added_token *added =
	    tok_arena_array(&spec->arena, spec->added_count, sizeof *added);
	size_t kept = 0;
	for (size_t i = 0; added && i < spec->added_count; i++) {
		added[kept] = spec->added[i];
		added[kept].id = new_id(map, spec->added[i].id);
		kept += added[kept].id != TOK_NO_ID;
	}
	spec->added = added;
	spec->added_count = kept;
	return added != NULL;
}

static enum tok_status renumber_posts(struct tok_spec *spec, const struct map *map,
				      struct tok_error *err)
{
	struct tok_post_step *posts =
	    tok_arena_array(&spec->arena, spec->post_count, sizeof *posts);
	if (!posts)
		return tok_fail_memory(err);
	for (size_t i = 0; i < spec->post_count; i++) {
		struct tok_template_item *items =
		    tok_arena_array(&spec->arena, spec->posts[i].item_count, sizeof *items);
		if (!items)
			return tok_fail_memory(err);
		posts[i] = spec->posts[i];
		for (size_t k = 0; k < posts[i].item_count; k++) {
			items[k] = posts[i].items[k];
			if (items[k].kind == TOK_TEMPLATE_TOKEN)
				items[k].id = new_id(map, items[k].id);
			if (items[k].kind == TOK_TEMPLATE_TOKEN && items[k].id == TOK_NO_ID)
				return tok_fail(err, TOK_EARG,
						"a token of the template cannot be left out");
		}
		posts[i].items = items;
	}
	spec->posts = posts;
	return TOK_OK;
}

enum tok_status vocab_renumber(struct tok_spec *spec, const tok_id *ids, size_t count,
			       struct tok_error *err)
{
	const struct map map = { ids, count };
	struct tok_model_spec *model = &spec->model;
	if (model->unk != TOK_NO_ID) {
		model->unk = new_id(&map, model->unk);
		if (model->unk == TOK_NO_ID)
			return tok_fail(err, TOK_EARG, "the unknown token cannot be left out");
	}
	for (size_t i = 0; i < 256; i++)
		if (model->byte_ids[i] != TOK_NO_ID)
			model->byte_ids[i] = new_id(&map, model->byte_ids[i]);
	if (spec->padding.enabled)
		spec->padding.id = new_id(&map, spec->padding.id);
	if (!renumber_entries(spec, &map) || !renumber_merges(spec, &map) ||
	    !renumber_added(spec, &map))
		return tok_fail_memory(err);
	return renumber_posts(spec, &map, err);
}
