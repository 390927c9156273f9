-- The schema of a humasess store in PostgreSQL. It may run at any time, and in
-- any number of processes in parallel.
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
  IF to_regclass({marks_text}) IS NULL THEN
    CREATE TABLE {marks} (
      identity bytea NOT NULL, -- the empty one stands for all identities
      kind smallint NOT NULL, -- 0 is a revocation, 1 is a change
      at timestamptz NOT NULL,
      name bigint NOT NULL, -- random, because a clock may tell the same time twice
      pending boolean NOT NULL, -- the transaction of the caller has to stamp it
      PRIMARY KEY (identity, kind)
    );
    CREATE INDEX {by_at} ON {marks} (at);
  END IF;
  -- Development databases kept revocations alone, in a table of this name.
  IF to_regclass({revocations_text}) IS NOT NULL THEN
    INSERT INTO {marks} (identity, kind, at, name, pending)
      SELECT r.identity, 0, r.revoked, (extract(epoch FROM r.revoked) * 1000000)::bigint, false FROM {revocations} r
      ON CONFLICT DO NOTHING;
    DROP TABLE {revocations};
  END IF;
END {body};

-- Replaces the mark of an identity and returns its name.
CREATE OR REPLACE FUNCTION {leave}(p_identity bytea, p_kind int, p_pending boolean) RETURNS bigint LANGUAGE plpgsql AS {body}
DECLARE
  -- The last 15 digits of a UUID are random, all of them.
  v_name bigint := greatest(1, ('x0' || right(replace(gen_random_uuid()::text, '-', ''), 15))::bit(64)::bigint);
BEGIN
  INSERT INTO {marks} AS m (identity, kind, at, name, pending) VALUES (p_identity, p_kind, clock_timestamp(), v_name, p_pending)
    ON CONFLICT (identity, kind) DO UPDATE SET at = clock_timestamp(), name = v_name, pending = p_pending;
  RETURN v_name;
END {body};

-- A mark in a transaction of the caller counts from the end of that
-- transaction, because other requests read the old password or the old roles
-- until then. The name changes too. Otherwise a process that knows the name
-- from the call would take the requests since then as newer than the mark.
CREATE OR REPLACE FUNCTION {stamp}() RETURNS trigger LANGUAGE plpgsql AS {body}
BEGIN
  PERFORM {leave}(NEW.identity, NEW.kind, false);
  RETURN NULL;
END {body};

DO {body}
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {marks_text}::regclass AND tgname = 'stamp') THEN
    CREATE CONSTRAINT TRIGGER stamp AFTER INSERT OR UPDATE OF pending ON {marks}
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.pending) EXECUTE FUNCTION {stamp}();
  END IF;
END {body};

-- Creates and marks of one identity run one after another. After this statement
-- each one sees the commits of the one before. This holds only at READ
-- COMMITTED.
CREATE OR REPLACE FUNCTION {lock}(p_identity bytea) RETURNS void LANGUAGE plpgsql AS {body}
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'sessions are created and revoked at isolation level READ COMMITTED only' USING ERRCODE = '25001';
  END IF;
  IF p_identity IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(p_identity, 'hex'), {space}));
  END IF;
END {body};

-- Returns the marks of an identity, or NULL. A mark older than the retention is
-- ignored, even if it is not swept. The later of the identity's revocation and
-- the revocation of all counts. A mark from the future, left before the clock
-- was set back, counts as now and is rewritten. Otherwise it would refuse every
-- sign-in until that time. If another call holds the row for the same purpose,
-- this one does not wait.
CREATE OR REPLACE FUNCTION {marked}(
  p_identity bytea, OUT o_ago bigint, OUT o_mark bigint, OUT o_changed_ago bigint, OUT o_change bigint
) LANGUAGE plpgsql AS {body}
DECLARE
  v_revoked timestamptz;
  v_changed timestamptz;
  v_now timestamptz;
