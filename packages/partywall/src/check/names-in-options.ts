/**
 * PW-014: options that name a tenant or a shared table which does not exist. With a misspelt name, a tenant keeps the default boundary, and a table keeps no right, without
 * a notice. Two queries.
 */
import type { Observation } from '../findings.ts'
import { isUuid } from '../names/identifier.ts'
import { defineCheck } from './check.ts'

export const namesInOptions = defineCheck({
  id: 'PW-014',
  title: 'Options name tenants or tables that do not exist',
  needs: ['config', 'catalog'],
  run: async ({ config: { options }, catalog: { queryable } }) => {
    const { boundary, shared, sharedSchema } = options
    const tenants = Object.keys(boundary.tenants)
    const tables = Object.keys(shared.grants)
    const found: Observation[] = []
    if (tenants.length > 0) {
      const { rows } = await queryable.query<{ name: string }>({
        text: `
          select given.name
          from pg_catalog.unnest($1::text[]) as given (name)
          where not exists (select from partywall.tenants as tenant where tenant.schema = given.name or tenant.id::text = pg_catalog.lower(given.name))
          order by given.name`,
        values: [tenants],
      })
      found.push(
        ...rows.map(({ name }): Observation => ({
          severity: 'error',
          seen: `boundary.tenants names ${JSON.stringify(name)}, and no tenant has this ${isUuid(name) ? 'id' : 'schema'}`,
          fix: 'Correct the name, or remove it: the tenant that was meant has the boundary of its kind.',
        })),
      )
    }
    if (tables.length > 0) {
      const { rows } = await queryable.query<{ name: string }>({
        text: `
          select given.name
          from pg_catalog.unnest($1::text[]) as given (name)
          where not exists (
            select
            from pg_catalog.pg_class as relation
            join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
            where relation.relname = given.name::pg_catalog.name
              and namespace.nspname = $2::pg_catalog.name
              and relation.relkind in ('r', 'p', 'v', 'f')
          )
          order by given.name`,
        values: [tables, sharedSchema],
      })
      found.push(
        ...rows.map(({ name }): Observation => ({
          severity: 'warning',
          seen: `shared.grants names ${JSON.stringify(name)}, and the shared schema ${JSON.stringify(sharedSchema)} has no table of this name`,
          fix: 'Correct the name, or apply the migrations of the shared schema.',
        })),
      )
    }
    return found
  },
})
