/** A race over 1,000 tenants of 12 tables: every round is one deploy of each contestant. */
import type { Outcome } from '../measuring/outcome.ts'
import { compare, player, rounded, together, type Comparison } from '../measuring/rounds.ts'
import { baseFiles, Folder, roundColumns, roundFile, roundTables } from './files.ts'
import { withClient } from './fleet.ts'
import { partywall, type Migrator, type Race } from './contestants.ts'

export interface RacePlan {
  readonly rounds: number
  /** Whether each round brings one more file, or nothing to do. */
  readonly isIdle?: boolean
  readonly through?: (url: string) => string
}

type Enter = (race: Race) => Promise<Migrator>

const tenants = 1000

/** @param apart meets us alone: it opens and closes a pool for every tenant, which whoever comes after it in our process would feel */
export async function race(url: string, rivals: readonly Enter[], apart: Enter, plan: RacePlan): Promise<Outcome> {
  const { ratios, spread, figures } = together(await contest(url, rivals, plan), await contest(url, [apart], plan))
  const perTenant = Object.entries(figures).map(([name, { p50Ms }]) => [
    name,
    { msPerTenant: rounded(p50Ms / tenants), runMs: p50Ms },
  ])
  return { tenants, rounds: plan.rounds, ratios, spread, figures: Object.fromEntries(perTenant) }
}

async function contest(
  url: string,
  rivals: readonly Enter[],
  { rounds, isIdle = false, through = (direct) => direct }: RacePlan,
): Promise<Comparison> {
  const folder = await Folder.make(baseFiles('whole'))
  try {
    const base = folder.files.length
    const migrators: Migrator[] = []
    for (const enter of [partywall, ...rivals]) migrators.push(await enter({ url, through, tenants, folder }))
    const [ours, ...others] = migrators.map((migrator) => player({ ...migrator, close: async () => {} }))
    let round = 0
    const comparison = await compare(ours!, others, {
      callers: 1,
      pieces: 1,
      warmUp: 1,
      // Each table that a round may change, so that nobody's first look at its files is measured.
      warmUps: isIdle ? 1 : roundTables,
      rounds,
      ...(!isIdle && { beforeRound: () => folder.add(roundFile(base, round++)) }),
    })
    for (const migrator of migrators) await assertMigrated(migrator, round)
    return comparison
  } finally {
    await folder.remove()
  }
}

/** Who is fast because it left something out has not raced. */
async function assertMigrated({ name, fleet }: Migrator, rounds: number): Promise<void> {
  await withClient(fleet.url, async (client) => {
    const { rows } = await client.query(
      `select count(*)::int as columns
      from pg_attribute as attribute
      join pg_class as class on class.oid = attribute.attrelid and class.relkind = 'r'
      where attribute.attname like $1 and not attribute.attisdropped`,
      [roundColumns],
    )
    const { columns } = rows[0]
    if (columns !== rounds * tenants) throw new Error(`${name} made ${columns} columns instead of ${rounds * tenants}`)
  })
}
