/**
 * Cookies that only their own host can set. A page of one tenant may set a cookie for all hosts under the same base, and with it sign a user of another tenant in as someone else; a name that begins
 * with `__Host-` is one that browsers take from its own host alone.
 */
import type { BetterAuthOptions } from 'better-auth'

type Advanced = NonNullable<BetterAuthOptions['advanced']>

const prefix = '__Host-'

/** The option `advanced`, with names of cookies that begin with `__Host-` where the address is one of https. Such a cookie is for all paths, so an application that chose a path keeps its names. */
export function hostCookies({ advanced = {} }: BetterAuthOptions, baseURL: unknown): Advanced {
  const { defaultCookieAttributes, cookies = {}, cookiePrefix = 'better-auth' } = advanced
  const paths = [defaultCookieAttributes?.path, ...Object.values(cookies).map(({ attributes }) => attributes?.path)]
  const isSecure = typeof baseURL === 'string' && baseURL.startsWith('https:') && advanced.useSecureCookies !== false
  if (!isSecure || paths.some((path) => path !== undefined && path !== '/')) return advanced
  return {
    ...advanced,
    // Its prefix `__Secure-` would stand in front. The attribute is set below.
    useSecureCookies: false,
    cookiePrefix: `${prefix}${cookiePrefix}`,
    defaultCookieAttributes: { ...defaultCookieAttributes, secure: true },
    cookies: Object.fromEntries(
      Object.entries(cookies).map(([name, cookie]) => [
        name,
        { ...cookie, ...(cookie.name !== undefined && { name: `${prefix}${cookie.name}` }) },
      ]),
    ),
  }
}
