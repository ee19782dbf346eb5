/** A tenancy on a database of its own, whose tenants have a table of notes. */
import { createTenancy, type Config, type Tenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { atFileEnd } from '../support/run/file-end.ts'
import { folderWith } from '../cli/partywall.ts'

export async function notesTenancy(config: Partial<Config> = {}): Promise<{ tenancy: Tenancy; url: string }> {
  const { url } = await testDatabase()
  const root = await folderWith({
    'migrations/shared/.gitkeep': '',
    'migrations/tenant/0001_notes.sql':
      'create table notes (id integer generated always as identity primary key, text text not null);',
  })
  const tenancy = createTenancy({ database: url, root, ...config })
  atFileEnd(() => tenancy.close())
  return { tenancy, url }
}
