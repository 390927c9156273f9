CREATE TABLE "humasess_sessions" (
  seq INTEGER PRIMARY KEY, -- the order of creation
  id BLOB NOT NULL UNIQUE,
  identity BLOB, -- NULL is anonymous
  version INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  payload BLOB NOT NULL
);
CREATE INDEX "humasess_sessions_identity" ON "humasess_sessions" (identity, seq) WHERE identity IS NOT NULL;
CREATE INDEX "humasess_sessions_expires" ON "humasess_sessions" (expires);
CREATE TABLE "humasess_revocations" (
  identity BLOB NOT NULL PRIMARY KEY,
  revoked INTEGER NOT NULL,
  mark INTEGER NOT NULL DEFAULT 0 -- the name of the last revocation
) WITHOUT ROWID;
CREATE INDEX "humasess_revocations_revoked" ON "humasess_revocations" (revoked);
CREATE TABLE "humasess_changes" (
  identity BLOB NOT NULL PRIMARY KEY,
  changed INTEGER NOT NULL,
  mark INTEGER NOT NULL -- the name of the last change
) WITHOUT ROWID;
CREATE INDEX "humasess_changes_changed" ON "humasess_changes" (changed);
INSERT INTO "humasess_sessions" (seq, id, identity, version, last_seen, expires, deadline, payload) VALUES (1, X'09000000000000000000000000000000', X'616461', 2, 946684860000000000, 946692060000000000, 946771200000000000, X'6461746100276F66223B0AFF');
INSERT INTO "humasess_sessions" (seq, id, identity, version, last_seen, expires, deadline, payload) VALUES (3, X'04000000000000000000000000000000', NULL, 1, 946684800000000000, 946684860000000000, 946688400000000000, X'65787069726564');
INSERT INTO "humasess_sessions" (seq, id, identity, version, last_seen, expires, deadline, payload) VALUES (4, X'03000000000000000000000000000000', X'616461', 1, 946684860000000000, 946688460000000000, 946688460000000000, X'7365636F6E64');
INSERT INTO "humasess_sessions" (seq, id, identity, version, last_seen, expires, deadline, payload) VALUES (5, X'02000000000000000000000000000000', NULL, 1, 946684860000000000, 946686660000000000, 946857660000000000, X'');
INSERT INTO "humasess_revocations" (identity, revoked, mark) VALUES (X'', 946684920000000000, 946684920000000000);
INSERT INTO "humasess_revocations" (identity, revoked, mark) VALUES (X'626F62', 946684980000000000, 946684980000000000);
INSERT INTO "humasess_changes" (identity, changed, mark) VALUES (X'626F62', 946685040000000000, 946685040000000000);
