import knex from 'knex'
import { tenantKnex } from 'partywall/knex'

export function open(tenancy) {
  const db = tenantKnex(tenancy, knex)
  return {
    async read(tenant) {
      const rows = await tenancy.run(tenant, () => db('notes').select('text'))
      return rows.map(({ text }) => text)
    },
    close: () => db.destroy(),
  }
}
