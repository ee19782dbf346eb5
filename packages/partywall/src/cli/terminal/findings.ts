/** Findings of the check and of the doctor for a person: what was seen, and how to fix it. */
import { styleText } from 'node:util'
import type { Finding, Severity } from '../../findings.ts'
import { printable } from './printable.ts'

/** The lines of each, with an empty one behind it. */
export function renderFindings(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ id, severity, title, seen, fix }) => {
    const heading = styleText(colours[severity], `${severity} ${id}`, { stream: process.stdout })
    return [`${heading}  ${title}`, `  seen: ${printable(seen)}`, `  fix: ${printable(fix)}`, '']
  })
}

const colours = { error: 'red', warning: 'yellow', info: 'blue' } as const satisfies Record<Severity, string>

/** `1 error`, `2 warnings`: the parts of a summary. */
export function amounts(findings: readonly Finding[]): readonly [errors: string, warnings: string] {
  const amountOf = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  return [plural(amountOf('error'), 'error'), plural(amountOf('warning'), 'warning')]
}

export function plural(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`
}
