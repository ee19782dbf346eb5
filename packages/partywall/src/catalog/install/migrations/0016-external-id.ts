/** The key of a tenant in another system. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'

export const externalId: CatalogMigration = {
  number: 16,
  name: '0016-external-id',
  checksum: 'c681dfcb9d6b119d39594e93616ea6f32dfef307dfc5a6b0670176449a84d3fc',
  text: String.raw`-- The key that a tenant has in another system.

alter table partywall.tenants
  add column external_id text collate "C" constraint tenants_external_id_key unique,
  add constraint tenants_external_id_is_plain check (
    pg_catalog.char_length(external_id) between 1 and 255 and external_id !~ '[\u0001-\u001f\u007f]'
  );

comment on column partywall.tenants.external_id is 'The key of the tenant in another system, such as the id of an organisation in a hosted sign-in.';
`,
}
