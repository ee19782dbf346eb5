/** The settings of a tenant one by one, with where each comes from. Also of a tenant whose settings cannot be read as a whole: it shows what is stored. */
import type { Catalog } from '../catalog/catalog.ts'
import { toJson } from '../catalog/tenants/json-value.ts'
import type { Tenants } from '../catalog/tenants/tenants.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { Tenant, TenantRef } from '../types.ts'
import { Sealed } from './cipher.ts'
import { hidden, isSecretValue } from './secret-keys.ts'
import { isGroup, leavesOf, mergeTrees, treeOf, type Tree } from './setting-keys.ts'
import type { SettingEntry, SettingSource } from './settings-results.ts'
import { readStored } from './stored-settings.ts'
import type { TenantSettings } from './tenant-settings.ts'

export interface ListParts<A extends object> {
  readonly catalog: Catalog
  readonly tenants: Tenants<A>
  readonly settings: TenantSettings<A>
}

/** tenancy.settings.list */
export async function listSettings<A extends object>(
  { catalog, tenants, settings }: ListParts<A>,
  ref: TenantRef,
  options: { readonly reveal?: boolean | undefined } = {},
): Promise<SettingEntry[]> {
  assertKnownKeys('settings.list', options, ['reveal'])
  const isRevealed = options.reveal === true
  const tenant = await tenants.get(ref)
  const own = treeOf(await readStored(catalog, tenant.id))
  const merged = settings.merged(tenant.kind, own)
  const all = leavesOf(mergeTrees(await outputOf(settings, tenant, own), merged))
  const ownLeaves = leavesOf(own)
  const [ofKind, given] = [leavesOf(settings.kindLayer(tenant.kind)), leavesOf(merged)]
  return [...all].map(([key, value]) => {
    const from: SettingSource = ownLeaves.has(key) ? 'tenant' : ofKind.has(key) ? 'kind' : given.has(key) ? 'defaults' : 'schema'
    const isSecret = value instanceof Sealed || isSecretValue(key, settings.secrets)
    const shown = isSecret && !isRevealed ? hidden : value instanceof Sealed ? settings.cipher.open(tenant, key, value) : value
    return Object.freeze({ key, value: shown, from, isSecret })
  })
}

/** With what the schema adds; nothing where the settings cannot be read, which must not keep an operator from seeing them. */
async function outputOf<A extends object>(settings: TenantSettings<A>, tenant: Tenant<A>, own: Tree): Promise<Tree> {
  try {
    const result = await settings.resolve(tenant, own)
    const json = result.issues === undefined ? toJson(result.value, []) : {}
    return isGroup(json) ? json : {}
  } catch {
    return {}
  }
}
