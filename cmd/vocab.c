/* vocab.c - tok vocab: tokenizer files; what is done with them is one word each. */
#include "cmd/audit_internal.h"
#include "cmd/cli_vocab_output.h"
#include "cmd/vocab_internal.h"

static const struct vocab_options defaults = {
	.to = -1,
	.top = 10,
	.fail_on = AUDIT_FAIL_FAIL,
	.words = CLI_VOCAB_WORDS_DEFAULTS,
};

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "Tokenizer" },
	{ CLI_TEXT, 0, "pattern", "NAME|REGEX",
	  "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an expression",
	  CLI_FIELD(struct vocab_options, words.pattern, const char *) },
	{ CLI_GROUP, .name = "What add notes" },
	{ CLI_TEXT, 0, "origin", "TEXT", "note where the tokenizer came from (its path)",
	  CLI_FIELD(struct vocab_options, origin, const char *) },
	{ CLI_TEXT, 0, "licence", "TEXT", "note its licence",
	  CLI_FIELD(struct vocab_options, licence, const char *) },
	{ CLI_FLAG, 0, "replace", NULL, "take the place of what has the name already",
	  CLI_FIELD(struct vocab_options, replace, bool) },
	{ CLI_GROUP, .name = "What edit changes" },
	{ CLI_TEXTS, 0, "add-special", "TEXT[=ID]",
	  "add a special token, or make a token special; may be given several times",
	  CLI_FIELD(struct vocab_options, specials, struct cli_texts) },
	{ CLI_TEXTS, 0, "rename", "OLD=NEW",
	  "give an added token another name; may be given several times",
	  CLI_FIELD(struct vocab_options, renamed, struct cli_texts) },
	{ CLI_TEXT, 0, "set-template", "TOKENS",
	  "lay these tokens around a text, which is $A: '<s> $A </s>'",
	  CLI_FIELD(struct vocab_options, set_template, const char *) },
	{ CLI_GROUP, .name = "What prune keeps" },
	{ CLI_TEXT, 0, "keep", "N", "tokens in all, with special tokens; 32k is 32000",
	  CLI_FIELD(struct vocab_options, keep, const char *) },
	CLI_VOCAB_WORDS_ROWS(struct vocab_options, words),
	{ CLI_GROUP, .name = "Output" },
	{ CLI_TEXT, 'o', "output", "FILE", "write FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct vocab_options, output, const char *) },
	{ CLI_CHOICE, 0, "to", CLI_VOCAB_KINDS,
	  "what convert, edit and prune write, where the name of FILE does not end so",
	  CLI_FIELD(struct vocab_options, to, int) },
	{ CLI_FLAG, 0, "lossy", NULL,
	  "convert, edit: leave out what FILE cannot say, list it, and write what is not equal too",
	  CLI_FIELD(struct vocab_options, lossy, bool) },
	{ CLI_TEXTS, 0, "text", "FILE",
	  "convert, edit: compare what is written with TOKENIZER on these lines too; may be given "
	  "several times",
	  CLI_FIELD(struct vocab_options, texts, struct cli_texts) },
	{ CLI_TEXT, 0, "map", "FILE",
	  "prune: write a line of old id, tab, new id for each token kept",
	  CLI_FIELD(struct vocab_options, map, const char *) },
	{ CLI_FLAG, 'j', "json", NULL,
	  "list, show, diff, check: write one JSON object, of schema tok.store.1, tok.diff.1 or "
	  "tok.audit.vocab.1",
	  CLI_FIELD(struct vocab_options, json, bool) },
	{ CLI_CHOICE, 0, "fail-on", "never|fail|warn",
	  "check: exit with 1 if something is at least that grave (fail)",
	  CLI_FIELD(struct vocab_options, fail_on, int) },
	{ CLI_SIZE, 0, "top", "N", "diff: list up to N differences of a kind (10)",
	  CLI_FIELD(struct vocab_options, top, uint64_t) },
	CLI_VOCAB_WORDS_RUNNING_ROWS(struct vocab_options, words),
	{ CLI_END }
};

static const struct cli_word words[] = {
	{ "add", "[NAME] TOKENIZER", "keep the tokenizer in the store, for -t NAME", false,
	  cli_vocab_add, "pattern origin licence replace progress" },
	{ "list", "", "tell what the store has", false, cli_vocab_list, "json" },
	{ "show", "NAME", "tell all that is known of one", false, cli_vocab_show, "json" },
	{ "rename", "OLD NEW", "give one another name", false, cli_vocab_rename, "" },
	{ "rm", "NAME...", "take it out of the store", false, cli_vocab_rm, "" },
	{ "path", "NAME", "tell where its compiled image is", false, cli_vocab_path, "" },
	{ "verify", "", "look through all of the store for damage", false, cli_vocab_verify, "" },
	{ "export", "FILE", "write all of the store as one file", false, cli_vocab_export, "" },
	{ "import", "FILE", "add what the store in such a file has", false, cli_vocab_import, "" },
	{ "compile", "TOKENIZER", "write the tokenizer as one image that opens at once", false,
	  cli_vocab_compile, "pattern output" },
	{ "convert", "TOKENIZER", "write the tokenizer as a file of another kind", false,
	  cli_vocab_convert, "pattern output to lossy text" },
	{ "check", "TOKENIZER...", "tell whether every token is of use, and fail where one is not",
	  false, cli_vocab_check, "pattern json fail-on threads" },
	{ "diff", "TOKENIZER TOKENIZER [FILE...]", "tell where two are not the same", false,
	  cli_vocab_diff, "pattern json top" },
	{ "edit", "TOKENIZER", "change special tokens, names and the template", false,
	  cli_vocab_edit, "pattern add-special rename set-template output to lossy text" },
	{ "prune", "TOKENIZER [FILE...]", "keep the tokens that a text has most use for", false,
	  cli_vocab_prune,
	  "pattern keep lines null jsonl max-document raw counts output to map memory threads "
	  "progress" },
	{ NULL },
};

