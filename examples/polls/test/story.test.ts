/** The README says what changed to make the app multi-tenant; these tests compare it with the two folders. */
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import { createApp } from '../single-tenant/app.ts'
import { client } from './ask.ts'

const { url } = await testDatabase()
const example = new URL('../', import.meta.url)
const read = (path: string) => readFile(new URL(path, example), 'utf8')

test('the handlers are the same in both apps', async () => {
  expect(await read('src/polls.ts')).toBe(await read('single-tenant/polls.ts'))
  expect(await read('src/problem.ts')).toBe(await read('single-tenant/problem.ts'))
})

test('the handlers and the tables know nothing of tenants', async () => {
  for (const path of ['src/polls.ts', 'src/problem.ts', 'migrations/tenant/0001_polls.sql']) {
    expect(await read(path)).not.toMatch(/tenan|partywall(?!: down)|search_path/i)
  }
})

test.each(['README.md', 'examples/polls/README.md'])('%s shows the diff of the two apps', async (page) => {
  const diff = lineDiff(await read('single-tenant/app.ts'), await read('src/app.ts'))
  expect(await readFile(new URL(`../../${page}`, example), 'utf8')).toContain(`\`\`\`diff\n${diff}\`\`\`\n`)
})

test.each(['README.md', 'examples/polls/README.md'])('%s shows the config of the app', async (page) => {
  expect(await readFile(new URL(`../../${page}`, example), 'utf8')).toContain(
    `\`\`\`ts\n${await read('partywall.config.ts')}\`\`\`\n`,
  )
})

test('the README of the example names every file', async () => {
  const page = await read('README.md')
  for (const folder of ['src', 'single-tenant']) {
    for (const file of await readdir(fileURLToPath(new URL(folder, example)))) expect(page).toContain(file)
  }
})

test('the single-tenant app works, too', async () => {
  const pool = new Pool({ connectionString: url })
  const [up] = (await read('migrations/tenant/0001_polls.sql')).split('-- partywall: down')
  await pool.query(up!)
  const server = createApp(pool).listen(0)
  onTestFinished(async () => {
    server.close()
    await pool.end()
  })
  await once(server, 'listening')
  const api = client((server.address() as AddressInfo).port)
  const poll = await api.post('/polls', { question: 'Alone?', choices: ['yes', 'no'] })
  expect(poll.status).toBe(201)
  expect((await api.post(`${poll.location}/votes`, { choice: poll.body.choices[0].id })).status).toBe(201)
  expect((await api.get(`${poll.location}/results`)).body).toMatchObject({ question: 'Alone?', votes: 1 })
})

/** The whole of both texts, line by line, by their longest common subsequence: `-` before, `+` after. */
function lineDiff(before: string, after: string): string {
  const [a, b] = [before.trimEnd().split('\n'), after.trimEnd().split('\n')]
  // common[i][j]: how many lines the rest of a from i and the rest of b from j have in common
  const common = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!)
    }
  }
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i++]}`)
      j++
    } else if (i < a.length && (j === b.length || common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push(`-${a[i++]}`)
    else lines.push(`+${b[j++]}`)
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}