BEGIN
  SELECT m.at, m.name INTO v_revoked, o_mark FROM {marks} m
    WHERE m.identity IN (p_identity, ''::bytea) AND m.kind = 0 AND m.at >= clock_timestamp() - {retention} ORDER BY m.at DESC LIMIT 1;
  SELECT m.at, m.name INTO v_changed, o_change FROM {marks} m
    WHERE m.identity = p_identity AND m.kind = 1 AND m.at >= clock_timestamp() - {retention};
  v_now := clock_timestamp();
  IF v_revoked > v_now OR v_changed > v_now THEN
    UPDATE {marks} m SET at = least(m.at, clock_timestamp()) WHERE (m.identity, m.kind) IN (
      SELECT f.identity, f.kind FROM {marks} f WHERE f.identity IN (p_identity, ''::bytea) AND f.at > v_now FOR UPDATE SKIP LOCKED);
  END IF;
  -- In microseconds. CASE, because greatest passes over NULL.
  o_ago := CASE WHEN v_revoked > v_now THEN 0 ELSE extract(epoch FROM v_now - v_revoked) * 1000000 END;
  o_changed_ago := CASE WHEN v_changed > v_now THEN 0 ELSE extract(epoch FROM v_now - v_changed) * 1000000 END;
END {body};

-- Notifies listeners of ended sessions; the server sends this with the commit.
-- IDs are public, and have the form of stores.ID. If p_channel is NULL, the
-- callers do not call it.
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
  p_not_after timestamptz, p_age bigint, -- NULL and 0 bound nothing
  p_replaces bytea[], p_versions bigint[], p_gone boolean[], -- NULL is none, see stores.Replaced
  p_channel text, OUT o_status int, OUT o_expires timestamptz, OUT o_deadline timestamptz, OUT o_now timestamptz,
  OUT o_ago bigint, OUT o_mark bigint, OUT o_changed_ago bigint, OUT o_change bigint, OUT o_evicted bigint
) LANGUAGE plpgsql AS {body}
DECLARE
  v_replaces bytea[] := coalesce(p_replaces, '{}');
  v_identity bytea;
  v_old record;
  v_version bigint;
  v_expires timestamptz;
  v_all bigint;
  v_live bigint;
  v_gone bytea[];
BEGIN
  o_status := 0;
  o_evicted := 0;
  v_live := 0;
  -- A session of another identity may be replaced. All identities are locked in
  -- one order, so that two creates that replace each other's sessions wait for
  -- each other and do not deadlock.
  FOR v_identity IN
    SELECT i.identity FROM (SELECT p_identity AS identity UNION SELECT s.identity FROM {sessions} s WHERE s.id = ANY (v_replaces)) i
    ORDER BY hashtextextended(encode(i.identity, 'hex'), {space})
  LOOP
    PERFORM {lock}(v_identity);
  END LOOP;
  -- Held by each call that has not seen a mark that is about to come; see Clear.
  PERFORM pg_advisory_xact_lock_shared({creating});
  SELECT m.* INTO o_ago, o_mark, o_changed_ago, o_change FROM {marked}(p_identity) m;
  IF p_age > 0 AND o_ago <= p_age THEN
    o_status := 5;
    RETURN;
  END IF;
  IF p_age > 0 AND o_changed_ago <= p_age THEN
    o_status := 6;
    RETURN;
  END IF;
  -- All are held, and everything is checked, before the first is deleted: a
  -- transaction of the caller goes on after an answer that refuses.
  FOR v_old IN
    SELECT u.id, u.version, u.gone FROM unnest(p_replaces, p_versions, p_gone) AS u (id, version, gone) ORDER BY u.id
  LOOP
    SELECT s.version, s.expires INTO v_version, v_expires FROM {sessions} s WHERE s.id = v_old.id FOR UPDATE;
    IF NOT FOUND OR v_expires <= clock_timestamp() THEN
      IF NOT v_old.gone THEN
        o_status := 1;
        RETURN;
      END IF;
    ELSIF v_old.version NOT IN (0, v_version) THEN
      o_status := 2;
      RETURN;
    END IF;
  END LOOP;
  LOOP
    o_now := clock_timestamp();
    o_deadline := least(o_now + p_absolute * interval '1 microsecond', p_not_after);
    o_expires := least(o_now + p_idle * interval '1 microsecond', o_deadline);
    IF o_deadline <= o_now THEN
      o_status := 1;
      RETURN;
    END IF;
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
  -- How long before o_now, exactly. The marks were read before rows were waited for.
  IF o_ago > 0 THEN
    o_ago := coalesce((SELECT extract(epoch FROM greatest(o_now - m.at, interval '0')) * 1000000 FROM {marks} m
      WHERE m.identity IN (p_identity, ''::bytea) AND m.kind = 0 AND m.name = o_mark), o_ago);
  END IF;
  IF o_changed_ago > 0 THEN
    o_changed_ago := coalesce((SELECT extract(epoch FROM greatest(o_now - m.at, interval '0')) * 1000000 FROM {marks} m
      WHERE m.identity = p_identity AND m.kind = 1 AND m.name = o_change), o_changed_ago);
  END IF;
  IF p_identity IS NOT NULL AND p_limit <> 0 THEN
    SELECT count(*), count(*) FILTER (WHERE s.expires > o_now) INTO v_all, v_live
      FROM {sessions} s WHERE s.identity = p_identity AND s.id <> ALL (v_replaces);
    IF v_all > v_live THEN
      DELETE FROM {sessions} s WHERE s.identity = p_identity AND s.expires <= o_now;
    END IF;
    IF v_live > abs(p_limit) THEN
      -- A delete does not wait for the identity. Hold what there is, and count
      -- again: a session that has ended evicts no other and refuses no other.
      PERFORM FROM {sessions} s WHERE s.identity = p_identity ORDER BY s.seq FOR UPDATE;
      IF p_limit < 0 AND -p_limit < (
        SELECT count(*) FROM {sessions} s WHERE s.identity = p_identity AND s.id <> ALL (v_replaces) AND s.expires > o_now
      ) THEN
        DELETE FROM {sessions} s WHERE s.id = p_id;
        o_status := 4;
        RETURN;
      END IF;
    END IF;
  END IF;
  IF cardinality(v_replaces) > 0 THEN
    WITH gone AS (
      DELETE FROM {sessions} s WHERE s.id = ANY (v_replaces) RETURNING s.id, s.expires > o_now AS live
    )
    SELECT array_agg(g.id) FILTER (WHERE g.live) INTO v_gone FROM gone g;
    IF p_channel IS NOT NULL THEN
      PERFORM {hint}(p_channel, v_gone);
    END IF;
  END IF;
  IF p_limit > 0 AND v_live > p_limit THEN
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

