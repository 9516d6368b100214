#include "vocab/convert/byte_level.h"

enum tok_status vocab_byte_level(const struct tok_spec *spec,
				 const struct vocab_byte_level_options *options,
				 struct tok_spec *out, struct vocab_byte_level_report *report,
				 struct tok_error *err)
{
	(void)spec, (void)options, (void)out, (void)report;
	return tok_fail(err, TOK_EARG, "not written yet");
}
