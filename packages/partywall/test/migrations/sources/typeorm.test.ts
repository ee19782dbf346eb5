import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataSource, EntitySchema } from 'typeorm'
import { describe, expect, test } from 'vitest'
import { typeormMigrations } from '../../../src/orm/typeorm.ts'
import { sourceContract, stripPublic, type SourceSubject } from '../../contract/migration-source.ts'
import { fixture, toolFolder } from '../../support/migrations/fixtures.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'

const names = ['Init1795244382291', 'Pages1795244389586'] as const

const common = {
  entry: ['partywall/typeorm', 'typeormMigrations'],
  source: (folder) => typeormMigrations(folder),
  names,
  withDown: names,
  lacks: ['tickets'],
  alsoCreates: ['typeorm_metadata'],
  hasLines: false,
  table: 'migrations',
  leaks: ['mood'],
  prepare: stripPublic,
  async migrate(folder, { url, schema }) {
    const files = (await readdir(folder)).toSorted()
    const modules = await Promise.all(files.map((file) => import(join(folder, file))))
    const classes = modules.flatMap((module) => Object.values({ ...module.default, ...module }))
    const migrations = [...new Set(classes.filter((value) => typeof value === 'function'))] as never[]
    const extra = { options: `-c search_path=${schema},public` }
    const dataSource = new DataSource({ type: 'postgres', url, extra, entities: [calmBooks], migrations, logging: false })
    await dataSource.initialize()
    await dataSource.runMigrations({ transaction: 'each' })
    await dataSource.destroy()
  },
} satisfies Partial<SourceSubject>

/** With a view among its entities, TypeORM's runner creates the table in which it records views. */
const calmBooks = new EntitySchema({
  name: 'CalmBooks',
  tableName: 'calm_books',
  type: 'view',
  expression: 'select id, title from books',
  columns: { id: { type: 'int' }, title: { type: 'text' } },
})

sourceContract('TypeORM, in TypeScript', {
  ...common,
  folder: 'typeorm-1.1.1/migrations',
  async add(folder, sql) {
    const file = join(folder, '1795250000000-Added.ts')
    const text = `import { MigrationInterface, QueryRunner } from "typeorm";

export class Added1795250000000 implements MigrationInterface {
    public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(${JSON.stringify(sql)});
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
    }
}
`
    await writeFile(file, text)
    return { name: 'Added1795250000000', file }
  },
})

sourceContract('TypeORM, compiled', {
  ...common,
  folder: 'typeorm-1.1.1/build',
  async add(folder, sql) {
    const file = join(folder, '1795250000000-Added.js')
    const text = `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Added1795250000000 = void 0;
class Added1795250000000 {
    async up(queryRunner) {
        await queryRunner.query(${JSON.stringify(sql)});
    }
    async down() { }
}
exports.Added1795250000000 = Added1795250000000;
`
    await writeFile(file, text)
    return { name: 'Added1795250000000', file }
  },
})

const migration = (name: string, up: string, rest = ''): string => `
  import { MigrationInterface, QueryRunner, Table, TableColumn, TableForeignKey, TableIndex } from 'typeorm'
  export class ${name} implements MigrationInterface {
    ${rest}
    async up(queryRunner: QueryRunner): Promise<void> { ${up} }
    async down(): Promise<void> {}
  }`

