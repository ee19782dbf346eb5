/**
 * In a part of a UNION that gives no names, PostgreSQL prints a column without a name that has got a cast, such as `NULL::integer`. It would read
 * the name of the type as that of the column, and print it the next time. So the name of a column without one is written.
 */

/** @param query of a view, as PostgreSQL prints it: each column of a SELECT is on a line of its own */
export function withUnnamedColumns(query: string): string {
  const texts = [...query.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g)]
  const isInText = (place: number) => texts.some(({ 0: text, index }) => place > index && place < index + text.length)
  return query.replaceAll(unnamed, (line: string, before: string, column: string, behind: string, place: number) =>
    isInText(place + before.length) ? line : `${before}${column} AS "?column?"${behind}`,
  )
}

const string = String.raw`'(?:[^']|'')*'`
const name = String.raw`(?:"(?:[^"\n]|"")*"|[\w$]+)`
const type = String.raw`::${name}(?:[. ](?!AS )${name})*(?:\(\d+(?:,\s?\d+)?\)(?: with(?:out)? time zone)?)?(?:\[\])*`
/** A constant, or an expression in brackets without other brackets. */
const value = String.raw`(?:E?${string}|-?[\d.]+|NULL|true|false|\((?:${string}|[^'()\n])*\))`
const unnamed = new RegExp(String.raw`^(\s*|.*\bSELECT (?:DISTINCT )?)(${value}(?:${type})+)([,;)].*|)$`, 'gm')
