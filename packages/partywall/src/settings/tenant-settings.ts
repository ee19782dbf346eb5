/**
 * What each tenant is configured with: its own values over those of its kind, over the defaults; validated as a whole, frozen, and cached until a change
 * is announced. Reading is here. Changes are in change-settings.ts, and each of them locks the row of its tenant.
 */
import { createHash } from 'node:crypto'
import type { Catalog } from '../catalog/catalog.ts'
import { AnswerCache } from '../catalog/tenants/answer-cache.ts'
import { toJson, type JsonProblem } from '../catalog/tenants/json-value.ts'
import { isTenant } from '../catalog/tenants/tenant-row.ts'
import type { Tenants } from '../catalog/tenants/tenants.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { GivenSettings, SettingsOption } from '../config/settings-option.ts'
import { TenancyError } from '../errors.ts'
import type { Scope } from '../scope/scope.ts'
import type { Attributes, Tenant, TenantRef } from '../types.ts'
import { Cipher, Sealed } from './cipher.ts'
import { frozenSettings } from './frozen-settings.ts'
import { isSecretValue } from './secret-keys.ts'
import { assertStorable, isGroup, leavesOf, mergeTrees, treeOf, type Tree } from './setting-keys.ts'
import { doesNotFit, optionMissing, shownIssues, type Issue } from './settings-errors.ts'
import { readStored } from './stored-settings.ts'

/** The settings of one tenant. */
export interface Effective {
  /** Frozen: what the schema made of them. */
  readonly value: Readonly<Tree>
  /** Names the values: it is another one as soon as one of them is. */
  readonly revision: string
}

export interface SettingsParts<A extends object = Attributes> {
  readonly catalog: Catalog
  readonly tenants: Tenants<A>
  readonly scope: Scope<A>
  readonly options: { readonly settings: SettingsOption; readonly tenantCacheMs: number }
}

type Listener = (tenantId: string | undefined, isDeleted: boolean) => void

const mostKept = 10_000

export class TenantSettings<A extends object = Attributes> {
  readonly #catalog: Catalog
  readonly #tenants: Tenants<A>
  readonly #scope: Scope<A>
  readonly #option: SettingsOption
  readonly #defaults: Tree
  readonly #kinds: ReadonlyMap<string, Tree>
  readonly #cache: AnswerCache<Effective>
  /** The last answer for a tenant: the same values give the same object, also where nothing is cached. */
  readonly #last = new BoundedMap<string, Effective>(mostKept)
  readonly #listeners = new Set<Listener>()
  readonly #closers = new Set<() => Promise<void>>()
  readonly cipher: Cipher

