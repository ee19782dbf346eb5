/** `partywall domain list`: the host names of one tenant, or of all. */
import type { Command } from 'commander'
import type { Tenancy } from '../../tenancy.ts'
import type { Domain } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument } from '../context/declarations.ts'
import { table } from '../terminal/table.ts'

type DomainRow = Domain & { readonly schema: string }

export function domainList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the host names of one tenant, or of all tenants')
    .argument(tenantArgument[0], `${tenantArgument[1]} (default: all tenants)`)
    .addHelpText(
      'after',
      examples(['domain list', 'of all tenants'], ['domain list acme --json', 'of one tenant, for a program']),
    )
    .action(async (ref: string | undefined) => {
      const tenancy = await cli.tenancy()
      const domains = ref === undefined ? await ofAll(tenancy) : await ofOne(tenancy, ref)
      if (domains.length === 0) cli.out.say('There are no domains yet. Add one: partywall domain add acme acme.example.com')
      cli.out.result(domains, () => (domains.length === 0 ? '' : render(domains)))
    })
}

async function ofOne(tenancy: Tenancy, ref: string): Promise<DomainRow[]> {
  const { id, schema } = await tenancy.tenants.get(ref)
  return (await tenancy.domains.list({ id })).map((domain) => ({ ...domain, schema }))
}

async function ofAll(tenancy: Tenancy): Promise<DomainRow[]> {
  const [domains, tenants] = await Promise.all([Array.fromAsync(tenancy.domains.each()), Array.fromAsync(tenancy.tenants.each())])
  const schemas = new Map(tenants.map(({ id, schema }) => [id, schema]))
  return domains.map((domain) => ({ ...domain, schema: schemas.get(domain.tenantId) ?? '' })).toSorted(byTenant)
}

/** By tenant, then the primary one first, then by name. */
function byTenant(a: DomainRow, b: DomainRow): number {
  if (a.schema !== b.schema) return a.schema < b.schema ? -1 : 1
  if (a.isPrimary !== b.isPrimary) return a.isPrimary ? -1 : 1
  return a.domain < b.domain ? -1 : 1
}

function render(domains: readonly DomainRow[]): string {
  return table(
    ['domain', 'tenant', 'primary'],
    domains.map(({ domain, schema, isPrimary }) => [domain, schema, isPrimary ? 'yes' : 'no']),
  )
}
