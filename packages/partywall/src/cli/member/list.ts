/** `partywall member list`: the members of a tenant, or the tenants of a user. */
import type { Command } from 'commander'
import type { Tenancy } from '../../tenancy.ts'
import type { Member } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { table } from '../terminal/table.ts'
import type { MemberDocument } from './card.ts'

export function memberList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the members of a tenant, or the tenants of a user')
    .argument(...tenantArgument)
    .option('--user <user>', 'the tenants of this user, in place of the members of a tenant (default: none)')
    .addHelpText(
      'after',
      examples(['member list acme', 'the members of a tenant'], ['member list --user user-1', 'the tenants of a user']),
    )
    .action(async (ref: string | undefined, { user }: { readonly user?: string }) => {
      if (ref !== undefined && user !== undefined) throw new UsageError('name a tenant or --user, not both')
      const tenancy = await cli.tenancy()
      const members =
        user === undefined
          ? await ofTenant(tenancy, ref ?? (await cli.ask.required(tenantQuestion)))
          : await ofUser(tenancy, user)
      if (members.length === 0)
        cli.out.say(user === undefined ? 'The tenant has no members.' : 'The user is a member of no tenant.')
      cli.out.result(members, () => (members.length === 0 ? '' : render(members)))
    })
}

/** As many are read at once. */
const limit = 1000

async function ofTenant(tenancy: Tenancy, ref: string): Promise<MemberDocument[]> {
  const { id, schema } = await tenancy.tenants.get(ref)
  const all: MemberDocument[] = []
  for (let cursor: Member | undefined; ;) {
    const page = await tenancy.members.list({ id }, { limit, cursor })
    all.push(...page.map((member) => ({ ...member, schema })))
    if (page.length < limit) return all
    cursor = page.at(-1)
  }
}

async function ofUser(tenancy: Tenancy, user: string): Promise<MemberDocument[]> {
  const all: MemberDocument[] = []
  for (let cursor: string | undefined; ;) {
    const page = await tenancy.members.listOf(user, { limit, cursor })
    all.push(...page.map(({ tenant, ...member }) => ({ ...member, schema: tenant.schema })))
    if (page.length < limit) return all
    cursor = page.at(-1)!.tenant.schema
  }
}

function render(members: readonly MemberDocument[]): string {
  return table(
    ['tenant', 'user', 'role', 'since'],
    members.map(({ schema, userId, role, createdAt }) => [schema, userId, role, createdAt.toISOString().slice(0, 10)]),
  )
}
