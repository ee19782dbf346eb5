/** Schemas that are no tenants, as migrations see them: migrations know no other schema than that of a tenant. */
import { randomUUID } from 'node:crypto'
import { applyToNew } from '../../migrations/apply/new-schema.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { createSchemaSql } from '../../sql/schema-sql.ts'
import type { Tenant } from '../../types.ts'

/** It is in no table of tenants, so nothing can enter it. @param schema its name, or the beginning of a name with an _, which gets the id */
export function standInOf(id: string, schema: string, kind: string, createdAt = new Date()): Tenant<any> {
  const own = schema.endsWith('_') ? `${schema}${id.replaceAll('-', '')}` : schema
  return {
    id,
    schema: own,
    name: own,
    kind,
    status: 'active',
    placement: 'default',
    generation: 1,
    attributes: {},
    createdAt,
  }
}

/** For a comparison, in a transaction that the caller rolls back. */
export function newWitness(kind: string): Tenant<any> {
  return standInOf(randomUUID(), 'partywall_witness_', kind)
}

/** A schema with what the migrations give. Returns its name. @param migrations as they run in the schema of a tenant */
export async function witnessOf(transaction: Transaction, kind: string, migrations: readonly Migration[]): Promise<string> {
  const tenant = newWitness(kind)
  await transaction.query(createSchemaSql(tenant.schema))
  await applyToNew(transaction, { schema: tenant.schema, tenant }, migrations)
  return tenant.schema
}
