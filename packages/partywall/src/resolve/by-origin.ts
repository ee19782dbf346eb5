/**
 * The tenant from the `Origin` header: for a single-page application at its tenant's host whose API has one host for all tenants. A browser does not let a
 * page choose its Origin, but every other client writes what it likes.
 */
import type { Hint, NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { hostReader, type HostOptions } from './host-reader.ts'
import { checkedTrusted } from './text-resolver.ts'

export interface OriginOptions extends HostOptions {
  /**
   * Says that your authentication checks that the user belongs to the tenant. Without it an adapter starts only with `authorize`. @default false
   */
  trusted?: boolean
}

/**
 * Reads the tenant from the host in `Origin`, as byHost reads it from the host of the request. Without the header, and for the origin `null`, the
 * request names no tenant. `.by` is `origin`. Costs no query itself.
 * @example resolve: [byHost({ base: 'example.com', except: ['api.example.com'] }), byOrigin({ base: 'example.com' })]
 * @throws TenancyError INVALID_OPTION
 */
export function byOrigin({ trusted: given, ...options }: OriginOptions = {}): NamedResolver {
  const { read } = hostReader('byOrigin', options)
  const trusted = checkedTrusted('byOrigin', given)

  function resolve({ headers }: RequestFacts): Hint {
    const values = [headers?.['origin'] ?? []].flat()
    if (values.length === 0) return { outcome: 'none' }
    const [origin] = values
    // Browsers send "null" from sandboxed frames and files.
    if (values.length === 1 && origin === 'null') return { outcome: 'none' }
    const host = values.length === 1 ? /^https?:\/\/([^/?#@,\s]+)$/i.exec(origin!)?.[1] : undefined
    return host === undefined ? { outcome: 'invalid', reason: 'the origin is not of the form https://host' } : read(host)
  }

  return { name: 'origin', resolve, trusted, reads: 'origin' }
}
