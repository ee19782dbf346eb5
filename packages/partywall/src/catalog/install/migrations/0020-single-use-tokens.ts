/** Tokens that work once. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'
import { rightsOfDomains } from './rights-of-domains.ts'

export const singleUseTokens: CatalogMigration = {
  number: 20,
  name: '0020-single-use-tokens',
  checksum: 'b2df54ff6a844e098e7c72e4c98a9105b3cdcedd88156923b0a9b4a97cbff688',
  text: String.raw`-- Tokens that work once, at one address of one tenant. The token itself is not stored.

create table partywall.single_use_tokens (
  token_hash bytea primary key,
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  purpose text collate "C" not null,
  url text collate "C" not null,
  user_id text collate "C" not null,
  operator text collate "C" not null,
  reason text not null,
  expires_at timestamptz not null,

  constraint single_use_tokens_hash_is_sha256 check (pg_catalog.octet_length(token_hash) = 32),
  constraint single_use_tokens_url_is_bounded check (pg_catalog.octet_length(url) between 1 and 4000)
);

create index single_use_tokens_expires_at on partywall.single_use_tokens (expires_at);
create index single_use_tokens_tenant on partywall.single_use_tokens (tenant_id);

comment on table partywall.single_use_tokens is 'Hashes of tokens that work once. A row is deleted when its token is used.';

${rightsOfDomains('single_use_tokens')}`,
}
