/** Partywall's own tables, as its parts that are imported on their own see them: with the rights of the deploy role, which alone reads the audit. */
import type { AnyTenancy } from '../parts.ts'

export interface Statement {
  readonly text: string
  readonly values?: unknown[]
}

interface Reader {
  query(statement: Statement): Promise<{ readonly rows: readonly unknown[] }>
}

export interface Catalog extends Reader {
  transaction<T>(fn: (transaction: Reader) => Promise<T>): Promise<T>
}

export function catalogOf(tenancy: AnyTenancy): Catalog {
  return (tenancy as unknown as Record<symbol, { readonly deploy: Catalog }>)[Symbol.for('partywall.catalog')]!.deploy
}

/** Rows that come as one JSON text each: an application may have changed how its driver reads numbers and times. */
export async function readEntries<T>(reader: Reader, statement: Statement): Promise<T[]> {
  const { rows } = await reader.query(statement)
  return rows.map((row) => JSON.parse((row as { entry: string }).entry) as T)
}
