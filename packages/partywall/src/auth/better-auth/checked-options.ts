/** Options with which a session, a token or a page of one tenant would be accepted at another are refused. */
import type { BetterAuthOptions } from 'better-auth'
import { TenancyError } from '../../errors.ts'

/** @throws TenancyError INVALID_OPTION */
export function assertOwnOptions(what: string, options: BetterAuthOptions, tenantId: string | undefined): void {
  for (const option of ['database', 'secret', 'secrets'] as const)
    if (options[option] !== undefined)
      refuse(what, option, `is set by ${what}: leave it out. The secret is an option of ${what} itself.`)
  if (options.advanced?.crossSubDomainCookies?.enabled === true)
    refuse(
      what,
      'advanced.crossSubDomainCookies',
      "would send one cookie to the hosts of all tenants: leave it out, a session is for the tenant's host.",
    )
  if (options.advanced?.defaultCookieAttributes?.domain !== undefined)
    refuse(what, 'advanced.defaultCookieAttributes.domain', 'would send one cookie to the hosts of all tenants: leave it out.')
  for (const [name, { attributes }] of Object.entries(options.advanced?.cookies ?? {}))
    if (attributes?.domain !== undefined)
      refuse(what, `advanced.cookies.${name}`, 'would send one cookie to the hosts of all tenants: leave the domain out.')
  // An array names paths.
  const unchecked: unknown = options.advanced?.disableOriginCheck
  if (unchecked !== undefined && unchecked !== false)
    refuse(
      what,
      'advanced.disableOriginCheck',
      'would let a page of another tenant act, and lead a link to any host: leave it out.',
    )
  if (options.advanced?.disableCSRFCheck === true)
    refuse(what, 'advanced.disableCSRFCheck', 'would let a page of another tenant act for its visitors: leave it out.')
  if (options.account?.skipStateCookieCheck === true)
    refuse(what, 'account.skipStateCookieCheck', 'would let a sign-in that one browser began end in another one: leave it out.')
  if (/[*?]/.test(process.env['BETTER_AUTH_TRUSTED_ORIGINS'] ?? ''))
    refuse(
      what,
      'BETTER_AUTH_TRUSTED_ORIGINS',
      'holds a pattern, which could be the address of another tenant: write whole origins.',
    )
  if (tenantId === undefined) return
  if (options.baseURL !== undefined && typeof options.baseURL !== 'string')
    refuse(what, 'baseURL', "with a pattern trusts the pages of all tenants: give the tenant's own address, or leave it out.")
  const { trustedOrigins } = options
  if (trustedOrigins !== undefined && !(Array.isArray(trustedOrigins) && trustedOrigins.every((origin) => !/[*?]/.test(origin))))
    refuse(what, 'trustedOrigins', 'must be a list of whole origins: a pattern could be the address of another tenant.')
  const jwt = options.plugins?.find(({ id }) => id === 'jwt') as { options?: { jwt?: JwtOptions } } | undefined
  if (jwt === undefined) return
  if (jwt.options?.jwt?.audience !== tenantId)
    refuse(what, 'plugins: jwt', `must have the tenant as the audience of its tokens: ${asItShould}.`)
  if (typeof jwt.options.jwt.definePayload !== 'function')
    refuse(what, 'plugins: jwt', `would put the whole row of the user into its tokens. Say what they hold: ${asItShould}.`)
}

const asItShould = 'jwt({ jwt: { audience: tenant.id, definePayload: ({ user }) => ({ id: user.id }) } })'

interface JwtOptions {
  readonly audience?: unknown
  readonly definePayload?: unknown
}

function refuse(what: string, option: string, why: string): never {
  throw new TenancyError('INVALID_OPTION', `"${option}" of ${what} ${why}`, { details: { what, option } })
}
