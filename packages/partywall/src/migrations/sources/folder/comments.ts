/** The comments of SQL, line by line. A text that only looks like a comment, inside of a string or of a function body, is none. */
import { splitStatements, type SqlStatement } from '../../../sql/lexer.ts'

/** One line of a comment. */
export interface CommentLine {
  /** What it says, without the marks of the comment. */
  readonly text: string
  /** In the file; 1 is the first line. */
  readonly line: number
  /** Where it starts in the text. */
  readonly start: number
  readonly isBlock: boolean
  /** Nothing else is on its line. */
  readonly isAlone: boolean
}

/** The statements of a text, and its comments in their order. */
export function readSql(text: string): { statements: readonly SqlStatement[]; comments: readonly CommentLine[] } {
  const statements = splitStatements(text)
  const comments: CommentLine[] = []
  let at = 0
  for (const [start, end] of [...statements.flatMap(({ spans }) => spans), [text.length, text.length] as const]) {
    if (start > at) comments.push(...commentsBetween(text, at, start))
    at = end
  }
  return { statements, comments: numbered(text, comments) }
}

/** Between two tokens there is nothing but white space, semicolons and comments. */
function commentsBetween(text: string, from: number, to: number): CommentLine[] {
  // Most gaps are one space, and a search in the whole text would read it once for each of them.
  const gap = text.slice(from, to)
  const found: CommentLine[] = []
  const opening = /--[^\n]*|\/\*/g
  for (let match = opening.exec(gap); match !== null; match = opening.exec(gap)) {
    const isBlock = match[0] === '/*'
    if (isBlock) opening.lastIndex = endOfBlock(gap, match.index)
    found.push(...linesOf(text, from + match.index, from + opening.lastIndex, isBlock))
  }
  return found
}

function linesOf(text: string, start: number, end: number, isBlock: boolean): CommentLine[] {
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  const lineEnd = text.indexOf('\n', end)
  const after = text.slice(end, lineEnd === -1 ? undefined : lineEnd)
  let at = start
  return text
    .slice(start, end)
    .split('\n')
    .map((line, index, lines) => {
      const isAlone = (index > 0 || noStatement.test(before)) && (index < lines.length - 1 || after.trim() === '')
      const comment = { text: isBlock ? line.replaceAll(blockMarks, '') : line.slice(2), line: 0, start: at, isBlock, isAlone }
      at += line.length + 1
      return comment
    })
}

/** Play writes `# --- !Downs`. */
const noStatement = /^[\s#]*$/
const blockMarks = /^\s*(?:\/\*+|\*+(?!\/))|\*+\/\s*$/g

/** Comments of PostgreSQL nest. */
function endOfBlock(text: string, start: number): number {
  let depth = 0
  const edge = /\/\*|\*\//g
  edge.lastIndex = start
  for (let match = edge.exec(text); match !== null; match = edge.exec(text)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  return text.length
}

function numbered(text: string, comments: readonly CommentLine[]): CommentLine[] {
  let line = 1
  let at = 0
  return comments.map((comment) => {
    for (let next = text.indexOf('\n', at); next !== -1 && next < comment.start; next = text.indexOf('\n', at)) {
      line += 1
      at = next + 1
    }
    return { ...comment, line }
  })
}
