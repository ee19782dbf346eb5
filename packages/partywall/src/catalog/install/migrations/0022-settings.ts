/** Settings of tenants. Frozen: installed catalogs hold the checksum of this text. A change is a new migration. */
import type { CatalogMigration } from './catalog-migration.ts'
import { rightsOfDomains } from './rights-of-domains.ts'

export const settings: CatalogMigration = {
  number: 22,
  name: '0022-settings',
  checksum: '12dffbaf37d6c9fe73442c4ae04073e04296de3f2d259f3985ded1fffe933872',
  text: String.raw`-- What each tenant is configured with: one row for each value, such as smtp.host. A secret is stored encrypted, and its key is not in the database.

create table partywall.settings (
  tenant_id uuid not null references partywall.tenants (id) on delete cascade,
  key text collate "C" not null,
  value jsonb,
  sealed bytea,
  sealed_by text collate "C",
  changed_at timestamptz not null default pg_catalog.now(),
  primary key (tenant_id, key),

  constraint settings_key_is_bounded check (pg_catalog.octet_length(key) between 1 and 500 and key !~ '[\u0001-\u001f\u007f]'),
  constraint settings_key_has_names check (key !~ '(^|[.])(__proto__)?([.]|$)'),
  constraint settings_value_is_one check ((value is null) <> (sealed is null)),
  constraint settings_sealed_by_a_key check ((sealed is null) = (sealed_by is null))
);

comment on table partywall.settings is 'One row for each setting that a tenant has of its own.';
comment on column partywall.settings.sealed is 'In place of value, for a secret: AES-256-GCM, bound to the tenant and the key of the setting.';
comment on column partywall.settings.sealed_by is 'The name of the secret of the application that encrypted it.';

-- With the rights of the owner, as the announcements of tenants: settings <id of the tenant>.
create function partywall.announce_settings() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare
  announced text[];
begin
  if tg_op = 'TRUNCATE' then
    announced := array['all'];
  elsif tg_op = 'INSERT' then
    announced := array(select distinct pg_catalog.concat('settings ', tenant_id) from after_change limit 1001);
  elsif tg_op = 'DELETE' then
    announced := array(select distinct pg_catalog.concat('settings ', tenant_id) from before_change limit 1001);
  else
    announced := array(
      select pg_catalog.concat('settings ', tenant_id)
      from (select tenant_id from before_change union select tenant_id from after_change) as concerned
      limit 1001
    );
  end if;
  perform partywall.announce(announced);
  return null;
end
$$;

create trigger settings_announce_insert after insert on partywall.settings
  referencing new table as after_change for each statement execute function partywall.announce_settings();
create trigger settings_announce_update after update on partywall.settings
  referencing old table as before_change new table as after_change for each statement execute function partywall.announce_settings();
create trigger settings_announce_delete after delete on partywall.settings
  referencing old table as before_change for each statement execute function partywall.announce_settings();
create trigger settings_announce_truncate after truncate on partywall.settings
  for each statement execute function partywall.announce_settings();

${rightsOfDomains('settings')}`,
}
