/** What a release would do, and what speaks against it. */
import { historyTable } from '../../migrations/history/history-sql.ts'
import { tenantRole } from '../../names/role-name.ts'
import { schemaExistsSql } from '../../sql/schema-sql.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'
import type { PlannedMove } from './adopt-input.ts'
import type { AdoptParts } from './adopt-parts.ts'
import { readFacts, schemaMissing, type Facts } from './facts.ts'
import type { AdoptFinding } from './finding.ts'
import { movingSet } from './moving-set.ts'
import { assertNoTenant } from './no-tenant.ts'
import { collisionsSql, loginsOfSql, otherTenantsSql } from './release-sql.ts'

export interface ReleasePlan {
  readonly schema: string
  /** Null when it is released in place. */
  readonly to: string | null
  readonly moves: readonly PlannedMove[]
  readonly refused: readonly AdoptFinding[]
  readonly warnings: readonly AdoptFinding[]
}

/** Costs five statements. @throws TenancyError SCHEMA_MISSING, INVALID_ARGUMENT */
export async function readReleasePlan(
  parts: AdoptParts<any>,
  queryable: Queryable,
  tenant: Tenant<any>,
  { to }: { readonly to: string | undefined },
): Promise<{ plan: ReleasePlan; facts?: Facts }> {
  const { schema, id } = tenant
  const logins = (await queryable.query<{ role: string }>(loginsOfSql(tenantRole(id)))).rows.map(({ role }): AdoptFinding => ({
    kind: 'login',
    object: `role ${role}`,
    sentence: `The login ${role} of the customer would lose its tables: revoke it first.`,
  }))
  if (to === undefined) return { plan: { schema, to: null, moves: [], refused: logins, warnings: [] } }
  if ((await queryable.query(schemaExistsSql(to))).rows.length === 0) throw schemaMissing(to)
  await assertNoTenant(queryable, to, 'to', 'tenants.release')
  const facts = await readFacts(queryable, schema)
  const moving = facts.objects.filter(({ name, isRelation }) => !(isRelation && name === historyTable))
  const set = movingSet(facts, new Set(moving.map(({ id: one }) => one)), 'move')
  const taken = (await queryable.query<{ object: string }>(collisionsSql(schema, to))).rows
  const isRead = (parts.options.includeShared && to === parts.options.sharedSchema) || parts.options.extraSearchPath.includes(to)
  const others = isRead ? (await queryable.query<{ name: string; schema: string }>(otherTenantsSql(schema))).rows : []
  const { shadowed } = parts.options.migrations
  const found: ReleasePlan = {
    schema,
    to,
    moves: moving.map(({ kind, name, rows, bytes }) => ({ kind, name, rows, bytes })),
    refused: [
      ...logins,
      ...taken.map(({ object }): AdoptFinding => ({
        kind: 'name',
        object,
        sentence: `${object} is in the schema ${JSON.stringify(to)} already.`,
      })),
      ...others
        .filter(({ name, schema: other }) => other !== schema && !shadowed.includes(name))
        .map(({ name, schema: other }): AdoptFinding => ({
          kind: 'name',
          object: `table ${name}`,
          sentence: `Every tenant reads the schema ${JSON.stringify(to)}, and the tenant ${JSON.stringify(other)} has a table ${JSON.stringify(name)} of its own: it would be refused with NAME_IN_BOTH_SCOPES.`,
        })),
      ...set.refused.filter(({ kind }) => kind === 'owner'),
    ],
    warnings: set.warnings.filter(({ kind }) => kind === 'path'),
  }
  return { plan: found, facts }
}
