/**
 * partywall/pg-promise, for pg-promise 12. `tenantPgPromise` makes one database object that serves every tenant.
 *
 * pg-promise makes its pool by itself, from its own copy of pg. While its database object is made, the adapter puts tenancy.pool in the
 * place of that class. So its connections are those of all other code on tenancy.pool: bound, counted and shared fairly.
 *
 * Not isolated by it: schemas that your SQL names.
 */
import '../node-version.ts'
import type { IDatabase, IMain } from 'pg-promise'
import type { OrmTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import { LentPool } from './shared/lent-pool.ts'
import { assertNoneRefused, refusedOption } from './shared/refused-options.ts'

export type { OrmTenancy } from '../ports/tenancy-like.ts'

/**
 * A database object of pg-promise on `tenancy.pool`. `pgp.end()` leaves the pool open. Make one for each tenancy: pg-promise warns about a
 * second one with the same `dc`.
 * @example
 * const db = tenantPgPromise(tenancy, pgPromise())
 * await tenancy.run('acme', () => db.any('select * from projects'))
 * @param dc the "Database Context" that pg-promise hands to your event handlers and to `extend`
 * @throws TenancyError INVALID_OPTION for the options `schema` and `pgNative` of pg-promise, with which statements would miss their tenant
 */
export function tenantPgPromise<Ext>(tenancy: Pick<OrmTenancy, 'pool'>, pgp: IMain<Ext>, dc?: unknown): IDatabase<Ext> & Ext {
  const db = withPool(pgp, tenancy, () => pgp<Ext>({ application_name: 'tenancy.pool' }, dc))
  assertNoneRefused('tenantPgPromise', db.$config.options, refused, (value) => value !== undefined && value !== false)

  warnIfUntested('pg-promise')
  const { connect } = db
  db.connect = async (options) => {
    if (options?.direct) throw refusedOption('tenantPgPromise', 'direct', refusedOfConnect)
    return connect.call(db, options)
  }
  return db
}

/** Calls `make` while pg-promise finds tenancy.pool in the place of its pool class; other databases of the same `pgp` are not touched. */
function withPool<T>(pgp: IMain<any>, { pool }: Pick<OrmTenancy, 'pool'>, make: () => T): T {
  const slot = pgp as unknown as { pg: object }
  const own = slot.pg
  class TenancyPool extends LentPool {
    constructor() {
      super(pool)
    }
  }
  slot.pg = Object.create(own, { Pool: { value: TenancyPool } })
  try {
    return make()
  } finally {
    slot.pg = own
  }
}

/** Options of `pgPromise(…)`. */
const refused = {
  schema: 'It sets a search path that outlives the tenant. Leave it out: each statement carries the path of its own tenant.',
  pgNative: 'The native client cannot send a statement together with its tenant. Leave it out.',
} as const

const refusedOfConnect =
  'It opens a connection outside of tenancy.pool, which knows no tenant. Use db.connect() without it, or tenancy.session.'
