/** The contract notices what a first attempt gets wrong: keys without a tenant, with its schema, with a counter in memory, with a list of keys for a flush. */
import type { CacheTenancy } from '../../src/cache/cache.ts'
import { expectBroken } from './contract.ts'
import type { CacheLike, Subject } from './subjects.ts'

type Prefix = (tenancy: CacheTenancy, flushes: Map<string, number>) => string

/** A cache on a Map with a prefix, and what its author took for a flush. */
function naive(
  name: string,
  prefix: Prefix,
  flush: (map: Map<string, unknown>, prefix: string, flushes: Map<string, number>) => void,
): Subject {
  return {
    name,
    needsRedis: false,
    async start() {
      const map = new Map<string, unknown>()
      const raw = {
        keys: async () => [...map.keys()],
        get: async (key: string) => map.get(key),
        set: async (key: string, value: unknown) => map.set(key, value),
        delete: async (key: string) => map.delete(key),
        clear: async () => map.clear(),
      }
      const open = async (tenancy: CacheTenancy): Promise<CacheLike> => {
        const flushes = new Map<string, number>()
        const of = (key: string): string => prefix(tenancy, flushes) + key
        const flushTenant = async (): Promise<void> => flush(map, of(''), flushes)
        return {
          get: async (key) => map.get(of(key)),
          set: async (key, value) => map.set(of(key), value),
          delete: async (key) => map.delete(of(key)),
          keys: async () => [...map.keys()].filter((key) => key.startsWith(of(''))).map((key) => key.slice(of('').length)),
          clear: flushTenant,
          flushTenant,
          forgetTenant: flushTenant,
          shared: { get: async (key) => map.get(key), set: async (key, value) => map.set(key, value) },
        }
      }
      return { raw, open, store: map }
    },
  }
}

const remove = (map: Map<string, unknown>, prefix: string): void => {
  for (const key of map.keys()) if (key.startsWith(prefix)) map.delete(key)
}

expectBroken(
  naive('keys without a tenant', () => '', remove),
  [
    'each tenant reads its own value under one key, with 40 at once',
    'without a tenant nothing is read, written or removed',
    'a list and a clear are those of the current tenant',
    'a flush is seen by every process at once, and by no other tenant',
    'what all tenants share is named on purpose, and is another part',
  ],
)

expectBroken(
  naive(
    'keys with the schema',
    (tenancy) => {
      const scope = tenancy.scope()
      return scope?.kind === 'tenant' ? `${scope.tenant.schema}:` : ''
    },
    remove,
  ),
  [
    'without a tenant nothing is read, written or removed',
    'a value that was computed before a flush and written after it does not come back',
    'a value of another tenant or generation that was put under a key is not read',
    'forgetTenant leaves nothing of a tenant, of any generation',
  ],
)

expectBroken(
  naive(
    'the id of the tenant, and the number of flushes in the memory of each process',
    (tenancy, flushes) => `${tenancy.current().id}:${flushes.get(tenancy.current().id) ?? 0}:`,
    (_, prefix, flushes) => void flushes.set(prefix.split(':')[0]!, (flushes.get(prefix.split(':')[0]!) ?? 0) + 1),
  ),
  [
    'another generation of a tenant reads nothing of the one before, nor the other way',
    'a flush is seen by every process at once, and by no other tenant',
    'a value that was computed before a flush and written after it does not come back',
  ],
)
