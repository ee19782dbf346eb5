// A CommonJS program, as those of NestJS are.
const { createTenancy } = require('partywall')

exports.open = function open() {
  const tenancy = createTenancy({ database: process.env.DATABASE_URL, migrations: { shared: 'none', tenant: 'migrations' } })
  return {
    async read(tenant) {
      const { rows } = await tenancy.run(tenant, () => tenancy.pool.query('select text from notes'))
      return rows.map(({ text }) => text)
    },
    close: () => tenancy.close(),
  }
}
