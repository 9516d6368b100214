/*
 * audit_db_schema.h - the tables of --db.  tok-formats(5) tells what they hold.
 *
 * PRAGMA user_version is the number of steps that a file has been through; each step is done in the
 * transaction of the run that needs it, and none is ever changed.
 */
#ifndef CMD_AUDIT_DB_SCHEMA_H
#define CMD_AUDIT_DB_SCHEMA_H

/* "tokA", PRAGMA application_id. */
#define AUDIT_DB_APPLICATION 0x746F6B41

extern const char *const audit_db_steps[];
extern const int audit_db_version; /* how many there are */

#endif
