/** One account for all tenants: users in the shared schema, whatever the scope of the code that asks. */
import { betterAuth, type Auth, type BetterAuthOptions } from 'better-auth'
import type { Pool } from 'pg'
import { catalogKey } from '../../catalog-key.ts'
import type { Database } from '../../ports/database.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import { authHandle, type AuthHandle } from './auth-handle.ts'
import { masterSecrets, type MasterSecrets } from '../../master-secrets.ts'
import { derivedSecrets } from './auth-secrets.ts'
import { assertOwnOptions } from './checked-options.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface CentralAuthTenancy {
  readonly sharedPool: Pool
  readonly [catalogKey]: unknown
}

/**
 * The options with names of tables that no tenant has: a tenant without its own table `user` would otherwise read and write the shared one. Tables of plugins keep the names that
 * you give them. `centralAuth` applies it; give its result to `betterAuthSql` and `betterAuthMigrations`.
 * @example export default createTenancy({ migrations: { shared: betterAuthMigrations(centralModels(options)) } })
 */
export function centralModels<O extends BetterAuthOptions>(options: O): O {
  const named = Object.fromEntries(
    (['user', 'session', 'account', 'verification'] as const).map((model) => [
      model,
      { modelName: `central_${model}`, ...options[model] },
    ]),
  )
  return { ...options, ...named, rateLimit: { modelName: 'central_rate_limit', ...options.rateLimit } }
}

/**
 * Sign-in for accounts that are not of one tenant: operators, and users of many tenants, whom `tenancy.members` links to them. Its parts can be called in every scope, also inside a
 * handler of `tenantAuth`.
 * @example
 * const central = centralAuth(tenancy, { baseURL: 'https://our.example', emailAndPassword: { enabled: true } }, { secret: process.env.AUTH_SECRET })
 * @throws TenancyError INVALID_OPTION
 */
export function centralAuth<O extends BetterAuthOptions>(
  tenancy: CentralAuthTenancy,
  options: O,
  settings: MasterSecrets,
): AuthHandle<O> {
  assertKnownKeys('centralAuth', settings, ['secret', 'secrets'], 'INVALID_OPTION')
  warnIfUntested('better-auth')
  assertOwnOptions('centralAuth', options, undefined)
  const auth = betterAuth({
    ...centralModels(options),
    ...derivedSecrets(masterSecrets('centralAuth', settings), 'central'),
    database: tenancy.sharedPool,
  } as BetterAuthOptions) as unknown as Auth<O>
  return authHandle<O>(() => Promise.resolve(auth), { catalog: tenancy[catalogKey] as Pick<Database, 'transaction'> })
}
