/*
 * config_internal.h - walking through a model's configuration.
 */
#ifndef HYPER_TRANSPLANT_CONFIG_INTERNAL_H
#define HYPER_TRANSPLANT_CONFIG_INTERNAL_H

#include "hypernet/transplant/config.h"
#include "tok/text/json.h"

/* Calls member(context, key) for every member of `root`, an object, and of the objects about text
 * within (text_config and its like, not vision_config), in order, until one fails. */
TOK_MUST_USE enum tok_status
config_walk(const struct tok_json *root,
	    enum tok_status (*member)(void *context, const struct tok_json *key), void *context);

bool config_is_called(const struct tok_json *key, const char *name);
bool config_is_size(const struct tok_json *key);
/* *_token_id, *_token_ids, *_token_index */
bool config_is_id(const struct tok_json *key);

#endif
