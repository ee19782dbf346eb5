/**
 * `tenancy.drift()` on 1,000 tenants of 12 tables: time, and the memory of the process that runs it above what it had before. `warm`: what the history gives
 * is kept already. `cold`: it is made first. `drifted`: every tenth tenant differs in a way of its own.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createFleet, tenants } from '../drift/fleet.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { median, rounded } from '../measuring/statistics.ts'
import { withClient } from '../migrations/fleet.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const database = 'partywall_bench_drift'
const script = fileURLToPath(new URL('../drift/one-pass.ts', import.meta.url))

interface Pass {
  readonly tenants: number
  readonly drifted: number
  readonly milliseconds: number
  readonly mebibytes: number
  readonly cpu: number
}

export async function drift(url: string): Promise<Outcome> {
  const own = Object.assign(new URL(url), { pathname: `/${database}` }).href
  await withClient(url, async (admin) => {
    const { rows } = await admin.query('select from pg_database where datname = $1', [database])
    if (rows.length === 0) await admin.query(`create database ${database}`)
  })
  await createFleet(own)
  const cold = await passes(own, 'truncate partywall.blueprints')
  const warm = await passes(own, 'select')
  await edit(own, (schema, number) => `alter table ${schema}.items_1 add column extra_${number} text`)
  const drifted = await passes(own, 'select')
  await edit(own, (schema, number) => `alter table ${schema}.items_1 drop column extra_${number}`)
  return { tenants, rounds, ratios: {}, spread: {}, figures: { cold, warm, drifted } }
}

async function passes(url: string, before: string): Promise<Readonly<Record<string, number>>> {
  const found: Pass[] = []
  for (let round = 0; round < rounds; round++) {
    await withClient(url, (client) => client.query(before))
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, url])
    found.push(JSON.parse(stdout) as Pass)
  }
  const of = (property: keyof Pass) => rounded(median(found.map((pass) => pass[property])))
  return { milliseconds: of('milliseconds'), mebibytes: of('mebibytes'), cpuMs: of('cpu'), drifted: of('drifted') }
}

async function edit(url: string, text: (schema: string, number: number) => string): Promise<void> {
  const edits = Array.from({ length: tenants / 10 }, (_, number) =>
    text(`tenant_${String(number * 10).padStart(4, '0')}`, number),
  )
  await withClient(url, (client) => client.query(edits.join(';\n')))
}
