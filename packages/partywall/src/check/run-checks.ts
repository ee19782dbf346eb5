/** Runs checks one after the other. A check that fails is a finding; a check whose facts are missing is named as left out. Neither is silent. */
import type { Finding, FindingId, Severity } from '../findings.ts'
import type { Facts, ListedCheck, Need } from './check.ts'

export interface LeftOut {
  readonly id: FindingId
  readonly title: string
  readonly why: string
}

export interface CheckReport {
  /** No finding is an error. It says nothing of what was left out. */
  readonly ok: boolean
  /** Errors first, then by id. */
  readonly findings: readonly Finding[]
  readonly leftOut: readonly LeftOut[]
}

export interface CheckParts {
  readonly facts: Facts
  /** Why a fact is missing, as the end of a sentence. */
  readonly absent: Partial<Record<Need, string>>
  /** The message of an error, without passwords. */
  readonly describe: (error: unknown) => string
}

export async function runChecks(checks: readonly ListedCheck[], { facts, absent, describe }: CheckParts): Promise<CheckReport> {
  const findings: Finding[] = []
  const leftOut: LeftOut[] = []
  for (const check of checks) {
    const { id, title } = check
    const missing = check.needs.find((need) => facts[need] === undefined)
    if (missing !== undefined) {
      leftOut.push({ id, title, why: absent[missing] ?? `${missing} is not known` })
      continue
    }
    try {
      for (const observation of await check.run(facts)) findings.push({ id, title, ...observation })
    } catch (error) {
      findings.push({ id, title, severity: 'error', seen: `the check itself failed: ${describe(error)}`, fix: failedFix })
    }
  }
  findings.sort((one, other) => ranks[one.severity] - ranks[other.severity])
  return { ok: !findings.some(({ severity }) => severity === 'error'), findings, leftOut }
}

const ranks: Record<Severity, number> = { error: 0, warning: 1, info: 2 }

const failedFix =
  'Remove the cause that the message names, and run the check again: until then it is not known whether this is in order.'
