/** PW-106: no tenant uses a table of the shared schema in place of its own. */
import type { Context, Examination, Observation, SchemaStatus } from '../context/examination.ts'
import { listOf, onlyTenant, someTenants, tenantsText } from '../context/wording.ts'

export const bothScopes: Examination = {
  id: 'PW-106',
  title: 'Names in the shared schema and in a tenant',
  needs: 'current catalog',
  run: async (context: Context) => observe(await context.statuses()),
}

export function observe(statuses: readonly SchemaStatus[]): Observation[] {
  return [
    ...alike(statuses, 'fallingThrough', (names) => ({
      severity: 'error',
      seen: `lacks ${names}, which other tenants with the same migrations have, or had: its queries read and write the shared one, where they meet other tenants`,
      fix: 'Create what is missing in the schema of the tenant (restore it, or suspend the tenant until then).',
    })),
    ...alike(statuses, 'shadowing', (names) => ({
      severity: 'warning',
      seen: `has ${names}, and so has the shared schema: a tenant that loses its own one would use the shared one`,
      fix: 'Rename one of them; or, if both are there on purpose, list the name in the option "migrations.shadowed".',
    })),
  ]
}

function alike(
  statuses: readonly SchemaStatus[],
  field: 'fallingThrough' | 'shadowing',
  say: (names: string) => Observation,
): Observation[] {
  const having = statuses.filter((status) => (status[field] ?? []).length > 0)
  return [...Map.groupBy(having, (status) => listOf(status[field]!))].map(([names, group]) => {
    const tenants = someTenants(group.map(({ target }) => target))
    const observation = say(names)
    return { ...observation, seen: `Of ${tenantsText(tenants)}: the schema ${observation.seen}.`, ...onlyTenant(tenants) }
  })
}
