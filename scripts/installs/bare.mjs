export function open(tenancy) {
  return {
    async read(tenant) {
      const { rows } = await tenancy.run(tenant, () => tenancy.pool.query('select text from notes'))
      return rows.map(({ text }) => text)
    },
  }
}
