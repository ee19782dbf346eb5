/**
 * PW-010: names that a live database has in both scopes. The search path of a tenant goes on to the shared schema: a tenant that lacks its own table uses the
 * shared one, and meets the rows of other tenants there. Three queries, for however many tenants.
 */
import { lostRelations } from '../catalog/relations/relations.ts'
import type { PublicOptions } from '../config/options.ts'
import type { Observation } from '../findings.ts'
import { inBothScopesSql } from '../migrations/plan/shadowed-sql.ts'
import { shadowAdvice } from '../migrations/plan/shadowed.ts'
import { defineCheck } from './check.ts'
import { someOf } from './some-of.ts'

export const namesInBothScopes = defineCheck({
  id: 'PW-010',
  title: 'Names in a tenant and in the shared schema',
  needs: ['config', 'catalog'],
  run: async ({ config: { options }, catalog: { queryable } }) => {
    if (!options.includeShared && !options.extraSearchPath.includes(options.sharedSchema)) return []
    const { rows: having } = await queryable.query<TenantName>(inBothScopesSql(options.sharedSchema, undefined))
    const lost = await lostRelations(queryable, [options.sharedSchema])
    if (having.length + lost.length === 0) return []
    const { rows: tenants } = await queryable.query<TenantKind>({
      text: 'select schema, kind from partywall.tenants order by schema',
    })
    return bothScopes(having, lost, tenants, options)
  },
})

interface TenantName {
  readonly name: string
  readonly schema: string
}

interface TenantKind {
  readonly schema: string
  readonly kind: string
}

/** One observation for each tenant, of those with most to say first; what is more than a reader can use is counted. */
function bothScopes(
  having: readonly TenantName[],
  lost: readonly TenantName[],
  tenants: readonly TenantKind[],
  { sharedSchema, migrations }: Pick<PublicOptions, 'sharedSchema' | 'migrations'>,
): Observation[] {
  const listed = new Set(migrations.shadowed)
  const schemasOf = new Map(
    [...Map.groupBy(having, ({ name }) => name)].map(([name, rows]) => [name, new Set(rows.map(({ schema }) => schema))]),
  )
  const kinds = [...Map.groupBy(tenants, ({ kind }) => kind).values()]
  const lacking = new Map<string, string[]>()
  const lacks = (schema: string, name: string): void => {
    const names = lacking.get(schema) ?? []
    if (!names.includes(name)) lacking.set(schema, [...names, name])
  }
  for (const [name, schemas] of schemasOf) {
    for (const alike of kinds) {
      const without = alike.filter(({ schema }) => !schemas.has(schema))
      if (without.length === alike.length) continue
      for (const { schema } of without) lacks(schema, name)
    }
  }
  for (const { schema, name } of lost) lacks(schema, name)
  const shadowing = Map.groupBy(
    having.filter(({ name }) => !listed.has(name)),
    ({ schema }) => schema,
  )
  const shared = `the shared schema ${JSON.stringify(sharedSchema)}`
  return [
    ...perTenant([...lacking], (schema, names) => ({
      severity: 'error',
      seen: `the tenant ${JSON.stringify(schema)} lacks ${quoted(names)}, which other tenants of its kind have, or had: its queries use those of ${shared}`,
      fix: 'Apply the pending migrations (npx partywall migrate), or create what is missing.',
      tenant: schema,
    })),
    ...perTenant(
      [...shadowing].map(([schema, rows]) => [schema, rows.map(({ name }) => name)] as const),
      (schema, names) => ({
        severity: 'error',
        seen: `the tenant ${JSON.stringify(schema)} and ${shared} both have ${quoted(names)}`,
        fix: shadowAdvice(names[0]!),
        tenant: schema,
      }),
    ),
  ]
}

/** The first tenants one by one, the others in one observation. */
function perTenant(
  entries: readonly (readonly [schema: string, names: readonly string[]])[],
  observe: (schema: string, names: readonly string[]) => Observation,
): Observation[] {
  const shown = entries.slice(0, most).map(([schema, names]) => observe(schema, names))
  const rest = entries.slice(most)
  if (rest.length === 0) return shown
  const { severity, fix } = shown[0]!
  return [...shown, { severity, seen: `the same holds for ${someOf(rest.map(([schema]) => schema))}`, fix }]
}

const most = 20

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, most).map((name) => JSON.stringify(name))
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ')
}
