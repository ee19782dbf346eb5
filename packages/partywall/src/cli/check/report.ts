/** The report of checks for a person: what was seen, how to fix it, what was left out, and a summary as the last line. */
import { styleText } from 'node:util'
import type { CheckReport, LeftOut } from '../../check/run-checks.ts'
import type { Finding, Severity } from '../../findings.ts'
import { printable } from '../terminal/printable.ts'
import { wrapped } from '../terminal/wrap.ts'

/** @param of how many checks there are */
export function renderReport({ findings, leftOut }: CheckReport, of: number): string {
  return wrapped([...findings.flatMap(renderFinding), ...renderLeftOut(leftOut), summary(findings, leftOut, of)]).join('\n')
}

function renderFinding({ id, severity, title, seen, fix }: Finding): string[] {
  const heading = styleText(colours[severity], `${severity} ${id}`, { stream: process.stdout })
  return [`${heading}  ${title}`, `  seen: ${printable(seen)}`, `  fix: ${printable(fix)}`, '']
}

const colours = { error: 'red', warning: 'yellow', info: 'blue' } as const satisfies Record<Severity, string>

function renderLeftOut(leftOut: readonly LeftOut[]): string[] {
  if (leftOut.length === 0) return []
  const lines = leftOut.map(({ id, title, why }) => `  ${id}  ${title}: ${printable(why)}`)
  return ['left out:', ...lines, '']
}

function summary(findings: readonly Finding[], leftOut: readonly LeftOut[], of: number): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  const parts = [`${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}`]
  if (leftOut.length > 0) parts.push(`${leftOut.length} of ${of} checks left out`)
  return parts.join('; ')
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
