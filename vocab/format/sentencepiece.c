#include "vocab/format/sentencepiece_internal.h"

#include "tok/text/utf8.h"
#include "vocab/format/format_internal.h"
#include "tok/text/json.h"
#include "vocab/format/protobuf_internal.h"

static const char unknown_surface[] = " \xE2\x81\x87 ";

struct spm_model spm_defaults(void)
{
	return (struct spm_model){
		.kind = SPM_UNIGRAM,
		.bos_piece = tok_span_of("<s>"),
		.eos_piece = tok_span_of("</s>"),
		.pad_piece = tok_span_of("<pad>"),
		.unk_surface = tok_span_of(unknown_surface),
		.add_dummy_prefix = true,
		.remove_extra_whitespaces = true,
		.escape_whitespaces = true,
	};
}

/* ---- fields that are known, by message ------------------------------------- */

struct known_field {
	uint32_t number;
	enum proto_wire wire;
	const char *name;
};

static const struct known_field model_fields[] = {
	{ 1, PROTO_BYTES, "pieces" },
	{ 2, PROTO_BYTES, "trainer_spec" },
	{ 3, PROTO_BYTES, "normalizer_spec" },
	{ 5, PROTO_BYTES, "denormalizer_spec" },
	{ 0 },
};
static const struct known_field piece_fields[] = {
	{ 1, PROTO_BYTES, "piece" },
	{ 2, PROTO_FIXED32, "score" },
	{ 3, PROTO_VARINT, "type" },
	{ 0 },
};
static const struct known_field trainer_fields[] = {
	{ 3, PROTO_VARINT, "model_type" },     { 24, PROTO_VARINT, "treat_whitespace_as_suffix" },
	{ 35, PROTO_VARINT, "byte_fallback" }, { 44, PROTO_BYTES, "unk_surface" },
	{ 46, PROTO_BYTES, "bos_piece" },      { 47, PROTO_BYTES, "eos_piece" },
	{ 48, PROTO_BYTES, "pad_piece" },      { 0 },
};
static const struct known_field normalizer_fields[] = {
	{ 2, PROTO_BYTES, "precompiled_charsmap" },
	{ 3, PROTO_VARINT, "add_dummy_prefix" },
	{ 4, PROTO_VARINT, "remove_extra_whitespaces" },
	{ 5, PROTO_VARINT, "escape_whitespaces" },
	{ 0 },
};

struct parsing {
	struct spm_model *model;
	struct tok_span file;
	struct tok_error *err;
};

/* Walks one message: TOK_OK and *more tells whether there is a known field. */
static enum tok_status next_known(struct parsing *p, struct proto_message *message,
				  const struct known_field *known, const char *what,
				  struct proto_field *field, bool *more)
{
	while ((*more = vocab_proto_next(message, field))) {
		const struct known_field *k = known;
		while (k->number != 0 && k->number != field->number)
			k++;
		if (k->number == 0)
			continue;
		if (k->wire == field->wire)
			return TOK_OK;
		return tok_fail(p->err, TOK_EFORMAT, "byte %zu: '%s' of %s has a wrong type",
				(size_t)(message->bytes.bytes - p->file.bytes) + message->at,
				k->name, what);
	}
	if (message->broken)
		return tok_fail(p->err, TOK_EFORMAT,
				"byte %zu: %s is cut off or no protobuf message",
				(size_t)(message->bytes.bytes - p->file.bytes) + message->at, what);
	return TOK_OK;
}

/* ---- messages -------------------------------------------------------------- */

static enum tok_status read_type(struct parsing *p, uint64_t type, size_t number,
				 enum tok_piece_type *out)
{
	static const enum tok_piece_type types[] = {
		[1] = TOK_PIECE_NORMAL,       [2] = TOK_PIECE_UNKNOWN, [3] = TOK_PIECE_CONTROL,
		[4] = TOK_PIECE_USER_DEFINED, [5] = TOK_PIECE_UNUSED,  [6] = TOK_PIECE_BYTE,
	};
	if (type < 1 || type > 6)
		return tok_fail(p->err, TOK_EFORMAT,
				"piece %zu has type %llu: types go from 1 to 6", number,
				(unsigned long long)type);
	*out = types[type];
	return TOK_OK;
}

static enum tok_status read_piece(struct parsing *p, struct tok_span bytes)
{
	struct tok_vocab_entry *entry = &p->model->entries[p->model->count];
	struct proto_message message = vocab_proto_open(bytes);
	struct proto_field field;
	bool more;

	entry->id = (tok_id)p->model->count;
	enum tok_status status = next_known(p, &message, piece_fields, "a piece", &field, &more);
	for (; status == TOK_OK && more;
	     status = next_known(p, &message, piece_fields, "a piece", &field, &more)) {
		if (field.number == 1)
			entry->text = field.bytes;
		else if (field.number == 2)
			entry->score = (double)vocab_proto_float(&field);
		else if (read_type(p, field.value, p->model->count, &entry->type) != TOK_OK)
			return TOK_EFORMAT;
	}
	p->model->count++;
	return status;
}

static enum tok_status read_trainer(struct parsing *p, struct tok_span bytes)
{
	struct spm_model *model = p->model;
	struct proto_message message = vocab_proto_open(bytes);
	struct proto_field field;
	bool more;

