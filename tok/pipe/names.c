#include "tok/pipe/names_internal.h"

tok_id tok_names_find(const struct tok_names *names, struct tok_span text)
{
	const uint32_t number = tok_index_find(&names->by_text, &names->texts, text);
	return number == TOK_NO_ID ? TOK_NO_ID : names->ids[number];
}

/* ---- image ---------------------------------------------------------------------- */

enum {
	TEXT_BYTES = TOK_IMAGE_TAG('n', 'b', 'y', 't'),
	TEXT_STARTS = TOK_IMAGE_TAG('n', 's', 't', 'a'),
	IDS = TOK_IMAGE_TAG('n', 'i', 'd', 's'),
	BY_TEXT = TOK_IMAGE_TAG('n', 't', 'x', 't'),
	NUMBERS = TOK_IMAGE_TAG('n', 'n', 'u', 'm'),
	FLAGS = TOK_IMAGE_TAG('n', 'f', 'l', 'g'),
	SCORES = TOK_IMAGE_TAG('n', 's', 'c', 'o'),
	DECODE_BYTES = TOK_IMAGE_TAG('n', 'd', 'b', 'y'),
	DECODE_STARTS = TOK_IMAGE_TAG('n', 'd', 's', 't')
};

void tok_names_save(const struct tok_names *names, struct tok_image_writer *w)
{
	const size_t count = names->texts.count;
	tok_texts_save(&names->texts, TEXT_BYTES, TEXT_STARTS, w);
	tok_image_put(w, IDS, names->ids, count * sizeof *names->ids);
	tok_index_save(&names->by_text, BY_TEXT, w);
	tok_image_put(w, NUMBERS, names->numbers, names->size * sizeof *names->numbers);
	tok_image_put(w, FLAGS, names->flags, names->size);
	if (names->scores)
		tok_image_put(w, SCORES, names->scores, names->size * sizeof *names->scores);
	tok_texts_save(&names->decodes, DECODE_BYTES, DECODE_STARTS, w);
}

static bool are_below(const uint32_t *numbers, size_t count, size_t limit)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] >= limit && numbers[i] != TOK_NO_ID)
			return false;
	return true;
}

enum tok_status tok_names_open(struct tok_names *names, const struct tok_image *image,
			       struct tok_error *err)
{
	size_t ids, flags, scores;
	*names = (struct tok_names){ 0 };
	const bool sound = tok_texts_open(&names->texts, image, TEXT_BYTES, TEXT_STARTS) &&
			   tok_texts_open(&names->decodes, image, DECODE_BYTES, DECODE_STARTS) &&
			   tok_index_open(&names->by_text, image, BY_TEXT, names->texts.count);
	names->ids = tok_image_array(image, IDS, sizeof *names->ids, &ids);
	names->numbers = tok_image_array(image, NUMBERS, sizeof *names->numbers, &names->size);
	names->flags = tok_image_array(image, FLAGS, 1, &flags);
	names->scores = tok_image_array(image, SCORES, sizeof *names->scores, &scores);
	if (scores == 0)
		names->scores = NULL;
	if (!sound || ids != names->texts.count || flags != names->size ||
	    names->decodes.count != names->size || (scores && scores != names->size) ||
	    (!image->trusted && (!are_below(names->numbers, names->size, ids) ||
				 !are_below(names->ids, ids, names->size))))
		return tok_fail(err, TOK_EFORMAT,
				"the image's names point outside of their tables");
	return TOK_OK;
}
