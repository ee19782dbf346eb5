/** `partywall tenant list`: the tenants, sorted by schema. */
import { InvalidArgumentError, type Command } from 'commander'
import type { TemplateStatus } from '../../tenancy-templates.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Domain, Tenant } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples, kindFlag, statusFlag, type NarrowingFlags } from '../context/declarations.ts'
import { assertKindsInUse } from '../context/kinds.ts'
import { table } from '../terminal/table.ts'

interface Flags extends NarrowingFlags {
  readonly search?: string
  readonly limit?: number
}

export function tenantList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the tenants, sorted by schema')
    .option(
      '--search <text>',
      'only tenants whose schema, name, external id or domain contains this text, in any case (default: all)',
      searchText,
    )
    .addOption(kindFlag())
    .addOption(statusFlag('every status'))
    .option('--limit <n>', 'only the first n tenants (default: all)', countFrom(1))
    .addHelpText(
      'after',
      examples(
        ['tenant list', 'all tenants'],
        ['tenant list --search acme --limit 10', 'the first ten that match'],
        ['tenant list --status suspended --json', 'for a program'],
      ),
    )
    .action(async (flags: Flags) => {
      const tenancy = await cli.tenancy()
      const { tenants, hasMore } = await select(tenancy, flags)
      const domains = tenants.length === 0 ? [] : await Array.fromAsync(tenancy.domains.each())
      const domainsOf = Map.groupBy(domains, ({ tenantId }) => tenantId)
      const all = tenants.map((tenant) => ({ ...tenant, domains: domainsOf.get(tenant.id) ?? [] }))
      if (all.length === 0) cli.out.say(nothingFound(flags))
      cli.out.result(all, () => (all.length === 0 ? '' : render(all)))
      if (hasMore) cli.out.say(`There are more tenants than these ${all.length}.`)
      for (const line of templateLines(await tenancy.templates.list())) cli.out.say(line)
    })
}

async function select(
  tenancy: Tenancy,
  { search, kind, status, limit = Infinity }: Flags,
): Promise<{ tenants: Tenant[]; hasMore: boolean }> {
  await assertKindsInUse(tenancy, kind)
  const tenants: Tenant[] = []
  for await (const tenant of tenancy.tenants.each({ search, kinds: kind, status })) {
    if (tenants.length === limit) return { tenants, hasMore: true }
    tenants.push(tenant)
  }
  return { tenants, hasMore: false }
}

/** Refused here, because the library would name its own argument. */
function searchText(text: string): string {
  if (text !== '' && text.length <= 255) return text
  throw new InvalidArgumentError('It must be text of 1 to 255 characters.')
}

function nothingFound({ search, kind, status }: Flags): string {
  const isNarrowed = [search, kind, status].some((flag) => flag !== undefined)
  return isNarrowed ? 'No tenant matches.' : 'There are no tenants yet. Create one: partywall tenant create acme'
}

/** They are no tenants, but a reader of the database sees their schemas beside those of the tenants. */
function templateLines(templates: readonly TemplateStatus[]): string[] {
  return templates.map(({ name, kind, schema, unusable }) => {
    const what = name === null ? `the template of the kind ${kind}` : `the template ${name}`
    return `${schema} is ${what}${unusable === undefined ? '' : ', which is not used: partywall template list says why'}.`
  })
}

function render(tenants: readonly (Tenant & { readonly domains: readonly Domain[] })[]): string {
  const hasExternalIds = tenants.some(({ externalId }) => externalId !== undefined)
  return table(
    ['schema', 'name', ...(hasExternalIds ? ['external id'] : []), 'kind', 'status', 'domain', 'created'],
    tenants.map(({ schema, name, externalId, kind, status, domains, createdAt }) => [
      schema,
      name,
      ...(hasExternalIds ? [externalId] : []),
      kind,
      status,
      domains.find(({ isPrimary }) => isPrimary)?.domain,
      createdAt.toISOString().slice(0, 10),
    ]),
  )
}
