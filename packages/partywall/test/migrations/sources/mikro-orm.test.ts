import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Migrator } from '@mikro-orm/migrations'
import { MikroORM } from '@mikro-orm/postgresql'
import { describe, expect, test } from 'vitest'
import { mikroOrmMigrations } from '../../../src/orm/mikro-orm.ts'
import { sourceContract } from '../../contract/migration-source.ts'
import { fixture, toolFolder } from '../../support/migrations/fixtures.ts'
import { registryForTest } from '../../support/tenants/registry.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'

sourceContract('MikroORM', {
  folder: 'mikro-orm-7.2.1/migrations',
  entry: ['partywall/mikro-orm', 'mikroOrmMigrations'],
  source: (folder) => mikroOrmMigrations(folder),
  names: ['Migration20261121070053', 'Migration20261121070056'],
  withDown: ['Migration20261121070056'],
  lacks: ['tickets'],
  hasLines: false,
  table: 'mikro_orm_migrations',
  // Its runner creates its table in the default schema, too.
  leaks: ['mikro_orm_migrations', 'mikro_orm_migrations_id_seq'],
  async add(folder, sql) {
    const name = 'Migration20261122000000'
    const file = join(folder, `${name}.ts`)
    const text = `import { Migration } from '@mikro-orm/migrations';

export class ${name} extends Migration {

  override up(): void | Promise<void> {
    this.addSql(${JSON.stringify(sql)});
  }

}
`
    await writeFile(file, text)
    return { name, file }
  },
  async migrate(folder, { url, schema }) {
    const orm = await MikroORM.init({
      clientUrl: url,
      entities: [],
      discovery: { warnWhenNoEntities: false },
      extensions: [Migrator],
      migrations: { path: folder, pathTs: folder, silent: true, snapshot: false },
    })
    await orm.migrator.up({ schema })
    await orm.close()
  },
})

const migration = (up: string, rest = ''): string => `
  import { Migration } from '@mikro-orm/migrations'
  import { raw } from '@mikro-orm/core'
  export class M extends Migration {
    async up() { ${up} }
    ${rest}
  }`

describe('mikroOrmMigrations', () => {
  test('runs what is executed at once, written as a fragment, or sent by an EntityManager', async () => {
    const folder = await toolFolder({
      'Migration1.ts': migration(`
        await this.execute('create table x (n int, t text)')
        await this.execute('insert into x values (?, ?)', [1, "it's"])
        this.addSql(raw('insert into x values (?, ?)', [2, 'two']))
        const em = this.getEntityManager()
        await em.execute('insert into x values (?, ?)', [3, 'three'])
        await em.transactional(async (inner) => inner.execute('insert into x values (4)'))
        await em.transactional(async (inner) => { await inner.execute('insert into x values (5)'); throw new Error('undo') }).catch(() => {})
        const rows = await this.execute('select count(*)::int as count from x')
        if (rows[0].count !== 3) throw new Error('rows')`),
    })
    const { createTenant, rows } = await tenantOf(mikroOrmMigrations(folder))
    await createTenant()
    expect(await rows('select n, t from a.x order by n')).toEqual([
      { n: 1, t: "it's" },
      { n: 2, t: 'two' },
      { n: 3, t: 'three' },
      { n: 4, t: null },
    ])
  })

  test('recognizes migrations that must run outside of a transaction', async () => {
    const folder = await toolFolder({ 'Migration1.ts': migration('', 'isTransactional() { return false }') })
    expect(await mikroOrmMigrations(folder).list()).toMatchObject([{ name: 'Migration1', transaction: false }])
  })

  test('imports names that an older MikroORM recorded with their ending', async () => {
    const { admin, createTenant, url } = await tenantOf(mikroOrmMigrations(await toolFolder({})))
    await createTenant()
    await admin.query(`
      create table a.mikro_orm_migrations (id serial primary key, name text, executed_at timestamptz);
      insert into a.mikro_orm_migrations (name) values ('Migration20261121070053.ts'), ('Migration20261121070056.js')`)
    const source = mikroOrmMigrations(fixture('mikro-orm-7.2.1/migrations'))
    const { migrations } = registryForTest(url, { migrations: { tenant: source, shared: false } })
    expect(await migrations.status({ tenants: true })).toMatchObject([{ applied: 2, pending: [] }])
  })

  test('refuses a file without a migration', async () => {
    await expect(mikroOrmMigrations(await toolFolder({ 'x.ts': 'export const x = 1' })).list()).rejects.toThrow(
      'exports no migration of MikroORM',
    )
  })
})
