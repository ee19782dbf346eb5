/**
 * kill -9 at a random moment, many times: every migration is applied once, and the history always matches the structure. Ten kills by default;
 * PARTYWALL_KILLS=100 sets another number.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories } from './fleet.ts'

const kills = Number(process.env['PARTYWALL_KILLS'] ?? 10)
const migrating = fileURLToPath(new URL('migrating.ts', import.meta.url))

test(
  `a process that is killed ${kills} times while it migrates applies every migration exactly once`,
  { timeout: 20_000 + kills * 5000 },
  async () => {
    const fleet = await fleetOf(40)
    let killedInTheMiddle = 0
    for (let kill = 1; kill <= kills; kill++) {
      // The insert would show a migration that was applied twice; the table would, too, because it has no "if not exists".
      const name = `${String(kill + 1).padStart(4, '0')}_step`
      await writeFiles(fleet.root, {
        [`migrations/tenant/${name}.sql`]: `create table step_${kill} (n int); insert into step_${kill} values (1); select pg_sleep(0.005)`,
      })
      const child = start(fleet.url, fleet.root)
      await firstTenant(child, fleet, kill)
      await sleep(Math.random() * 60)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await untilServerIsIdle(fleet)

      const done = await having(fleet, `step_${kill}`)
      if (done.length > 0 && done.length < fleet.schemas.length) killedInTheMiddle += 1
      const applied = Object.entries(await histories(fleet)).filter(([, names]) => names.includes(name))
      expect(applied.map(([schema]) => schema)).toEqual(done)
      // Sometimes the next run starts before this one is finished.
      if (kill % 3 !== 0) await finish(fleet.url, fleet.root)
    }
    await finish(fleet.url, fleet.root)
    expect(await fleet.migrations.check()).toBe(true)
    expect((await fleet.migrations.status({ verify: true })).every(({ problem }) => problem === undefined)).toBe(true)
    const names = new Set(Object.values(await histories(fleet)).map((history) => history.join()))
    expect(names.size).toBe(1)
    expect([...names][0]!.split(',')).toHaveLength(kills + 1)
    for (let kill = 1; kill <= kills; kill++) {
      const [{ least, most }] = await fleet.rows(
        `select min(n) as least, max(n) as most from (${fleet.schemas.map((schema) => `select count(*)::int as n from ${schema}.step_${kill}`).join(' union all ')}) as counts`,
      )
      expect([least, most]).toEqual([1, 1])
    }
    // If all kills came too early or too late, the test would show nothing.
    expect(killedInTheMiddle).toBeGreaterThanOrEqual(Math.floor(kills / 3))
  },
)

function start(url: string, root: string, ...more: string[]) {
  return spawn(process.execPath, [...process.execArgv, migrating, url, root, ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Resumes the killed run, and then runs what is new. */
async function finish(url: string, root: string): Promise<void> {
  for (const more of [['resume'], []]) {
    const child = start(url, root, ...more)
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [code] = await once(child, 'close')
    expect({ code, report: JSON.parse(output) }).toMatchObject({ code: 0, report: { ok: true } })
  }
}

/** Waits until the first tenant is done, or the process has ended. */
async function firstTenant(child: ReturnType<typeof start>, fleet: Parameters<typeof having>[0], kill: number): Promise<void> {
  while (child.exitCode === null && (await having(fleet, `step_${kill}`)).length === 0) await sleep(5)
}

/** The statement of a killed client runs to its end on the server. */
async function untilServerIsIdle({ rows }: Parameters<typeof having>[0]): Promise<void> {
  const others = `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active'`
  while ((await rows(others)).length > 0) await sleep(10)
}
