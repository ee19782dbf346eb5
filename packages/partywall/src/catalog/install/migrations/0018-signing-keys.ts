/** Keys that sign the tokens of tenants. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'
import { rightsOfDomains } from './rights-of-domains.ts'

export const signingKeys: CatalogMigration = {
  number: 18,
  name: '0018-signing-keys',
  checksum: '4063a40d6496122be4bfe36f5160cacaac5d78cb62dd05dd7bff21fe52e46422',
  text: String.raw`-- Which keys sign the tokens of a tenant. No key is stored: each is derived from a secret of the application, the id of the tenant and the name of the key.

create table partywall.signing_keys (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  kid text collate "C" not null,
  created_at timestamptz not null default pg_catalog.now(),
  valid_until timestamptz,
  primary key (tenant_id, kid),

  constraint signing_keys_kid_is_bounded check (kid ~ '^[A-Za-z0-9_-]{8}[.][A-Za-z0-9_-]{16}$')
);

comment on table partywall.signing_keys is 'The names of the keys that sign tokens of tenants. The keys themselves are stored nowhere.';
comment on column partywall.signing_keys.valid_until is 'From then on its tokens are refused. Null: it signs.';

${rightsOfDomains('signing_keys')}`,
}
