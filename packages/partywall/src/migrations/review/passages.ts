/**
 * Texts inside of texts: the body of a DO block in a file, a statement in that body, a string in that statement. A change in the innermost one
 * is written where it stands in the file, with the quotes that its place needs.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import type { Passage, ReviewContext } from './review-context.ts'
import * as say from './refusals.ts'

/** A place in a text: its start, and the end after it. */
export type Span = readonly [start: number, end: number]

/** Where an offset of a passage is in the file; undefined where that is not known. */
function placeOf({ offset, quoted }: Passage, at: number): number | undefined {
  if (offset === undefined) return undefined
  return quoted === undefined ? offset + at : quoted.at(offset + at)
}

/** The place of an offset, or the nearest that is known. */
export function placeNear(passage: Passage, at: number): number {
  return placeOf(passage, at) ?? passage.near
}

/** Puts a text in the place of a part. */
export function edit(passage: Passage, [start, end]: Span, text: string, { edits, refuse }: ReviewContext): void {
  const [from, to] = [placeOf(passage, start), placeOf(passage, end)]
  if (from === undefined || to === undefined) refuse(passage.near, say.unchangeable)
  else edits.replace(from, to, passage.quoted?.written(text) ?? text)
}

/**
 * A part of a passage as a text of its own.
 * @param start where it starts; undefined when it could not be found
 */
export function partOf(passage: Passage, start: number | undefined, text: string, near = passage.near): Passage {
  const { offset, quoted } = passage
  return {
    text,
    offset: offset === undefined || start === undefined ? undefined : offset + start,
    near,
    ...(quoted && { quoted }),
  }
}

/** What a string literal holds; undefined for a literal of a kind that is not read. */
export function literalIn(passage: Passage, [start, end]: Span): Passage | undefined {
  const written = passage.text.slice(start, end)
  const near = placeNear(passage, start)
  const quote = /^\$[^$]*\$/.exec(written)?.[0]
  if (quote !== undefined) return partOf(passage, start + quote.length, written.slice(quote.length, -quote.length), near)
  const prefix = /^e?'/i.exec(written)?.[0]
  if (prefix === undefined) return undefined
  const { text, offsets } = decoded(written, prefix.length, prefix.length === 2)
  const double = prefix.length === 2 ? /['\\]/g : /'/g
  return {
    text,
    near,
    offset: placeOf(passage, start) === undefined ? undefined : 0,
    quoted: {
      at: (offset) => placeOf(passage, start + offsets[offset]!)!,
      written: (inside) => {
        const once = inside.replaceAll(double, (character) => character + character)
        return passage.quoted?.written(once) ?? once
      },
    },
  }
}

/** The span of the string literal that the grammar has found at a place, which it counts in bytes; undefined when it has several parts. */
export function literalAt(text: string, statement: SqlStatement, location: unknown): Span | undefined {
  const { tokens, spans } = statement
  const index = tokenAt(text, statement, location)
  return index !== -1 && tokens[index] === "'" && tokens[index + 1] !== "'" ? spans[index] : undefined
}

/** The token at a place that is counted in bytes of the statement; -1 when none starts there. */
export function tokenAt(text: string, { start: from, end, spans }: SqlStatement, location: unknown): number {
  const at = from + charactersBefore(text.slice(from, end), typeof location === 'number' ? location : 0)
  return spans.findIndex(([start]) => start === at)
}

function charactersBefore(text: string, bytes: number): number {
  const ascii = /[^\0-\x7f]/.exec(text)?.index ?? text.length
  return bytes <= ascii ? bytes : Buffer.from(text).subarray(0, bytes).toString().length
}

/** What is between quotes, and where each character of it is written. */
function decoded(
  written: string,
  from: number,
  hasEscapes: boolean,
): { readonly text: string; readonly offsets: readonly number[] } {
  const offsets: number[] = []
  let text = ''
  let at = from
  while (at < written.length - 1) {
    const [length, character] = characterAt(written, at, hasEscapes)
    for (let index = 0; index < character.length; index++) offsets.push(at)
    text += character
    at += length
  }
  return { text, offsets: [...offsets, at] }
}

function characterAt(written: string, at: number, hasEscapes: boolean): readonly [length: number, character: string] {
  const character = written[at]!
  if (character === "'") return [2, "'"]
  if (!hasEscapes || character !== '\\') return [1, character]
  const code = /^\\(?:x([\da-f]{1,2})|u([\da-f]{4})|U([\da-f]{8})|([0-7]{1,3}))/i.exec(written.slice(at, at + 10))
  if (code !== null) {
    const number = code[4] === undefined ? Number.parseInt(code[1] ?? code[2] ?? code[3]!, 16) : Number.parseInt(code[4], 8)
    return [code[0].length, number > 0x10_ff_ff ? '\ufffd' : String.fromCodePoint(number)]
  }
  const escaped = written[at + 1] ?? ''
  return [2, { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[escaped] ?? escaped]
}
