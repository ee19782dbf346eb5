/** The report of the doctor for a person: each finding with how to fix it, what was left out, and a summary as the last line. */
import { styleText } from 'node:util'
import type { Finding, Severity } from '../../findings.ts'
import type { Tenancy } from '../../tenancy.ts'
import { formatDuration } from '../terminal/duration.ts'
import { printable } from '../terminal/printable.ts'
import { wrapped } from '../terminal/wrap.ts'

type DoctorReport = Awaited<ReturnType<Tenancy['doctor']>>

export function renderDoctor({ findings, examinations, durationMs }: DoctorReport): string {
  const leftOut = examinations.filter(({ state }) => state === 'left out')
  const failed = examinations.filter(({ state }) => state === 'failed').length
  const parts = [
    plural(amountOf(findings, 'error'), 'error'),
    plural(amountOf(findings, 'warning'), 'warning'),
    plural(examinations.length - leftOut.length - failed, 'examination'),
    ...(failed > 0 ? [`${failed} not possible`] : []),
    ...(leftOut.length > 0 ? [`${leftOut.length} left out`] : []),
  ]
  return wrapped([
    ...findings.flatMap(renderFinding),
    ...[...Map.groupBy(leftOut, ({ why }) => why ?? '')].flatMap(([why, alike]) => [
      `left out, because ${printable(why)}: ${alike.map(({ id }) => id).join(', ')}`,
      '',
    ]),
    `${parts.join(', ')} in ${formatDuration(durationMs)}`,
  ]).join('\n')
}

function renderFinding({ id, severity, title, seen, fix }: Finding): string[] {
  const heading = styleText(colours[severity], `${severity} ${id}`, { stream: process.stdout })
  return [`${heading}  ${title}`, `  seen: ${printable(seen)}`, `  fix: ${printable(fix)}`, '']
}

const colours = { error: 'red', warning: 'yellow', info: 'blue' } as const satisfies Record<Severity, string>

function amountOf(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => finding.severity === severity).length
}

function plural(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`
}
