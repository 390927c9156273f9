-- The schema of a humasess store in SQLite. It may run at any time. Times
-- are nanoseconds since 1970.
CREATE TABLE IF NOT EXISTS {sessions} (
  seq INTEGER PRIMARY KEY, -- the order of creation
  id BLOB NOT NULL UNIQUE,
  identity BLOB, -- NULL is anonymous
  version INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS {by_identity} ON {sessions} (identity, seq) WHERE identity IS NOT NULL;
CREATE INDEX IF NOT EXISTS {by_expires} ON {sessions} (expires);
CREATE TABLE IF NOT EXISTS {revocations} (
  identity BLOB NOT NULL PRIMARY KEY,
  revoked INTEGER NOT NULL,
  mark INTEGER NOT NULL DEFAULT 0 -- the name of the last revocation
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {by_revoked} ON {revocations} (revoked);
CREATE TABLE IF NOT EXISTS {changes} (
  identity BLOB NOT NULL PRIMARY KEY,
  changed INTEGER NOT NULL,
  mark INTEGER NOT NULL -- the name of the last change
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {by_changed} ON {changes} (changed);
