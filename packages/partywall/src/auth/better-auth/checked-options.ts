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
  if (tenantId === undefined) return
  if (options.baseURL !== undefined && typeof options.baseURL !== 'string')
    refuse(what, 'baseURL', "with a pattern trusts the pages of all tenants: give the tenant's own address, or leave it out.")
  const { trustedOrigins } = options
  if (trustedOrigins !== undefined && !(Array.isArray(trustedOrigins) && trustedOrigins.every((origin) => !/[*?]/.test(origin))))
    refuse(what, 'trustedOrigins', 'must be a list of whole origins: a pattern could be the address of another tenant.')
  const jwt = options.plugins?.find(({ id }) => id === 'jwt')?.options as { jwt?: { audience?: unknown } } | undefined
  const hasJwt = options.plugins?.some(({ id }) => id === 'jwt') === true
  if (hasJwt && jwt?.jwt?.audience !== tenantId)
    refuse(what, 'plugins: jwt', 'must have the tenant as the audience of its tokens: jwt({ jwt: { audience: tenant.id } }).')
}

function refuse(what: string, option: string, why: string): never {
  throw new TenancyError('INVALID_OPTION', `"${option}" of ${what} ${why}`, { details: { what, option } })
}
