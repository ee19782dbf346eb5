/** The names in a statement that are written with a schema, and where: the grammar says that there is such a name, but mostly not its place. */
import type { SqlStatement } from '../../sql/lexer.ts'
import { partsOf, walk, type Tree } from './grammar.ts'

export interface QualifiedName {
  readonly schema: string
  readonly name: string
  /** Where the schema starts in the text. */
  readonly start: number
  /** Where the name behind it starts. */
  readonly nameStart: number
}

export function qualifiedNames(text: string, { tokens, spans }: SqlStatement): QualifiedName[] {
  return tokens.flatMap((token, dot): QualifiedName[] => {
    if (token !== '.' || tokens[dot - 2] === '.') return []
    const [before, after] = [spans[dot - 1], spans[dot + 1]]
    if (before === undefined || after === undefined) return []
    const [schema, name] = [nameAt(text, before), nameAt(text, after) ?? operatorFrom(tokens, dot + 1)]
    return schema === undefined || name === undefined ? [] : [{ schema, name, start: before[0], nameStart: after[0] }]
  })
}

/** Names that stand as a column may stand: the first part may be the alias of a table. */
export function columnsOf(statement: Tree): ReadonlySet<string> {
  const columns = new Set<string>()
  walk(statement, (kind, at) => {
    if (kind === 'ColumnRef') columns.add(JSON.stringify(partsOf(at['fields'])))
  })
  return columns
}

function nameAt(text: string, [start, end]: readonly [number, number]): string | undefined {
  const written = text.slice(start, end)
  if (written.startsWith('"')) return written.slice(1, -1).replaceAll('""', '"')
  return /^[a-z_\u0080-\uffff]/i.test(written) ? written.toLowerCase() : undefined
}

/** An operator is some tokens of punctuation. */
function operatorFrom(tokens: readonly string[], at: number): string | undefined {
  let operator = ''
  for (let index = at; /^[-+*/<>=~!@#%^&|`?]+$/.test(tokens[index] ?? ''); index++) operator += tokens[index]
  return operator === '' ? undefined : operator
}
