/**
 * PW-005: a cookie for the parent domain is sent to the hosts of all tenants, so the session of one tenant arrives at another one. Seen are the options of
 * the session packages that the application makes while it is imported; a cookie that a handler sets is not visible.
 */
import type { Observation } from '../findings.ts'
import type { SeenCookie } from './app/app-facts.ts'
import { sessionPackages } from './app/watched-packages.ts'
import { defineCheck } from './check.ts'
import { hostsOf } from './own-hosts.ts'

export const parentCookies = defineCheck({
  id: 'PW-005',
  title: 'Cookies reach the hosts of other tenants',
  needs: ['config', 'app'],
  run: ({ config, app }) =>
    parentCookiesOf(
      app.cookies,
      hostsOf(config.options.resolve).flatMap(({ bases }) => bases),
    ),
})

/** @param bases of byHost */
export function parentCookiesOf(cookies: readonly SeenCookie[], bases: readonly string[]): Observation[] {
  if (cookies.length === 0) return [noneSeen]
  return cookies.flatMap(({ package: name, domain, isHidden }): Observation[] => {
    if (isHidden) return [{ severity: 'info', seen: `the domain of the cookies of ${name} is not text, and cannot be seen`, fix }]
    if (domain === undefined) return []
    const host = domain.replace(/^\./, '').toLowerCase()
    const base = bases.find((one) => one === host || one.endsWith(`.${host}`))
    const seen = `${name} sets cookies for the domain ${JSON.stringify(domain)}`
    if (base === undefined && bases.length > 0 && !bases.some((one) => host.endsWith(`.${one}`))) {
      return [{ severity: 'warning', seen: `${seen}, which is none of the hosts of byHost`, fix }]
    }
    if (base === undefined) return [{ severity: 'warning', seen: `${seen}: it is sent to every host under it`, fix }]
    return [{ severity: 'error', seen: `${seen}: browsers send them to the host of every tenant under ${base}`, fix }]
  })
}

const noneSeen: Observation = {
  severity: 'info',
  seen: `the application makes no session by a package that is known here (${sessionPackages.join(', ')}); cookies that its handlers set cannot be seen`,
  fix: 'Search your code for cookies with a domain, and leave it out.',
}

const fix =
  'Leave out the domain: then the cookie is sent to the host alone that has set it. Where a session must cross hosts, store the id of the tenant in it and ' +
  'compare it with tenancy.current().'
