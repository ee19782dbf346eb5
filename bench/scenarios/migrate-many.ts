/**
 * A deploy with one more migration over 10,000 tenants of 3 tables, then one that finds nothing to do: the time, and the memory of our
 * process and of the server's backends. There are no rivals: the question is whether partywall can do it. Each deploy runs in a process of
 * its own, as in production.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../measuring/outcome.ts'
import { partywall } from '../migrations/contestants.ts'
import { baseFiles, MigrationFolder, roundFile } from '../migrations/files.ts'
import type { Cost, Deploy } from '../migrations/one-deploy.ts'
import { rounded } from '../measuring/statistics.ts'

const tenants = 10_000

export async function migrateMany(url: string): Promise<Outcome> {
  const folder = await MigrationFolder.create(baseFiles('small'))
  try {
    const { fleet } = await partywall({ url, through: (direct) => direct, tenants, folder, owner: 'many' })
    const deploy = { url: fleet.url, folder: folder.path }
    await folder.add(roundFile(folder.files.length, 0))
    const file = await inItsOwnProcess(deploy)
    const nothing = await inItsOwnProcess(deploy)
    return { tenants, rounds: 1, ratios: {}, spread: {}, figures: { 'one file': file, 'nothing to do': nothing } }
  } finally {
    await folder.remove()
  }
}

async function inItsOwnProcess(deploy: Deploy): Promise<object> {
  const child = fork(fileURLToPath(new URL('../migrations/one-deploy.ts', import.meta.url)), { stdio: 'inherit' })
  let serverMiB = 0
  const watch = setInterval(() => (serverMiB = Math.max(serverMiB, backendsMiB())), 200)
  child.send(deploy)
  const ended = once(child, 'exit').then(() => [undefined])
  const [cost] = (await Promise.race([once(child, 'message'), ended])) as [Cost | undefined]
  clearInterval(watch)
  child.kill()
  if (cost === undefined) throw new Error('the deploy failed')
  return {
    ...cost,
    msPerTenant: rounded((cost.seconds * 1000) / tenants),
    ...(serverMiB > 0 && { serverMiB: rounded(serverMiB) }),
  }
}

/** Private memory of all processes of PostgreSQL together; 0 on a system without /proc. */
function backendsMiB(): number {
  let kilobytes = 0
  for (const process of numbersIn('/proc')) {
    try {
      const status = readFileSync(`/proc/${process}/status`, 'utf8')
      if (/^Name:\s+postgres$/m.test(status)) kilobytes += Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0)
    } catch {
      // the process has ended in the meantime
    }
  }
  return kilobytes / 1024
}

function numbersIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}
