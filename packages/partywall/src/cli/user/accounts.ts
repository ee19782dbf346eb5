/** The accounts that a command is about: with `--tenant` those of the tenant, else the central ones. */
import type { UserAccount, UserAccounts } from '../../ports/user-accounts.ts'
import type { Tenancy } from '../../tenancy.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import { UsageError } from '../terminal/failure.ts'
import { pairs } from '../terminal/table.ts'

export const emailArgument = ['[email]', 'the e-mail address of the account'] as const
export const emailQuestion = { missing: 'the argument <email>', question: 'E-mail address' } as const
export const tenantOption = ['--tenant <tenant>', 'an account of this tenant (default: a central account)'] as const

export interface TenantFlag {
  readonly tenant?: string
}

/**
 * Calls `work` with the accounts, in the scope of the tenant, and tells the tenant's schema.
 * @throws UsageError CONFIG_INVALID where the config has no such sign-in
 */
export async function withAccounts<T extends object>(
  tenancy: Tenancy,
  { tenant: ref }: TenantFlag,
  work: (accounts: UserAccounts) => Promise<T>,
): Promise<{ readonly schema?: string; readonly result: T }> {
  const { auth } = tenancy.options
  if (ref === undefined) {
    const { central } = auth
    if (central === undefined) throw missing('auth.central', 'Name a tenant with --tenant for an account of a tenant, or add it')
    return { result: await withTables(() => work(central(tenancy).users), 'migrations.shared') }
  }
  const { id, schema } = await tenancy.tenants.get(ref)
  if (auth.tenant === undefined) throw missing('auth.tenant', 'Leave --tenant out for a central account, or add it')
  const { users } = auth.tenant(tenancy)
  return { schema, result: await withTables(() => tenancy.run({ id }, () => work(users)), 'migrations.tenant') }
}

/** @throws UsageError CONFIG_INVALID where the tables of the sign-in do not exist: its library would name a migration of its own */
async function withTables<T>(work: () => Promise<T>, option: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (sqlStateOf(error) !== sqlState.undefinedTable) throw error
    throw new UsageError(
      `The tables of this sign-in do not exist. Add betterAuthMigrations(…) to the option ${option}, then run  partywall migrate: docs/better-auth.md.`,
      'CONFIG_INVALID',
    )
  }
}

function missing(option: string, advice: string): UsageError {
  return new UsageError(
    `The config has no ${option}, which makes this sign-in. ${advice}: docs/better-auth.md.`,
    'CONFIG_INVALID',
  )
}

export function renderAccount(account: UserAccount, schema: string | undefined, password?: string): string {
  return pairs([
    ['tenant', schema ?? 'none: a central account'],
    ['email', account.email],
    ['name', account.name],
    ['id', account.id],
    ['admin', account.isAdmin ? 'yes' : 'no'],
    ['verified', account.emailVerified ? 'yes' : 'no'],
    ['state', stateOf(account)],
    ...(password === undefined ? [] : [['password', password] as [string, string]]),
  ])
}

export function stateOf({ isDisabled }: UserAccount): string {
  return isDisabled ? 'disabled' : 'active'
}
