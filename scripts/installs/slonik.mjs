import { sql } from 'slonik'
import { tenantSlonik } from 'partywall/slonik'

export async function open(tenancy) {
  const pool = await tenantSlonik(tenancy)
  return {
    async read(tenant) {
      const rows = await tenancy.run(tenant, () =>
        pool.transaction((connection) => connection.any(sql.unsafe`select text from notes`)),
      )
      return rows.map(({ text }) => text)
    },
    close: () => pool.end(),
  }
}
