/**
 * What `tenancy.migrations.try` needs: a trial opens tenancies in databases of its own, with what the configuration says about schemas, and nothing
 * else of it.
 */
import { connectPlainly } from './database/plain-connection.ts'
import type { Config } from './config/config.ts'
import type { TrialHost, TrialTenancy } from './migrations/trial/trial-parts.ts'
import type { DatabaseApi } from './tenancy-api.ts'
import type { Rooms } from './tenancy-rooms.ts'

/** @param create as createTenancy, which opens a tenancy by these rooms itself */
export function trialHost(
  { options, database }: Pick<Rooms<any>, 'options' | 'database'>,
  create: (config: Config) => TrialTenancy & { readonly database: DatabaseApi },
): TrialHost {
  const { root, migrations, sharedSchema, includeShared, extraSearchPath } = options
  const schemas = { root, sharedSchema, includeShared, extraSearchPath }
  return {
    options: { ...schemas, migrations },
    connect: connectPlainly,
    server: async ({ server, embedded }) => {
      if (server === undefined && embedded !== true) return { config: await database.connectionConfig(), release: async () => {} }
      const other = create({ root, ...(embedded !== true && { database: server }) })
      return { config: await other.database.connectionConfig(), release: () => other.close() }
    },
    open: (config, { shared, tenant }) =>
      create({ ...schemas, database: config, migrations: { ...migrations, shared, tenant }, seeds: false, tenantCacheMs: 0 }),
  }
}
