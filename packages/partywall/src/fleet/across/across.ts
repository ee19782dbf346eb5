/**
 * One SELECT in many tenants. The statement is not rewritten: each part is bound to its tenant as it would be alone, so names mean what they mean there, in
 * functions and views, too. Parts of many tenants go in one batch, in a read-only transaction.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { TenantReads } from '../../ports/database.ts'
import { seen } from '../../seen.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Attributes, Tenant, TenantSelection } from '../../types.ts'
import { assertWholeNumber, mostTimeoutMs } from '../../whole-number.ts'
import { assertSignal } from '../given-options.ts'
import { makeReport } from '../report.ts'

export interface AcrossOptions extends TenantSelection {
  /** How many batches at a time, each on a connection of its own. 1 to 16. @default 2 */
  readonly concurrency?: number | undefined
  /** How many tenants are read in one batch. 1 to 1,000. @default 100 */
  readonly batch?: number | undefined
  /** The most rows of all tenants together. Where there are more, the call fails; it returns no part of them as if it were all. @default 100_000 */
  readonly maxRows?: number | undefined
  /** The most bytes of all rows, as the server sends them. @default 67_108_864, which is 64 MiB */
  readonly maxBytes?: number | undefined
  /** Milliseconds that the statement may take in one tenant; 0 is no limit. An option `statementTimeoutMs` of the configuration holds where it names one. @default 30_000 */
  readonly statementTimeoutMs?: number | undefined
  /** A tenant in which the statement fails, or that may not be entered, ends the call (`stop`), or is listed in `failed` (`skip`). @default 'stop' */
  readonly onFailure?: 'stop' | 'skip' | undefined
  /** When it is aborted, the server is asked to end the statements that run, and the call fails. */
  readonly signal?: AbortSignal | undefined
  /** Also reads in tenants that are refused with NAME_IN_BOTH_SCOPES or TENANT_BEHIND: a name that they lack means the table of the shared schema. @default false */
  readonly repair?: boolean | undefined
}

export interface AcrossRow<R extends object = Record<string, unknown>, A extends object = Attributes> {
  readonly tenant: Tenant<A>
  readonly row: R
}

export interface FailedTenant<A extends object = Attributes> {
  readonly tenant: Tenant<A>
  readonly error: unknown
}

export interface AcrossParts<A extends object> {
  readonly reads: TenantReads
  /** The tenant of the running code. */
  scope(): Tenant<A> | undefined
  /** Resolves when it is known: a process may have been started for a tenant that is looked up first. */
  arriving(): Promise<void> | undefined
  pages(selection: TenantSelection): AsyncIterable<Tenant<A>>
  /** Rejects for a tenant that may not be entered. */
  mayEnter(tenant: Tenant<A>, repair: boolean): Promise<void>
  /** What a name may be qualified with, besides those of PostgreSQL itself. */
  readonly sharedSchemas: readonly string[]
}

/** What `tenancy.across` returns: its rows are read when it is iterated, once. */
export interface Across<R extends object = Record<string, unknown>, A extends object = Attributes> extends AsyncIterable<
  AcrossRow<R, A>
> {
  /** Tenants that were left out, with `onFailure: 'skip'`. It is complete when the last row was read. */
  readonly failed: readonly FailedTenant<A>[]
  /** All rows in a list, with the tenants that were left out. */
  all(): Promise<AcrossResult<R, A>>
}

export interface AcrossResult<R extends object = Record<string, unknown>, A extends object = Attributes> {
  readonly rows: readonly AcrossRow<R, A>[]
  readonly failed: readonly FailedTenant<A>[]
}

export class ReadAcross<R extends object, A extends object> implements Across<R, A> {
  readonly failed: readonly FailedTenant<A>[]
  readonly #failed: FailedTenant<A>[] = []
  readonly #parts: AcrossParts<A>
  readonly #statement: Required<Statement>
  readonly #options: CheckedOptions
  #hasBegun = false

  /** @throws TenancyError WRONG_TENANT, INVALID_ARGUMENT */
  constructor(parts: AcrossParts<A>, statement: Statement, options: AcrossOptions = {}) {
    this.failed = this.#failed
    this.#parts = parts
    assertNoTenant(parts.scope())
    this.#statement = checkedStatement(statement)
    this.#options = checkedOptions(options)
  }

