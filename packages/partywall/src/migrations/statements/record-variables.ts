/**
 * The PL/pgSQL grammar resolves no types. It takes a variable of a row type (`book public.books%rowtype`) for a scalar and refuses `book.title`,
 * and one of an enum for a row and refuses `into kind, size`. Such a variable is declared for it as what it is; every line keeps its number.
 */

/**
 * The statement with other declarations, which the grammar may take.
 * @param problem the message of the grammar
 * @returns undefined when nothing can be changed
 */
export function withRecords(statement: string, problem: string): string | undefined {
  const rows = statement.replaceAll(/(?:(?:\w+|"[^"]+")\s*\.\s*)*(?:\w+|"[^"]+")\s*%\s*rowtype\b/gi, asRecord)
  if (rows !== statement) return rows
  const [, name] = /^"([\w$]+)\.[^"]*" is not a known variable/.exec(problem) ?? []
  const isOfList = problem.includes('INTO list')
  const names =
    name === undefined ? (isOfList ? listed(statement) : problem.startsWith('loop') ? loopVariables(statement) : []) : [name]
  const changed = names.reduce((text, one) => declare(text, one, isOfList ? 'text' : 'record'), statement)
  return changed === statement ? undefined : changed
}

/** The first place where a type follows the name is its declaration. */
function declare(statement: string, name: string, type: string): string {
  const start = String.raw`(?<![\w$."])(${name.replaceAll('$', String.raw`\$`)}\s+)`
  const end = String.raw`(?=\s*(?:[;,):=]|\bdefault\b|\bnot\s+null\b))`
  const declaration = new RegExp(String.raw`${start}([\w$".\s]+?)${end}`, 'i')
  return statement.replace(declaration, (whole, before: string, written: string) =>
    written.toLowerCase() === type ? whole : before + type + linesOf(written),
  )
}

/** `into kind, size` takes scalars only. */
function listed(statement: string): string[] {
  const lists = statement.matchAll(/\binto\s+(?:strict\s+)?([a-z_][\w$]*(?:\s*,\s*[a-z_][\w$]*)+)/gi)
  return [...new Set([...lists].flatMap(([, list]) => list!.split(',').map((one) => one.trim())))]
}

function loopVariables(statement: string): string[] {
  return [...statement.matchAll(/\bfor\s+([a-z_][\w$]*)\s+in\b/gi)].map(([, name]) => name!)
}

function asRecord(type: string): string {
  return `record${linesOf(type)}`
}

function linesOf(text: string): string {
  return text.replaceAll(/[^\n]/g, '')
}
