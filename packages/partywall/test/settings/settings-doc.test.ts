/** The examples of docs/settings.md, as they stand there, on real servers: two tenants send mail, each by its own login and from its own address. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createTransport } from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { examplePage } from '../http/page-example.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
vi.stubEnv('DATABASE_URL', url)
vi.stubEnv('SETTINGS_KEY', 'a key of the application '.repeat(2))
const { exampleWith } = await examplePage('docs/settings.md')
const { tenancy } = await exampleWith('settings')

interface Mail {
  readonly user: string
  readonly from: string
  readonly text: string
}

const mails: Mail[] = []
const passwords = new Map<string, string>()
let open = 0
const server = new SMTPServer({
  hideSTARTTLS: true,
  allowInsecureAuth: true,
  disableReverseLookup: true,
  onConnect: (_session, done) => (open++, done()),
  onClose: () => void open--,
  onAuth({ username = '', password }, _session, done) {
    if (passwords.get(username) === password) done(null, { user: username })
    else done(new Error('Wrong login'))
  },
  onData(stream, { user, envelope }, done) {
    let text = ''
    stream.on('data', (part: Buffer) => (text += part.toString()))
    stream.on('end', () => {
      mails.push({ user: String(user), from: envelope.mailFrom === false ? '' : envelope.mailFrom.address, text })
      done()
    })
  },
})
let port: number

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  ;({ port } = server.server.address() as AddressInfo)
  for (const name of ['acme', 'globex']) {
    await tenancy.tenants.create({ schema: name })
    passwords.set(name, `password of ${name}`)
    const smtp = { host: '127.0.0.1', port, from: `hello@${name}.example`, user: name, password: `password of ${name}` }
    await tenancy.settings.set(name, { smtp })
  }
})
afterAll(async () => {
  await tenancy.close()
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

const message = (name: string) => ({ to: 'ada@example.com', subject: `of ${name}`, text: `the mail of ${name}` })

test('each tenant sends by its own login, from its own address, where one transport for all mixes them up', async () => {
  const { sendMail } = await exampleWith('sendMail')
  const names = Array.from({ length: 12 }, (_, i) => ['acme', 'globex'][i % 2]!)
  await Promise.all(names.map((name) => tenancy.run(name, () => sendMail(message(name)))))
  expect(mails).toHaveLength(12)
  for (const { user, from, text } of mails) {
    expect(from).toBe(`hello@${user}.example`)
    expect(text).toContain(`the mail of ${user}`)
  }

  mails.length = 0
  let transport: ReturnType<typeof createTransport> | undefined
  const naive = async (mail: object) => {
    const { smtp } = await tenancy.settings()
    transport ??= createTransport(
      { host: smtp.host, port: smtp.port, auth: { user: smtp.user, pass: smtp.password } },
      { from: smtp.from },
    )
    await transport.sendMail(mail)
  }
  for (const name of ['acme', 'globex']) await tenancy.run(name, () => naive(message(name)))
  expect(mails.map(({ user, text }) => [user, text.includes('the mail of globex')])).toEqual([
    ['acme', false],
    ['acme', true],
  ])
})

test('a new password is used from the next mail on, the connections with the old one are closed, and no error shows it', async () => {
  const { sendMail } = await exampleWith('sendMail')
  const send = () => tenancy.run('acme', () => sendMail(message('acme')))
  await send()
  passwords.set('acme', 'a new password')
  await tenancy.settings.set('acme', { smtp: { password: 'a wrong password' } })
  const error: Error = await send().then(
    () => Promise.reject(new Error('it was sent')),
    (refused: Error) => refused,
  )
  expect(JSON.stringify({ ...error, stack: error.stack })).not.toContain('a wrong password')
  await tenancy.settings.set('acme', { smtp: { password: 'a new password' } })
  mails.length = 0
  await send()
  expect(mails).toMatchObject([{ user: 'acme' }])
  await tenancy.settings.unset('acme', 'smtp.password')
  await tenancy.settings.unset('globex', 'smtp')
  await vi.waitFor(() => expect(open).toBeLessThanOrEqual(1))
})

test('flags and limits are settings, and a rollout keeps those that it had', async () => {
  const { hasNewEditor, assertSeat } = await exampleWith('percentile')
  const names = Array.from({ length: 20 }, (_, i) => `rollout_${i}`)
  const chosen: string[][] = []
  for (const name of names) await tenancy.tenants.create({ schema: name })
  for (const rollout of [0, 30, 60, 100]) {
    await Promise.all(names.map((name) => tenancy.settings.set(name, { features: { rollout } })))
    const has = await Promise.all(names.map((name) => tenancy.run(name, hasNewEditor)))
    chosen.push(names.filter((_, i) => has[i]))
  }
  expect([chosen[0]!.length, chosen[3]!.length]).toEqual([0, 20])
  expect(chosen[1]!.filter((name) => !chosen[2]!.includes(name))).toEqual([])
  await tenancy.settings.set('acme', { features: { beta: true }, limits: { seats: 2 } })
  await tenancy.run('acme', async () => {
    expect(await hasNewEditor()).toBe(true)
    await assertSeat(1)
    await expect(assertSeat(2)).rejects.toThrow('2 seats')
  })
})
