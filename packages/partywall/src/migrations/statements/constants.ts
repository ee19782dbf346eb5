/** Constants in a parsed tree. */
import { nodeOf, type Fields } from './grammar.ts'

/** A string or a whole number as its text; undefined for anything else. */
export function constantOf(value: unknown): string | undefined {
  const [kind, at] = nodeOf(value) ?? []
  if (kind === 'TypeCast') return constantOf(at!['arg'])
  if (kind !== 'A_Const') return undefined
  const [text, number] = [at!['sval'] as Fields | undefined, at!['ival'] as Fields | undefined]
  if (text !== undefined) return String(text['sval'] ?? '')
  return number === undefined ? undefined : String(number['ival'] ?? 0)
}
