-- What a humasess store keeps in PostgreSQL. It may run at any time, and in
-- any number of processes at once. {…} stand for quoted names and literals.
SELECT pg_advisory_xact_lock({space});

DO {body}
BEGIN
  -- Nothing is locked where everything is there.
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {schema_text}) THEN
    CREATE SCHEMA {schema};
  END IF;
  IF to_regclass({sessions_text}) IS NULL THEN
    -- Columns that a touch changes are in no index, and pages have room for
    -- the new row beside the old one: then no index is written (HOT).
    CREATE TABLE {sessions} (
      seq bigint GENERATED ALWAYS AS IDENTITY, -- the order of creation
      version bigint NOT NULL,
      last_seen timestamptz NOT NULL,
      expires timestamptz NOT NULL,
      deadline timestamptz NOT NULL,
      id bytea NOT NULL PRIMARY KEY,
      identity bytea, -- any bytes, in any encoding of the database; NULL is anonymous
      payload bytea NOT NULL
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX {by_identity} ON {sessions} (identity, seq) WHERE identity IS NOT NULL;
    CREATE INDEX {by_deadline} ON {sessions} (deadline);
  END IF;
  IF to_regclass({revocations_text}) IS NULL THEN
    CREATE TABLE {revocations} (
      identity bytea NOT NULL PRIMARY KEY,
      revoked timestamptz NOT NULL,
      pending bigint NOT NULL -- calls in transactions whose end was still to come
    );
    CREATE INDEX {by_revoked} ON {revocations} (revoked);
  END IF;
END {body};

-- A revocation within a transaction of the caller's happens when that ends:
-- until then others see what was before, an old password for example.
CREATE OR REPLACE FUNCTION {stamp}() RETURNS trigger LANGUAGE plpgsql AS {body}
BEGIN
  UPDATE {revocations} SET revoked = clock_timestamp() WHERE identity = NEW.identity;
  RETURN NULL;
END {body};

DO {body}
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {revocations_text}::regclass AND tgname = 'stamp') THEN
    CREATE CONSTRAINT TRIGGER stamp AFTER INSERT OR UPDATE OF pending ON {revocations}
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.pending > 0) EXECUTE FUNCTION {stamp}();
  END IF;
END {body};

-- Creates and revocations of one identity come one after the other. Each
-- statement after this one sees what the one before has committed, which
-- holds at READ COMMITTED only.
CREATE OR REPLACE FUNCTION {lock}(p_identity bytea) RETURNS void LANGUAGE plpgsql AS {body}
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'sessions are created and revoked at isolation level READ COMMITTED only' USING ERRCODE = '25001';
  END IF;
  IF p_identity IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(p_identity, 'hex'), {space}));
  END IF;
END {body};

-- The mark of an identity, or that of everybody if it is later: no identity
-- is the empty one.
CREATE OR REPLACE FUNCTION {marked}(p_identity bytea) RETURNS timestamptz LANGUAGE plpgsql AS {body}
BEGIN
  RETURN (SELECT max(r.revoked) FROM {revocations} r WHERE r.identity IN (p_identity, ''::bytea));
END {body};

-- What has ended, for those who listen; the server sends it with the commit.
-- IDs are public, and have the form of stores.ID. Where p_channel is NULL,
-- nobody does and nothing of it runs.
CREATE OR REPLACE FUNCTION {hint}(p_channel text, p_ids bytea[]) RETURNS void LANGUAGE plpgsql AS {body}
BEGIN
  IF cardinality(p_ids) > {most_hints} THEN
    PERFORM pg_notify(p_channel, 'many');
  ELSE
    PERFORM pg_notify(p_channel, translate(encode(u.id, 'base64'), '+/=', '-_')) FROM unnest(p_ids) AS u (id);
  END IF;
END {body};

CREATE OR REPLACE FUNCTION {create}(
  p_id bytea, p_identity bytea, p_payload bytea, p_idle bigint, p_absolute bigint,
  p_limit bigint, -- negative refuses where positive evicts
  p_channel text, OUT o_status int, OUT o_expires timestamptz, OUT o_deadline timestamptz, OUT o_now timestamptz,
  OUT o_revoked timestamptz, OUT o_evicted bigint
) LANGUAGE plpgsql AS {body}
DECLARE
  v_all bigint;
  v_live bigint;
  v_gone bytea[];
