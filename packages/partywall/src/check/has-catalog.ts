/** Whether the catalog is installed. A check does not install it. */
import type { Queryable } from '../sql/statement.ts'

export async function hasCatalog(queryable: Queryable): Promise<boolean> {
  const { rows } = await queryable.query<{ found: string }>({
    text: `
      select (pg_catalog.to_regclass('partywall.tenants') is not null and pg_catalog.to_regclass('partywall.domains') is not null)::text as found`,
  })
  return rows[0]!.found === 'true'
}
