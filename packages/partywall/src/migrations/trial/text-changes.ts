/** What the review has changed in the text of migrations, and what it could not read, by their places. */
import type { Migration } from '../../ports/migration-source.ts'
import { lineOf } from '../shape/step-statements.ts'
import { reviewedFacts } from '../review/facts-by-step.ts'
import type { ReviewedMigrations } from '../review/review-list.ts'
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
  if (withoutPublic(before) === withoutPublic(after)) return 'public. is removed'
  const adds = (what: RegExp): boolean => what.test(after) && !what.test(before)
  if (adds(/search_path from current/i)) return 'a function gets the search path of the tenant'
  if (adds(/\(select \* from pg_catalog\.|\bcurrent_schema\b/i))
    return 'a query on a catalog is limited to the schema of the tenant'
  if (adds(/\bset\s+local\b/i) || /\bset_config\b/i.test(after)) return 'a setting ends with its file'
  return 'the statement is changed'
}

function withoutPublic(line: string): string {
  return line.replaceAll(/"?\bpublic\b"?\s*\.\s*/gi, '')
}
