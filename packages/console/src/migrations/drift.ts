/** The examination of drift in this process: one at a time, and the answer of the last one. */
import { createHash } from 'node:crypto'
import type { DriftEntry, DriftReport } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { DriftAnswer, DriftEntryAnswer, FixAnswer } from './api.ts'
import { runErrorOf } from './errors.ts'

const mostTenants = 200
const mostDifferences = 100
const mostRepairs = 100

export interface DriftWanted {
  readonly tenants?: readonly string[] | undefined
  readonly kinds?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
}

const examinations = new WeakMap<AnyTenancy, DriftExamination>()

export class DriftExamination {
  readonly #tenancy: AnyTenancy
  #answer: DriftAnswer = { state: 'none' }
  #exclude: readonly string[] = []

  private constructor(tenancy: AnyTenancy) {
    this.#tenancy = tenancy
  }

  /** One for each tenancy, so that two browsers look at the same one. */
  static of(tenancy: AnyTenancy): DriftExamination {
    const examination = examinations.get(tenancy) ?? new DriftExamination(tenancy)
    examinations.set(tenancy, examination)
    return examination
  }

  get answer(): DriftAnswer {
    return this.#answer
  }

  /** Begins, and goes on when the request is over. False: one is at work already. */
  begin({ tenants, kinds, exclude = [] }: DriftWanted, by: string): boolean {
    if (this.#answer.state === 'running') return false
    const started = { by, startedAt: new Date().toISOString() }
    this.#answer = { state: 'running', ...started }
    this.#exclude = exclude
    const options = {
      exclude,
      ...(tenants !== undefined && { tenants: tenants.map((schema) => ({ schema })) }),
      ...(kinds !== undefined && { kinds }),
    }
    this.#tenancy.drift(options).then(
      (report) => (this.#answer = { state: 'done', ...started, endedAt: new Date().toISOString(), ...shownReport(report) }),
      (error: unknown) => {
        this.#answer = { state: 'failed', ...started, endedAt: new Date().toISOString(), error: runErrorOf(error).message }
      },
    )
    return true
  }

  /**
   * Adds what is missing in one tenant, as `partywall drift --fix` does, where the plan is the one that was shown.
   * @returns undefined: the tenant would get something else by now
   */
  async fix(schema: string, plan: string): Promise<FixAnswer | undefined> {
    const options = { tenants: [{ schema }], exclude: this.#exclude }
    const before = (await this.#tenancy.drift(options)).tenants[0]
    if (before === undefined || planOf(before) !== plan) return undefined
    const after = (await this.#tenancy.drift({ ...options, fix: true })).tenants[0]!
    const entry = shownEntry(after)
    this.#replace(entry)
    return { done: after.fixed?.done ?? [], failed: after.fixed?.failed ?? [], entry }
  }

  #replace(entry: DriftEntryAnswer): void {
    const { tenants, counts } = this.#answer
    if (tenants === undefined || counts === undefined || !tenants.some(({ tenantId }) => tenantId === entry.tenantId)) return
    const isFine = entry.state === 'as expected'
    this.#answer = {
      ...this.#answer,
      tenants: tenants.flatMap((one) => (one.tenantId === entry.tenantId ? (isFine ? [] : [entry]) : [one])),
      counts: isFine ? { ...counts, asExpected: counts.asExpected + 1, drifted: counts.drifted - 1 } : counts,
    }
  }
}

function shownReport({ tenants }: DriftReport): Pick<DriftAnswer, 'counts' | 'tenants' | 'left'> {
  const count = (state: DriftEntry['state']): number => tenants.filter((entry) => entry.state === state).length
  const others = tenants
    .filter(({ state }) => state !== 'as expected')
    .toSorted((a, b) => Number(b.state === 'drifted') - Number(a.state === 'drifted'))
  return {
    counts: { asExpected: count('as expected'), drifted: count('drifted'), unknown: count('unknown') },
    tenants: others.slice(0, mostTenants).map(shownEntry),
    left: Math.max(0, others.length - mostTenants),
  }
}

function shownEntry(entry: DriftEntry): DriftEntryAnswer {
  const { target, tenantId, kind, state, comparedWith, reason, differences, repairs } = entry
  return {
    schema: target,
    tenantId,
    kind,
    state,
    ...(comparedWith !== undefined && { comparedWith }),
    ...(reason !== undefined && { reason }),
    differences: differences.slice(0, mostDifferences).map(({ sentence }) => sentence),
    ...(differences.length > mostDifferences && { differencesLeft: differences.length - mostDifferences }),
    repairs: repairs.slice(0, mostRepairs).map(({ object, statement, hazards, isAdditive, runsAlone }) => ({
      object,
      statement,
      hazards,
      isAdditive,
      runsAlone,
    })),
    plan: planOf(entry),
    // What most tenants look like is no ground for a change.
    mayFix: state === 'drifted' && comparedWith !== 'majority' && repairs.some(({ isAdditive }) => isAdditive),
  }
}

function planOf({ tenantId, repairs }: DriftEntry): string {
  return createHash('sha256')
    .update(JSON.stringify([tenantId, repairs.map(({ statement }) => statement)]))
    .digest('base64url')
}
