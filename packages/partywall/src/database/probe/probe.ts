/**
 * Examines the route to the server before an application relies on it: which pooler is on it, and whether two tenants stay isolated.
 * A route that is not safe is refused with the reason. A check that could not be tried is reported, and is no refusal.
 */
import { TenancyError } from '../../errors.ts'
import type { Database } from '../../ports/database.ts'
import { proveIsolation, type Isolation } from './isolation.ts'
import type { ProbeParts } from './probe-parts.ts'
import { learnRoute, type Route } from './route.ts'

export interface Probe {
  readonly server: {
    /** As the server reports it, e.g. `18.4`. */
    readonly version: string
  }
  readonly route: Route
  readonly isolation: Isolation
}

const oldestServer = 14

/** @throws TenancyError UNSAFE_SETUP, DATABASE_UNREACHABLE */
export async function probe(parts: ProbeParts): Promise<Probe> {
  const version = await serverVersion(parts.database.deploy)
  if (Number.parseInt(version, 10) < oldestServer) {
    throw new TenancyError(
      'UNSAFE_SETUP',
      `The server is PostgreSQL ${version}; partywall is tested on ${oldestServer} and newer. Upgrade the server.`,
      { details: { version } },
    )
  }
  const route = await learnRoute(parts)
  return { server: { version }, route, isolation: await proveIsolation(parts, route) }
}

async function serverVersion(database: Database): Promise<string> {
  const { rows } = await database.query<{ version: string }>({
    text: `select pg_catalog.current_setting('server_version') as version`,
  })
  return rows[0]!.version.split(' ')[0]!
}
