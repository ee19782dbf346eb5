// The pool that the suites test: pg's own, or partywall's with every statement bound to the schema "public".
import { createRequire } from 'node:module'
import pg from 'pg'

// Suites load this file by require(), so it must not await anything.
const require = createRequire(import.meta.url)
export const Pool = process.env.NODE_POSTGRES_SUBJECT === 'partywall' ? boundPool() : pg.Pool
export { Pool as default, Pool as 'module.exports' }

function boundPool() {
  const source = '../../packages/partywall/src'
  const { TenantPool } = require(`${source}/database/pool/tenant-pool.ts`)
  const { Bindings } = require(`${source}/database/binding/binding.ts`)
  const { fixedBinder } = require(`${source}/database/binding/binder.ts`)
  const { Scope } = require(`${source}/scope/scope.ts`)
  const { shared } = new Bindings({ sharedSchema: 'public', includeShared: true, extraSearchPath: [] })
  return class BoundPool extends TenantPool {
    constructor(options) {
      super({ ...options, binder: fixedBinder(shared, new Scope()) })
    }
  }
}
