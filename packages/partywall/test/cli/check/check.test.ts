/** `partywall check` as a process: its documents, exit codes, what it leaves out, and modules of applications that do what they should not. */
import { expect, test } from 'vitest'
import { checks } from '../../../src/check/checks.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { leastPrivilege } from '../../support/tenants/least-privilege.ts'
import { expectFailure, folderWith, inFolder, project, type Ended } from '../partywall.ts'

const { url } = await testDatabase()

const config = (options: string): string => `
  import { byHeader, byHost, defineConfig } from 'partywall'
  export default defineConfig({ database: process.env.DATABASE_URL, ${options} })`

const ids = ({ json }: Ended): string[] =>
  json.findings.map(({ id, severity }: { id: string; severity: string }) => `${severity} ${id}`)
const leftOut = ({ json }: Ended): string[] => json.leftOut.map(({ id }: { id: string }) => id)

test('a project in order has exit code 0; what was left out is named', async () => {
  const { run } = await project('postgres://alice:sekret@127.0.0.1:1/nothing')
  const without = await run('check --no-database --json')
  expect(without).toMatchObject({ code: 0, stderr: '' })
  expect(without.json).toMatchObject({ ok: true, findings: [] })
  expect(leftOut(without)).toEqual(['PW-005', 'PW-008', 'PW-009', 'PW-010', 'PW-012', 'PW-013', 'PW-014', 'PW-015'])

  const unreachable = await run('check')
  expect(unreachable.code).toBe(0)
  expect(unreachable.stdout).toMatch(
    /PW-008 {2}The application logs in as a role with too much power: the database cannot be asked: /,
  )
  expect(unreachable.stdout).toMatch(/\n0 errors, 0 warnings; 8 of \d+ checks left out\n$/)
  expect(unreachable.stdout + unreachable.stderr).not.toContain('sekret')
})

test('errors are exit code 1 and warnings 0; a database is asked, and its catalog is not installed', async () => {
  const { run } = await project(url, {
    'partywall.config.ts': config(
      `resolve: [byHost({ base: 'example.com' }), byHeader('x-tenant')], extraSearchPath: ['public']`,
    ),
  })
  const warned = await run('check --no-database --json')
  expect(ids(warned)).toEqual(['warning PW-002', 'warning PW-003'])
  expect(warned.code).toBe(0)
  const asked = await run('check')
  expect(asked.code).toBe(1)
  expect(asked.stdout).toMatch(
    /^error PW-008 {2}The application logs in as a role with too much power\n {2}seen: .*a superuser.*\n {2}fix: /,
  )
  expect(asked.stdout).toContain('PW-010  Names in a tenant and in the shared schema: the database has no catalog')
})

test('under the boundary role the login is asked as what it is, also before the roles of tenants exist', async () => {
  const { app, deploy } = await leastPrivilege(url, url)
  const { run } = await project(url, {
    'partywall.config.ts': `
      import { defineConfig } from 'partywall'
      export default defineConfig({ database: { connectionString: '${app}', deploy: '${deploy}' }, boundary: 'role', strict: true })`,
  })
  const checked = await run('check --json')
  expect(checked).toMatchObject({ code: 0, stderr: '' })
  expect(ids(checked)).toEqual([])
  expect(leftOut(checked)).toEqual(['PW-005', 'PW-009', 'PW-010', 'PW-012', 'PW-013', 'PW-014', 'PW-015'])
})

test('a config that is refused is a finding, and leaves out what needs it', async () => {
  const { run } = await project(url, { 'partywall.config.ts': config(`tenantIdSetting: 'role', boundary: 'role'`) })
  const refused = await run('check --json')
  expect(refused.code).toBe(1)
  expect(refused.json.findings).toEqual([
    {
      id: 'PW-001',
      severity: 'error',
      title: 'The config is refused',
      seen: expect.stringContaining('tenantIdSetting'),
      fix: expect.any(String),
    },
  ])
  expect(leftOut(refused)).toHaveLength(checks.length - 3)
  expectFailure(await inFolder(await folderWith(), url).run('check --json'), 2, 'CONFIG_NOT_FOUND')
})

const sessions = `
  module.exports = function session(options) { return (req, res, next) => next() }
  module.exports.default = module.exports`
const framework = `
  export function app() { const stack = []; const self = Object.assign(() => {}, { handle() {}, set() {}, router: { stack },
    use: (handle) => void stack.push({ handle, slash: true }),
    get: (path, handle) => void stack.push({ handle, route: { path, stack: [{ method: 'get', handle }] } }) }); return self }`
const appFiles = {
  'partywall.config.ts': config(`resolve: [byHost({ base: 'app.example.com' })], database: 'postgres://app@127.0.0.1:1/app'`),
  'node_modules/express-session/package.json': '{ "name": "express-session", "version": "1.18.0", "main": "index.js" }',
  'node_modules/express-session/index.js': sessions,
  'framework.ts': framework,
}

test('check --app names routes before the middleware and cookies of the parent domain, and keeps a port closed', async () => {
  const { run } = await project(url, {
    ...appFiles,
    'src/app.ts': `
      import { createServer } from 'node:http'
      import { once } from 'node:events'
      import session from 'express-session'
      import { createTenancy } from 'partywall'
      import { tenantScope } from 'partywall/express'
      import config from '../partywall.config.ts'
      import { app as make } from '../framework.ts'
      const app = make()
      app.use(session({ secret: 's3cret', cookie: { domain: '.example.com' } }))
      app.get('/health', () => {})
      app.get('/early', () => {})
      app.use(tenantScope(createTenancy(config)))
      app.get('/late', () => {})
      const server = createServer().listen(3000, () => console.log('on port', server.address().port))
      await once(server, 'listening')
      Promise.reject(new Error('postgres://app:sekret@db/app is away'))
      setInterval(() => {}, 1000)
      export default app`,
  })
  const checked = await run('check --no-database --json --app src/app.ts --allow /health')
  expect(checked.code).toBe(1)
  expect(checked.json.findings.map(({ id, severity, seen }: Record<string, string>) => `${severity} ${id}: ${seen}`)).toEqual([
    'error PW-005: express-session sets cookies for the domain ".example.com": browsers send them to the host of every tenant under app.example.com',
    expect.stringMatching(/^error PW-012: the route GET \/early is not behind/),
    expect.stringMatching(/^warning PW-013: src\/app\.ts starts to listen when it is imported \(src\/app\.ts:15\)/),
    'warning PW-013: after the import of src/app.ts, an error reached no handler: postgres://app:***@db/app is away',
  ])
  expect(checked.stderr).not.toContain('on port 3000')
  expect(checked.stdout + checked.stderr).not.toMatch(/sekret|s3cret/)
})

test('a module that ends the process is a finding, and the report is complete', async () => {
  const { run } = await project(url, { ...appFiles, 'exits.ts': `process.exit(0)` })
  const ended = await run('check --no-database --json --app exits.ts')
  expect(ids(ended)).toEqual(['error PW-013', 'info PW-005'])
  expect(ended.json.findings[0].seen).toBe('exits.ts cannot be looked at: the module ended the process with the code 0')
  expect(ended.code).toBe(1)
})
