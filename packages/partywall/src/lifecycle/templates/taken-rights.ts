/**
 * A migration may take rights from a role that default privileges have just given them to, such as the login of the application. In a template, and in a
 * ready schema, it finds nothing to take, and a tenant made of them would keep these rights: a kind with such a migration has neither.
 */
import type { Access } from '../../catalog/roles/access.ts'
import { futureRightsSql, ownedInSql, presentRightsSql, usageSql, type Ownable } from '../../catalog/roles/rights-sql.ts'
import { applyToNew } from '../../migrations/apply/new-schema.ts'
import { historyTable } from '../../migrations/history/history-sql.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { createSchemaSql } from '../../sql/schema-sql.ts'
import type { Statement } from '../../sql/statement.ts'
import { newWitness } from './stand-in.ts'

/** Makes a schema with rights of a role from its beginning, and rolls it back. @param migrations as they run in the schema of a tenant */
export async function takeRights(
  transaction: Transaction,
  access: Access,
  kind: string,
  migrations: readonly Migration[],
): Promise<boolean> {
  if (!access.isNeeded) return false
  const { login, deploy, tenants } = await access.names(transaction)
  // The owner has all rights. The role of a tenant is not there yet; that of all tenants stands for it.
  const role = login === deploy ? tenants : login
  const tenant = newWitness(kind)
  await transaction.query({ text: 'savepoint partywall_rights' })
  await transaction.query(createSchemaSql(tenant.schema))
  await transaction.query({ text: `${usageSql(tenant.schema, role)}\n${futureRightsSql(tenant.schema, role, 'read and write')}` })
  await applyToNew(transaction, { schema: tenant.schema, tenant }, migrations)
  const before = await transaction.query(rightsSql(tenant.schema))
  const { rows } = await transaction.query<Ownable & Record<string, unknown>>(ownedInSql(tenant.schema))
  const present = rows.filter(({ relation }) => relation !== historyTable)
  if (present.length > 0) await transaction.query({ text: presentRightsSql(present, role, 'read and write') })
  const after = await transaction.query(rightsSql(tenant.schema))
  await transaction.query({ text: 'rollback to savepoint partywall_rights' })
  return JSON.stringify(before.rows) !== JSON.stringify(after.rows)
}

/** One row for each relation and routine. */
function rightsSql(schema: string): Statement {
  return {
    text: `
      select relation.oid::text as oid, relation.relacl::text as rights
      from pg_catalog.pg_depend as member
      join pg_catalog.pg_class as relation on relation.oid = member.objid
      where member.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        and member.refobjid = $1::text::pg_catalog.regnamespace
        and member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      union all
      select routine.oid::text, routine.proacl::text
      from pg_catalog.pg_depend as member
      join pg_catalog.pg_proc as routine on routine.oid = member.objid
      where member.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        and member.refobjid = $1::text::pg_catalog.regnamespace
        and member.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
      order by 1`,
    values: [schema],
  }
}
