/** What the review has changed in the text of migrations, and what it could not read, by their places. */
import type { Migration } from '../../ports/migration-source.ts'
import { lineOf } from '../review/step-statements.ts'
import { reviewedFacts, type ReviewedMigrations } from '../review/review-list.ts'
import type { TrialPlace } from './trial-report.ts'

/** The review keeps every line where it is, so the lines can be compared one by one. */
export function rewrittenPlaces(migrations: readonly Migration[], { all }: ReviewedMigrations): TrialPlace[] {
  return migrations.flatMap(({ file, up }, index) => {
    const after = all[index]!.up
    if (up.kind !== 'sql' || after.kind !== 'sql' || up.text === after.text) return []
    const [before, lines] = [up.text.split('\n'), after.text.split('\n')]
    return before.flatMap((line, at) =>
      line === lines[at] ? [] : [{ file, line: up.line + at, what: changeOf(line, lines[at] ?? '') }],
    )
  })
}

export function unknownPlaces({ all }: ReviewedMigrations): TrialPlace[] {
  return all.flatMap(({ file, up }) =>
    up.kind === 'sql'
      ? (reviewedFacts(up) ?? []).flatMap(({ unknown }) =>
          unknown.map(({ offset, what }) => ({ file, line: lineOf(up, offset), what })),
        )
      : [],
  )
}

function changeOf(before: string, after: string): string {
  if (/^[\s;]*$/.test(after))
    return /^\s*(?:create|drop|alter|comment on)\s+extension\b/i.test(before)
      ? 'a statement about an extension is left out'
      : 'the line is left out'
  const isPublic = withoutPublic(before) === withoutPublic(after)
  return isPublic ? 'public. is removed' : 'the statement is changed'
}

function withoutPublic(line: string): string {
  return line.replaceAll(/"?\bpublic\b"?\s*\.\s*/gi, '')
}
