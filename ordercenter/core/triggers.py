"""SQL for migrations: append-only tables, and tables whose every change is kept."""

from __future__ import annotations

from django.db import migrations

# What differs, as {column: [before, after]}; of a removed row everything.
KEEP_CHANGE = """
CREATE OR REPLACE FUNCTION core_keep_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := to_jsonb(OLD);
  diff jsonb;
BEGIN
  IF TG_OP = 'DELETE' THEN
    diff := jsonb_build_object('*', jsonb_build_array(before, NULL));
    INSERT INTO core_fieldchange (table_name, row_id, changes, db_user)
    VALUES (TG_TABLE_NAME, OLD.id, diff, session_user);
    RETURN NULL;
  END IF;
  SELECT jsonb_object_agg(n.key, jsonb_build_array(before -> n.key, n.value)) INTO diff
    FROM jsonb_each(to_jsonb(NEW)) n
   WHERE n.value IS DISTINCT FROM before -> n.key
     -- A trigger without arguments has no empty array but none at all.
     AND NOT (n.key = ANY (coalesce(TG_ARGV, '{}')));
  IF diff IS NOT NULL THEN
    INSERT INTO core_fieldchange (table_name, row_id, changes, db_user)
    VALUES (TG_TABLE_NAME, NEW.id, diff, session_user);
  END IF;
  RETURN NULL;
END $$;
"""

FUNCTIONS = f"""
{KEEP_CHANGE}
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION core_wake_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fresh) THEN
    PERFORM pg_notify('outbox', '');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER delivery_wakes_relay AFTER INSERT ON core_delivery
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION core_wake_relay();
"""

DROP_FUNCTIONS = """
DROP TRIGGER delivery_wakes_relay ON core_delivery;
DROP FUNCTION core_wake_relay();
DROP FUNCTION core_keep_change();
DROP FUNCTION core_refuse_change();
"""


def append_only(table: str) -> migrations.RunSQL:
    """UPDATE, DELETE and TRUNCATE of the table fail, whoever asks."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
          FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
          FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
        """,
        f"""
        DROP TRIGGER {table}_append_only ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};
        """,
    )


def keep_changes(
    table: str, *, ignore: tuple[str, ...] = (), only: tuple[str, ...] = ()
) -> migrations.RunSQL:
    """Every UPDATE or DELETE of the table leaves a field-change row; TRUNCATE, which would
    leave none, is refused.

    `ignore` names columns that machines touch without meaning; `only` limits the trigger to
    statements that set one of these columns.
    """
    arguments = ", ".join(f"'{name}'" for name in ignore)
    columns = f" OF {', '.join(only)}" if only else ""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {table}_keep_change AFTER UPDATE{columns} OR DELETE ON {table}
          FOR EACH ROW EXECUTE FUNCTION core_keep_change({arguments});
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
          FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
        """,
        f"""
        DROP TRIGGER {table}_keep_change ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};
        """,
    )
