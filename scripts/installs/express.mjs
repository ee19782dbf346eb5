import { once } from 'node:events'
import express from 'express'
import { byHeader, createTenancy } from 'partywall'
import { tenancyErrors, tenantScope } from 'partywall/express'

export async function open() {
  const tenancy = createTenancy({ database: process.env.DATABASE_URL, resolve: [byHeader('x-tenant', { trusted: true })] })
  const app = express()
  app.use(tenantScope(tenancy))
  app.get('/notes', async (req, res, next) => {
    try {
      const { rows } = await tenancy.pool.query('select text from notes')
      res.json(rows.map(({ text }) => text))
    } catch (error) {
      next(error)
    }
  })
  app.use(tenancyErrors())
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    async read(tenant) {
      const answer = await fetch(`http://127.0.0.1:${server.address().port}/notes`, { headers: { 'x-tenant': tenant } })
      if (answer.status !== 200) throw new Error(`answered with ${answer.status}: ${await answer.text()}`)
      return answer.json()
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await tenancy.close()
    },
  }
}
