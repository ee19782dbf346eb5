/** `partywall user`: an account made on the command line signs in over HTTP at its own tenant, and nowhere else. */
import express from 'express'
import { admin } from 'better-auth/plugins'
import type { BetterAuthOptions } from 'better-auth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { betterAuthMigrations, centralAuth, centralModels, tenantAuth } from '../../../src/auth/better-auth/better-auth.ts'
import { tenancyErrors, tenantScope } from '../../../src/http/express.ts'
import { byHost, createTenancy } from '../../../src/index.ts'
import { listen } from '../../http/listen.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { project, type Project } from '../partywall.ts'

const secret = 'a secret of the application, 32 characters at least'
const options: BetterAuthOptions = { emailAndPassword: { enabled: true }, plugins: [admin()], logger: { disabled: true } }
const centralOptions: BetterAuthOptions = { ...options, baseURL: 'https://our.example' }
const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { shared: betterAuthMigrations(centralModels(centralOptions)), tenant: betterAuthMigrations(options) },
  resolve: [byHost({ base: 'our.example' })],
})
const config = (auth: string): string => `
import { admin } from '${import.meta.resolve('better-auth/plugins')}'
import { byHost, defineConfig } from 'partywall'
import { betterAuthMigrations, centralAuth, centralModels, tenantAuth } from 'partywall/better-auth'
const secret = '${secret}'
const options = { emailAndPassword: { enabled: true }, plugins: [admin()], logger: { disabled: true } }
const centralOptions = { ...options, baseURL: 'https://our.example' }
export default defineConfig({
  database: process.env.DATABASE_URL,
  migrations: { shared: betterAuthMigrations(centralModels(centralOptions)), tenant: betterAuthMigrations(options) },
  resolve: [byHost({ base: 'our.example' })],
  ${auth}
})`

let run: Project['run']
beforeAll(async () => {
  await tenancy.migrations.run()
  for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  ;({ run } = await project(url, {
    'partywall.config.ts': config(
      'auth: { tenant: (tenancy) => tenantAuth(tenancy, () => options, { secret }), central: (tenancy) => centralAuth(tenancy, centralOptions, { secret }) },',
    ),
  }))
}, 60_000)
afterAll(() => tenancy.close())

/** Signs in over HTTP, at the host of a tenant or at the central one. */
async function signIn(host: string, email: string, password: string): Promise<number> {
  const tenants = tenantAuth(tenancy, () => options, { secret })
  const central = centralAuth(tenancy, centralOptions, { secret })
  const app = express().use(tenantScope(tenancy, { none: 'shared' }))
  app.all('/api/auth/{*path}', (req, res) => (tenancy.tryCurrent() === undefined ? central : tenants).node(req, res))
  const { send } = await listen(app.use(tenancyErrors()))
  const body = JSON.stringify({ email, password })
  const { status } = await send({
    host,
    path: '/api/auth/sign-in/email',
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: `https://${host}` },
    body,
  })
  return status
}

test('an administrator of a tenant signs in at it, and not at another; a second password, a disabled account', async () => {
  const created = (await run('user create --tenant acme --admin Ada@Acme.example --json')).json
  expect(created).toMatchObject({
    schema: 'acme',
    email: 'ada@acme.example',
    name: 'ada',
    isAdmin: true,
    isDisabled: false,
    emailVerified: false,
  })
  expect(created.password).toMatch(/^[\w-]{24}$/)
  expect(await signIn('acme.our.example', 'ada@acme.example', created.password)).toBe(200)
  expect(await signIn('globex.our.example', 'ada@acme.example', created.password)).toBe(401)
  expect(await signIn('our.example', 'ada@acme.example', created.password)).toBe(401)

  // The same address at another tenant is another account.
  const elsewhere = await run('user create ada@acme.example --tenant globex --name Ada --verified --password-stdin --json', {
    input: 'a password of globex\n',
  })
  expect(elsewhere.json).toMatchObject({ schema: 'globex', name: 'Ada', isAdmin: false, emailVerified: true })
  expect(elsewhere.json.password).toBeUndefined()
  expect(await signIn('globex.our.example', 'ada@acme.example', 'a password of globex')).toBe(200)
  expect(await signIn('acme.our.example', 'ada@acme.example', 'a password of globex')).toBe(401)

  const changed = await run('user set-password ada@acme.example --tenant acme --password-stdin', { input: 'another password' })
  expect([changed.code, changed.stderr]).toEqual([0, ''])
  expect(await signIn('acme.our.example', 'ada@acme.example', created.password)).toBe(401)
  expect(await signIn('acme.our.example', 'ada@acme.example', 'another password')).toBe(200)

  expect((await run('user disable ada@acme.example --tenant acme --json')).json).toMatchObject({ isDisabled: true })
  expect(await signIn('acme.our.example', 'ada@acme.example', 'another password')).toBe(403)
  expect(await signIn('globex.our.example', 'ada@acme.example', 'a password of globex')).toBe(200)
  expect((await run('user list --tenant acme')).stdout).toMatch(
    /^email +name +admin +verified +state +since\nada@acme.example +ada +yes +no +disabled +\d{4}-\d\d-\d\d\n$/,
  )
  expect((await run('user enable ada@acme.example --tenant acme --json')).json).toMatchObject({ isDisabled: false })
  expect(await signIn('acme.our.example', 'ada@acme.example', 'another password')).toBe(200)

  const entries = (await run('audit list --tenant acme --action user --json')).json
  expect(entries.map(({ action }: { action: string }) => action)).toEqual([
    'user.enabled',
    'user.disabled',
    'user.password',
    'user.created',
  ])
  for (const entry of entries) expect(entry).toMatchObject({ object: created.id, actor: expect.stringMatching(/^cli:/) })
  expect(JSON.stringify(entries)).not.toMatch(/ada@|password of/)
}, 120_000)

