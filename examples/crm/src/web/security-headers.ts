/** What each answer tells the browser. Scripts, styles and requests are this host's own. */
import type { RequestHandler } from 'express'

const policy = (more = ''): string =>
  `default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'${more}`

export function securityHeaders({ appUrl }: { readonly appUrl: string }): RequestHandler {
  const headers = {
    'content-security-policy': policy(),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    ...(appUrl.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  }
  return (_req, res, next) => {
    res.set(headers)
    next()
  }
}

/** For a page whose form ends at the host of a tenant: browsers ask the policy about the redirect, too. */
export function formsToTenants(appUrl: string): string {
  const { protocol, host } = new URL(appUrl)
  return policy(` ${protocol}//*.${host}`)
}
