/** The records of a tenant over HTTP; each answer is checked by the schemas of the contract. */
import { beforeAll, expect, test } from 'vitest'
import * as schemas from '../src/api/schemas/index.ts'
import { openCrm, password, type Browser } from './support.ts'

const open = await openCrm()
let acme: Browser
const get = async (path: string) => (await acme.get('acme', path)).body
const post = async (path: string, body: unknown) => (await acme.post('acme', path, body)).body
const move = (id: number, body: object) => acme.post('acme', `/api/leads/${id}/move`, body)
beforeAll(async () => {
  acme = await open.tenant('acme')
})

test('customers are created, found, sorted, changed and deleted', async () => {
  for (const name of ['Zebra GmbH', 'Alder Ltd.', 'Nora 𝕏 شركة <script>'])
    expect(
      schemas.customer.strict().parse(await post('/api/customers', { name, city: name === 'Zebra GmbH' ? 'Zürich' : '' })).name,
    ).toBe(name)
  const page = schemas.customerPage.parse(await get('/api/customers?sort=name&descending=true&limit=2'))
  expect(page).toMatchObject({
    total: 3,
    limit: 2,
    items: [{ name: 'Zebra GmbH' }, { name: 'Nora 𝕏 شركة <script>', city: null }],
  })
  expect((await get('/api/customers?sort=name&descending=true&limit=2&page=2')).items).toHaveLength(1)
  expect((await get('/api/customers?search=z%C3%BCr+zeb')).items).toMatchObject([{ name: 'Zebra GmbH' }])
  const { id } = page.items[0]!
  expect((await acme.patch('acme', `/api/customers/${id}`, { city: null, status: 'inactive' })).body).toMatchObject({
    name: 'Zebra GmbH',
    city: null,
    status: 'inactive',
  })
  expect((await get('/api/customers?status=inactive')).total).toBe(1)
  expect((await acme.delete('acme', `/api/customers/${id}`)).status).toBe(204)
  expect((await acme.get('acme', `/api/customers/${id}`)).status).toBe(404)
  const { items } = schemas.activityPage.parse(await get(`/api/activity?kind=customer&objectId=${id}`))
  expect(items.map(({ action, userName }) => [action, userName])).toEqual([
    ['deleted', 'Olga Owner'],
    ['changed', 'Olga Owner'],
    ['created', 'Olga Owner'],
  ])
})

test.each([
  ['/api/customers', { name: '' }, 'name'],
  ['/api/customers', { name: 'a\0b' }, 'name'],
  ['/api/customers', { name: '\uD800' }, 'name'],
  ['/api/customers', { name: 'x', email: 'no address' }, 'email'],
  ['/api/customers', { name: 'x'.repeat(201) }, 'name'],
  ['/api/customers', { name: { $ne: 1 } }, 'name'],
  ['/api/customers', [], 'request'],
  ['/api/customers', { name: 'x', id: 7 }, 'request'],
  ['/api/leads', { title: 'x', valueCents: 1.5 }, 'valueCents'],
  ['/api/leads', { title: 'x', valueCents: -1 }, 'valueCents'],
  ['/api/tasks', { title: 'x', dueOn: '2026-02-30' }, 'dueOn'],
  ['/api/tasks', { title: 'x', customerId: 99_999_999_999 }, 'customerId'],
])('POST %s refuses %j, and names the field', async (path, body, field) => {
  const answer = await acme.post('acme', path, body)
  expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
  expect(Object.keys(schemas.problem.parse(answer.body).errors!)).toContain(field)
})

test.each([
  '/api/customers?sort=id;drop table customers',
  '/api/customers?limit=100000',
  '/api/customers?page=0',
  '/api/customers/0',
  '/api/customers/abc',
  '/api/customers/9999999999',
  '/api/search?q=x',
  '/api/customers?search=%00',
])('GET %s is refused', async (path) => {
  expect((await acme.get('acme', path.replaceAll(' ', '%20'))).status).toBe(400)
})

test.each(["'; drop table customers; --", "a:* & !'", '((((', '\\', '🙂', '%', "it's"])(
  'a search for %j finds nothing, and fails not',
  async (q) => {
    expect(await get(`/api/search?q=${encodeURIComponent(`${q} `)}x`)).toMatchObject({ items: [] })
    expect(await get(`/api/customers?search=${encodeURIComponent(`${q}zzz`)}`)).toMatchObject({ total: 0 })
  },
)

