/** A fleet for these tests: tenants with two tables, and a shared schema with one. */
import type { Migration, MigrationSource } from '../../src/index.ts'

export const source = (name: string, ...texts: readonly string[]): MigrationSource => ({
  name,
  list: async () =>
    texts.map((text, index): Migration => {
      const file = `000${index + 1}_${name}`
      return { name: file, file, checksum: text, up: { kind: 'sql', text, line: 1 } }
    }),
})

export const migrations = {
  tenant: source(
    'tenant',
    `create table projects (id int generated always as identity primary key, title text not null, plan_id int references plans (id), note text);
     create table jobs (id int generated always as identity primary key, at timestamptz not null default now());`,
  ),
  shared: source('shared', 'create table plans (id int primary key, name text not null)'),
}