  async all(): Promise<AcrossResult<R, A>> {
    return { rows: await Array.fromAsync(this), failed: this.failed }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AcrossRow<R, A>, void, undefined> {
    await this.#parts.arriving()
    assertNoTenant(this.#parts.scope())
    if (this.#hasBegun) throw invalid('statement', 'The rows of a call of across can be read once. Call it again.')
    this.#hasBegun = true
    const { assertReads } = await import(/* webpackMode: "eager" */ './reading-statement.ts')
    await assertReads(this.#statement.text, this.#parts.sharedSchemas)
    const reading = new Reading<R, A>(this.#parts, this.#statement, this.#options, this.#failed)
    try {
      yield* reading.rows()
    } finally {
      await reading.end()
    }
  }
}

interface Answer<R extends object, A extends object> {
  readonly tenant: Tenant<A>
  readonly rows: readonly R[]
}

class Reading<R extends object, A extends object> {
  readonly #parts: AcrossParts<A>
  readonly #statement: Required<Statement>
  readonly #options: CheckedOptions
  readonly #failed: FailedTenant<A>[]
  readonly #ending = new AbortController()
  readonly #signal: AbortSignal
  readonly #running: Promise<Answer<R, A>[]>[] = []
  #left: { rows: number; bytes: number }

  constructor(parts: AcrossParts<A>, statement: Required<Statement>, options: CheckedOptions, failed: FailedTenant<A>[]) {
    this.#parts = parts
    this.#statement = statement
    this.#options = options
    this.#failed = failed
    this.#left = { rows: options.maxRows, bytes: options.maxBytes }
    const { signal } = this.#ending
    this.#signal = options.signal === undefined ? signal : AbortSignal.any([signal, options.signal])
  }

  /** In the order of the tenants. The next batches are read while the rows of one are taken. */
  async *rows(): AsyncGenerator<AcrossRow<R, A>, void, undefined> {
    const batches = this.#batches()
    for (let isOver = false; ;) {
      while (!isOver && this.#running.length < this.#options.concurrency) {
        const { done, value } = await batches.next()
        if (done === true) isOver = true
        else this.#begin(value)
      }
      const answers = await this.#running[0]
      if (answers === undefined) return
      this.#running.shift()
      for (const { tenant, rows } of answers) for (const row of rows) yield { tenant, row }
    }
  }

  /** Ends what runs, and waits for it. */
  async end(): Promise<void> {
    if (this.#running.length > 0) this.#ending.abort()
    await Promise.allSettled(this.#running)
  }

  #begin(tenants: readonly Tenant<A>[]): void {
    const reading = this.#read(tenants)
    // It is awaited when its turn comes.
    reading.catch(() => {})
    this.#running.push(reading)
  }

  /** Tenants of one batch have the same door. */
  async *#batches(): AsyncGenerator<readonly Tenant<A>[], void, undefined> {
    const { selection, batch, repair } = this.#options
    const open = new Map<string, Tenant<A>[]>()
    for await (const tenant of this.#parts.pages(selection)) {
      if (!(await this.#mayEnter(tenant, repair))) continue
      const door = this.#parts.reads.doorOf(tenant)
      const tenants = open.get(door) ?? []
      tenants.push(tenant)
      open.set(door, tenants)
      if (tenants.length < batch) continue
      open.delete(door)
      yield tenants
    }
    yield* open.values()
  }

  async #mayEnter(tenant: Tenant<A>, repair: boolean): Promise<boolean> {
    try {
      await this.#parts.mayEnter(tenant, repair)
      return true
    } catch (error) {
      this.#leaveOut(tenant, error)
      return false
    }
  }

  async #read(tenants: readonly Tenant<A>[]): Promise<Answer<R, A>[]> {
    const answers: Answer<R, A>[] = []
    for (let rest = tenants; rest.length > 0;) {
      this.#options.signal?.throwIfAborted()
      const mostKept = { ...this.#left }
      const { statementTimeoutMs } = this.#options
      const batch = { ...this.#statement, statementTimeoutMs, mostRows: Math.min(mostKept.rows + 1, mostRowsOfExecute), mostKept }
      const { rows, bytes, isTooMuch, error } = await this.#readPatiently(rest, batch)
      this.#options.signal?.throwIfAborted()
      if (isTooMuch) throw tooMuch(this.#options)
      this.#left.bytes -= bytes
      for (const [index, some] of rows.entries()) {
        this.#left.rows -= some.length
        answers.push({ tenant: rest[index]!, rows: some as R[] })
      }
      // Batches that ran at the same time had the same room.
      if (this.#left.rows < 0 || this.#left.bytes < 0) throw tooMuch(this.#options)
      if (error === undefined) return answers
      this.#leaveOut(rest[rows.length]!, error)
      rest = rest.slice(rows.length + 1)
    }
    return answers
  }

  /** A server that restarts is away for a moment. Nothing of the batch was passed on yet, so it is read again. */
  async #readPatiently(...[tenants, batch]: Parameters<TenantReads['read']>) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#parts.reads.read(tenants, batch, this.#signal)
      } catch (error) {
        this.#options.signal?.throwIfAborted()
        if (this.#ending.signal.aborted || tries === mostTries || !this.#parts.reads.isPassing(error)) throw error
      }
      await sleep(firstPauseMs * 2 ** tries, undefined, { signal: this.#signal })
    }
  }

  #leaveOut(tenant: Tenant<A>, error: unknown): void {
    if (this.#options.onFailure === 'stop') throw failedIn(tenant, error)
    this.#failed.push({ tenant, error })
  }
}

const mostTries = 5
const firstPauseMs = 100
/** The protocol has 32 bits for it. */
const mostRowsOfExecute = 2_147_483_647

function failedIn({ schema, id }: Tenant<any>, error: unknown): TenancyError {
  const report = makeReport([{ target: schema, tenantId: id, state: 'failed', error, durationMs: 0 }], 0)
  const message = error instanceof TenancyError ? error.summary : 'see the cause.'
  return new TenancyError(
    'FLEET_FAILED',
    `The statement of across failed for the tenant ${JSON.stringify(schema)}: ${message} With { onFailure: 'skip' } such tenants are left out, and listed in "failed".`,
    { details: { report }, cause: error },
  )
}

function tooMuch({ maxRows, maxBytes }: CheckedOptions): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `The statement of across has more rows than it may return: "maxRows" is ${maxRows}, and "maxBytes" is ${maxBytes}. Let it aggregate in each tenant, ` +
      'add a condition or a limit, select fewer tenants, or raise the limits.',
    { details: { option: 'maxRows', what: 'across' } },
  )
}

function assertNoTenant(tenant: Tenant<any> | undefined): void {
  if (tenant === undefined) return
  throw new TenancyError(
    'WRONG_TENANT',
    `tenancy.across reads in many tenants, and was called in the scope of the tenant ${JSON.stringify(tenant.schema)}. Code of one tenant may not read others: ` +
      'call it outside of every scope, or in tenancy.runShared.',
    { details: { owner: 'none', now: tenant.schema } },
  )
}

function checkedStatement(statement: unknown): Required<Statement> {
  const { text, values = [] } = (typeof statement === 'object' && statement !== null ? statement : {}) as Partial<Statement>
  if (typeof text !== 'string' || !Array.isArray(values)) {
    throw invalid(
      'statement',
      `across takes a statement with separate values, as the sql tag makes it: across(sql\`select …\`); it got ${seen(statement)}.`,
    )
  }
  return { text, values: [...values] }
}

interface CheckedOptions {
  readonly selection: TenantSelection
  readonly concurrency: number
  readonly batch: number
  readonly maxRows: number
  readonly maxBytes: number
  readonly statementTimeoutMs: number
  readonly onFailure: 'stop' | 'skip'
  readonly signal: AbortSignal | undefined
  readonly repair: boolean
}

function checkedOptions(options: AcrossOptions): CheckedOptions {
  assertKnownKeys('across', options, ['tenants', 'kinds', 'status', 'concurrency', 'batch', 'maxRows', 'maxBytes', ...words])
  const { concurrency = 2, batch = 100, maxRows = 100_000, maxBytes = 2 ** 26, statementTimeoutMs = 30_000, ...rest } = options
  const { onFailure = 'stop', signal, repair = false, ...selection } = rest
  const numbers = {
    concurrency: [1, 16],
    batch: [1, 1000],
    maxRows: [1],
    maxBytes: [1],
    statementTimeoutMs: [0, mostTimeoutMs],
  } as const
  const given = { concurrency, batch, maxRows, maxBytes, statementTimeoutMs }
  for (const [option, [least, most]] of Object.entries(numbers)) {
    const range = { least, ...(most !== undefined && { most }) }
    assertWholeNumber('INVALID_ARGUMENT', `"${option}" of across`, option, given[option as keyof typeof given], range)
  }
  if (onFailure !== 'stop' && onFailure !== 'skip') {
    throw invalid('onFailure', `"onFailure" of across must be 'stop' or 'skip'; it is ${seen(onFailure, 'quoted')}.`)
  }
  if (typeof repair !== 'boolean') throw invalid('repair', `"repair" of across must be true or false; it is ${seen(repair)}.`)
  assertSignal('across', signal)
  return { ...given, selection, onFailure, signal, repair }
}

const words = ['statementTimeoutMs', 'onFailure', 'signal', 'repair']

function invalid(option: string, message: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', message, { details: { option, what: 'across' } })
}
