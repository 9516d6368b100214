/* sample_check.c - which options of tok sample go together.  None is ignored. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cmd/cli_pool.h"
#include "cmd/sample_options.h"

enum { MOST_NBEST = 512 };

#define BIT(n)      (1u << (n))
#define ANY         (~0u)
#define LISTS       (BIT(SAMPLE_WOR) | BIT(SAMPLE_BEST) | BIT(SAMPLE_EXACT))
#define WHOLE       (BIT(SAMPLE_EXACT) | BIT(SAMPLE_COMPARE))
#define NOT_COMPARE (ANY & ~BIT(SAMPLE_COMPARE))
#define ONLY_DRAW   BIT(SAMPLE_DRAW)

static const char *const mode_names[SAMPLE_MODES] = {
	"plain samples", "--wor", "--best", "--exact", "--compare",
};

/* An option, and with which modes and methods it goes. */
struct rule {
	const char *name;
	bool given;
	unsigned modes, methods;
};

enum sample_mode sample_mode_of(const struct sample_options *o)
{
	return o->compare                    ? SAMPLE_COMPARE
	       : o->exact                    ? SAMPLE_EXACT
	       : o->best != SAMPLE_NOT_GIVEN ? SAMPLE_BEST
	       : o->wor != SAMPLE_NOT_GIVEN  ? SAMPLE_WOR
					     : SAMPLE_DRAW;
}

/* The names of those of `set`: "a, b or c". */
static void join(char *to, size_t room, const char *const *names, int count, unsigned set)
{
	size_t used = 0;
	*to = '\0';
	for (int i = 0; i < count && used < room; i++) {
		if (!(set & BIT(i)))
			continue;
		const bool last = (set & ~(BIT(i + 1) - 1) & (BIT(count) - 1)) == 0;
		used += (size_t)snprintf(to + used, room - used, "%s%s",
					 used == 0 ? ""
					 : last    ? " or "
						   : ", ",
					 names[i]);
	}
}

static enum cli_exit check_rule(const struct sample_options *o, const struct rule *rule)
{
	const char *names[SAMPLE_METHODS];
	char list[160];
	const enum sample_mode mode = sample_mode_of(o);
	if (!rule->given)
		return CLI_OK;
	if (!(rule->modes & BIT(mode))) {
		join(list, sizeof list, mode_names, SAMPLE_MODES, rule->modes);
		return cli_usage("--%s goes with %s, not with %s", rule->name, list,
				 mode_names[mode]);
	}
	if (mode == SAMPLE_COMPARE || rule->methods & BIT(o->method))
		return CLI_OK;
	for (int i = 0; i < SAMPLE_METHODS; i++)
		names[i] = sample_method_name(i);
	join(list, sizeof list, names, SAMPLE_METHODS, rule->methods);
	return cli_usage("--%s belongs to --method %s, not to %s", rule->name, list,
			 names[o->method]);
}

static enum cli_exit check_rules(const struct sample_options *o)
{
	const unsigned unigram = BIT(TOK_SAMPLE_UNIGRAM);
	const unsigned lattice = unigram | BIT(TOK_SAMPLE_UNIFORM);
	const struct rule rules[] = {
		{ "method", o->method >= 0, NOT_COMPARE, ANY },
		{ "best", o->best != SAMPLE_NOT_GIVEN, BIT(SAMPLE_BEST), unigram },
		{ "wor", o->wor != SAMPLE_NOT_GIVEN, BIT(SAMPLE_WOR), lattice },
		{ "probability", o->p >= 0, ANY & ~(BIT(SAMPLE_WOR) | BIT(SAMPLE_BEST)),
		  ANY & ~unigram },
		{ "alpha", o->alpha >= 0, ANY, unigram },
		{ "nbest", o->nbest != NULL, BIT(SAMPLE_DRAW) | BIT(SAMPLE_EXACT), unigram },
		{ "seed", o->seed != SAMPLE_NOT_GIVEN, BIT(SAMPLE_DRAW) | BIT(SAMPLE_WOR), ANY },
		{ "samples", o->samples != SAMPLE_NOT_GIVEN, ONLY_DRAW, ANY },
		{ "include-best", o->include_best, BIT(SAMPLE_WOR), unigram },
		{ "limit", o->limit != SAMPLE_NOT_GIVEN, WHOLE, ANY },
		{ "top", o->top != SAMPLE_NOT_GIVEN, WHOLE, ANY },
		{ "svg", o->svg != NULL, BIT(SAMPLE_COMPARE), ANY },
		{ "html", o->html != NULL, BIT(SAMPLE_COMPARE), ANY },
		{ "dtype", o->dtype >= 0, ONLY_DRAW, ANY },
		{ "tokens", o->tokens, ONLY_DRAW, ANY },
		{ "max-tokens", o->max_tokens != UINT64_MAX, ONLY_DRAW, ANY },
		{ "append-eod", o->append_eod, ONLY_DRAW, ANY },
		{ "eod", o->eod != NULL, ONLY_DRAW, ANY },
		{ "threads", o->threads != 0, ONLY_DRAW, ANY },
		{ "progress", o->progress >= 0, ONLY_DRAW, ANY },
	};
	enum cli_exit result = CLI_OK;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0] && result == CLI_OK; i++)
		result = check_rule(o, &rules[i]);
	return result;
}

