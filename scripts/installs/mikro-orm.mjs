import { EntitySchema, MikroORM } from '@mikro-orm/postgresql'
import { tenantMikroOrmOptions } from 'partywall/mikro-orm'

const Note = new EntitySchema({ name: 'Note', tableName: 'notes', properties: { text: { type: 'text', primary: true } } })

export async function open(tenancy) {
  const orm = await MikroORM.init(tenantMikroOrmOptions(tenancy, { entities: [Note] }))
  return {
    async read(tenant) {
      const rows = await tenancy.run(tenant, () => orm.em.fork().find(Note, {}))
      return rows.map(({ text }) => text)
    },
    close: () => orm.close(),
  }
}
