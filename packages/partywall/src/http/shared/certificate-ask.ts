/**
 * The answer to "may I get a certificate for this host?", for a proxy that makes certificates on demand, such as Caddy. Without it, anyone who points a name
 * at the proxy makes it ask for certificates until the issuer refuses all of them.
 */
import { BoundedMap } from '../../bounded-map.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { HttpAnswer } from './problem.ts'

export interface CertificateAskOptions {
  /** Hosts of your own that need a certificate, such as the base itself. @default [] */
  hosts?: readonly string[]
  /** How many names that lead to no tenant are looked up in a second; further ones are answered with 429. 1 or more. @default 20 */
  unknownPerSecond?: number
}

/**
 * Makes the function that answers: 200 for a host that leads to a tenant, whatever its status, and for `hosts`; 404 for every other. What is known is
 * answered from the cache; names that lead nowhere are limited.
 * @example
 * const ask = certificateAsk(tenancy, { hosts: ['example.com'] })
 * app.get('/certificate-ask', async (req, res) => res.sendStatus((await ask(String(req.query['domain']))).status)) // reachable by the proxy only
 * @throws TenancyError INVALID_OPTION
 */
export function certificateAsk(
  tenancy: Pick<HttpTenancy, 'resolve'>,
  options: CertificateAskOptions = {},
): (domain: string | undefined) => Promise<HttpAnswer> {
  assertKnownKeys('certificateAsk', options, ['hosts', 'unknownPerSecond'], 'INVALID_OPTION')
  const { hosts = [], unknownPerSecond = 20 } = options
  assertWholeNumber('INVALID_OPTION', '"unknownPerSecond" of certificateAsk', 'unknownPerSecond', unknownPerSecond, { least: 1 })
  const own = new Set(hosts)
  /** Until when a name is known to lead to a tenant. It is asked for again then. */
  const known = new BoundedMap<string, number>(10_000)
  let second = 0
  let unknown = 0

  return async (given) => {
    const domain = given?.toLowerCase()
    if (domain === undefined || domain === '' || domain.length > 253) return answer(404)
    if (own.has(domain)) return answer(200)
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) [second, unknown] = [now, 0]
    if ((known.get(domain) ?? 0) <= now && unknown >= unknownPerSecond) return answer(429)
    // Counted before the question: a burst that arrives at once is a burst.
    unknown += 1
    const { outcome } = await tenancy.resolve({ host: domain })
    if (outcome !== 'resolved' && outcome !== 'suspended' && outcome !== 'maintenance') return answer(404)
    unknown -= 1
    known.set(domain, now + knownSeconds)
    return answer(200)
  }
}

const knownSeconds = 60

function answer(status: number): HttpAnswer {
  return { status, headers: { 'cache-control': 'no-store', 'content-type': 'text/plain' }, body: '' }
}