/* -1 of "all" and -1; INT_MIN if it is no number. */
static int read_nbest(const char *text)
{
	char *end;
	if (!text || strcmp(text, "all") == 0 || strcmp(text, "-1") == 0)
		return -1;
	const unsigned long number = strtoul(text, &end, 10);
	const bool well = text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= MOST_NBEST;
	return well ? (int)number : INT_MIN;
}

struct sample_numbers sample_numbers_of(const struct sample_options *o)
{
	const double usual = o->method == TOK_SAMPLE_UNIFORM ? 1 : 0.1;
	return (struct sample_numbers){ .p = o->p >= 0 ? o->p : usual,
					.alpha = o->alpha >= 0 ? o->alpha : 0.1,
					.nbest = read_nbest(o->nbest) };
}

static enum cli_exit check_count(const char *name, uint64_t count)
{
	if (count == 0)
		return cli_usage("--%s must be at least 1", name);
	if (count != SAMPLE_NOT_GIVEN && count > SAMPLE_MOST_LISTED)
		return cli_usage("--%s can be at most %d", name, SAMPLE_MOST_LISTED);
	return CLI_OK;
}

static enum cli_exit check_numbers(const struct sample_options *o)
{
	const struct {
		const char *name;
		uint64_t count;
	} counts[] = {
		{ "samples", o->samples }, { "wor", o->wor }, { "best", o->best },
		{ "limit", o->limit },     { "top", o->top },
	};
	const bool splits = o->method == SAMPLE_SPLIT;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		if (check_count(counts[i].name, counts[i].count) != CLI_OK)
			return CLI_TROUBLE;
	if (o->p > 1 && !splits)
		return cli_usage("--probability is from 0 to 1; only of --method split it is a "
				 "proportion, which may be larger");
	if (read_nbest(o->nbest) == INT_MIN)
		return cli_usage("--nbest is a number up to %d or 'all', not '%s'", MOST_NBEST,
				 o->nbest);
	return CLI_OK;
}

static enum cli_exit check_format(const struct sample_options *o)
{
	const int format = o->format;
	if (sample_mode_of(o) != SAMPLE_DRAW) {
		if (format > CLI_FORMAT_JSONL)
			return cli_usage("what %s tells is written with --format text, a table, or "
					 "jsonl",
					 mode_names[sample_mode_of(o)]);
		return CLI_OK;
	}
	if (o->tokens && format >= 0 && format != CLI_FORMAT_JSONL)
		return cli_usage("--tokens needs --format jsonl");
	if (o->dtype >= 0 && format != CLI_FORMAT_NPY && format != CLI_FORMAT_MEGATRON)
		return cli_usage("--dtype needs --format npy or megatron");
	if (format == CLI_FORMAT_MEGATRON && (!o->output || strcmp(o->output, "-") == 0))
		return cli_usage("--format megatron needs --output: it makes two files");
	return CLI_OK;
}

static bool find_folder(const char *path, struct stat *out)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	return stat(folder, out) == 0;
}

/* Are they names of one regular file, or will they be? */
static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;
	const bool is_there = stat(a, &first) == 0, is_other_there = stat(b, &second) == 0;
	if (is_there != is_other_there || (is_there && !S_ISREG(first.st_mode)))
		return false;
	if (!is_there) {
		const char *name = strrchr(a, '/'), *other_name = strrchr(b, '/');
		if (strcmp(name ? name + 1 : a, other_name ? other_name + 1 : b) != 0 ||
		    !find_folder(a, &first) || !find_folder(b, &second))
			return false;
	}
	return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static enum cli_exit check_picture(const struct sample_options *o)
{
	const bool table_is_shown = !o->output || strcmp(o->output, "-") == 0;
	if (o->html && strcmp(o->html, "-") == 0)
		return cli_usage("--html needs a file: the table goes to standard output");
	if (!o->svg)
		return CLI_OK;
	if (strcmp(o->svg, "-") == 0 && table_is_shown)
		return cli_usage("--svg - needs --output: the table goes to standard output");
	if (!table_is_shown && is_same_file(o->svg, o->output))
		return cli_usage("--svg and --output name one file: '%s'", o->output);
	return CLI_OK;
}

enum cli_exit sample_check(const struct sample_options *o)
{
	const int modes =
	    o->compare + o->exact + (o->best != SAMPLE_NOT_GIVEN) + (o->wor != SAMPLE_NOT_GIVEN);
	if (modes > 1)
		return cli_usage("--wor, --best, --exact and --compare exclude each other");
	if (o->method < 0 && !o->compare)
		return cli_usage("--method says how segmentations are drawn: " SAMPLE_METHOD_WORDS);
	enum cli_exit result = check_rules(o);
	if (result == CLI_OK)
		result = check_numbers(o);
	if (result == CLI_OK)
		result = check_format(o);
	if (result == CLI_OK)
		result = check_picture(o);
	if (result == CLI_OK)
		result = cli_threads_check(o->threads);
	if (result == CLI_OK)
		result = cli_specials_check(&o->specials);
	return result == CLI_OK ? cli_split_check(&o->split) : result;
}
