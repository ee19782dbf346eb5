/** kill -9 of each process in turn. All in one directory: each test starts with what the one before left. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { serverProcesses } from '../../src/embedded/server-processes.ts'
import {
  eventually,
  everythingStopped,
  holderFile,
  isAlive,
  runHolder,
  startHolder,
  supervisorsOf,
  temporaryProject,
} from './projects.ts'

const paths = await temporaryProject()

test('kill -9 during initdb leaves no unfinished data and no process, and the next start works', async () => {
  const child = spawn(process.execPath, [holderFile, paths.directory], { stdio: 'ignore' })
  const making = async () => (await readdir(paths.home).catch(() => [])).filter((name) => name.startsWith('data-unfinished-'))
  await eventually('initdb is at work', async () => (await making()).length > 0)
  await sleep(100)
  const supervisors = await supervisorsOf(paths)
  child.kill('SIGKILL')
  for (const pid of supervisors) process.kill(pid, 'SIGKILL')
  await once(child, 'exit')
  expect(await readdir(paths.home)).not.toContain(basename(paths.data))

  const report = await runHolder(paths)
  expect(report.error).toBeUndefined()
  await eventually('what initdb left is gone', async () => {
    // The orphaned initdb may have written once more after the cleaning; the next start removes that.
    if ((await making()).length > 0) await runHolder(paths)
    return (await making()).length === 0
  })
})

test('kill -9 of the only process that uses the server stops the server', async () => {
  const { child, report } = await startHolder(paths)
  child.kill('SIGKILL')
  await everythingStopped(paths)
  expect(isAlive(report.pid)).toBe(false)
  expect(await readFile(paths.log, 'utf8')).toMatch(/database system is shut down\n$/)
})

test('kill -9 of the supervisor lets the next start stop the orphaned server and start a new one', async () => {
  const { child, report } = await startHolder(paths)
  process.kill(report.supervisorPid, 'SIGKILL')
  await eventually('the supervisor is gone', () => !isAlive(report.supervisorPid))
  expect(isAlive(report.pid)).toBe(true)
  const next = await startHolder(paths)
  expect(next.report.error).toBeUndefined()
  expect(next.report.pid).not.toBe(report.pid)
  expect(isAlive(report.pid)).toBe(false)
  child.kill('SIGTERM')
  await next.end()
  await everythingStopped(paths)
})

test('kill -9 of the postmaster ends the supervisor, and the next start recovers', async () => {
  const { child, report } = await startHolder(paths)
  const client = new Client(report.url)
  client.on('error', () => {})
  await client.connect()
  await client.query('create table if not exists survives as select 1 as one')
  process.kill(report.pid, 'SIGKILL')
  await eventually('the supervisor is gone', () => !isAlive(report.supervisorPid))
  await client.end().catch(() => {})
  const next = await startHolder(paths)
  expect(next.report.error).toBeUndefined()
  const reader = new Client(next.report.url)
  await reader.connect()
  expect((await reader.query('select one from survives')).rows).toEqual([{ one: 1 }])
  await reader.end()
  child.kill('SIGTERM')
  await next.end()
})

test('kill -9 of all processes at once lets the next start work', async () => {
  const { child, report } = await startHolder(paths)
  for (const pid of [report.supervisorPid, report.pid, child.pid!]) process.kill(pid, 'SIGKILL')
  await eventually('backends are gone', async () => (await serverProcesses(paths.data)).length === 0)
  const next = await runHolder(paths)
  expect(next.error).toBeUndefined()
})

test('a stale postmaster.pid with the number of another process is removed, and the process gets no signal', async () => {
  await runHolder(paths)
  const { uid, gid } = await stat(paths.data)
  // Of the same user as the server: PostgreSQL itself ignores processes of other users.
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', ...(process.getuid?.() === 0 ? { uid, gid } : {}) })
  try {
    const lines = [stranger.pid, paths.data, 1_700_000_000, 54_321, '', '127.0.0.1', '1 1', 'ready']
    await writeFile(join(paths.data, 'postmaster.pid'), `${lines.join('\n')}\n`)
    const report = await runHolder(paths)
    expect(report.error).toBeUndefined()
    expect(report.pid).not.toBe(stranger.pid)
    expect(isAlive(stranger.pid!)).toBe(true)
  } finally {
    stranger.kill('SIGKILL')
  }
})

test('a stale server.json with the port of another, silent program is replaced', async () => {
  const stranger = createServer(() => {})
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  try {
    const holdPort = (stranger.address() as AddressInfo).port
    await writeFile(paths.serverFile, JSON.stringify({ id: 'x', secret: 'y', holdPort, supervisorPid: process.pid }))
    const report = await runHolder(paths)
    expect(report.error).toBeUndefined()
  } finally {
    stranger.close()
  }
})

test('a server.json that is not JSON is replaced', async () => {
  await writeFile(paths.serverFile, '{ "id": "half')
  expect((await runHolder(paths)).error).toBeUndefined()
})
