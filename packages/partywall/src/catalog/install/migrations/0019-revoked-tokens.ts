/** Tokens that are refused before they expire. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'
import { rightsOfDomains } from './rights-of-domains.ts'

export const revokedTokens: CatalogMigration = {
  number: 19,
  name: '0019-revoked-tokens',
  checksum: '402d998cf2e4184c6a3ee88bc4806cef29b1754ebcbf9578a11630d72fbbb528',
  text: String.raw`-- Tokens, and families of tokens, that are refused although they are not over yet. A row is of no use after its time, and is deleted by later ones.

create table partywall.revoked_tokens (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  token_id text collate "C" not null,
  expires_at timestamptz not null,
  primary key (tenant_id, token_id),

  constraint revoked_tokens_token_id_is_bounded check (pg_catalog.octet_length(token_id) between 1 and 64)
);

create index revoked_tokens_expires_at on partywall.revoked_tokens (expires_at);

comment on table partywall.revoked_tokens is 'The ids of tokens that were used or revoked, and of families of tokens that were revoked.';

${rightsOfDomains('revoked_tokens')}`,
}
