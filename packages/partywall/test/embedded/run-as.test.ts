/** Who runs the server. Needs root to become others; as an ordinary user all other test files show that case. */
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isAlive, runHolder, startHolder, temporaryProject } from './projects.ts'

const isRoot = process.getuid?.() === 0

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
