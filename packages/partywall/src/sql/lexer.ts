/**
 * Splits SQL text into statements and tokens, as far as partywall must understand it: where a statement ends, which word it
 * starts with, which words are outside of strings and comments. It is no parser. Where it and PostgreSQL disagree, one of the two
 * refuses the statement; no part of it runs unbound. `lexer-oracle.test.ts` compares it with PostgreSQL's own grammar.
 */
import { InnerSemicolons } from './inner-semicolons.ts'
import { decodedIdentifier } from './unicode-identifier.ts'

export interface SqlStatement {
  /** Where the statement starts and ends in the text, without the semicolon. */
  readonly start: number
  readonly end: number
  /** Words in lower case, quoted identifiers that could be words as they are, and punctuation; `'` stands for any string, `$` for a parameter. */
  readonly tokens: readonly string[]
  /** The place of each token in the text: its start, and the end after it. */
  readonly spans: readonly (readonly [start: number, end: number])[]
  /** The contents of strings: among them the bodies of DO blocks and functions. */
  readonly bodies: readonly string[]
}

// What PostgreSQL treats as white space and as the end of a line; it treats a Unicode space as part of a name.
const space = /[ \t\n\r\f\v]+/y
const lineComment = /--[^\r\n]*/y
const plainIdentifier = /^[a-z_][a-z0-9_]*$/
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
  let inner = new InnerSemicolons()
  let at = 0

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  const take = (stop: number, token: string, isWord = false): void => {
    if (start === -1) start = at
    inner.take(token, isWord, tokens)
    tokens.push(token)
    spans.push([at, stop])
    at = stop
    end = at
  }
  const takeString = (from: number, stop: number): void => {
    bodies.push(text.slice(from, stop))
    take(stop, "'")
  }
  /** Two strings with a line break between them are one, and the second is read like the first. */
  const takeContinued = (from: number, endOf: (text: string, start: number) => number): void => {
    takeString(from, endOf(text, from))
    for (let next = continuation(text, at); next !== -1; next = continuation(text, at)) {
      at = next
      takeString(at, endOf(text, at))
    }
  }
  const takeIdentifier = (from: number, name: string): void => {
    const stop = endOfQuoted(text, from, '"')
    const inside = name === '' ? text.slice(from + 1, stop - 1) : decodedIdentifier(text.slice(from + 1, stop - 1))
    take(stop, plainIdentifier.test(inside) ? inside : '"')
  }
  const close = (): void => {
    if (start !== -1) statements.push({ start, end, tokens, spans, bodies })
    tokens = []
    spans = []
    bodies = []
    start = -1
    inner = new InnerSemicolons()
  }

  while (at < text.length) {
    const blank = match(space) ?? match(lineComment)
    if (blank !== undefined) {
      at += blank.length
    } else if (text.startsWith('/*', at)) {
      at = endOfComment(text, at)
    } else if (text[at] === ';' && !inner.belongsToStatement) {
      close()
      at += 1
    } else if (text[at] === "'") {
      const stop = endOfQuoted(text, at, "'")
      const isEscape = tokens.at(-1) === 'uescape' && decodeAgain(text, tokens, spans, text.slice(at + 1, stop - 1), stop)
      if (isEscape) end = at = stop
      else takeString(at, stop)
    } else if (text[at] === '"') {
      takeIdentifier(at, '')
    } else if (text[at] === '$') {
      const tag = match(dollarQuote)
      if (tag !== undefined) {
        const closing = text.indexOf(tag, at + tag.length)
        const stop = closing === -1 ? text.length : closing
        bodies.push(text.slice(at + tag.length, stop))
        take(Math.min(stop + tag.length, text.length), "'")
      } else {
        take(at + (match(parameter)?.length ?? 1), '$')
      }
    } else {
      const name = match(word)
      if (name === undefined) {
        take(at + 1, text[at] as string)
      } else if (/^e$/i.test(name) && text[at + 1] === "'") {
        takeContinued(at + 1, endOfEscapeString)
      } else if (/^[bx]$/i.test(name) && text[at + 1] === "'") {
        take(at + 1, name.toLowerCase(), true)
        takeContinued(at, endOfBits)
      } else if (/^u$/i.test(name) && text[at + 1] === '&' && (text[at + 2] === '"' || text[at + 2] === "'")) {
        if (text[at + 2] === '"') takeIdentifier(at + 2, 'u&')
        else takeString(at + 2, endOfQuoted(text, at + 2, "'"))
      } else {
        take(at + name.length, name.toLowerCase(), true)
      }
    }
  }
  close()
  return statements
}

/** The end of a string or quoted identifier that starts at `start`; a doubled quote is part of it. */
function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = text.indexOf(quote, start + 1); at !== -1; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] !== quote) return at + 1
  }
  return text.length
}

/** The same for a string in which a backslash escapes the next character. */
function endOfEscapeString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === "'") {
      if (text[at + 1] !== "'") return at + 1
      at += 1
    }
  }
  return text.length
}

/** The same for a string of bits, in which no quote can be doubled: the second one starts another string. */
function endOfBits(text: string, start: number): number {
  const closing = text.indexOf("'", start + 1)
  return closing === -1 ? text.length : closing + 1
}

/** Where the next part of a string starts: after white space and line comments with a line break among them; -1 when there is none. */
function continuation(text: string, from: number): number {
  let at = from
  let hasLineBreak = false
  for (;;) {
    const character = text[at]
    if (character === '\n' || character === '\r') hasLineBreak = true
    if (character !== undefined && ' \t\n\r\f\v'.includes(character)) at += 1
    else if (character === '-' && text[at + 1] === '-') {
      lineComment.lastIndex = at
      at += lineComment.exec(text)![0].length
    } else return character === "'" && hasLineBreak ? at : -1
  }
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

/**
 * `U&"d!0061t!+000061" UESCAPE '!'`: a string after UESCAPE names the character that escapes in the identifier in front of it, so all three
 * are one token. Returns whether there was such an identifier.
 */
function decodeAgain(
  text: string,
  tokens: string[],
  spans: [start: number, end: number][],
  escape: string,
  stop: number,
): boolean {
  const at = tokens.length - 2
  const [start, end] = spans[at] ?? [0, 0]
  if (!/^u&"/i.test(text.slice(start, start + 3))) return false
  const inside = decodedIdentifier(text.slice(start + 3, end - 1), escape)
  tokens.splice(at, 2, plainIdentifier.test(inside) ? inside : '"')
  spans.splice(at, 2, [start, stop])
  return true
}
