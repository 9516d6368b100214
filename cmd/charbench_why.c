/* charbench_why.c - why a number is none. */
#include <math.h>

#include "cmd/charbench_internal.h"

#define NUMBER(name, field)                                                                        \
	{                                                                                          \
		name, offsetof(struct charbench_found, field)                                      \
	}

enum { PEARSON, LOW, HIGH, T, P, HOLM, BH, SPEARMAN, AUC, PARTIAL, COEFFICIENT, ERROR, INFLATION };

const struct charbench_number charbench_numbers[CHARBENCH_NUMBERS] = {
	[PEARSON] = NUMBER("pearson", pearson),
	[LOW] = NUMBER("low", low),
	[HIGH] = NUMBER("high", high),
	[T] = NUMBER("t", t),
	[P] = NUMBER("p", p),
	[HOLM] = NUMBER("p_holm", holm),
	[BH] = NUMBER("p_bh", bh),
	[SPEARMAN] = NUMBER("spearman", spearman),
	[AUC] = NUMBER("auc", auc),
	[PARTIAL] = NUMBER("partial", partial),
	[COEFFICIENT] = NUMBER("coefficient", coefficient),
	[ERROR] = NUMBER("error", error),
	[INFLATION] = NUMBER("inflation", inflation),
};

double charbench_number(const struct charbench_found *f, size_t which)
{
	return *(const double *)((const char *)f + charbench_numbers[which].offset);
}

static const char *why_answers(const struct charbench_analysis *a)
{
	if (a->n == 0)
		return "no item is counted";
	if (a->right == 0)
		return "no answer is right";
	return a->right == a->n ? "all answers are right" : NULL;
}

const char *charbench_why_trend(const struct charbench_analysis *a)
{
	const char *why = why_answers(a);
	return why ? why : "all lengths are one";
}

static const char *why_regression(enum charbench_feature feature)
{
	if (feature == CHARBENCH_GOLD_SHARE || feature == CHARBENCH_COMPRESSION ||
	    feature == CHARBENCH_UNIQUE)
		return "the regression leaves it out";
	return "the answers can be parted, or the columns depend on each other";
}

const char *charbench_why(const struct charbench_report *r, const struct charbench_analysis *a,
			  enum charbench_feature feature, size_t which)
{
	const struct charbench_found *f = &a->features[feature];
	if (a->n == 0)
		return "no item is counted";
	if (!f->whole)
		return "not every item has the feature";
	if (which == AUC)
		return why_answers(a);
	if (f->constant)
		return "the feature is one number";
	const char *why = why_answers(a);
	if (why)
		return why;
	switch (which) {
	case LOW:
	case HIGH:
		return r->options->boot ? "r is undefined in each sample" : "no sample was drawn";
	case T:
	case P:
	case HOLM:
	case BH:
		return a->n < 3 ? "there are less than 3 items" : "r is 1 or -1";
	case PARTIAL:
		return feature == CHARBENCH_WORD_LENGTH
			   ? "the length is what is held fast"
			   : "the length is one number, or explains all";
	default:
		return why_regression(feature);
	}
}
