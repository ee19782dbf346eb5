/** A text as a literal of SQL, for texts of several statements, which take no parameters. Whatever can be a parameter is one. */
import { escapeLiteral } from 'pg'

export function literal(text: string): string {
  return escapeLiteral(text)
}
