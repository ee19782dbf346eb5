/** The tenant from the query of the URL: `/polls?tenant=acme`, for links and tools that can set no header. Every client can write it. */
import type { NamedResolver } from '../ports/resolver.ts'
import { checkedName, textResolver, type TextResolverOptions } from './text-resolver.ts'

export interface QueryOptions extends TextResolverOptions {}

/**
 * Reads the tenant from the parameter `name` of the query. A request without it names no tenant; an empty, repeated or malformed one is `invalid`.
 * `.by` is `query <name>`. Costs no query of the database itself.
 * @example resolve: [byHost({ base: 'example.com' }), byQuery('tenant', { trusted: true })]
 * @throws TenancyError INVALID_OPTION
 */
export function byQuery(name: string, options: QueryOptions = {}): NamedResolver {
  const parameter = checkedName('byQuery', name, /^.{1,200}$/s, 'a parameter has a name of 1 to 200 characters')
  return textResolver(
    {
      what: 'byQuery',
      name: `query ${parameter}`,
      reads: 'query',
      values({ query }) {
        const given = query?.[parameter]
        return given === undefined ? [] : [given].flat()
      },
    },
    options,
  )
}
