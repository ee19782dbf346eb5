/** The report of the doctor for a person: each finding with how to fix it, what was left out, and a summary as the last line. */
import type { Tenancy } from '../../tenancy.ts'
import { formatDuration } from '../terminal/duration.ts'
import { amounts, plural, renderFindings } from '../terminal/findings.ts'
import { printable } from '../terminal/printable.ts'
import { wrapped } from '../terminal/wrap.ts'

type DoctorReport = Awaited<ReturnType<Tenancy['doctor']>>

export function renderDoctor({ findings, examinations, durationMs }: DoctorReport): string {
  const leftOut = examinations.filter(({ state }) => state === 'left out')
  const failed = examinations.filter(({ state }) => state === 'failed').length
  const parts = [
    ...amounts(findings),
    plural(examinations.length - leftOut.length - failed, 'examination'),
    ...(failed > 0 ? [`${failed} not possible`] : []),
    ...(leftOut.length > 0 ? [`${leftOut.length} left out`] : []),
  ]
  return wrapped([
    ...renderFindings(findings),
    ...[...Map.groupBy(leftOut, ({ why }) => why ?? '')].flatMap(([why, alike]) => [
      `left out, because ${printable(why)}: ${alike.map(({ id }) => id).join(', ')}`,
      '',
    ]),
    `${parts.join(', ')} in ${formatDuration(durationMs)}`,
  ]).join('\n')
}
