/** PW-009: tenants without a primary domain, where hosts lead to tenants. Without a base, no request reaches them. */
import type { Observation } from '../findings.ts'
import { defineCheck } from './check.ts'
import { someOf } from './some-of.ts'
import { hostsOf } from './own-hosts.ts'

export const primaryDomains = defineCheck({
  id: 'PW-009',
  title: 'Tenants without a primary domain',
  needs: ['config', 'catalog'],
  run: async ({ config: { options }, catalog: { queryable } }) => {
    const hosts = hostsOf(options.resolve)
    if (hosts.length === 0) return []
    const { rows } = await queryable.query<{ schema: string }>({
      text: `
        select tenant.schema
        from partywall.tenants as tenant
        where tenant.status <> 'archived'
          and not exists (select from partywall.domains as domain where domain.tenant_id = tenant.id and domain.is_primary)
        order by tenant.schema`,
    })
    return withoutPrimary(
      rows.map(({ schema }) => schema),
      hosts.flatMap(({ bases }) => bases),
    )
  },
})

function withoutPrimary(schemas: readonly string[], bases: readonly string[]): Observation[] {
  if (schemas.length === 0) return []
  const [first] = schemas
  const [base] = bases
  const tenant = schemas.length === 1 ? { tenant: first! } : {}
  if (base === undefined) {
    return [
      {
        severity: 'error',
        seen: `${someOf(schemas)} without a primary domain, and byHost has no base: no host leads there`,
        fix: `Add one: npx partywall domain add ${first} <domain>. Or give byHost a base, whose subdomains are the schemas.`,
        ...tenant,
      },
    ]
  }
  return [
    {
      severity: 'info',
      seen: `${someOf(schemas)} without a primary domain: the address is the schema under the base, as in ${first}.${base}`,
      fix: `Nothing, if that is the address that customers know; otherwise: npx partywall domain add ${first} <domain>.`,
      ...tenant,
    },
  ]
}
