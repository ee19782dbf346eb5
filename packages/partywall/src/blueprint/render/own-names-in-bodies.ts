/** The name of the schema in the body of a function. */
import { Edits } from '../../migrations/statements/edits.ts'
import { embeddedSql } from '../../migrations/statements/embedded-sql.ts'
import { asStatement } from '../../migrations/statements/likely-text.ts'
import { literal } from '../../sql/literal.ts'
import type { Routine } from '../blueprint.ts'
import type { Rewriting } from './rewriting.ts'

export interface RewrittenBody {
  readonly source: string
  /** Each is a sentence. */
  readonly problems: readonly string[]
}

export function rewriteBody(routine: Routine, rewriting: Rewriting): RewrittenBody {
  const { source, language } = routine
  if (routine.parsedBody !== null || ['c', 'internal'].includes(language)) return { source, problems: [] }
  const edits = new Edits()
  const isRead =
    language === 'sql' ? rewriting.editsIn(source, 0, edits) : language === 'plpgsql' && inBlock(routine, rewriting, edits)
  const schema = JSON.stringify(rewriting.from)
  if (!isRead)
    return { source, problems: [`its body holds the name of the schema ${schema}, and cannot be read. It is copied as it is.`] }
  const problems = rewriting.hasInString(source)
    ? [`its body holds the name of the schema ${schema} in a string, which is copied as it is.`]
    : []
  return { source: edits.apply(source).text, problems }
}

function inBlock({ source, arguments: given, result }: Routine, rewriting: Rewriting, edits: Edits): boolean {
  const returns = result === null ? '' : ` returns ${result}`
  const statement = `create ${result === null ? 'procedure' : 'function'} f(${given})${returns} language plpgsql as ${literal(source)}`
  const embedded = embeddedSql(rewriting.grammar, statement, source)
  if (embedded === undefined) return false
  const ranges: (readonly [start: number, end: number])[] = []
  const isRead = embedded.every(({ text, start, kind }) => {
    const whole = kind === 'statement' ? text : asStatement(text)
    if (start === undefined) return rewriting.statement(whole) === whole
    ranges.push([start, start + text.length])
    return rewriting.editsIn(whole, start - (whole.length - text.length), edits)
  })
  const isInside = (place: number) => ranges.some(([start, end]) => place >= start && place < end)
  rewriting.editsOutside(source, isInside, edits)
  return isRead
}
