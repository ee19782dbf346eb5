/** Constants in a parsed tree. A type in front of one, or behind it, changes nothing. */
import { fieldsOf, type Fields } from './grammar.ts'

export interface TextConstant {
  readonly text: string
  /** Where it is written, as the grammar counts: in bytes. */
  readonly location: unknown
}

/** A string: `'books'`, also with a type. */
export function textConstant(value: unknown): TextConstant | undefined {
  const constant = untyped(value)
  const text = constant?.['sval'] as Fields | undefined
  return text === undefined ? undefined : { text: String(text['sval'] ?? ''), location: constant!['location'] }
}

/** A string or a whole number as its text; undefined for anything else. */
export function constantOf(value: unknown): string | undefined {
  const number = untyped(value)?.['ival'] as Fields | undefined
  return textConstant(value)?.text ?? (number === undefined ? undefined : String(number['ival'] ?? 0))
}

function untyped(value: unknown): Fields | undefined {
  const cast = fieldsOf(value, 'TypeCast')
  return cast === undefined ? fieldsOf(value, 'A_Const') : untyped(cast['arg'])
}
