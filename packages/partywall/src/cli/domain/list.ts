/** `partywall domain list`: the host names of one tenant, or of all. */
import type { Command } from 'commander'
import type { Domain } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { table } from '../terminal/table.ts'
import { allDomains } from './all-domains.ts'

export function domainList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the host names of a tenant, or of all')
    .argument('[tenant]', 'its schema, its id or one of its domains')
    .addHelpText('after', examples(['domain list', 'of all tenants'], ['domain list acme --json', 'of one, for a program']))
    .action(async (ref: string | undefined) => {
      const tenancy = await cli.tenancy()
      const [domains, tenants] = await Promise.all([
        ref === undefined ? allDomains(tenancy) : tenancy.domains.list(ref),
        Array.fromAsync(tenancy.tenants.each()),
      ])
      const schemas = new Map(tenants.map(({ id, schema }) => [id, schema]))
      const all = domains.map((domain) => ({ ...domain, schema: schemas.get(domain.tenantId) ?? '' }))
      if (all.length === 0) cli.out.say('There are no domains yet. Add one: partywall domain add acme acme.example.com')
      cli.out.result(all, () => (all.length === 0 ? '' : render(all)))
    })
}

function render(domains: readonly (Domain & { readonly schema: string })[]): string {
  return table(
    ['domain', 'tenant', 'primary'],
    domains.map(({ domain, schema, isPrimary }) => [domain, schema, isPrimary ? 'yes' : 'no']),
  )
}
