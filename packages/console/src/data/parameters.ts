/** The values of a statement, which reach the server beside its text. */

import type { Client } from './place.ts'

export class Parameters {
  readonly values: (string | null)[] = []

  /** Its place in the text, read as this type. @param type as SQL, from the catalogs */
  add(value: string | null, type: string): string {
    this.values.push(value)
    // As text first: node-postgres would otherwise let the server choose what a parameter is.
    return `$${this.values.length}::pg_catalog.text::${type}`
  }
}

/** Rows as JSON: an application may have changed how node-postgres reads booleans, numbers and arrays. */
export async function readRows<Row>(client: Client, text: string, values: readonly (string | null)[] = []): Promise<Row[]> {
  const whole = `select pg_catalog.row_to_json(answer)::pg_catalog.text as row from (${text}\n) as answer`
  const { rows } = await client.query({ text: whole, values: [...values] })
  return (rows as { row: string }[]).map(({ row }) => JSON.parse(row) as Row)
}
