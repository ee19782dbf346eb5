/** The alarm of a test: what must not be left on a tenancy when a test has ended, and who has left it. */
import { idleSessions } from '../database/pool/idle-sessions.ts'
import { heldClientsOf } from '../database/pool/tenant-pool.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { TestableTenancy } from './database/testable.ts'
import { leaked } from './database/transactions.ts'

export interface LeakOptions {
  /** How long what was left has time to end; a number of milliseconds. @default 250 */
  readonly settleMs?: number | undefined
  /** Also a connection that was closed because a statement had left something on it, such as SET or a temporary table. @default false */
  readonly discarded?: boolean | undefined
  /** The search path of a connection that was changed by a function. PostgreSQL 18 and newer report it. @default true */
  readonly tampered?: boolean | undefined
}

export const leakKeys = ['settleMs', 'discarded', 'tampered'] as const

export interface LeakWatch {
  /**
   * Looks for what was left since the last call. Each thing is told once.
   * @throws TenancyError TEST_LEAK with one line for each: clients that are checked out, scopes that are open, changed sessions
   */
  check(): Promise<void>
  /** Ends the watch. */
  stop(): void
}

/** The part of a tenancy that is watched. */
export type WatchedTenancy = Pick<TestableTenancy, 'pool' | 'sharedPool' | 'run' | 'runShared' | 'on'>

interface OpenScope {
  readonly of: string
  readonly frames: string
}

/**
 * Watches a tenancy from now on. Costs a stack for each scope that is entered; a check costs two queries.
 * @example const leaks = watchLeaks(tenancy); afterEach(() => leaks.check())
 * @throws TenancyError INVALID_ARGUMENT
 */
export function watchLeaks(tenancy: WatchedTenancy, options: LeakOptions = {}): LeakWatch {
  assertKnownKeys('watchLeaks', options, leakKeys)
  const { settleMs = 250, discarded = false, tampered = true } = options
  const scopes = watchScopes(tenancy)
  const heard: string[] = []
  const stops = [
    scopes.stop,
    discarded
      ? tenancy.on('connection.discarded', ({ reason }: { reason: string }) =>
          heard.push(`A connection was closed, because ${reason}.`),
        )
      : () => {},
    tampered
      ? tenancy.on('connection.tampered', ({ searchPath, schema }: { searchPath: string; schema: string }) =>
          heard.push(
            `The search path of a connection of ${JSON.stringify(schema)} was changed for its session, to ${searchPath}.`,
          ),
        )
      : () => {},
  ]
  const told = new WeakSet<object>()
  return {
    async check() {
      const late = performance.now() + settleMs
      while (isBusy(tenancy, scopes.open, told) && performance.now() < late)
        await new Promise((resolve) => setTimeout(resolve, 5))
      const found = [
        ...heldLines(tenancy, told),
        ...scopeLines(scopes.open, told),
        ...(await sessionLines(tenancy)),
        ...heard.splice(0),
      ]
      if (found.length > 0) throw leaked(found)
    },
    stop() {
      for (const stop of stops) stop()
    },
  }
}

/** Notes each scope until its work is done. Adapters enter by the same methods. */
function watchScopes(tenancy: WatchedTenancy): { readonly open: Set<OpenScope>; stop(): void } {
  const open = new Set<OpenScope>()
  const { run, runShared } = tenancy
  const noted = <R>(name: string, frames: string, work: Promise<R>): Promise<R> => {
    const one = { of: name, frames }
    open.add(one)
    const done = (): void => void open.delete(one)
    work.then(done, done)
    return work
  }
  const watchedRun = (...args: Parameters<typeof run>): Promise<any> =>
    noted(nameOf(args[0]), framesOf(watchedRun), Reflect.apply(run, tenancy, args))
  const watchedShared = (...args: Parameters<typeof runShared>): Promise<any> =>
    noted('the shared schema', framesOf(watchedShared), Reflect.apply(runShared, tenancy, args))
  Object.assign(tenancy, { run: watchedRun, runShared: watchedShared })
  return {
    open,
    stop() {
      // The methods of the class are below.
      if (tenancy.run === watchedRun) Reflect.deleteProperty(tenancy, 'run')
      if (tenancy.runShared === watchedShared) Reflect.deleteProperty(tenancy, 'runShared')
    },
  }
}