BEGIN
  o_status := 0;
  o_evicted := 0;
  PERFORM {lock}(p_identity);
  -- Held by everybody who has not seen a mark that is about to come; see Clear.
  PERFORM pg_advisory_xact_lock_shared({creating});
  LOOP
    o_now := clock_timestamp();
    o_deadline := o_now + p_absolute * interval '1 microsecond';
    o_expires := least(o_now + p_idle * interval '1 microsecond', o_deadline);
    INSERT INTO {sessions} (version, last_seen, expires, deadline, id, identity, payload)
      VALUES (1, o_now, o_expires, o_deadline, p_id, p_identity, p_payload)
      ON CONFLICT (id) DO NOTHING;
    EXIT WHEN FOUND;
    DELETE FROM {sessions} s WHERE s.id = p_id AND s.expires <= clock_timestamp();
    IF NOT FOUND THEN
      o_status := 3;
      RETURN;
    END IF;
  END LOOP;
  o_revoked := {marked}(p_identity);
  IF p_identity IS NULL OR p_limit = 0 THEN
    RETURN;
  END IF;
  SELECT count(*), count(*) FILTER (WHERE s.expires > o_now) INTO v_all, v_live
    FROM {sessions} s WHERE s.identity = p_identity;
  IF v_all > v_live THEN
    DELETE FROM {sessions} s WHERE s.identity = p_identity AND s.expires <= o_now;
  END IF;
  IF v_live > abs(p_limit) THEN
    -- A delete does not wait for the identity. Hold what there is, and count
    -- again: nobody gives way to a session that has ended, or is refused for it.
    PERFORM FROM {sessions} s WHERE s.identity = p_identity ORDER BY s.seq FOR UPDATE;
    IF p_limit < 0 THEN
      IF (SELECT count(*) FROM {sessions} s WHERE s.identity = p_identity AND s.expires > o_now) > -p_limit THEN
        DELETE FROM {sessions} s WHERE s.id = p_id;
        o_status := 4;
      END IF;
      RETURN;
    END IF;
    WITH kept AS (
      SELECT s.seq FROM {sessions} s WHERE s.identity = p_identity AND s.expires > o_now ORDER BY s.seq DESC LIMIT p_limit
    ), gone AS (
      DELETE FROM {sessions} s WHERE s.identity = p_identity AND s.seq < (SELECT min(k.seq) FROM kept k)
        RETURNING s.id, s.expires > o_now AS live
    )
    SELECT count(*), array_agg(g.id) FILTER (WHERE p_channel IS NOT NULL) INTO o_evicted, v_gone FROM gone g WHERE g.live;
    IF p_channel IS NOT NULL THEN
      PERFORM {hint}(p_channel, v_gone);
    END IF;
  END IF;
END {body};

-- Here and below the row is locked before the clock is read: a session must
-- not expire for others while we wait, and then be extended.
CREATE OR REPLACE FUNCTION {update}(
  p_id bytea, p_version bigint, p_payload bytea, p_idle bigint, p_absolute bigint,
  OUT o_status int, OUT o_expires timestamptz, OUT o_deadline timestamptz, OUT o_now timestamptz
) LANGUAGE plpgsql AS {body}
DECLARE
  v_version bigint;
  v_seen timestamptz;
BEGIN
  o_status := 0;
  SELECT s.version, s.last_seen, s.expires, s.deadline INTO v_version, v_seen, o_expires, o_deadline
    FROM {sessions} s WHERE s.id = p_id FOR NO KEY UPDATE;
  o_now := clock_timestamp();
  IF v_version IS NULL OR o_expires <= o_now THEN
    o_status := 1;
    RETURN;
  END IF;
  IF v_version <> p_version THEN
    o_status := 2;
    RETURN;
  END IF;
  IF p_absolute > 0 THEN
    o_deadline := o_now + p_absolute * interval '1 microsecond';
  END IF;
  IF p_idle > 0 THEN
    v_seen := o_now;
    o_expires := o_now + p_idle * interval '1 microsecond';
  END IF;
  o_expires := least(o_expires, o_deadline);
  UPDATE {sessions} s SET version = p_version + 1, last_seen = v_seen, expires = o_expires, deadline = o_deadline, payload = p_payload
    WHERE s.id = p_id;
END {body};

