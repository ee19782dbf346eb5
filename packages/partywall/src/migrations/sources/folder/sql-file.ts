/**
 * How a migration in SQL is read: the whole text is the way up; a line `-- partywall: down` ends it, and what follows is the way
 * down. `-- partywall: no-transaction` says that it wants to run outside of one. A marker that is not known is refused, for a
 * misspelt one would make the way down part of the way up.
 */
import { TenancyError } from '../../../errors.ts'
import { nearest } from '../../../nearest.ts'
import type { Step } from '../../../ports/migration-source.ts'

const markers = ['down', 'no-transaction'] as const

interface SqlFile {
  readonly up: Step
  readonly down?: Step
  readonly transaction?: false
}

/**
 * The steps in the text of one file; line endings are LF already.
 * @throws TenancyError INVALID_MIGRATION
 */
export function parseSqlFile(file: string, text: string): SqlFile {
  const lines = text.split('\n')
  const found = lines.flatMap((line, index) => {
    const marker = /^\s*--\s*partywall:(.*)$/i.exec(line)?.[1]
    return marker === undefined ? [] : [{ marker: marker.trim().toLowerCase(), line: index + 1 }]
  })
  for (const { marker, line } of found) assertKnown(file, marker, line)
  const [down, second] = found.filter(({ marker }) => marker === 'down')
  if (second !== undefined)
    throw invalid(file, second.line, 'a second `-- partywall: down`. One is enough: all that follows it is the way down.')
  const up = lines.slice(0, down === undefined ? undefined : down.line - 1).join('\n')
  if (up.trim() === '') throw invalid(file, 1, 'nothing before `-- partywall: down`. Write the way up first.')
  const outside = found.some(({ marker }) => marker === 'no-transaction') ? ({ transaction: false } as const) : {}
  if (down === undefined) return { up: { kind: 'sql', text: up, line: 1 }, ...outside }
  return {
    up: { kind: 'sql', text: up, line: 1 },
    down: { kind: 'sql', text: lines.slice(down.line).join('\n'), line: down.line + 1 },
    ...outside,
  }
}

function assertKnown(file: string, marker: string, line: number): void {
  if (markers.some((known) => known === marker)) return
  const shown = marker.slice(0, 60)
  const suggestion = nearest(shown, markers)
  throw invalid(
    file,
    line,
    `the unknown marker \`-- partywall: ${shown}\`. ` +
      (suggestion
        ? `Did you mean \`-- partywall: ${suggestion}\`?`
        : 'The markers there are `-- partywall: down` and `-- partywall: no-transaction`.'),
  )
}

function invalid(file: string, line: number, what: string): TenancyError {
  return new TenancyError('INVALID_MIGRATION', `The migration ${file} has in line ${line} ${what}`, { details: { file, line } })
}