test('bodies that are too large or are no JSON are refused, without a word of the server', async () => {
  const large = await acme.post('acme', '/api/notes', { text: 'x'.repeat(300_000) })
  expect(large).toMatchObject({ status: 413, body: { code: 'UNREADABLE_REQUEST' } })
  const broken = await acme.post('acme', '/api/notes', undefined, {
    raw: { type: 'application/json', bytes: Buffer.from('{"a":') },
  })
  expect(broken).toMatchObject({ status: 400, body: { code: 'UNREADABLE_REQUEST' } })
  expect(broken.text).not.toMatch(/node_modules|JSON/)
})

test('leads move over the board, and stay in their places', async () => {
  const ids: number[] = []
  for (const title of ['one', 'two', 'three']) ids.push((await post('/api/leads', { title, valueCents: 100 })).id)
  const titles = async (stage: string) => {
    const { columns } = schemas.board.parse(await get('/api/leads/board'))
    return columns.find((column) => column.stage === stage)!.leads.map(({ title }) => title)
  }
  expect(await titles('new')).toEqual(['one', 'two', 'three'])
  await move(ids[2]!, { stage: 'new', before: ids[0] })
  expect(await titles('new')).toEqual(['three', 'one', 'two'])
  // More often than numbers of 64 bits can be halved.
  for (let count = 0; count < 70; count++)
    await move(ids[count % 2 === 0 ? 0 : 1]!, { stage: 'new', before: ids[count % 2 === 0 ? 1 : 0] })
  expect((await titles('new')).toSorted()).toEqual(['one', 'three', 'two'])
  const won = await move(ids[0]!, { stage: 'won' })
  expect(won.body).toMatchObject({ stage: 'won', closedAt: expect.any(String) })
  expect((await move(ids[0]!, { stage: 'contacted', before: null })).body).toMatchObject({ closedAt: null })
  expect((await move(ids[0]!, { stage: 'new', before: 999 })).status).toBe(400)
  await Promise.all(ids.map((id) => move(id, { stage: 'proposal' })))
  const { columns } = await get('/api/leads/board')
  expect(columns[3]).toMatchObject({ stage: 'proposal', count: 3, valueCents: 300 })
  expect(new Set(columns[3].leads.map(({ position }: { position: number }) => position)).size).toBe(3)
})

test('projects, tasks, notes, the search and the dashboard know of each other', async () => {
  const customerId = (await post('/api/customers', { name: 'Quartz Optics' })).id
  const projectId = schemas.project.parse(
    await post('/api/projects', { name: 'Quartz rollout', customerId, status: 'active' }),
  ).id
  const self = (await get('/api/session')).user.id
  const task = schemas.task.parse(
    await post('/api/tasks', { title: 'Call Quartz', projectId, assigneeId: self, dueOn: '2020-01-01' }),
  )
  expect(task).toMatchObject({ about: 'Quartz rollout', assigneeName: 'Olga Owner', isDone: false })
  schemas.note.parse(await post('/api/notes', { text: 'Quartz pays late', customerId }))
  expect((await get('/api/tasks?mine=true&overdue=true')).total).toBe(1)
  expect((await get(`/api/projects/${projectId}`)).openTasks).toBe(1)
  const { items } = schemas.hits.parse(await get('/api/search?q=quartz'))
  expect(items.map(({ kind }) => kind).toSorted()).toEqual(['customer', 'note', 'project', 'task'])
  const before = schemas.dashboard.parse(await get('/api/dashboard'))
  expect(before.newCustomers).toHaveLength(90)
  expect(before.wonCentsByMonth).toHaveLength(12)
  expect(before.numbers).toMatchObject({ overdueTasks: 1, activeProjects: 1 })
  expect((await acme.patch('acme', `/api/tasks/${task.id}`, { isDone: true })).body).toMatchObject({
    isDone: true,
    doneAt: expect.any(String),
  })
  expect((await get('/api/dashboard')).numbers.overdueTasks).toBe(0)
  const noteId = (await get(`/api/notes?customerId=${customerId}`)).items[0].id
  expect((await acme.delete('acme', `/api/customers/${customerId}`)).status).toBe(204)
  expect((await acme.delete('acme', `/api/notes/${noteId}`)).status).toBe(404)
})

