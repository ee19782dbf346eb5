/** A real pool on a scripted server, with the scope of its statements and the reasons for which it destroyed connections. */
import type { PoolConfig } from 'pg'
import { scopeBinder } from '../../../src/database/binding/binder.ts'
import { Bindings } from '../../../src/database/binding/binding.ts'
import { TenantPool } from '../../../src/database/pool/tenant-pool.ts'
import { Scope } from '../../../src/scope/scope.ts'

export interface ScriptedPool {
  readonly scope: Scope
  /** To be ended by the caller. */
  readonly pool: TenantPool
  readonly discarded: string[]
}

export function scriptedPool(url: string, options: PoolConfig = {}): ScriptedPool {
  const scope = new Scope()
  const bindings = new Bindings({ sharedSchema: 'public', includeShared: true, extraSearchPath: [] })
  const discarded: string[] = []
  const pool = new TenantPool({
    connectionString: url,
    ...options,
    binder: scopeBinder(scope, bindings, 'refuse'),
    onDiscard: (reason) => discarded.push(reason),
  })
  return { scope, pool, discarded }
}
