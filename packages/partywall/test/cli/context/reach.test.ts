/** A host name that is stored for a tenant, and whose requests do not reach it, is reported when it is added. */
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { project } from '../partywall.ts'

const { url } = await testDatabase()

const configWith = (resolve: string): Record<string, string> => ({
  'partywall.config.ts': `import { byHeader, byHost, defineConfig } from 'partywall'
    export default defineConfig({ database: process.env.DATABASE_URL, resolve: ${resolve} })`,
})

test('domain add reports a host name whose requests do not reach the tenant', async () => {
  const { run } = await project(url, configWith(`[byHost({ base: 'example.com', except: ['api.example.com'] })]`))
  await run('tenant create acme')
  await run('tenant create bolt')
  for (const [domain, said] of [
    ['example.com', 'names no tenant'],
    ['api.example.com', 'names no tenant'],
    ['localhost', 'names no tenant'],
    ['127.0.0.1', 'names no tenant'],
    ['intranet', 'names no tenant'],
    ['bolt.example.com', 'leads to the tenant "bolt"'],
  ]) {
    const added = await run(`domain add acme ${domain} --json`)
    expect(added).toMatchObject({ code: 0, json: { domain, schema: 'acme' } })
    expect(added.stderr).toContain(`A request to "${domain}" ${said}`)
  }
  for (const domain of ['acme.example.com', 'www.acme.org', 'shop.example.com', 'a.b.example.com']) {
    expect(await run(`domain add acme ${domain}`)).toMatchObject({ code: 0, stderr: '' })
  }
})

test('tenant create reports it for each of its domains', async () => {
  const { run } = await project(url, configWith(`[byHost({ base: 'example.com', customDomains: false })]`))
  const { stderr } = await run('tenant create cord --domain cord.example.com --domain www.cord.org')
  expect(stderr).toMatch(/^A request to "www\.cord\.org" .*\n$/)
})

test('domain add reports nothing where the config has no resolvers', async () => {
  const { run } = await project(url, configWith('[]'))
  await run('tenant create dent')
  expect(await run('domain add dent dent-intranet')).toMatchObject({ code: 0, stderr: '' })
})
