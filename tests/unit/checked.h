/* checked.h - CHECKED is 1 in builds that are slower by a factor that says nothing: under
 * sanitizers, and unoptimised.  Sizes that only show that time is linear are smaller there. */
#ifndef TESTS_UNIT_CHECKED_H
#define TESTS_UNIT_CHECKED_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECKED 1
#endif
#endif
#if !defined(CHECKED) && (defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__))
#define CHECKED 1
#endif
#ifndef CHECKED
#define CHECKED 0
#endif

#endif
