-- A role for the API on PostgreSQL: it reads one schema, that of the collections, and writes to none of its tables.
-- What PostgreSQL lets everybody do it may do too: read the catalogs, take advisory locks, create large objects, and
-- enter other databases and schemas that are open to PUBLIC.
--
-- The schema should hold the collections alone: the role reads every table and view in it, also those that later
-- contracts add. Run it in the collections' database as a superuser, or as a role that owns the database and the
-- schema, has CREATEROLE and is a member of the writer; from the folder of the repository, with names of your own. The
-- writer is the role whose tables these are, that of the Airflow tasks:
--
--     psql> SET vitrine.schema = 'public'; SET vitrine.writer = 'vitrine'; SET vitrine.reader = 'vitrine_reader';
--     psql> \i docs/roles/postgresql.sql
--     psql> \password vitrine_reader
--
-- Then give the API, and only it, VITRINE_COLLECTIONS=postgresql://vitrine_reader:...@host:5432/shop
-- In another schema than public the writer's URL names it, as the parameter options, escaped: -c search_path=shop; the
-- reader's need not.
-- Run again, it sets the rights anew.

DO $$
DECLARE
    place text := quote_ident(current_setting('vitrine.schema'));
    writer text := quote_ident(current_setting('vitrine.writer'));
    reader text := quote_ident(current_setting('vitrine.reader'));
    base text := quote_ident(current_database());
BEGIN
    IF to_regrole(reader) IS NULL THEN
        EXECUTE 'CREATE ROLE ' || reader;
    END IF;
    EXECUTE 'ALTER ROLE ' || reader || ' LOGIN';
    EXECUTE 'ALTER ROLE ' || reader || ' SET default_transaction_read_only = on';
    EXECUTE 'ALTER ROLE ' || reader || ' IN DATABASE ' || base || ' SET search_path = ' || place;

    -- What everybody may do unless it is taken away: temporary tables and, before PostgreSQL 15, tables.
    EXECUTE 'GRANT CREATE, USAGE ON SCHEMA ' || place || ' TO ' || writer;
    EXECUTE 'REVOKE CREATE ON SCHEMA ' || place || ' FROM PUBLIC, ' || reader;
    EXECUTE 'REVOKE TEMPORARY ON DATABASE ' || base || ' FROM PUBLIC, ' || reader;

    EXECUTE 'GRANT CONNECT ON DATABASE ' || base || ' TO ' || reader;
    EXECUTE 'GRANT USAGE ON SCHEMA ' || place || ' TO ' || reader;
    EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA ' || place || ' FROM ' || reader;
    EXECUTE 'GRANT SELECT ON ALL TABLES IN SCHEMA ' || place || ' TO ' || reader;

    -- What the writer will create.
    EXECUTE 'ALTER DEFAULT PRIVILEGES FOR ROLE ' || writer || ' IN SCHEMA ' || place
        || ' GRANT SELECT ON TABLES TO ' || reader;
END
$$;
