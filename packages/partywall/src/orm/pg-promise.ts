/**
 * pg-promise on tenancy.pool. It makes its pool by itself, out of its own copy of pg; while its database object is made, that copy
 * gives it tenancy.pool. So its connections are those of everybody: bound, counted, shared fairly.
 *
 * Not isolated: names with a schema in your SQL.
 */
import type { IDatabase, IMain } from 'pg-promise'
import { TenancyError } from '../errors.ts'
import { LentPool } from './shared/lent-pool.ts'
import type { TenancyLike } from '../ports/tenancy-like.ts'

/**
 * A database object of pg-promise whose statements are bound to their tenants. `pgp.end()` leaves the pool alone; `tenancy.close()` ends
 * it. Make one for each tenancy: pg-promise warns of a second with the same `dc`.
 * @example const db = tenantPgPromise(tenancy, pgPromise())
 * @param dc the "Database Context" that pg-promise hands to your event handlers and to `extend`
 * @throws TenancyError INVALID_OPTION for pg-promise's options `schema` and `pgNative`, which would get past the tenant
 */
export function tenantPgPromise<Ext>(tenancy: TenancyLike, pgp: IMain<Ext>, dc?: unknown): IDatabase<Ext> & Ext {
  const db = withPool(pgp, tenancy, () => pgp<Ext>({ application_name: 'tenancy.pool' }, dc))
  const { schema, pgNative } = db.$config.options
  if (schema !== undefined) {
    throw refusal(
      'schema',
      'it sets a search path that outlives the tenant; each statement carries the path of its own tenant instead.',
    )
  }
  if (pgNative) throw refusal('pgNative', 'the native client cannot send a statement together with its tenant.')

  const { connect } = db
  db.connect = async (options) => {
    if (options?.direct) {
      throw refusal(
        'direct',
        'it opens a connection outside of tenancy.pool, which knows no tenant. Use db.connect(), or tenancy.session.',
      )
    }
    return connect.call(db, options)
  }
  return db
}

/** Calls `make` while pg-promise takes tenancy.pool for the class of its pools; other databases of the same `pgp` are not touched. */
function withPool<T>(pgp: IMain<any>, { pool }: TenancyLike, make: () => T): T {
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

function refusal(option: string, reason: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `Leave the option ${JSON.stringify(option)} of pg-promise out: ${reason}`, {
    details: { option },
  })
}
