/** Arrays as PostgreSQL writes them, such as `{1,NULL}` and `{"a b",c}`: node-postgres knows how to read them. */
import { types } from 'pg'

/** @param type the object id of the array's type, not of its elements'; of one that pg does not know the text comes back */
export function parseArrayText(type: number, text: string): unknown {
  return (types.getTypeParser as (type: number) => (text: string) => unknown)(type)(text)
}
