import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { tenantDrizzle } from 'partywall/drizzle'

const notes = pgTable('notes', { text: text('text').notNull() })

export function open(tenancy) {
  const db = tenantDrizzle(tenancy, (client) => drizzle({ client }))
  return {
    async read(tenant) {
      const rows = await tenancy.run(tenant, () => db.transaction((tx) => tx.select().from(notes)))
      return rows.map((row) => row.text)
    },
  }
}
