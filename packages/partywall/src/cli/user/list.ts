/** `partywall user list`: the accounts of a tenant, or the central ones. */
import type { Command } from 'commander'
import type { UserAccount } from '../../ports/user-accounts.ts'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples } from '../context/declarations.ts'
import { table } from '../terminal/table.ts'
import { stateOf, withAccounts, type TenantFlag } from './accounts.ts'

interface Flags extends TenantFlag {
  readonly search?: string
  readonly limit?: number
}

export function userList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the accounts of the sign-in, sorted by address')
    .option('--tenant <tenant>', 'the accounts of this tenant (default: the central accounts)')
    .option('--search <text>', 'only addresses that contain the text (default: all accounts)')
    .option('--limit <n>', 'only the first n (default: all accounts)', countFrom(1))
    .addHelpText(
      'after',
      examples(['user list --tenant acme', 'the accounts of a tenant'], ['user list', 'the central accounts']),
    )
    .action(async (flags: Flags) => {
      const tenancy = await cli.tenancy()
      const { limit = Infinity, search } = flags
      const { schema, result } = await withAccounts(tenancy, flags, async (accounts) => {
        const all: UserAccount[] = []
        // One more than is asked for: a line says when there are more.
        for (let cursor: string | undefined; ;) {
          const page = await accounts.list({ search, limit: pageSize, cursor })
          all.push(...page)
          cursor = page.at(-1)?.email
          if (page.length < pageSize || all.length > limit) return all
        }
      })
      const shown = result.slice(0, limit).map((account) => ({ ...account, schema }))
      if (shown.length < result.length) cli.out.say(`There are more than ${limit}.`)
      if (shown.length === 0) cli.out.say(schema === undefined ? 'There are no central accounts.' : 'The tenant has no accounts.')
      cli.out.result(shown, () => (shown.length === 0 ? '' : render(shown)))
    })
}

const pageSize = 1000

function render(accounts: readonly UserAccount[]): string {
  return table(
    ['email', 'name', 'admin', 'verified', 'state', 'since'],
    accounts.map((account) => [
      account.email,
      account.name,
      account.isAdmin ? 'yes' : 'no',
      account.emailVerified ? 'yes' : 'no',
      stateOf(account),
      account.createdAt.toISOString().slice(0, 10),
    ]),
  )
}