test('an operator is a central account', async () => {
  const created = (await run('user create ops@our.example --admin --json')).json
  expect(created).toMatchObject({ email: 'ops@our.example', isAdmin: true })
  expect(created.schema).toBeUndefined()
  expect(await signIn('our.example', 'ops@our.example', created.password)).toBe(200)
  expect(await signIn('acme.our.example', 'ops@our.example', created.password)).toBe(401)
  expect((await run('user list --search OPS@ --json')).json).toMatchObject([{ email: 'ops@our.example' }])
  const more = await run('user create other@our.example')
  expect(more.stdout).toMatch(/^password +[\w-]{24}$/m)
  expect(more.stderr).toBe('The password is shown once, and stored nowhere.\n')
  const listed = await run('user list --limit 1')
  expect([listed.stdout.split('\n').length, listed.stderr]).toEqual([3, 'There are more than 1.\n'])
}, 60_000)

test.each([
  ['user create ops --json', 'INVALID_ARGUMENT', /not an e-mail address: "ops"/],
  ['user create ada@globex.example --tenant missing --json', 'UNKNOWN_TENANT', /missing/],
  ['user disable none@our.example --json', 'UNKNOWN_USER', /There is no account "none@our.example" here/],
  ['user set-password none@our.example --tenant acme --json', 'UNKNOWN_USER', /none@our.example/],
])('%s is refused with %s', async (call, code, message) => {
  const { error } = (await run(call)).json
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
})

test('an account that exists, and a password that is too short, are refused, and nothing is half-made', async () => {
  await run('user create twice@our.example')
  expect((await run('user create Twice@our.example --json')).json.error.code).toBe('USER_EXISTS')
  const short = await run('user create short@our.example --password-stdin --json', { input: 'short' })
  expect(short.json.error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('8 to 128 characters') })
  expect(short.stdout).not.toContain('"short"')
  expect((await run('user create short@our.example --password-stdin --json', { input: '\n' })).json.error.code).toBe(
    'MISSING_ANSWER',
  )
  expect((await run('user list --search short --json')).json).toEqual([])
})

test('a config without the sign-in, and a sign-in without the plugin, say what is missing', async () => {
  const bare = await project(url, { 'partywall.config.ts': config('') })
  const refused = await bare.run('user create a@b.example --tenant acme --json')
  expect([refused.code, refused.json.error]).toEqual([
    2,
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('The config has no auth.tenant') }),
  ])
  expect((await bare.run('user list --json')).json.error.message).toContain('auth.central')
  const plain = await project(url, {
    'partywall.config.ts': config(
      'auth: { tenant: (tenancy) => tenantAuth(tenancy, () => ({ emailAndPassword: { enabled: true } }), { secret }) },',
    ),
  })
  const { error } = (await plain.run('user create a@b.example --admin --tenant acme --json')).json
  expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('plugins: [admin()]') })
})

test('before the tables of a sign-in are made, the command says how to make them', async () => {
  const { url: empty } = await testDatabase()
  const { run: runEmpty } = await project(empty, {
    'partywall.config.ts': config(
      'auth: { tenant: (tenancy) => tenantAuth(tenancy, () => options, { secret }), central: (tenancy) => centralAuth(tenancy, centralOptions, { secret }) },',
    ).replace(/migrations: .*\n/, 'migrations: { shared: false, tenant: false },\n'),
  })
  await runEmpty('migrate')
  await runEmpty('tenant create acme')
  for (const [call, option] of [
    ['user create --admin ops@our.example', 'migrations.shared'],
    ['user create ann@acme.example --tenant acme', 'migrations.tenant'],
  ] as const) {
    const { code, json } = await runEmpty(`${call} --json`)
    expect([code, json.error]).toMatchObject([2, { code: 'CONFIG_INVALID', message: expect.stringContaining(option) }])
    expect(json.error.message).toContain('partywall migrate')
  }
})
