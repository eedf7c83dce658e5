"""What the application's database role may do: everything it needs, and nothing that rewrites evidence.

The owner of the tables migrates; web, workers and folder connect as `settings.APP_DATABASE_ROLE`. It may
read and write rows, but in an append-only table (`ledger.immutability`) only add them and change the
columns named there; it owns nothing, so it can neither alter a table nor switch a trigger off. It may lock
rows (`SELECT … FOR UPDATE`) only where it may update a column.
"""

from django.db import connection
from psycopg2 import sql

from ledger.immutability import append_only_tables

# Written by the owner's functions (migration 0002) or by migrations only.
READ_ONLY = frozenset({"django_migrations", "ledger_leaf", "ledger_unsequenced"})


class NotPossible(Exception):
    """The role cannot be made, or must not be used; says what to do."""


def ensure_role(role: str, password: str | None) -> None:
    """Make the role where it is missing and we may; set its password where one is given."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        we, may_create = cursor.fetchone()
        if we == role:
            raise NotPossible(f"{role} owns the tables; run this as their owner, and the application as another role.")
        cursor.execute(
            "SELECT rolsuper, pg_has_role(rolname, %s, 'MEMBER') FROM pg_roles WHERE rolname = %s", [we, role]
        )
        found = cursor.fetchone()
        if found and any(found):
            raise NotPossible(f"{role} is a superuser or a member of {we}: what it may not do would bind nobody.")
        if not found and not may_create:
            raise NotPossible(f"{we} may not make roles. As an administrator: CREATE ROLE {role} LOGIN PASSWORD '…';")
        name = sql.Identifier(role)
        if not found:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        if password:
            cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))


def grant(role: str) -> dict[str, str]:
    """Give `role` exactly its rights on every table of the schema; returns them by table."""
    rights = wanted_rights()
    name = sql.Identifier(role)
    statements = [
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(name),
        sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}").format(name),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name),
        sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(name),
        sql.SQL("GRANT EXECUTE ON FUNCTION ledger_sequence(integer) TO {}").format(name),
        # Revoking a table's rights leaves those on its columns: they are revoked column by column.
        *(
            sql.SQL("REVOKE UPDATE ({}) ON {} FROM {}").format(sql.Identifier(column), sql.Identifier(table), name)
            for table, column in _granted_columns(role)
        ),
        *(
            sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(what), sql.Identifier(table), name)
            for table, what in rights.items()
        ),
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("; ").join(statements))
    return rights


def wanted_rights() -> dict[str, str]:
    """The rights of the application's role on each table, as GRANT spells them."""
    protected = append_only_tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [table for (table,) in cursor.fetchall()]
    return {table: _rights(table, protected) for table in tables}


def _rights(table: str, protected: dict[str, tuple[str, ...]]) -> str:
    if table in READ_ONLY:
        return "SELECT"
    if table not in protected:
        return "SELECT, INSERT, UPDATE, DELETE"
    columns = ", ".join(f'"{column}"' for column in protected[table])
    return "SELECT, INSERT" + (f", UPDATE ({columns})" if columns else "")


def _granted_columns(role: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, a.attname
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) acl
            WHERE acl.grantee = %s::regrole AND acl.privilege_type = 'UPDATE'
              AND c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
            """,
            [f'"{role}"'],
        )
        return cursor.fetchall()
