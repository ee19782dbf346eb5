/**
 * Creates a tenant of each kind with migrations that do not await what they start, in a Node.js without Vitest, which listens for rejections
 * itself. Prints, for each kind, the code of the error or the tables of the tenant.
 * @example node --conditions=@partywall/source float-plainly.ts <url>
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Migration } from '@mikro-orm/migrations'
import { createTenancy } from 'partywall'
import { knexMigrations } from 'partywall/knex'
import { kyselyMigrations } from 'partywall/kysely'
import { mikroOrmMigrations } from 'partywall/mikro-orm'
import { sequelizeMigrations } from 'partywall/sequelize'
import { typeormMigrations } from 'partywall/typeorm'
import { umzugMigrations } from 'partywall/umzug'
import type { QueryRunner } from 'typeorm'

const good = 'create table x ()'
const bad = 'create table x (y nonsense)'

class Good extends Migration {
  override async up(): Promise<void> {
    void this.execute(good)
  }
}
class Bad extends Migration {
  override async up(): Promise<void> {
    void this.execute(bad)
  }
}
const typeorm = (sql: string) => ({
  M1700000000001: class {
    name = 'M1700000000001'
    async up(runner: QueryRunner): Promise<void> {
      void runner.query(sql)
    }
    async down(): Promise<void> {}
  },
})
const knex = (sql: string) => ({ m: { up: (db: any) => void db.raw(sql).catch((error: unknown) => Promise.reject(error)) } })
const kysely = (sql: string) => ({
  m: {
    up: async (db: any) => {
      void (async () => {
        await db.schema.createTable('first').execute()
        const { CompiledQuery } = await import('kysely')
        await db.executeQuery(CompiledQuery.raw(sql))
      })()
    },
  },
})
const umzug = (sql: string) => ({ m: { up: async ({ context }: any) => void context.client.query(sql) } })
const sequelize = (sql: string) => ({ m: { up: async (queryInterface: any) => void queryInterface.sequelize.query(sql) } })
const late = { m: { up: async (db: any) => void setTimeout(() => db.schema.createTable('x').execute(), 20) } }

const tenant = {
  knex: knexMigrations(knex(good)),
  'knex-bad': knexMigrations(knex(bad)),
  kysely: kyselyMigrations(kysely(good)),
  'kysely-bad': kyselyMigrations(kysely(bad)),
  'kysely-late': kyselyMigrations(late),
  mikro: mikroOrmMigrations({ Good }),
  'mikro-bad': mikroOrmMigrations({ Bad }),
  sequelize: sequelizeMigrations(sequelize(good)),
  'sequelize-bad': sequelizeMigrations(sequelize(bad)),
  typeorm: typeormMigrations(typeorm(good)),
  'typeorm-bad': typeormMigrations(typeorm(bad)),
  umzug: umzugMigrations(umzug(good)),
  'umzug-bad': umzugMigrations(umzug(bad)),
}

const warnings: unknown[] = []
process.on('warning', (warning) => warnings.push((warning as { code?: unknown }).code ?? warning.name))
const tenancy = createTenancy({
  database: process.argv[2]!,
  migrations: { shared: process.argv[3]!, tenant: { default: umzug0(), ...tenant } },
})
const results: Record<string, string> = {}
for (const kind of Object.keys(tenant)) {
  results[kind] = await tenancy.tenants.create({ schema: kind, kind }).then(
    async () => tablesOf(kind),
    (error) => `${error.code}: ${error.details?.sqlState}`,
  )
}
await wait(60)
const codes = warnings.filter((code) => code === 'PARTYWALL_FLOATING_MIGRATION')
process.stdout.write(JSON.stringify({ results, codes }))
await tenancy.close()
// What is not the work of a migration ends the process, as without partywall.
void Promise.reject(new Error('of the application'))
await wait(1000)
process.stdout.write('still here')

function umzug0() {
  return umzugMigrations({})
}

async function tablesOf(schema: string): Promise<string> {
  const { rows } = await tenancy.sharedPool.query(
    `select relname::text as name from pg_class where relkind = 'r' and relnamespace = $1::regnamespace and relname <> 'partywall_migrations' order by 1`,
    [`"${schema}"`],
  )
  return rows.map(({ name }) => name).join()
}
