/** What is what in a text of SQL, for the eye only: it refuses nothing, and loses no character. */

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'comment' | undefined
  readonly text: string
}

const words = new Set(
  (
    'add after all alter always analyze and any as asc before begin between by cascade case check collate column comment commit ' +
    'concurrently conflict constraint create cross current_date current_timestamp database declare default deferrable deferred delete ' +
    'desc distinct do domain drop each else enable end enum except execute exists extension false fetch filter for force foreign from ' +
    'full function generated grant group having identity if immutable in index inherits initially inner insert intersect into is ' +
    'join key language lateral left like limit lock materialized natural not nothing null nulls of offset on only or order out outer ' +
    'over owner partition policy primary procedure range references rename replace restrict return returning returns revoke right ' +
    'role row rows schema security select sequence set stable statement stored strict table temporary then to transaction trigger ' +
    'true truncate type union unique update using validate values view volatile when where with without'
  ).split(' '),
)

// What is not closed goes to the end, as it does for the server; and so no beginning is searched for its end twice.
const pattern =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<text>'[^']*(?:'|$)|\$(?<tag>(?:[\p{L}_][\p{L}\p{N}_]*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))|(?<quoted>"[^"]*(?:"|$))|(?<number>\b\d+(?:\.\d+)?\b)|(?<name>[\p{L}_][\p{L}\p{N}_$]*)/gu

/**
 * @example
 * tokensOf('select 1') // [{ kind: 'word', text: 'select' }, { kind: undefined, text: ' ' }, { kind: 'number', text: '1' }]
 */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  let end = 0
  for (const match of sql.matchAll(pattern)) {
    const kind = kindOf(match)
    if (kind === undefined) continue
    if (match.index > end) tokens.push({ kind: undefined, text: sql.slice(end, match.index) })
    tokens.push({ kind, text: match[0] })
    end = match.index + match[0].length
  }
  if (end < sql.length) tokens.push({ kind: undefined, text: sql.slice(end) })
  return tokens
}

function kindOf({ groups = {} }: RegExpMatchArray): Token['kind'] {
  if (groups['comment'] !== undefined) return 'comment'
  if (groups['text'] !== undefined) return 'text'
  if (groups['number'] !== undefined) return 'number'
  return words.has(groups['name']?.toLowerCase() ?? '') ? 'word' : undefined
}
