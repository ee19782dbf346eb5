/**
 * What a test that timed out was waiting for: the sessions of its databases and the processes that it started. A wait that happens once in many
 * runs can be explained only from what stood still at that moment.
 */
import { readdir, readFile } from 'node:fs/promises'
import type { RunnerTestCase } from 'vitest'
import { openTestDatabases, asAdmin } from '../servers/database.ts'

/** What each-file.ts calls after each test. */
export async function explainTimeout({ name, result }: RunnerTestCase): Promise<void> {
  const late = result?.errors?.find(({ message }) => /timed out in \d+ms/.test(message))
  if (late === undefined) return
  const lines = [...(await sessions()), ...(await processesBelow(process.pid))]
  const explanation = `When "${name}" timed out, these were open:\n${lines.map((line) => `  ${line}\n`).join('')}`
  // Printed again where the failures stand, because the end of a log may be all that is kept of it.
  late.message += `\n${explanation}`
  late.stack += `\n${explanation}`
  console.error(explanation)
}

async function sessions(): Promise<string[]> {
  return asAdmin(async (admin) => {
    const { rows } = await admin.query<{ line: string }>(
      `select concat_ws(
         ' | ', 'session ' || pid, datname, application_name, state, wait_event_type || '/' || wait_event,
         'blocked by ' || nullif(pg_catalog.pg_blocking_pids(pid)::text, '{}'), 'since ' || state_change, left(query, 200)
       ) as line
       from pg_catalog.pg_stat_activity
       where datname = any ($1::text[])
       order by datname, pid`,
      [openTestDatabases().map(({ name }) => name)],
    )
    return rows.map(({ line }) => line)
  })
}

/** Read from /proc, so only Linux tells it. */
async function processesBelow(parent: number): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const described = await Promise.all(pids.map((pid) => describedChild(pid, parent).catch(() => undefined)))
  return described.filter((line) => line !== undefined)
}

async function describedChild(pid: string, parent: number): Promise<string | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  if (!status.includes(`\nPPid:\t${parent}\n`)) return undefined
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
  const threads = await readdir(`/proc/${pid}/task`)
  const waits = await Promise.all(
    threads.map(async (thread) => {
      const [name, wait] = await Promise.all(
        ['comm', 'wchan'].map((file) => readFile(`/proc/${pid}/task/${thread}/${file}`, 'utf8').catch(() => '?')),
      )
      return `${name!.trim()} in ${wait}`
    }),
  )
  return `process ${pid} | ${/State:\t(.*)/.exec(status)?.[1]} | ${words} | ${waits.join(', ')}`
}
