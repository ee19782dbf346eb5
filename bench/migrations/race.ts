/** A race over 1,000 tenants of 12 tables: every round is one deploy of each contestant. */
import type { Outcome } from '../main.ts'
import { compare, player, rounded } from '../rounds.ts'
import { baseFiles, Folder, roundColumns, roundFile, roundTables } from './files.ts'
import { withClient } from './fleet.ts'
import type { Migrator, Race } from './contestants.ts'

export interface RacePlan {
  readonly rounds: number
  /** Whether each round brings one more file, or nothing to do. */
  readonly isIdle?: boolean
  readonly through?: (url: string) => string
}

const tenants = 1000

export async function race(
  url: string,
  contestants: readonly ((race: Race) => Promise<Migrator>)[],
  { rounds, isIdle = false, through = (direct) => direct }: RacePlan,
): Promise<Outcome> {
  const folder = await Folder.make(baseFiles('whole'))
  try {
    const base = folder.files.length
    const migrators: Migrator[] = []
    for (const enter of contestants) migrators.push(await enter({ url, through, tenants, folder }))
    const [ours, ...rivals] = migrators.map((migrator) => player({ ...migrator, close: async () => {} }))
    let round = 0
    const { ratios, spread, figures } = await compare(ours!, rivals, {
      callers: 1,
      pieces: 1,
      warmUp: 1,
      // Each table that a round may change, so that nobody's first look at its files is measured.
      warmUps: isIdle ? 1 : roundTables,
      rounds,
      ...(!isIdle && { beforeRound: () => folder.add(roundFile(base, round++)) }),
    })
    for (const migrator of migrators) await assertMigrated(migrator, round)
    const perTenant = Object.entries(figures).map(([name, { p50Ms }]) => [
      name,
      { msPerTenant: rounded(p50Ms / tenants), runMs: p50Ms },
    ])
    return { tenants, rounds, ratios, spread, figures: Object.fromEntries(perTenant) }
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
