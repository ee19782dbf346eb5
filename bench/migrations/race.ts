/** A race over 1,000 tenants of 12 tables: in every round each contestant does one deploy. */
import { joined, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, player } from '../measuring/rounds.ts'
import { rounded } from '../measuring/statistics.ts'
import { baseFiles, MigrationFolder, roundColumns, roundFile, roundTables } from './files.ts'
import { withClient } from './fleet.ts'
import { partywall, type Migrator, type Race } from './contestants.ts'

export interface RacePlan {
  readonly rounds: number
  /** True: the deploys find nothing to do. False: each round adds one file. */
  readonly isIdle?: boolean
  readonly through?: (url: string) => string
}

type Entrant = (race: Race) => Promise<Migrator>

const tenants = 1000

/** @param rivalAlone races partywall alone: it opens and closes a pool for every tenant, which would slow down the contestant after it */
export async function race(url: string, rivals: readonly Entrant[], rivalAlone: Entrant, plan: RacePlan): Promise<Outcome> {
  const { ratios, spread, figures } = joined(await contest(url, rivals, plan), await contest(url, [rivalAlone], plan))
  const perTenant = Object.entries(figures).map(([name, { p50Ms }]) => [
    name,
    { msPerTenant: rounded(p50Ms / tenants), runMs: p50Ms },
  ])
  return { tenants, rounds: plan.rounds, ratios, spread, figures: Object.fromEntries(perTenant) }
}

async function contest(
  url: string,
  rivals: readonly Entrant[],
  { rounds, isIdle = false, through = (direct) => direct }: RacePlan,
): Promise<Comparison> {
  const folder = await MigrationFolder.create(baseFiles('whole'))
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
      // One warm-up for each table that a round may change, so that no contestant's first access to its files is measured.
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

/** A contestant that left something out must not win by it. */
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
    if (columns !== rounds * tenants) throw new Error(`${name} added ${columns} columns instead of ${rounds * tenants}`)
  })
}
