/** A thousand tenants of twelve tables, with the history that migrations would have left. Made once and kept. */
import { createTenancy } from '../../packages/partywall/src/index.ts'
import { digestOf } from '../../packages/partywall/src/migrations/history/digest.ts'
import { commentText, createHistoryTexts, recordText } from '../../packages/partywall/src/migrations/history/history-sql.ts'
import { withClient } from '../migrations/fleet.ts'

export const tenants = 1000
const tables = 12

/** Twelve tables with 36 indexes, 11 foreign keys and 12 triggers. */
const text = [
  `create function touch() returns trigger language plpgsql as $$ begin new.changed_at := now(); return new; end $$`,
  ...Array.from({ length: tables }, (_, number) => [
    `create table items_${number} (
      id bigint generated always as identity primary key,
      ${number === 0 ? '' : `parent_id bigint references items_${number - 1},`}
      name text not null,
      state text not null default 'open' check (state in ('open', 'done')),
      amount numeric default 0,
      changed_at timestamptz not null default now()
    )`,
    `create index on items_${number} (name)`,
    `create index on items_${number} (changed_at, amount)`,
    `create trigger touch before update on items_${number} for each row execute function touch()`,
  ]).flat(),
].join(';\n')

export const migrations = [
  { name: '0001_tables', file: '0001_tables', checksum: 'bench', up: { kind: 'sql', text, line: 1 } } as const,
]

export async function createFleet(url: string): Promise<void> {
  await using tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: { name: 'bench', list: async () => migrations } },
  })
  const existing = new Set((await Array.fromAsync(tenancy.tenants.each())).map(({ schema }) => schema))
  const names = Array.from({ length: tenants }, (_, number) => `tenant_${String(number).padStart(4, '0')}`)
  const missing = names.filter((schema) => !existing.has(schema))
  if (missing.length === 0) return
  // The first one makes the catalog.
  if (existing.size === 0) await tenancy.tenants.create({ schema: missing.shift()! })
  await withClient(url, async (client) => {
    await client.query('set synchronous_commit to off')
    for (let from = 0; from < missing.length; from += batch) {
      await client.query(
        missing
          .slice(from, from + batch)
          .map(tenantText)
          .join('\n'),
      )
      process.stderr.write(`${from} of ${missing.length} tenants\r`)
    }
    await client.query('vacuum analyze')
  })
}

const batch = 50

function tenantText(schema: string): string {
  return `
    insert into partywall.tenants (schema, name) values ('${schema}', '${schema}');
    create schema ${schema};
    set local search_path to ${schema};
    ${text};
    ${[...createHistoryTexts(schema), recordText(schema, 1, migrations), commentText(schema, digestOf(migrations))].join(';\n')};`
}
