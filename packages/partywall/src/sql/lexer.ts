/**
 * Splits SQL text into statements and tokens, as far as partywall must understand it: where a statement ends, which word it
 * starts with, which words are outside of strings and comments. It is no parser. Where it and PostgreSQL disagree, one of the two
 * refuses the statement; no part of it runs unbound.
 */

export interface SqlStatement {
  /** Where the statement starts and ends in the text, without the semicolon. */
  readonly start: number
  readonly end: number
  /** Words in lower case, plain quoted identifiers as they are, and punctuation; `'` stands for any string, `$` for a parameter. */
  readonly tokens: readonly string[]
  /** The place of each token in the text: its start, and the end after it. */
  readonly spans: readonly (readonly [start: number, end: number])[]
  /** The contents of strings: among them the bodies of DO blocks and functions. */
  readonly bodies: readonly string[]
}

// What PostgreSQL treats as white space and as the end of a line; it treats a Unicode space as part of a name.
const space = /[ \t\n\r\f\v]+/y
const lineComment = /--[^\r\n]*/y
/** Two strings with a line break between them are one, and the second is read like the first. */
const continuation = /(?:[ \t\f\v]|--[^\r\n]*)*[\r\n](?:[ \t\n\r\f\v]|--[^\r\n]*)*(?=')/y
const plainString = /'(?:[^']|'')*(?:'|$)/y
const escapeString = /'(?:[^'\\]|\\[^]|'')*(?:'|\\?$)/y
const quotedIdentifier = /"(?:[^"]|"")*(?:"|$)/y
const plainIdentifier = /^"([a-z_][a-z0-9_]*)"$/
const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const parameter = /\$\d+/y
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y

/** The statements of a text; empty ones are left out. */
export function splitStatements(text: string): SqlStatement[] {
  const statements: SqlStatement[] = []
  let tokens: string[] = []
  let spans: [start: number, end: number][] = []
  let bodies: string[] = []
  let start = -1
  let end = 0
  let openBlocks = 0
  let at = 0

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  const take = (length: number, token: string): void => {
    if (start === -1) start = at
    tokens.push(token)
    spans.push([at, at + length])
    at += length
    end = at
  }
  const takeEscapeString = (): void => {
    const string = match(escapeString) as string
    bodies.push(string)
    take(string.length, "'")
    const gap = match(continuation)
    if (gap === undefined) return
    at += gap.length
    takeEscapeString()
  }
  const close = (): void => {
    if (start !== -1) statements.push({ start, end, tokens, spans, bodies })
    tokens = []
    spans = []
    bodies = []
    start = -1
    openBlocks = 0
  }

  while (at < text.length) {
    const blank = match(space) ?? match(lineComment)
    if (blank !== undefined) {
      at += blank.length
    } else if (text.startsWith('/*', at)) {
      at = endOfComment(text, at)
    } else if (text[at] === ';' && openBlocks === 0) {
      close()
      at += 1
    } else if (text[at] === "'") {
      const string = match(plainString) as string
      bodies.push(string)
      take(string.length, "'")
    } else if (text[at] === '"') {
      const quoted = match(quotedIdentifier) as string
      take(quoted.length, plainIdentifier.exec(quoted)?.[1] ?? '"')
    } else if (text[at] === '$') {
      const tag = match(dollarQuote)
      if (tag !== undefined) {
        const closing = text.indexOf(tag, at + tag.length)
        const stop = closing === -1 ? text.length : closing
        bodies.push(text.slice(at + tag.length, stop))
        take(Math.min(stop + tag.length, text.length) - at, "'")
      } else {
        take(match(parameter)?.length ?? 1, '$')
      }
    } else {
      const name = match(word)?.toLowerCase()
      if (name === undefined) {
        take(1, text[at] as string)
      } else if (name === 'e' && text[at + 1] === "'") {
        at += 1
        takeEscapeString()
      } else {
        openBlocks += blockDepthChange(tokens, name, openBlocks)
        take(name.length, name)
      }
    }
  }
  close()
  return statements
}

/** Comments of PostgreSQL nest. */
function endOfComment(text: string, start: number): number {
  let depth = 0
  const edge = /\/\*|\*\//g
  edge.lastIndex = start
  for (let found = edge.exec(text); found !== null; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  return text.length
}

/** The body of an SQL-standard function (`begin atomic … end`) contains semicolons that do not end the statement. */
function blockDepthChange(tokens: readonly string[], name: string, openBlocks: number): number {
  if (openBlocks === 0) {
    const isRoutine = tokens[0] === 'create' && tokens.slice(1, 4).some((token) => token === 'function' || token === 'procedure')
    return isRoutine && name === 'atomic' && tokens.at(-1) === 'begin' ? 1 : 0
  }
  if (name === 'case') return 1
  return name === 'end' ? -1 : 0
}
