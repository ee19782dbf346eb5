/** Values as PostgreSQL writes them in text. */
import { escapeLiteral, types } from 'pg'

/** A text as a literal, for texts of several statements, which take no parameters. Wherever a parameter is possible, use one. */
export function literal(text: string): string {
  return escapeLiteral(text)
}

/**
 * The value of an array in text form, such as `{1,NULL}` and `{"a b",c}`.
 * @param type the object id of the array's type, not of its elements'; for one that pg does not know, the text is returned
 */
export function parseArrayText(type: number, text: string): unknown {
  return (types.getTypeParser as (type: number) => (text: string) => unknown)(type)(text)
}
