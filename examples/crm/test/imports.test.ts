/** Customers from a file, in the background: with progress, and whatever the file is like. */
import { beforeAll, expect, test } from 'vitest'
import * as schemas from '../src/api/schemas/index.ts'
import { importCustomers } from '../src/jobs/import-customers.ts'
import { openCrm, until, type Browser } from './support.ts'

const open = await openCrm()
let acme: Browser
beforeAll(async () => {
  acme = await open.tenant('acme', { plan: 'scale' })
})

async function imported(
  content: Buffer | string,
  name = 'customers.csv',
): Promise<schemas.CustomerImport & { errors: schemas.ImportError[] }> {
  const { status, body } = await acme.upload('acme', '/api/imports', name, content)
  expect(status).toBe(202)
  const ended = await until(
    async () => schemas.customerImport.parse((await acme.get('acme', `/api/imports/${body.id}`)).body),
    ({ state }) => state === 'done' || state === 'failed',
  )
  const { items } = schemas.importErrorPage.parse((await acme.get('acme', `/api/imports/${body.id}/errors?limit=100`)).body)
  return { ...ended, errors: items }
}

test('ten thousand rows come in, and the import says how far it is', async () => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `Customer ${index},c${index}@x.example,"Berlin, Mitte"`)
  const { body } = await acme.upload('acme', '/api/imports', 'many.csv', `name,email,city\n${lines.join('\n')}\n`)
  const seen: number[] = []
  const ended = await until(
    async () => (await acme.get('acme', `/api/imports/${body.id}`)).body,
    ({ state, processed }) => {
      seen.push(processed)
      return state === 'done'
    },
  )
  expect(ended).toMatchObject({ total: 10_000, processed: 10_000, created: 10_000, refused: 0 })
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  const { total, items } = (await acme.get('acme', '/api/customers?search=9999')).body
  expect([total, items[0].city]).toEqual([1, 'Berlin, Mitte'])
})

test('rows that do not fit are refused by their lines, and the others come in', async () => {
  const result = await imported(
    'Name;E-Mail;email;STATUS\nGood one;x;good@x.example;active\n;x;;\nBad mail;x;nonsense;\nOdd;x;;sleeping\nLast;x;;\n',
  )
  expect(result).toMatchObject({ state: 'done', total: 5, created: 2, refused: 3 })
  expect(result.errors.map(({ line }) => line)).toEqual([3, 4, 5])
  expect(result.errors[1]!.message).toContain('email')
})

test.each([
  ['a byte order mark, Windows line ends, tabs', '\uFEFFname\tcity\r\nBom GmbH\tBern\r\n', 1],
  ['quotes with line breaks and quotes in them', 'name,city\n"Two\nlines ""Ltd.""",Bern\n', 1],
  ['formulas, scripts, other writing', 'name\n"=cmd|\' /C calc\'!A0"\n<script>alert(1)</script>\nشركة 𝕏 🙂\n', 3],
  ['fewer and more fields than columns', 'name,city\nFew\nMore,Bern,extra,extra\n', 2],
])('%s', async (_what, content, created) => {
  expect(await imported(content)).toMatchObject({ state: 'done', created, refused: 0 })
})

test.each([
  ['nothing', '', 'empty'],
  ['no column "name"', 'title,city\nx,y\n', 'name'],
  ['one column twice', 'name,name\nx,y\n', 'Two columns'],
  ['a quote that is not closed', 'name\n"open\nrow\n', 'quote'],
  ['bytes that are no UTF-8', Buffer.concat([Buffer.from('name\nM'), Buffer.from([0xfc]), Buffer.from('ller\n')]), 'UTF-8'],
  ['a row of a megabyte', `name\n${'x'.repeat(1_000_000)}\n`, 'too long'],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]), 'UTF-8'],
])('a file with %s fails, and says why', async (_what, content, reason) => {
  const result = await imported(content)
  expect(result).toMatchObject({ state: 'failed', created: 0 })
  expect(result.reason).toContain(reason)
})

test('NUL in a field refuses its row', async () => {
  expect(await imported('name\na\0b\nfine\n')).toMatchObject({ state: 'done', created: 1, refused: 1 })
})

test('an import that was killed goes on behind the last rows that it did', async () => {
  const { crm } = open
  const rows = Array.from({ length: 1200 }, (_, index) => `Resumed ${index}`).join('\n')
  await crm.tenancy.run('acme', async () => {
    await crm.files.put('imports/killed.csv', `name\n${rows}\n`)
    const made = await crm.tenancy.pool.query<{ id: number }>(
      `insert into imports (file_name, stored_as, state, processed, created) values ('killed.csv', 'imports/killed.csv', 'running', 1000, 1000) returning id`,
    )
    await importCustomers(crm, made.rows[0]!.id)
    // A second delivery of the job does nothing.
    await importCustomers(crm, made.rows[0]!.id)
  })
  expect((await acme.get('acme', '/api/customers?search=resumed')).body.total).toBe(200)
})

test('an import ends where its tenant is suspended meanwhile', async () => {
  const { crm } = open
  await open.tenant('closed')
  const rows = await crm.tenancy.run('closed', async () => {
    await crm.files.put('imports/late.csv', `name\n${Array.from({ length: 600 }, (_, index) => `Late ${index}`).join('\n')}\n`)
    const made = await crm.tenancy.pool.query<{ id: number }>(
      `insert into imports (file_name, stored_as) values ('late.csv', 'imports/late.csv') returning id`,
    )
    await crm.tenancy.tenants.suspend('closed')
    await importCustomers(crm, made.rows[0]!.id)
    return crm.tenancy.pool.query('select state, reason, (select count(*)::int from customers) as customers from imports')
  })
  expect(rows.rows).toEqual([{ state: 'failed', reason: expect.stringContaining('closed meanwhile'), customers: 0 }])
})

test('the limit of the plan ends an import with a sentence', async () => {
  const { tenancy } = open.crm
  const { records } = (await acme.get('acme', '/api/billing')).body.used
  await tenancy.tenants.update('acme', { attributes: { limits: { members: 3, records: records + 1, fileBytes: null } } })
  const result = await imported('name\na\nb\n')
  expect(result).toMatchObject({ state: 'failed', created: 0 })
  expect(result.reason).toContain('Your plan has room for')
})

test('the file of an import is gone when it has ended', async () => {
  const left = await open.crm.tenancy.run('acme', () => Array.fromAsync(open.crm.files.each({ folder: 'imports' })))
  expect(left).toEqual([])
})
