/** The record of resumable work on many tenants: which are done, and who works on the others. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { TenancyError } from '../../errors.ts'
import type { Database } from '../../ports/database.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Statement } from '../../sql/statement.ts'
import { recordAction } from '../audit/record.ts'
import { claimSql, endWorkSql, forgetWorkSql, listWorkSql, renewSql } from './work-sql.ts'

/** One call of the work: one holder. */
export class WorkStore {
  readonly #catalog: Database
  readonly #key: string
  readonly #leaseMs: number
  readonly #holder = randomUUID()

  private constructor(catalog: Database, key: string, leaseMs: number) {
    this.#catalog = catalog
    this.#key = key
    this.#leaseMs = leaseMs
  }

  /** Begins, or goes on with, the work of this key. */
  static async open(catalog: Database, key: string, leaseMs: number): Promise<WorkStore> {
    await recordAction(catalog, { action: 'work.started', object: key })
    return new WorkStore(catalog, key, leaseMs)
  }

  async claim(
    tenantId: string,
  ): Promise<{ readonly state: 'claimed'; readonly attempt: number } | { readonly state: 'done' | 'held' | 'gone' }> {
    const claim = claimSql(this.#key, tenantId, this.#holder, this.#leaseMs)
    const { rows } = await this.#catalog.query<{ attempt: string | null; state: string | null; exists: string }>(claim)
    const { attempt, state, exists } = rows[0]!
    if (attempt !== null) return { state: 'claimed', attempt: Number(attempt) }
    if (state === 'done') return { state }
    return { state: exists === 'true' ? 'held' : 'gone' }
  }

  async end(tenantId: string, state: 'done' | 'failed'): Promise<boolean> {
    const end = endWorkSql(this.#key, tenantId, this.#holder, state)
    return (await this.#persistently(end)).rows.length > 0
  }

  async renew(): Promise<ReadonlySet<string>> {
    const { rows } = await this.#catalog.query<{ id: string }>(renewSql(this.#key, this.#holder, this.#leaseMs))
    return new Set(rows.map(({ id }) => id))
  }

  async close(counts: { readonly done: number; readonly failed: number; readonly skipped: number }): Promise<void> {
    await recordAction(this.#catalog, { action: 'work.ended', object: this.#key, details: counts })
  }

  /** What was done should not be done a second time because the server was away for a moment. */
  async #persistently(statement: Statement) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#catalog.query<{ id: string }>(statement)
      } catch (error) {
        if (tries === mostTries) throw error
      }
      await sleep(Math.min(firstPauseMs * 2 ** tries, this.#leaseMs / 4))
    }
  }
}

const mostTries = 5
const firstPauseMs = 50

export interface FleetWorkStatus {
  readonly key: string
  /** How many tenants are done, have failed at their last attempt, or are being worked on. */
  readonly done: number
  readonly failed: number
  readonly running: number
  /** Begun by a process that gave no sign of life: the next call with this key takes them over. */
  readonly interrupted: number
  readonly startedAt: Date
  readonly lastAt: Date
}

export async function listWork(catalog: Database): Promise<FleetWorkStatus[]> {
  const rows = await readJson<Omit<FleetWorkStatus, 'startedAt' | 'lastAt'> & { startedAt: number; lastAt: number }>(
    catalog,
    listWorkSql,
  )
  return rows.map(({ startedAt, lastAt, ...row }) => ({ ...row, startedAt: new Date(startedAt), lastAt: new Date(lastAt) }))
}

/** @throws TenancyError TENANT_LOCKED while a process works on it */
export async function forgetWork(catalog: Database, key: string): Promise<number> {
  return catalog.transaction(async (transaction) => {
    const before = (await readJson<FleetWorkStatus>(transaction, listWorkSql)).find((one) => one.key === key)
    if (before === undefined) return 0
    const { rows } = await transaction.query<{ forgotten: string }>(forgetWorkSql(key))
    const forgotten = Number(rows[0]!.forgotten)
    if (forgotten === 0) {
      throw new TenancyError(
        'TENANT_LOCKED',
        `The record of the work ${JSON.stringify(key)} is not forgotten: a process works on ${before.running} tenant(s) of it. Try again when it has ended.`,
        { details: { schema: '' } },
      )
    }
    await recordAction(transaction, { action: 'work.forgotten', object: key, details: { tenants: forgotten } })
    return forgotten
  })
}
