/** The API from outside: two tenants with the same ids, and requests that try to get from one to the other. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import { createApp } from '../src/app.ts'
import { seed } from '../src/seed.ts'
import { createPollsTenancy, type PollsTenancy, type PollsTenant } from '../src/tenancy.ts'
import { client } from './ask.ts'

const { url } = await testDatabase()
const tenancy: PollsTenancy = createPollsTenancy(url)
const server = createServer(createApp(tenancy))
let ferrari: PollsTenant
let mclaren: PollsTenant
let api: ReturnType<typeof client>

beforeAll(async () => {
  ;[ferrari, mclaren] = (await seed(tenancy)) as [PollsTenant, PollsTenant]
  await once(server.listen(0), 'listening')
  api = client((server.address() as AddressInfo).port)
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await tenancy.close()
})

const questions = async (ask: Parameters<typeof api.get>[1]) =>
  (await api.get('/polls', ask)).body.map(({ question }: { question: string }) => question)

describe('the tenant of a request', () => {
  test('is named by the host', async () => {
    expect(await questions({ tenant: 'ferrari' })).toContain('Who wins in Monza?')
    expect(await questions({ tenant: 'mclaren' })).toContain('Who wins in Silverstone?')
    expect(await questions({ host: 'FERRARI.localhost:3000' })).toContain('Who wins in Monza?')
  })

  test('is named by the id in the header', async () => {
    expect(await questions({ id: ferrari.id })).toContain('Who wins in Monza?')
    expect(await questions({ id: mclaren.id.toUpperCase() })).toContain('Who wins in Silverstone?')
    expect(await questions({ tenant: 'ferrari', id: ferrari.id })).toContain('Who wins in Monza?')
  })

  test('is refused when host and header contradict each other', async () => {
    const answer = await api.get('/polls', { tenant: 'ferrari', id: mclaren.id })
    expect(answer).toMatchObject({
      status: 400,
      type: expect.stringContaining('application/problem+json'),
      body: { code: 'AMBIGUOUS_TENANT' },
    })
    const vote = await api.post('/polls/1/votes', { choice: 1 }, { tenant: 'ferrari', id: mclaren.id })
    expect(vote.status).toBe(400)
  })

  test.each([
    [{ tenant: 'williams' }, 404],
    [{ tenant: 'partywall' }, 404],
    [{ host: 'ferrari.example.com' }, 404],
    [{ host: 'a.ferrari.localhost' }, 404],
    [{ host: "ferrari';--.localhost" }, 400],
    [{ id: '00000000-0000-4000-8000-000000000000' }, 404],
    [{ id: 'ferrari' }, 400],
    [{ id: 'public' }, 400],
    [{ id: "' or true --" }, 400],
    [{ id: '' }, 400],
    [{}, 404],
  ])('%j gets %i', async (ask, status) => {
    const answer = await api.get('/polls', ask)
    expect(answer.status).toBe(status)
    expect(answer.type).toContain('application/problem+json')
    expect(JSON.stringify(answer.body)).not.toMatch(/Monza|Silverstone|ferrari|mclaren/)
  })

  test('decides which routes exist: those of the other side answer 404', async () => {
    expect((await api.get('/client')).status).toBe(200)
    expect((await api.get('/client', { tenant: 'ferrari' })).status).toBe(404)
    expect((await api.post('/client', { name: 'Sneaky' }, { id: ferrari.id })).status).toBe(404)
    expect((await api.post('/polls', { question: 'Q', choices: ['a', 'b'] })).status).toBe(404)
    expect((await api.get('/nothing')).status).toBe(404)
    expect((await api.get('/nothing', { tenant: 'ferrari' })).status).toBe(404)
  })
})

describe('the polls of a tenant', () => {
  test('are created with their choices, and shown', async () => {
    const made = await api.post('/polls', { question: '  Wet or dry? ', choices: ['wet', 'dry'] }, { tenant: 'ferrari' })
    expect(made).toMatchObject({
      status: 201,
      body: { question: 'Wet or dry?', choices: [{ choice: 'wet' }, { choice: 'dry' }] },
    })
    expect(made.location).toBe(`/polls/${made.body.id}`)
    expect((await api.get(made.location!, { tenant: 'ferrari' })).body).toEqual(made.body)
    expect(await questions({ tenant: 'mclaren' })).not.toContain('Wet or dry?')
  })

  test('keep their votes apart from those of another tenant with the same ids', async () => {
    const before = (await api.get('/polls/1/results', { tenant: 'mclaren' })).body
    const vote = await api.post('/polls/1/votes', { choice: 1 }, { tenant: 'ferrari' })
    expect(vote).toMatchObject({ status: 201, body: { id: 1, choice: 'Leclerc', votes: 1 } })
    expect((await api.get('/polls/1/results', { tenant: 'ferrari' })).body).toMatchObject({ id: 1, votes: 1 })
    expect((await api.get('/polls/1/results', { tenant: 'mclaren' })).body).toEqual(before)
  })

  test('count every vote, also concurrent ones', async () => {
    const { body: poll } = await api.post('/polls', { question: 'Now?', choices: ['yes', 'no'] }, { tenant: 'ferrari' })
    const { body: other } = await api.post('/polls', { question: 'Now?', choices: ['yes', 'no'] }, { tenant: 'mclaren' })
    const vote = (tenant: string, { id, choices }: typeof poll, index: number) =>
      api.post(`/polls/${id}/votes`, { choice: choices[index % 2].id }, { tenant })
    const votes = await Promise.all(
      Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? vote('mclaren', other, index) : vote('ferrari', poll, index))),
    )
    expect(votes.every(({ status }) => status === 201)).toBe(true)
    expect((await api.get(`/polls/${poll.id}/results`, { tenant: 'ferrari' })).body.votes).toBe(40)
    expect((await api.get(`/polls/${other.id}/results`, { tenant: 'mclaren' })).body.votes).toBe(20)
  })

  test.each([
    ['0'],
    ['-1'],
    ['01'],
    ['99999999'],
    ['99999999999'],
    ['9'.repeat(30)],
    ['abc'],
    ['1%20or%20true'],
    ["1';drop%20table%20questions"],
    ['%00'],
  ])('answer 404 for the id %s', async (id) => {
    for (const path of [`/polls/${id}`, `/polls/${id}/results`]) {
      expect(await api.get(path, { tenant: 'ferrari' })).toMatchObject({
        status: 404,
        type: expect.stringContaining('problem+json'),
      })
    }
    expect((await api.post(`/polls/${id}/votes`, { choice: 1 }, { tenant: 'ferrari' })).status).toBe(404)
  })

  test.each([
    [{}],
    [{ question: 'Q' }],
    [{ question: '', choices: ['a', 'b'] }],
    [{ question: ' ', choices: ['a', 'b'] }],
    [{ question: 'Q', choices: ['a'] }],
    [{ question: 'Q', choices: ['a', 'a'] }],
    [{ question: 'Q', choices: ['a', ' a '] }],
    [{ question: 'Q', choices: ['a', 1] }],
    [{ question: 'Q\0', choices: ['a', 'b'] }],
    [{ question: 'Q'.repeat(201), choices: ['a', 'b'] }],
    [{ question: 'Q', choices: ['a', 'b'], tenant: 'mclaren' }],
    [['Q']],
    ['{"question": '],
  ])('refuse %j as a poll', async (body) => {
    const answer = await api.post('/polls', body, { tenant: 'ferrari' })
    expect(answer).toMatchObject({ status: 400, type: expect.stringContaining('problem+json'), body: { status: 400 } })
  })

  test.each([
    [{}],
    [{ choice: 'Leclerc' }],
    [{ choice: '1; drop table choices' }],
    [{ choice: 1.5 }],
    [{ choice: 0 }],
    [{ choice: 4 }],
  ])('refuse %j as a vote', async (body) =>
    expect((await api.post('/polls/1/votes', body, { tenant: 'ferrari' })).status).toBe(400),
  )

  test('store SQL in a text as text', async () => {
    const question = `'); drop table questions; drop schema mclaren cascade; set search_path to mclaren; --`
    const { status, body } = await api.post('/polls', { question, choices: [`' or 1=1`, '$1', '"'] }, { tenant: 'ferrari' })
    expect(status).toBe(201)
    expect(body.question).toBe(question)
    expect(await questions({ tenant: 'ferrari' })).toContain(question)
    expect(await questions({ tenant: 'mclaren' })).toContain('Who wins in Silverstone?')
  })
})

describe('the clients', () => {
  test('are listed with name and id', async () => {
    const { status, body } = await api.get('/client')
    expect(status).toBe(200)
    expect(body).toContainEqual(
      expect.objectContaining({ id: ferrari.id, name: 'Scuderia Ferrari', schema: 'ferrari', plan: 'free' }),
    )
    expect(body).toContainEqual(expect.objectContaining({ id: mclaren.id, name: 'McLaren Racing' }))
  })

  test('are served at once when they are new, by host and by id', async () => {
    expect((await api.get('/polls', { tenant: 'red-bull' })).status).toBe(404)
    const made = await api.post('/client', { name: 'Red Bull', plan: 'pro' })
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'Red Bull', schema: 'red-bull', plan: 'pro', host: 'red-bull.localhost' },
    })
    expect(await api.get('/polls', { tenant: 'red-bull' })).toMatchObject({ status: 200, body: [] })
    const poll = await api.post('/polls', { question: 'Wings?', choices: ['yes', 'no'] }, { id: made.body.id })
    expect(poll.body.id).toBe(1)
    expect(await questions({ tenant: 'red-bull' })).toEqual(['Wings?'])
    expect((await api.get('/client')).body.map(({ schema }: { schema: string }) => schema)).toContain('red-bull')
  })

  test('are created once when several requests have the same name', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => api.post('/client', { name: 'Sauber' })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409])
    expect(answers.find(({ status }) => status === 409)).toMatchObject({
      type: expect.stringContaining('problem+json'),
      body: { code: 'SCHEMA_EXISTS' },
    })
  })

  test.each([
    [{}],
    [{ schema: 'haas' }],
    [{ name: '' }],
    [{ name: 'A\0' }],
    [{ name: '\ud800' }],
    [{ name: 'x'.repeat(101) }],
    [{ name: 'Haas', plan: 'gold' }],
    [{ name: 'Haas', status: 'active' }],
    [{ name: 'Haas', schema: 1 }],
    [{ name: 'Haas', schema: '' }],
    [{ name: 'Haas', schema: 'Haas' }],
    [{ name: 'Haas', schema: 'public' }],
    [{ name: 'Haas', schema: 'partywall' }],
    [{ name: 'Haas', schema: 'pg_haas' }],
    [{ name: 'Haas', schema: 'information_schema' }],
    [{ name: 'Haas', schema: 'x'.repeat(64) }],
    [{ name: 'Haas', schema: 'haas"; drop schema ferrari cascade; --' }],
    [{ name: 'Haas', schema: '../haas' }],
    [{ name: "Robert'); drop table students; --" }],
    ['nonsense'],
  ])('are not created from %j', async (body) => {
    const before = (await api.get('/client')).body.length
    const answer = await api.post('/client', body)
    expect(answer).toMatchObject({ status: 400, type: expect.stringContaining('problem+json') })
    expect((await api.get('/client')).body).toHaveLength(before)
  })

  test('are not served while they are suspended', async () => {
    await tenancy.tenants.create({ schema: 'brawn', name: 'Brawn' })
    await tenancy.tenants.suspend('brawn')
    expect(await api.get('/polls', { tenant: 'brawn' })).toMatchObject({ status: 403, body: { code: 'TENANT_SUSPENDED' } })
  })
})

test('a second start keeps the data, and adds nothing', async () => {
  const again = createPollsTenancy(url)
  const before = await questions({ tenant: 'ferrari' })
  const [one, two] = await Promise.all([seed(again), seed(tenancy)])
  expect(one!.map(({ id }) => id)).toEqual([ferrari.id, mclaren.id])
  expect(two!.map(({ id }) => id)).toEqual([ferrari.id, mclaren.id])
  expect(await questions({ tenant: 'ferrari' })).toEqual(before)
  await again.close()
})
