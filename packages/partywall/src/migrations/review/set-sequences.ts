/** The sequences that `setval` sets. It names them in a string: `setval('books_id_seq', 7)`, `setval(pg_get_serial_sequence('books', 'id'), 7)`. */
import { fieldsOf, listOf, partsOf, walk, type Tree } from '../statements/grammar.ts'
import type { Mention } from '../statements/mentions.ts'
import { textConstant } from '../statements/constants.ts'

/** The table stands for the sequence of its column. */
export function setSequences(statement: Tree): Mention[] {
  const mentions: Mention[] = []
  walk(statement, (kind, at) => {
    if (kind !== 'FuncCall' || partsOf(at['funcname']).at(-1) !== 'setval') return
    const [sequence] = listOf(at['args'])
    const call = fieldsOf(sequence, 'FuncCall')
    const isOfColumn = call !== undefined && partsOf(call['funcname']).at(-1) === 'pg_get_serial_sequence'
    const named = nameIn(textConstant(isOfColumn ? listOf(call['args'])[0] : sequence)?.text ?? '')
    if (named !== undefined) mentions.push({ class: 'relation', ...named, use: 'write' })
  })
  return mentions
}

function nameIn(text: string): Pick<Mention, 'schema' | 'name'> | undefined {
  const found = /^\s*(?:(?:"((?:[^"]|"")+)"|([^\s".]+))\s*\.\s*)?(?:"((?:[^"]|"")+)"|([^\s".]+))\s*$/.exec(text)
  if (found === null) return undefined
  const [, quotedSchema, plainSchema, quoted, plain] = found
  return { schema: partOf(quotedSchema, plainSchema), name: partOf(quoted, plain)! }
}

function partOf(quoted: string | undefined, plain: string | undefined): string | undefined {
  return quoted?.replaceAll('""', '"') ?? plain?.toLowerCase()
}
