/** The app by path and by a customer's own domain, with one line of its config changed, as the README says. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { byHost, byPath, createTenancy, type Resolver } from 'partywall'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import config from '../partywall.config.ts'
import { createApp } from '../src/app.ts'
import { seed } from '../src/seed.ts'
import { client } from './ask.ts'

const page = await readFile(new URL('../README.md', import.meta.url), 'utf8')

async function started(resolve: Resolver[]) {
  const { url } = await testDatabase()
  const tenancy = createTenancy({ ...config, database: url, resolve })
  await seed(tenancy)
  const server = createServer(createApp(tenancy)).listen(0)
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await tenancy.close()
  })
  return { tenancy, api: client((server.address() as AddressInfo).port) }
}

test('by path: the routes are the same, and links lead back to the tenant', async () => {
  expect(page).toContain(`resolve: [byPath({ prefix: '/t', trusted: true })],`)
  const { api } = await started([byPath({ prefix: '/t', trusted: true })])
  const [ferrari, mclaren] = await Promise.all(['ferrari', 'mclaren'].map((tenant) => api.get(`/t/${tenant}/polls`)))
  expect(ferrari!.body).toContainEqual(expect.objectContaining({ question: 'Who wins in Monza?' }))
  expect(mclaren!.body).not.toContainEqual(expect.objectContaining({ question: 'Who wins in Monza?' }))
  const made = await api.post('/t/ferrari/polls', { question: 'By path?', choices: ['yes', 'no'] })
  expect(made.location).toMatch(/^\/t\/ferrari\/polls\/\d+$/)
  expect((await api.get(made.location!)).body).toMatchObject({ question: 'By path?' })
  expect((await api.get('/client')).status).toBe(200)
  for (const path of ['/polls', '/t/williams/polls', '/t/ferrari/client', '/t/ferrari/../mclaren/polls']) {
    expect((await api.get(path)).status).toBeGreaterThanOrEqual(400)
  }
})

test('by a domain of the customer: the line of the config stays', async () => {
  expect(page).toContain('npx partywall domain add ferrari polls.ferrari.example')
  const { tenancy, api } = await started([byHost({ base: 'localhost' })])
  expect((await api.get('/polls', { host: 'polls.ferrari.example' })).status).toBe(404)
  await tenancy.domains.add('ferrari', 'polls.ferrari.example')
  const { body } = await api.get('/polls', { host: 'polls.ferrari.example' })
  expect(body).toContainEqual(expect.objectContaining({ question: 'Who wins in Monza?' }))
  expect(await tenancy.url('ferrari', '/polls')).toBe('https://polls.ferrari.example/polls')
})
