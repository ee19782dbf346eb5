/**
 * The tenant from the path: `/acme/polls`, or `/t/acme/polls` with a prefix. For an application with one host. All tenants then share one origin, so
 * a browser sends the cookies of one tenant's session to every other: the session must be checked against the tenant.
 *
 * Paths are read as they were sent, and nothing is decoded: a router may decode, join or resolve a part of a path in another way than this code would.
 */
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { isAmbiguousPath } from '../names/own-path.ts'
import { seen } from '../seen.ts'
import type { Hint, NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { nameReader, type NameForm } from './name-forms.ts'
import { checkedTrusted } from './text-resolver.ts'

export interface PathOptions {
  /** What stands before the tenant, such as `/t`; paths elsewhere name no tenant. Without it the first part of every path is a tenant. @default '' */
  prefix?: string
  /** First parts that name no tenant although they stand where one does: `['signup', 'assets']`. @default [] */
  except?: readonly string[]
  /** What that part of the path may hold. @default ['schema'] */
  accept?: readonly NameForm[]
  /**
   * Says that your authentication checks that the user belongs to the tenant, or that there is none. Without it an adapter starts only with
   * `authorize`. @default false
   */
  trusted?: boolean
}

/**
 * Reads the tenant from the path. Adapters hand the rest of the path to the router, and `tenantPath(req, '/polls')` writes a path of the same tenant.
 * A path outside of `prefix`, the path `/` and the parts in `except` name no tenant; a part that no tenant can have is `unknown`; dot segments, a
 * backslash, and an empty part before the tenant are `invalid`. `.by` is `path`. Costs no query itself.
 * @example resolve: [byPath({ prefix: '/t', trusted: true })]
 * @throws TenancyError INVALID_OPTION
 */
export function byPath(options: PathOptions = {}): NamedResolver {
  assertKnownKeys('byPath', options, ['prefix', 'except', 'accept', 'trusted'], 'INVALID_OPTION')
  const prefix = checkedPrefix(options.prefix ?? '')
  const except = new Set(checkedExcept(options.except ?? []))
  const { read } = nameReader('byPath', options.accept ?? ['schema'])
  const trusted = checkedTrusted('byPath', options.trusted)

  function resolve({ path }: RequestFacts): Hint {
    if (path === undefined) return { outcome: 'none' }
    if (!path.startsWith('/')) return path === '*' ? { outcome: 'none' } : invalid('does not begin with a slash')
    if (isAmbiguousPath(path)) return invalid('has dot segments, a backslash or a control character')
    if (path !== prefix && !path.startsWith(`${prefix}/`)) return { outcome: 'none' }
    const [, part = '', ...rest] = path.slice(prefix.length).split('/')
    if (part === '') return rest.length > 0 ? invalid('has an empty part where the tenant stands') : { outcome: 'none' }
    if (except.has(part)) return { outcome: 'none' }
    const ref = read(part)
    return ref === undefined ? { outcome: 'unknown' } : { outcome: 'tenant', ref, mount: `${prefix}/${part}` }
  }

  return {
    name: 'path',
    resolve,
    trusted,
    reads: 'path',
    addressOf: ({ schema, id }) => ({
      mount: `${prefix}/${options.accept?.includes('schema') === false ? id : schema}`,
    }),
  }
}

function invalid(problem: string): Hint {
  return { outcome: 'invalid', reason: `the path ${problem}` }
}

function checkedPrefix(prefix: unknown): string {
  const isPath = typeof prefix === 'string' && /^(?:\/[a-z0-9._~-]+)*$/i.test(prefix) && !isAmbiguousPath(prefix)
  if (isPath) return prefix
  throw refused('prefix', prefix, 'must be a path such as "/t", without a slash at its end')
}

function checkedExcept(except: unknown): readonly string[] {
  const isList = Array.isArray(except) && except.every((part) => typeof part === 'string' && part !== '' && !part.includes('/'))
  if (isList) return except as string[]
  throw refused('except', except, 'must be a list of parts of a path without slashes, such as ["signup"]')
}

function refused(option: string, value: unknown, must: string): TenancyError<'INVALID_OPTION'> {
  const shown = seen(value, 'quoted')
  return new TenancyError('INVALID_OPTION', `The option "${option}" of byPath ${must}, not ${shown}.`, {
    details: { option, seen: shown },
  })
}
