/** `partywall console`: for the browser that opens its address first, and for this machine. */
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { project } from '../partywall.ts'

const { url } = await testDatabase()

async function started(flags = '') {
  const { start } = await project(url)
  const child = start(`console --json ${flags}`.trim())
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  while (!text.includes('}')) await once(child.stdout!, 'data')
  return { child, address: new URL((JSON.parse(text) as { url: string }).url) }
}

test('its address opens it once, for an owner who is named in the audit, and a signal ends it', async () => {
  const { child, address } = await started()
  expect(address.hostname).toBe('127.0.0.1')
  const stranger = await fetch(new URL('/api/session', address))
  expect(stranger.status).toBe(401)
  expect((await fetch(new URL('/enter?token=guessed', address))).status).toBe(401)

  const entered = await fetch(address, { redirect: 'manual' })
  expect([entered.status, entered.headers.get('location')]).toEqual([303, '/'])
  const [line] = entered.headers.getSetCookie()
  expect(line).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
  const cookie = line!.split(';')[0]!
  const session = await fetch(new URL('/api/session', address), { headers: { cookie } })
  expect(await session.json()).toMatchObject({ id: expect.stringMatching(/^cli:/), role: 'owner' })
  // A second browser is not let in; the first one may load the address again.
  expect((await fetch(address, { redirect: 'manual' })).status).toBe(401)
  expect((await fetch(address, { redirect: 'manual', headers: { cookie } })).status).toBe(303)
  // Neither a page elsewhere nor a name that leads here.
  const foreign = await fetch(new URL('/api/operators', address), {
    method: 'POST',
    headers: { cookie, origin: 'http://evil.example', 'content-type': 'application/json' },
    body: '{}',
  })
  expect(foreign.status).toBe(403)

  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('a port that is taken is refused by its number', async () => {
  const { address } = await started()
  const { run } = await project(url)
  const { code, stderr } = await run(`console --port ${address.port}`)
  expect([code, stderr]).toEqual([2, expect.stringContaining(`Port ${address.port} of 127.0.0.1 cannot be had`)])
})

test('what the console changes is in the audit as done by the user of the machine', async () => {
  const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  await tenancy.tenants.create({ schema: 'acme' })
  const { address } = await started()
  const [line] = (await fetch(address, { redirect: 'manual' })).headers.getSetCookie()
  const headers = { cookie: line!.split(';')[0]!, origin: address.origin, 'content-type': 'application/json' }
  const shown = (await (await fetch(new URL('/api/tenants/acme', address), { headers })).json()) as { version: string }
  const body = JSON.stringify({ status: 'suspended' })
  const { status } = await fetch(new URL('/api/tenants/acme/status', address), {
    method: 'POST',
    headers: { ...headers, 'if-match': shown.version },
    body,
  })
  expect(status).toBe(200)
  const [entry] = await tenancy.audit.list({ limit: 1 })
  expect(entry).toMatchObject({ action: 'tenant.suspended', actor: expect.stringMatching(/^cli:/) })
  await tenancy.close()
})
