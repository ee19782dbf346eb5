import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataSource, EntitySchema } from 'typeorm'
import { typeormMigrations } from '../../../src/orm/typeorm.ts'
import { sourceContract, stripPublic, type SourceSubject } from '../../contract/migration-source.ts'

const names = ['Init1795244382291', 'Pages1795244389586'] as const

const common = {
  entry: ['partywall/typeorm', 'typeormMigrations'],
  source: (folder) => typeormMigrations(folder),
  names,
  withDown: names,
  lacks: ['tickets'],
  alsoMakes: ['typeorm_metadata'],
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

/** With a view among its entities, TypeORM's runner makes the table in which it notes views. */
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
