/** A catalog of the version before the audit, with tenants in it and with roles that were given rights by hand. */
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { catalogMigrations } from '../../src/catalog/install/catalog-migrations.ts'
import { auditOf } from '../support/tenants/audit.ts'
import { testDatabase } from '../support/servers/database.ts'
import { registryForTest } from '../support/tenants/registry.ts'

test('a catalog of version 5 is upgraded with its rows, and a role that could change tenants still can', async () => {
  const { url, name } = await testDatabase()
  const admin = new Client(url)
  await admin.connect()
  await installVersion5(admin)
  await admin.query(`
    insert into partywall.tenants (schema, name) values ('acme', 'Acme'), ('globex', 'Globex');
    insert into partywall.domains (domain, tenant_id, is_primary) select schema || '.example.com', id, true from partywall.tenants`)
  const stored = async (): Promise<unknown[]> =>
    (
      await admin.query(
        'select * from partywall.tenants as tenant join partywall.domains as domain on tenant_id = tenant.id order by 1',
      )
    ).rows
  const before = await stored()
  const [writer, reader] = ['writer', 'Reader "x"'].map((part) => `pwt_${crypto.randomUUID().slice(0, 8)}_${part}`) as [
    string,
    string,
  ]
  const quoted = (role: string): string => admin.escapeIdentifier(role)
  await admin.query(`
    create role ${quoted(writer)} login password 'secret';
    create role ${quoted(reader)};
    grant connect on database "${name}" to ${quoted(writer)};
    grant usage on schema partywall to ${quoted(writer)};
    grant select, insert, update, delete on all tables in schema partywall to ${quoted(writer)};
    grant select on all tables in schema partywall to ${quoted(reader)}`)
  onTestFinished(async () => {
    await admin.query(`drop owned by ${quoted(writer)}, ${quoted(reader)}; drop role ${quoted(writer)}, ${quoted(reader)}`)
    await admin.end()
  })

  expect(await registryForTest(url).tenants.list()).toHaveLength(2)
  // Later versions have more columns.
  expect(await stored()).toMatchObject(before)
  expect(await auditOf(admin)).toEqual([])
  const roleUrl = Object.assign(new URL(url), { username: writer, password: 'secret' }).href
  await registryForTest(roleUrl).tenants.setStatus('acme', 'suspended')
  expect(await auditOf(admin)).toMatchObject([{ actor: writer, action: 'tenant.suspended', object: 'acme' }])
  const rights = await admin.query(`select pg_catalog.has_any_column_privilege($1::name, 'partywall.audit', 'insert') as may`, [
    reader,
  ])
  expect(rights.rows).toEqual([{ may: false }])
  // What came later, too: a role that could change tenants can change their members, and one that could read them can only read those.
  const later = await admin.query(
    `select pg_catalog.has_table_privilege($1::name, 'partywall.members', 'insert, delete') as writes,
      pg_catalog.has_table_privilege($2::name, 'partywall.members', 'select') as reads,
      pg_catalog.has_table_privilege($2::name, 'partywall.members', 'insert, update, delete') as changes`,
    [writer, reader],
  )
  expect(later.rows).toEqual([{ writes: true, reads: true, changes: false }])
  const { rows } = await admin.query(
    `select indexdef from pg_catalog.pg_indexes where indexname in ('tenants_kind', 'audit_tenant') order by 1`,
  )
  expect(rows.map(({ indexdef }) => (indexdef as string).replace(/^.* ON /, ''))).toEqual([
    'partywall.audit USING btree (tenant_id, at)',
    'partywall.tenants USING btree (kind, created_at)',
  ])
})

async function installVersion5(admin: Client): Promise<void> {
  await admin.query('create schema partywall')
  for (const { number, name, checksum, text } of catalogMigrations.filter((migration) => migration.number <= 5)) {
    await admin.query(text)
    await admin.query('insert into partywall.migrations (number, name, checksum) values ($1, $2, $3)', [number, name, checksum])
  }
}