const struct cli_tool tool_vocab = {
	.name = "vocab",
	.summary = "keep, compile, convert and prune tokenizers",
	.operands = "WORD [NAME] [TOKENIZER [FILE...]]",
	.guide = "tok-store",
	.description =
	    "The words add, list, show, rename, rm, path, verify, export and import are for the\n"
	    "store, where tokenizers are kept under names that -t takes: tok-store(7) has all of\n"
	    "it. TOKENIZER is a file or folder, of any kind that tok-formats(5) names, or a name.\n"
	    "With add it may be hf:ORG/MODEL, which is downloaded from Hugging Face's hub; NAME\n"
	    "is ORG/MODEL then, where it is left out.\n"
	    "\n"
	    "With the word compile, writes TOKENIZER as a compiled image: one file that is read\n"
	    "into memory and used as it lies, so that it opens in a moment.\n"
	    "Nobody needs to do this: every tool keeps the images of the tokenizers it opens in\n"
	    "the cache folder (TOK_CACHE in tok(1)). It is for those who want the file. An image\n"
	    "is only for machines of the same byte order and for the version of tok that wrote "
	    "it.\n"
	    "Keep the source: an image cannot be made from an image.\n"
	    "\n"
	    "With the word convert, writes TOKENIZER as a file of the kind that --to names, or\n"
	    "else that the name of FILE ends in:\n"
	    "\n"
	    "  tokenizer.json  .json: as Hugging Face tokenizers saves it; of a SentencePiece\n"
	    "                  model what is called its fast form\n"
	    "  tiktoken        .tiktoken: ranks, of a BPE of bytes that one expression splits for\n"
	    "  sentencepiece   .model: of a SentencePiece model only\n"
	    "  vocab+merges    vocab.json and merges.txt in the folder FILE: of a BPE of bytes\n"
	    "  vocab.txt       .txt: of a WordPiece with all that belongs to BERT\n"
	    "  tekken          tekken.json: Mistral's, of a BPE of bytes, special tokens in front\n"
	    "  gguf            .gguf: of the tokenizer alone, for llama.cpp\n"
	    "  tok             .tok: the same as compile\n"
	    "\n"
	    "What is written gives the ids of what was read: before FILE is written it is read\n"
	    "again, and compared on texts that tokenizers stumble over, on every token, and on\n"
	    "--text. Equal or not is told on standard error, with the first differences; exit\n"
	    "status 1 says not. Then, and where a kind of file cannot say what the tokenizer\n"
	    "does, which is listed, nothing is written but with --lossy. What no file of a kind\n"
	    "ever says is left out at all times: tok-formats(5) has both.\n"
	    "\n"
	    "With the word diff, tells where two tokenizers are not the same: tokens as the bytes\n"
	    "that they stand for, merges, scores, steps, and on the lines of FILEs how many\n"
	    "words both cut alike. Up to --top of a kind are listed, with --json all. Steps are\n"
	    "told in short, but compared in all that they do. Exit status 1 says that the two\n"
	    "differ.\n"
	    "\n"
	    "With the word edit, writes TOKENIZER with what --rename, --add-special and\n"
	    "--set-template say, in this order. A special token that the vocabulary has not gets\n"
	    "ID, or the one behind the largest. A name that is made of ordinary text is refused.\n"
	    "Before FILE is written it is read again: what was asked for must be in it, and ids "
	    "of\n"
	    "ordinary text must be as before; else it is as after convert. Text that spells a\n"
	    "special token becomes that token wherever special tokens are matched, as\n"
	    "--special-text match and --hf do, and Hugging Face tokenizers always: choose one "
	    "that\n"
	    "no text has.\n"
	    "\n"
	    "With the word check, tells whether every token can come of a text, and what is odd:\n"
	    "see --vocab in tok-audit(1). Exit status 1 says that something is as grave as\n"
	    "--fail-on.\n"
	    "\n"
	    "With the word prune, writes TOKENIZER with --keep tokens, those that the FILEs, or\n"
	    "standard input where there is none, have most use for. FILEs are read as by tok\n"
	    "encode: folders, gzip and Zstandard, --lines, --null and --jsonl; with --counts they\n"
	    "are what tok words --like TOKENIZER has counted. Tokens go one after the other, the\n"
	    "least used first, and of those used equally often that with the highest id. A token\n"
	    "of BPE goes after all that are made of it, and its uses are then its parts'. Added\n"
	    "tokens, bytes and single characters never go, nor what could not be written without\n"
	    "them: text is encoded without loss, in more tokens. Ids of what stays follow each\n"
	    "other without holes, in the old order; --map writes which became which, to take the\n"
	    "rows of a model's embedding by. What a file's ids or ranks say of the order of "
	    "merges\n"
	    "stays so. Bytes of text for each token, before and after, are told on standard error.",
	.examples =
	    "  printf '%s\\n' '[UNK]' the dog >vocab.txt\n"
	    "  tok vocab compile vocab.txt -o dog.tok\n"
	    "  echo 'the dog' | tok encode -t dog.tok\n"
	    "  tok vocab convert vocab.txt -o dog.json 2>report\n"
	    "  echo 'the dog' | tok encode -t dog.json\n"
	    "  tok vocab diff vocab.txt dog.json\n"
	    "  tok vocab check vocab.txt\n"
	    "  printf 'low lower lowest' | tok train -v 262 -o low.json\n"
	    "  printf 'lower' | tok vocab prune low.json --keep 258 -o lower.json 2>report\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