function nameOf(ref: unknown): string {
  if (typeof ref === 'string') return `tenant ${JSON.stringify(ref)}`
  const { schema, id } = (ref ?? {}) as { schema?: string; id?: string }
  return `tenant ${JSON.stringify(schema ?? id ?? '?')}`
}

function framesOf(taker: (...args: any[]) => unknown): string {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, taker)
  return holder.stack!.split('\n').slice(1).join('\n')
}

function poolsOf({ pool, sharedPool }: WatchedTenancy) {
  return [
    ['tenancy.pool', pool],
    ['tenancy.sharedPool', sharedPool],
  ] as const
}

function isBusy(tenancy: WatchedTenancy, open: ReadonlySet<OpenScope>, told: WeakSet<object>): boolean {
  const lent = poolsOf(tenancy).reduce((sum, [, pool]) => sum + pool.totalCount - pool.idleCount, 0)
  const known = poolsOf(tenancy)
    .flatMap(([, pool]) => heldClientsOf(pool) ?? [])
    .filter(({ checkout }) => told.has(checkout)).length
  return lent > known || [...open].some((one) => !told.has(one))
}

function heldLines(tenancy: WatchedTenancy, told: WeakSet<object>): string[] {
  return poolsOf(tenancy).flatMap(([name, pool]) => {
    const held = heldClientsOf(pool) ?? []
    const lines = held
      .filter(({ checkout }) => !told.has(checkout))
      .map(({ client, checkout, label, frames }) => {
        told.add(checkout)
        const status = (client as { getTransactionStatus?(): string | null }).getTransactionStatus?.()
        const state = status === 'T' || status === 'E' ? ', with an open transaction' : ''
        return `A client of ${name} for ${label} was not released${state}. It was checked out here:\n${frames}`
      })
    const running = pool.totalCount - pool.idleCount - held.length
    return running > 0 ? [...lines, `${running} statements of ${name} still run.`] : lines
  })
}

function scopeLines(open: ReadonlySet<OpenScope>, told: WeakSet<object>): string[] {
  return [...open]
    .filter((one) => !told.has(one))
    .map((one) => {
      told.add(one)
      return `Work in the scope of ${one.of} was not awaited, and still runs. It was started here:\n${one.frames}`
    })
}

/** What was left on sessions that wait for their next use: no statement of a tenant would have used it. */
async function sessionLines(tenancy: WatchedTenancy): Promise<string[]> {
  const { rows } = await tenancy.sharedPool
    .query<{ tables: string | null }>(temporarySql)
    .catch(() => ({ rows: [] as { tables: string | null }[] }))
  const tables = rows[0]?.tables
  const lines = typeof tables === 'string' ? [`Temporary tables are left on connections: ${tables}.`] : []
  for (const [name, pool] of poolsOf(tenancy)) {
    for (const { role, searchPath, firstSearchPath } of await idleSessions(pool)) {
      if (role !== 'none') lines.push(`A connection of ${name} was left with the role ${JSON.stringify(role)}.`)
      if (searchPath !== firstSearchPath) lines.push(`A connection of ${name} was left with the search path ${searchPath}.`)
    }
  }
  return lines
}

/** Of the sessions of this database that are idle. */
const temporarySql = `
  select pg_catalog.string_agg(distinct relation.relname::text, ', ') as tables
  from pg_catalog.pg_class as relation
  where relation.relpersistence = 't' and relation.relkind in ('r', 'v', 'S')`
