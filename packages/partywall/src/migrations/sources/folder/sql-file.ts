/**
 * Reads a migration in SQL. The whole text is the up migration; a line `-- partywall: down` ends it, and the down migration follows. A line
 * `-- partywall: no-transaction` says that the file must run outside of a transaction. An unknown marker is refused: a misspelt `down` would
 * make the down migration part of the up migration.
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
  if (second !== undefined) {
    throw invalid(
      file,
      second.line,
      'a second `-- partywall: down`. Remove it: all text after the first one is the down migration.',
    )
  }
  const up = lines.slice(0, down === undefined ? undefined : down.line - 1).join('\n')
  if (up.trim() === '') throw invalid(file, 1, 'nothing before `-- partywall: down`. Write the up migration first.')
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
        : 'The known markers are `-- partywall: down` and `-- partywall: no-transaction`.'),
  )
}

function invalid(file: string, line: number, what: string): TenancyError {
  return new TenancyError('INVALID_MIGRATION', `The migration ${file} has in line ${line} ${what}`, { details: { file, line } })
}