describe('typeormMigrations', () => {
  test('gives a QueryRunner of TypeORM, whose functions for tables work in the tenant', async () => {
    const folder = await toolFolder({
      '1.ts': migration(
        'Tables1700000000001',
        `await queryRunner.createTable(new Table({ name: 'x', columns: [
           { name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
           { name: 'mood', type: 'enum', enum: ['calm', 'busy'], enumName: 'mood' },
           { name: 'book', type: 'int', isNullable: true },
         ] }))
         await queryRunner.createTable(new Table({ name: 'books', columns: [{ name: 'id', type: 'int', isPrimary: true }] }))
         await queryRunner.createForeignKey('x', new TableForeignKey({ columnNames: ['book'], referencedTableName: 'books', referencedColumnNames: ['id'] }))
         await queryRunner.createIndex('x', new TableIndex({ name: 'x_book', columnNames: ['book'] }))
         await queryRunner.dropIndex('x', 'x_book')
         await queryRunner.addColumn('x', new TableColumn({ name: 'note', type: 'text', isNullable: true }))
         if (!(await queryRunner.hasTable('x')) || !(await queryRunner.hasColumn('x', 'note'))) throw new Error('not there')
         if (await queryRunner.hasColumn('x', 'other')) throw new Error('that of another schema')
         await queryRunner.changeColumn('x', 'mood', new TableColumn({ name: 'mood', type: 'enum', enum: ['calm', 'wild'], enumName: 'mood' }))`,
      ),
    })
    const namesakes = `create type mood as enum ('other'); create table x (other mood); create table books (id int primary key)`
    const { createTenant, rows } = await tenantOf(typeormMigrations(folder), namesakes, {
      migrations: { shadowed: ['x', 'books'] },
    })
    await createTenant()
    expect(
      await rows(`select enumlabel as label from pg_enum where enumtypid = 'a.mood'::regtype order by enumsortorder`),
    ).toEqual([{ label: 'calm' }, { label: 'wild' }])
    expect(
      await rows(
        `select confrelid::regclass::text as target from pg_constraint where conrelid = 'a.x'::regclass and contype = 'f'`,
      ),
    ).toEqual([{ target: 'books' }])
    expect(await rows(`select 'books'::regclass = 'a.books'::regclass as own`)).toEqual([{ own: true }])
    expect(await rows(`select enumlabel as label from pg_enum where enumtypid = 'public.mood'::regtype`)).toEqual([
      { label: 'other' },
    ])
  })

  test('turns transactions into savepoints, and refuses to end the transaction of partywall', async () => {
    const nested = await toolFolder({
      '1.ts': migration(
        'Nested1700000000001',
        `if (!queryRunner.isTransactionActive) throw new Error('no transaction')
         await queryRunner.query('create table x (n int)')
         await queryRunner.startTransaction()
         await queryRunner.query('insert into x values ($1)', [1])
         await queryRunner.rollbackTransaction()
         await queryRunner.manager.transaction((manager) => manager.query('insert into x values (2)'))`,
      ),
    })
    const { createTenant, rows } = await tenantOf(typeormMigrations(nested))
    await createTenant()
    expect(await rows('select n from a.x')).toEqual([{ n: 2 }])
    const ending = await toolFolder({ '1.ts': migration('Ending1700000000001', 'await queryRunner.commitTransaction()') })
    await expect((await tenantOf(typeormMigrations(ending))).createTenant()).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
  })

  test('records a view in the tenant’s own table of metadata, with the tenant’s schema', async () => {
    const { createTenant, rows } = await tenantOf(
      typeormMigrations(fixture('typeorm-1.1.1/migrations')),
      'create table typeorm_metadata (type text, database text, schema text, "table" text, name text, value text)',
      { migrations: { shadowed: ['typeorm_metadata'] } },
    )
    await createTenant()
    expect(await rows('select schema, name from a.typeorm_metadata')).toEqual([{ schema: 'a', name: 'calm_books' }])
    expect(await rows('select * from public.typeorm_metadata')).toEqual([])
  })

  test('sorts by the timestamp in the name, in whichever file the class is', async () => {
    const folder = await toolFolder({
      'a.ts': `${migration('Late1700000000003', '')}\n${migration('X', '', `name = 'Early1700000000001'`).replace(/import .*/, '')}`,
      'b.ts': migration('Middle1700000000002', '', 'transaction = false'),
    })
    expect((await typeormMigrations(folder).list()).map(({ name, transaction }) => [name, transaction])).toEqual([
      ['Early1700000000001', undefined],
      ['Middle1700000000002', false],
      ['Late1700000000003', undefined],
    ])
  })

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a class without a timestamp',
      { '1.ts': migration('Init', '') },
      /exports the class Init, which is no migration of TypeORM/,
    ],
    ['a class without up', { '1.ts': 'export class Init1700000000001 {}' }, /needs `up`/],
    ['a file without a class', { '1.ts': 'export const x = 1' }, /exports no class/],
    [
      'one name twice',
      { '1.ts': migration('A1700000000001', ''), '2.ts': migration('A1700000000001', '') },
      /has a migration A1700000000001, and so has another file/,
    ],
  ])('refuses %s', async (_, files, message) => {
    const listing = typeormMigrations(await toolFolder(files)).list()
    await expect(listing).rejects.toThrow(message)
    await expect(listing).rejects.toMatchObject({ code: 'INVALID_MIGRATION' })
  })
})
