/** Text with a place for the tenant, such as `/files/{id}` or `tenants/{schema}/views`. */
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'
import type { Tenant } from '../types.ts'
import { pathProblem } from './file-path.ts'

/**
 * @param what the call, and `option` its option, for messages
 * @param of a URL is encoded; a path is one name of a folder
 * @throws TenancyError INVALID_OPTION for text without a place for the tenant: all tenants would have the same
 */
export function tenantPattern(
  what: string,
  option: string,
  pattern: unknown,
  of: 'url' | 'path',
): (tenant: Pick<Tenant<any>, 'id' | 'schema'>) => string {
  const places = typeof pattern === 'string' ? [...pattern.matchAll(/\{(\w*)\}/g)].map(([, name]) => name) : []
  if (typeof pattern !== 'string' || places.length === 0 || places.some((name) => name !== 'id' && name !== 'schema')) {
    throw new TenancyError(
      'INVALID_OPTION',
      `"${option}" of ${what} must be text with {id} or {schema} in it, where the tenant stands; it is ${seen(pattern, 'quoted')}.`,
      { details: { what, option } },
    )
  }
  const trimmed = pattern.replace(/(?<=.)\/+$/, '')
  return (tenant) =>
    trimmed.replaceAll(/\{(id|schema)\}/g, (_, name: 'id' | 'schema') => {
      const value = tenant[name]
      if (of === 'url') return encodeURIComponent(value)
      // The schema of an adopted tenant may have any name.
      if (pathProblem(value) === undefined && !value.includes('/') && !value.startsWith('.')) return value
      throw new TenancyError(
        'INVALID_OPTION',
        `"${option}" of ${what} has {schema}, and the schema of a tenant is no name of a folder. Use {id}.`,
        {
          details: { what, option },
        },
      )
    })
}
