/** `partywall tenant list`: all tenants, by schema. */
import { Option, type Command } from 'commander'
import { tenantStatuses } from '../../catalog/tenants/selection.ts'
import { allDomains } from '../domain/all-domains.ts'
import type { Domain, Tenant, TenantStatus } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { table } from '../terminal/table.ts'

export function tenantList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the tenants')
    .addOption(new Option('--status <status>', 'only those of this status').choices(tenantStatuses))
    .addHelpText('after', examples(['tenant list', 'all of them'], ['tenant list --status suspended --json', 'for a program']))
    .action(async ({ status }: { readonly status?: TenantStatus }) => {
      const tenancy = await cli.tenancy()
      const [tenants, domains] = await Promise.all([Array.fromAsync(tenancy.tenants.each({ status })), allDomains(tenancy)])
      const all = tenants.map((tenant) => ({ ...tenant, domains: domains.filter(({ tenantId }) => tenantId === tenant.id) }))
      if (all.length === 0)
        cli.out.say(status ? `No tenant is ${status}.` : 'There are no tenants yet. Make one: partywall tenant create acme')
      cli.out.result(all, () => (all.length === 0 ? '' : render(all)))
    })
}

function render(tenants: readonly (Tenant & { readonly domains: readonly Domain[] })[]): string {
  return table(
    ['schema', 'name', 'kind', 'status', 'domain', 'created'],
    tenants.map(({ schema, name, kind, status, domains, createdAt }) => [
      schema,
      name,
      kind,
      status,
      domains.find(({ isPrimary }) => isPrimary)?.domain,
      createdAt.toISOString().slice(0, 10),
    ]),
  )
}
