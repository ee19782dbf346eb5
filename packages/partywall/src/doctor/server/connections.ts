/** PW-115: the server has connections enough for the pools of all instances. */
import { needsLogins } from '../../config/boundary-option.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { count, plural } from '../context/wording.ts'

export const connections: Examination = {
  id: 'PW-115',
  title: 'Too few connections',
  async run(context: Context) {
    const [used] = await context.askLogin<Used>(usedSql)
    const found = nearlyAll(used!)
    const route = await context.route().catch(() => undefined)
    // Behind a pooler, its own pool decides.
    return route?.kind === 'direct' ? [...found, ...tooFew(used!, perInstance(context))] : found
  },
}

export interface Used {
  readonly available: number
  readonly inUse: number
  /** Hosts from which the application's login is connected: at least so many instances. */
  readonly hosts: number
}

/** The pools of one instance, and the connection that sees changes of tenants. */
function perInstance({ options: { pool, boundary }, hasDeploy }: Context): number {
  return pool.max + pool.sharedMax + 1 + (hasDeploy ? pool.sharedMax : 0) + (needsLogins(boundary) ? pool.loginMax : 0)
}

export function nearlyAll({ available, inUse }: Used): Observation[] {
  if (inUse < available * nearly) return []
  return [
    {
      severity: 'warning',
      seen: `${count(inUse)} of ${plural(available, 'connection')} that applications may open are in use.`,
      fix: 'Lower pool.max, put PgBouncer in transaction mode in front of the server, or raise max_connections.',
    },
  ]
}

const nearly = 0.8

export function tooFew({ available, hosts }: Used, each: number): Observation[] {
  const instances = Math.max(hosts, 1)
  if (each * instances <= available) return []
  return [
    {
      severity: 'warning',
      seen:
        `An instance of the application may open ${count(each)} connections, and the application is connected from ${plural(instances, 'host')}: together ` +
        `${count(each * instances)}, of ${count(available)} that the server has for applications. During a deploy it is twice as many.`,
      fix: 'Lower pool.max, put PgBouncer in transaction mode in front of the server, or raise max_connections.',
    },
  ]
}

/** As the login itself, which sees the addresses of its own sessions. */
const usedSql: Statement = {
  text: `
    select
      current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true), '0')::integer as available,
      count(*) filter (where backend_type = 'client backend')::integer as "inUse",
      count(distinct coalesce(host(client_addr), 'local')) filter (where usename = current_user and datname = current_database())::integer as hosts
    from pg_catalog.pg_stat_activity`,
}
