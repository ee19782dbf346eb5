/**
 * The tenant from a request header. A header is chosen by the client: it says which tenant is MEANT, never that the caller may use it.
 * Use it behind a gateway that sets it, or together with an authentication that knows the members of each tenant.
 */
import type { NamedResolver } from '../ports/resolver.ts'
import { checkedName, nameRefused, textResolver, tokenForm, type TextResolverOptions } from './text-resolver.ts'

export interface HeaderOptions extends TextResolverOptions {}

/**
 * Reads the tenant from the header `name`. A request without it names no tenant; an empty, repeated or malformed one is `invalid`.
 * `.by` is `header <name>`. Costs no query itself.
 * @example resolve: [byHost({ base: 'example.com' }), byHeader('x-tenant-id', { trusted: true })]
 * @throws TenancyError INVALID_OPTION
 */
export function byHeader(name: string, options: HeaderOptions = {}): NamedResolver {
  const header = checkedName('byHeader', name, tokenForm, 'it is not the name of a header').toLowerCase()
  if (header === 'host') throw nameRefused('byHeader', name, 'the host is read by byHost')
  return textResolver(
    {
      what: 'byHeader',
      name: `header ${header}`,
      reads: 'header',
      values({ headers }) {
        const given = headers?.[header]
        return given === undefined ? [] : [given].flat()
      },
    },
    options,
  )
}
