/** Which password the login of a tenant has. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const logins: CatalogMigration = {
  number: 8,
  name: '0008-logins',
  checksum: 'bb39f16f432b7ad46f0cff4203b47fd8f6b53540b7078e8ec6ceb17e82f7f1c2',
  text: String.raw`-- A password is derived from a key that is not in the database, and from this number. A change of it is announced as every change of the row.

alter table partywall.tenants
  add column login_generation integer check (login_generation > 0),
  add column login_rotated_at timestamptz;

comment on column partywall.tenants.login_generation is 'Grows when the password of the login changes; null where the tenant has no login of its own.';
`,
}
