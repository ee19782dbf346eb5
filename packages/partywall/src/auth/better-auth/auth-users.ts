/**
 * The accounts of an instance, for operators. Better Auth's own functions for it ask for the session of an administrator, which the command line does not have; so this
 * uses what they are made of.
 */
import type { Auth, BetterAuthOptions } from 'better-auth'
import { runWithAdapter } from '@better-auth/core/context'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { UserAccount, UserAccounts } from '../../ports/user-accounts.ts'
import { seen } from '../../seen.ts'
import { assertWholeNumber } from '../../whole-number.ts'

/** Appends an entry to the audit. */
export type RecordUser = (
  action: 'user.created' | 'user.disabled' | 'user.enabled' | 'user.password',
  userId: string,
) => Promise<void>

export function authUsers<O extends BetterAuthOptions>(current: () => Promise<Auth<O>>, record: RecordUser): UserAccounts {
  /** Runs with the adapter of its own instance, as every call does: see auth-handle.ts. */
  const within = async <T>(work: (context: Context) => Promise<T>): Promise<T> => {
    const context = (await (await current()).$context) as unknown as Context
    return await runWithAdapter(context.adapter, () => work(context))
  }
  const setDisabled = (email: string, isDisabled: boolean): Promise<UserAccount> =>
    within(async (context) => {
      assertHasAdmin(context, isDisabled ? 'disables an account' : 'enables an account')
      const { id } = await found(context, email)
      await record(isDisabled ? 'user.disabled' : 'user.enabled', id)
      const user = await context.internalAdapter.updateUser(id, { banned: isDisabled, banReason: null, banExpires: null })
      if (isDisabled) await context.internalAdapter.deleteUserSessions(id)
      return accountOf(user as UserRow)
    })

  return Object.freeze<UserAccounts>({
    create: (user) =>
      within(async (context) => {
        assertKnownKeys('users.create', user, ['email', 'password', 'name', 'admin', 'verified'])
        const { admin = false, verified = false } = user
        const email = checkedEmail(user.email)
        if (admin) assertHasAdmin(context, 'makes an administrator')
        const password = await hashed(context, user.password)
        if ((await context.internalAdapter.findUserByEmail(email)) !== null) throw exists(email)
        const row = (await context.internalAdapter.createUser(
          {
            email,
            name: user.name ?? email.split('@', 1)[0]!,
            emailVerified: verified,
            ...(hasAdmin(context) && { role: admin ? 'admin' : 'user' }),
          },
          { method: 'admin' },
        )) as unknown as UserRow
        try {
          await context.internalAdapter.linkAccount({ providerId: 'credential', accountId: row.id, userId: row.id, password })
          await record('user.created', row.id)
        } catch (error) {
          // Without its password or its entry there is no account.
          await context.internalAdapter.deleteUser(row.id)
          throw error
        }
        return accountOf(row)
      }),
    list: (options = {}) =>
      within(async (context) => {
        assertKnownKeys('users.list', options, ['search', 'limit', 'cursor'])
        const { search, limit = 100, cursor } = options
        assertWholeNumber('INVALID_ARGUMENT', '"limit"', 'limit', limit, { least: 1, most: 1000 })
        const where = [
          ...(search === undefined || search === ''
            ? []
            : [{ field: 'email', operator: 'contains', value: search.toLowerCase() } as const]),
          ...(cursor === undefined ? [] : [{ field: 'email', operator: 'gt', value: cursor } as const]),
        ]
        const rows = await context.internalAdapter.listUsers(limit, 0, { field: 'email', direction: 'asc' }, where)
        return (rows as unknown as UserRow[]).map(accountOf)
      }),
    disable: (email) => setDisabled(email, true),
    enable: (email) => setDisabled(email, false),
    setPassword: (email, password) =>
      within(async (context) => {
        const hash = await hashed(context, password)
        const user = await found(context, email)
        await record('user.password', user.id)
        const accounts = await context.internalAdapter.findAccounts(user.id)
        if (accounts.some(({ providerId }) => providerId === 'credential'))
          await context.internalAdapter.updatePassword(user.id, hash)
        else
          await context.internalAdapter.linkAccount({
            providerId: 'credential',
            accountId: user.id,
            userId: user.id,
            password: hash,
          })
        await context.internalAdapter.deleteUserSessions(user.id)
        return accountOf(user)
      }),
  })
}

type Context = Awaited<Auth['$context']>

interface UserRow {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly emailVerified: boolean
  readonly createdAt: Date
  /** Both of the plugin `admin`. */
  readonly role?: string | null
  readonly banned?: boolean | null
}

async function found(context: Context, email: string): Promise<UserRow> {
  const result = await context.internalAdapter.findUserByEmail(checkedEmail(email))
  if (result !== null) return result.user as unknown as UserRow
  throw new TenancyError('UNKNOWN_USER', `There is no account ${seen(email, 'quoted')} here.`, { details: { email } })
}

async function hashed(context: Context, password: unknown): Promise<string> {
  const { minPasswordLength: least, maxPasswordLength: most } = context.password.config
  if (typeof password !== 'string' || password.length < least || password.length > most)
    throw new TenancyError('INVALID_ARGUMENT', `A password has ${least} to ${most} characters.`, {
      details: { what: 'users', option: 'password' },
    })
  return await context.password.hash(password)
}

function checkedEmail(email: unknown): string {
  if (typeof email === 'string' && /^[^\s@]{1,64}@[^\s@]{1,190}$/.test(email)) return email.toLowerCase()
  throw new TenancyError('INVALID_ARGUMENT', `This is not an e-mail address: ${seen(email, 'quoted')}.`, {
    details: { what: 'users', option: 'email', seen: seen(email, 'quoted') },
  })
}

function exists(email: string): TenancyError {
  return new TenancyError('USER_EXISTS', `There is an account ${seen(email, 'quoted')} already.`, { details: { email } })
}

function hasAdmin({ options }: Context): boolean {
  return options.plugins?.some(({ id }) => id === 'admin') === true
}

function assertHasAdmin(context: Context, work: string): void {
  if (hasAdmin(context)) return
  throw new TenancyError(
    'INVALID_OPTION',
    `Only the plugin "admin" of Better Auth ${work}: add it to the options, plugins: [admin()], and its columns by a migration.`,
    { details: { option: 'plugins' } },
  )
}

function accountOf({ id, email, name, emailVerified, createdAt, role, banned }: UserRow): UserAccount {
  return Object.freeze({
    id,
    email,
    name,
    emailVerified,
    isAdmin: role?.split(',').includes('admin') === true,
    isDisabled: banned === true,
    createdAt,
  })
}
