/**
 * Compares ready schemas with what their migrations give in another schema. Where the two differ in a row, such as by a time, a random value or the name of
 * the schema, a tenant would not get what its migrations give it: no schema of this kind is kept ready.
 */
import { listed } from '../../migrations/plan/mismatches.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { differencesBetween } from '../templates/compare.ts'
import { differentRows } from '../templates/contents.ts'
import { look, type Looked } from '../templates/examine.ts'
import { rowDigestsSql } from '../templates/rows-sql.ts'
import { witnessOf } from '../templates/stand-in.ts'
import { takeRights } from '../templates/taken-rights.ts'
import type { WarmParts } from './warm-parts.ts'

/** What a schema is, with all rows. */
export interface WholeSchema extends Looked {
  readonly schema: string
  /** Hashes of the rows of materialized views, by their names. */
  readonly views: ReadonlyMap<string, string>
}

export interface Witness extends WholeSchema {
  /** Whether its migrations take rights that a tenant gets from the boundary. */
  readonly takesRights: boolean
}

/** It is rolled back before this returns. @param migrations as they run in the schema of a tenant */
export async function makeWitness(
  { access }: Pick<WarmParts, 'access'>,
  transaction: Transaction,
  kind: string,
  migrations: readonly Migration[],
): Promise<Witness> {
  const takesRights = await takeRights(transaction, access, kind, migrations)
  await transaction.query({ text: 'savepoint partywall_witness' })
  const whole = await lookAt(transaction, await witnessOf(transaction, kind, migrations))
  await transaction.query({ text: 'rollback to savepoint partywall_witness' })
  return { ...whole, takesRights }
}

export async function lookAt(transaction: Transaction, schema: string): Promise<WholeSchema> {
  const looked = await look(transaction, schema)
  const populated = looked.blueprint.relations.filter((relation) => relation.kind === 'materialized view' && relation.populated)
  const rows =
    populated.length === 0
      ? []
      : (await transaction.query<{ name: string; digest: string }>(rowDigestsSql(schema, populated))).rows
  return { ...looked, schema, views: new Map(rows.map(({ name, digest }) => [name, digest])) }
}

/** Why a tenant cannot get the schema; undefined: it can. */
export async function whyNotLike(
  parts: Pick<WarmParts, 'access' | 'catalog'>,
  ready: WholeSchema,
  witness: Witness,
): Promise<string | undefined> {
  const { blueprint, schema } = ready
  // The body of a function, a default or a comment: it would name a schema that is not there after the rename.
  if (JSON.stringify(blueprint).includes(schema)) return 'its migrations write the name of the schema into an object.'
  if (witness.takesRights) return 'its migrations take rights from a role that new tenants give them to.'
  if (blueprint.unmodeled.length > 0)
    return `it has objects whose changes would not be seen: ${listed(blueprint.unmodeled.map(({ name }) => name))}.`
  const differences = await differencesBetween(parts, witness, ready)
  if (differences.length > 0) return `its migrations do not give the same in each schema: ${listed(differences)}.`
  const views = [...witness.views].filter(([name, digest]) => ready.views.get(name) !== digest).map(([name]) => name)
  const tables = [...differentRows(witness.contents, ready.contents), ...views]
  if (tables.length === 0) return undefined
  return `its migrations write other rows in each tenant, such as a time, a random value or the name of the schema: ${listed(tables)}.`
}

/** Functions with the schema in their search path: the name is stored as text, and the blueprint has a mark in its place. */
export function hasOwnPaths({ blueprint }: Looked): boolean {
  return blueprint.routines.some(({ settings }) => settings.some((setting) => setting.includes('{schema}')))
}