	enum tok_status status =
	    next_known(p, &message, trainer_fields, "trainer_spec", &field, &more);
	for (; status == TOK_OK && more;
	     status = next_known(p, &message, trainer_fields, "trainer_spec", &field, &more)) {
		switch (field.number) {
		case 3:
			if (field.value < SPM_UNIGRAM || field.value > SPM_CHAR)
				return tok_fail(p->err, TOK_EFORMAT,
						"model_type is %llu: 1 to 4 are unigram, bpe, word "
						"and char",
						(unsigned long long)field.value);
			model->kind = (enum spm_kind)field.value;
			break;
		case 24:
			model->whitespace_as_suffix = field.value != 0;
			break;
		case 35:
			model->byte_fallback = field.value != 0;
			break;
		case 44:
			model->unk_surface = field.bytes;
			break;
		case 46:
			model->bos_piece = field.bytes.count ? field.bytes : tok_span_of("<s>");
			break;
		case 47:
			model->eos_piece = field.bytes.count ? field.bytes : tok_span_of("</s>");
			break;
		default:
			model->pad_piece = field.bytes.count ? field.bytes : tok_span_of("<pad>");
			break;
		}
	}
	return status;
}

static enum tok_status read_normalizer(struct parsing *p, struct tok_span bytes)
{
	struct spm_model *model = p->model;
	struct proto_message message = vocab_proto_open(bytes);
	struct proto_field field;
	bool more;

	enum tok_status status =
	    next_known(p, &message, normalizer_fields, "normalizer_spec", &field, &more);
	for (; status == TOK_OK && more; status = next_known(p, &message, normalizer_fields,
							     "normalizer_spec", &field, &more)) {
		if (field.number == 2)
			model->charsmap = field.bytes;
		else if (field.number == 3)
			model->add_dummy_prefix = field.value != 0;
		else if (field.number == 4)
			model->remove_extra_whitespaces = field.value != 0;
		else
			model->escape_whitespaces = field.value != 0;
	}
	return status;
}

static enum tok_status read_denormalizer(struct parsing *p, struct tok_span bytes)
{
	struct proto_message message = vocab_proto_open(bytes);
	struct proto_field field;
	bool more;

	enum tok_status status =
	    next_known(p, &message, normalizer_fields, "denormalizer_spec", &field, &more);
	for (; status == TOK_OK && more; status = next_known(p, &message, normalizer_fields,
							     "denormalizer_spec", &field, &more))
		if (field.number == 2)
			p->model->denormalizer_charsmap = field.bytes;
	return status;
}

static size_t count_pieces(struct tok_span file)
{
	struct proto_message message = vocab_proto_open(file);
	struct proto_field field;
	size_t count = 0;
	while (vocab_proto_next(&message, &field))
		count += field.number == 1;
	return count;
}

enum tok_status spm_parse(struct tok_span file, struct spm_model *model, struct tok_arena *arena,
			  struct tok_error *err)
{
	struct parsing p = { model, file, err };
	struct proto_message message = vocab_proto_open(file);
	struct proto_field field;
	bool more;

	model->entries = tok_arena_array(arena, count_pieces(file), sizeof *model->entries);
	if (!model->entries)
		return tok_fail_memory(err);
	enum tok_status status = next_known(&p, &message, model_fields, "the model", &field, &more);
	while (status == TOK_OK && more) {
		if (field.number == 1)
			status = read_piece(&p, field.bytes);
		else if (field.number == 2)
			status = read_trainer(&p, field.bytes);
		else if (field.number == 3)
			status = read_normalizer(&p, field.bytes);
		else
			status = read_denormalizer(&p, field.bytes);
		if (status == TOK_OK)
			status = next_known(&p, &message, model_fields, "the model", &field, &more);
	}
	return status;
}

bool spm_detect(struct tok_span file)
{
	struct proto_message message = vocab_proto_open(file), piece;
	struct proto_field field;
	if (!vocab_proto_next(&message, &field) || field.number != 1 || field.wire != PROTO_BYTES)
		return false;
	piece = vocab_proto_open(field.bytes);
	return vocab_proto_next(&piece, &field) && field.number == 1 && field.wire == PROTO_BYTES;
}

static enum tok_status keep_names(const struct spm_model *model, struct tok_spec *out,
				  struct tok_error *err)
{
	out->bos_name = tok_arena_copy(&out->arena, model->bos_piece);
	out->eos_name = tok_arena_copy(&out->arena, model->eos_piece);
	out->pad_name = tok_arena_copy(&out->arena, model->pad_piece);
	return out->bos_name.bytes && out->eos_name.bytes && out->pad_name.bytes
		   ? TOK_OK
		   : tok_fail_memory(err);
}

enum tok_status vocab_read_sentencepiece(struct tok_span file, struct tok_spec *out,
					 struct tok_error *err)
{
	struct spm_model model = spm_defaults();
	struct tok_arena scratch = { 0 };

	out->format = tok_span_of(VOCAB_FORMAT_SENTENCEPIECE);
	enum tok_status status = spm_parse(file, &model, &scratch, err);
	if (status == TOK_OK)
		status = spm_check(&model, err);
	if (status == TOK_OK)
		status = spm_build(&model, out, err);
	if (status == TOK_OK)
		status = keep_names(&model, out, err);
	tok_arena_release(&scratch);
	return status;
}
