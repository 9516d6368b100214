/* train_unigram.c - the options of the Unigram trainer. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli_pool.h"
#include "cmd/train_internal.h"
#include "vocab/train/recipe.h"
#include "vocab/train/unigram.h"

enum { SUB_ITERATIONS_MAX = 1000, LENGTH_MAX = 1024 };

static bool is_asked_for(const struct train_options *opts)
{
	return opts->seed_size || opts->num_sub_iterations || opts->max_piece_length ||
	       opts->shrinking_factor >= 0 || opts->character_coverage >= 0 || opts->required_chars;
}

enum cli_exit train_unigram_check(const struct train_options *opts)
{
	if (opts->model != VOCAB_TRAIN_UNIGRAM)
		return is_asked_for(opts)
			   ? cli_usage("--seed-size, --shrinking-factor, --num-sub-iterations, "
				       "--max-piece-length, --character-coverage and "
				       "--required-chars need --model unigram")
			   : CLI_OK;
	if (opts->shrinking_factor >= 0 &&
	    !(opts->shrinking_factor > 0 && opts->shrinking_factor < 1))
		return cli_usage("--shrinking-factor must be above 0 and below 1, not %g",
				 opts->shrinking_factor);
	if (opts->character_coverage >= 0 &&
	    !(opts->character_coverage > 0 && opts->character_coverage <= 1))
		return cli_usage("--character-coverage must be above 0 and at most 1, not %g",
				 opts->character_coverage);
	if (opts->num_sub_iterations > SUB_ITERATIONS_MAX)
		return cli_usage("--num-sub-iterations must be at most %d, not %" PRIu64,
				 SUB_ITERATIONS_MAX, opts->num_sub_iterations);
	if (opts->max_piece_length > LENGTH_MAX)
		return cli_usage("--max-piece-length must be at most %d, not %" PRIu64, LENGTH_MAX,
				 opts->max_piece_length);
	return CLI_OK;
}

enum tok_status train_unigram(const struct train_run *run, struct train_rules *rules,
			      tok_id first_id, struct vocab_word_stream *stream,
			      struct vocab_train_control *control, struct vocab_learned *out,
			      struct tok_error *err)
{
	const struct train_options *opts = run->opts;
	size_t required_count;
	uint32_t *required = train_characters(opts->required_chars, &required_count);
	if (!required)
		return tok_fail_memory(err);
	const struct vocab_unigram_options options = {
		.vocab_size = run->sizes.items[run->sizes.count - 1],
		.first_id = first_id,
		.seed_size = opts->seed_size,
		.shrinking = opts->shrinking_factor > 0 ? opts->shrinking_factor : 0,
		.em_steps = opts->num_sub_iterations,
		.max_piece_length = opts->max_piece_length,
		.coverage = opts->character_coverage > 0 ? opts->character_coverage : 0,
		.required = required,
		.required_count = required_count,
		.bytes = vocab_recipe_has_bytes(rules->spec),
		.allows = train_text_allowed,
		.allows_context = rules,
	};
	control->threads = cli_threads_for(opts->threads);
	const enum tok_status status = vocab_train_unigram(stream, &options, control, out, err);
	free(required);
	return status;
}