-- Here and below the row is locked before the clock is read. Otherwise a
-- session could expire for others during the wait, and then be extended.
CREATE OR REPLACE FUNCTION {update}(
  p_id bytea, p_version bigint, p_payload bytea, p_idle bigint,
  p_absolute bigint, -- negative shortens where positive restarts
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
  ELSIF p_absolute < 0 THEN
    o_deadline := least(o_deadline, o_now - p_absolute * interval '1 microsecond');
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
  IF o_expires IS NULL OR v_seen <= v_now AND v_now < v_seen + (p_idle / 20) * interval '1 microsecond' THEN
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
  p_identity bytea, p_except bytea, p_pending boolean, p_channel text, OUT o_count bigint, OUT o_ago bigint, OUT o_mark bigint
) LANGUAGE plpgsql AS {body}
DECLARE
  v_now timestamptz;
  v_gone bytea[];
BEGIN
  PERFORM {lock}(p_identity);
  o_ago := (SELECT m.o_ago FROM {marked}(p_identity) m);
  o_mark := {leave}(p_identity, 0, p_pending);
  v_now := clock_timestamp();
  WITH gone AS (
    DELETE FROM {sessions} s WHERE s.identity = p_identity AND s.id <> p_except RETURNING s.id, s.expires
  )
  SELECT count(*), array_agg(g.id) FILTER (WHERE p_channel IS NOT NULL) INTO o_count, v_gone FROM gone g WHERE g.expires > v_now;
  IF p_channel IS NOT NULL THEN
    PERFORM {hint}(p_channel, v_gone);
  END IF;
END {body};

CREATE OR REPLACE FUNCTION {change}(p_identity bytea, p_pending boolean, OUT o_ago bigint, OUT o_mark bigint) LANGUAGE plpgsql AS {body}
BEGIN
  PERFORM {lock}(p_identity);
  o_ago := (SELECT m.o_changed_ago FROM {marked}(p_identity) m);
  o_mark := {leave}(p_identity, 1, p_pending);
END {body};

-- A slice of Clear: it reads the next rows by ID and deletes those whose
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
