/**
 * PostgreSQL prints `status in ('a', 'b')` of a varchar as `status::text = any (array['a'::varchar, 'b'::varchar]::text[])`, and reads a cast
 * of an array as casts of its elements: another expression, which it prints in another way. With the type that the array has before the cast
 * it reads what it has printed.
 */

/** A statement without change, or one that PostgreSQL reads as it has printed its expressions. */
export function withArrayCasts(statement: string): string {
  if (!/\]\)?::/.test(statement)) return statement
  const edits: { readonly at: number; readonly until: number; readonly text: string }[] = []
  const open: (number | undefined)[] = []
  for (const { 0: token, index } of statement.matchAll(tokens)) {
    if (token === 'ARRAY[') open.push(index)
    else if (token === '[') open.push(undefined)
    else if (token === ']') {
      const start = open.pop()
      if (start === undefined) continue
      const end = index + 1
      const cast = castBehind.exec(statement.slice(end))
      if (cast === null) continue
      const element = elementType(statement.slice(start + 'ARRAY['.length, index))
      const [whole, bracket, type] = cast
      if (element !== undefined && element !== type) {
        const [before, after] = bracket === '' ? ['(', ')'] : ['', '']
        edits.push({ at: start, until: start, text: before }, { at: end, until: end, text: `::${element}[]${after}` })
      } else if (element === undefined && type === 'text' && isOfComparison(statement.slice(0, start))) {
        edits.push({ at: end, until: end + whole.length, text: bracket! })
      }
    }
  }
  return edits
    .toSorted((a, b) => b.at - a.at)
    .reduce((text, { at, until, text: added }) => text.slice(0, at) + added + text.slice(until), statement)
}

/** `= ANY (` finds the text operator of a varchar by itself. */
function isOfComparison(before: string): boolean {
  return /(?:ANY|ALL) \(+$/.test(before)
}

/** The type that every element is cast to; undefined when one is not a constant or a name with a cast. */
function elementType(elements: string): string | undefined {
  const types = new Set<string | undefined>()
  let rest = elements
  do {
    const found = element.exec(rest)
    if (found === null) return undefined
    types.add(found[1])
    rest = rest.slice(found[0].length)
  } while (rest !== '')
  const [type] = types
  return types.size === 1 ? type : undefined
}

const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])ARRAY\[|\[|\]/g
const typeName = String.raw`((?:"(?:[^"]|"")*"|[a-z_][\w$]*)(?:[. ](?:"(?:[^"]|"")*"|[a-z_][\w$]*))*(?:\(\d+(?:,\s*\d+)?\))?)`
const castBehind = new RegExp(String.raw`^(\)?)::${typeName}\[\]`)
const element = new RegExp(String.raw`^(?:E?'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w.$]+)(?:\."(?:[^"]|"")*")*::${typeName}(?:,\s*|$)`)
