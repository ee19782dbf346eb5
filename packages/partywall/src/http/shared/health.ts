/** The answers of health checks. They have no tenant, name none, and are the same for everyone who asks. */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { notATenancy } from '../../not-a-tenancy.ts'
import { seen } from '../../seen.ts'
import type { HttpAnswer } from './problem.ts'

export interface HealthHandlerOptions {
  /**
   * `live`: the process answers; the database is not asked, so that no process is restarted because PostgreSQL is away. `ready`: 200 while requests can be served,
   * else 503. @default 'ready'
   */
  readonly probe?: 'live' | 'ready' | undefined
  /** Whether the schemas are counted that lack migrations. @default true */
  readonly fleet?: boolean | undefined
  /** Most milliseconds that the answer takes. @default 2000 */
  readonly timeoutMs?: number | undefined
}

/** What a health check needs of a tenancy. */
export interface HealthTenancy {
  health(options?: {
    readonly fleet?: boolean | undefined
    readonly timeoutMs?: number | undefined
  }): Promise<{ readonly status: 'ok' | 'degraded' | 'down'; readonly checks: object }>
}

/** @throws TenancyError INVALID_OPTION */
export function assertHealth(what: string, tenancy: HealthTenancy, options: HealthHandlerOptions): void {
  assertKnownKeys(what, options, ['probe', 'fleet', 'timeoutMs'], 'INVALID_OPTION')
  const { probe = 'ready' } = options
  if (typeof (tenancy as Partial<HealthTenancy> | undefined)?.health !== 'function') throw notATenancy(what, tenancy)
  if (probe === 'live' || probe === 'ready') return
  throw new TenancyError('INVALID_OPTION', `"probe" of ${what} must be 'live' or 'ready'; it is ${seen(probe, 'quoted')}.`, {
    details: { what, option: 'probe' },
  })
}

/**
 * The answer of a health check, for a framework without an adapter. It never rejects.
 * @example const { status, headers, body } = await healthAnswer(tenancy, { probe: 'live' })
 * @throws TenancyError INVALID_OPTION
 */
export async function healthAnswer(tenancy: HealthTenancy, options: HealthHandlerOptions = {}): Promise<HttpAnswer> {
  assertHealth('healthAnswer', tenancy, options)
  const { probe = 'ready', fleet, timeoutMs } = options
  if (probe === 'live') return answer(200, { status: 'ok' })
  try {
    const report = await tenancy.health({ fleet, timeoutMs })
    return answer(report.status === 'down' ? 503 : 200, report)
  } catch {
    return answer(503, { status: 'down' })
  }
}

function answer(status: number, body: object): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(body) }
}
