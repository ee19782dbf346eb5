/**
 * Reads a migration in SQL. The whole text is the up migration; a line `-- partywall: down` ends it, and the down migration follows. Other
 * markers say how the file is run. A comment that is nearly a marker is refused, and so is one that heads a section for another tool: the
 * down migration would run as part of the up migration.
 */
import { TenancyError } from '../../../errors.ts'
import type { Step } from '../../../ports/migration-source.ts'
import { splitStatements, type SqlStatement } from '../../../sql/lexer.ts'
import { readSql, type CommentLine } from './comments.ts'
import { markerIn, type Marker } from './markers.ts'
import { headingIn, type Heading } from './section-headings.ts'

export interface SqlFile {
  readonly up: Step
  readonly down?: Step
  readonly transaction?: false
  readonly sharedObjects?: true
}

/**
 * The steps in the text of one file; line endings are LF already.
 * @throws TenancyError INVALID_MIGRATION
 */
export function parseSqlFile(file: string, text: string): SqlFile {
  const { statements, comments } = readSql(text)
  const markers = comments.flatMap((comment) => markerOf(file, comment) ?? [])
  const [down, second] = markers.filter(({ marker }) => marker === 'down')
  if (second !== undefined) {
    throw invalid(
      file,
      second.line,
      'a second `-- partywall: down`. Remove it: all text after the first one is the down migration.',
    )
  }
  const has = (marker: Marker): boolean => markers.some((found) => found.marker === marker)
  const upEnd = down?.start ?? text.length
  assertNoHeadings(file, comments, statements, upEnd, has('no-transaction'))

  const lines = text.split('\n')
  const up = lines.slice(0, down === undefined ? undefined : down.line - 1).join('\n')
  if (splitStatements(up).length === 0) throw notWritten(file, down !== undefined)
  const downText = down === undefined ? '' : lines.slice(down.line).join('\n')
  return {
    up: { kind: 'sql', text: up, line: 1 },
    // Rolling back without a statement would record what did not happen.
    ...(splitStatements(downText).length > 0 && { down: { kind: 'sql', text: downText, line: down!.line + 1 } }),
    ...(has('no-transaction') && { transaction: false }),
    ...(has('shared-objects') && { sharedObjects: true }),
  }
}

function markerOf(file: string, comment: CommentLine): { marker: Marker; line: number; start: number } | undefined {
  const found = markerIn(comment)
  if (found === undefined) return undefined
  const { line, start } = comment
  if ('marker' in found) return { marker: found.marker, line, start }
  throw invalid(file, line, found.problem)
}

/** @param upEnd where the up migration ends: below it, a heading changes nothing */
function assertNoHeadings(
  file: string,
  comments: readonly CommentLine[],
  statements: readonly SqlStatement[],
  upEnd: number,
  isOutside: boolean,
): void {
  for (const [index, comment] of comments.entries()) {
    if (!comment.isAlone || comment.start >= upEnd) continue
    const heading = headingIn(comment.text)
    if (heading === undefined || (heading.means === 'no-transaction' && isOutside)) continue
    const isNote =
      !heading.isForeign && (continuesSentence(comments[index - 1], comment) || !headsStatements(statements, comment, upEnd))
    if (!isNote) throw invalid(file, comment.line, isHeading(comment, heading))
  }
}

/** The second line of a sentence is no heading: `-- … so that we can` and below it `-- roll back`. */
function continuesSentence(before: CommentLine | undefined, { line }: CommentLine): boolean {
  if (before === undefined || before.line !== line - 1) return false
  return before.text.trim().split(/\s+/).length >= 4 && !/[.:!?;=*-]\s*$/.test(before.text)
}

/** Whether statements of the up migration follow, and the comment is not one on the columns of a statement. */
function headsStatements(statements: readonly SqlStatement[], { start }: CommentLine, upEnd: number): boolean {
  const around = statements.find((statement) => statement.start < start && start < statement.end)
  let depth = 0
  for (const [index, token] of (around?.tokens ?? []).entries()) {
    if (around!.spans[index]![0] > start) break
    if (token === '(') depth += 1
    if (token === ')') depth -= 1
  }
  return depth === 0 && statements.some((statement) => statement.end > start && statement.start < upEnd)
}

function isHeading({ text }: CommentLine, { means, isForeign }: Heading): string {
  const shown = `the comment \`${text.trim().slice(0, 60)}\``
  if (means === 'another tool') {
    return `${shown}, which is for another tool. Remove it: partywall runs all SQL above a line \`-- partywall: down\` as the up migration.`
  }
  const effect =
    means === 'down'
      ? 'which partywall does not read: the SQL below would run as part of the up migration'
      : 'which partywall does not read: the file would run in a transaction'
  const note = isForeign ? '' : ' If the comment is a note, write it as a sentence.'
  return `${shown}, ${effect}. Write \`-- partywall: ${means}\` on a line of its own.${note}`
}

function notWritten(file: string, hasDown: boolean): TenancyError {
  const where = hasDown ? 'nothing but comments before `-- partywall: down`' : 'nothing but comments'
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${file} is not written yet: it has ${where}. Write the up migration, or remove the file.`,
    { details: { file } },
  )
}

function invalid(file: string, line: number, what: string): TenancyError {
  return new TenancyError('INVALID_MIGRATION', `The migration ${file} has in line ${line} ${what}`, { details: { file, line } })
}
