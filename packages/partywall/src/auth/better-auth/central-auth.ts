/** One account for all tenants: users in the shared schema, whatever the scope of the code that asks. */
import { betterAuth, type Auth, type BetterAuthOptions } from 'better-auth'
import type { Pool } from 'pg'
import { catalogKey } from '../../catalog-key.ts'
import type { Database } from '../../ports/database.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { TenancyError } from '../../errors.ts'
import type { RequestFacts, Resolution } from '../../ports/resolver.ts'
import { seen } from '../../seen.ts'
import type { Tenant } from '../../types.ts'
import { authHandle, type AuthHandle } from './auth-handle.ts'
import { handOver, type HandOverOptions, type HandOverTenancy } from './hand-over.ts'
import { hostCookies } from './host-cookies.ts'
import { ownPage } from './own-pages.ts'
import { tenantInstances, type DomainEvents } from './tenant-instances.ts'
import { masterSecrets, type MasterSecrets } from '../../master-secrets.ts'
import { derivedSecrets } from './auth-secrets.ts'
import { assertOwnOptions } from './checked-options.ts'
import { assertUsableVersion } from './usable-version.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface CentralAuthTenancy {
  readonly sharedPool: Pool
  readonly [catalogKey]: unknown
}

/** The same, for an application that hands users over to the hosts of tenants. */
export interface HandOverAuthTenancy extends CentralAuthTenancy, HandOverTenancy, DomainEvents {
  resolve(facts: RequestFacts): Promise<Resolution<any>>
}

export interface CentralAuthSettings extends MasterSecrets {
  /**
   * Hands users who are signed in over to the hosts of their tenants: `GET /api/auth/hand-over?path=/projects` at the host of a tenant. In the scope of a tenant, the parts of `centralAuth` then mean the
   * session at the host of this tenant, whose cookie is worth nothing at another. @default none
   */
  handOver?: HandOverOptions
  /** With `handOver`: how many tenants have an instance in this process at a time; each takes some 90 kB. @default 1000 */
  maxInstances?: number
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
 * handler of `tenantAuth`. With `handOver`, mount its handler at the central host and at the hosts of tenants.
 * @param options of Better Auth; with `handOver` a `baseURL`, the address of the central host
 * @example
 * const central = centralAuth(tenancy, { baseURL: 'https://our.example', emailAndPassword: { enabled: true } }, { secret: process.env.AUTH_SECRET })
 * @throws TenancyError INVALID_OPTION
 */
export function centralAuth<O extends BetterAuthOptions>(
  tenancy: CentralAuthTenancy,
  options: O,
  settings: CentralAuthSettings & { handOver?: undefined },
): AuthHandle<O>
export function centralAuth<O extends BetterAuthOptions>(
  tenancy: HandOverAuthTenancy,
  options: O,
  settings: CentralAuthSettings,
): AuthHandle<O>
export function centralAuth<O extends BetterAuthOptions>(
  tenancy: CentralAuthTenancy | HandOverAuthTenancy,
  options: O,
  settings: CentralAuthSettings,
): AuthHandle<O> {
  assertKnownKeys('centralAuth', settings, ['secret', 'secrets', 'handOver', 'maxInstances'], 'INVALID_OPTION')
  assertUsableVersion()
  assertOwnOptions('centralAuth', options, undefined)
  const masters = masterSecrets('centralAuth', settings)
  const audit = { catalog: tenancy[catalogKey] as Pick<Database, 'transaction'> }
  const made = (more: BetterAuthOptions, owner: string): Auth<O> =>
    betterAuth({
      ...centralModels(options),
      ...more,
      // Better Auth looks at no origin where it finds that tests run.
      advanced: { ...hostCookies(options, more.baseURL ?? options.baseURL), disableOriginCheck: false },
      ...derivedSecrets(masters, owner),
      database: tenancy.sharedPool,
    } as BetterAuthOptions) as unknown as Auth<O>
  if (settings.handOver === undefined) {
    const auth = made({}, 'central')
    return authHandle<O>(() => Promise.resolve(auth), audit)
  }

  const handing = tenancy as HandOverAuthTenancy
  const plugins = [...(options.plugins ?? []), handOver(handing, addressOf(options), settings.handOver)]
  const auth = made({ plugins }, 'central')
  const ofTenant = tenantInstances<O, Tenant<any>>('centralAuth', handing, settings.maxInstances ?? 1000, async (tenant) =>
    made(
      {
        plugins,
        baseURL: new URL(await handing.url({ id: tenant.id })).origin,
        trustedOrigins: (request?: Request) => ownPage(handing, tenant, request),
      },
      `central at ${tenant.id}`,
    ),
  )
  return authHandle<O>(() => {
    const tenant = handing.tryCurrent()
    return tenant === undefined ? Promise.resolve(auth) : ofTenant(tenant)
  }, audit)
}

/** Of the central host, without a path. */
function addressOf({ baseURL }: BetterAuthOptions): string {
  if (typeof baseURL === 'string' && URL.canParse(baseURL)) return new URL(baseURL).origin
  throw new TenancyError(
    'INVALID_OPTION',
    `"handOver" of centralAuth needs "baseURL" in the options of Better Auth: the address of the central host, such as "https://our.example"; it is ${seen(baseURL)}.`,
    { details: { what: 'centralAuth', option: 'baseURL', seen: seen(baseURL) } },
  )
}
