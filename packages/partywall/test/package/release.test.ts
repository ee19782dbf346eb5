/** How a version is made and released, tried in a small repository with the same scripts. Nothing is ever published by these tests. */
import { spawnSync } from 'node:child_process'
import { copyFile, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { folderForTest, writeFiles } from '../support/tenants/registry.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const note = "---\n'partywall': minor\n---\n\nTenants can be renamed.\n"

describe('npm run release:version', () => {
  test('writes the version of the notes wherever a version stands, and uses the notes up', async () => {
    const repository = await smallRepository({ '.changeset/rename.md': note })
    expect(run(repository, 'release-version.js')).toMatchObject({ status: 0 })
    const read = (path: string) => readFile(join(repository, path), 'utf8')
    expect(JSON.parse(await read('packages/partywall/package.json')).version).toBe('0.2.0')
    expect(JSON.parse(await read('package-lock.json')).packages['packages/partywall'].version).toBe('0.2.0')
    expect(await read('packages/partywall/src/version.ts')).toContain(`version = '0.2.0'`)
    expect(await read('packages/partywall/CHANGELOG.md')).toMatch(
      /^## 0\.2\.0\n[^]*^- Tenants can be renamed\.\n[^]*^## 0\.1\.0$/m,
    )
    expect(git(repository, 'status', '--porcelain')).toContain('D .changeset/rename.md')
  })

  test('without a note there is no new version, and it says so', async () => {
    const repository = await smallRepository()
    const { status, stderr } = run(repository, 'release-version.js')
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('.changeset/ holds no note') })
  })
})

describe('npm run release -- --dry-run', () => {
  test('checks all, asks npm, and publishes nothing', async () => {
    const { status, stdout, stderr } = dryRun(await smallRepository())
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('all was checked')
    expect(stdout).toContain('partywall@0.1.0 is ready. Nothing was published: this was a dry run.')
  })

  test.each([
    ['on another branch', (at: string) => void git(at, 'switch', '--quiet', '--create', 'feature'), 'the branch feature'],
    ['with changes that are not committed', (at: string) => writeFiles(at, { 'new.txt': '' }), 'not committed'],
    [
      'when the version was released before',
      (at: string) => void git(at, 'tag', 'partywall@0.1.0'),
      'tag partywall@0.1.0 exists',
    ],
    [
      'with notes of the next version',
      (at: string) => commit(at, { '.changeset/a.md': note }),
      '(a.md): npm run release:version',
    ],
    [
      'without a section in the changelog',
      (at: string) => commit(at, { 'packages/partywall/CHANGELOG.md': '' }),
      'no section 0.1.0',
    ],
  ])('%s it refuses', async (_case, change, reason) => {
    const repository = await smallRepository()
    await change(repository)
    const { status, stdout, stderr } = dryRun(repository)
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^refused: .*\n$/) })
    expect(stderr).toContain(reason)
    expect(stdout).not.toContain('all was checked')
  })

  test('outside of CI it refuses', async () => {
    const { status, stderr } = dryRun(await smallRepository(), { CI: '' })
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('this is not CI') })
  })

  test('all reasons to refuse are told at once', async () => {
    const repository = await smallRepository()
    git(repository, 'switch', '--quiet', '--create', 'feature')
    await writeFiles(repository, { 'new.txt': '' })
    expect(dryRun(repository).stderr.match(/^refused: /gm)).toHaveLength(2)
  })

  test('when a check fails it ends there', async () => {
    const repository = await smallRepository()
    await commit(repository, { 'scripts/check.js': 'process.exit(1)' })
    expect(dryRun(repository)).toMatchObject({ status: 1, stderr: expect.stringContaining('failed: npm run check') })
  })

  test('what npm would correct in package.json is refused', async () => {
    const repository = await smallRepository({}, { bin: { partywall: './bin/partywall.js' } })
    expect(dryRun(repository)).toMatchObject({ status: 1, stderr: expect.stringContaining('refused by npm: npm warn publish') })
  })
})

/** On the branch main, with everything committed, and ready to be released as 0.1.0. */
async function smallRepository(files: Record<string, string> = {}, manifest: object = {}): Promise<string> {
  const version = { name: 'partywall', version: '0.1.0' }
  const repository = await folderForTest({
    'package.json': json({
      private: true,
      type: 'module',
      workspaces: ['packages/*'],
      scripts: { check: 'node scripts/check.js' },
    }),
    'package-lock.json': json({
      lockfileVersion: 3,
      packages: { '': { workspaces: ['packages/*'] }, 'packages/partywall': version },
    }),
    '.gitignore': 'node_modules\n',
    '.changeset/config.json': json({ changelog: '../scripts/changelog.js', baseBranch: 'main', access: 'public' }),
    'scripts/check.js': "console.log('all was checked')\n",
    'packages/partywall/package.json': json({ ...version, license: 'MIT', ...manifest }),
    'packages/partywall/CHANGELOG.md': '# partywall\n\n## 0.1.0\n\nThe first version.\n',
    'packages/partywall/src/version.ts': "export const version = '0.1.0'\n",
    'packages/partywall/bin/partywall.js': '',
    ...files,
  })
  for (const script of ['node.js', 'changelog.js', 'release.js', 'release-version.js']) {
    await copyFile(join(root, 'scripts', script), join(repository, 'scripts', script))
  }
  await symlink(join(root, 'node_modules'), join(repository, 'node_modules'))
  git(repository, 'init', '--quiet', '--initial-branch', 'main')
  await commit(repository, {})
  return repository
}

async function commit(repository: string, files: Record<string, string>): Promise<void> {
  await writeFiles(repository, files)
  git(repository, 'add', '--all')
  git(repository, '-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', 'x')
}

function dryRun(repository: string, env: NodeJS.ProcessEnv = {}) {
  return run(repository, 'release.js', ['--dry-run'], env)
}

/** No test may depend on a registry, or reach one. */
const offline = { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' }

function run(repository: string, script: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, 'scripts', script), ...args], {
    cwd: repository,
    encoding: 'utf8',
    env: { PATH, HOME, CI: 'true', ...offline, ...env },
  })
  return { status, stdout, stderr }
}

function git(repository: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: repository, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
