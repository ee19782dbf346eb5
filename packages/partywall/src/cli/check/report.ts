/** The report of checks for a person: what was seen, how to fix it, what was left out, and a summary as the last line. */
import type { CheckReport, LeftOut } from '../../check/run-checks.ts'
import { amounts, renderFindings } from '../terminal/findings.ts'
import { printable } from '../terminal/printable.ts'
import { wrapped } from '../terminal/wrap.ts'

/** @param of how many checks there are */
export function renderReport({ findings, leftOut }: CheckReport, of: number): string {
  const parts = [amounts(findings).join(', '), ...(leftOut.length > 0 ? [`${leftOut.length} of ${of} checks left out`] : [])]
  return wrapped([...renderFindings(findings), ...renderLeftOut(leftOut), parts.join('; ')]).join('\n')
}

function renderLeftOut(leftOut: readonly LeftOut[]): string[] {
  if (leftOut.length === 0) return []
  const lines = leftOut.map(({ id, title, why }) => `  ${id}  ${title}: ${printable(why)}`)
  return ['left out:', ...lines, '']
}
