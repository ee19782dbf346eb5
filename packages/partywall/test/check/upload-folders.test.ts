/** PW-015: what stores or serves uploads in one folder for all tenants, as real packages are used by an application. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { uploadFoldersOf } from '../../src/check/upload-folders.ts'
import { project } from '../cli/partywall.ts'
import { testDatabase } from '../support/servers/database.ts'

const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url))

const served = (folder: string) => uploadFoldersOf([{ package: 'serve-static', folder, does: 'serves' }]).length

const app = `
import express from 'express'
import multer from 'multer'
const app = express()
app.use('/public', express.static('public'))
app.use('/media', express.static('/srv/app/uploads'))
app.post('/a', multer({ dest: 'tmp/files' }).single('a'), (req, res) => res.end())
app.post('/b', multer({ storage: multer.diskStorage({ destination: 'data/b' }) }).single('b'), (req, res) => res.end())
app.post('/c', multer({ storage: multer.memoryStorage() }).single('c'), (req, res) => res.end())
app.post('/d', multer({ storage: multer.diskStorage({ destination: (req, file, callback) => callback(null, 'd') }) }).single('d'), (req, res) => res.end())
export default app
`

test('multer with a folder, and a static middleware on a folder of uploads, are named', async () => {
  const { url } = await testDatabase()
  const { run, folder } = await project(url, { 'app.ts': app })
  await symlink(modules, join(folder, 'node_modules'))
  const { json } = await run('check --app app.ts --json')
  const found = (json.findings as { id: string; severity: string; seen: string }[]).filter(({ id }) => id === 'PW-015')
  expect(found.map(({ severity, seen }) => `${severity}: ${seen}`)).toEqual([
    expect.stringContaining('warning: serve-static serves "/srv/app/uploads"'),
    expect.stringContaining('warning: multer stores uploads in "tmp/files"'),
    expect.stringContaining('warning: multer stores uploads in "data/b"'),
  ])
})

test('folders of uploads are known by their names', () => {
  for (const folder of ['uploads', './upload', '/srv/media', 'data/user-files', 'public/avatars', String.raw`C:\app\uploads`])
    expect([folder, served(folder)]).toEqual([folder, 1])
  for (const folder of ['public', 'dist', '/srv/www', 'mediator', 'assets/img'])
    expect([folder, served(folder)]).toEqual([folder, 0])
})