  /** @throws TenancyError INVALID_OPTION for defaults that cannot be stored as settings */
  constructor({ catalog, tenants, scope, options }: SettingsParts<A>, given: GivenSettings) {
    this.#catalog = catalog
    this.#tenants = tenants
    this.#scope = scope
    this.#option = options.settings
    this.#defaults = checkedLayer('settings.defaults', given.settingsDefaults)
    this.#kinds = new Map(
      Object.entries(given.settingsKinds).map(([kind, layer]) => [kind, checkedLayer(`settings.kinds.${kind}`, layer)]),
    )
    this.cipher = new Cipher(given.settingsKeys)
    this.#cache = new AnswerCache({ ttlMs: options.tenantCacheMs, period: () => tenants.period() })
    tenants.onSettings((tenantId, isDeleted) => this.changed(tenantId, isDeleted))
  }

  /** The option `settings.secrets`. */
  get secrets(): readonly string[] {
    return this.#option.secrets
  }

  /** tenancy.settings */
  async current(): Promise<Readonly<Tree>> {
    await this.#scope.arriving()
    return (await this.effective(this.#scope.current())).value
  }

  /** tenancy.settings.of */
  async of(ref: Tenant<A> | TenantRef): Promise<Readonly<Tree>> {
    return (await this.effective(isTenant<A>(ref) ? ref : await this.#tenants.get(ref))).value
  }

  /** @throws TenancyError SETTINGS_UNREADABLE, INVALID_OPTION */
  effective(tenant: Tenant<A>): Promise<Effective> {
    if (this.#option.schema === undefined) return Promise.reject(optionMissing())
    return this.#cache.get(tenant.id, '', () => this.read(tenant))
  }

  /** The same, without the cache. @throws TenancyError SETTINGS_UNREADABLE, INVALID_OPTION */
  async read(tenant: Tenant<A>): Promise<Effective> {
    const result = await this.resolve(tenant, treeOf(await readStored(this.#catalog, tenant.id)))
    if (result.issues !== undefined) throw doesNotFit(tenant.schema, result.issues)
    return result
  }

  /**
   * What the settings of a tenant are with these values of its own: opened, merged and validated.
   * @throws TenancyError SETTINGS_UNREADABLE for a secret that does not open; INVALID_OPTION
   */
  async resolve(
    tenant: Tenant<A>,
    own: Tree,
  ): Promise<(Effective & { readonly issues?: undefined }) | { readonly issues: readonly Issue[] }> {
    const { schema, secrets } = this.#option
    if (schema === undefined) throw optionMissing()
    const merged = this.merged(tenant.kind, this.opened(tenant, own))
    const revision = createHash('sha256').update(JSON.stringify(merged)).digest('base64url')
    const last = this.#last.get(tenant.id)
    if (last?.revision === revision) return last
    const result = await schema['~standard'].validate(merged)
    if (result.issues !== undefined) return { issues: shownIssues(result.issues, secrets, secretTexts(merged, secrets)) }
    if (typeof result.value !== 'object' || result.value === null || Array.isArray(result.value))
      return { issues: [{ path: [], message: 'the output of the schema must be an object' }] }
    const answer = { value: frozenSettings(result.value, secrets), revision }
    this.#last.set(tenant.id, answer)
    return answer
  }

  /** The values of a tenant over those of its kind, over the defaults. */
  merged(kind: string, own: Tree): Tree {
    return mergeTrees(mergeTrees(this.#defaults, this.kindLayer(kind)), own)
  }

  kindLayer(kind: string): Tree {
    return this.#kinds.get(kind) ?? {}
  }

  /** The same with each secret opened. @throws TenancyError SETTINGS_UNREADABLE */
  opened(tenant: Tenant<A>, own: Tree): Tree {
    const leaves = [...leavesOf(own)]
    return treeOf(
      leaves.map(([key, value]) => [key, value instanceof Sealed ? this.cipher.open(tenant, key, value) : value] as const),
    )
  }

  /** The names that the schema has in a group, where that can be told: by what came out of it, or by JSON Schema. */
  namesIn(value: object, group: readonly string[]): readonly string[] {
    let at: unknown = value
    let described = describedBy(this.#option.schema)
    for (const name of group) {
      at = isGroup(at) && Object.hasOwn(at, name) ? at[name] : undefined
      described = propertyOf(described, name)
    }
    return [...new Set([...Object.keys(isGroup(at) ? at : {}), ...Object.keys(propertiesOf(described))])].toSorted()
  }

  /**
   * Called for each tenant whose settings have changed, in any process; undefined: those of any tenant may have. `isDeleted`: the tenant is gone. Returns a function
   * that takes this back.
   */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What this process knows of the settings of the tenant is dropped. Undefined: of every tenant. */
  changed(tenantId: string | undefined, isDeleted = false): void {
    this.#cache.forget(tenantId)
    if (isDeleted && tenantId !== undefined) this.#last.delete(tenantId)
    for (const listener of this.#listeners) listener(tenantId, isDeleted)
  }

  /** Closed with the tenancy. Returns a function that takes this back. */
  closeWith(close: () => Promise<void>): () => void {
    this.#closers.add(close)
    return () => void this.#closers.delete(close)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closers].map((close) => close()))
  }
}

/** @throws TenancyError INVALID_OPTION */
function checkedLayer(option: string, layer: object): Tree {
  const problems: JsonProblem[] = []
  const json = toJson(layer, problems) as Tree
  const problem = problems[0]
  if (problem !== undefined) {
    throw new TenancyError(
      'INVALID_OPTION',
      `The option "${option}" must be JSON: ${problem.path.join('.')} ${problem.message}.`,
      {
        details: { option },
      },
    )
  }
  assertStorable(option, json, 'INVALID_OPTION')
  return json
}

function secretTexts(merged: Tree, secrets: readonly string[]): string[] {
  return [...leavesOf(merged)].flatMap(([key, value]) => {
    if (!isSecretValue(key, secrets) || value === null) return []
    const texts = typeof value === 'object' ? textsIn(value) : [String(value)]
    // A message may quote it as JSON.
    return texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)])
  })
}

function textsIn(value: object): string[] {
  return Object.values(value).flatMap((item: unknown) => {
    if (typeof item === 'object' && item !== null) return textsIn(item)
    return typeof item === 'string' ? [item] : []
  })
}

/** Schemas that can describe themselves as JSON Schema (zod 4.2, valibot and arktype with their adapters) know also names that have no value. */
function describedBy(schema: SettingsOption['schema']): unknown {
  try {
    const standard = schema?.['~standard'] as { jsonSchema?: { input(options: { target: string }): unknown } } | undefined
    return standard?.jsonSchema?.input({ target: 'draft-2020-12' })
  } catch {
    // A type that JSON Schema does not have.
    return undefined
  }
}

function propertiesOf(described: unknown): object {
  const properties = (described as { properties?: unknown } | undefined)?.properties
  return isGroup(properties) ? properties : {}
}

function propertyOf(described: unknown, name: string): unknown {
  const properties = propertiesOf(described) as Record<string, unknown>
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}