test('a plan has room for so many records, also for two that come at once', async () => {
  const { tenancy } = open.crm
  await tenancy.tenants.update('acme', {
    attributes: { limits: { members: 1, records: (await get('/api/billing')).used.records + 3, fileBytes: 20 } },
  })
  const answers = await Promise.all(Array.from({ length: 8 }, () => acme.post('acme', '/api/customers', { name: 'One more' })))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 402, 402, 402, 402, 402])
  expect(schemas.problem.parse(answers.find(({ status }) => status === 402)!.body).code).toBe('PLAN_LIMIT')
  const { used, limits } = schemas.billing.parse(await get('/api/billing'))
  expect(used.records).toBe(limits.records)
  expect((await acme.upload('acme', '/api/files', 'a.txt', 'x'.repeat(21))).status).toBe(413)
  expect((await acme.post('acme', '/api/invitations', { email: 'more@acme.example' })).body).toMatchObject({ code: 'PLAN_LIMIT' })
  expect((await get('/api/files')).total).toBe(0)
  await tenancy.tenants.update('acme', { attributes: { limits: { members: 20, records: null, fileBytes: null } } })
})

test('files: any name, any content, and no form that is broken', async () => {
  const name = '../../Ä "х" 🙂 <b>.html'.replaceAll('"', "'")
  const uploaded = schemas.file.parse((await acme.upload('acme', '/api/files', name, '<script>alert(1)</script>')).body)
  expect(uploaded.name).not.toMatch(/[/\\<>]/)
  const content = await acme.get('acme', `/api/files/${uploaded.id}/content`)
  expect(content.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-security-policy': 'sandbox' })
  expect(content.text).toBe('<script>alert(1)</script>')
  expect((await acme.upload('acme', '/api/files', 'x', 'x', { customerId: '1; drop' })).status).toBe(400)
  expect((await acme.upload('acme', '/api/files', 'x', 'x', { customerId: '999999' })).status).toBe(400)
  expect((await acme.post('acme', '/api/files', { file: 'x' })).status).toBe(415)
  const cut = {
    type: 'multipart/form-data; boundary=b',
    bytes: Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc'),
  }
  expect((await acme.post('acme', '/api/files', undefined, { raw: cut })).status).toBe(400)
  expect((await acme.upload('acme', '/api/files', 'large', Buffer.alloc(schemas.mostFileBytes + 1))).body).toMatchObject({
    code: 'FILE_TOO_LARGE',
  })
  expect((await get('/api/files')).total).toBe(1)
  const { bytes } = await open.crm.tenancy.run('acme', () => open.crm.files.usage())
  expect(bytes).toBe(25)
  expect((await acme.delete('acme', `/api/files/${uploaded.id}`)).status).toBe(204)
  expect(await open.crm.tenancy.run('acme', () => open.crm.files.usage())).toMatchObject({ bytes: 0 })
})

test('settings are checked, and are those of the tenant', async () => {
  const changed = await acme.patch('acme', '/api/settings', { currency: 'USD', timeZone: 'Asia/Tokyo', name: 'Acme 2' })
  expect(schemas.settings.parse(changed.body)).toEqual({
    name: 'Acme 2',
    currency: 'USD',
    timeZone: 'Asia/Tokyo',
    mailFooter: '',
  })
  expect((await acme.patch('acme', '/api/settings', { timeZone: 'Mars/Olympus' })).status).toBe(400)
  expect((await get('/api/session')).tenant).toMatchObject({ name: 'Acme 2', currency: 'USD' })
  expect((await acme.post('acme', '/api/auth/update-user', { jobTitle: 'Chief', timeZone: 'Asia/Tokyo' })).status).toBe(200)
  expect((await get('/api/session')).user).toMatchObject({ jobTitle: 'Chief', timeZone: 'Asia/Tokyo' })
})

test('the OpenAPI documents name every route of the list in the README of the API', async () => {
  for (const place of ['acme', '']) {
    const document = (await acme.get(place, '/api/openapi.json')).body
    expect(document.openapi).toBe('3.1.0')
    const operations = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods as Record<string, { operationId: string }>),
    )
    const names = operations.map(({ operationId }) => operationId)
    expect(new Set(names).size).toBe(names.length)
  }
  expect((await acme.get('acme', '/api/openapi.json')).body.components.schemas).toHaveProperty('Customer')
  expect((await open.browser().signIn('acme', 'owner@acme.example', password)).status).toBe(200)
})
