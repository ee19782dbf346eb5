/** Where a new tenant is: `tenant create` and `tenant show` say it last, as the config and the port of development have it. */
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { project } from '../partywall.ts'

const { url } = await testDatabase()
const configOf = (options: string): Record<string, string> => ({
  'partywall.config.ts': `import { byHeader, byHost, byPath, defineConfig } from 'partywall'
export default defineConfig({ database: process.env.DATABASE_URL, ${options} })`,
})
const lastLine = (output: string): string => output.trim().split('\n').at(-1)!

test('in development it is a host under localhost, with the port of the app', async () => {
  const { run } = await project(url, configOf(`resolve: [byHost({ base: 'localhost' })]`))
  const env = { PORT: undefined }
  expect(lastLine((await run('tenant create acme', { env })).stdout)).toMatch(/^address +http:\/\/acme\.localhost:3000\/$/)
  const { json } = await run('tenant create globex --json', { env: { PORT: '8123' } })
  expect(json.url).toBe('http://globex.localhost:8123/')
  expect(lastLine((await run('tenant show globex', { env })).stdout)).toMatch(/^address +http:\/\/globex\.localhost:3000\/$/)
})

test('elsewhere it has the scheme and the port of appUrl, and the primary domain of the tenant where it has one', async () => {
  const { run } = await project(url, configOf(`appUrl: 'https://example.com:8443', resolve: [byHost({ base: 'example.com' })]`))
  expect((await run('tenant create initech --json')).json.url).toBe('https://initech.example.com:8443/')
  expect((await run('tenant create hooli --domain www.hooli.example --json')).json.url).toBe('https://www.hooli.example:8443/')
})

test('it is the path of the tenant where the path names it', async () => {
  const { run } = await project(url, configOf(`appUrl: 'https://example.com', resolve: [byPath({ prefix: '/t' })]`))
  expect((await run('tenant create umbrella --json')).json.url).toBe('https://example.com/t/umbrella/')
})

test('it is left out where no resolver says it, and where the host of the app is not known', async () => {
  for (const [name, options] of [
    ['stark', ''],
    ['wayne', `resolve: [byHeader('x-tenant')]`],
    ['cyberdyne', `resolve: [byPath()]`],
  ] as const) {
    const { run } = await project(url, configOf(options))
    const { code, json } = await run(`tenant create ${name} --json`)
    expect([code, json.schema, 'url' in json]).toEqual([0, name, false])
  }
})
