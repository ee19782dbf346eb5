/** Values as PostgreSQL writes them in text. */
import pg from 'pg'

/** A text as a literal, for texts of several statements, which take no parameters. Wherever a parameter is possible, use one. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
  // With E a backslash means the same whatever standard_conforming_strings is.
  return text.includes('\\') ? ` E${quoted}` : quoted
}

/**
 * The value of an array in text form, such as `{1,NULL}` and `{"a b",c}`.
 * @param type the object id of the array's type, not of its elements'; for one that pg does not know, the text is returned
 */
export function parseArrayText(type: number, text: string): unknown {
  return (pg.types.getTypeParser as (type: number) => (text: string) => unknown)(type)(text)
}
