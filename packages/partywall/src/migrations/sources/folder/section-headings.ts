/**
 * Comments that head a section of a file: markers of other tools, and what people write in their place. partywall does not read them, so the
 * SQL below `-- Down` would run as part of the up migration, which drops what it has created. A sentence that uses such a word is no heading.
 */

export interface Heading {
  readonly means: 'down' | 'no-transaction' | 'another tool'
  /** It is written for another tool, so it is none of the author's own words. */
  readonly isForeign: boolean
}

/** What a line of a comment heads; undefined when it is a note. */
export function headingIn(comment: string): Heading | undefined {
  const text = comment.replaceAll(decoration, '')
  const foreign = foreignMarkers.find(([marker]) => marker.test(text))
  if (foreign !== undefined) return { means: foreign[1] ?? meaningOf(text), isForeign: true }
  if (isWithoutTransaction(text)) return { means: 'no-transaction', isForeign: false }
  return isDown(text) ? { means: 'down', isForeign: false } : undefined
}

const decoration = /^[\s\-=*#~_/<>|[\](){}.,;"'`]+|[\s\-=*#~_/<>|[\](){}.,"'`]+$/g

const back = String.raw`(?:downs?|undo|rollbacks?|roll[\s-]?back|reverts?|reverse|downgrade|back[\s-]?out|tear[\s-]?down)`

/** The marker, and what it means when its words do not say it. */
const foreignMarkers: readonly (readonly [RegExp, Heading['means']?])[] = [
  // dbmate; other tools with a prefix of their own
  [/^migrate\s*:\s*(?:up|down)\b/i],
  [new RegExp(String.raw`^[\w+@!-]+\s*:\s*${back}$`, 'i')],
  // goose, sql-migrate, micrate
  [/^\+\s*\w+\s+(?:up|down|no[\s_-]*transaction|statement\s*(?:begin|end)|envsub)\b/i],
  [/^(?:goose|rambler|dbmate|sql-migrate|micrate)\s+(?:up|down)\b/i],
  // MyBatis, dbdeploy, Play
  [new RegExp(String.raw`^[@!]\s*(?:ups?|${back})\b`, 'i')],
  // node-pg-migrate
  [/^(?:up|down)[\s_-]*migrations?$/i],
  [/^create above\s*\/\s*drop below/i, 'down'],
  // Sqitch
  [/^revert\s+\S+:\S+\s+from\s+\w+$/i, 'down'],
  // Liquibase
  [/^rollback\s+(?:drop|alter|delete|update|insert|create|truncate|rename|empty|not\s+required)\b/i, 'down'],
  [/^(?:liquibase\s+formatted\s+sql|changeset\s+\S+:\S+)/i, 'another tool'],
]

function meaningOf(text: string): Heading['means'] {
  if (new RegExp(String.raw`\b${back}\b`, 'i').test(text)) return 'down'
  return /transaction/i.test(text) ? 'no-transaction' : 'another tool'
}

function isWithoutTransaction(text: string): boolean {
  const words = text
    .toLowerCase()
    .replaceAll(/[\s_:=@!+-]+/g, ' ')
    .trim()
  return without.test(words) || switchedOff.test(words)
}

const without =
  /^(?:\w+ )?(?:no|non|not|without|disable|disabled|skip|outside(?: of)?)(?:(?: a| an| any| the| ddl| in)* | ?)(?:transactions?|transactional|tx)$/
const switchedOff =
  /^(?:\w+ )?(?:(?:run|use|execute|in|wrap|single|with) ?)*(?:transactions?|transactional|tx)(?: ?mode)? (?:false|none|no|off|never|disabled)$/

/** A heading is made of few words: beside the one for "down" only such as name a part of a file, or the file itself. */
function isDown(text: string): boolean {
  // A statement that was put into a comment.
  if (text.endsWith(';')) return false
  if (titled.test(text) || /^(?:DOWN|UNDO|REVERT)\s+(?!.*\b(?:DOWN|UNDO|REVERT)\b)[a-z]/.test(text)) return true
  const words =
    text
      .toLowerCase()
      .replaceAll(joined, '$1$2')
      .match(/[\p{L}\p{N}_]+/gu) ?? []
  const others = words.filter((word) => !downWords.has(word))
  return (
    others.length < words.length && words.length <= mostWords && others.every((word) => parts.has(word) || /[\d_]/.test(word))
  )
}

/** `Down: drop the titles` */
const titled = new RegExp(String.raw`^${back}\s*(?::|[-–—]+\s)`, 'i')
const joined = /\b(roll|back|tear)(?:ing|ed)?[\s-](back|out|down)\b/g
const mostWords = 8
const downWords = new Set('down downs undo undos rollback rollbacks revert reverts reverse downgrade backout teardown'.split(' '))
const parts = new Set(
  (
    'migration migrations migrate script scripts section part step steps sql begin begins start starts end here below the to how for way path ' +
    'direction statement statements code query queries block schema change changes this it of file marker only'
  ).split(' '),
)
