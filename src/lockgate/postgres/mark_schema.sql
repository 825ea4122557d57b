CREATE SCHEMA IF NOT EXISTS lockgate;
GRANT USAGE ON SCHEMA lockgate TO PUBLIC;

CREATE TABLE IF NOT EXISTS lockgate.mark (
    only_one          boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    format            integer NOT NULL,
    uuid              uuid NOT NULL,
    environment       text NOT NULL,
    role              text NOT NULL,
    part              text NOT NULL,
    system_identifier text,
    oid               bigint NOT NULL,
    host              text,
    port              integer NOT NULL,
    database          text NOT NULL,
    schema            text,
    enrolled_at       timestamptz NOT NULL,
    enrolled_by       text NOT NULL
);
GRANT SELECT ON lockgate.mark TO PUBLIC;
COMMENT ON TABLE lockgate.mark IS 'Which lockgate environment this database is; written by lockgate env enroll';

CREATE TABLE IF NOT EXISTS lockgate.ledger (
    id            bigint PRIMARY KEY,
    entry         text NOT NULL,
    previous_hash text NOT NULL UNIQUE,
    hash          text NOT NULL UNIQUE
);
GRANT SELECT ON lockgate.ledger TO PUBLIC;
COMMENT ON TABLE lockgate.ledger IS 'Append-only account of what lockgate ran here; check it with lockgate log --verify';

CREATE TABLE IF NOT EXISTS lockgate.ledger_end (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    id       bigint NOT NULL,
    hash     text NOT NULL
);
GRANT SELECT ON lockgate.ledger_end TO PUBLIC;
COMMENT ON TABLE lockgate.ledger_end IS 'The last row of lockgate.ledger, so that a missing end is seen';

CREATE OR REPLACE FUNCTION lockgate.append_to_ledger(new_entry text) RETURNS bigint
LANGUAGE plpgsql AS $function$
DECLARE
    last     lockgate.ledger_end;
    new_hash text;
BEGIN
    SELECT e.* INTO last FROM lockgate.ledger_end AS e FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    new_hash := encode(sha256(convert_to(last.hash || E'\n' || new_entry, 'UTF8')), 'hex');
    INSERT INTO lockgate.ledger (id, entry, previous_hash, hash)
    VALUES (last.id + 1, new_entry, last.hash, new_hash);
    UPDATE lockgate.ledger_end SET id = last.id + 1, hash = new_hash;
    RETURN last.id + 1;
END
$function$;

CREATE OR REPLACE FUNCTION lockgate.refuse_ledger_change() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'lockgate.ledger is append-only' USING ERRCODE = 'insufficient_privilege';
END
$function$;

CREATE OR REPLACE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON lockgate.ledger
    FOR EACH STATEMENT EXECUTE FUNCTION lockgate.refuse_ledger_change();

CREATE TABLE IF NOT EXISTS lockgate.journal (
    revision      text NOT NULL,
    direction     text NOT NULL,
    position      integer NOT NULL,
    syntax        text NOT NULL,
    sql           text NOT NULL,
    digest        text NOT NULL,
    touched       bigint,
    within_schema text,
    backend       integer NOT NULL,
    backend_start timestamptz,
    begun_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at       timestamptz,
    PRIMARY KEY (revision, direction, position)
);
COMMENT ON TABLE lockgate.journal IS 'What a revision that was cut off had committed by itself; empty when none was';
