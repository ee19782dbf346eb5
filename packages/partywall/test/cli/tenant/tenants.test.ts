/** The commands about tenants and domains, against a real database. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project, type Project } from '../partywall.ts'

const { url } = await testDatabase()
const files = {
  'partywall.config.ts': `
    import { defineConfig } from 'partywall'
    export default defineConfig({
      database: process.env.DATABASE_URL,
      migrations: { tenant: { default: 'migrations/tenant', big: false } },
      tenant: { attributes: { '~standard': { version: 1, vendor: 'test', validate: (value) =>
        value.plan === 'gold' ? { issues: [{ path: ['plan'], message: 'no such plan' }] } : { value: { seats: 1, ...value } } } } },
    })`,
  'migrations/tenant/0001_polls.sql': 'create table polls (id int primary key)',
}
const here = (): Promise<Project> => project(url, files)

test('tenant create, list and show print the same tenant', async () => {
  const { run } = await here()
  const created = await run([
    'tenant',
    'create',
    'acme',
    '--name',
    'Acme "Ä" Inc.',
    '--domain',
    'Acme.Example.com',
    '--domain',
    'b.example.com',
    '--set',
    'plan=pro',
    '--set',
    'seats=5',
    '--set',
    'tags=["a=b"]',
    '--json',
  ])
  expect(created).toMatchObject({ code: 0, stderr: '' })
  expect(created.json).toMatchObject({
    schema: 'acme',
    name: 'Acme "Ä" Inc.',
    kind: 'default',
    status: 'active',
    attributes: { plan: 'pro', seats: 5, tags: ['a=b'] },
    domains: [
      { domain: 'acme.example.com', isPrimary: true },
      { domain: 'b.example.com', isPrimary: false },
    ],
    migrations: { head: '0001_polls', applied: 1, pending: [] },
  })

  const big = await run(['tenant', 'create', 'bolt', '--kind', 'big', '--name', 'Bolt\n\u001b[2J'])
  expect(big.code).toBe(0)
  expect(big.stdout).toMatch(/^schema +bolt\nname +Bolt\\n\\u001b\[2J\n/)

  const { id } = created.json
  const [list, text, suspended, ...shown] = await Promise.all(
    [
      'tenant list --json',
      'tenant list',
      'tenant list --json --status suspended',
      'tenant show acme --json',
      `tenant show ${id} --json`,
      'tenant show ACME.example.com --json',
    ].map((call) => run(call)),
  )
  expect(list!.json).toMatchObject([
    { schema: 'acme', id },
    { schema: 'bolt', kind: 'big', domains: [], attributes: { seats: 1 } },
  ])
  const day = created.json.createdAt.slice(0, 10)
  expect(text!.stdout.split('\n')).toEqual([
    'schema  name             kind     status  domain            created',
    `acme    Acme "Ä" Inc.    default  active  acme.example.com  ${day}`,
    `bolt    Bolt\\n\\u001b[2J  big      active                    ${day}`,
    '',
  ])
  expect(suspended!.json).toEqual([])
  expect(suspended!.stderr).toBe('No tenant matches.\n')
  for (const one of shown) expect(one.json).toEqual(created.json)

  const again = await run('tenant create acme --json')
  expectFailure(again, 1, 'SCHEMA_EXISTS')
})

test('domain add and domain list print the host names', async () => {
  const { run } = await here()
  await run('tenant create corp --domain corp.example.com')
  const added = await run('domain add corp polls.corp.com --primary --json')
  expect(added.json).toMatchObject({ domain: 'polls.corp.com', schema: 'corp', isPrimary: true })
  const [one, all, text] = await Promise.all([
    run('domain list corp --json'),
    run('domain list --json'),
    run('domain list polls.corp.com'),
  ])
  expect(one.json).toMatchObject([
    { domain: 'polls.corp.com', isPrimary: true },
    { domain: 'corp.example.com', isPrimary: false },
  ])
  expect(all.json).toEqual(expect.arrayContaining(one.json))
  expect(text.stdout).toBe('domain            tenant  primary\npolls.corp.com    corp    yes\ncorp.example.com  corp    no\n')
  const taken = expectFailure(await run('domain add corp polls.corp.com --json'), 1, 'DOMAIN_EXISTS')
  expect(taken.message).toMatch(/"polls\.corp\.com".*`partywall domain list`.* "polls\.corp\.com" leads to the tenant "corp"\.$/)
  const unknown = expectFailure(await run('domain add dune x.corp.com --json'), 1, 'UNKNOWN_TENANT')
  expect(unknown.message).toMatch(/schema "dune".*`partywall tenant list`.*`partywall tenant create dune`/)
})

test('domain set-primary and domain remove change the host names of a tenant', async () => {
  const { run } = await here()
  await run('tenant create elm --domain elm.example.com --domain old.elm.com')
  const kept = expectFailure(await run('domain remove elm elm.example.com --json'), 1, 'PRIMARY_DOMAIN')
  expect(kept.message).toContain('`partywall domain set-primary elm <domain>`')
  const primary = await run('domain set-primary elm OLD.elm.com --json')
  expect(primary.json).toMatchObject({ domain: 'old.elm.com', schema: 'elm', isPrimary: true, tenantId: expect.any(String) })
  const removed = await run('domain remove elm ELM.example.com --json')
  expect(removed.json).toEqual({ domain: 'elm.example.com', schema: 'elm', tenantId: primary.json.tenantId })
  expect((await run('domain remove elm old.elm.com')).stdout).toBe('removed old.elm.com from elm\n')
  expect((await run('domain list elm --json')).json).toEqual([])
  for (const verb of ['remove', 'set-primary']) {
    const unknown = expectFailure(await run(`domain ${verb} elm elm.example.com --json`), 1, 'UNKNOWN_DOMAIN')
    expect(unknown.message).toContain('`partywall domain list elm`')
    expectFailure(await run(`domain ${verb} nope elm.example.com --json`), 1, 'UNKNOWN_TENANT')
    expectFailure(await run(`domain ${verb} elm http://elm --json`), 2, 'INVALID_DOMAIN')
  }
})

test('domain list is sorted by tenant, then the primary host name first, then by name', async () => {
  const { run } = await here()
  await run('tenant create sort-b --domain a.sort.com')
  await run('tenant create sort-a --domain z.sort.com --domain y.sort.com --domain b.sort.com')
  const all = (await run('domain list --json')).json.filter(({ schema }: { schema: string }) => schema.startsWith('sort-'))
  expect(all.map(({ domain }: { domain: string }) => domain)).toEqual(['z.sort.com', 'b.sort.com', 'y.sort.com', 'a.sort.com'])
})

test('the JSON of a tenant has the fields that the page of the command line names', async () => {
  const { run } = await here()
  const page = await readFile(new URL('../../../../../docs/command-line.md', import.meta.url), 'utf8')
  const [card, plain] = [...page.matchAll(/^JSON: the tenant, `\{ (.*?) \}`/gm)].map(([, fields]) =>
    fields!.split(', ').filter((field) => !field.endsWith('?')),
  )
  expect(Object.keys((await run('tenant create yew --json')).json)).toEqual(card)
  expect(Object.keys((await run('tenant suspend yew --json')).json)).toEqual(plain)
})

test('tenant suspend and tenant activate print the tenant with its status', async () => {
  const { run } = await here()
  const { json: fir } = await run('tenant create fir --domain fir.example.com --json')
  const suspended = await run('tenant suspend fir.example.com --json')
  expect(suspended).toMatchObject({ code: 0, stderr: '' })
  expect(suspended.json).toMatchObject({ id: fir.id, schema: 'fir', status: 'suspended', attributes: fir.attributes })
  expect((await run(`tenant suspend ${fir.id}`)).stdout).toBe('tenant  fir\nstatus  suspended\n')
  expect((await run('tenant activate fir')).stdout).toBe('tenant  fir\nstatus  active\n')
  expectFailure(await run('tenant activate nope --json'), 1, 'UNKNOWN_TENANT')
})

test('a mistyped tenant or domain is answered with the nearest one', async () => {
  const { run } = await here()
  await run('tenant create hazel --domain hazel.example.com')
  const nearest = async (call: string): Promise<string | undefined> =>
    /Did you mean "(.*)"\?/.exec((await run(`${call} --json`)).json.error.message)?.[1]
  expect(await nearest('tenant show hazle')).toBe('hazel')
  expect(await nearest('tenant suspend Hazel')).toBe('hazel')
  expect(await nearest('domain list hazel.exmple.com')).toBe('hazel.example.com')
  expect(await nearest('domain remove hazel hazel.exampel.com')).toBe('hazel.example.com')
  expect(await nearest('migrate --tenant hazell')).toBe('hazel')
  expect(await nearest('sql --tenant hazl select')).toBe('hazel')
  expect(await nearest('tenant show something-else-altogether')).toBeUndefined()
  expect(await nearest('tenant show 00000000-0000-4000-8000-000000000000')).toBeUndefined()
})

test('tenant list selects by text, kind and status, and stops at the limit', async () => {
  const { run } = await here()
  await run(['tenant', 'create', 'list-a', '--name', 'Needle One', '--kind', 'big'])
  await run('tenant create list-b --name needle --domain list-b.example.com')
  await run('tenant create list-c --name Other --domain needle.example.com')
  await run(['sql', '--shared', `update partywall.tenants set status = 'suspended' where schema = 'list-c'`])
  const list = async (flags: string): Promise<string[]> => {
    const { code, json, stderr } = await run(`tenant list --json ${flags}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return (json as { schema: string }[]).map(({ schema }) => schema)
  }
  expect(await list('--search NEEDLE')).toEqual(['list-a', 'list-b', 'list-c'])
  expect(await list('--search needle --kind big')).toEqual(['list-a'])
  expect(await list('--search needle --kind big --kind default --status active')).toEqual(['list-a', 'list-b'])
  expect(await list('--search needle --status active --status suspended --limit 3')).toHaveLength(3)
  const first = await run('tenant list --search needle --limit 2')
  expect(first.stdout.split('\n')).toHaveLength(4)
  expect(first.stderr).toBe('There are more tenants than these 2.\n')
  const none = await run('tenant list --search needle --status archived')
  expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'No tenant matches.\n' })
  const kind = expectFailure(await run('tenant list --kind bgi --json'), 2, 'UNKNOWN_KIND')
  expect(kind.message).toContain('Did you mean "big"?')
  await run(['sql', '--shared', `update partywall.tenants set kind = 'lost' where schema = 'list-a'`])
  expect(await list('--kind lost')).toEqual(['list-a'])
})

test('tenant commands refuse hostile names, and none of them reaches the database', async () => {
  const { run } = await here()
  const hostile = [
    'x"; drop schema public cascade; --',
    "x'; select 1",
    'pg_toast',
    'public',
    'partywall',
    'x\n',
    `x${'y'.repeat(70)}`,
    '../x',
    '$(id)',
    '',
  ]
  await Promise.all(
    hostile.map(async (name) => expectFailure(await run(['tenant', 'create', '--json', '--', name]), 2, 'INVALID_SCHEMA_NAME')),
  )
  const named = hostile.filter((name) => !['', 'pg_toast'].includes(name))
  await Promise.all(
    named.slice(0, 4).map(async (name) => expectFailure(await run(['tenant', 'show', name, '--json']), 1, 'UNKNOWN_TENANT')),
  )
  expectFailure(await run(['tenant', 'show', '', '--json']), 2, 'INVALID_TENANT_REF')
  expect((await run('domain list --json')).code).toBe(0)
})

test('tenant create refuses attributes, kinds and names that are not valid', async () => {
  const { run } = await here()
  const attributes = await run('tenant create dent --set plan=gold --json')
  expectFailure(attributes, 2, 'INVALID_ATTRIBUTES')
  expect(attributes.json.error.details).toEqual({ issues: [{ path: ['plan'], message: 'no such plan' }] })
  const kind = await run('tenant create dent --kind bgi --json')
  expect(expectFailure(kind, 2, 'UNKNOWN_KIND').message).toMatch(/Did you mean "big"\?.*in the config: default, big\.$/)
  expect(kind.json.error.details).toEqual({ kind: 'bgi', kinds: ['default', 'big'], nearest: 'big' })
  const names = await Promise.all(
    ['', ' ', 'x'.repeat(256)].map((name) => run(['tenant', 'create', 'dent', '--name', name, '--no-input', '--json'])),
  )
  for (const name of names) expect(expectFailure(name, 2, 'INVALID_TENANT_NAME').message).toContain('--name')
  expect((await run('tenant list --search dent --json')).json).toEqual([])
})