CREATE OR REPLACE FUNCTION {touch}(p_id bytea, p_idle bigint, OUT o_expires timestamptz) LANGUAGE plpgsql AS {body}
DECLARE
  v_now timestamptz;
  v_seen timestamptz;
  v_deadline timestamptz;
BEGIN
  SELECT s.last_seen, s.expires, s.deadline INTO v_seen, o_expires, v_deadline
    FROM {sessions} s WHERE s.id = p_id FOR NO KEY UPDATE;
  v_now := clock_timestamp();
  IF o_expires <= v_now THEN
    o_expires := NULL;
  END IF;
  -- A clock that was set back writes: last_seen must not stay in the future.
  IF o_expires IS NULL OR v_seen <= v_now AND v_now < v_seen + (p_idle / 10) * interval '1 microsecond' THEN
    RETURN;
  END IF;
  o_expires := least(v_now + p_idle * interval '1 microsecond', v_deadline);
  UPDATE {sessions} s SET last_seen = v_now, expires = o_expires WHERE s.id = p_id;
END {body};

CREATE OR REPLACE FUNCTION {delete}(p_id bytea, p_version bigint, p_identity bytea, p_channel text) RETURNS int LANGUAGE plpgsql AS {body}
DECLARE
  v_version bigint;
  v_identity bytea;
  v_expires timestamptz;
BEGIN
  SELECT s.version, s.identity, s.expires INTO v_version, v_identity, v_expires
    FROM {sessions} s WHERE s.id = p_id FOR UPDATE;
  IF v_version IS NULL OR v_expires <= clock_timestamp() THEN
    RETURN 1;
  END IF;
  IF p_identity IS NOT NULL AND v_identity IS DISTINCT FROM p_identity THEN
    RETURN 1;
  END IF;
  IF p_version <> 0 AND v_version <> p_version THEN
    RETURN 2;
  END IF;
  DELETE FROM {sessions} s WHERE s.id = p_id;
  IF p_channel IS NOT NULL THEN
    PERFORM {hint}(p_channel, ARRAY[p_id]);
  END IF;
  RETURN 0;
END {body};

CREATE OR REPLACE FUNCTION {revoke}(
  p_identity bytea, p_except bytea, p_pending bigint, p_channel text,
  OUT o_count bigint, OUT o_before timestamptz, OUT o_now timestamptz
) LANGUAGE plpgsql AS {body}
DECLARE
  v_gone bytea[];
BEGIN
  PERFORM {lock}(p_identity);
  o_before := {marked}(p_identity);
  o_now := clock_timestamp();
  INSERT INTO {revocations} AS r (identity, revoked, pending) VALUES (p_identity, o_now, p_pending)
    ON CONFLICT (identity) DO UPDATE SET revoked = o_now, pending = r.pending + p_pending;
  WITH gone AS (
    DELETE FROM {sessions} s WHERE s.identity = p_identity AND s.id <> p_except RETURNING s.id, s.expires
  )
  SELECT count(*), array_agg(g.id) FILTER (WHERE p_channel IS NOT NULL) INTO o_count, v_gone FROM gone g WHERE g.expires > o_now;
  IF p_channel IS NOT NULL THEN
    PERFORM {hint}(p_channel, v_gone);
  END IF;
END {body};

-- A slice of Clear: the next rows by their ID, and of those the ones whose
-- payload begins with p_head. o_last is NULL after the last row.
CREATE OR REPLACE FUNCTION {clear}(
  p_after bytea, p_head bytea, p_rows bigint, p_channel text, OUT o_count bigint, OUT o_last bytea
) LANGUAGE plpgsql AS {body}
DECLARE
  v_gone bytea[];
BEGIN
  SELECT s.id INTO o_last FROM {sessions} s WHERE s.id > p_after ORDER BY s.id OFFSET p_rows - 1 LIMIT 1;
  WITH gone AS (
    DELETE FROM {sessions} s WHERE s.id > p_after AND (o_last IS NULL OR s.id <= o_last)
      AND substr(s.payload, 1, length(p_head)) = p_head RETURNING s.id, s.expires
  )
  SELECT count(*), array_agg(g.id) FILTER (WHERE p_channel IS NOT NULL) INTO o_count, v_gone
    FROM gone g WHERE g.expires > clock_timestamp();
  IF p_channel IS NOT NULL THEN
    PERFORM {hint}(p_channel, v_gone);
  END IF;
END {body};
