/** `tenancy.settings`: what it promises to its users. Reading is part of serving requests; changes are loaded when the first one is made. */
import type { SettingKey, SomeSettings } from './config/settings-option.ts'
import type { ForEachEntry, ForEachOptions } from './fleet/for-each.ts'
import { perTenant, type PerTenant, type PerTenantOptions } from './settings/per-tenant.ts'
import type { Rotation, SettingEntry } from './settings/settings-results.ts'
import type { Rooms } from './tenancy-rooms.ts'
import type { FleetReport, Tenant, TenantRef } from './types.ts'

export type { SettingEntry }

/**
 * `tenancy.settings`: what tenants are configured with, as the option `settings` describes it. `S` is what its schema returns, `T` what it takes. These calls do not
 * ask who calls them.
 */
export interface SettingsApi<A extends object, S extends object, T extends object> {
  /**
   * The settings of the current tenant: its own values over those of its kind, over the defaults; validated, and frozen. Cached: a change of any process is seen
   * as one of a tenant is. Costs one query when they are not in the cache. A secret is in its property; `console.log` and `JSON.stringify` show `***`.
   * @example if ((await tenancy.settings()).features.beta) showBeta()
   * @throws TenancyError NO_TENANT; SETTINGS_UNREADABLE for a secret that does not open, and for values that do not fit the schema; INVALID_OPTION
   */
  (): Promise<Readonly<S>>
  /**
   * The settings of another tenant. Costs as the call without a tenant.
   * @example const { seats } = (await tenancy.settings.of('acme')).limits
   * @throws TenancyError UNKNOWN_TENANT, SETTINGS_UNREADABLE, INVALID_OPTION
   */
  of(ref: Tenant<A> | TenantRef): Promise<Readonly<S>>
  /**
   * Sets values of a tenant; the others stay as they are, also when another call sets them at the same time. Lists are replaced. Validates the settings that
   * come of it before it writes. Returns them. Costs one transaction with four or five queries.
   * @example await tenancy.settings.set('acme', { limits: { seats: 25 } })
   * @throws TenancyError INVALID_SETTINGS; INVALID_ARGUMENT for a key that the schema does not know, and for undefined; UNKNOWN_TENANT, SETTINGS_UNREADABLE, INVALID_OPTION
   */
  set(ref: TenantRef, changes: SomeSettings<T>): Promise<Readonly<S>>
  /**
   * Takes values of a tenant back, so that those of its kind, or the defaults, hold again. A group stands for all in it. Costs as `set`.
   * @example await tenancy.settings.unset('acme', ['smtp', 'limits.seats'])
   * @throws TenancyError INVALID_SETTINGS where the schema needs the value; INVALID_ARGUMENT, UNKNOWN_TENANT, SETTINGS_UNREADABLE, INVALID_OPTION
   */
  unset(ref: TenantRef, keys: SettingKey<T> | readonly SettingKey<T>[]): Promise<Readonly<S>>
  /**
   * The settings one by one, with where each comes from, sorted by key. Secrets are `***` without `reveal`. Also for settings that do not fit the schema. Costs one query.
   * @example const own = (await tenancy.settings.list('acme')).filter(({ from }) => from === 'tenant')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT; SETTINGS_UNREADABLE with `reveal`
   */
  list(ref: TenantRef, options?: { readonly reveal?: boolean | undefined }): Promise<SettingEntry[]>
  /**
   * Reads the settings of all tenants, or of those that the options select, archived ones included: whether they fit the schema, and whether their secrets open.
   * Call it with the configuration of a new version before that is deployed. Costs one query for each tenant.
   * @example const { ok, entries } = await tenancy.settings.check()
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND; not for settings that cannot be read, which are in the report
   */
  check(options?: Omit<ForEachOptions, 'repair' | 'resume'>): Promise<FleetReport>
  /**
   * Encrypts the secrets of all tenants under the first key of `settings.key`, and those that were stored before their key was named a secret. The report has an
   * entry for each tenant that needed it. Call it again after a kill. Costs one transaction for each of these tenants.
   * @example const { ok } = await tenancy.settings.rotateKey()
   * @throws TenancyError INVALID_OPTION without a key; INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND; not for failures in a tenant, which are in the report
   */
  rotateKey(options?: Omit<ForEachOptions, 'repair' | 'resume'>): Promise<FleetReport<ForEachEntry<Rotation>>>
  /**
   * Keeps one object for each tenant, made of its settings: a mail transport, an S3 client. It is made again when the settings have changed. Call it once, at
   * the start, outside of requests.
   * @example const transports = tenancy.settings.perTenant(({ smtp }) => createTransport(smtp), { dispose: (transport) => transport.close() })
   * @throws TenancyError INVALID_ARGUMENT
   */
  perTenant<O>(make: (settings: Readonly<S>, tenant: Tenant<A>) => O | Promise<O>, options?: PerTenantOptions<O>): PerTenant<O>
}

export function settingsApi<A extends object, S extends object, T extends object>(rooms: Rooms<A>): SettingsApi<A, S, T> {
  const { settings } = rooms
  const current = (): Promise<Readonly<S>> => settings.current() as Promise<unknown> as Promise<Readonly<S>>
  return Object.freeze(
    Object.assign(current, {
      of: (ref: Tenant<A> | TenantRef) => settings.of(ref),
      set: async (ref: TenantRef, changes: unknown) => (await loadChanges()).setSettings(rooms, ref, changes),
      unset: async (ref: TenantRef, keys: string | readonly string[]) => (await loadChanges()).unsetSettings(rooms, ref, keys),
      async list(ref: TenantRef, options?: { readonly reveal?: boolean | undefined }) {
        const { listSettings } = await import(/* webpackMode: "eager" */ './settings/list-settings.ts')
        return listSettings(rooms, ref, options)
      },
      async check(options?: Omit<ForEachOptions, 'repair' | 'resume'>) {
        const { checkSettings } = await import(/* webpackMode: "eager" */ './settings/check-settings.ts')
        return checkSettings(rooms, options)
      },
      async rotateKey(options?: Omit<ForEachOptions, 'repair' | 'resume'>) {
        const { rotateKey } = await import(/* webpackMode: "eager" */ './settings/rotate-key.ts')
        return rotateKey(rooms, options)
      },
      perTenant: (make: any, options: any) => perTenant(rooms, make, options),
    }),
  ) as unknown as SettingsApi<A, S, T>
}

const loadChanges = () => import(/* webpackMode: "eager" */ './settings/change-settings.ts')
