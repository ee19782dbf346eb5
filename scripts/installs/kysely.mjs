import { Kysely } from 'kysely'
import { tenantKyselyOptions } from 'partywall/kysely'

export function open(tenancy) {
  const db = new Kysely(tenantKyselyOptions(tenancy))
  return {
    async read(tenant) {
      const rows = await tenancy.run(tenant, () =>
        db.transaction().execute((trx) => trx.selectFrom('notes').select('text').execute()),
      )
      return rows.map(({ text }) => text)
    },
    close: () => db.destroy(),
  }
}
