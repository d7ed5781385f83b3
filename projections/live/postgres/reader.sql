-- The role that may read what is for others, and nothing else. Where we may not make roles, an administrator makes it
-- before or after: CREATE ROLE kindinbeeld_reader NOLOGIN, and then the three grants.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kindinbeeld_reader') THEN
        CREATE ROLE kindinbeeld_reader NOLOGIN;
    END IF;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    NULL;
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'kindinbeeld_reader') THEN
        GRANT USAGE ON SCHEMA kindinbeeld TO kindinbeeld_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA kindinbeeld TO kindinbeeld_reader;
        ALTER DEFAULT PRIVILEGES IN SCHEMA kindinbeeld GRANT SELECT ON TABLES TO kindinbeeld_reader;
    END IF;
END $$;
