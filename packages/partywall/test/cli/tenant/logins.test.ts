/** `partywall tenant login`, `tenant logins` and `partywall boundary`. */
import { expect, test } from 'vitest'
import { expectFailure, project } from '../partywall.ts'
import { testDatabase } from '../../support/servers/database.ts'

const { url } = await testDatabase()
const byRole = `import { defineConfig } from 'partywall'
export default defineConfig({ database: process.env.DATABASE_URL, boundary: 'role' })`

test('a login is made, listed and revoked, and its password is printed once', async () => {
  const { run } = await project(url)
  await run('tenant create acme')
  expectFailure(await run('tenant login acme --json'), 2, 'MISSING_ANSWER')
  const made = await run('tenant login acme --read-only --expires 30d --name analytics --temp-file-limit 1GB --json')
  const { login, password } = made.json
  expect(made.stderr).toContain('shown once')
  expect(login).toMatchObject({ schema: 'acme', name: 'analytics', connections: 3 })
  const listed = await run('tenant logins acme')
  expect(listed.stdout).toContain(login.role)
  expect(listed.stdout + listed.stderr).not.toContain(password)
  expect((await run(`tenant login revoke ${login.role} --json`)).json).toMatchObject({ role: login.role })
  expectFailure(await run(`tenant login revoke ${login.role} --json`), 1, 'UNKNOWN_LOGIN')
  expect((await run('tenant logins --json')).json).toEqual([])
})

test('boundary upgrade shows what it would do, does it, and says which guards are missing', async () => {
  const { run } = await project(url, { 'partywall.config.ts': byRole })
  const dry = await run('boundary upgrade --dry-run')
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(/acme: role, .*\n1 tenant would be changed/) })
  expect((await run('boundary status')).stdout).toContain('lacking: run  npx partywall boundary upgrade')
  const done = await run('boundary upgrade --json')
  expect(done.json).toMatchObject({ ok: true, entries: [{ target: 'acme', state: 'done' }] })
  expect(done.json.missingGuards.map(({ guard }: { guard: string }) => guard)).toEqual(['superuser', 'one_role'])
  expect((await run('boundary status')).stdout).toMatch(/role +1 +0 +0/)
  expectFailure(await run('boundary downgrade --json'), 2, 'INVALID_OPTION')
})
