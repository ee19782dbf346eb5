import { DataSource, EntitySchema } from 'typeorm'
import { tenantTypeormOptions } from 'partywall/typeorm'

const Note = new EntitySchema({ name: 'Note', tableName: 'notes', columns: { text: { type: 'text', primary: true } } })

export async function open(tenancy) {
  const dataSource = new DataSource(tenantTypeormOptions(tenancy, { entities: [Note] }))
  await dataSource.initialize()
  return {
    async read(tenant) {
      const rows = await tenancy.run(tenant, () => dataSource.transaction((manager) => manager.getRepository(Note).find()))
      return rows.map(({ text }) => text)
    },
    close: () => dataSource.destroy(),
  }
}
