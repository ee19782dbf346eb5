/**
 * Names that both scopes would have. The search path of a tenant continues with the shared schema: where a tenant lacks its own table, a query
 * reads and writes the shared one, and meets the rows of other tenants there. So a migration that creates a name of the other scope is refused,
 * unless the option `migrations.shadowed` lists the name.
 */
import { TenancyError } from '../../errors.ts'
import type { Options } from '../../config/options.ts'
import type { Migration } from '../../ports/migration-source.ts'
import type { Queryable } from '../../sql/statement.ts'
import { createdRelations, type CreatedRelation } from './created-relations.ts'
import { inGroups, type Planned } from './planned.ts'
import { otherScopeSql } from './shadowed-sql.ts'

/**
 * The same plans; those that would create a name of the other scope have a problem, so nothing runs there. Costs one query when pending
 * migrations create tables, views or sequences.
 */
export async function refuseShadowedNames(
  queryable: Queryable,
  { sharedSchema, includeShared, migrations: { shadowed } }: Pick<Options, 'sharedSchema' | 'includeShared' | 'migrations'>,
  plans: readonly Planned[],
): Promise<readonly Planned[]> {
  if (!includeShared) return plans
  const groups = inGroups(plans.filter(({ direction }) => direction === 'up')).map((alike) => ({
    alike,
    isShared: alike[0]!.target.tenant === undefined,
    created: notListed(alike[0]!.pending, shadowed),
  }))
  const namesOf = (isShared: boolean): string[] => [
    ...new Set(groups.filter((group) => group.isShared === isShared).flatMap(({ created }) => [...created.keys()])),
  ]
  const [ofTenants, ofShared] = [namesOf(false), namesOf(true)]
  if (ofTenants.length + ofShared.length === 0) return plans
  const { rows } = await queryable.query<{ name: string; isShared: boolean; schema: string }>(
    otherScopeSql(sharedSchema, ofTenants, ofShared),
  )
  const [tenantsHave, sharedHas] = [new Map<string, string>(), new Map<string, string>()]
  for (const name of ofShared) sharedHas.set(name, sharedSchema)
  for (const { alike, isShared, created } of groups) {
    if (!isShared) for (const name of created.keys()) tenantsHave.set(name, alike[0]!.target.schema)
  }
  for (const { name, isShared, schema } of rows) (isShared ? tenantsHave : sharedHas).set(name, schema)
  const problems = new Map<Planned, TenancyError>()
  for (const { alike, isShared, created } of groups) {
    const others = isShared ? tenantsHave : sharedHas
    const found = [...created.values()].find(({ name }) => others.has(name))
    if (found === undefined) continue
    for (const planned of alike) problems.set(planned, createsShadowed(planned.target.schema, others.get(found.name)!, found))
  }
  return plans.map((planned) => (problems.has(planned) ? { ...planned, problem: problems.get(planned) } : planned))
}

function notListed(pending: readonly Migration[], shadowed: readonly string[]): Map<string, CreatedRelation> {
  const created = createdRelations(pending)
  for (const name of shadowed) created.delete(name)
  return created
}

function createsShadowed(schema: string, other: string, { name: object, migration, line }: CreatedRelation): TenancyError {
  const { name, file } = migration
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${file}, line ${line}, creates ${JSON.stringify(object)} in the schema ${JSON.stringify(schema)}, and the schema ` +
      `${JSON.stringify(other)} has that name, too${other === schema ? ' by then' : ''}. ${shadowAdvice(object)}`,
    { details: { schema, name, file, line, object } },
  )
}

/** Why a name must not be in both scopes, and what to do. */
export function shadowAdvice(object: string): string {
  return (
    'A tenant that lacks its own one would read and write the shared one. Rename one of them; or, if both are there on purpose, list the ' +
    `name in the option "migrations.shadowed": ['${object}'].`
  )
}
