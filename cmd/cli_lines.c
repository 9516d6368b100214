#include "cmd/cli_lines.h"

#include "cmd/cli_documents.h"

enum tok_status cli_each_line(const char *path,
			      enum tok_status (*each)(void *data, struct tok_span line,
						      struct tok_error *err),
			      void *data, struct tok_error *err)
{
	const struct cli_split split = { .lines = true, .limit_bytes = CLI_SPLIT_LIMIT };
	const struct cli_cut nowhere = { 0 };
	struct cli_documents documents = { 0 };
	struct cli_part part;
	enum tok_status status =
	    cli_documents_open(&documents, path, CLI_INPUT_EXPANDED, &split, &nowhere, err);
	while (status == TOK_OK) {
		status = cli_documents_next(&documents, &part, err);
		if (status != TOK_OK || !part.text.bytes)
			break;
		struct tok_span rest = part.text;
		if (!part.several)
			status = each(data, rest, err);
		while (part.several && status == TOK_OK && rest.count)
			status = each(data, cli_split_next(&split, &rest), err);
	}
	cli_documents_close(&documents);
	cli_documents_release(&documents);
	return status;
}
