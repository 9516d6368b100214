#include "cmd/cli_source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cmd/cli_chars.h"

/* A work of less than this takes in the next operand too, if that is a file. */
enum { SMALL_WORK = 1 << 16, LARGE_MEMORY = 1 << 23 };

void cli_work_clear(struct cli_work *work)
{
	tok_buffer_clear(&work->text);
	if (work->text.capacity > LARGE_MEMORY)
		tok_buffer_release(&work->text);
	work->region_count = 0;
	work->error = (struct tok_error){ 0 };
}

void cli_work_release(struct cli_work *work)
{
	tok_buffer_release(&work->text);
	free(work->regions);
	*work = (struct cli_work){ 0 };
}

enum tok_status cli_region_fail(const struct cli_region *region, enum tok_status status,
				struct tok_error *err)
{
	if (region->first || status == TOK_ENOMEM)
		return status;
	return tok_fail_in(err, status, "from byte %" PRIu64, region->before);
}

/* Where no descriptor can be had, a wait for bytes is not ended early. */
void cli_source_begin(struct cli_source *s)
{
	const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->wake = wake > 0 ? wake : 0;
	s->documents = (struct cli_documents){ .input = { .wake = s->wake } };
	s->number = 0;
	atomic_init(&s->stopped, 0);
}

/* The input of the operand that is open. */
static struct cli_input *find_input(struct cli_source *s)
{
	return s->ids ? cli_id_documents_input(s->ids) : &s->documents.input;
}

/* Bytes of it that went out, before what is in the window; of ids those that were read. */
static uint64_t count_bytes(struct cli_source *s)
{
	return s->ids ? find_input(s)->bytes_read : s->documents.bytes;
}

static void close_input(struct cli_source *s)
{
	if (s->ids)
		cli_id_documents_close(s->ids);
	else
		cli_documents_close(&s->documents);
	s->open = false;
}

void cli_source_end(struct cli_source *s)
{
	if (s->open)
		close_input(s);
	cli_documents_release(&s->documents);
	if (s->wake > 0)
		close(s->wake);
}

void cli_source_stop(struct cli_source *s, size_t operand)
{
	const uint64_t one = 1;
	atomic_store(&s->stopped, operand);
	if (s->wake > 0)
		(void)!write(s->wake, &one, sizeof one);
}

static bool is_stopped(struct cli_source *s)
{
	return s->next <= atomic_load(&s->stopped);
}

/* The wait was ended for a stop, perhaps of an operand that is done already. */
static void take_wake_up(struct cli_source *s)
{
	uint64_t count;
	if (atomic_load(&s->stopped) != CLI_SOURCE_ALL)
		(void)!read(s->wake, &count, sizeof count);
}

static void close_operand(struct cli_source *s)
{
	s->bytes += count_bytes(s);
	s->bytes_read += find_input(s)->bytes_read;
	close_input(s);
}

static enum tok_status open_next(struct cli_source *s, struct tok_error *err)
{
	const struct cli_file *file = &s->files->items[s->next++];
	const enum cli_input_form form = s->raw ? CLI_INPUT_RAW : CLI_INPUT_EXPANDED;
	enum tok_status status =
	    s->ids ? cli_id_documents_open(s->ids, file->path, s->wake, err)
		   : cli_documents_open(&s->documents, file->path, form, s->split, &s->cut, err);
	if (status != TOK_OK)
		return status;
	s->open = true;
	if (s->skip_bytes)
		status = cli_documents_skip(&s->documents, s->skip_bytes, err);
	s->skip_bytes = 0;
	return status;
}

/* Documents that begin or go on in a part and end in it. */
static uint64_t count_documents(const struct cli_source *s, const struct cli_part *part)
{
	return part->several ? cli_split_count(s->split, part->text) : part->last;
}

/* The text of a part to the end of a work's; *at: where it begins there. */
static bool take_text(struct cli_source *s, struct cli_work *work, const struct cli_part *part,
		      size_t *at)
{
	if (s->ids) {
		*at = work->text.count;
		return tok_buffer_add(&work->text, part->text.bytes, part->text.count);
	}
	/* What lies between the end of the text and the window was dropped with it. */
	const uint8_t *rest = cli_input_rest(&s->documents.input).bytes;
	const size_t taken = (size_t)(rest - part->text.bytes);
	return cli_input_hand_over(&s->documents.input, taken, &work->text, at);
}

static enum tok_status add_region(struct cli_source *s, struct cli_work *work,
				  const struct cli_part *part, struct tok_error *err)
{
	size_t begin;
	if (part->first)
		s->before = s->base = 0;
	struct cli_region region = {
		.operand = s->next - 1,
		.count = part->text.count,
		.several = part->several,
		.first = part->first,
		.last = part->last,
		.bytes = part->bytes,
		.end = s->documents.bytes,
		.before = s->before,
		.base = s->base,
		.number = s->number,
	};
	if (s->numbered)
		s->number += count_documents(s, part);
	s->before += part->text.count;
	s->base += s->cut.between_characters && !part->last ? cli_chars_count(part->text)
							    : part->text.count;
	if (!tok_grow(&work->regions, &work->region_capacity, work->region_count + 1,
		      sizeof *work->regions) ||
	    !take_text(s, work, part, &begin))
		return tok_fail_memory(err);
	region.begin = begin;
	work->regions[work->region_count++] = region;
	return TOK_OK;
}

/* The next piece of the open operand into `work`; none: it has ended. */
static enum tok_status read_region(struct cli_source *s, struct cli_work *work,
				   struct tok_error *err)
{
	struct cli_part part;
	enum tok_status status = TOK_OK;
	do {
		if (find_input(s)->woken)
			take_wake_up(s);
		if (is_stopped(s)) {
			close_operand(s);
			return TOK_OK;
		}
		status = s->ids ? cli_id_documents_next(s->ids, &part, err)
				: cli_documents_next(&s->documents, &part, err);
	} while (status == TOK_OK && !part.text.bytes && find_input(s)->woken);
	if (status == TOK_OK && part.text.bytes)
		return add_region(s, work, &part, err);
	close_operand(s);
	return status;
}

static void refuse_operand(struct cli_source *s, struct cli_work *work)
{
	work->error_operand = s->next - 1;
	if (s->open)
		close_operand(s);
}

/* May more be put into a work that holds something? */
static bool takes_more(const struct cli_source *s, const struct cli_work *work)
{
	if (work->region_count == 0)
		return true;
	const struct cli_region *last = &work->regions[work->region_count - 1];
	const bool whole = last->several || (last->first && last->last);
	if (!whole || work->text.count >= SMALL_WORK || work->region_count == CLI_WORK_REGIONS)
		return false;
	if (!s->open)
		return s->files->items[s->next].regular;
	return s->ids ? cli_id_documents_ready(s->ids) : !s->documents.input.waits;
}

bool cli_source_read(struct cli_source *s, struct cli_work *work)
{
	cli_work_clear(work);
	while ((s->open || s->next < s->files->count) && takes_more(s, work)) {
		enum tok_status status = TOK_OK;
		if (!s->open && s->next < atomic_load(&s->stopped)) {
			s->next++;
			continue;
		}
		if (!s->open)
			status = open_next(s, &work->error);
		if (status == TOK_OK && s->open)
			status = read_region(s, work, &work->error);
		if (status != TOK_OK) {
			refuse_operand(s, work);
			break;
		}
	}
	work->bytes = s->bytes + (s->open ? count_bytes(s) : 0);
	work->bytes_read = s->bytes_read + (s->open ? find_input(s)->bytes_read : 0);
	return work->region_count > 0 || work->error.status != TOK_OK;
}
