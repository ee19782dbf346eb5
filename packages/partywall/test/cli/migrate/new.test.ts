/** `migrate new`: the next file of a folder; and a project whose files another tool creates. */
import { chmod, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()
const admin = new Client(url)
await admin.connect()
afterAll(() => admin.end())

test('migrate new creates a file with the next number, and never overwrites one', async () => {
  const { run, folder } = await project(undefined, { 'migrations/tenant/0041_a.sql': 'select 1' })
  expect((await run(['migrate', 'new', 'Add titles!'])).stdout).toBe('migrations/tenant/0042_add_titles.sql\n')
  expect((await run(['migrate', 'new', 'more', '--ts', '--json'])).json).toEqual({
    file: join(folder, 'migrations/tenant/0043_more.ts'),
  })
})

test('migrate new creates a file in a folder that has options', async () => {
  const { run } = await project(undefined, {
    'partywall.config.ts': `
      import { defineConfig, folderMigrations } from 'partywall'
      export default defineConfig({ migrations: { tenant: folderMigrations('db/tenant', { public: 'rewrite' }) } })`,
    'db/tenant/0007_a.sql': 'select 1',
  })
  expect((await run('migrate new titles')).stdout).toBe('db/tenant/0008_titles.sql\n')
})

const configWith = (imports: string, source: string): string => `
  import { defineConfig } from 'partywall'
  import { ${imports} } from 'partywall/${imports.replace('Migrations', '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}'
  export default defineConfig({ database: process.env.DATABASE_URL, migrations: { tenant: ${source} } })`

test('migrate new runs the generator of a tool that only reads the project, with the words that --print shows', async () => {
  const { run, folder } = await project(undefined, {
    'partywall.config.ts': configWith('nodePgMigrateMigrations', `nodePgMigrateMigrations('db/migrations')`),
    'package.json': '{ "type": "module" }',
    'sub/x': '',
  })
  await symlink(fileURLToPath(new URL('../../../../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  const command = 'npx node-pg-migrate create add_titles --migrations-dir db/migrations --migration-file-language ts'
  expect((await run(['migrate', 'new', 'add titles', '--ts', '--print'])).stdout).toBe(`${command}\n`)
  const made = await run(['migrate', 'new', 'add titles', '--ts', '--json'])
  expect(made.json).toEqual({
    file: expect.stringMatching(/db\/migrations\/\d+_add-titles\.ts$|db\/migrations\/\d+_add_titles\.ts$/),
    command,
  })
  expect(made.code).toBe(0)
  expectFailure(await run(['migrate', 'new', ' --help', '--json']), 2, 'INVALID_ARGUMENT')
})

test.each([
  ['knexMigrations', `knexMigrations('db')`, /^npx knex migrate:make titles --migrations-directory \S+\/db\n$/],
  ['drizzleMigrations', `drizzleMigrations('drizzle')`, /^npx drizzle-kit generate --name titles\n$/],
])('migrate new --print prints the command of %s', async (name, source, command) => {
  const { run } = await project(undefined, { 'partywall.config.ts': configWith(name, source) })
  expect((await run('migrate new titles --print')).stdout).toMatch(command)
})

const packages = fileURLToPath(new URL('../../../../../node_modules', import.meta.url))
/** `npx` starts the Node.js that is first in the path. */
const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` }

const dataSource = `
  import { DataSource, EntitySchema } from 'typeorm'
  const book = new EntitySchema({ name: 'book', tableName: 'book', columns: {
    id: { type: 'int', primary: true, generated: true },
    pages: { type: 'int', nullable: true },
    twice: { type: 'int', generatedType: 'STORED', asExpression: 'pages * 2', nullable: true },
    thrice: { type: 'int', generatedType: 'STORED', asExpression: 'pages * 3', nullable: true },
  } })
  export default new DataSource({ type: 'postgres', url: process.env.APP_URL, entities: [book] })`
/** As TypeORM has made it on a database with the name "laptop", without the column "thrice". */
const books = `
  exports.Books1795764561654 = class {
    name = 'Books1795764561654'
    async up(queryRunner) {
      await queryRunner.query('select from plans')
      await queryRunner.query(\`INSERT INTO "typeorm_metadata"("database", "schema", "table", "type", "name", "value") VALUES ($1, $2, $3, $4, $5, $6)\`,
        ['laptop', 'public', 'book', 'GENERATED_COLUMN', 'twice', 'pages * 2'])
      await queryRunner.query(\`CREATE TABLE "book" ("id" SERIAL NOT NULL, "pages" integer, "twice" integer GENERATED ALWAYS AS (pages * 2) STORED,
        CONSTRAINT "PK_a3afef72ec8f80e6e5c310b28a4" PRIMARY KEY ("id"))\`)
    }
    async down() {}
  }`

test(
  'migrate new lets TypeORM compare with a database of its own that stands at head, and names that database nowhere',
  { timeout: 90_000 },
  async () => {
    const { run, folder } = await project(url, {
      'partywall.config.ts': configWith('typeormMigrations', `typeormMigrations('db')`),
      'migrations/shared/0001_plans.sql': 'create table plans ();',
      'data-source.mjs': dataSource,
      'db/1795764561654-Books.js': books,
    })
    await symlink(packages, join(folder, 'node_modules'))
    expectFailure(await run('migrate new thrice --json'), 2, 'INVALID_ARGUMENT')
    const call = ['migrate', 'new', 'more pages', '--env', 'APP_URL', '--json', '--', '-d', 'data-source.mjs', '-o']
    const { code, json, stderr } = await run(call, { env })
    expect(json).toEqual({
      file: expect.stringMatching(/\/db\/\d+-MorePages\.js$/),
      command: 'npx typeorm migration:generate db/MorePages -d data-source.mjs -o',
    })
    expect([code, stderr]).toEqual([0, expect.stringContaining('The migrations need the shared tables')])
    const text = await readFile(json.file, 'utf8')
    expect(/async up[^}]*/.exec(text)![0].match(/ADD|DROP|DELETE|INSERT|CREATE|ALTER COLUMN/g)).toEqual(['ADD', 'INSERT'])
    expect(text).toContain(`["${new URL(url).pathname.slice(1)}","public","book","GENERATED_COLUMN","thrice","pages * 3"]`)
    expect(text).not.toContain('partywall_try_')
    const { rows } = await admin.query(`select to_regclass('book') as book, to_regclass('plans') as plans`)
    expect(rows).toEqual([{ book: null, plans: null }])
  },
)

/** As the program `mikro-orm` does it. */
const mikroOrm = `#!/usr/bin/env node
  import { writeFileSync } from 'node:fs'
  import { EntitySchema, MikroORM } from '@mikro-orm/postgresql'
  import { Migrator } from '@mikro-orm/migrations'
  if (process.env.OFFLINE) {
    writeFileSync('db/Offline.js', '')
    process.exit()
  }
  const properties = { id: { type: 'integer', primary: true }, more: { type: 'text', nullable: true } }
  const migrations = { path: 'db', emit: 'js' }
  const entities = [new EntitySchema({ name: 'Book', tableName: 'book', properties })]
  const orm = await MikroORM.init({ entities, dbName: 'tenants', preferEnvVars: true, extensions: [Migrator], migrations })
  await orm.migrator.create(undefined, false, false, process.argv.at(-1))
  await orm.close(true)`

test(
  'migrate new lets MikroORM compare with such a database, whatever the project connects to; a tool that did not connect is a failure',
  { timeout: 90_000 },
  async () => {
    const { run, folder } = await project(url, {
      'partywall.config.ts': configWith('mikroOrmMigrations', `mikroOrmMigrations('db')`),
      'mikro-orm.mjs': mikroOrm,
      'db/Migration1.js': `
      const { Migration } = require('@mikro-orm/migrations')
      exports.Migration1 = class extends Migration {
        up() { this.addSql('create table "book" ("id" serial primary key);') }
      }`,
      'node_modules/.bin/x': '',
    })
    await chmod(join(folder, 'mikro-orm.mjs'), 0o755)
    await symlink(join(folder, 'mikro-orm.mjs'), join(folder, 'node_modules/.bin/mikro-orm'))
    await symlink(join(packages, '@mikro-orm'), join(folder, 'node_modules/@mikro-orm'))
    const made = await run('migrate new more --json', { env })
    expect(made.json).toEqual({
      file: expect.stringMatching(/\/db\/Migration\d+_more\.js$/),
      command: 'npx mikro-orm migration:create --name more',
    })
    expect((await readFile(made.json.file, 'utf8')).match(/addSql\(.*/g)![0]).toBe(
      'addSql(`alter table "book" add "more" text null;`);',
    )
    const snapshot = `.snapshot-${new URL(url).pathname.slice(1)}.json`
    expect((await readdir(join(folder, 'db'))).toSorted()).toEqual([snapshot, 'Migration1.js', expect.any(String)])
    await rm(join(folder, 'db', snapshot))
    const offline = await run('migrate new none --json', { env: { ...env, OFFLINE: '1' } })
    expect(offline).toMatchObject({ code: 1, stderr: expect.stringContaining('did not connect to the database') })
  },
)

test('migrate new tells why a generator cannot compare with a database, and --print what it would run', async () => {
  const { run, folder } = await project(url, {
    'partywall.config.ts': configWith('prismaMigrations', `prismaMigrations('prisma/migrations')`),
    'prisma/schema.prisma': '',
    'prisma/migrations/20260101000000_init/migration.sql': 'create table "public"."x" ();\nselect from nowhere;',
  })
  const command =
    /npx prisma migrate diff --from-config-datasource --to-schema prisma\/schema\.prisma --script --exit-code --output prisma\/migrations\/\d{14}_more\/migration\.sql/
  const printed = (await run('migrate new more --print')).stdout
  expect(printed).toMatch(command)
  expect(printed).toMatch(/^# DATABASE_URL names a database that is made for it/)
  const missing = expectFailure(await run('migrate new more --json', { env: { PATH: '/nowhere' } }), 2, 'USAGE')
  expect(missing.message).toMatch(/^`npx prisma .*npm install --save-dev prisma$/)
  await symlink(packages, join(folder, 'node_modules'))
  const broken = expectFailure(await run('migrate new more --json'), 1, 'INVALID_MIGRATION')
  expect(broken.message).toMatch(/fail without tenants.*migration\.sql, line 2: relation "nowhere" does not exist/)
  const role = `pwt_new_${crypto.randomUUID().slice(0, 8)}`
  await admin.query(`create role ${role} login password 'secret'`)
  const roleUrl = Object.assign(new URL(url), { username: role, password: 'secret' })
  const refused = await run(['migrate', 'new', 'more', '--json', '--url', roleUrl.href])
  await admin.query(`drop role ${role}`)
  expect(expectFailure(refused, 1, 'NOT_PERMITTED').message).toMatch(/createdb.*partywall migrate new --embedded/)
})
