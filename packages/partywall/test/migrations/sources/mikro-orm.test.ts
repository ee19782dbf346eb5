import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Migrator } from '@mikro-orm/migrations'
import { MikroORM } from '@mikro-orm/postgresql'
import { mikroOrmMigrations } from '../../../src/orm/mikro-orm.ts'
import { sourceContract } from '../../contract/migration-source.ts'

sourceContract('MikroORM', {
  folder: 'mikro-orm-7.2.1/migrations',
  entry: ['partywall/mikro-orm', 'mikroOrmMigrations'],
  source: (folder) => mikroOrmMigrations(folder),
  names: ['Migration20261121070053', 'Migration20261121070056'],
  withDown: ['Migration20261121070056'],
  lacks: ['tickets'],
  hasLines: false,
  table: 'mikro_orm_migrations',
  // Its runner makes its table in the default schema, too.
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
