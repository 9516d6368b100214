/*
 * cli_npy.h - the header of a .npy file, which is a dictionary as Python writes it.
 */
#ifndef CMD_CLI_NPY_H
#define CMD_CLI_NPY_H

/* What follows `key` ("'descr'") and a colon in the header; NULL where it is not there. */
const char *cli_npy_value(const char *header, const char *key);

#endif
